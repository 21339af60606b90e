"""Which errors say that the database cannot be used now, whatever it was asked: gateways try again, workers wait.

Everything else is about what was asked, and would come again with it.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, TimeoutError

from smsbot.errors import StoreFull, StoreUnavailable

FULL = (
    "The disk of the database is full, so nothing can be kept and gateways are told to try again: make room; the rest"
    " follows by itself."
)
SQLITE_CODES = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}  # https://www.sqlite.org/rescode.html; the second: its index
DISK_FULL = "53100"  # PostgreSQL, appendix A, "Class 53: insufficient resources"
READ_ONLY = "25006"  # PostgreSQL, appendix A: read_only_sql_transaction
LIMITS = "54"  # class: program limit exceeded, as by a text too long for an index


def state(error: BaseException) -> str:
    """PostgreSQL's code of what happened, or ""."""
    return getattr(getattr(error, "orig", error), "sqlstate", None) or ""


def is_copy(error: BaseException) -> bool:
    """Does the server only give copies of what another one keeps? After a failover the old one may, and a connection
    to it never writes again."""
    return state(error) == READ_ONLY


def is_full(error: BaseException) -> bool:
    said = getattr(error, "orig", None)
    return getattr(said, "sqlite_errorname", "") in SQLITE_CODES or getattr(said, "sqlstate", "") == DISK_FULL


def is_outage(error: BaseException) -> bool:
    if isinstance(error, DBAPIError):
        if error.connection_invalidated or is_copy(error):
            return True
        return isinstance(error, OperationalError) and not state(error).startswith(LIMITS)
    return isinstance(error, TimeoutError)  # no connection is free


def translated(error: BaseException) -> BaseException:
    """*error* as those outside the store know it."""
    return unavailable(error) if isinstance(error, SQLAlchemyError) and is_outage(error) else error


def unavailable(error: SQLAlchemyError) -> StoreUnavailable:
    if is_full(error):
        return StoreFull(FULL)
    if isinstance(error, TimeoutError):
        return StoreUnavailable("The database cannot be used: all connections to it are taken.")
    said = str(getattr(error, "orig", None) or "").strip()
    return StoreUnavailable(f"The database cannot be used: {said.splitlines()[0] if said else 'no answer'}.")
