"""What is no longer needed goes by itself, in a process at work, under a lease."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from smsbot.clock import DAY_MS, HOUR_MS
from smsbot.outbound.custody import LEASE, Custodian
from smsbot.service import Service
from smsbot.settings import Retention, Settings
from smsbot.store import leap, leases, months, sql
from smsbot.store.database import Store
from smsbot.testing.population import populate, settle_directory

NOW = 1_800_000_000_000
OLD = NOW - 91 * DAY_MS


@pytest.fixture
def town(store: Store) -> Store:
    """A member, and an old text of a stranger."""

    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 1)
        sql.run(
            connection,
            "INSERT INTO inbound (channel, external_id, number, recipient, text, at_ms, intent, rule, inbox, tag)"
            " VALUES ('main', 'x', '+995555000009', '', 'hello', ?, '', '', '', '')",
            (OLD,),
        )

    store.write(build)
    while piece := store.read(lambda c: months.find(c, Retention(), NOW)):  # the month has begun
        store.write(partial(months.do, _piece=piece, now_ms=NOW))
    return store


def words(store: Store) -> str:
    return str(store.read(lambda c: sql.run(c, "SELECT text FROM inbound").scalar()))


def custodian(store: Store, first_s: float = 0.0) -> Custodian:
    return Custodian(store, Retention(), clock=lambda: NOW, owner="here", first_s=first_s)


async def test_what_is_due_goes_and_the_lease_is_given_back(town: Store) -> None:
    assert await custodian(town).round() is False
    assert words(town) == ""
    taken = await town.run(lambda c: leases.acquire(c, LEASE, "there", now_ms=NOW, term_ms=1_000))
    assert taken is not None


async def test_while_another_process_is_at_it_nothing_is_done(town: Store) -> None:
    await town.run(lambda c: leases.acquire(c, LEASE, "there", now_ms=NOW, term_ms=60_000))
    assert await custodian(town).round() is False
    assert words(town) == "hello"


async def test_an_idle_round_writes_nothing(town: Store) -> None:
    keeper = custodian(town)
    await keeper.round()
    posted: list[object] = []
    town.writer.post = lambda *job, **_: posted.append(job)  # type: ignore[method-assign,assignment]
    assert await keeper.round() is False
    assert posted == []


async def test_rounds_go_on_until_the_process_ends(town: Store) -> None:
    keeper = custodian(town)
    done = asyncio.Event()
    once = keeper.round

    async def told() -> bool:
        more = await once()
        done.set()
        return more

    keeper.round = told  # type: ignore[method-assign]
    running = asyncio.create_task(keeper.run())
    await asyncio.wait_for(done.wait(), 60)
    assert words(town) == ""
    keeper.stop()
    await asyncio.wait_for(running, 60)


async def test_a_process_that_delivers_keeps_house_and_ends_at_once(database_url: str) -> None:
    settings = Settings.model_validate({"database": {"url": database_url}})
    service = Service(settings, public_url="http://127.0.0.1")
    service.prepare()
    await service.start()
    assert "retention" in {task.get_name() for task in asyncio.all_tasks()}
    await asyncio.wait_for(service.stop(), 60)


def refuse_one_kind(connection: Connection) -> None:
    """An old open question, and a database that was changed by hand so that it cannot go."""
    columns = "contact_id, channel, flow, revision, state, slots, tries, expires_ms"
    sql.run(connection, f"INSERT INTO conversation ({columns}) VALUES (1, 'main', 'x', 1, 'y', '{{}}', 0, ?)", (OLD,))
    if sql.is_postgresql(connection):
        body = "BEGIN RAISE EXCEPTION 'not this one'; END"
        sql.run(connection, f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        sql.run(connection, "CREATE TRIGGER refusing BEFORE DELETE ON conversation FOR EACH ROW"
                            " EXECUTE FUNCTION refuse()")  # fmt: skip
    else:
        sql.run(connection, "CREATE TRIGGER refusing BEFORE DELETE ON conversation"
                            " BEGIN SELECT RAISE(ABORT, 'not this one'); END")  # fmt: skip


async def test_a_kind_that_cannot_go_keeps_no_other_from_going(
    town: Store, logged: list[MutableMapping[str, Any]]
) -> None:
    town.write(refuse_one_kind)
    await custodian(town).round()
    assert words(town) == ""
    assert [entry["what"] for entry in logged if entry["log_level"] == "error"] == ["open questions"]


class Watch:
    def __init__(self) -> None:
        self.now_ms = NOW - 100 * DAY_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.mark.parametrize("away_ms", [100 * DAY_MS, DAY_MS + HOUR_MS])
async def test_after_a_leap_of_the_clock_nothing_goes_for_a_day(town: Store, away_ms: int) -> None:
    clock = Watch()
    keeper = Custodian(town, Retention(), clock=clock, owner="here")
    clock.now_ms = NOW - away_ms
    town.write(lambda c: leap.note(c, clock()))
    clock.now_ms = NOW
    await keeper.round()
    assert words(town) == "hello"
    clock.now_ms = NOW + DAY_MS - HOUR_MS
    await keeper.round()
    assert words(town) == "hello"
    clock.now_ms = NOW + DAY_MS
    await keeper.round()
    assert words(town) == ""


async def test_a_clock_that_is_right_again_is_believed_at_once(town: Store) -> None:
    clock = Watch()
    keeper = Custodian(town, Retention(), clock=clock, owner="here")
    clock.now_ms = NOW
    town.write(lambda c: leap.note(c, clock() - HOUR_MS))
    clock.now_ms += 365 * DAY_MS
    await keeper.round()
    assert words(town) == "hello"
    clock.now_ms = NOW
    await keeper.round()
    assert words(town) == ""
