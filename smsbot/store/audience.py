"""Who a broadcast reaches, as conditions over `contact c`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from smsbot.store import sql

FALLBACK = "fallback"
SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Audience:
    """Any of *topics* and any of *places* (with all places below them), or *everyone*: codes throughout.

    Without topics nobody's subscriptions are asked about. *languages* narrows to people of these languages; a person
    without one counts as of *default_language*. *broadcast*: exactly those whose message of that broadcast has left.
    """

    topics: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    everyone: bool = False
    languages: tuple[str, ...] | None = None
    missing_translation: str = FALLBACK
    default_language: str = "ka"
    promotion: bool = False  # only those who consented to promotion
    broadcast: int | None = None

    def to_json(self) -> str:
        """As `Broadcast.audience` holds it; *promotion* is the broadcast's kind and not repeated."""
        return json.dumps(
            {
                "topics": list(self.topics),
                "places": list(self.places),
                "everyone": self.everyone,
                "languages": None if self.languages is None else list(self.languages),
                "missing_translation": self.missing_translation,
                "default_language": self.default_language,
                "broadcast": self.broadcast,
            }
        )


@dataclass(frozen=True, slots=True)
class Through:
    """*these* of *all* the channels that can send, in their order."""

    all: tuple[str, ...]
    these: tuple[str, ...]


def from_json(written: str, kind: str) -> Audience:
    fields = json.loads(written)
    languages = fields.get("languages")
    return Audience(
        topics=tuple(fields.get("topics") or ()),
        places=tuple(fields.get("places") or ()),
        everyone=bool(fields.get("everyone")),
        languages=None if languages is None else tuple(languages),
        missing_translation=fields.get("missing_translation") or FALLBACK,
        default_language=fields.get("default_language") or "ka",
        promotion=kind == "promotion",
        broadcast=fields.get("broadcast"),
    )


def fallback_language(audience: Audience, texts: Sequence[str]) -> str:
    """Of the text for people whose language has none: the default language if it has one, else the first given."""
    return audience.default_language if audience.default_language in texts else texts[0]


def count(
    connection: Connection, audience: Audience, texts: Sequence[str], now_ms: int, *, through: Through | None = None
) -> dict[str, int]:
    """How many would get a message now, by the language of the text they get; *texts*: the languages written.

    *through*: only those whose message would leave through one of these channels.
    """
    rest = fallback_language(audience, texts)
    others = [language for language in texts if language != rest]
    sums = "".join(", sum(CASE WHEN COALESCE(c.language, ?) = ? THEN 1 ELSE 0 END)" for _ in others)
    values = [value for language in others for value in (audience.default_language, language)]
    where, parameters = conditions(connection, audience, texts, now_ms, through=through)
    # Sums, since grouping would sort a million words.
    everyone, *counted = sql.run(
        connection, f"SELECT count(*){sums} FROM contact c WHERE {where}", (*values, *parameters)
    ).one()
    found = {language: int(n or 0) for language, n in zip(others, counted, strict=True)}
    found[rest] = int(everyone) - sum(found.values())
    return {language: found[language] for language in texts if found[language]}


def count_dormant(connection: Connection, audience: Audience, texts: Sequence[str], now_ms: int) -> int:
    """How many the audience names that get nothing, because their numbers cannot be reached (civic rule 20)."""
    where, parameters = conditions(connection, audience, texts, now_ms, dormant=True)
    return int(sql.run(connection, f"SELECT count(*) FROM contact c WHERE {where}", parameters).scalar_one())


def conditions(
    connection: Connection,
    audience: Audience,
    texts: Sequence[str],
    now_ms: int,
    *,
    span: tuple[int, int] | None = None,
    through: Through | None = None,
    dormant: bool = False,
) -> tuple[str, list[Any]]:
    """The text after WHERE and its parameters. A topic or place that has vanished reaches nobody, never everybody.

    *span* looks only at contacts with an id above its first and up to its second value. *dormant*: those who are left
    out for that, instead of the others.
    """
    clauses = [] if span is None else [f"c.id > {int(span[0])} AND c.id <= {int(span[1])}"]
    clauses.append("(c.state = 'active' OR (c.state = 'paused' AND c.paused_until_ms <= ?))")
    parameters: list[Any] = [now_ms]
    if audience.broadcast is None:  # a correction goes to exactly those whose message has left
        clauses.append(f"c.dormant_ms IS {'NOT ' if dormant else ''}NULL")
    if audience.promotion:
        clauses.append("c.promotion")
    if audience.places:
        clauses.append(f"c.place_id IN ({_listed(place_ids(connection, audience.places))})")
    if audience.topics:
        ids = _listed(topic_ids(connection, audience.topics))
        # A list read once from the index by topic; asking for each contact takes three times as long.
        within = "" if span is None else f" AND s.contact_id > {int(span[0])} AND s.contact_id <= {int(span[1])}"
        clauses.append(f"c.id IN (SELECT s.contact_id FROM subscription s WHERE s.topic_id IN ({ids}){within})")
    if audience.languages is not None:
        _narrow(audience, audience.languages, clauses, parameters)
    if audience.missing_translation == SKIP:
        _narrow(audience, texts, clauses, parameters)
    if audience.broadcast is not None:
        # What the gateway took has left, whatever came of it; what may have been taken counts as well.
        clauses.append(
            "EXISTS (SELECT 1 FROM outbox x WHERE x.contact_id = c.id AND x.broadcast_id = ? AND x.broadcast_id > 0"
            " AND (x.handed_ms IS NOT NULL OR x.status IN ('sent', 'delivered', 'unknown')))"
        )
        parameters.append(audience.broadcast)
    if through is not None:
        expression, values = channel_of(None, through.all)
        clauses.append(f"{expression} IN ({', '.join('?' * len(through.these))})")
        parameters.extend((*values, *through.these))
    return " AND ".join(clauses), parameters


def channel_of(fixed: str | None, channels: Sequence[str]) -> tuple[str, list[Any]]:
    """An expression for the channel a person's message leaves through: *fixed*, or the one they last wrote to if it is
    among *channels*, else the first of these."""
    if fixed is not None:
        return "CAST(? AS text)", [fixed]
    if len(channels) == 1:
        return "CAST(? AS text)", [channels[0]]
    marks = ", ".join("?" * len(channels))
    return (
        f"CASE WHEN c.last_channel IN ({marks}) THEN c.last_channel ELSE CAST(? AS text) END",
        [*channels, channels[0]],
    )


def by_text(audience: Audience, values: dict[str, int], texts: Sequence[str]) -> tuple[str, list[Any]]:
    """An expression that gives a person's number out of *values* (language → number) by the text they get."""
    rest = values[fallback_language(audience, texts)]
    arms = [(language, values[language]) for language in texts if values[language] != rest]
    if not arms:
        return str(int(rest)), []
    whens = " ".join(f"WHEN ? THEN {int(value)}" for _, value in arms)
    expression = f"CASE COALESCE(c.language, ?) {whens} ELSE {int(rest)} END"
    return expression, [audience.default_language, *(language for language, _ in arms)]


def topic_ids(connection: Connection, codes: Sequence[str]) -> list[int]:
    where, listed = sql.among(connection, "code", codes)
    return [int(key) for (key,) in sql.run(connection, f"SELECT id FROM topic WHERE {where}", (listed,))]


def place_ids(connection: Connection, codes: Sequence[str]) -> list[int]:
    """Of the places named and of all below them."""
    rows = sql.run(connection, "SELECT id, code, parent FROM place").all()
    below: dict[str | None, list[str]] = {}
    for _, code, parent in rows:
        below.setdefault(parent, []).append(code)
    wanted: set[str] = set()
    open_codes = list(codes)
    while open_codes:
        code = open_codes.pop()
        if code not in wanted:
            wanted.add(code)
            open_codes.extend(below.get(code, ()))
    return [int(key) for key, code, _ in rows if code in wanted]


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(str(int(key)) for key in ids) or "-1"


def _narrow(audience: Audience, languages: Sequence[str], clauses: list[str], parameters: list[Any]) -> None:
    clauses.append(f"COALESCE(c.language, ?) IN ({', '.join('?' * len(languages))})")
    parameters.extend((audience.default_language, *languages))
