"""What `/readyz` and the log say of tables of another version, settings at odds, and a clock that is wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest

from smsbot.clock import now_ms
from smsbot.outbound.accord import fingerprint
from smsbot.outbound.fitness import APART_MS, Vigil
from smsbot.process import identity
from smsbot.store import channel_settings, leases, migrate, sql
from smsbot.store.database import Store
from tests.web.composition import Client, Composition, compose, is_problem

BEHIND, AHEAD = migrate.revisions()[-2], "9999"


def at_version(store: Store, revision: str) -> None:
    """As if somebody had brought the tables to another version meanwhile."""
    store.write(lambda c: sql.run(c, "UPDATE alembic_version SET version_num = ?", (revision,)))


@pytest.fixture
def timely(store: Store) -> Composition:
    """With the time of day for its clock."""
    made = compose(store)
    made.now_ms = now_ms()
    return made


async def told(service: Composition) -> dict[str, Any]:
    async with Client(service, key=None) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_process_with_which_all_is_well_has_nothing_to_say(timely: Composition) -> None:
    assert await told(timely) == {"status": "ok", "warnings": []}


@pytest.mark.parametrize(("revision", "says"), [(BEHIND, "run `smsbot db upgrade`"), (AHEAD, "newer version")])
async def test_tables_of_another_version_are_told_while_it_runs(
    store: Store, timely: Composition, revision: str, says: str
) -> None:
    at_version(store, revision)
    try:
        async with Client(timely, key=None) as client:
            assert says in str(is_problem(await client.get("/readyz"), 503)["detail"])
    finally:
        at_version(store, migrate.revisions()[-1])
    assert (await told(timely))["status"] == "ok"


@pytest.mark.parametrize(
    ("ahead_ms", "says"),
    [
        (APART_MS - 1_500, None),
        (1_500 - APART_MS, None),
        (60_000, "60 s ahead of that of the database"),
        (-60_000, "60 s behind that of the database"),
    ],
)
async def test_a_clock_that_is_wrong_is_told_where_the_database_has_another(
    store: Store, timely: Composition, ahead_ms: int, says: str | None
) -> None:
    timely.clock = lambda: now_ms() + ahead_ms  # type: ignore[method-assign]
    warnings = (await told(timely))["warnings"]
    if store.sqlite or says is None:
        assert warnings == []
    else:
        (warning,) = warnings
        assert says in re.sub(r"\b(59|61)\b", "60", warning)


def lead(store: Store, owner: str, config: Any, channel: str = "simulator") -> None:
    """Another process delivers through *channel*, with *config*."""
    digests = fingerprint(config, store.key)
    store.write(lambda c: channel_settings.tell(c, channel, owner, digests, now_ms()))
    store.write(lambda c: leases.acquire(c, f"channel:{channel}", owner, now_ms=now_ms(), term_ms=10_000))


async def test_settings_that_are_not_those_of_the_process_that_delivers_are_named(
    store: Store, timely: Composition
) -> None:
    config = timely.channels["simulator"].config
    lead(store, "far/1/a", config)
    assert (await told(timely))["warnings"] == []
    lead(store, "far/1/a", config.model_copy(update={"rate_per_s": 77.0, "sender": "SECRET-SENDER"}))
    (warning,) = (await told(timely))["warnings"]
    assert "`simulator`" in warning
    assert "(`rate_per_s`, `sender`)" in warning
    assert "SECRET" not in warning
    assert "77" not in warning


async def test_what_a_dead_process_said_is_no_concern(store: Store, timely: Composition) -> None:
    machine = identity().partition("/")[0]
    config = timely.channels["simulator"].config.model_copy(update={"rate_per_s": 77.0})
    lead(store, f"{machine}/{2**22 + 1}/x", config)  # above the highest id that Linux gives
    assert (await told(timely))["warnings"] == []


async def test_the_log_has_each_trouble_once_and_its_end(
    store: Store, timely: Composition, logged: list[dict[str, Any]]
) -> None:
    vigil = Vigil(store, timely.channels, clock=now_ms)

    async def said() -> str:
        logged.clear()
        await vigil.look()
        return " ".join(str(entry) for entry in logged)

    assert await said() == ""
    lead(store, "far/1/a", timely.channels["simulator"].config.model_copy(update={"rate_per_s": 77.0}))
    assert "rate_per_s" in await said()
    assert await said() == ""
    at_version(store, AHEAD)
    try:
        assert "newer version" in await said()
    finally:
        at_version(store, migrate.revisions()[-1])
    assert "rate_per_s" in await said()
    store.write(lambda c: sql.run(c, "DELETE FROM channel_settings"))
    assert "as it should be again" in await said()
    assert await said() == ""
