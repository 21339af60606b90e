"""Migrations: alembic's scripts live inside the package, so that the wheel carries them.

A file is named `REVISION_what_it_does.py`, revisions count upwards. So whether a database is of this version is told
without alembic, which takes longer to import than the rest of a start; it is needed only to bring one up.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Engine, inspect

from smsbot.errors import StoreError

SCRIPTS = Path(__file__).parent / "migrations"
NEWER = "The database was made by a newer version of smsbot; install that version here as well."


@cache
def revisions() -> tuple[str, ...]:
    """Oldest first."""
    found = tuple(sorted(path.stem.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py")))
    assert found, "the package has no migration"
    return found


def current(engine: Engine) -> str | None:
    """The revision of the database, None if it has no tables of ours."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return None if found is None else str(found)


def upgrade(engine: Engine) -> None:
    """Raises `StoreError` if the database was made by a newer version."""
    found = current(engine)
    if found == revisions()[-1]:
        return
    if found is not None and found not in revisions():
        raise StoreError(NEWER)
    from alembic import command  # noqa: PLC0415  # see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check(engine: Engine) -> None:
    """Raises `StoreError` unless the tables are exactly of this version."""
    found = current(engine)
    if found == revisions()[-1]:
        return
    if found is None:
        raise StoreError("The database has no tables yet; run `smsbot db upgrade`.")
    if found in revisions():
        raise StoreError("The database is behind this version; run `smsbot db upgrade`.")
    raise StoreError(NEWER)
