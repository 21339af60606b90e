"""Guessing a language from the letters alone, for people whose words told nothing."""

from __future__ import annotations

from collections import Counter

from smsbot.text.fold import MAX_CHARS, clean, lower, script

_BY_SCRIPT = {"Geor": "ka", "Armn": "hy", "Cyrl": "ru"}
# Letters that of our Latin-script languages only Azerbaijani has (ö, ü, ç also occur in German and Turkish names).
_AZERBAIJANI = frozenset("əğış")


def guess(text: str, default: str | None = None) -> str | None:
    """The language that most of the letters of *text* belong to; *default* for plain Latin or no letters."""
    cleaned = clean(text[:MAX_CHARS])
    if cleaned.isascii():
        return default
    counts = Counter(script(char) for char in cleaned)
    own = {name: counts[name] for name in _BY_SCRIPT if counts[name]}
    if own:
        return _BY_SCRIPT[max(own, key=lambda name: own[name])]
    return "az" if _AZERBAIJANI & set(lower(cleaned)) else default
