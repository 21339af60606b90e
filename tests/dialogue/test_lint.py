"""`smsbot flow check`: the shipped content is clean, and each kind of fault is found."""

from __future__ import annotations

import pytest

from smsbot.content import load_keywords
from smsbot.dialogue.lint import Fault, lint
from smsbot.dialogue.registry import Registry
from tests.dialogue.bot import LANGUAGES, catalogues, directory, flow_bodies

PAUSE = "flows/pause.yaml"
STOPALL = "flows/stopall.yaml"
KA = "locales/ka/LC_MESSAGES/smsbot.po"


def check(files: dict[str, str] | None = None, catalogue: bytes | None = None) -> list[Fault]:
    po = catalogues() if catalogue is None else {**catalogues(), "ka": [catalogue]}
    return lint(files or flow_bodies(), po, directory(), Registry.builtin())


def test_the_shipped_flows_and_catalogues_are_clean() -> None:
    keywords = load_keywords(languages=LANGUAGES)
    faults = lint(flow_bodies(), catalogues(), directory(), Registry.builtin(), keywords)
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
    assert "takes 2 parts in ka, not 1" in str(fault)
