"""Case endings of topics' names on a key of the Georgian or the Russian fold: topics are found by what is left.

And the listed endings of verbs, which tell another form of a word from a slip.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from smsbot.text.fold import fold_of

_ENDING = re.compile(r"(?:istvis|isgan|idan|dan|stan|tan|tvis|Si|ze|is|it|ad|ma|[smo])$")
_VOWEL = re.compile(r"[aeiouAU]$")


def stem(key: str) -> str:
    """A sound key without case ending and final vowel: `nikeaSi` → `nike`."""
    return _VOWEL.sub("", _ENDING.sub("", key))


def stems(key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((_VOWEL.sub("", key), stem(key), _ENDING.sub("", key))))


def pairs_of_endings(listed: Sequence[str], language: str) -> Iterator[tuple[str, str]]:
    """`ე>ა` as a pair of letters, and as a pair of sounds."""
    keys = fold_of(language).keys
    for rule in listed:
        old, _, new = rule.partition(">")
        yield old, new
        yield from itertools.product(keys(old) if old else ("",), keys(new))
