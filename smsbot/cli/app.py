"""`smsbot` and the commands that stand alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from smsbot import __version__
from smsbot.cli import channels, explain, flows, records, sheets, unknown
from smsbot.cli.common import Config, settings_of
from smsbot.errors import Invalid, PhoneError, SettingsError

ROLES: tuple[Literal["all", "web", "work"], ...] = ("all", "web", "work")

app = typer.Typer(
    help="Two-way SMS bot and keyword engine for public bodies.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
records.add_to(app)
sheets.add_to(app)
flows.add_to(app)
explain.add_to(app)
channels.add_to(app)
unknown.add_to(app)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"smsbot {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def serve(
    config: Config = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; 8000, and none for the role `work`.")
    ] = None,
    role: Annotated[
        str, typer.Option(help="all: web and delivery in one process; web, work: one of them, on PostgreSQL.")
    ] = "all",
    print_key: Annotated[bool, typer.Option("--print-key", help="Print a staff key for this machine.")] = False,
) -> None:
    """Answer people, staff and gateways until told to end."""
    chosen = next((each for each in ROLES if each == role), None)
    if chosen is None:
        raise typer.BadParameter(f"there is no role {role}; the roles are: {', '.join(ROLES)}", param_hint="--role")
    settings = settings_of(config)
    from smsbot import serve as process  # noqa: PLC0415

    if port is None and chosen != "work":
        port = 8000
    process.serve(settings, host=host, port=port, role=chosen, print_key=print_key)


@app.command()
def say(
    number: Annotated[str, typer.Argument(help="Who writes, for example +995555000001.")],
    text: Annotated[list[str], typer.Argument(help="What they write.")],
    config: Config = None,
) -> None:
    """Play a citizen against the configured database and print the replies."""
    settings = settings_of(config)
    from smsbot import serve as process  # noqa: PLC0415

    try:
        replies = process.say(settings, number, " ".join(text))
    except PhoneError as error:
        raise Invalid(f"`{number}` is no phone number; write it in full, for example +995555000001.") from error
    for reply in replies:
        typer.echo(reply)


@app.command()
def verify(
    config: Config = None,
    acknowledged: Annotated[
        Path | None,
        typer.Option(
            "--acknowledged",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Texts that a gateway was told are taken, a line each: channel, tab, the gateway's id.",
        ),
    ] = None,
) -> None:
    """Check that everything in the database agrees: people, consents, messages, broadcasts."""
    settings = settings_of(config)
    from smsbot.cli.verifying import run  # noqa: PLC0415

    run(settings, acknowledged)


@app.command()
def init(config: Config = None) -> None:
    """Write a commented smsbot.toml with every key."""
    from smsbot.cli.template import TEMPLATE  # noqa: PLC0415

    target = config or Path("smsbot.toml")
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError as error:
        raise SettingsError(f"{target} exists already and is left as it is; move it away first.") from error
    except OSError as error:
        raise SettingsError(f"{target} cannot be written: {error.strerror}.") from error
    typer.echo(f"{target} is written; `smsbot serve` starts with it.")
