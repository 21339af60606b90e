"""`smsbot flow check`: the shipped content is clean, and each kind of fault is found."""

from __future__ import annotations

import dataclasses

import pytest

from smsbot.compose import load_budgets
from smsbot.content import load_keywords
from smsbot.dialogue import wording
from smsbot.dialogue.budgets import Budgets, name_of
from smsbot.dialogue.lint import Fault, lint
from smsbot.dialogue.phrases import Text
from smsbot.dialogue.registry import Registry
from smsbot.errors import ContentError
from tests.dialogue.bot import LANGUAGES, blueprint, catalogues, directory, flow_bodies, topics

PAUSE = "flows/pause.yaml"
STOPALL = "flows/stopall.yaml"
KA = "locales/ka/LC_MESSAGES/smsbot.po"


def check(files: dict[str, str] | None = None, catalogue: bytes | None = None) -> list[Fault]:
    po = catalogues() if catalogue is None else {**catalogues(), "ka": [catalogue]}
    return lint(files or flow_bodies(), po, directory(), Registry.builtin(), budgets=load_budgets())


def test_the_shipped_flows_and_catalogues_are_clean() -> None:
    keywords = load_keywords(languages=LANGUAGES)
    faults = lint(flow_bodies(), catalogues(), directory(), Registry.builtin(), keywords, budgets=load_budgets())
    assert [str(fault) for fault in faults] == []


@pytest.mark.parametrize(
    "file, old, new, message",
    [
        (
            STOPALL,
            "\ntexts:",
            "  lost:\n    ask: question\n    answers:\n      - say: question\n\ntexts:",
            "nothing leads to",
        ),
        (STOPALL, "        do: stop_all\n", "        go: asked\n", ""),
        (STOPALL, "        say: nothing_changed\n", "        say: nothing_changed\n        go: asked\n", ""),
        (STOPALL, "  - go: asked\n", "  - go: asked\n  - go: asked\n", "never reached"),
        (STOPALL, "  - go: asked\n", "  - if: is_paused\n    go: asked\n", "the last branch needs no `if`"),
        (STOPALL, "  question:\n", "  idle_words:\n    text: Unused\n  question:\n", "never said"),
        (STOPALL, "If so, reply {stop}", "If so, reply {stop} " + "and so on " * 20, "takes 2 parts in en"),
        (PAUSE, "    do: resume", "    do: dance", "unknown action `dance`"),
        (PAUSE, "{until}", "{whenever}", "unknown placeholder"),
    ],
)
def test_a_fault_in_a_flow_is_found(file: str, old: str, new: str, message: str) -> None:
    files = flow_bodies()
    assert old in files[file]
    files[file] = files[file].replace(old, new, 1)
    faults = check(files)
    if message:
        assert any(message in str(fault) for fault in faults), [str(fault) for fault in faults]
    else:
        assert not any("leads out" in str(fault) for fault in faults)


def test_a_state_without_a_way_out_is_found() -> None:
    files = flow_bodies()
    body = files[STOPALL].replace("        do: stop_all\n", "        go: asked\n")
    files[STOPALL] = body.replace("        say: nothing_changed\n", "        say: nothing_changed\n        go: asked\n")
    (fault,) = [fault for fault in check(files) if "leads out" in str(fault)]
    assert fault.file == STOPALL
    assert fault.line == 1 + files[STOPALL][: files[STOPALL].index("  asked:")].count("\n")


def test_a_missing_sentence_of_a_complete_language_is_found() -> None:
    body = catalogues()["ka"][0].decode()
    start = body.index('msgid "none"')
    end = body.index("\n\n", start)
    faults = check(catalogue=(body[:start] + body[end:].lstrip()).encode())
    assert [fault.file for fault in faults] == [KA]
    assert "consent.none" in str(faults[0])


def test_an_incomplete_language_may_lack_sentences() -> None:
    body = catalogues()["ka"][0].decode().replace("X-Smsbot-Complete: yes", "X-Smsbot-Complete: no")
    start = body.index('msgid "none"')
    end = body.index("\n\n", start)
    assert check(catalogue=(body[:start] + body[end:].lstrip()).encode()) == []


def test_a_translation_that_costs_more_than_its_budget_is_found() -> None:
    body = catalogues()["ka"][0].decode().replace("გსურთ გამოწერის გაუქმება?", "გსურთ გამოწერის გაუქმება? " * 4, 1)
    (fault,) = check(catalogue=body.encode())
    assert fault.file == KA
    assert fault.line == 1 + body[: body.index('msgid "Do you want to stop')].count("\n")
    assert "`stopall.question` takes 2 parts in ka, not 1: " in str(fault)
    assert "units of UCS-2, forced by „გ“ (U+10D2)" in str(fault)


def test_a_hidden_space_that_makes_a_latin_sentence_ucs2_is_found_and_named() -> None:
    files = flow_bodies()
    files[STOPALL] = files[STOPALL].replace("If so, reply", "If so,\u00a0reply")
    (fault,) = [fault for fault in check(files) if "GSM-7 in en" in str(fault)]
    assert fault.file == STOPALL
    assert "`stopall.question` must be GSM-7 in en but is UCS-2, forced by „\u00a0“ (U+00A0)" in str(fault)


def test_latin_georgian_has_its_own_budget() -> None:
    latin = catalogues()["ka@latin"][0].decode().replace("Tu ki, gamogzavnet", "Tu ki, gamogzavnet " * 9)
    po = {**catalogues(), "ka@latin": [latin.encode()]}
    (fault,) = lint(flow_bodies(), po, directory(), Registry.builtin(), budgets=load_budgets())
    assert fault.file == "locales/ka@latin/LC_MESSAGES/smsbot.po"
    assert "takes 2 parts in ka-Latn, not 1" in str(fault)
    assert "GSM-7" in str(fault)


def test_a_long_topic_of_a_municipality_is_found_before_the_telephone_bill() -> None:
    long = [dataclasses.replace(topic, names={"ka": "საზოგადოებრივი განხილვები და შეხვედრები"}) for topic in topics()]
    faults = lint(
        flow_bodies(), catalogues(), blueprint().directory(long, ()), Registry.builtin(), budgets=load_budgets()
    )
    assert any("`subscribe.subscribed` takes 2 parts in ka, not 1" in str(fault) for fault in faults)


def test_a_long_name_of_a_municipality_keeps_the_confirmation_of_stop_in_one_part() -> None:
    long = {"ka": "ლანჩხუთის მუნიციპალიტეტი", "en": "Lanchkhuti Municipality", "ru": "Мэрия города Ланчхути"}
    built = dataclasses.replace(blueprint(), names=long).directory(topics(), ())
    faults = lint(flow_bodies(), catalogues(), built, Registry.builtin(), budgets=load_budgets())
    assert not [str(fault) for fault in faults if "consent." in str(fault)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_a_short_name_what_begins_with_it_takes_one_part(language: str) -> None:
    budgets = load_budgets()
    strict = {
        name_of(text): {"other": "1"}
        for text in wording.TEXTS
        if "{service}" in text.msgid and "help" not in text.label
    }
    for label in ("erase.erased", "pause.not_joined", "subscribe.no_such_number_first", "summary.new"):
        strict[label] = {"other": "1"}
    own = Budgets.build([("own.yaml", {"parts": strict}, {})])
    merged = Budgets({**budgets.parts, **own.parts}, budgets.gsm7, budgets.mixed)
    faults = lint(
        flow_bodies(), {language: catalogues().get(language, [])}, directory(), Registry.builtin(), budgets=merged
    )
    assert not [str(fault) for fault in faults if f" in {language}, not 1" in str(fault)]


def test_a_budget_names_a_sentence_and_a_number() -> None:
    with pytest.raises(ContentError, match=r"b\.yaml:3: a number of parts"):
        Budgets.build([("b.yaml", {"parts": {"consent.help": "many"}}, {"consent.help": 3})])
    with pytest.raises(ContentError, match="no section `part`"):
        Budgets.build([("b.yaml", {"part": {}}, {})])
    unknown = Budgets.build([("b.yaml", {"parts": {"consent.hlep": "2"}}, {"consent.hlep": 7})])
    faults = lint(flow_bodies(), catalogues(), directory(), Registry.builtin(), budgets=unknown)
    assert any(str(fault) == "b.yaml:7: there is no sentence `consent.hlep`" for fault in faults)


def test_a_municipalitys_budget_stands_over_the_built_in_one_by_language() -> None:
    own = ("own.yaml", {"parts": {"stopall.question": {"ka": "2", "other": "1"}}}, {})
    budgets = Budgets.build([("b.yaml", {"parts": {"stopall.question": "3"}}, {}), own])
    text = Text("x", parts=5, label="stopall.question@1")
    assert (budgets.of(text, "ka"), budgets.of(text, "ka-Latn")) == (2, 1)
    assert budgets.of(Text("x", parts=5, label="own.text@1"), "ka") == 5
