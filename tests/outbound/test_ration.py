"""At most so many broadcasts to one person in a day: who waits until tomorrow, and for whom that is too late."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from smsbot.status import Status
from smsbot.store import outbox, sql
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.outbox import Result
from smsbot.testing.bulletins import announce
from tests.outbound.test_fairness import NOON, Desk, town
from tests.outbound.test_schedule import at

BUDGET = Audience(topics=("budget",))
MORROW = at("2026-12-02T09:00:00")


def row(store: Store, broadcast_id: int, person: int = 1) -> Any:
    return store.read(
        lambda c: sql.run(
            c, "SELECT * FROM outbox WHERE broadcast_id = ? AND contact_id = ?", (broadcast_id, person)
        ).one()
    )


def test_what_is_over_waits_for_the_next_days_hours(store: Store) -> None:
    desk = Desk.of(town(store), per_day=2)
    lanes = [desk.announce() for _ in range(3)]
    found = Counter[int]()
    for _ in range(6):
        found += desk.served(50)
    assert found == dict.fromkeys(lanes[:2], 6)
    assert (row(store, lanes[2]).status, row(store, lanes[2]).due_ms) == ("queued", MORROW)
    desk.now_ms = MORROW - 1
    assert desk.served(50) == {}
    desk.now_ms = MORROW
    assert desk.served(50) == {lanes[2]: 6}
    assert desk.statuses(lanes[2]) == {"sent": 6}


def test_without_the_key_nobody_waits(store: Store) -> None:
    desk = Desk.of(town(store))
    lanes = [desk.announce() for _ in range(3)]
    assert desk.served(50) == dict.fromkeys(lanes, 6)


def test_only_who_has_had_theirs_waits(store: Store) -> None:
    desk = Desk.of(town(store), per_day=1)
    first = store.write(lambda c: announce(c, BUDGET, NOON, urgent=False, written_for=("main",)))
    some = desk.served(50)[first]
    second = desk.announce()
    assert 0 < some < 6
    assert desk.served(50) == {second: 6 - some}
    assert desk.statuses(second) == {"sent": 6 - some, "queued": some}


def test_what_would_be_too_late_tomorrow_expires_and_says_why(store: Store) -> None:
    desk = Desk.of(town(store), per_day=1)
    first = desk.announce()
    desk.served(50)
    late, soon = desk.announce(expires_ms=MORROW + 1), desk.announce(expires_ms=MORROW)
    assert desk.served(50) == {}
    assert desk.statuses(first) == {"sent": 6}
    assert desk.statuses(late) == {"queued": 6}
    assert desk.statuses(soon) == {"expired": 6}
    assert "sending.per_day" in row(store, soon).error
    state = store.read(lambda c: sql.run(c, "SELECT state FROM broadcast WHERE id = ?", (soon,)).scalar_one())
    assert state == "done"


def test_urgent_broadcasts_corrections_and_replies_neither_wait_nor_count(store: Store) -> None:
    desk = Desk.of(town(store), per_day=1)
    urgent = desk.announce(urgent=True)
    assert desk.served(50) == {urgent: 6}
    first = desk.announce()
    assert desk.served(50) == {first: 6}
    corrected = Audience(broadcast=first)
    correction = store.write(lambda c: announce(c, corrected, NOON, urgent=False, written_for=("main",)))
    store.write(lambda c: sql.run(c, "UPDATE broadcast SET corrects = ? WHERE id = ?", (first, correction)))
    again = desk.announce(urgent=True)
    desk.replies(6)
    assert desk.served(50) == {0: 6, correction: 6, again: 6}


@pytest.mark.parametrize(
    ("result", "counts"),
    [
        ({"status": Status.SENT, "handed_ms": NOON}, True),
        ({"status": Status.FAILED, "handed_ms": NOON, "final_ms": NOON}, True),  # it was taken, then did not arrive
        ({"status": Status.UNKNOWN, "final_ms": NOON}, True),  # it may have left
        ({"status": Status.FAILED, "final_ms": NOON}, False),  # it was refused
        ({"status": Status.SENDING, "error": "busy", "due_ms": MORROW}, False),
        ({"status": Status.SENT, "handed_ms": at("2026-11-30T23:59:59")}, False),
        ({"status": Status.SENT, "handed_ms": at("2026-12-01T00:00:00")}, True),
    ],
)
def test_what_has_left_today_or_may_have_counts(store: Store, result: dict[str, Any], counts: bool) -> None:
    desk = Desk.of(town(store, 1), per_day=1)
    first = desk.announce()
    (held,) = desk.claim(50)
    desk.claim(0, 0, [Result(held.id, first, **result)])
    second = desk.announce()
    assert desk.served(50) == ({} if counts else {second: 1})


def test_what_is_in_a_dispatchers_hands_counts(store: Store) -> None:
    desk = Desk.of(town(store), per_day=1)
    first, second = desk.announce(), desk.announce()
    assert Counter(each.broadcast_id for each in desk.claim(50)) == {first: 6}
    assert desk.statuses(second) == {"queued": 6}


def test_a_retry_of_the_first_is_not_held_back_by_the_second(store: Store) -> None:
    desk = Desk.of(town(store, 1), per_day=2)
    first = desk.announce()
    (held,) = desk.claim(50)
    desk.claim(0, 0, [Result(held.id, first, Status.SENDING, "busy", due_ms=NOON + 5_000, attempts=1)])
    second = desk.announce()
    assert desk.served(50) == {second: 1}
    desk.now_ms += 5_000
    assert desk.served(50) == {first: 1}


def test_who_stopped_is_suppressed_rather_than_put_off(store: Store) -> None:
    desk = Desk.of(town(store), per_day=1)
    desk.announce()
    desk.served(50)
    second = desk.announce()
    store.write(lambda c: sql.run(c, "UPDATE contact SET state = 'stopped' WHERE id = 3"))
    desk.served(50)
    assert desk.statuses(second) == {"queued": 5, "suppressed": 1}


def test_a_message_that_a_dead_dispatcher_may_have_sent_is_not_put_off(store: Store) -> None:
    desk = Desk.of(town(store, 1), per_day=1)
    first = desk.announce()
    desk.claim(50)
    desk.now_ms += outbox.LEASE_MS
    assert desk.served(50) == {first: 1}


def test_dispatchers_of_two_channels_do_not_both_take_a_persons_last_place(store: Store) -> None:
    town(store)
    desks = [Desk.of(store, channel, per_day=1) for channel in ("main", "other")]
    lanes = [
        store.write(
            lambda c, name=desk.claims._channel: announce(
                c, Audience(everyone=True), NOON, urgent=False, written_for=(name,)
            )
        )
        for desk in desks
    ]
    if store.sqlite:  # one writer: they never are at it together
        assert [desk.served(50) for desk in desks] == [{lanes[0]: 6}, {}]
        return
    found: list[Counter[int]] = []
    other = threading.Thread(target=lambda: found.append(desks[1].served(50)))
    turn = desks[0].turn(50)
    with store.writes.begin() as connection:
        outcome = desks[0].claims.work(connection, turn, lambda: NOON)
        other.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not store.read(lambda c: sql.run(c, waiting).scalar_one()):
            assert other.is_alive(), found
    other.join()
    assert Counter(message.broadcast_id for message in outcome.claimed) == {lanes[0]: 6}
    assert found == [Counter()]
