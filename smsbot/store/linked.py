"""Rows of two tables at once, the second pointing to the first: what came, and the replies to it.

On PostgreSQL both are one statement, although the ids that link them are made in it; on SQLite, two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Table

from smsbot.store import bulk


@dataclass(frozen=True, slots=True)
class Insertion:
    """Rows for a table whose key is `id`. *conflict*: the text of an `ON CONFLICT` clause."""

    table: Table
    columns: tuple[str, ...]
    rows: Sequence[bulk.Row]
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Row n of the second table belongs to row `of[n]` of the first, and its *column* gets that row's id. *keys*: the
    columns that tell the rows of the first apart."""

    column: str
    keys: tuple[str, ...]
    of: Sequence[int]


def insert(
    several: bulk.Several, first: Insertion, then: Insertion, link: Link
) -> tuple[dict[tuple[str, ...], int], list[int]]:
    """Insert both, with the changes of *several*. The ids of *first* by its keys, and those of *then* in order.

    Where a conflict has left rows of *first* out, there are fewer ids, and what points to those rows is not inserted.
    """
    places = [first.columns.index(key) for key in link.keys]
    keys = [tuple(row[place] for place in places) for row in first.rows]
    whose = [keys[position] for position in link.of]
    if several.one:
        return _at_once(several, first, then, link, whose)
    several.run()
    made = bulk.insert(
        several.connection, first.table, first.columns, first.rows, conflict=first.conflict,
        returning=("id", *link.keys),
    )  # fmt: skip
    ids = {row[1:]: row[0] for row in made}
    rows = [(*row, ids[key]) for row, key in zip(then.rows, whose, strict=True) if key in ids]
    columns = (*then.columns, link.column)
    linked = bulk.insert(several.connection, then.table, columns, rows, returning=("id",))
    return ids, [key for (key,) in linked]


def _at_once(
    several: bulk.Several, first: Insertion, then: Insertion, link: Link, whose: Sequence[bulk.Row]
) -> tuple[dict[tuple[str, ...], int], list[int]]:
    made = bulk.pg_insert(first.table, first.columns, first.conflict, ("id", *link.keys))
    parameters = bulk.arrays(first.rows)
    if then.rows:
        statement = _statement(made, first.table, then.table, then.columns, (link.column, *link.keys))
        parameters += [*bulk.arrays(then.rows), *bulk.arrays(whose)]
    else:
        statement = f"WITH made AS ({made}) SELECT 0, id, {', '.join(link.keys)} FROM made"
    ids: dict[tuple[str, ...], int] = {}
    linked: list[int] = []
    for is_linked, key, *names in several.ask(statement, parameters):
        if is_linked:
            linked.append(key)
        else:
            ids[tuple(names)] = key
    return ids, linked


@lru_cache(maxsize=64)
def _statement(made: str, first: Table, then: Table, columns: tuple[str, ...], link: tuple[str, ...]) -> str:
    """*made* inserts into *first*; *link*: the column of *then* that gets its id, and the keys by which it is found."""
    column, *keys = link
    arrays = f"{bulk.pg_arrays(then, columns)}, {bulk.pg_arrays(first, tuple(keys))}"
    named = ", ".join((*columns, *(f"made_{key}" for key in keys), "nth"))
    matches = " AND ".join(f"made.{key} = v.made_{key}" for key in keys)
    return (
        f"WITH made AS ({made}), linked AS (INSERT INTO {then.name} ({', '.join(columns)}, {column})"
        f" SELECT {', '.join(f'v.{name}' for name in columns)}, made.id"
        f" FROM unnest({arrays}) WITH ORDINALITY AS v({named}) JOIN made ON {matches} ORDER BY v.nth RETURNING id)"
        f" SELECT 0, id, {', '.join(keys)} FROM made"
        f" UNION ALL SELECT 1, id, {', '.join('NULL' for _ in keys)} FROM linked"
    )
