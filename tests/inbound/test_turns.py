"""The pipeline on real databases: durable before it answers, once and only once, in order."""

from __future__ import annotations

import asyncio
import gc

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from smsbot.clock import HOUR_MS
from smsbot.compose import blueprint, seed_topics
from smsbot.dialogue.blueprint import Blueprint
from smsbot.dialogue.engine import Engine
from smsbot.dialogue.model import State
from smsbot.errors import StoreUnavailable
from smsbot.gateways.base import Received
from smsbot.inbound.bot import Bot
from smsbot.inbound.results import TurnResult
from smsbot.inbound.routes import Routes
from smsbot.inbound.turns import Turns
from smsbot.settings import Settings
from smsbot.store import audit, directory, sql
from smsbot.store.database import Store
from smsbot.store.tables import Contact, Conversation, Inbound, Ledger, Outbox, Subscription, Suppression, Topic, table
from tests.inbound.pipeline import ONE, TWO, Clock, Pipeline, pipeline_over


@pytest.fixture(scope="module")
def content() -> Blueprint:
    return blueprint(Settings())


@pytest.fixture
async def pipeline(store: Store, content: Blueprint) -> Pipeline:
    store.write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
    return pipeline_over(store, content.engine)


async def test_a_stranger_joins_chooses_and_everything_is_written(pipeline: Pipeline) -> None:
    first = await pipeline.text("JOIN")
    assert len(first.replies) == 1
    assert "1 Budget" in first.replies[0].text
    await pipeline.text("1 3")
    assert pipeline.contact()["state"] == "active"
    assert len(pipeline.rows(Subscription)) == 2
    replies = pipeline.rows(Outbox)
    assert [row["status"] for row in replies] == ["queued", "queued"]
    assert [row["in_reply_to"] for row in replies] == [row["id"] for row in pipeline.rows(Inbound)]
    assert f"out-{replies[0]['id']}" == first.replies[0].id
    assert {row["action"] for row in pipeline.rows(Ledger)} == {"join", "subscribe"}
    assert pipeline.store.read(audit.verify) is None


async def test_a_repeat_is_acknowledged_and_does_nothing(pipeline: Pipeline) -> None:
    await pipeline.text("JOIN", key="same")
    again = await pipeline.text("JOIN", key="same")
    assert again == TurnResult(duplicate=True)
    assert len(pipeline.rows(Inbound)) == len(pipeline.rows(Outbox)) == 1


async def test_of_many_repeats_at_once_one_is_taken(pipeline: Pipeline) -> None:
    results = await asyncio.gather(*(pipeline.text("JOIN", key="same") for _ in range(20)))
    assert sum(not result.duplicate for result in results) == 1
    assert len(pipeline.rows(Inbound)) == 1


async def test_texts_of_one_number_sent_at_once_are_taken_in_order(pipeline: Pipeline) -> None:
    await asyncio.gather(*(pipeline.text(text) for text in ("JOIN", "1 3", "STOP", "BUDGET")))
    (found,) = pipeline.rows(Subscription)
    assert pipeline.contact()["state"] == "active"
    assert found["topic_id"] == 1


async def test_many_strangers_in_one_group_each_get_their_answer(pipeline: Pipeline) -> None:
    numbers = [f"+9955550{n:05d}" for n in range(300)]
    results = await asyncio.gather(*(pipeline.text("JOIN", number) for number in numbers))
    assert all(len(result.replies) == 1 for result in results)
    assert pipeline.turns.counters.groups < 20
    assert {row["number"] for row in pipeline.rows(Outbox)} == set(numbers)
    assert pipeline.store.read(audit.verify) is None


async def test_a_stranger_who_stops_is_suppressed_without_a_profile(pipeline: Pipeline) -> None:
    assert len(await pipeline.replies("STOP")) == 1
    assert pipeline.rows(Contact) == []
    assert len(pipeline.rows(Suppression)) == 1
    assert await pipeline.replies("STOP") == []
    await pipeline.text("when is the council?")
    assert pipeline.contact()["state"] == "stopped"


async def test_stop_ends_every_dialogue_and_tells_the_dispatchers(pipeline: Pipeline) -> None:
    await pipeline.text("JOIN")
    assert len(pipeline.rows(Conversation)) == 1
    await pipeline.text("STOP")
    assert pipeline.rows(Conversation) == []
    assert pipeline.stopped == [ONE]
    await pipeline.text("START")
    assert pipeline.contact()["state"] == "active"
    assert pipeline.rows(Suppression) == []


async def test_a_name_is_kept_and_never_answered(pipeline: Pipeline) -> None:
    result = await pipeline.text("your code is 1234", "MyBank")
    assert result.replies == ()
    (row,) = pipeline.rows(Inbound)
    assert (row["number"], row["inbox"], row["tag"]) == ("MyBank", "open", "no_number")
    assert pipeline.rows(Contact) == []


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "a\x00b\udfff", "\u200b", "x" * 12_000, "🛑" * 500])
async def test_no_text_is_lost_or_harms_another(pipeline: Pipeline, text: str) -> None:
    results = await asyncio.gather(pipeline.text(text), pipeline.text("JOIN", TWO))
    assert [result.duplicate for result in results] == [False, False]
    assert len(pipeline.rows(Inbound)) == 2
    assert pipeline.contact(TWO)["state"] == "active"


async def test_a_text_that_breaks_the_bot_is_kept_for_staff_and_harms_nobody(store: Store, content: Blueprint) -> None:
    store.write(lambda c: directory.seed(c, seed_topics(Settings()), ()))

    class Broken(Engine):
        def step(self, contact, conversation, inbound, **more):  # type: ignore[no-untyped-def]
            if inbound.text == "poison":
                raise ZeroDivisionError
            return super().step(contact, conversation, inbound, **more)

    def broken(topics, places):  # type: ignore[no-untyped-def]
        engine = content.engine(topics, places)
        return Broken(engine.directory, engine.flows, engine.phrases, engine.registry)

    pipeline = pipeline_over(store, broken)
    results = await asyncio.gather(
        pipeline.text("JOIN"), pipeline.text("poison", TWO), pipeline.text("JOIN", "+995555000003")
    )
    assert [len(result.replies) for result in results] == [1, 0, 1]
    (kept,) = [row for row in pipeline.rows(Inbound) if row["tag"] == "failed"]
    assert (kept["text"], kept["inbox"]) == ("poison", "open")
    assert pipeline.turns.counters.isolated > 0


async def test_texts_that_come_together_are_one_group_and_what_came_of_each_is_told(pipeline: Pipeline) -> None:
    texts = [Received(ONE, "JOIN", "a"), Received(TWO, "BUDGET", "b"), Received(ONE, "JOIN", "a")]
    results = await pipeline.turns.submit_all("main", texts)
    assert [isinstance(result, TurnResult) and result.duplicate for result in results] == [False, False, True]
    assert (pipeline.turns.counters.groups, pipeline.texts()) == (1, ["JOIN", "BUDGET"])
    assert await pipeline.turns.submit_all("main", []) == []


async def test_a_text_that_cannot_even_be_read_keeps_out_none_that_comes_with_it(pipeline: Pipeline) -> None:
    odd = Received(ONE, "JOIN", "a", sent_ms="yesterday")  # type: ignore[arg-type]  # a gateway in another package
    results = await pipeline.turns.submit_all("main", [odd, Received(TWO, "BUDGET", "b")])
    assert [type(result) for result in results] == [TypeError, TurnResult]
    assert pipeline.texts() == ["BUDGET"]


async def test_without_a_database_each_of_several_texts_is_told_so(store: Store, pipeline: Pipeline) -> None:
    store.writer.close()
    results = await pipeline.turns.submit_all("main", [Received(ONE, "JOIN", "a"), Received(TWO, "JOIN", "b")])
    assert [type(result) for result in results] == [StoreUnavailable, StoreUnavailable]


async def test_who_withdraws_together_is_waited_for_once(store: Store, content: Blueprint) -> None:
    store.write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
    waits = 0

    async def settled() -> None:
        nonlocal waits
        waits += 1

    turns = Turns(
        store, Bot(content.engine), region="GE", clock=Clock(), routes=Routes({"main": "main"}, settled=settled)
    )
    await turns.submit_all("main", [Received(f"+99555500{n:04}", "STOP", f"{n}") for n in range(9)])
    assert waits == 1
    await turns.submit_all("main", [Received(ONE, "JOIN", "x"), Received(TWO, "HELP", "y")])
    assert waits == 1


async def test_what_nobody_waits_for_any_more_fails_in_silence(pipeline: Pipeline) -> None:
    unheard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unheard.append(context))
    pipeline.store.write(lambda c: sql.run(c, "ALTER TABLE inbound RENAME TO gone"))
    texts = [Received(ONE, "JOIN", f"{n}") for n in range(5)]
    taken = asyncio.create_task(pipeline.turns.submit_all("main", texts))
    await asyncio.sleep(0)
    taken.cancel()
    await asyncio.wait([taken])
    assert taken.cancelled()
    with pytest.raises((DBAPIError, StoreUnavailable)):  # it comes after them
        await pipeline.text("HELP", TWO, key="after")
    del taken
    gc.collect()
    assert unheard == []


async def test_a_gateway_without_ids_repeats_within_a_minute_only(pipeline: Pipeline) -> None:
    async def send() -> bool:
        return (await pipeline.turns.submit("main", Received(ONE, "JOIN", None))).duplicate

    assert not await send()
    pipeline.clock.now_ms += 55_000
    assert await send()
    pipeline.clock.now_ms += 30_000
    assert not await send()


async def test_a_late_join_sent_before_the_stop_does_not_resubscribe(pipeline: Pipeline) -> None:
    await pipeline.text("JOIN", sent_ms=1_000)
    await pipeline.text("STOP", sent_ms=9_000)
    await pipeline.text("JOIN", sent_ms=9_000)
    assert pipeline.contact()["state"] == State.STOPPED
    await pipeline.text("JOIN", sent_ms=9_001)
    assert pipeline.contact()["state"] == State.ACTIVE


async def test_erasing_leaves_the_skeleton_and_what_follows_in_the_same_group_is_a_stranger(pipeline: Pipeline) -> None:
    await pipeline.text("BUDGET")
    (told,) = await pipeline.replies("DELETE")
    code = next(word for word in told.replace(".", " ").split() if word.isdigit() and len(word) == 4)
    await asyncio.gather(pipeline.text(f"DELETE {code}"), pipeline.text("HELP"))
    assert pipeline.contact()["state"] == "new"
    assert pipeline.rows(Subscription) == []
    assert [row["text"] for row in pipeline.rows(Inbound) if row["text"]] == ["HELP"]
    assert {row["evidence"] for row in pipeline.rows(Ledger)} == {None}
    assert pipeline.store.read(audit.verify) is None
    pending = [row for row in pipeline.rows(Outbox) if row["number"] == ONE]
    assert [row["forget"] for row in pending[:-1]] == [True] * (len(pending) - 1)


async def test_topics_edited_elsewhere_are_known_with_the_next_text(pipeline: Pipeline) -> None:
    await pipeline.text("JOIN")
    new = table(Topic)

    def add(connection):  # type: ignore[no-untyped-def]
        connection.execute(
            new.insert().values(code="water", number=21, names='{"en": "Water"}', words="[]", active=True)
        )
        directory.bump(connection)

    pipeline.store.write(add)
    await pipeline.text("WATER")
    count = pipeline.store.read(lambda c: c.execute(select(func.count()).select_from(table(Subscription))).scalar())
    assert count == 1


async def test_a_group_may_be_limited_to_one_text(store: Store, content: Blueprint) -> None:
    store.write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
    turns = Turns(store, Bot(content.engine), region="GE", clock=Clock(), routes=Routes({"main": "main"}), group=1)
    await asyncio.gather(*(turns.submit("main", Received(ONE, "JOIN", f"id-{n}")) for n in range(5)))
    assert (turns.counters.turns, turns.counters.groups) == (5, 5)


async def test_rule_18_a_stop_whose_clock_is_hours_ahead_does_not_keep_a_later_join_out(pipeline: Pipeline) -> None:
    now_ms = pipeline.clock.now_ms
    await pipeline.text("BUDGET", sent_ms=now_ms)
    await pipeline.text("STOP", sent_ms=now_ms + 4 * HOUR_MS)  # local time taken for UTC
    assert pipeline.contact()["stopped_sent_ms"] is None
    await pipeline.text("JOIN", sent_ms=now_ms + 60_000)
    assert pipeline.contact()["state"] == State.ACTIVE


@pytest.mark.parametrize("late", ["JOIN", "START", "BUDGET", "JOIN CULTURE", "ბიუჯეტი"])
@pytest.mark.parametrize("known", [True, False])
async def test_rule_18_nothing_sent_before_the_stop_lifts_it(pipeline: Pipeline, late: str, known: bool) -> None:
    if known:
        await pipeline.text("BUDGET", sent_ms=1_000)
    await pipeline.text("STOP", sent_ms=9_000)
    for sent_ms in (8_999, 9_000):  # earlier, and at the same instant: the stop wins
        assert (await pipeline.text(late, sent_ms=sent_ms)).replies == ()
    assert len(pipeline.rows(Suppression)) == 1
    assert pipeline.rows(Subscription) == []
    await pipeline.text(late, sent_ms=9_001)
    assert pipeline.contact()["state"] == State.ACTIVE


async def test_rule_17_a_repeat_of_a_join_under_a_new_id_after_the_stop_does_not_resubscribe(
    pipeline: Pipeline,
) -> None:
    await pipeline.text("JOIN", key="a", sent_ms=1_000)
    await pipeline.text("STOP", key="b", sent_ms=9_000)
    await pipeline.text("JOIN", key="minted anew", sent_ms=1_000)
    assert (await pipeline.text("JOIN", key="a", sent_ms=1_000)).duplicate
    assert pipeline.contact()["state"] == State.STOPPED


async def test_rule_18_of_two_stops_the_later_one_decides(pipeline: Pipeline) -> None:
    for sent_ms in (9_000, 5_000):
        await pipeline.text("STOP", sent_ms=sent_ms)
    await pipeline.text("JOIN", sent_ms=7_000)
    assert pipeline.rows(Contact) == []
    assert len(pipeline.rows(Suppression)) == 1


@pytest.mark.parametrize("sender", ["My\x00Bank", "\ud800", "x" * 300])
async def test_a_sender_that_cannot_be_stored_as_it_is_does_not_stop_the_others(
    pipeline: Pipeline, sender: str
) -> None:
    await asyncio.gather(pipeline.text("hello", sender), pipeline.text("JOIN", TWO))
    assert len(pipeline.rows(Inbound)) == 2
    assert pipeline.contact(TWO)["state"] == "active"


@pytest.mark.parametrize("sent_ms", [-(10**30), -1, 10**30])
async def test_a_time_that_cannot_be_keeps_no_text_out(pipeline: Pipeline, sent_ms: int) -> None:
    await asyncio.gather(pipeline.text("JOIN", sent_ms=sent_ms), pipeline.text("JOIN", TWO))
    assert [pipeline.contact(number)["state"] for number in (ONE, TWO)] == ["active", "active"]
    assert {row["sent_ms"] for row in pipeline.rows(Inbound)} == {None}
