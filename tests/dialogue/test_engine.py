"""The order of things in one step: law, open question, command, topic, staff."""

from __future__ import annotations

import dataclasses
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsbot.clock import DAY_MS, HOUR_MS, MINUTE_MS
from smsbot.content import built_in
from smsbot.dialogue import answers, fields, personal
from smsbot.dialogue.blueprint import Blueprint
from smsbot.dialogue.machine import Flows
from smsbot.dialogue.model import Contact, Conversation, Inbound, Place, State, Topic
from smsbot.dialogue.phrases import KEYWORDS
from smsbot.dialogue.registry import Registry, condition
from smsbot.dialogue.turn import Turn
from smsbot.errors import ContentError
from smsbot.text import gsm7
from smsbot.text.understood import Intent
from tests.dialogue.bot import (
    LANGUAGES,
    NOW_MS,
    NUMBER,
    PLACES,
    Phone,
    blueprint,
    catalogues,
    engine,
    flow_bodies,
    topics,
)


@pytest.mark.parametrize(
    "flow, state",
    [("no_such_flow", "asked"), ("subscribe", "no_such_state"), ("subscribe", "end"), ("subscribe", "idle")],
)
def test_a_state_that_an_upgrade_removed_counts_as_no_question(flow: str, state: str) -> None:
    phone = Phone()
    phone.send("JOIN BUDGET")
    phone.conversation = Conversation(flow, 7, state, phone.now_ms + DAY_MS)
    outcome = phone.send("what now")
    assert outcome.conversation is None
    assert outcome.inbox == "unknown"


def test_a_question_of_an_older_revision_is_still_answered() -> None:
    phone = Phone()
    phone.send("JOIN")
    assert phone.conversation is not None
    phone.conversation = dataclasses.replace(phone.conversation, revision=0)
    assert phone.send("1").contact.topics == {"budget"}


def test_a_question_waits_seventy_two_hours_and_the_code_fifteen_minutes() -> None:
    phone = Phone()
    outcome = phone.send("JOIN")
    assert outcome.conversation is not None
    assert outcome.conversation.expires_ms == phone.now_ms + 72 * HOUR_MS
    outcome = phone.send("DELETE")
    assert outcome.conversation is not None
    assert outcome.conversation.expires_ms == phone.now_ms + 15 * MINUTE_MS


def test_commands_outrank_a_question_and_leave_it_open() -> None:
    phone = Phone()
    phone.send("JOIN")
    for text in ("HELP", "STATUS", "LANG EN", "DATA", "AREA NIKEA", "PAUSE 3"):
        phone.send(text)
        assert phone.conversation is not None, text
        assert phone.conversation.flow == "subscribe"
    phone.send("4")
    assert phone.contact.topics == {"culture"}


def test_a_question_that_a_command_opens_takes_the_place_of_the_other() -> None:
    phone = Phone()
    phone.send("JOIN")
    phone.send("AREA")
    assert phone.conversation is not None
    assert phone.conversation.flow == "area"


def test_a_topics_word_outranks_the_question_about_the_place() -> None:
    phone = Phone()
    phone.send("JOIN")
    phone.send("AREA")
    phone.send("culture")
    assert phone.contact.topics == {"culture"}
    assert phone.contact.place is None


def test_a_question_about_the_place_does_not_take_a_number_for_a_topic() -> None:
    phone = Phone()
    phone.send("JOIN BUDGET")
    phone.send("AREA Akhalsopeli")
    phone.send("1")
    assert phone.contact.place == "oz-akhalsopeli"
    assert phone.contact.topics == {"budget"}


def test_wrong_answers_are_counted_anew_for_the_next_question() -> None:
    phone = Phone()
    phone.send("JOIN")
    phone.send("what")
    phone.send("why")
    phone.send("TOPICS")
    assert phone.conversation is not None
    assert phone.conversation.tries == 0
    assert phone.send("how").inbox == ""


@pytest.mark.parametrize(
    "text, said",
    [
        ("გამარჯობა, როდის არის", "ვერ გავიგეთ"),
        ("Когда заседание?", "не поняли"),
        ("Երբ է նիստը", "չհասկացանք"),
        ("iclas nə vaxtdır", "düşmədik"),
    ],
)
def test_the_letters_tell_a_strangers_language(text: str, said: str) -> None:
    assert said in Phone().says(text)


def test_plain_latin_from_a_stranger_is_answered_in_the_default_language() -> None:
    assert "ვერ გავიგეთ" in Phone().says("Wann ist die Sitzung")


@pytest.mark.parametrize(
    "word, language", [("JOIN", "en"), ("დაწყება", "ka"), ("СТАРТ", "ru"), ("Büdcə", "az"), ("ՍԿՍԵԼ", "hy")]
)
def test_joining_settles_the_language_of_the_word(word: str, language: str) -> None:
    phone = Phone()
    phone.send(word)
    assert phone.contact.language == language
    phone.send("STATUS")
    phone.send("თემები")
    assert phone.contact.language == language


def test_facts_carry_keyword_rule_and_the_wording_shown() -> None:
    phone = Phone()
    (join, subscribe) = phone.send("JOIN BUDGET").facts
    assert (join.action, join.scope, join.source) == ("join", "all", "sms")
    assert (subscribe.action, subscribe.scope) == ("subscribe", "topic:budget")
    for fact in (join, subscribe):
        assert fact.keyword.lower() == "join"
        assert fact.rule
        assert fact.wording == "subscribe.subscribed_first@2"
    (stop,) = phone.send("STOP").facts
    assert stop.wording == "consent.stopped@2"


@pytest.mark.parametrize("text", ["JOIN", "BUDGET", "1 3", "JOIN BUDGET CULTURE", "ბიუჯეტი"])
def test_a_repeat_says_the_same_and_changes_nothing(text: str) -> None:
    phone = Phone()
    first = phone.send(text)
    second = phone.send(text)
    assert second.replies == first.replies
    assert second.facts == ()
    assert dataclasses.replace(second.contact, repetition=first.contact.repetition) == first.contact


def test_since_is_set_once() -> None:
    phone = Phone()
    phone.send("JOIN")
    since_ms = phone.contact.since_ms
    assert since_ms == phone.now_ms
    phone.wait(DAY_MS)
    for text in ("JOIN", "1", "STOP", "START", "JOIN BUDGET"):
        phone.send(text)
    assert phone.contact.since_ms == since_ms


def test_a_pause_withdraws_what_is_queued_and_lapses_by_itself() -> None:
    phone = Phone()
    phone.send("JOIN BUDGET")
    outcome = phone.send("PAUSE 2")
    assert outcome.suppress
    assert outcome.contact.paused_until_ms == phone.now_ms + 2 * DAY_MS
    phone.wait(2 * DAY_MS)
    outcome = phone.send("TOPICS")
    assert outcome.contact.state is State.ACTIVE
    assert outcome.facts == ()


def test_a_topic_added_during_a_pause_does_not_end_it() -> None:
    phone = Phone()
    phone.send("JOIN BUDGET")
    phone.send("PAUSE")
    phone.send("culture")
    assert phone.contact.state is State.PAUSED
    assert phone.contact.topics == {"budget", "culture"}


@pytest.mark.parametrize("text", ["RODAS", "culturee", "START CULTRUE", "satrt"])
def test_a_stop_is_not_lifted_by_a_word_with_a_slip(text: str) -> None:
    phone = Phone()
    phone.send("JOIN BUDGET")
    phone.send("STOP")
    assert "START" in phone.says(text)
    assert (phone.contact.state, phone.contact.topics) == (State.STOPPED, frozenset())
    phone.send("CULTURE")
    assert (phone.contact.state, phone.contact.topics) == (State.ACTIVE, {"culture"})


def test_a_closed_topic_is_not_offered_and_not_restored() -> None:
    left = [dataclasses.replace(topic, active=topic.code != "budget") for topic in topics()]
    bot = blueprint().engine(left, PLACES)
    stopped = Contact(NUMBER, State.STOPPED, "en", former=("budget", "culture"), since_ms=1, known=True)
    outcome = bot.step(stopped, None, Inbound("START", NOW_MS), code=lambda: "0000")
    assert "Budget" not in outcome.replies[0]
    outcome = bot.step(outcome.contact, outcome.conversation, Inbound("1", NOW_MS + 1), code=lambda: "0000")
    assert outcome.contact.topics == {"culture"}


def test_a_hidden_space_in_a_name_makes_no_text_ucs2() -> None:
    odd = [Topic(1, "roads", 1, {"en": "Roads\u00a0and\u202ftransport"})]
    built = dataclasses.replace(blueprint(), names={"en": "Kutaisi\u00a0City Hall"}, contact="+995\u00a0431 23")
    bot = built.engine(odd, [Place(1, "nikea", {"en": "Ni\u00adkea"})])
    for text in ("JOIN 1", "HELP", "AREA NIKEA"):
        (reply,) = bot.step(Contact(NUMBER), None, Inbound(text, NOW_MS), code=lambda: "0000").replies
        assert gsm7.is_gsm7(reply), reply


def test_the_all_number_follows_the_topics() -> None:
    bot = blueprint().engine(topics()[:3], PLACES)
    outcome = bot.step(Contact(NUMBER), None, Inbound("JOIN 4", NOW_MS), code=lambda: "0000")
    assert outcome.contact.topics == {"budget", "social", "planning"}


def test_a_municipality_without_topics_still_takes_join_and_stop() -> None:
    bot = blueprint().engine([], [])
    contact, conversation = Contact(NUMBER), None
    for at, text in enumerate(("JOIN", "1", "AREA", "STATUS", "STOP", "START")):
        outcome = bot.step(contact, conversation, Inbound(text, NOW_MS + at), code=lambda: "0000")
        contact, conversation = outcome.contact, outcome.conversation
    assert contact.state is State.ACTIVE


def test_a_topics_name_with_braces_is_only_a_name() -> None:
    odd = [Topic(1, "odd", 1, {"en": "Odd {stop} {0}"})]
    bot = blueprint().engine(odd, [])
    outcome = bot.step(Contact(NUMBER), None, Inbound("JOIN 1", NOW_MS), code=lambda: "0000")
    assert "Odd {stop} {0}" in outcome.replies[0]


def test_another_package_can_add_a_condition_for_its_flows() -> None:
    @condition
    def is_even_day(turn: Turn) -> bool:
        return turn.now_ms // DAY_MS % 2 == 0

    module = ModuleType("extra")
    is_even_day.__module__ = "extra"
    module.is_even_day = is_even_day  # type: ignore[attr-defined]
    flow = (
        "flow: extra\nrevision: 1\nopened_by: keep\nbegin:\n  - if: is_even_day\n    say: even\n  - say: odd\n"
        "texts:\n  even:\n    text: Even\n  odd:\n    text: Odd\n"
    )
    settings_ = {"names": {"en": "X"}, "contact": "1", "languages": LANGUAGES, "keywords": (), "catalogues": {}}
    built = Blueprint.build(
        flows={"extra.yaml": flow}, registry=Registry.collect([answers, personal, fields, module]), **settings_
    )
    assert "extra" in built.flows.by_name
    with pytest.raises(ContentError, match="is_even_day"):
        Blueprint.build(flows={"extra.yaml": flow}, **settings_)


def test_an_engine_without_the_flows_that_the_rules_need_is_refused() -> None:
    files = {name: body for name, body in flow_bodies().items() if "restart" not in name}
    with pytest.raises(ContentError, match="restart"):
        Blueprint.build(
            flows=files, names={"en": "X"}, contact="1", languages=LANGUAGES, keywords=(), catalogues={}
        ).engine([], [])


def test_the_example_of_the_flows_readme_works() -> None:
    text = (built_in() / "flows" / "README.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    registry = Registry.builtin()
    flow = Flows.build({"flows/coffee.yaml": example}, registry).by_name["coffee"]
    assert flow.questions["asked"].expects == {Intent.YES, Intent.NO}
    for names in (registry.conditions, registry.actions):
        assert all(f"`{name}`" in text for name in names)
    assert all(f"{{{name}}}" in text for name in (*registry.fields, *KEYWORDS))


def test_a_municipalitys_catalogue_overrides_a_sentence() -> None:
    own = (
        b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
        b'msgid "Do you want to stop all messages? If so, reply {stop}"\nmsgstr "Shall we stop? {stop}"\n'
    )
    catalogue = {language: list(bodies) for language, bodies in catalogues().items()}
    catalogue["en"] = [own]
    built = dataclasses.replace(blueprint(), catalogues=catalogue).engine(topics(), PLACES)
    contact = Contact(NUMBER, State.ACTIVE, "en", since_ms=1, known=True)
    assert built.step(contact, None, Inbound("NO", NOW_MS), code=lambda: "0000").replies == ("Shall we stop? STOP",)


WORDS = st.sampled_from(
    [
        "JOIN",
        "STOP",
        "START",
        "STOP 3",
        "LEAVE 1",
        "1 3",
        "9",
        "0",
        "42",
        "14",
        "HELP",
        "STATUS",
        "TOPICS",
        "LANG",
        "RU",
        "2",
        "AREA",
        "AREA NIKEA",
        "Akhalsopeli",
        "PAUSE 3",
        "RESUME\n",
        "DATA",
        "DELETE",
        "DELETE 4821",
        "DELETE 1",
        "YES",
        "NO",
        "all",
        "budget",
        "კულტურა",
        "თემები",
        "სტოპ",
        "დაწყება",
        "hello",
        "",
        "don't stop",
        "stpo",
        "sto\n",
        "the bus does not stop here",
    ]
)
LIFTS = {"join", "topic"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(WORDS | st.text(max_size=12), st.integers(0, 30 * HOUR_MS)), max_size=14))
def test_whatever_people_text_the_law_holds(texts: list[tuple[str, int]]) -> None:
    phone = Phone()
    for text, wait_ms in texts:
        before, question = phone.contact, phone.conversation
        outcome = phone.wait(wait_ms).send(text)
        after, intent = outcome.contact, outcome.understood.intent.value
        if intent == "stop":
            assert after.state is State.STOPPED
        if after.state is State.STOPPED:
            assert after.topics == frozenset()
            assert after.paused_until_ms is None
        if before.state is State.STOPPED and after.state is State.ACTIVE:
            assert intent in LIFTS or question is not None, (text, intent)
        if after.topics - before.topics:
            assert any(fact.action == "subscribe" for fact in outcome.facts)
        if before.topics - after.topics:
            assert outcome.suppress
        assert len(outcome.replies) <= 1
        assert all(reply.strip() and "{" not in reply for reply in outcome.replies)
        if outcome.conversation is not None:
            assert engine().flows.question(outcome.conversation.flow, outcome.conversation.state)
            assert outcome.conversation.expires_ms > phone.now_ms
