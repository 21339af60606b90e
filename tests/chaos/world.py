"""A whole service in trouble, and the account of it afterwards.

`play` starts real processes on a real database, lets people write and broadcasts run, does something terrible
meanwhile, mends it, waits until nothing is left to do, and then asks three witnesses: the provider what reached it, a
model that knows only the published rules how everybody must stand, and `smsbot verify` whether all agrees.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from smsbot.errors import StoreError
from smsbot.status import Status
from smsbot.store import sql
from smsbot.store.database import Store
from smsbot.store.tables import Broadcast, Contact, Outbox, Subscription, Suppression, Topic, table
from smsbot.testing.fake_gateway import Asked, FakeGateway
from tests.chaos import model
from tests.chaos.crowd import Crowd
from tests.chaos.hosts import Disk, Drive, Host
from tests.e2e.product import Product, twilio_channel, until

NEWS = "News {n}: the bridge is closed until Monday."
SETTLED_S = 150.0
LEFT = {Status.SENT, Status.DELIVERED}
MAYBE = {Status.UNKNOWN}


@dataclass(frozen=True)
class Size:
    """How large the town is. *pause_s*: what people wait between two texts, at most."""

    people: int = 60
    leavers: int = 15
    texts: int = 5
    broadcasts: int = 2
    rate_per_s: float = 60.0
    pause_s: float = 2.0


@dataclass(frozen=True)
class Roles:
    """How many processes of each kind. `everything`: role `all`."""

    everything: int = 1
    web: int = 0
    work: int = 0


@dataclass
class Outcome:
    """What the witnesses say. All but *acknowledged*, *broken* and *unknown* must be as the fault allows."""

    acknowledged: int = 0
    broken: int = 0  # tries that were cut or refused with 503
    given_up: int = 0
    lost: int = 0  # messages that were to leave and never reached the provider
    doubled: int = 0  # messages that reached the provider once more
    unknown: int = 0  # that may have been taken, told as such
    after_stop: int = 0
    astray: list[str] = field(default_factory=list)  # people who stand otherwise than the model says
    verified: str = ""  # what `smsbot verify` has to complain of
    unsettled: int = 0

    @property
    def clean(self) -> bool:
        return not (self.given_up or self.lost or self.after_stop or self.astray or self.verified or self.unsettled)


@dataclass
class World:
    """What a fault may lay hands on."""

    folder: Path
    url: str
    products: list[Product]
    provider: FakeGateway
    chance: random.Random
    size: Size
    server: Any = None  # the PostgreSQL, where there is one to be killed
    host: Host | None = None  # where the last worker runs, if not beside the others
    disk: Disk | None = None  # that the database lies on
    drive: Drive | None = None  # the same, where its power may be cut
    clock: Path | None = None  # what this file says is added to the processes' clock

    @property
    def webs(self) -> list[Product]:
        return [product for product in self.products if product.role != "work"]

    @property
    def works(self) -> list[Product]:
        return [product for product in self.products if product.role != "web"]

    def holder(self, lease: str) -> str:
        """Who has *lease* now."""
        store = Store(self.url)
        try:
            found = store.read(lambda c: sql.run(c, "SELECT owner FROM lease WHERE name = ?", (lease,)).scalar())
        finally:
            store.close()
        return str(found or "")

    def wait(self, seconds: float) -> None:
        """Let things happen: faults last, and nothing signals when they have lasted long enough."""
        threading.Event().wait(seconds)


Fault = Callable[[World], None]


@contextmanager
def town(
    folder: Path,
    url: str,
    roles: Roles,
    size: Size,
    chance: random.Random,
    *,
    far: tuple[Host, str] | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[World]:
    """Processes that run, on an empty database with this version's tables (PostgreSQL) or a new file (SQLite).

    *far*: a host for the last worker and the database's address from there. *variables*: of their environment."""
    with ExitStack() as stack:
        reports = ("sent", "delivered") if roles.everything else ()  # a worker does not know where they should come
        near = "127.0.0.1" if far is None else far[0].here
        provider = stack.enter_context(FakeGateway(reports=reports, host=near))
        channels = twilio_channel(provider.url, rate_per_s=size.rate_per_s)
        kinds = ["all"] * roles.everything + ["web"] * roles.web + ["work"] * roles.work
        products = []
        for n, kind in enumerate(kinds):
            away = far is not None and n == len(kinds) - 1
            products.append(
                Product(
                    folder, database_url=far[1] if far is not None and away else url, channels=channels, role=kind,
                    name=f"{kind}-{n}", variables=variables, port=None if away else 0,
                    prefix=far[0].prefix if far is not None and away else (),
                )
            )  # fmt: skip
        for product in products:
            stack.push(product)
        starting = [threading.Thread(target=product.start) for product in products]
        for thread in starting:
            thread.start()
        for thread in starting:
            thread.join()
        for product in products:
            assert product.alive, f"{product.log.name} did not start:\n{product.logged()}"
        yield World(folder, url, products, provider, chance, size, host=far[0] if far is not None else None)


def play(world: World, fault: Fault) -> Outcome:
    """People write, broadcasts run, *fault* happens in the middle and is mended before it returns."""
    size, chance = world.size, world.chance
    numbers = [f"+99555{n:07d}" for n in chance.sample(range(10_000_000), size.people)]
    leavers = set(numbers[: size.leavers])
    scripts = {number: model.script(chance, length=size.texts, leaves=number in leavers) for number in numbers}
    crowd = Crowd(
        [product.port for product in world.webs], scripts, leavers=leavers, stopped_at=f"http://127.0.0.1:{world.provider.port}",
        chance=chance, pause_s=size.pause_s,
    )  # fmt: skip
    with world_in_motion(world, crowd):
        fault(world)
    outcome = Outcome()
    outcome.acknowledged, outcome.broken = len(set(crowd.record.acknowledged)), crowd.record.broken
    outcome.given_up = len(crowd.record.given_up)
    _settle(world, outcome)
    _reckon(world, outcome, leavers)
    _compare(world, outcome, scripts)
    taken = world.folder / "acknowledged.tsv"
    taken.write_text("".join(f"main\t{sid}\n" for sid in crowd.record.acknowledged), encoding="utf-8")
    verified = world.webs[0].command("verify", "--acknowledged", str(taken))
    outcome.verified = "" if verified.returncode == 0 else verified.stdout + verified.stderr
    return outcome


@contextmanager
def world_in_motion(world: World, crowd: Crowd) -> Iterator[None]:
    """While the block runs, people write and broadcasts are made; afterwards both are waited for."""
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)

        return run

    threads = [
        threading.Thread(target=guarded(crowd.write)),
        threading.Thread(target=guarded(lambda: _announce(world))),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    except BaseException:
        crowd.dismiss()
        raise
    finally:
        for thread in threads:
            thread.join()
    for failure in failures:
        raise failure


def _announce(world: World) -> None:
    """A press officer, who tries again under the same key until the broadcast is taken."""
    for n in range(world.size.broadcasts):
        world.wait(world.size.pause_s * world.size.texts / (world.size.broadcasts + 1))
        body = {"text": NEWS.format(n=n), "everyone": True}

        def taken(key: str = f"news-{n}", asked: dict[str, object] = body) -> bool:
            product = world.chance.choice(world.webs)
            try:
                status, said = product.call_with_key("POST", "/api/broadcasts", asked, key)
            except OSError:
                return False
            assert status in (202, 422, 500, 503), said
            return status in (202, 422)  # 422: nobody has joined yet

        until("a broadcast is taken", taken, timeout_s=90)


def _settle(world: World, outcome: Outcome) -> None:
    """Wait until nothing waits any more."""
    outbox, broadcast = table(Outbox), table(Broadcast)
    store = Store(world.url)

    def waiting() -> int:
        try:
            due = store.read(lambda c: c.execute(select(outbox.c.id).where(outbox.c.due_ms.is_not(None))).all())
            running = store.read(lambda c: c.execute(select(broadcast.c.id).where(broadcast.c.state != "done")).all())
        except StoreError:
            return 1
        return len(due) + len(running)

    try:
        until("everything has left", lambda: waiting() == 0, timeout_s=SETTLED_S)
    except TimeoutError:
        outcome.unsettled = waiting()
    finally:
        store.close()


def _reckon(world: World, outcome: Outcome, leavers: set[str]) -> None:
    """The provider's record against the outbox."""
    for product in world.products:
        if product.alive:
            product.stop()  # all that was in hand has left: the record is complete
    requests = list(world.provider.requests)
    sent = Counter((asked.to, asked.text) for asked in requests if asked.taken and asked.text)
    surely, perhaps = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for number, text, status in _messages(world.url):
        if status in LEFT:
            surely[number, text] += 1
        elif status in MAYBE:
            perhaps[number, text] += 1
    outcome.lost = sum((surely - sent).values())
    outcome.doubled = sum((sent - surely - perhaps).values())
    outcome.unknown = sum(perhaps.values())
    for number in leavers:
        outcome.after_stop += _after_stop([asked for asked in requests if asked.to == number])


def _after_stop(mine: Sequence[Asked]) -> int:
    marks = [place for place, asked in enumerate(mine) if asked.target.startswith("/stopped")]
    if not marks:
        return 0
    return sum(asked.text.startswith("News ") for asked in mine[marks[0] :])


def _messages(url: str) -> list[tuple[str, str, str]]:
    """Number, text and status of every message."""
    store = Store(url)
    try:
        rows = store.read(
            lambda c: c.exec_driver_sql(
                "SELECT COALESCE(o.number, c.number), COALESCE(o.text, t.text), o.status FROM outbox o"
                " LEFT JOIN contact c ON c.id = o.contact_id LEFT JOIN broadcast_text t ON t.id = o.text_id"
            ).all()
        )
    finally:
        store.close()
    return [(row[0], row[1], row[2]) for row in rows]


def _compare(world: World, outcome: Outcome, scripts: dict[str, list[str]]) -> None:
    """Everybody's standing against the model's."""
    store = Store(world.url)
    try:
        standing = store.read(_standing)
        subjects = {row[0] for row in store.read(lambda c: c.execute(select(table(Suppression).c.subject)).all())}
    finally:
        store.close()
    for number, said in scripts.items():
        expected = model.after(said)
        found = standing.get(number, ("new", frozenset()))
        if found != (expected.state, expected.topics):
            outcome.astray.append(f"…{number[-3:]} said {said}: {found}, not {(expected.state, set(expected.topics))}")
    stopped = sum(state == "stopped" for state, _ in standing.values())
    if stopped != len(subjects):
        outcome.astray.append(f"{len(subjects)} suppressions for {stopped} people who stopped")


def _standing(connection: Any) -> dict[str, tuple[str, frozenset[str]]]:
    contact, subscription, topic = table(Contact), table(Subscription), table(Topic)
    people = {row.id: (row.number, row.state) for row in connection.execute(select(contact))}
    topics: dict[int, set[str]] = {}
    for key, code in connection.execute(
        select(subscription.c.contact_id, topic.c.code).join(topic, topic.c.id == subscription.c.topic_id)
    ):
        topics.setdefault(key, set()).add(code)
    return {number: (state, frozenset(topics.get(key, ()))) for key, (number, state) in people.items()}
