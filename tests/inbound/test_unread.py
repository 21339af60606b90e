"""Texts over which something fails that nobody foresaw: kept for staff, acknowledged, and a stop is obeyed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection

from smsbot.compose import Blueprint, blueprint, seed_topics
from smsbot.errors import StoreUnavailable
from smsbot.gateways.base import Received
from smsbot.inbound.results import TurnResult
from smsbot.settings import Settings
from smsbot.store import directory, reconcile, sql
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.tables import Inbound, Ledger
from smsbot.testing.bulletins import announce
from tests.inbound.pipeline import ONE, TWO, Clock, Pipeline, pipeline_over


@pytest.fixture(scope="module")
def content() -> Blueprint:
    return blueprint(Settings())


@pytest.fixture
def pipeline(store: Store, content: Blueprint) -> Pipeline:
    store.write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
    return pipeline_over(store, content.engine)


def broken_dialogue(connection: Connection) -> None:
    """Of the first person, as after a mistake by hand."""
    sql.run(connection, "UPDATE conversation SET slots = '{' WHERE contact_id = 1")


def kept(pipeline: Pipeline) -> list[tuple[object, object]]:
    return [(row["text"], row["inbox"]) for row in pipeline.rows(Inbound) if row["tag"] == "failed"]


def verified(pipeline: Pipeline) -> None:
    found, _ = pipeline.store.snapshot(lambda c: reconcile.reconcile(c, pipeline.store.key))
    assert [str(each) for each in found] == []


async def test_what_a_person_with_a_broken_dialogue_writes_is_kept_and_harms_nobody(pipeline: Pipeline) -> None:
    await pipeline.text("JOIN")
    pipeline.store.write(broken_dialogue)
    results: Sequence[TurnResult] = await asyncio.gather(
        pipeline.text("JOIN", TWO), pipeline.text("1 3"), pipeline.text("1", "+995555000003")
    )
    assert [len(result.replies) for result in results] == [1, 0, 1]
    assert kept(pipeline) == [("1 3", "open")]
    verified(pipeline)


@pytest.mark.parametrize("word", ["STOP", "გააუქმე", "please stop sending me sms"])
async def test_a_stop_is_obeyed_though_the_persons_dialogue_is_broken(pipeline: Pipeline, word: str) -> None:
    await pipeline.text("BUDGET")
    await pipeline.text("JOIN")
    broadcast = pipeline.store.write(
        lambda c: announce(c, Audience(everyone=True), pipeline.clock(), written_for=("main",))
    )
    pipeline.store.write(broken_dialogue)
    result = await pipeline.text(word)
    assert [reply.text for reply in result.replies] != []  # confirmed, since the word alone says how
    assert pipeline.contact()["state"] == "stopped"
    assert pipeline.stopped == [ONE]
    assert pipeline.store.read(lambda c: sql.run(c, "SELECT count(*) FROM subscription").scalar()) == 0
    row = pipeline.store.read(
        lambda c: sql.run(c, "SELECT status FROM outbox WHERE broadcast_id = ?", (broadcast,)).one()
    )
    assert row.status == "suppressed"
    last = pipeline.rows(Ledger)[-1]
    assert (last["action"], last["source"], last["rule"], last["evidence"]) == ("stop", "sms", "unread", word)
    assert kept(pipeline) == [(word, "open")]
    verified(pipeline)
    again = await pipeline.replies("STOP")  # the dialogue went with the stop
    assert again == []


@pytest.mark.parametrize("text", ["STOP 1", "don't stop", "Stop the landfill in Likhauri", "HELP", "1"])
async def test_nobody_is_stopped_by_what_is_no_stop(pipeline: Pipeline, text: str) -> None:
    await pipeline.text("BUDGET")
    await pipeline.text("JOIN")
    pipeline.store.write(broken_dialogue)
    assert (await pipeline.text(text)).replies == ()
    assert pipeline.contact()["state"] == "active"
    assert kept(pipeline) == [(text, "open")]


async def test_a_stop_that_the_gateway_tells_is_obeyed_too(pipeline: Pipeline) -> None:
    await pipeline.text("JOIN")
    pipeline.store.write(broken_dialogue)
    result = await pipeline.turns.submit("main", Received(ONE, "ARRET", "a", optout="stop"))
    assert result.replies == ()  # it has answered already
    assert pipeline.contact()["state"] == "stopped"


async def test_a_directory_that_nobody_can_read_keeps_no_text_out(store: Store, content: Blueprint) -> None:
    broken: list[str] = []

    def engine(topics, places):  # type: ignore[no-untyped-def]
        if broken:
            raise LookupError
        return content.engine(topics, places)

    store.write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
    pipeline = pipeline_over(store, engine)
    await pipeline.text("JOIN")
    broken.append("yes")
    store.write(lambda c: sql.run(c, "UPDATE meta SET value = '17' WHERE key = ?", (directory.VERSION,)))
    await asyncio.gather(pipeline.text("1"), pipeline.text("STOP", TWO), pipeline.text("+", "GOV"))
    assert [text for text, _ in kept(pipeline)] == ["1", "STOP"]
    assert pipeline.stopped == [TWO]  # by the directory that was read last
    await pipeline.text("STOP")
    assert pipeline.contact()["state"] == "stopped"
    broken.clear()
    assert await pipeline.replies("HELP") != []
    verified(pipeline)


async def test_a_text_that_nobody_can_read_is_kept_though_nothing_was_ever_read(store: Store) -> None:
    def engine(_topics, _places):  # type: ignore[no-untyped-def]
        raise LookupError

    pipeline = pipeline_over(store, engine)
    await pipeline.text("STOP")
    assert kept(pipeline) == [("STOP", "open")]


async def test_a_part_that_cannot_be_put_to_the_others_is_kept_by_itself(pipeline: Pipeline) -> None:
    await pipeline.part("one ", 1, 3)
    pipeline.store.write(lambda c: sql.run(c, "UPDATE inbound_set SET total = 3, closed_ms = NULL, began_ms = 'x'"
                                              if not sql.is_postgresql(c) else "DROP TABLE inbound_part"))  # fmt: skip
    await asyncio.gather(pipeline.part("two ", 2, 3), pipeline.text("JOIN", TWO))
    assert kept(pipeline) == [("two", "open")] or kept(pipeline) == [("two ", "open")]


async def test_who_cannot_hear_what_was_caused_keeps_nobody_waiting(store: Store, content: Blueprint) -> None:
    store.write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
    pipeline = pipeline_over(store, content.engine, Clock())

    def deaf(_numbers: object) -> None:
        raise LookupError

    object.__setattr__(pipeline.turns._routes, "stopped", deaf)
    first, second = await asyncio.gather(pipeline.text("STOP"), pipeline.text("JOIN", TWO))
    assert (len(first.replies), len(second.replies)) == (1, 1)
    assert len(await pipeline.replies("HELP", TWO)) == 1


async def test_what_comes_while_the_service_ends_is_refused_and_not_left_waiting(pipeline: Pipeline) -> None:
    pipeline.store.writer.close()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await pipeline.text("JOIN")
