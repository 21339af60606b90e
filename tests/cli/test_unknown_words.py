"""`smsbot unknown`, and what a start says of a folder's own words."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.test_commands import Terminal, sentence, terminal

__all__ = ["terminal"]
ALICE, BOB = "+995555000001", "+995555000002"


@pytest.fixture
def asked(terminal: Terminal) -> Terminal:
    """Two people have texted words that nobody listed."""
    for number, text in ((ALICE, "ბიუჯეტი"), (ALICE, "თემპაბი"), (BOB, "tempabi"), (BOB, "-zebra"), (BOB, "STOP")):
        assert terminal.run("say", number, "--", text).returncode == 0
    return terminal


def test_unknown_words_are_shown_with_the_line_that_adds_them(asked: Terminal) -> None:
    shown = asked.run("unknown")
    assert shown.returncode == 0
    assert "2 times by 2 people  თემპაბი" in shown.stdout
    assert "2 from “თემები” (command topics)" in shown.stdout
    assert "content/locales/ka/keywords.yaml: words: {topics: [თემპაბი]}" in shown.stdout
    assert "995555" not in shown.stdout


def test_they_come_as_json_and_as_csv_without_formulas(asked: Terminal) -> None:
    rows = json.loads(asked.run("unknown", "--json").stdout)
    assert [(row["word"], row["count"], row["people"]) for row in rows] == [("თემპაბი", 2, 2), ("zebra", 1, 1)]
    assert rows[0]["languages"] == {"latin": 1, "ka": 1}
    table = list(csv.DictReader(io.StringIO(asked.run("unknown", "--csv").stdout)))
    assert [row["word"] for row in table] == ["თემპაბი", "zebra"]
    assert table[1]["example"] == "'-zebra"
    assert table[0]["languages"] in ("latin:1 ka:1", "ka:1 latin:1")


def test_since_takes_a_day_or_a_number_of_days(asked: Terminal) -> None:
    assert asked.run("unknown", "--since", "2000-01-01", "--limit", "1").stdout.count(" times by ") == 1
    assert asked.run("unknown", "--since", "2999-01-01").stdout == "Nothing unknown since 2999-01-01.\n"
    assert asked.run("unknown", "--since", "last week").returncode == 2
    assert asked.run("unknown", "--csv", "--json").returncode == 2


def test_a_word_added_in_a_folder_is_understood_and_no_longer_unknown(asked: Terminal) -> None:
    asked.folder.joinpath("smsbot.toml").write_text('[service]\ncontent = "content"\n', encoding="utf-8")
    row = json.loads(asked.run("unknown", "--json").stdout)[0]
    file = asked.folder / row["where"]
    file.parent.mkdir(parents=True)
    file.write_text(row["line"] + "\n", encoding="utf-8")
    assert asked.run("say", ALICE, "თემპაბი").stdout.startswith(asked.run("say", ALICE, "თემები").stdout[:20])


OWN_WORDS = [
    ("words: {help: [თემები]}", "'თემები' (command help, ka) is the same word as 'თემები' (command topics, ka)"),
    ("words: {topics: [მაშველი], help: [მაშველი]}", "'მაშველი' (command help, ka) is the same word"),
    ("words: {help: [stop]}", "'stop' (command help, ka) is the same word as"),
    ("words: {helpp: [მაშველი]}", "unknown command 'helpp'"),
]


@pytest.mark.parametrize(("body", "said"), OWN_WORDS)
def test_a_word_that_means_two_things_stops_the_start_with_one_sentence(
    terminal: Terminal, body: str, said: str
) -> None:
    file = terminal.folder / "content" / "locales" / "ka" / "keywords.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(body, encoding="utf-8")
    terminal.folder.joinpath("smsbot.toml").write_text('[service]\ncontent = "content"\n', encoding="utf-8")
    told = sentence(terminal.run("say", ALICE, "JOIN"))
    assert said in told
    assert told.startswith("content/locales/ka/keywords.yaml:1: ")


def test_a_topic_that_has_a_commands_name_is_told_and_does_not_stop_the_start(terminal: Terminal) -> None:
    topics = '[[topics]]\ncode = "news"\nnumber = 1\nnames = {en = "Help"}\n'
    terminal.folder.joinpath("smsbot.toml").write_text(topics, encoding="utf-8")
    said = terminal.run("say", ALICE, "JOIN")
    assert said.returncode == 0
    assert "one word means two things" in said.stderr
    assert "'Help' (topic news, en)" in said.stderr


def test_an_example_that_does_not_exist_is_told_in_one_sentence(terminal: Terminal) -> None:
    told = sentence(terminal.run("say", ALICE, "JOIN", SMSBOT_SERVICE__EXAMPLE="atlantis"))
    assert told == "service.example: there is no example atlantis; there are: guria, kutaisi."


@pytest.mark.parametrize("example", ["guria", "guria/lanchkhuti", "kutaisi"])
def test_every_sentence_fits_with_an_examples_names(terminal: Terminal, example: str) -> None:
    checked = terminal.run("flow", "check", SMSBOT_SERVICE__EXAMPLE=example)
    assert checked.returncode == 0, checked.stdout
