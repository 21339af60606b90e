"""What the channels did and how they fare, written by whoever has their leases and read by every process."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.store import sql

_NEW = (
    "INSERT INTO channel_vitals (name, accepted, refused, uncertain, parts_per_s, read_ms, error, error_ms,"
    " closed_until_ms, via, balance, balance_unit, balance_ms) VALUES"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Messages *accepted*, *refused* and *uncertain* since the last reading, and the rest as it is now.

    *closed_until_ms*: until when nothing may try the channel; 0: it may be tried.
    """

    accepted: int = 0
    refused: int = 0
    uncertain: int = 0
    parts_per_s: float = 0.0
    error: str = ""
    error_ms: int | None = None
    closed_until_ms: int = 0


@dataclass(frozen=True, slots=True)
class Vitals:
    """*read_ms*: when the dispatcher last wrote; *balance_ms*: when the balance was told."""

    accepted: int = 0
    refused: int = 0
    uncertain: int = 0
    parts_per_s: float = 0.0
    read_ms: int | None = None
    error: str = ""
    error_ms: int | None = None
    closed_until_ms: int = 0
    via: str = ""
    balance: float | None = None
    balance_unit: str = ""
    balance_ms: int | None = None


def tell(connection: Connection, name: str, reading: Reading, now_ms: int) -> None:
    """Add the counts, replace the rest; a last error stays until there is another."""
    sql.run(
        connection,
        f"{_NEW} (?, ?, ?, ?, ?, ?, ?, ?, ?, '', NULL, '', NULL) ON CONFLICT (name) DO UPDATE SET"
        " accepted = channel_vitals.accepted + excluded.accepted, refused = channel_vitals.refused + excluded.refused,"
        " uncertain = channel_vitals.uncertain + excluded.uncertain, parts_per_s = excluded.parts_per_s,"
        " read_ms = excluded.read_ms, closed_until_ms = excluded.closed_until_ms,"
        " error = CASE WHEN excluded.error_ms IS NULL THEN channel_vitals.error ELSE excluded.error END,"
        " error_ms = COALESCE(excluded.error_ms, channel_vitals.error_ms)",
        (
            name, reading.accepted, reading.refused, reading.uncertain, reading.parts_per_s, now_ms, reading.error,
            reading.error_ms, reading.closed_until_ms,
        ),
    )  # fmt: skip


def tell_balance(connection: Connection, name: str, amount: float, unit: str, now_ms: int) -> None:
    sql.run(
        connection,
        f"{_NEW} (?, 0, 0, 0, 0, NULL, '', NULL, 0, '', ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " balance = excluded.balance, balance_unit = excluded.balance_unit, balance_ms = excluded.balance_ms",
        (name, amount, unit, now_ms),
    )


def tell_via(connection: Connection, name: str, via: str) -> None:
    """What waits on *name* leaves through *via* meanwhile; '': through itself."""
    sql.run(
        connection,
        f"{_NEW} (?, 0, 0, 0, 0, NULL, '', NULL, 0, ?, NULL, '', NULL) ON CONFLICT (name) DO UPDATE SET"
        " via = excluded.via",
        (name, via),
    )


def read(connection: Connection) -> dict[str, Vitals]:
    rows = sql.run(
        connection,
        "SELECT name, accepted, refused, uncertain, parts_per_s, read_ms, error, error_ms, closed_until_ms, via,"
        " balance, balance_unit, balance_ms FROM channel_vitals",
    )
    return {name: Vitals(*rest) for name, *rest in rows}
