"""Numbers that have gone quiet, and what still names people who have left: all people are gone through once a day.

Operators give a number that nobody uses to somebody else. So a member of whom nothing has been heard and to whom
nothing has come for `dormant_days` is left out of broadcasts, as one whose number fails (civic rule 20). What the
gateway took counts as come unless it says otherwise: many never say more than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from smsbot.clock import DAY_MS
from smsbot.settings import Retention
from smsbot.store import sql, walk
from smsbot.store.reach import QUIET
from smsbot.store.retention import MEMBER, NOBODYS_INBOUND, PASS_MS, Piece, Step

NAME = "people"
PEOPLE_AT_ONCE = 1_000
LEFT_AT_ONCE = 50  # people whose rows are gone through in one transaction; each may have a few hundred

PEOPLE_PAGE = "SELECT id FROM contact WHERE id > ? ORDER BY id LIMIT ?"

# Each of the three looks by an index and begins with the newest, so the many rows of years are not read.
_HEARD = "COALESCE((SELECT i.at_ms FROM inbound i WHERE i.number = c.number ORDER BY i.id DESC LIMIT 1), 0)"
_TOLD = (
    "COALESCE((SELECT COALESCE(o.final_ms, o.handed_ms) FROM outbox o WHERE o.number = c.number AND o.broadcast_id = 0"
    " AND o.status IN ('sent', 'delivered') ORDER BY o.id DESC LIMIT 1), 0)"
)
_REACHED = (
    "COALESCE((SELECT COALESCE(o.final_ms, o.handed_ms) FROM outbox o WHERE o.contact_id = c.id AND o.broadcast_id > 0"
    " AND o.status IN ('sent', 'delivered') ORDER BY o.broadcast_id DESC LIMIT 1), 0)"
)
QUIET_ONES = (
    f"SELECT c.id FROM contact c WHERE {MEMBER} AND c.dormant_ms IS NULL AND c.created_ms <= ?"
    " AND COALESCE(c.since_ms, 0) <= ? AND COALESCE(c.noticed_ms, 0) <= ?"
    f" AND {_HEARD} <= ? AND {_TOLD} <= ? AND {_REACHED} <= ?"
)
LEFT_ONES = (
    "SELECT c.id, c.number FROM contact c WHERE c.state = 'stopped' AND c.id > ? AND c.id <= ? AND ("
    "EXISTS (SELECT 1 FROM inbound i WHERE i.number = c.number AND i.erased_ms IS NOT NULL)"
    " OR EXISTS (SELECT 1 FROM outbox o WHERE o.number = c.number AND o.broadcast_id = 0 AND o.erased_ms IS NOT NULL)"
    " OR EXISTS (SELECT 1 FROM outbox o WHERE o.contact_id = c.id AND o.broadcast_id > 0 AND o.created_ms <= ?"
    " AND o.due_ms IS NULL)) ORDER BY c.id LIMIT ?"
)


def quiet_ones(connection: Connection, horizon_ms: int, where: str, parameters: Sequence[Any]) -> list[int]:
    """Members without any sign since *horizon_ms*, among those that *where* picks."""
    rows = sql.run(connection, f"{QUIET_ONES} AND {where} ORDER BY c.id", (*[horizon_ms] * 6, *parameters))
    return [int(key) for (key,) in rows]


def find(connection: Connection, kept: Retention, now_ms: int) -> Piece | None:
    """The next people of a pass; `keys` are those to do something about."""
    if not (kept.texts_days or kept.dormant_days):
        return None
    found = walk.place(connection, NAME)
    if found.position == 0 and 0 <= now_ms - found.at_ms < PASS_MS:
        return None
    ids = [int(key) for (key,) in sql.run(connection, PEOPLE_PAGE, (found.position, PEOPLE_AT_ONCE))]
    more = len(ids) == PEOPLE_AT_ONCE
    if not ids:
        return Piece(found.position, 0)
    last = ids[-1]
    texts_ms = now_ms - kept.texts_days * DAY_MS if kept.texts_days else None
    quiet_ms = now_ms - kept.dormant_days * DAY_MS if kept.dormant_days else None
    keys: list[int] = []
    if texts_ms is not None:
        span = (found.position, last, texts_ms, LEFT_AT_ONCE)
        keys = [int(row[0]) for row in sql.run(connection, LEFT_ONES, span)]
        if len(keys) == LEFT_AT_ONCE:
            last, more = keys[-1], True
    if quiet_ms is not None:
        keys += quiet_ones(connection, quiet_ms, "c.id > ? AND c.id <= ?", (found.position, last))
    return Piece(found.position, last if more else 0, sorted(keys), more, (texts_ms, quiet_ms))


def do(connection: Connection, piece: Piece, now_ms: int) -> int:
    """People are locked first, in the order of their numbers, and looked at again: they may have written meanwhile."""
    if not walk.move(connection, NAME, piece.before, piece.after, now_ms) or not piece.keys:
        return 0
    mine, listed = sql.among(connection, "c.id", piece.keys)
    rows = sql.run(
        connection,
        f"SELECT c.id, c.number, c.state FROM contact c WHERE {mine} ORDER BY c.number{sql.locked(connection)}",
        (listed,),
    ).all()
    texts_ms, quiet_ms = piece.horizons
    if texts_ms is not None:
        left = [(int(row.id), str(row.number)) for row in rows if row.state == "stopped"]
        _unlink(connection, left, texts_ms, now_ms)
    if quiet_ms is not None:
        quiet = quiet_ones(connection, quiet_ms, mine, (listed,))
        where, keys = sql.among(connection, "id", quiet)
        sql.run(
            connection,
            f"UPDATE contact SET dormant_ms = ?, dormant_reason = ? WHERE {where}",
            (now_ms, QUIET, keys),
        )
    return len(piece.keys)


def _unlink(connection: Connection, left: Sequence[tuple[int, str]], horizon_ms: int, now_ms: int) -> None:
    """Whoever is no longer a subscriber is named no more by rows whose time is over."""
    if not left:
        return
    numbers, listed = sql.among(connection, "number", [number for _, number in left])
    sql.run(connection, f"UPDATE inbound SET {NOBODYS_INBOUND} WHERE {numbers} AND erased_ms IS NOT NULL", (listed,))
    sql.run(
        connection,
        "UPDATE outbox SET number = NULL, contact_id = NULL"
        f" WHERE {numbers} AND broadcast_id = 0 AND erased_ms IS NOT NULL AND due_ms IS NULL",
        (listed,),
    )
    people, ids = sql.among(connection, "contact_id", [key for key, _ in left])
    sql.run(
        connection,
        "UPDATE outbox SET contact_id = NULL, erased_ms = ?"
        f" WHERE {people} AND broadcast_id > 0 AND created_ms <= ? AND due_ms IS NULL",
        (now_ms, ids, horizon_ms),
    )


PEOPLE = Step("people", find, do)
