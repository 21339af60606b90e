"""Delivery reports: forward only, parked when they outrun our record, counted."""

from itertools import permutations

import pytest
from sqlalchemy import Connection

from smsbot.status import Status
from smsbot.store import broadcasts, outbox, reports, sql
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.outbox import Merged, Report, Result
from smsbot.testing.bulletins import announce
from smsbot.testing.population import populate, settle_directory

NOW = 1_800_000_000_000


@pytest.fixture
def sent(store: Store) -> Store:
    """Broadcast 1 to three people: messages 1 to 3, known to the gateway as x1, x2, x3."""

    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 3)
        announce(connection, Audience(everyone=True), NOW, written_for=("main",))
        held = outbox.claim(connection, "main", outbox.lanes(connection)[0], NOW, 9)
        outbox.settle(connection, "main", [left(m.id, f"x{m.contact_id}") for m in held], NOW)

    store.write(build)
    return store


def left(key: int, external_id: str, broadcast_id: int = 1) -> Result:
    return Result(key, broadcast_id, Status.SENT, external_id=external_id, handed_ms=NOW)


def merge(store: Store, *found: Report) -> Merged:
    return store.write(lambda c: outbox.merge_reports(c, found, now_ms=NOW))


def status(store: Store, key: int) -> str:
    return str(store.read(lambda c: sql.run(c, "SELECT status FROM outbox WHERE id = ?", (key,)).scalar_one()))


def counts(store: Store) -> dict[str, int]:
    view = store.read(lambda c: broadcasts.get(c, 1))
    assert sum(view.counts.values()) == view.recipients
    return {each: n for each, n in view.counts.items() if n}


@pytest.mark.parametrize("order", list(permutations([Status.SENT, Status.FAILED, Status.DELIVERED])))
@pytest.mark.parametrize("together", [True, False])
def test_reports_in_any_order_end_the_same(sent: Store, order: tuple[Status, ...], together: bool) -> None:
    found = [Report("main", each, external_id="x1") for each in order]
    for batch in [found] if together else [[each] for each in found]:
        merge(sent, *batch)
    assert status(sent, 1) == "delivered"
    assert counts(sent) == {"sent": 2, "delivered": 1}


def test_a_report_names_a_message_by_our_id_on_its_own_channel_only(sent: Store) -> None:
    merged = merge(
        sent,
        Report("main", Status.DELIVERED, message_id="out-2"),
        Report("other", Status.FAILED, message_id="out-3"),
        Report("other", Status.FAILED, external_id="x3"),
        Report("main", Status.FAILED, message_id="out-²"),
    )
    assert (merged.merged, merged.parked, merged.dropped) == (1, 1, 2)
    assert [status(sent, key) for key in (1, 2, 3)] == ["sent", "delivered", "sent"]


def test_a_report_about_a_message_that_never_left_changes_nothing(sent: Store) -> None:
    sent.write(lambda c: sql.run(c, "UPDATE outbox SET status = 'suppressed' WHERE id = 1"))
    sent.write(lambda c: sql.run(c, "UPDATE outbox SET status = 'queued' WHERE id = 2"))
    merge(
        sent, Report("main", Status.DELIVERED, external_id="x1"), Report("main", Status.DELIVERED, message_id="out-2")
    )
    assert [status(sent, key) for key in (1, 2)] == ["suppressed", "queued"]


def test_a_report_that_outran_the_id_is_matched_when_that_is_written(sent: Store) -> None:
    def again(connection: Connection) -> None:
        announce(connection, Audience(everyone=True), NOW, written_for=("main",))
        outbox.claim(connection, "main", outbox.lanes(connection)[0], NOW, 1)

    sent.write(again)
    assert merge(sent, Report("main", Status.DELIVERED, external_id="y")).parked == 1
    sent.write(lambda c: outbox.settle(c, "main", [left(4, "y", 2)], NOW))
    assert status(sent, 4) == "delivered"
    assert sent.read(lambda c: sql.run(c, "SELECT count(*) FROM parked_report").scalar_one()) == 0
    view = sent.read(lambda c: broadcasts.get(c, 2))
    assert (view.counts["delivered"], view.counts["queued"]) == (1, 2)


def test_a_report_by_our_id_may_come_before_the_message_is_settled(sent: Store) -> None:
    def again(connection: Connection) -> None:
        announce(connection, Audience(everyone=True), NOW, written_for=("main",))
        outbox.claim(connection, "main", outbox.lanes(connection)[0], NOW, 3)

    sent.write(again)
    merge(sent, Report("main", Status.DELIVERED, message_id="out-4"))
    sent.write(lambda c: outbox.settle(c, "main", [left(4, "y", 2), left(5, "z", 2)], NOW))
    row = sent.read(lambda c: sql.run(c, "SELECT status, external_id, due_ms FROM outbox WHERE id = 4").one())
    assert tuple(row) == ("delivered", "y", None)
    view = sent.read(lambda c: broadcasts.get(c, 2))
    assert {each: n for each, n in view.counts.items() if n} == {"delivered": 1, "sent": 1, "sending": 1}


def test_parked_reports_are_tried_again_and_dropped_after_ten_minutes(sent: Store) -> None:
    merge(
        sent, Report("main", Status.DELIVERED, external_id="never"), Report("main", Status.DELIVERED, external_id="l")
    )
    sent.write(lambda c: sql.run(c, "UPDATE outbox SET external_id = 'l' WHERE id = 1"))
    merged = sent.write(lambda c: reports.match_parked(c, NOW + 1))
    assert (merged.merged, merged.dropped, status(sent, 1)) == (1, 0, "delivered")
    assert sent.write(lambda c: reports.match_parked(c, NOW + reports.PARKED_LIFE_MS)).dropped == 1


def test_a_report_about_a_part_of_a_message_that_is_gone_is_dropped_in_time(sent: Store) -> None:
    """It is not parked anew each second for ever."""

    def gone(connection: Connection) -> None:
        sql.run(connection, "DELETE FROM outbox WHERE id = 1")
        sql.run(connection, "INSERT INTO outbox_part (channel, external_id, outbox_id, number, status)"
                            " VALUES ('main', 'part', 1, 1, 'sent')")  # fmt: skip

    sent.write(gone)
    merge(sent, Report("main", Status.DELIVERED, external_id="part"))
    (first,) = sent.read(lambda c: sql.run(c, "SELECT id FROM parked_report").all())
    half_ms = NOW + reports.PARKED_LIFE_MS // 2
    assert sent.write(lambda c: reports.match_parked(c, half_ms)).dropped == 0
    assert sent.read(lambda c: sql.run(c, "SELECT id FROM parked_report").all()) == [first]
    assert sent.write(lambda c: reports.match_parked(c, NOW + reports.PARKED_LIFE_MS)).dropped == 1


def test_an_opt_out_in_a_report_names_the_number(sent: Store) -> None:
    merged = merge(sent, Report("main", Status.FAILED, external_id="x2", error="opted out", opted_out=True))
    assert [(who.number, who.channel, who.error) for who in merged.opted_out] == [
        ("+995555000002", "main", "opted out")
    ]
