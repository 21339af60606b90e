"""Which messages move to another channel, and which surely do not."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Connection

from smsbot.dialogue.stop_hint import StopHint
from smsbot.status import Status
from smsbot.store import broadcasts, channel_health, failover, outbox, sql
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.failover import Target
from smsbot.store.outbox import REPLIES, Report, Result
from smsbot.testing.bulletins import announce
from smsbot.testing.population import populate, settle_directory

NOW = 1_800_000_000_000
OTHER = Target("other")
HINT = StopHint("2200", {"en": "STOP to 2200", "ka": "გაუქმება: სტოპ 2200-ზე"}, frozenset({"stop"}))


@pytest.fixture
def town(store: Store) -> Store:
    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 4, languages=("ka", "en"))

    store.write(build)
    return store


def queue(store: Store, *, text: str = "hello", parts: int = 1, person: int = 1) -> int:
    number = f"+99555500000{person}"
    return store.write(
        lambda c: outbox.queue_personal(
            c, channel="main", contact_id=person, number=number, text=text, parts=parts, now_ms=NOW
        )
    )


def claim(store: Store, now_ms: int = NOW) -> list[int]:
    return [each.id for each in store.write(lambda c: outbox.claim(c, "main", REPLIES, now_ms, 100))]


def settle(store: Store, result: Result) -> None:
    store.write(lambda c: outbox.settle(c, "main", [result], NOW))


def move(store: Store, target: Target = OTHER, lane: int = 0, limit: int = 100) -> int:
    return store.write(
        lambda c: failover.move(c, "main", target, lane, now_ms=NOW + 1, limit=limit, reason="moved here from main")
    )


def row(store: Store, key: int) -> tuple[object, ...]:
    statement = "SELECT channel, status, error, attempts, due_ms FROM outbox WHERE id = ?"
    return tuple(store.read(lambda c: sql.run(c, statement, (key,)).one()))


def test_a_message_in_the_queue_moves(town: Store) -> None:
    key = queue(town)
    assert move(town) == 1
    assert row(town, key) == ("other", "queued", "", 0, NOW + 1)


def test_one_that_waits_for_another_attempt_moves_and_begins_anew(town: Store) -> None:
    key = queue(town)
    claim(town)
    settle(town, Result(key, 0, Status.SENDING, error="no answer", due_ms=NOW + 3_600_000, attempts=5))
    assert move(town) == 1
    assert row(town, key) == ("other", "sending", "moved here from main", 0, NOW + 1)
    (held,) = town.write(lambda c: outbox.claim(c, "other", REPLIES, NOW + 1, 9))
    assert (held.id, held.channel) == (key, "other")


def test_one_in_a_dispatchers_hands_stays(town: Store) -> None:
    key = queue(town)
    claim(town)
    assert move(town) == 0
    assert row(town, key)[0] == "main"


def test_one_whose_dispatcher_died_may_have_left_and_stays_for_good(town: Store) -> None:
    key = queue(town)
    claim(town)
    assert claim(town, NOW + 30_000) == [key]  # taken over when the lease had ended
    settle(town, Result(key, 0, Status.SENDING, error="no answer", due_ms=NOW + 60_000, attempts=1))
    assert move(town) == 0


def test_one_that_its_gateway_may_have_taken_and_would_not_repeat_stays(town: Store) -> None:
    key = queue(town)
    claim(town)
    settle(town, Result(key, 0, Status.SENDING, error="cut", due_ms=NOW + 60_000, attempts=1, handed_ms=NOW))
    assert move(town) == 0


@pytest.mark.parametrize("status", [Status.SENT, Status.UNKNOWN, Status.FAILED, Status.DELIVERED])
def test_what_has_left_or_ended_stays(town: Store, status: Status) -> None:
    key = queue(town)
    claim(town)
    settle(town, Result(key, 0, status, external_id="x1", handed_ms=NOW))
    assert move(town) == 0
    assert row(town, key)[:2] == ("main", str(status))


def test_what_the_fallback_cannot_take_stays(town: Store) -> None:
    short, long = queue(town), queue(town, parts=3)
    assert move(town, Target("other", most_parts=2)) == 1
    assert (row(town, short)[0], row(town, long)[0]) == ("other", "main")


def test_a_report_of_the_first_channel_does_not_touch_a_message_that_moved(town: Store) -> None:
    key = queue(town)
    move(town)
    town.write(lambda c: outbox.claim(c, "other", REPLIES, NOW + 1, 9))
    town.write(lambda c: outbox.settle(c, "other", [Result(key, 0, Status.SENT, external_id="x1", handed_ms=NOW)], NOW))
    for channel, status in (("main", Status.FAILED), ("other", Status.DELIVERED)):
        town.write(
            lambda c, channel=channel, status=status: outbox.merge_reports(
                c, [Report(channel, status, external_id="x1", message_id=f"out-{key}")], now_ms=NOW
            )
        )
        assert row(town, key)[1] == ("sent" if channel == "main" else "delivered")


def test_two_processes_at_once_move_each_message_once(town: Store) -> None:
    for _ in range(200):
        queue(town)
    moved: list[int] = []
    start = threading.Barrier(2)

    def work() -> None:
        start.wait(60)
        while n := move(town, limit=20):
            moved.append(n)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(moved) == 200
    left = town.read(lambda c: sql.run(c, "SELECT count(*) FROM outbox WHERE channel = 'other'").scalar_one())
    assert left == 200


def test_a_reply_that_moves_to_a_sender_nobody_can_answer_says_where_stop_goes(town: Store) -> None:
    english, georgian, told = (
        queue(town, text="Thank you.", person=1),
        queue(town, text="გმადლობთ.", person=2),
        queue(town, text="Send STOP to 2200.", person=3),
    )
    assert move(town, Target("other", hint=HINT)) == 3
    texts = {
        int(key): (text, parts)
        for key, text, parts in town.read(lambda c: sql.run(c, "SELECT id, text, parts FROM outbox").all())
    }
    assert texts[english] == ("Thank you.\nSTOP to 2200", 1)
    assert texts[georgian] == ("გმადლობთ.\nგაუქმება: სტოპ 2200-ზე", 1)
    assert texts[told] == ("Send STOP to 2200.", 1)


def test_a_text_that_grows_too_long_by_that_stays(town: Store) -> None:
    key = queue(town, text="a" * 155)
    assert move(town, Target("other", most_parts=1, hint=HINT)) == 0
    assert row(town, key)[0] == "main"


def test_a_broadcast_that_moves_gets_a_text_of_its_own_and_keeps_its_counts(town: Store) -> None:
    key = town.write(
        lambda c: announce(
            c, Audience(everyone=True), NOW, texts={"ka": "წყალი მოვიდა.", "en": "a" * 150}, written_for=("main",)
        )
    )
    before = town.read(lambda c: broadcasts.get(c, key))
    assert move(town, Target("other", hint=HINT), key, limit=3) == 3
    assert move(town, Target("other", hint=HINT), key) == 1
    held = town.write(lambda c: outbox.claim(c, "other", outbox.lanes(c)[0], NOW + 1, 9))
    assert {each.text for each in held} == {
        "წყალი მოვიდა.\nგაუქმება: სტოპ 2200-ზე", "a" * 150 + "\nSTOP to 2200",
    }  # fmt: skip
    assert {each.parts for each in held} == {1, 2}
    after = town.read(lambda c: broadcasts.get(c, key))
    assert (after.recipients, after.texts) == (before.recipients, before.texts)
    assert after.counts["sending"] == 4
    assert town.read(lambda c: sql.run(c, "SELECT count(*) FROM broadcast_text").scalar_one()) == 4


USABLE = [
    (("up", 1, "up", 1), "b"), (("degraded", 1, "up", 1), "b"), (("down", 1, "up", 1), "c"),
    (("misconfigured", 1, "degraded", 1), "c"), (("up", -1, "up", 1), "c"), (("down", 1, "down", 1), None),
]  # fmt: skip


@pytest.mark.parametrize(("told", "chosen"), USABLE)
def test_the_nearest_that_works_and_is_served_takes_over(
    store: Store, told: tuple[str, int, str, int], chosen: str | None
) -> None:
    def build(connection: Connection) -> None:
        for name, state, lives in (("b", told[0], told[1]), ("c", told[2], told[3])):
            channel_health.report(connection, name, state, "", now_ms=NOW, success_ms=None)
            sql.run(
                connection, "INSERT INTO lease (name, owner, fence, until_ms) VALUES (?, 'x', 1, ?)",
                (f"channel:{name}", NOW + lives),
            )  # fmt: skip

    store.write(build)
    found = store.read(lambda c: failover.usable(c, [Target("b"), Target("c")], NOW))
    assert (None if found is None else found.name) == chosen
