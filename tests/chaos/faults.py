"""What goes wrong. A fault happens in the middle of everything and is mended when it returns."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from smsbot.store.outage import FULL
from smsbot.testing.fake_gateway import CUT, FAULT, HALF, Answer, refuse, slow, throttle
from tests.chaos.world import Fault, Roles, World
from tests.e2e.product import until

NONSENSE = Answer(200, b"<html>It works!</html>")


def nothing(world: World) -> None:
    """So that the suite itself is beyond suspicion."""
    world.wait(1.0)


def kill_any(world: World) -> None:
    """kill -9 of one process after the other at any moment; each is started again."""
    for _ in range(3):
        world.wait(world.chance.uniform(0.3, 1.5))
        product = world.chance.choice(world.products)
        product.kill()
        world.wait(world.chance.uniform(0.0, 0.8))
        product.restart()


def end_in_turn(world: World) -> None:
    """A rolling restart: SIGTERM, and the process has to end well within 30 s."""
    for product in world.products:
        world.wait(world.chance.uniform(0.2, 1.0))
        product.stop()
        product.restart()


def freeze_the_worker(world: World) -> None:
    """The worker that has the channel stops for longer than its lease and its claims, in the middle of a broadcast,
    then goes on as if nothing had been."""
    world.provider.wait_for(world.size.people // 2, timeout_s=60)
    (worker,) = [product for product in world.works if str(product.pid) in world.holder("channel:main")]
    os.kill(worker.pid, signal.SIGSTOP)
    world.wait(40.0)
    os.kill(worker.pid, signal.SIGCONT)
    world.wait(2.0)


def kill_the_database(world: World) -> None:
    """As a power cut takes PostgreSQL, twice."""
    for _ in range(2):
        world.wait(world.chance.uniform(0.5, 1.5))
        world.server.kill()
        world.wait(world.chance.uniform(0.2, 1.5))
        world.server.start()


def cut_the_connections(world: World) -> None:
    """Every connection to the database is ended, again and again."""
    for _ in range(8):
        world.wait(world.chance.uniform(0.1, 0.6))
        world.server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                         " AND backend_type = 'client backend'")  # fmt: skip


def lose_the_primary(world: World) -> None:
    """The primary dies for good; its synchronous standby takes over."""
    pair = world.server
    world.wait(world.chance.uniform(1.0, 3.0))
    pair.primary.kill()
    world.wait(world.chance.uniform(0.0, 1.0))
    pair.standby.promote()
    world.wait(2.0)


def a_bad_provider(world: World) -> None:
    """Slow, refusing, throttling, out of order, silent after it has taken a message, talking nonsense."""
    moods: Sequence[Answer] = (
        slow(0.5), slow(2.0), refuse(), FAULT, CUT, HALF, throttle("1"), throttle(), NONSENSE, Answer(503), Answer(404),
    )  # fmt: skip
    for _ in range(40):
        world.provider.then(*world.chance.choices(moods, k=3), Answer(), Answer())
        world.wait(0.1)


def fill_the_disk(world: World) -> None:
    """Not one octet is left for the database, twice; what cannot be kept is not acknowledged. SQLite's log may have
    room in itself the second time; a PostgreSQL without room may have ended."""
    assert world.disk is not None
    for round_ in range(2):
        world.wait(world.chance.uniform(0.5, 1.5))
        world.disk.fill()
        world.wait(world.chance.uniform(1.0, 2.0))
        if world.server is None and round_ == 0:
            until("the full disk is told", lambda: FULL.encode() in world.webs[0].call("GET", "/readyz")[1])
        world.disk.clear()
        if world.server is None:
            until("there is room again", lambda: world.webs[0].call("GET", "/readyz")[0] == 200)
        if world.server is not None and not world.server.answers():
            world.server.kill()
            world.server.start()


def cut_the_power(world: World) -> None:
    """The disk keeps what was synced and nothing else, and everything on the machine is gone at once; twice."""
    assert world.drive is not None
    for _ in range(2):
        world.wait(world.chance.uniform(0.5, 2.0))
        world.drive.cut()
        for product in world.products:
            product.kill()
        if world.server is not None:
            world.server.kill()
        world.wait(world.chance.uniform(0.0, 0.5))
        world.drive.back()
        if world.server is not None:
            world.server.start()
        for product in world.products:
            product.restart()


def move_the_clock(world: World) -> None:
    """Half an hour ahead, then back to where it was, an hour back, and right again."""
    assert world.clock is not None
    for shift in ("+1800", "+0", "-3600", "+0"):
        world.wait(world.chance.uniform(0.8, 1.5))
        shown = world.clock.with_suffix(".new")
        shown.write_text(f"{shift}\n", encoding="ascii")
        shown.replace(world.clock)


def pull_the_cable(world: World) -> None:
    """The far worker sees neither the database nor anybody else for longer than its lease and its claims."""
    assert world.host is not None
    world.wait(world.chance.uniform(1.0, 3.0))
    world.host.pull()
    world.wait(40.0)
    world.host.plug()
    world.wait(2.0)


@dataclass(frozen=True)
class Case:
    """*engine*: `sqlite`, `postgresql` (one that is killed if the fault says so) or `pair`. *doubles*: may messages
    that were in flight reach the provider twice (contract §10: what a dead process held is sent again)?"""

    name: str
    fault: Fault
    engine: str
    roles: Roles = Roles()
    doubles: bool = False
    needs: str = ""  # `disk`, `drive`, `clock` or `host`


APART = Roles(everything=0, web=2, work=2)

CASES = (
    Case("nothing at all", nothing, "sqlite"),
    Case("kill -9 of the process", kill_any, "sqlite", doubles=True),
    Case("the power cut", cut_the_power, "sqlite", doubles=True, needs="drive"),
    Case("SIGTERM in turn", end_in_turn, "sqlite"),
    Case("a bad provider", a_bad_provider, "sqlite"),
    Case("disk full", fill_the_disk, "sqlite", needs="disk"),
    Case("the clock jumps", move_the_clock, "sqlite", needs="clock"),
    Case("kill -9 of any process", kill_any, "postgresql", APART, doubles=True),
    Case("SIGTERM in turn", end_in_turn, "postgresql", APART),
    Case("a worker frozen past its lease", freeze_the_worker, "postgresql", APART, doubles=True),
    Case("a bad provider", a_bad_provider, "postgresql", APART),
    Case("the power cut", cut_the_power, "postgresql", APART, doubles=True, needs="drive"),
    Case("kill -9 of the database", kill_the_database, "postgresql", APART),
    Case("connections cut", cut_the_connections, "postgresql", APART),
    Case("disk full", fill_the_disk, "postgresql", APART, needs="disk"),
    Case("the clock jumps", move_the_clock, "postgresql", APART, needs="clock"),
    Case("the cable of a worker's host pulled", pull_the_cable, "postgresql", APART, doubles=True, needs="host"),
    Case("the primary lost, the standby promoted", lose_the_primary, "pair", APART),
)
