"""The texts of a broadcast as they leave: as they were written, or with the sentence that says where STOP goes.

Counts, parts and costs are kept by *key*: the language, and the number of that sentence if there is one (`en`,
`en 2200`). People see languages: `by_language` and `texts` put the variants of one together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from smsbot.dialogue.stop_hint import StopHint
from smsbot.store import sql
from smsbot.store.shares import TextShare
from smsbot.text.gsm7 import measure


@dataclass(frozen=True, slots=True)
class Variant:
    """A row of `broadcast_text`."""

    id: int
    language: str
    encoding: str
    units: int
    parts: int
    hint: str = ""

    @property
    def key(self) -> str:
        return key(self.language, self.hint)


def key(language: str, hint: str) -> str:
    return f"{language} {hint}" if hint else language


def split(variant: str) -> tuple[str, str]:
    """Language and hint behind a key."""
    language, _, hint = variant.partition(" ")
    return language, hint


def write(texts: Mapping[str, str], hint: StopHint | None) -> dict[str, str]:
    """Language → text, as key → text for channels whose texts end with *hint*."""
    if hint is None:
        return dict(texts)
    found: dict[str, str] = {}
    for language, text in texts.items():
        said = hint.add(text, language)
        found[key(language, hint.number if said != text else "")] = said
    return found


def by_language(shares: Mapping[str, TextShare]) -> dict[str, TextShare]:
    """Where a language has two variants: their people together, and the measure of the longer."""
    found: dict[str, TextShare] = {}
    for variant, share in shares.items():
        language, _ = split(variant)
        other = found.get(language)
        if other is None:
            found[language] = share
            continue
        longer = max(share, other, key=lambda each: (each.parts, each.units))
        found[language] = replace(
            longer, recipients=share.recipients + other.recipients, written=share.written + other.written
        )
    return found


def as_shown(texts: Mapping[str, str]) -> dict[str, str]:
    """Key → text as language → text: as it was written, where some people get it so."""
    found: dict[str, str] = {}
    for variant, text in texts.items():
        language, hint = split(variant)
        if not hint or language not in found:
            found[language] = text
    return found


def of(connection: Connection, broadcast_id: int, hint: StopHint | None) -> list[Variant]:
    """One text a language for channels with *hint*, in the order given; what is missing is written now.

    A text that holds another number already (the settings have changed meanwhile) leaves as it is.
    """
    rows = sql.run(
        connection,
        "SELECT id, language, encoding, units, parts, hint, text FROM broadcast_text WHERE broadcast_id = ?"
        " ORDER BY id",
        (broadcast_id,),
    ).all()
    wanted = "" if hint is None else hint.number
    chosen: dict[str, Variant] = {}
    words: dict[str, str] = {}
    for row in rows:
        found = Variant(int(row.id), row.language, row.encoding, int(row.units), int(row.parts), row.hint)
        before = chosen.get(row.language)
        if before is None or row.hint == wanted or (before.hint != wanted and not row.hint):
            chosen[row.language], words[row.language] = found, row.text
    if hint is None:
        return list(chosen.values())
    return [
        found if found.hint else _hinted(connection, broadcast_id, found, hint, words[language])
        for language, found in chosen.items()
    ]


def hinted(connection: Connection, text_id: int, hint: StopHint) -> Variant:
    """The variant of one text with *hint*: found, or written now."""
    row = sql.run(
        connection,
        "SELECT broadcast_id, language, encoding, units, parts, hint, text FROM broadcast_text WHERE id = ?",
        (text_id,),
    ).one()
    plain = Variant(text_id, row.language, row.encoding, int(row.units), int(row.parts), row.hint)
    return plain if plain.hint else _hinted(connection, int(row.broadcast_id), plain, hint, row.text)


def _hinted(connection: Connection, broadcast_id: int, plain: Variant, hint: StopHint, text: str) -> Variant:
    said = hint.add(text, plain.language)
    if said == text:
        return plain
    found = sql.run(
        connection,
        "SELECT id, encoding, units, parts FROM broadcast_text"
        " WHERE broadcast_id = ? AND language = ? AND hint = ? AND text = ?",
        (broadcast_id, plain.language, hint.number, said),
    ).first()
    if found is not None:
        return Variant(int(found[0]), plain.language, found[1], int(found[2]), int(found[3]), hint.number)
    cost = measure(said)
    made = sql.run(
        connection,
        "INSERT INTO broadcast_text (broadcast_id, language, text, encoding, units, parts, hint)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (broadcast_id, plain.language, said, cost.encoding, cost.units, cost.parts, hint.number),
    ).one()
    return Variant(int(made[0]), plain.language, cost.encoding, cost.units, cost.parts, hint.number)
