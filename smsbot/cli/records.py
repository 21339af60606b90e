"""`smsbot db`, `smsbot staff`, `smsbot audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from smsbot.cli.common import Config, opened, progress, settings_of
from smsbot.errors import StoreError

ROLES = ("viewer", "author", "approver", "admin", "auditor")  # smsbot.store.staff.Role, without the database library

database = typer.Typer(help="The database.", no_args_is_help=True)
staff = typer.Typer(help="Who may use the staff API.", no_args_is_help=True)
ledger = typer.Typer(help="The consent ledger.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.add_typer(database, name="db")
    app.add_typer(staff, name="staff")
    app.add_typer(ledger, name="audit")


@database.callback()
def _database() -> None:
    pass


@staff.callback()
def _staff() -> None:
    pass


@ledger.callback()
def _ledger() -> None:
    pass


@database.command()
def upgrade(config: Config = None) -> None:
    """Bring the tables to this version."""
    settings = settings_of(config)
    from smsbot.store.database import Store  # noqa: PLC0415

    store = Store(settings.database.url)
    try:
        store.upgrade()
    finally:
        store.close()
    typer.echo("The database is up to date.")


@staff.command()
def add(
    name: Annotated[str, typer.Argument(help="Who the key is for.")],
    role: Annotated[str, typer.Option(help=", ".join(ROLES))],
    config: Config = None,
) -> None:
    """Make a key for a person or a program; it is shown this once."""
    if role not in ROLES:
        raise typer.BadParameter(f"there is no role {role}; the roles are: {', '.join(ROLES)}", param_hint="--role")
    settings = settings_of(config)
    from smsbot.clock import now_ms  # noqa: PLC0415
    from smsbot.store.staff import add_staff  # noqa: PLC0415

    with opened(settings) as store:
        typer.echo(store.write(lambda connection: add_staff(connection, name, role, now_ms())))


@ledger.command()
def verify(
    config: Config = None,
    noted: Annotated[
        str | None,
        typer.Option("--noted", metavar="HASH", help="A head written down earlier; it must be in the chain."),
    ] = None,
) -> None:
    """Recompute the chain of the consent ledger; tell the first entry that does not hold."""
    settings = settings_of(config)
    from smsbot.store import audit  # noqa: PLC0415

    with opened(settings) as store:
        total = store.read(audit.head).count
        with progress("Checking", total) as told:
            fault = store.read(lambda connection: audit.verify(connection, told, noted=noted))
        if fault is not None:
            where = f"Entry {fault.id} (number {fault.position} from the oldest)" if fault.id is not None else "The end"
            raise StoreError(f"The consent ledger does not hold. {where}: {fault.reason}.")
        head = store.read(audit.head)
    typer.echo(f"The consent ledger holds: {head.count} entries, head {head.hash}.")
