"""A clock that is set ahead or back takes nothing from anybody: not the channel, not a message, not a STOP."""

from __future__ import annotations

from sqlalchemy import Connection

from smsbot.clock import HOUR_MS
from smsbot.outbound.claims import Claims, Turn
from smsbot.outbound.schedule import QuietHours
from smsbot.settings import Settings
from smsbot.store import leases, sql
from smsbot.store.database import Store
from smsbot.store.leases import Sighting
from smsbot.testing.population import populate, settle_directory
from tests.outbound.test_dispatch import Gateway, Post

TERM_MS = 10_000


def town(store: Store) -> Store:
    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 6)

    store.write(build)
    return store


def take(store: Store, owner: str, now_ms: int, now_s: float, sighting: Sighting) -> int | None:
    return store.write(
        lambda c: leases.succeed(
            c, "channel:main", owner, now_ms=now_ms, now_s=now_s, term_ms=TERM_MS, sighting=sighting
        )
    )


def renew(store: Store, owner: str, fence: int, now_ms: int) -> bool:
    return store.write(lambda c: leases.renew(c, "channel:main", owner, fence, now_ms=now_ms, term_ms=TERM_MS))


def test_a_wrong_clock_does_not_take_the_channel_from_an_owner_who_keeps_renewing(store: Store) -> None:
    mine, theirs = Sighting(), Sighting()
    assert take(store, "one", 1_000, 0.0, mine) == 1
    for second in range(30):
        assert renew(store, "one", 1, 1_000 + second * 1_000)
        assert take(store, "two", HOUR_MS + second * 1_000, float(second), theirs) is None


def test_the_channel_of_one_who_does_not_renew_is_taken_after_a_term_whatever_its_record_says(store: Store) -> None:
    theirs = Sighting()
    assert take(store, "one", HOUR_MS, 0.0, Sighting()) == 1  # by a clock an hour ahead
    assert take(store, "two", 1_000, 0.0, theirs) is None
    assert take(store, "two", 10_999, 9.9, theirs) is None
    assert take(store, "two", 11_000, 10.0, theirs) == 2
    assert not renew(store, "one", 1, HOUR_MS + 20_000)


def test_a_channel_that_was_given_back_is_taken_at_once(store: Store) -> None:
    assert take(store, "one", 1_000, 0.0, Sighting()) == 1
    store.write(lambda c: leases.release(c, "channel:main", "one", 1))
    assert take(store, "two", 1_000, 0.0, Sighting()) == 2


async def test_what_is_in_flight_is_not_taken_up_again_when_the_clock_is_set_ahead(store: Store) -> None:
    gateway = Gateway()
    post = Post(town(store), gateway)
    gateway.open.clear()
    async with post.running():
        key = post.reply()
        await post.until(lambda: gateway.asked == 1)
        post.clock.ahead_ms = HOUR_MS // 2
        later = post.reply("later", person=2)
        await post.until(lambda: gateway.asked == 2)
        gateway.open.set()
        await post.settled(key, "sent")
        await post.settled(later, "sent")
    assert sorted(message.text for message in gateway.taken) == ["hello", "later"]


async def test_what_a_clock_an_hour_ahead_has_queued_leaves_once_it_is_right_again(store: Store) -> None:
    post = Post(town(store), Gateway())
    post.clock.ahead_ms = HOUR_MS
    key = post.reply()
    post.clock.ahead_ms = 0
    async with post.running():
        await post.settled(key, "sent")


def test_whoever_takes_a_channel_sends_what_a_clock_an_hour_ahead_has_queued(store: Store) -> None:
    """Nobody had it when the clock was set back, and whoever takes it has not seen that."""
    post = Post(town(store), Gateway())
    post.clock.ahead_ms = HOUR_MS
    key = post.reply()
    post.clock.ahead_ms = 0
    claims = Claims(store, "main", "two", QuietHours.of(Settings()))
    turn = Turn((), (), limit=10, share=0, told=None)
    outcome = store.write(lambda c: claims.work(c, turn, post.clock))
    assert [message.id for message in outcome.claimed] == [key]


async def test_a_claim_of_a_clock_an_hour_ahead_lasts_no_longer_than_any(store: Store) -> None:
    post = Post(town(store), Gateway())
    key = post.reply()
    store.write(
        lambda c: sql.run(
            c, "UPDATE outbox SET status = 'sending', due_ms = ? WHERE id = ?", (post.clock() + HOUR_MS, key)
        )
    )
    async with post.running():
        await post.until(lambda: post.row(key).due_ms <= post.clock() + 30_000)


async def test_a_stop_counts_though_the_clock_was_set_back_after_the_claim(store: Store) -> None:
    post = Post(town(store), Gateway(), rate_per_s=20)
    post.clock.ahead_ms = HOUR_MS // 2
    broadcast = post.announce()
    async with post.running():
        await post.until(lambda: bool(post.gateway.taken))
        post.clock.ahead_ms = 0
        post.stop(5)
        post.stop(6)
        await post.until(lambda: post.counts(broadcast) == {"sent": 4, "suppressed": 2})
    assert {message.to[-1] for message in post.gateway.taken} == {"1", "2", "3", "4"}
