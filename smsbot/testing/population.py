"""Many people fast: contacts with subscriptions, made by one statement each, for tests and benchmarks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from smsbot.clock import now_ms
from smsbot.store import bulk, sql
from smsbot.store.tables import Place, Topic, table

LANGUAGES = ("ka", "en", "ru", "az", "hy")


def settle_directory(
    connection: Connection,
    topics: Sequence[str] = ("budget", "culture"),
    places: Mapping[str, str | None] | None = None,
) -> None:
    """Topics by code, numbered from 1; places by code with the code of the place above."""
    bulk.insert(
        connection,
        table(Topic),
        ("code", "number", "names", "words", "active"),
        [(code, n, json.dumps({"en": code.title()}), "[]", True) for n, code in enumerate(topics, 1)],
    )
    bulk.insert(
        connection,
        table(Place),
        ("code", "parent", "names", "words", "active"),
        [(code, parent, json.dumps({"en": code.title()}), "[]", True) for code, parent in (places or {}).items()],
    )


def populate(
    connection: Connection, people: int, *, topics: Sequence[int] = (1, 2), languages: Sequence[str] = LANGUAGES,
    channel: str | None = None, first: int = 1, joined_ms: int | None = None,
) -> None:  # fmt: skip
    """Make *people* active contacts with the ids from *first* on: number +995555000001 and so on, languages in turn,
    each subscribed to one of *topics* (ids) in turn, and every third one to all of them. *joined_ms* None: now, so
    that a process at work takes none of them for a number that has gone quiet."""
    joined_ms = now_ms() if joined_ms is None else joined_ms
    postgresql = sql.is_postgresql(connection)
    count = "generate_series(CAST(? AS bigint), CAST(? AS bigint))" if postgresql else "made"
    numbers = f"SELECT n FROM {count} AS made(n)" if postgresql else "SELECT n FROM made"  # noqa: S608
    series = "" if postgresql else "WITH RECURSIVE made(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM made WHERE n < ?) "
    no = "false" if postgresql else "0"
    whens = " ".join(f"WHEN {n} THEN '{language}'" for n, language in enumerate(languages))
    spoken = f"CASE n - {len(languages)} * (n / {len(languages)}) {whens} END"  # no remainder sign: drivers read it
    span = (first, first + people - 1)
    sql.run(
        connection,
        "INSERT INTO contact (id, number, state, language, script, promotion, former, created_ms, since_ms,"  # noqa: S608
        " last_channel, same_digest, same_times, same_since_ms, hour_ms, hour_replies, unreachable)"
        f" {series}SELECT n, '+995' || (555000000 + n), 'active', {spoken}, '', {no},"
        f" '[]', {joined_ms}, {joined_ms}, CAST(? AS text), 0, 0, 0, 0, 0, 0 FROM ({numbers}) AS numbered",
        (*span, channel) if not postgresql else (channel, *span),
    )
    for place, topic in enumerate(topics):
        sql.run(
            connection,
            "INSERT INTO subscription (contact_id, topic_id, since_ms)"  # noqa: S608
            f" {series}SELECT n, {int(topic)}, {joined_ms} FROM ({numbers}) AS numbered"
            f" WHERE n - {len(topics)} * (n / {len(topics)}) = {place} OR n - 3 * (n / 3) = 0",
            span,
        )
    if postgresql:
        sql.run(connection, "SELECT setval(pg_get_serial_sequence('contact', 'id'), (SELECT max(id) FROM contact))")
