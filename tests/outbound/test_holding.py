from __future__ import annotations

import pytest

from smsbot.outbound.holding import RENEW_S, RETAKE_S, TERM_MS, Holding, Kept
from smsbot.store.database import Store

START_MS = 1_800_000_000_000


class World:
    """One database and two clocks: the one that people set, and the steady one."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now_ms = START_MS
        self.steady_s = 100.0

    def holding(self, owner: str) -> Holding:
        return Holding("main", f"far/1/{owner}", term_ms=TERM_MS, monotonic=lambda: self.steady_s)

    def keep(self, holding: Holding) -> Kept:
        kept = self.store.write(lambda c: holding.keep(c, self.now_ms))
        holding.note(kept, self.steady_s)
        return kept

    def passes(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1_000)
        self.steady_s += seconds


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def test_one_of_two_has_the_channel_and_each_knows_when_to_look_again(world: World) -> None:
    one, two = world.holding("one"), world.holding("two")
    assert world.keep(one) == Kept(1)
    assert world.keep(two) == Kept(None)
    assert (one.ours, two.ours) == (True, False)
    assert (one.due_s, two.due_s) == (world.steady_s + RENEW_S, world.steady_s + RETAKE_S)


def test_the_lease_is_written_anew_only_when_some_of_its_term_is_over(world: World) -> None:
    one = world.holding("one")
    world.keep(one)
    world.passes(RENEW_S - 0.5)
    due_s = one.due_s
    assert world.keep(one) == Kept(1, renewed=False)
    assert one.due_s == due_s, "a look in between puts the renewal off by nothing"
    world.passes(0.5)
    assert world.keep(one) == Kept(1, renewed=True)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_was_set_takes_nothing_from_who_keeps_it(world: World, hours: int) -> None:
    one, two = world.holding("one"), world.holding("two")
    world.keep(one)
    world.keep(two)
    world.now_ms += hours * 3_600_000
    assert world.keep(two) == Kept(None)
    assert world.keep(one) == Kept(1, renewed=True)


def test_who_does_not_renew_loses_it_after_a_whole_term_and_hears_of_it(world: World) -> None:
    one, two = world.holding("one"), world.holding("two")
    world.keep(one)
    world.keep(two)
    world.passes(TERM_MS / 1_000)
    assert world.store.read(lambda c: one.still(c, world.now_ms)), "it has run out, and nobody has taken it"
    assert world.keep(two) == Kept(2)
    assert not world.store.read(lambda c: one.still(c, world.now_ms))
    assert world.keep(one) == Kept(None, renewed=False)
    assert not one.ours


def test_what_is_given_back_may_be_taken_at_once(world: World) -> None:
    one, two = world.holding("one"), world.holding("two")
    world.keep(one)
    world.store.write(lambda c: one.give_back(c, 1))
    assert world.keep(two) == Kept(2)
