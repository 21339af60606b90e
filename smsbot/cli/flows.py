"""`smsbot flow`: check, play and draw dialogues."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smsbot.cli.common import Config, settings_of
from smsbot.errors import ContentError

if TYPE_CHECKING:
    from smsbot.dialogue.engine import Engine
    from smsbot.dialogue.model import Place
    from smsbot.settings import Settings

commands = typer.Typer(help="Dialogues.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="flow")


@commands.callback()
def _commands() -> None:
    pass


@commands.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A municipality's folder of flows/ and locales/.")
    ] = None,
    config: Config = None,
) -> None:
    """Find what is wrong with flows and catalogues, before a citizen does."""
    settings = settings_of(config)
    if folder is not None:
        if not folder.is_dir():
            raise ContentError("there is no such folder", file=str(folder))
        service = settings.service.model_copy(update={"content": folder})
        settings = settings.model_copy(update={"service": service})
    from smsbot.compose import load_budgets  # noqa: PLC0415
    from smsbot.content import Content, keyword_parts  # noqa: PLC0415
    from smsbot.dialogue.lint import lint  # noqa: PLC0415
    from smsbot.dialogue.registry import Registry  # noqa: PLC0415

    content = Content(settings.service.content)
    languages = _languages(settings, folder)
    settings = settings.model_copy(update={"service": settings.service.model_copy(update={"languages": languages})})
    flows: dict[str, str | bytes] = {str(path): path.read_bytes() for path in content.flow_files().values()}
    catalogues = {
        language: [path.read_bytes() for path in paths]
        for language, paths in content.catalogue_files().items()
        if language.partition("@")[0] in languages
    }
    keywords = keyword_parts(settings.service.content, tuple(languages))
    faults = lint(
        flows,
        catalogues,
        _engine(settings).directory,
        Registry.builtin(),
        keywords,
        budgets=load_budgets(settings.service.content),
    )
    for fault in faults:
        typer.echo(str(fault))
    if faults:
        typer.echo(f"There are {len(faults)} faults in flows and catalogues.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{len(flows)} flows and {len(catalogues)} catalogues are in order.")


@commands.command()
def play(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A conversation: `> JOIN`, `< Welcome…`.")],
    config: Config = None,
) -> None:
    """Play a transcript, and tell where the conversation goes another way than written."""
    settings = settings_of(config)
    from smsbot.dialogue.transcript import parse  # noqa: PLC0415
    from smsbot.dialogue.transcript import play as run  # noqa: PLC0415

    try:
        body = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ContentError(f"this cannot be read: {error.strerror}", file=str(file)) from error
    except UnicodeDecodeError as error:
        raise ContentError("this is not text in UTF-8; save it as UTF-8", file=str(file)) from error
    transcript = parse(body, str(file))
    result = run(transcript, _engine(settings, transcript.places))
    for kind, text in result.said:
        typer.echo(f"{kind} {text}")
    for difference in result.differences:
        typer.echo(str(difference), err=True)
    if not result.passed:
        raise typer.Exit(1)


@commands.command()
def draw(
    name: Annotated[str, typer.Argument(help="The flow, for example subscribe.")],
    config: Config = None,
) -> None:
    """Draw the states of a flow, as Mermaid text."""
    settings = settings_of(config)
    from smsbot.content import Content  # noqa: PLC0415
    from smsbot.dialogue import machine  # noqa: PLC0415
    from smsbot.dialogue.registry import Registry  # noqa: PLC0415

    files = Content(settings.service.content).flow_files()
    bodies: dict[str, str | bytes] = {str(path): path.read_bytes() for path in files.values()}
    flows = machine.Flows.build(bodies, Registry.builtin()).by_name
    if name not in flows:
        raise ContentError(f"there is no flow of this name; there are: {', '.join(sorted(flows))}", file=name)
    typer.echo(machine.draw(flows[name]), nl=False)


def _languages(settings: Settings, folder: Path | None) -> list[str]:
    """Those of the settings, and whatever else a folder brings that was named to be checked."""
    from smsbot.content import Content  # noqa: PLC0415

    languages = settings.service.languages
    if folder is None:
        return languages
    spoken = Content(settings.service.content).languages()
    brought = (path.name for path in sorted((folder / "locales").glob("*")) if path.name in spoken)
    return list(dict.fromkeys([*languages, *brought]))


def _engine(settings: Settings, places: Sequence[Place] = ()) -> Engine:
    """The bot of a new database: with the topics of the settings, and with *places* if there are any, else theirs."""
    from smsbot.compose import blueprint, seed_places, seed_topics  # noqa: PLC0415

    return blueprint(settings).engine(seed_topics(settings), places or seed_places(settings))
