"""Case endings of topics' names on a key of the Georgian or the Russian fold: topics are found by what is left."""

from __future__ import annotations

import re

_ENDING = re.compile(r"(?:istvis|isgan|idan|dan|stan|tan|tvis|Si|ze|is|it|ad|ma|[smo])$")
_VOWEL = re.compile(r"[aeiouAU]$")


def stem(key: str) -> str:
    """A sound key without case ending and final vowel: `nikeaSi` → `nike`."""
    return _VOWEL.sub("", _ENDING.sub("", key))


def stems(key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((_VOWEL.sub("", key), stem(key), _ENDING.sub("", key))))
