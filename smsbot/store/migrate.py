"""Migrations: alembic's scripts live inside the package, so that the wheel carries them."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine

from smsbot.errors import StoreError

SCRIPTS = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


def head() -> str:
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None, "the package has no migration"
    return found


def current(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine) -> None:
    """Raises `StoreError` if the database was made by a newer version."""
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(_ahead(error)) from error


def check(engine: Engine) -> None:
    """Raises `StoreError` unless the tables are exactly of this version."""
    found = current(engine)
    if found == head():
        return
    if found is None:
        raise StoreError("The database has no tables yet; run `smsbot db upgrade`.")
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found in known:
        raise StoreError("The database is behind this version; run `smsbot db upgrade`.")
    raise StoreError("The database was made by a newer version of smsbot; install that version here as well.")


def _ahead(error: CommandError) -> str:
    if "Can't locate revision" in str(error):
        return "The database was made by a newer version of smsbot; install that version here as well."
    return f"The database could not be brought to this version: {error}."
