"""With which settings each process delivers through a channel: a keyed hash of each, so that none can be read here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.process import is_gone
from smsbot.store import sql


@dataclass(frozen=True, slots=True)
class Report:
    """*digests*: JSON, compared as it stands. *since_ms*: when the process first said so."""

    owner: str
    digests: str
    since_ms: int
    at_ms: int


def tell(connection: Connection, channel: str, owner: str, digests: str, now_ms: int) -> None:
    """`at_ms` is another one with each call, whatever the clock does."""
    sql.run(
        connection,
        "INSERT INTO channel_settings (channel, owner, digests, since_ms, at_ms) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (channel, owner) DO UPDATE SET digests = excluded.digests,"
        " at_ms = CASE WHEN excluded.at_ms > channel_settings.at_ms THEN excluded.at_ms"
        " ELSE channel_settings.at_ms + 1 END",
        (channel, owner, digests, now_ms, now_ms),
    )


def reports(connection: Connection, channel: str) -> list[Report]:
    """In the order in which the processes came."""
    rows = sql.run(
        connection,
        "SELECT owner, digests, since_ms, at_ms FROM channel_settings WHERE channel = ? ORDER BY since_ms, owner",
        (channel,),
    )
    return [Report(*row) for row in rows]


def withdraw(connection: Connection, channel: str, owners: Sequence[str]) -> None:
    """These processes deliver through it no more. A row that somebody else takes away just now is left to them."""
    if owners:
        where, listed = sql.among(connection, "owner", owners)
        sql.run(
            connection,
            "DELETE FROM channel_settings WHERE channel = ? AND owner IN (SELECT owner FROM channel_settings"
            f" WHERE channel = ? AND {where}" + sql.locked(connection, "FOR UPDATE SKIP LOCKED") + ")",
            (channel, channel, listed),
        )


def leading(connection: Connection) -> dict[str, Report]:
    """By channel: what the process says that has its lease."""
    rows = sql.run(
        connection,
        "SELECT s.channel, s.owner, s.digests, s.since_ms, s.at_ms FROM channel_settings s"
        " JOIN lease l ON l.name = 'channel:' || s.channel AND l.owner = s.owner",
    )
    return {str(row[0]): Report(*row[1:]) for row in rows if not is_gone(str(row[1]))}


def holder(connection: Connection, channel: str) -> str:
    """The process that has the channel's lease, or had it last and gave nothing back; '' if none has."""
    return str(sql.run(connection, "SELECT owner FROM lease WHERE name = ?", (f"channel:{channel}",)).scalar() or "")
