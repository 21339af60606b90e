"""Migrations: alembic's scripts live inside the package, so that the wheel carries them.

A file is named `REVISION_what_it_does.py`, revisions count upwards. So whether a database is of this version is told
without alembic, which takes longer to import than the rest of a start; it is needed only to bring one up.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from smsbot.errors import StoreError
from smsbot.store import sql

SCRIPTS = Path(__file__).parent / "migrations"
_ALEMBIC = threading.Lock()  # alembic keeps the run under way in its module, so a process has one at a time
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
        return _current(connection)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def _wanting(found: str | None) -> bool:
    if found is not None and found not in revisions():
        raise StoreError(NEWER)
    return found != revisions()[-1]


def upgrade(engine: Engine) -> None:
    """One at a time: whoever comes second finds it done. Raises `StoreError` if the database was made by a newer
    version."""
    if not _wanting(current(engine)):
        return
    from alembic import command  # noqa: PLC0415  # see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    with _ALEMBIC, engine.begin() as connection:
        sql.alone(connection, sql.UPGRADE)
        if not _wanting(_current(connection)):
            return
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
