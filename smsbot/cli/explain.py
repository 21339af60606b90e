"""`smsbot explain`: how a text is understood, step by step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from smsbot.cli.common import Config, opened, settings_of

if TYPE_CHECKING:
    from smsbot.dialogue.model import Place, Topic
    from smsbot.settings import Settings


def add_to(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    text: Annotated[list[str], typer.Argument(help="What somebody texts.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    database: Annotated[
        bool, typer.Option("--database", help="Use the topics and places in the database, not those of the settings.")
    ] = False,
    config: Config = None,
) -> None:
    """Tell how a text is understood: its normal form, the keys tried, each rule and its verdict, the result."""
    settings = settings_of(config)
    from smsbot.content import load_keywords  # noqa: PLC0415
    from smsbot.dialogue.reader import named_places, named_topics  # noqa: PLC0415
    from smsbot.text.explain import explain as work_out  # noqa: PLC0415
    from smsbot.text.vocabulary import Vocabulary  # noqa: PLC0415

    topics, places = _kept(settings) if database else _set(settings)
    keywords = load_keywords(settings.service.content, tuple(settings.service.languages))
    vocabulary = Vocabulary.build(keywords, named_topics(topics), named_places(places))
    explanation = work_out(" ".join(text), vocabulary)
    if as_json:
        typer.echo(json.dumps(explanation.as_data(), ensure_ascii=False, indent=2))
    else:
        for line in explanation.lines():
            typer.echo(line)


def _set(settings: Settings) -> tuple[Sequence[Topic], Sequence[Place]]:
    from smsbot.compose import seed_places, seed_topics  # noqa: PLC0415

    return seed_topics(settings), seed_places(settings)


def _kept(settings: Settings) -> tuple[Sequence[Topic], Sequence[Place]]:
    from smsbot.store import directory  # noqa: PLC0415

    with opened(settings) as store:
        return store.read(directory.topics), store.read(directory.places)
