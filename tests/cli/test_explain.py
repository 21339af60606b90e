"""`smsbot explain`, as an administrator uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from smsbot.cli.app import app


def explain(*words: str) -> str:
    result = CliRunner().invoke(app, ["explain", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A municipality with a word and a topic of its own."""
    folder = tmp_path / "content" / "locales" / "en"
    folder.mkdir(parents=True)
    (folder / "keywords.yaml").write_text("words:\n  stop: [enough]\n", encoding="utf-8")
    file = tmp_path / "smsbot.toml"
    file.write_text(
        f'[service]\ncontent = "{tmp_path}/content"\n[database]\nurl = "sqlite:///{tmp_path}/own.db"\n'
        '[[topics]]\ncode = "bees"\nnumber = 1\nnames = {en = "Beekeeping"}\n',
        encoding="utf-8",
    )
    return str(file)


def test_it_says_how_a_text_is_understood_to_the_end() -> None:
    lines = explain("გთხოვთ", "სტოპ!").splitlines()
    assert lines[0] == "text        'გთხოვთ სტოპ!'"
    assert lines[-1] == "result      stop by rule courtesy, language ka, keyword სტოპ, confidence 0.95"
    assert sum(line.startswith("rule ") for line in lines) > 5


def test_it_speaks_json() -> None:
    told = json.loads(explain("--json", "temebi"))
    assert told["result"]["intent"] == "topics"
    assert told["words"][0]["keys"]["ka"] == ["temebi"]


def test_it_knows_the_words_and_topics_of_the_municipality(config: str) -> None:
    assert "result      stop by rule exact" in explain("--config", config, "enough")
    assert "topics bees" in explain("--config", config, "beekeeping")


def test_it_looks_into_the_database_when_asked_and_nowhere_else_otherwise(config: str, tmp_path: Path) -> None:
    explain("--config", config, "beekeeping")
    assert not (tmp_path / "own.db").exists()
    assert "result      other" in explain("--config", config, "--database", "zzz")


def test_a_text_that_looks_like_an_option_is_a_text_behind_two_dashes() -> None:
    assert "result      leave by rule digits" in explain("--", "-3")
