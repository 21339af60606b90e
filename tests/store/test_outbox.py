"""The outbox: claims, leases, settling, and who must get nothing any more."""

import pytest
from sqlalchemy import Connection

from smsbot.status import Status
from smsbot.store import broadcasts, outbox, sql, steering
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.outbox import REPLIES, Claimed, Lane, Result
from smsbot.testing.bulletins import announce
from smsbot.testing.population import populate, settle_directory

NOW = 1_800_000_000_000
EVERYONE = Audience(everyone=True)


@pytest.fixture
def town(store: Store) -> Store:
    def build(connection: Connection) -> None:
        settle_directory(connection, ("culture", "budget"))
        populate(connection, 6, languages=("ka", "en"))

    store.write(build)
    return store


def lane(store: Store, broadcast_id: int) -> Lane:
    return store.read(lambda c: outbox.lanes(c, [broadcast_id]))[0]


def take(store: Store, broadcast_id: int, now_ms: int = NOW, limit: int = 100) -> list[Claimed]:
    found = lane(store, broadcast_id) if broadcast_id else REPLIES
    return store.write(lambda c: outbox.claim(c, "main", found, now_ms, limit))


def running(store: Store, audience: Audience = EVERYONE, **fields: object) -> int:
    return store.write(lambda c: announce(c, audience, NOW, written_for=("main",), **fields))  # type: ignore[arg-type]


def reply(store: Store, text: str = "hello", number: str = "+995555000001") -> int:
    return store.write(
        lambda c: outbox.queue_personal(c, channel="main", contact_id=1, number=number, text=text, parts=1, now_ms=NOW)
    )


def settle(store: Store, *results: Result, now_ms: int = NOW) -> outbox.Merged:
    return store.write(lambda c: outbox.settle(c, "main", results, now_ms))


def sent(message: Claimed, external_id: str | None = None) -> Result:
    return Result(message.id, message.broadcast_id, Status.SENT, external_id=external_id, handed_ms=NOW)


def counted(store: Store, broadcast_id: int) -> dict[str, int]:
    """The counts that are not zero, compared with the messages themselves."""
    view = store.read(lambda c: broadcasts.get(c, broadcast_id))
    rows = store.read(
        lambda c: sql.run(
            c, "SELECT status, count(*) FROM outbox WHERE broadcast_id = ? GROUP BY status", (broadcast_id,)
        ).all()
    )
    found = {status: n for status, n in view.counts.items() if n}
    assert sum(found.values()) == view.recipients
    assert view.written != view.recipients or found == dict(rows)
    return found


def status(store: Store, message_id: int) -> tuple[str, int | None]:
    row = store.read(lambda c: sql.run(c, "SELECT status, due_ms FROM outbox WHERE id = ?", (message_id,)).one())
    return row[0], row[1]


def stop(store: Store, contact_id: int) -> None:
    store.write(lambda c: sql.run(c, "UPDATE contact SET state = 'stopped' WHERE id = ?", (contact_id,)))


def test_a_claim_takes_the_oldest_first_and_nothing_twice(town: Store) -> None:
    broadcast = running(town, texts={"ka": "ქართული", "en": "English"})
    first = take(town, broadcast, limit=2)
    assert [(m.contact_id, m.number, m.text, m.encoding) for m in first] == [
        (1, "+995555000001", "English", "GSM-7"),
        (2, "+995555000002", "ქართული", "UCS-2"),
    ]
    assert [m.contact_id for m in take(town, broadcast)] == [3, 4, 5, 6]
    assert take(town, broadcast) == []
    assert counted(town, broadcast) == {"sending": 6}


def test_claimed_messages_of_a_dead_dispatcher_come_back_when_the_lease_ends(town: Store) -> None:
    broadcast, personal = running(town), reply(town)
    assert len(take(town, broadcast)) == 6
    assert [m.id for m in take(town, 0)] == [personal]
    assert take(town, broadcast, NOW + 29_999) == take(town, 0, NOW + 29_999) == []
    assert len(take(town, broadcast, NOW + 30_000)) == 6
    assert [m.id for m in take(town, 0, NOW + 30_000)] == [personal]
    assert counted(town, broadcast) == {"sending": 6}


def test_who_stopped_is_suppressed_at_the_claim(town: Store) -> None:
    broadcast = running(town)
    stop(town, 3)
    assert [m.contact_id for m in take(town, broadcast)] == [1, 2, 4, 5, 6]
    assert counted(town, broadcast) == {"sending": 5, "suppressed": 1}


def test_a_message_that_a_dead_dispatcher_may_have_sent_becomes_unknown_when_the_person_stopped(town: Store) -> None:
    broadcast = running(town)
    take(town, broadcast)
    stop(town, 3)
    assert len(take(town, broadcast, NOW + 30_000)) == 5
    assert counted(town, broadcast) == {"sending": 5, "unknown": 1}


def test_a_retry_is_suppressed_when_the_person_stopped_meanwhile(town: Store) -> None:
    broadcast = running(town)
    held = take(town, broadcast)
    settle(town, *[Result(m.id, broadcast, Status.SENDING, "busy", due_ms=NOW + 5_000, attempts=1) for m in held])
    stop(town, 3)
    again = take(town, broadcast, NOW + 5_000)
    assert [(m.contact_id, m.attempts) for m in again] == [(n, 1) for n in (1, 2, 4, 5, 6)]
    assert counted(town, broadcast) == {"sending": 5, "suppressed": 1}


def test_who_left_every_topic_of_a_broadcast_gets_nothing(town: Store) -> None:
    broadcast = running(town, Audience(topics=("budget",)))  # ids 1, 3, 5 and the third ones
    town.write(lambda c: sql.run(c, "DELETE FROM subscription WHERE contact_id = 5"))
    assert [m.contact_id for m in take(town, broadcast)] == [1, 3, 6]
    assert counted(town, broadcast) == {"sending": 3, "suppressed": 1}


def test_a_promotion_needs_consent_to_promotion_still_at_the_claim(town: Store) -> None:
    town.write(lambda c: sql.run(c, "UPDATE contact SET promotion = ?", (True,)))
    broadcast = running(town, Audience(everyone=True, promotion=True), kind="promotion")
    town.write(lambda c: sql.run(c, "UPDATE contact SET promotion = ? WHERE id = 2", (False,)))
    assert [m.contact_id for m in take(town, broadcast)] == [1, 3, 4, 5, 6]


def test_what_has_expired_is_not_sent(town: Store) -> None:
    broadcast = running(town, expires_ms=NOW + 10)
    assert take(town, broadcast, NOW + 10) == []
    assert counted(town, broadcast) == {"expired": 6}


def test_settling_closes_a_broadcast_when_nothing_is_left(town: Store) -> None:
    broadcast = running(town)
    held = take(town, broadcast)
    settle(town, *[sent(m) for m in held[:5]])
    assert town.read(lambda c: broadcasts.get(c, broadcast)).state == "sending"
    settle(town, Result(held[5].id, broadcast, Status.FAILED, "no such number", final_ms=NOW))
    assert town.read(lambda c: broadcasts.get(c, broadcast)).state == "done"
    assert counted(town, broadcast) == {"sent": 5, "failed": 1}


def test_a_retry_stays_sending_and_comes_due_later(town: Store) -> None:
    key = reply(town)
    take(town, 0)
    settle(town, Result(key, 0, Status.SENDING, "busy", due_ms=NOW + 5_000, attempts=1))
    assert status(town, key) == ("sending", NOW + 5_000)
    assert take(town, 0, NOW + 4_999) == []
    assert [m.attempts for m in take(town, 0, NOW + 5_000)] == [1]


def test_a_stop_withdraws_what_waits_and_leaves_what_is_in_flight(town: Store) -> None:
    broadcast = running(town)
    take(town, broadcast, limit=1)
    assert town.write(lambda c: outbox.suppress(c, [1, 2, 3], NOW)) == 2
    assert counted(town, broadcast) == {"sending": 1, "suppressed": 2, "queued": 3}
    assert town.write(lambda c: outbox.suppress(c, [1, 2, 3], NOW)) == 0


def test_a_stop_withdraws_what_waits_for_another_attempt_or_was_given_back(town: Store) -> None:
    broadcast = running(town)
    held = take(town, broadcast, limit=3)
    settle(town, Result(held[0].id, broadcast, Status.SENDING, "busy", due_ms=NOW + 5_000, attempts=1))
    town.write(lambda c: outbox.release(c, [held[1].id], NOW, "the broadcast is paused"))
    people = [message.contact_id for message in held if message.contact_id]
    assert town.write(lambda c: outbox.suppress(c, people, NOW)) == 2
    assert counted(town, broadcast) == {"sending": 1, "suppressed": 2, "queued": 3}
    assert take(town, broadcast, NOW + 5_000, limit=3) != []
    assert counted(town, broadcast) == {"sending": 4, "suppressed": 2}


def test_leaving_a_topic_withdraws_only_what_came_through_it(town: Store) -> None:
    budget, both, everyone = (
        running(town, Audience(topics=("budget",))),
        running(town, Audience(topics=("budget", "culture"))),
        running(town),
    )
    town.write(lambda c: outbox.suppress_left(c, 3, left=("budget",), kept=("culture",), now_ms=NOW))
    assert counted(town, budget)["suppressed"] == 1
    assert "suppressed" not in counted(town, both) | counted(town, everyone)


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_a_recheck_hands_back_what_is_paused_and_drops_what_is_cancelled(town: Store, state: str) -> None:
    broadcast = running(town)
    held = take(town, broadcast)
    steer = steering.pause if state == "paused" else lambda c, key: steering.cancel(c, key, NOW)
    town.write(lambda c: steer(c, broadcast))
    assert town.write(lambda c: outbox.recheck(c, "main", held, NOW)) == []
    if state == "paused":
        town.write(lambda c: steering.resume(c, broadcast, NOW))
        assert len(take(town, broadcast)) == 6
    else:
        assert counted(town, broadcast) == {"cancelled": 6}


def test_a_recheck_keeps_the_order_and_leaves_out_who_stopped(town: Store) -> None:
    broadcast, personal = running(town), reply(town)
    held = [*take(town, broadcast), *take(town, 0)]
    stop(town, 2)
    kept = town.write(lambda c: outbox.recheck(c, "main", held, NOW + 20_000))
    assert [m.id for m in kept] == [m.id for m in held if m.contact_id != 2 or m.id == personal]
    assert take(town, broadcast, NOW + 49_999) == []
    assert counted(town, broadcast) == {"sending": 5, "suppressed": 1}


def test_an_erased_persons_reply_is_forgotten_once_it_has_left(town: Store) -> None:
    key = reply(town, "your data is gone")
    town.write(lambda c: sql.run(c, "UPDATE outbox SET forget = ? WHERE id = ?", (True, key)))
    (message,) = take(town, 0)
    settle(town, Result(key, 0, Status.SENDING, "busy", due_ms=NOW, attempts=1))
    assert take(town, 0)[0].text == "your data is gone"
    settle(town, sent(message))
    row = town.read(lambda c: sql.run(c, "SELECT number, text FROM outbox WHERE id = ?", (key,)).one())
    assert tuple(row) == ("", "")


def test_a_personal_message_to_a_stopped_number_is_refused(town: Store) -> None:
    stop(town, 1)
    with pytest.raises(Exception, match="stopped all messages"):
        reply(town)


def test_the_claim_reads_its_index_and_sorts_nothing(town: Store) -> None:
    town.write(lambda c: populate(c, 5_000, first=7))
    broadcast = running(town)
    town.write(lambda c: sql.run(c, "ANALYZE"))
    statement, parameters = outbox._due(
        lane(town, broadcast),
        "o.channel = ? AND o.broadcast_id = ? AND o.due_ms <= ? ORDER BY o.due_ms, o.id LIMIT ?",
        ("main", broadcast, NOW, 100),
    )
    words = "EXPLAIN QUERY PLAN " if town.sqlite else "EXPLAIN "
    plan = "\n".join(str(tuple(row)) for row in town.read(lambda c: sql.run(c, words + statement, parameters).all()))
    assert "ix_outbox_due" in plan, plan
    assert "SCAN o" not in plan
    assert "Seq Scan on outbox" not in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
