"""Texts that arrive in parts (civic rule 19): joined before they are read, in any order, once, by whichever process."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from smsbot.clock import DAY_MS, HOUR_MS, MINUTE_MS
from smsbot.compose import blueprint, seed_topics
from smsbot.dialogue.blueprint import Blueprint
from smsbot.dialogue.engine import Engine
from smsbot.gateways.base import Part, Received
from smsbot.inbound.results import TurnResult
from smsbot.inbound.sweep import Sweeper
from smsbot.settings import Settings
from smsbot.store import audit, directory, leases, part_upkeep, parts, people, sql
from smsbot.store.database import Store
from smsbot.store.tables import Contact, Inbound, InboundPart, InboundSet, Ledger, Outbox, Subscription
from smsbot.testing.databases import Postgres
from tests.inbound.pipeline import ONE, TWO, Clock, Pipeline, pipeline_over

LONG = ("The road to Likhauri ", "is broken again and ", "nobody answers there")
WHOLE = "".join(LONG)


@pytest.fixture(scope="module")
def content() -> Blueprint:
    return blueprint(Settings())


@pytest.fixture
def pipeline(store: Store, content: Blueprint) -> Pipeline:
    store.write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
    return pipeline_over(store, content.engine)


def sweeper(pipeline: Pipeline, owner: str = "one") -> Sweeper:
    return Sweeper(pipeline.store, pipeline.turns, clock=pipeline.clock, owner=owner)


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
async def test_rule_19_parts_are_joined_whatever_their_order(pipeline: Pipeline, order: tuple[int, ...]) -> None:
    results = [await pipeline.part(LONG[number - 1], number, 3) for number in order]
    assert results[:2] == [TurnResult(False), TurnResult(False)]
    assert len(results[2].replies) == 1
    assert results[2].inbound_id is not None
    (row,) = pipeline.rows(Inbound)
    assert (row["text"], row["number"], row["recipient"], row["tag"]) == (WHOLE, ONE, "2200", "unknown")
    assert {row["text"] for row in pipeline.rows(InboundPart)} == {""}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
async def test_rule_19_an_emoji_that_the_phone_cut_in_two_is_one(pipeline: Pipeline, order: tuple[int, int]) -> None:
    halves = "The road is broken \ud83d", "\ude00 again"
    for number in order:
        await pipeline.part(halves[number - 1], number, 2)
    (row,) = pipeline.rows(Inbound)
    assert row["text"] == "The road is broken \U0001f600 again"


@pytest.mark.parametrize("reference", [0, 255, 256, 65_535])
async def test_rule_19_a_topic_cut_in_two_subscribes(pipeline: Pipeline, reference: int) -> None:
    await pipeline.part("BUD", 1, 2, reference=reference)
    await pipeline.part("GET", 2, 2, reference=reference)
    assert pipeline.contact()["state"] == "active"
    assert len(pipeline.rows(Subscription)) == 1
    assert {row["evidence"] for row in pipeline.rows(Ledger)} == {"BUDGET"}


async def test_rule_19_a_repeated_part_is_acknowledged_and_harmless(pipeline: Pipeline) -> None:
    await pipeline.part("BUD", 1, 2, key="a")
    assert (await pipeline.part("BUD", 1, 2, key="a")).duplicate
    assert (await pipeline.part("BUD", 1, 2, key="another id for the same part")).duplicate
    first = await pipeline.part("GET", 2, 2, key="b")
    assert not first.duplicate
    for text, number, key in (("BUD", 1, "a"), ("GET", 2, "b"), ("GET", 2, "c")):
        assert await pipeline.part(text, number, 2, key=key) == TurnResult(duplicate=True)
    pipeline.clock.now_ms += 2 * DAY_MS
    assert (await pipeline.part("GET", 2, 2, key="b")).duplicate
    assert pipeline.texts() == ["BUDGET"]
    assert len(pipeline.rows(Outbox)) == 1


async def test_rule_19_parts_that_share_one_id_are_told_apart_by_their_number(pipeline: Pipeline) -> None:
    results = [await pipeline.part(text, number, 3, key="same") for number, text in enumerate(LONG, 1)]
    assert [result.duplicate for result in results] == [False] * 3
    assert (await pipeline.part(LONG[1], 2, 3, key="same")).duplicate
    assert pipeline.texts() == [WHOLE]


async def test_rule_19_a_gateway_without_ids_repeats_parts_too(pipeline: Pipeline) -> None:
    for number in (1, 2, 2, 1, 3, 3, 1):
        await pipeline.part(LONG[number - 1], number, 3, key=None)
    assert pipeline.texts() == [WHOLE]
    pipeline.clock.now_ms += 2 * HOUR_MS
    for number in (1, 2, 3):
        assert not (await pipeline.part(LONG[number - 1], number, 3, key=None)).duplicate
    assert pipeline.texts() == [WHOLE, WHOLE]


@pytest.mark.parametrize(
    "came, text",
    [
        ((1,), "The road to Likhauri […]"),
        ((2,), "[…] is broken again and […]"),
        ((3,), "[…] nobody answers there"),
        ((1, 3), "The road to Likhauri […] nobody answers there"),
        ((3, 2), "[…] is broken again and nobody answers there"),
    ],
)
async def test_rule_19_what_there_is_after_ten_minutes_is_one_text_with_its_gaps(
    pipeline: Pipeline, came: tuple[int, ...], text: str
) -> None:
    for number in came:
        await pipeline.part(LONG[number - 1], number, 3)
    pipeline.clock.now_ms += 10 * MINUTE_MS - 100
    assert not await sweeper(pipeline).sweep()
    assert pipeline.texts() == []
    pipeline.clock.now_ms += 100
    await sweeper(pipeline).sweep()
    await sweeper(pipeline).sweep()
    (row,) = pipeline.rows(Inbound)
    assert (row["text"], row["number"], row["channel"]) == (text, ONE, "main")
    assert len(pipeline.rows(Outbox)) == 1
    assert pipeline.store.read(lambda c: part_upkeep.expired(c, pipeline.clock(), 10)) == []


async def test_rule_19_a_late_part_is_kept_for_staff_and_not_answered(pipeline: Pipeline) -> None:
    await pipeline.part("BUD", 1, 2)
    pipeline.clock.now_ms += 11 * MINUTE_MS
    await sweeper(pipeline).sweep()
    late = await pipeline.part("GET", 2, 2, key="late")
    assert (late.duplicate, late.replies) == (False, ())
    assert (await pipeline.part("GET", 2, 2, key="late")).duplicate
    assert pipeline.texts() == ["BUD […]", "GET"]
    kept = pipeline.rows(Inbound)[-1]
    assert (kept["tag"], kept["inbox"], kept["intent"]) == ("late_part", "open", "")
    assert pipeline.rows(Subscription) == []


@pytest.mark.parametrize("word", ["STOP", "stop!", " სტოპ ", "СТОП"])
async def test_rule_19_a_first_part_that_is_a_stop_word_acts_at_once(pipeline: Pipeline, word: str) -> None:
    await pipeline.text("BUDGET")
    stopped = await pipeline.part(word, 1, 3, key="s")
    assert len(stopped.replies) == 1
    assert pipeline.contact()["state"] == "stopped"
    assert pipeline.stopped == [ONE]
    for number, text in ((2, "JOIN"), (3, " BUDGET"), (1, word)):
        assert (await pipeline.part(text, number, 3)).replies == ()
    assert (await pipeline.part(word, 1, 3, key="s")).duplicate
    assert pipeline.contact()["state"] == "stopped"
    assert [row["tag"] for row in pipeline.rows(Inbound)][-2:] == ["late_part", "late_part"]
    assert [row["action"] for row in pipeline.rows(Ledger)].count("stop") == 1
    assert pipeline.store.read(audit.verify) is None


async def test_rule_19_a_stop_acts_at_once_also_when_it_comes_last_or_late(pipeline: Pipeline) -> None:
    await pipeline.text("BUDGET")
    await pipeline.part("the landfill", 2, 2)
    await pipeline.part("STOP", 1, 2)
    assert pipeline.contact()["state"] == "stopped"
    assert pipeline.texts()[-2:] == ["the landfill", "STOP"]
    await pipeline.text("CULTURE")
    await pipeline.part("the landfill", 2, 2, reference=8)
    pipeline.clock.now_ms += 11 * MINUTE_MS
    await sweeper(pipeline).sweep()
    assert pipeline.contact()["state"] == "active"
    await pipeline.part("STOP", 1, 2, reference=8)
    assert pipeline.contact()["state"] == "stopped"


@pytest.mark.parametrize("text", ["STOPS", "BUDGET", "stop the", "JOIN", "0", ""])
async def test_rule_19_any_other_first_part_waits(pipeline: Pipeline, text: str) -> None:
    assert await pipeline.part(text, 1, 2) == TurnResult(False)
    assert pipeline.rows(Inbound) == []


async def test_rule_19_a_stop_word_cut_in_two_stops(pipeline: Pipeline) -> None:
    await pipeline.text("BUDGET")
    await pipeline.part("OP", 2, 2)
    await pipeline.part("ST", 1, 2)
    assert pipeline.contact()["state"] == "stopped"


async def test_rule_14_a_gateways_reading_holds_for_a_text_in_parts(pipeline: Pipeline) -> None:
    await pipeline.text("BUDGET")
    result = await pipeline.part("please", 2, 3, optout="stop")
    assert result.replies == ()  # the gateway has confirmed it
    assert pipeline.contact()["state"] == "stopped"
    await pipeline.part("STA", 1, 2, reference=8, optout="start")
    assert pipeline.contact()["state"] == "stopped"
    assert (await pipeline.part("RT", 2, 2, reference=8)).replies == ()
    assert pipeline.contact()["state"] == "active"
    await pipeline.part("HE", 1, 2, reference=9)
    assert (await pipeline.part("LP", 2, 2, reference=9, optout="help")).replies == ()
    assert [row["source"] for row in pipeline.rows(Ledger)][-2:] == ["gateway", "gateway"]


async def test_rule_18_a_join_in_parts_sent_before_the_stop_does_not_resubscribe(pipeline: Pipeline) -> None:
    await pipeline.part("JO", 1, 2, sent_ms=8_000)
    await pipeline.text("STOP", sent_ms=8_000)
    await pipeline.part("IN", 2, 2, sent_ms=9_000)  # the key was pressed when the first part was sent
    await pipeline.text("where do I complain?")
    assert pipeline.contact()["state"] == "stopped"
    await pipeline.part("JO", 1, 2, reference=8, sent_ms=8_001)
    await pipeline.part("IN", 2, 2, reference=8, sent_ms=9_000)
    assert pipeline.contact()["state"] == "active"


async def test_a_reference_used_again_hours_later_makes_a_new_text(pipeline: Pipeline) -> None:
    for text in ("BUDGET", "CULTURE"):
        await pipeline.part(text[:3], 1, 2)
        await pipeline.part(text[3:], 2, 2)
        pipeline.clock.now_ms += 2 * HOUR_MS
    assert pipeline.texts() == ["BUDGET", "CULTURE"]
    await pipeline.part("BUDGET, long ago ", 1, 2)
    pipeline.clock.now_ms += 2 * HOUR_MS
    await sweeper(pipeline).sweep()
    await pipeline.part("never mind", 2, 2)
    await pipeline.part("a new one, ", 1, 2)
    assert pipeline.texts()[2:] == ["BUDGET, long ago […]", "a new one, never mind"]


async def test_a_reference_used_again_at_once_gives_the_unfinished_text_up(pipeline: Pipeline) -> None:
    await pipeline.part("first ", 1, 2)
    await pipeline.part("second ", 1, 2)
    await pipeline.part("half", 2, 2)
    assert pipeline.texts() == ["first […]", "second half"]
    await pipeline.part("third ", 1, 2)
    await pipeline.part("half", 2, 2)
    assert pipeline.texts()[2:] == ["third half"]


async def test_senders_recipients_totals_and_references_are_never_mixed(pipeline: Pipeline) -> None:
    firsts = [{}, {"sender": TWO}, {"to": "3300"}, {"total": 3}, {"reference": 8}]
    for at, more in enumerate(firsts):
        await pipeline.part(f"text {at} ", 1, **{"total": 2} | more)  # type: ignore[arg-type]
    assert pipeline.texts() == []
    for at, more in enumerate(firsts):
        await pipeline.part(f"end {at}", 2, **{"total": 2} | more)  # type: ignore[arg-type]
    assert pipeline.texts() == ["text 0 end 0", "text 1 end 1", "text 2 end 2", "text 4 end 4"]


@pytest.mark.parametrize("part", [Part(1, 2, 0), Part(1, 2, 3), Part(1, 0, 0), Part(1, 1, 1), Part(1, 256, 1),
                                  Part(-1, 2, 1), Part(1 << 63, 2, 1), Part(1, 2, -1)])  # fmt: skip
async def test_a_part_that_cannot_be_is_a_text_of_its_own(pipeline: Pipeline, part: Part) -> None:
    result = await pipeline.turns.submit("main", Received(ONE, "BUDGET", "x", part=part))
    assert len(result.replies) == 1
    assert pipeline.rows(InboundPart) == []


async def test_one_sender_cannot_fill_the_table_with_beginnings(pipeline: Pipeline) -> None:
    for reference in range(40):
        await pipeline.part(f"{reference}" + "x" * 2_000, 1, 255, reference=reference)
    rows = pipeline.rows(InboundSet)
    assert [row["reference"] for row in rows if row["closed_ms"] is None] == list(range(32, 40))
    assert sum(len(str(row["text"])) for row in pipeline.rows(InboundPart)) == 8 * parts.PART_LIMIT
    assert [text.split("x")[0] for text in pipeline.texts()] == [str(at) for at in range(32)]
    await pipeline.part("mine ", 1, 2, sender=TWO)
    await pipeline.part("too", 2, 2, sender=TWO)
    assert pipeline.texts()[-1] == "mine too"


async def test_what_nobody_repeats_any_more_is_forgotten_and_the_same_parts_still_are_no_new_text(
    pipeline: Pipeline,
) -> None:
    for number in (1, 2):
        await pipeline.part("BUDGET"[number * 3 - 3 : number * 3], number, 2, key=f"k{number}")
    pipeline.clock.now_ms += 3 * DAY_MS + 1
    await sweeper(pipeline).sweep()
    assert pipeline.rows(InboundSet) == pipeline.rows(InboundPart) == []
    for number in (1, 2):
        again = await pipeline.part("BUDGET"[number * 3 - 3 : number * 3], number, 2, key=f"k{number}")
    assert again.duplicate
    assert pipeline.texts() == ["BUDGET"]


async def test_an_erased_person_leaves_no_half_texts_behind(pipeline: Pipeline) -> None:
    await pipeline.text("BUDGET")
    await pipeline.part("my secret ", 1, 2, key="p1")
    (told,) = await pipeline.replies("DELETE")
    code = next(word for word in told.replace(".", " ").split() if word.isdigit() and len(word) == 4)
    await pipeline.text(f"DELETE {code}")
    assert {(row["text"], row["digest"]) for row in pipeline.rows(InboundPart)} == {("", 0)}
    assert {row["sender"] for row in pipeline.rows(InboundSet)} == {""}
    assert (await pipeline.part("my secret ", 1, 2, key="p1")).duplicate
    pipeline.clock.now_ms += 11 * MINUTE_MS
    await sweeper(pipeline).sweep()
    assert "".join(pipeline.texts()) == ""


async def test_a_name_may_send_parts_and_is_never_answered(pipeline: Pipeline) -> None:
    await pipeline.part("your code ", 1, 2, sender="MyBank")
    result = await pipeline.part("is 1234", 2, 2, sender="MyBank")
    assert result.replies == ()
    (row,) = pipeline.rows(Inbound)
    assert (row["text"], row["tag"]) == ("your code is 1234", "no_number")


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a\x00b\udfff", "🛑" * 70, "x" * 5_000])
async def test_no_part_is_lost_or_harms_another(pipeline: Pipeline, text: str) -> None:
    await asyncio.gather(pipeline.part(text, 1, 2, key=f"{text}1"), pipeline.text("JOIN", TWO))
    await pipeline.part(" end", 2, 2)
    assert len(pipeline.texts()) == 2
    assert pipeline.contact(TWO)["state"] == "active"


async def test_a_joined_text_that_breaks_the_bot_is_kept_for_staff(store: Store, content: Blueprint) -> None:
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
    await pipeline.part("poi", 1, 2)
    await asyncio.gather(pipeline.part("son", 2, 2), pipeline.text("JOIN", TWO))
    (kept,) = [row for row in pipeline.rows(Inbound) if row["tag"] == "failed"]
    assert (kept["text"], kept["inbox"]) == ("poison", "open")


async def test_texts_keep_their_order_when_a_part_completes_one_of_them(pipeline: Pipeline) -> None:
    await pipeline.part("JO", 1, 2)
    await asyncio.gather(pipeline.text("BUDGET"), pipeline.part("IN", 2, 2), pipeline.text("STOP"))
    assert pipeline.texts() == ["BUDGET", "JOIN", "STOP"]
    assert pipeline.contact()["state"] == "stopped"


async def test_texts_without_parts_cost_no_statement_more(pipeline: Pipeline, tmp_path: Path) -> None:
    with statements(pipeline.store, tmp_path / "said") as said:
        await asyncio.gather(pipeline.text("JOIN"), pipeline.text("BUDGET", TWO))
    assert "INSERT INTO inbound " in said()
    assert "inbound_set" not in said()
    assert "inbound_part" not in said()
    assert "pg_advisory" not in said()


@contextlib.contextmanager
def statements(store: Store, file: Path) -> Iterator[Callable[[], str]]:
    """What the writers say to the database, by the driver's own trace, kept in *file*."""
    with file.open("w") as trace:

        def tap(connection: Connection) -> None:
            driver = connection.connection.driver_connection
            assert driver is not None
            if store.sqlite:
                driver.set_trace_callback(lambda statement: print(statement, file=trace, flush=True))
            else:
                driver.pgconn.trace(trace.fileno())

        event.listen(store.writes, "begin", tap)
        yield file.read_text
        event.remove(store.writes, "begin", tap)
        store.writer.close()  # the trace ends with its connections
        store.writes.dispose()


async def test_of_two_sweepers_one_works(pipeline: Pipeline) -> None:
    await pipeline.part("half ", 1, 2)
    pipeline.clock.now_ms += 11 * MINUTE_MS
    pipeline.store.write(lambda c: leases.acquire(c, "parts", "other", now_ms=pipeline.clock(), term_ms=MINUTE_MS))
    await sweeper(pipeline).sweep()
    assert pipeline.texts() == []
    pipeline.clock.now_ms += MINUTE_MS
    await asyncio.gather(sweeper(pipeline, "one").sweep(), sweeper(pipeline, "two").sweep())
    assert pipeline.texts() == ["half […]"]


async def test_many_unfinished_texts_are_swept_in_rounds(pipeline: Pipeline) -> None:
    await asyncio.gather(*(pipeline.part("half ", 1, 2, sender=f"+9955550{n:05d}") for n in range(130)))
    pipeline.clock.now_ms += 11 * MINUTE_MS
    assert await sweeper(pipeline).sweep()
    assert len(pipeline.rows(Inbound)) == 100
    assert not await sweeper(pipeline).sweep()
    assert len(pipeline.rows(Contact)) == 130


@pytest.fixture
def stores(postgres_server: Postgres) -> Iterator[list[Store]]:
    """Four processes' worth of connections to one PostgreSQL."""
    url = postgres_server.fresh()
    opened = [Store(url) for _ in range(4)]
    for store in opened:
        store.start()
    yield opened
    for store in opened:
        store.close()
    postgres_server.recycle(url)


async def test_parts_received_by_several_processes_at_once_make_exactly_one_text(
    stores: list[Store], content: Blueprint
) -> None:
    stores[0].write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
    clock = Clock()
    webs = [pipeline_over(store, content.engine, clock) for store in stores]
    chance = random.Random(19)
    people = [f"+9955551{n:05d}" for n in range(40)]
    coming = [
        (person, number, reference)
        for person in people
        for reference in (1, 2, 3)
        for number in (1, 2, 3, 4)
        for _ in range(2)  # an unsure gateway sends everything twice
    ]
    chance.shuffle(coming)
    results = await asyncio.gather(
        *(
            chance.choice(webs).part(
                f"{reference}.{number} ", number, 4, reference=reference, sender=person,
                key=f"{person}-{reference}-{number}",
            )
            for person, number, reference in coming
        )
    )  # fmt: skip
    assert sum(not result.duplicate for result in results) == len(coming) / 2
    found = sorted((str(row["number"]), str(row["text"])) for row in webs[0].rows(Inbound))
    assert found == sorted((person, f"{at}.1 {at}.2 {at}.3 {at}.4") for person in people for at in (1, 2, 3))
    assert {row["closed_ms"] is None for row in webs[0].rows(InboundSet)} == {False}
    assert webs[0].store.read(audit.verify) is None


async def test_parts_texts_and_erasures_of_the_same_people_side_by_side_make_no_deadlock(
    stores: list[Store], content: Blueprint
) -> None:
    stores[0].write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
    clock = Clock()
    webs = [pipeline_over(store, content.engine, clock) for store in stores]
    staff = stores[3]
    subjects = {person: audit.subject(staff.key, person) for person in (f"+9955551{n:05d}" for n in range(20))}
    for reference in range(4):
        await asyncio.gather(
            *(web.part("STOP", 1, 2, reference=reference, sender=person) for web in webs for person in subjects),
            *(web.text("BUDGET", person, key=f"{reference}-{person}") for web in webs for person in subjects),
            *(web.part("then", 2, 2, reference=reference, sender=person) for web in webs for person in subjects),
            *(
                staff.run(lambda c, p=person, s=subject: people.forget(c, p, s, by="test", now_ms=clock()))  # type: ignore[misc]
                for person, subject in subjects.items()
            ),
        )
    rows = stores[0].read(lambda c: sql.run(c, "SELECT number, text FROM inbound").all())
    assert {text for _, text in rows} <= {"", "STOP", "BUDGET", "then"}
    # Each STOP and each BUDGET once; the rest of a text whose beginning was erased meanwhile still waits.
    assert 2 * 4 * len(subjects) <= len(rows) <= 3 * 4 * len(subjects)
    assert webs[0].store.read(audit.verify) is None
