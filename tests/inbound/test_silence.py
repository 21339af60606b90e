"""Machines, echoes and loops end in silence and one alarm; nobody is stopped or joined by them (civic rule 16)."""

from __future__ import annotations

import pytest
import structlog
from prometheus_client import CollectorRegistry, generate_latest

from smsbot.clock import DAY_MS, HOUR_MS
from smsbot.compose import blueprint, seed_topics
from smsbot.gateways.base import Received
from smsbot.inbound.bot import Bot
from smsbot.inbound.metrics import PipelineCollector
from smsbot.inbound.reports import Reports
from smsbot.inbound.routes import Routes
from smsbot.inbound.turns import Turns
from smsbot.settings import Settings
from smsbot.store import directory
from smsbot.store.database import Store
from tests.inbound.pipeline import ONE, Clock, Pipeline

OURS = "+995322000000"


@pytest.fixture
async def pipeline(store: Store) -> Pipeline:
    store.write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
    clock = Clock()
    routes = Routes({"main": "main"}, own=frozenset({OURS}))
    return Pipeline(
        store, Turns(store, Bot(blueprint(Settings()).engine), region="GE", clock=clock, routes=routes), clock
    )


def inbox(pipeline: Pipeline) -> list[str]:
    from smsbot.store.tables import Inbound

    return [str(row["tag"]) for row in pipeline.rows(Inbound) if row["inbox"]]


async def test_a_machine_is_never_answered_and_told_of_once_a_day(pipeline: Pipeline) -> None:
    await pipeline.text("JOIN BUDGET")
    with structlog.testing.capture_logs() as logs:
        for text in (
            "Automatic reply: I am out of office. Text STOP to unsubscribe",
            "ავტომატური პასუხი: შვებულებაში ვარ",
        ):
            assert await pipeline.replies(text) == []
    assert pipeline.contact()["state"] == "active"
    assert inbox(pipeline) == ["machine"]
    (line,) = [line for line in logs if line["event"] == "a sender is answered with silence"]
    assert (line["reason"], line["channel"]) == ("machine", "main")
    assert ONE not in str(logs)
    pipeline.clock.now_ms += DAY_MS
    await pipeline.text("Automatic reply")
    assert inbox(pipeline) == ["machine", "machine"]
    assert pipeline.turns.alarms.counts == {"machine": 2}


async def test_our_own_number_is_an_echo(pipeline: Pipeline) -> None:
    for text in ("JOIN", "STOP", "Kutaisi City Hall. Text numbers, e.g. 1 4"):
        result = await pipeline.turns.submit("main", Received("032 200 00 00", text, f"echo-{text}"))
        assert result.replies == ()
    from smsbot.store.tables import Contact, Suppression

    assert (pipeline.rows(Contact), pipeline.rows(Suppression)) == ([], [])
    assert inbox(pipeline) == ["own_number"]
    assert pipeline.turns.alarms.counts == {"own_number": 1}


async def test_names_and_short_codes_raise_one_alarm_each_and_are_all_kept(pipeline: Pipeline) -> None:
    for at, sender in enumerate(("Magti", "Magti", "91043", "Magti")):
        result = await pipeline.turns.submit("main", Received(sender, "STOP", f"short-{at}"))
        assert result.replies == ()
    assert inbox(pipeline) == ["no_number"] * 4
    assert pipeline.turns.alarms.counts == {"no_number": 2}
    pipeline.clock.now_ms += DAY_MS
    await pipeline.turns.submit("main", Received("Magti", "STOP", "short-9"))
    assert pipeline.turns.alarms.counts == {"no_number": 3}


async def test_a_loop_of_one_text_ends_in_silence_and_one_alarm(pipeline: Pipeline) -> None:
    answered = [len(await pipeline.replies("HELP")) for _ in range(8)]
    assert answered == [1, 1, 1, 0, 0, 0, 0, 0]
    assert inbox(pipeline) == ["loop"]
    assert pipeline.turns.alarms.counts == {"loop": 1}


async def test_too_many_replies_in_an_hour_end_in_silence_and_one_alarm(pipeline: Pipeline) -> None:
    words = ("HELP", "STATUS")
    answered = [len(await pipeline.replies(words[at % 2])) for at in range(66)]
    assert answered == [1] * 60 + [0] * 6
    assert inbox(pipeline) == ["loop"]
    pipeline.clock.now_ms += HOUR_MS
    assert len(await pipeline.replies("HELP")) == 1
    assert pipeline.turns.alarms.counts == {"loop": 1}


async def test_alarms_are_measured_by_reason(pipeline: Pipeline) -> None:
    await pipeline.turns.submit("main", Received("Magti", "offer", "1"))
    registry = CollectorRegistry()
    reports = Reports(pipeline.store, clock=pipeline.clock, stopped=lambda _: None)
    registry.register(PipelineCollector(pipeline.turns, reports))
    assert 'smsbot_silenced_total{reason="no_number"} 1.0' in generate_latest(registry).decode()


@pytest.mark.parametrize(
    "text, tag, state",
    [
        ("the bus does not stop here", "stop_sentence", "active"),  # a stop word within other content
        ("don't stop", "keep", "active"),
        ("🛑", "stop_like", "active"),  # near a stop, not sure
        ("wrong number", "wrong_number", "stopped"),
        ("SOS", "emergency", "active"),
    ],
)
async def test_what_is_near_a_stop_waits_for_staff_with_its_tag_and_is_answered_once(
    pipeline: Pipeline, text: str, tag: str, state: str
) -> None:
    await pipeline.text("JOIN BUDGET")
    assert len(await pipeline.replies(text)) == 1
    assert inbox(pipeline) == [tag]
    assert pipeline.contact()["state"] == state
