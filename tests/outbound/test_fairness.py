"""Who goes first, and who is never kept waiting for ever: replies, urgent broadcasts, the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import Connection

from smsbot.outbound.bucket import TOLERANCE_S, Bucket
from smsbot.outbound.claims import Claims, Turn
from smsbot.outbound.hold import OWED_PARTS, Hold
from smsbot.outbound.pace import REPLIES_TO_BULK
from smsbot.outbound.schedule import QuietHours
from smsbot.settings import Settings
from smsbot.status import Status
from smsbot.store import outbox, sql
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.outbox import Claimed, Result
from smsbot.testing.bulletins import announce
from smsbot.testing.population import populate, settle_directory
from tests.outbound.test_dispatch import Gateway, Post
from tests.outbound.test_schedule import at

NOON = at("2026-12-01T12:00:00")
EVERYONE = Audience(everyone=True)


def message(key: int, *, broadcast_id: int = 0, parts: int = 1) -> Claimed:
    return Claimed(key, "main", f"+{key}", "", parts, 0, 0, None, broadcast_id=broadcast_id)


def flood(hold: Hold, replies: Sequence[int], bulk: Sequence[int]) -> list[tuple[bool, int]]:
    """What leaves, in turn (reply or not, parts), until one of the lanes has nothing more."""
    hold.add(message(n, parts=parts) for n, parts in enumerate(replies, 1))
    hold.add(message(10_000 + n, broadcast_id=7, parts=parts) for n, parts in enumerate(bulk, 1))
    left = []
    while hold.replies and hold.bulk:
        taken = hold.take()
        assert taken is not None
        hold.done(taken.number)
        left.append((taken.is_reply, taken.parts))
    return left


@pytest.mark.parametrize(
    ("replies", "bulk"),
    [([1] * 900, [1] * 200), ([1, 2, 3] * 300, [1, 6] * 60), ([2] * 900, [40] * 6), ([6] * 200, [1] * 200)],
)
def test_a_tenth_of_the_parts_is_the_broadcasts_while_both_wait(replies: list[int], bulk: list[int]) -> None:
    left = flood(Hold(), replies, bulk)
    most = max(bulk)
    for start in range(0, len(left), 7):
        for end in range(start + 1, len(left) + 1, 11):
            stretch = left[start:end]
            given = sum(parts for is_reply, parts in stretch if not is_reply)
            total = sum(parts for _, parts in stretch)
            assert given * (REPLIES_TO_BULK + 1) >= total - (REPLIES_TO_BULK + 1) * most - 2 * max(replies)
            assert given * (REPLIES_TO_BULK + 1) <= total + (REPLIES_TO_BULK + 1) * 2 * max(most, OWED_PARTS)


def test_a_reply_never_waits_for_more_than_one_message_of_a_broadcast_in_a_row() -> None:
    hold = Hold()
    hold.add(message(n) for n in range(1, 501))
    for _ in range(500):  # no broadcast is there: nothing adds up without end
        taken = hold.take()
        assert taken is not None
        hold.done(taken.number)
    left = flood(hold, [1] * 100, [1] * 100)
    assert [is_reply for is_reply, _ in left[:OWED_PARTS]] == [False] * OWED_PARTS
    assert all(a or b for (a, _), (b, _) in zip(left[OWED_PARTS:], left[OWED_PARTS + 1 :], strict=False))


def test_what_is_looked_at_again_is_what_would_be_next() -> None:
    hold = Hold()
    hold.add([message(n) for n in range(1, 31)] + [message(100 + n, broadcast_id=7) for n in range(4)])
    for _ in range(9):
        hold.take()
    first = hold.take()
    assert first is not None
    assert first.id == 100
    hold.untake(first)
    again = hold.first(12)
    assert [each.id for each in again] == [100, *range(10, 19), 101, 19]
    hold.restore([each for each in again if each.id != 100])
    assert [each.id for each in hold.first(3)] == [101, 10, 11]


def town(store: Store, people: int = 6) -> Store:
    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, people, languages=("en",))

    store.write(build)
    return store


@dataclass
class Desk:
    """A dispatcher's transactions at a moment of our choice, and everything it claims is sent."""

    store: Store
    claims: Claims
    now_ms: int = NOON

    @classmethod
    def of(cls, store: Store, channel: str = "main", **sending: Any) -> Desk:
        settings = Settings.model_validate({"sending": sending})
        quiet = QuietHours.of(settings)
        return cls(store, Claims(store, channel, "one", quiet, per_day=settings.sending.per_day))

    def announce(self, **fields: Any) -> int:
        fields = {"urgent": False, "written_for": ("main",)} | fields
        return self.store.write(lambda c: announce(c, EVERYONE, self.now_ms, **fields))

    def replies(self, people: int) -> None:
        def build(connection: Connection) -> None:
            for n in range(1, people + 1):
                outbox.queue_personal(
                    connection, channel="main", contact_id=n, number=f"+{995555000000 + n}", text="hello", parts=1,
                    now_ms=self.now_ms,
                )  # fmt: skip

        self.store.write(build)

    def turn(self, limit: int, share: int = 0, results: Sequence[Result] = ()) -> Turn:
        return Turn(results, (), limit, share, None)

    def claim(self, limit: int, share: int = 0, results: Sequence[Result] = ()) -> list[Claimed]:
        turn = self.turn(limit, share, results)
        outcome = self.store.write(lambda c: self.claims.work(c, turn, lambda: self.now_ms))
        self.claims.note(outcome, 0.0)
        return list(outcome.claimed)

    def served(self, limit: int, share: int = 0) -> Counter[int]:
        """What one claim gives each lane; all of it leaves."""
        claimed = self.claim(limit, share)
        self.leave(claimed)
        return Counter(message.broadcast_id for message in claimed)

    def leave(self, messages: Sequence[Claimed]) -> None:
        self.claim(0, 0, [Result(m.id, m.broadcast_id, Status.SENT, handed_ms=self.now_ms) for m in messages])

    def stop_all(self, broadcast_id: int) -> None:
        """Everybody of *broadcast_id* has left since it was written: nobody is to get it any more."""
        self.store.write(lambda c: sql.run(c, "UPDATE outbox SET contact_id = contact_id + 100000"
                                              " WHERE broadcast_id = ?", (broadcast_id,)))  # fmt: skip

    def statuses(self, broadcast_id: int) -> Counter[str]:
        rows = self.store.read(
            lambda c: sql.run(c, "SELECT status FROM outbox WHERE broadcast_id = ?", (broadcast_id,)).all()
        )
        return Counter(status for (status,) in rows)


def test_a_claim_that_replies_fill_has_the_broadcasts_share_beside_them(store: Store) -> None:
    desk = Desk.of(town(store, 40))
    news = desk.announce()
    desk.replies(40)
    assert desk.served(10, share=1) == {0: 10, news: 1}
    assert desk.served(10) == {0: 10}  # enough of it is in hand
    assert desk.served(0, share=2) == {news: 2}  # the hands are full of replies
    assert desk.served(30, share=1) == {0: 20, news: 10}


def test_two_broadcasts_of_unequal_size_share_evenly_until_one_ends(store: Store) -> None:
    desk = Desk.of(town(store, 60))
    small = desk.announce()
    desk.store.write(lambda c: sql.run(c, "DELETE FROM outbox WHERE contact_id > 12"))
    large = desk.announce(texts={"en": "x" * 500})
    assert [desk.served(10) for _ in range(2)] == [{small: 5, large: 5}] * 2
    assert desk.served(10) == {small: 2, large: 8}
    assert desk.served(10) == {large: 10}


def test_by_ones_broadcasts_take_turns(store: Store) -> None:
    desk = Desk.of(town(store))
    lanes = [desk.announce() for _ in range(3)]
    found = [next(iter(desk.served(1))) for _ in range(9)]
    assert found == lanes * 3


def test_a_broadcast_whose_people_have_stopped_leaves_its_share_to_the_other(store: Store) -> None:
    desk = Desk.of(town(store, 60))
    void, full = desk.announce(), desk.announce()
    desk.stop_all(void)
    assert desk.served(10) == {full: 10}
    for _ in range(12):
        desk.served(10)
    assert desk.statuses(void) == {"suppressed": 60}
    assert desk.statuses(full) == {"sent": 60}


def test_an_urgent_broadcast_goes_before_the_others_and_they_keep_their_turn(store: Store) -> None:
    desk = Desk.of(town(store, 12))
    first, second = desk.announce(), desk.announce()
    assert desk.served(1) == {first: 1}
    urgent = desk.announce(urgent=True)
    assert [desk.served(5) for _ in range(2)] == [{urgent: 5}] * 2
    assert desk.served(3) == {urgent: 2, second: 1}
    assert desk.served(1) == {first: 1}


def test_what_waited_behind_replies_until_the_quiet_hours_does_not_leave_in_them(store: Store) -> None:
    desk = Desk.of(town(store))
    desk.now_ms = at("2026-12-01T19:59:59")
    news, flood_warning = desk.announce(), desk.announce(urgent=True)
    desk.replies(1)
    held = desk.claim(20)
    assert Counter(each.broadcast_id for each in held) == {0: 1, news: 6, flood_warning: 6}
    desk.now_ms = at("2026-12-01T20:00:00")
    kept = store.write(lambda c: desk.claims.recheck(c, held, lambda: desk.now_ms))
    assert Counter(each.broadcast_id for each in kept) == {0: 1, flood_warning: 6}
    desk.leave(kept)
    desk.now_ms = at("2026-12-02T08:59:59")
    assert desk.claim(20) == []
    desk.now_ms = at("2026-12-02T09:00:00")
    assert Counter(each.broadcast_id for each in desk.claim(20))[news] == 6


class Moment:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("rate", [1, 7.5, 40])
def test_long_texts_and_short_ones_keep_to_the_rate_over_every_stretch(rate: float) -> None:
    moment = Moment()
    bucket, hold = Bucket(rate, clock=moment), Hold()
    replies, bulk = [1, 2] * 900, [10, 40, 1] * 8
    left: list[tuple[float, int]] = []
    for _, parts in flood(hold, replies, bulk):
        moment.now += bucket.wait_s() + (0.03 if len(left) % 5 == 0 else 0.0)  # our timers are late now and then
        bucket.take(parts)
        left.append((moment.now, parts))
    assert len({parts for _, parts in left}) == 4
    for start in range(0, len(left), 3):
        parts = 0
        for end in range(start + 1, len(left)):
            parts += left[end - 1][1]  # of all that left before this one had to wait for it
            assert parts <= rate * (left[end][0] - left[start][0] + TOLERANCE_S) + 1e-6


@pytest.mark.anyio
async def test_a_flood_of_replies_does_not_keep_a_broadcast_waiting(store: Store) -> None:
    """Replies are offered as fast as they leave, and others wait in the database; the broadcast ends all the same."""
    gateway = Gateway()
    post = Post(town(store, 60), gateway, rate_per_s=400)
    offered = 0

    def pour() -> None:
        """Keep a second's worth of replies in the dispatcher's hands, of ids that no outbox has."""
        nonlocal offered
        more = range(offered, offered + min(post.dispatcher.capacity(), 400 - post.dispatcher.backlog))
        if more:
            post.dispatcher.offer([replace(message(-n - 1), number=f"+77{n}") for n in more])
            offered += len(more)

    async with post.running():
        await post.until(lambda: post.dispatcher.leads)
        pour()
        broadcast = post.announce(urgent=False)
        post.wake.wake("main")

        def done() -> bool:
            pour()
            return post.counts(broadcast) == {"sent": 60}

        await post.until(done, 30)
        lanes = [each.to.startswith("+995") for each in gateway.taken]
    first, last = lanes.index(True), len(lanes) - lanes[::-1].index(True)
    replies = lanes[first:last].count(False)
    assert (60 - 2 * OWED_PARTS) * REPLIES_TO_BULK <= replies <= 60 * REPLIES_TO_BULK * 2
