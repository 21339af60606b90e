"""kill -9 in the middle of everything: nothing acknowledged is lost, and nothing is done twice that was done.

What a dead process held comes due again when its lease ends, 30 s later (contract §10), so the four scenarios run side
by side and wait together.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from smsbot.store.database import Store
from smsbot.store.tables import Inbound, Outbox, table
from smsbot.testing.databases import Postgres
from smsbot.testing.fake_gateway import FakeGateway
from smsbot.testing.population import populate
from tests.e2e.crowd import Text, Told, write_all
from tests.e2e.product import Product, twilio_channel, until

ENGINES = ("sqlite", "postgresql")
TEXTS = 1_500
KILL_AT = 500  # acknowledged
PEOPLE = 20_000
NEWS = "The bridge is open again."
LEASE_S = 30
IN_TIME_S = 150  # the lease and a slow machine


@dataclass(frozen=True)
class Conversation:
    """What became of webhooks that were cut by a kill."""

    told: Told
    stored_at_kill: Counter[str]
    stored: Counter[str]
    again: Told
    replies: list[dict[str, Any]]  # id, status, in_reply_to, number
    inbound: dict[int, str]  # id → number
    in_hand_at_kill: set[str]  # numbers whose reply may have left
    reached: Counter[str]
    verified: subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Fanout:
    """What became of a broadcast whose process was killed twice."""

    view: dict[str, Any]
    written_at_kill: list[int]
    in_hand_at_kill: set[str]
    reached: Counter[str]


def rows(url: str, model: type, *columns: str) -> list[dict[str, Any]]:
    """Of a database that some other process may be using, too."""
    found = table(model)
    store = Store(url)
    try:
        query = select(*(found.c[name] for name in columns))
        return [dict(row._mapping) for row in store.read(lambda connection: connection.execute(query).all())]
    finally:
        store.close()


def sids(url: str) -> Counter[str]:
    return Counter(row["external_id"] for row in rows(url, Inbound, "external_id"))


def in_hand(url: str) -> set[str]:
    """Whose message was claimed and not settled: it may have left."""
    claimed = [row for row in rows(url, Outbox, "status", "contact_id", "number") if row["status"] == "sending"]
    return {row["number"] or f"+995{555_000_000 + row['contact_id']}" for row in claimed}


def conversation(folder: Path, url: str) -> Conversation:
    texts = [Text(f"+995555{n:06d}", "JOIN", f"SM{n:032x}") for n in range(1, TEXTS + 1)]
    with FakeGateway() as provider, Product(folder, database_url=url, channels=twilio_channel(provider.url)) as product:

        def watch(told: Told) -> None:
            if len(told.acknowledged) == KILL_AT:
                product.kill()

        told = write_all(product.port, texts, watch=watch)
        stored_at_kill, hand = sids(url), in_hand(url)
        product.restart()
        # Twilio sends again what was not answered, and here and there what was.
        acknowledged = {text.sid for text in told.acknowledged}
        left = [text for text in texts if text.sid not in acknowledged]
        again = write_all(product.port, [*left, *told.acknowledged[:100]])

        def settled() -> bool:
            return all(row["status"] == "sent" for row in rows(url, Outbox, "status"))

        until("every reply has left", settled, timeout_s=IN_TIME_S)
        product.stop()
        verified = product.command("audit", "verify")
        return Conversation(
            told=told,
            stored_at_kill=stored_at_kill,
            stored=sids(url),
            again=again,
            replies=rows(url, Outbox, "id", "status", "in_reply_to", "number"),
            inbound={row["id"]: row["number"] for row in rows(url, Inbound, "id", "number")},
            in_hand_at_kill=hand,
            reached=Counter(asked.to for asked in provider.requests),
            verified=verified,
        )


def fanout(folder: Path, url: str) -> Fanout:
    store = Store(url)
    store.upgrade()
    store.write(lambda connection: populate(connection, PEOPLE, topics=()))
    store.close()
    with FakeGateway() as provider, Product(folder, database_url=url, channels=twilio_channel(provider.url)) as product:
        made = product.broadcast(NEWS, everyone=True)
        assert made["recipients"] == PEOPLE
        written, hand = [], set()
        for number in (1, PEOPLE // 3):  # while it is being written out, and while it is being sent
            provider.wait_for(number, timeout_s=IN_TIME_S)
            product.kill()
            written.append(len(rows(url, Outbox, "id")))
            hand |= in_hand(url)
            product.restart()
        view = product.finished(made["id"], timeout_s=IN_TIME_S)
        return Fanout(view, written, hand, Counter(asked.to for asked in provider.requests))


SCENARIOS: dict[str, Callable[[Path, str], Any]] = {"conversation": conversation, "fanout": fanout}


@pytest.fixture(scope="module")
def scenarios(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory, attempts_to_leave: list[str]
) -> Iterator[dict[str, Future[Any]]]:
    """All four, running."""
    urls = []
    running: dict[str, Future[Any]] = {}
    with ThreadPoolExecutor(len(SCENARIOS) * len(ENGINES)) as pool:
        for engine in ENGINES:
            for name, play in SCENARIOS.items():
                folder = tmp_path_factory.mktemp(f"{name}-{engine}")
                url = f"sqlite:///{folder}/smsbot.db"
                if engine == "postgresql":
                    url = postgres_server.fresh()
                    urls.append(url)
                running[f"{name}-{engine}"] = pool.submit(play, folder, url)
        yield running
    for url in urls:
        postgres_server.drop(url)


@pytest.mark.parametrize("engine", ENGINES)
def test_no_acknowledged_text_is_lost_and_none_is_kept_twice(scenarios: dict[str, Future[Any]], engine: str) -> None:
    found: Conversation = scenarios[f"conversation-{engine}"].result()
    assert len(found.told.acknowledged) >= KILL_AT
    assert found.told.unanswered, "the kill came when nothing was in flight"
    assert not found.told.refused
    at_kill = found.stored_at_kill
    assert {text.sid for text in found.told.acknowledged} <= set(at_kill)
    assert set(at_kill) <= {text.sid for text in [*found.told.acknowledged, *found.told.unanswered]}
    assert len(found.again.acknowledged) == TEXTS - len(found.told.acknowledged) + 100
    assert found.stored == Counter(f"SM{n:032x}" for n in range(1, TEXTS + 1))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_text_has_its_reply_and_every_reply_leaves(scenarios: dict[str, Future[Any]], engine: str) -> None:
    found: Conversation = scenarios[f"conversation-{engine}"].result()
    assert {row["in_reply_to"]: row["number"] for row in found.replies} == found.inbound
    assert len(found.replies) == TEXTS
    assert {row["status"] for row in found.replies} == {"sent"}
    assert set(found.reached) == set(found.inbound.values())
    twice = {number for number, times in found.reached.items() if times > 1}
    assert twice <= found.in_hand_at_kill
    assert max(found.reached.values()) <= 2


@pytest.mark.parametrize("engine", ENGINES)
def test_the_consent_ledger_holds(scenarios: dict[str, Future[Any]], engine: str) -> None:
    verified = scenarios[f"conversation-{engine}"].result().verified
    assert verified.returncode == 0, verified.stderr
    assert f"{TEXTS} entries" in verified.stdout


@pytest.mark.parametrize("engine", ENGINES)
def test_a_broadcast_reaches_everybody_and_doubles_only_what_was_in_flight(
    scenarios: dict[str, Future[Any]], engine: str
) -> None:
    found: Fanout = scenarios[f"fanout-{engine}"].result()
    assert found.view["counts"] == {name: PEOPLE if name == "sent" else 0 for name in found.view["counts"]}
    assert found.view["written"] == found.view["recipients"] == PEOPLE
    assert found.written_at_kill == sorted(found.written_at_kill)
    assert set(found.reached) == {f"+995{555_000_000 + n}" for n in range(1, PEOPLE + 1)}
    twice = {number for number, times in found.reached.items() if times > 1}
    assert twice <= found.in_hand_at_kill
    assert max(found.reached.values()) <= 3  # in hand at both kills
    assert len(found.in_hand_at_kill) < PEOPLE // 4
