"""Short names of places with a slip: too near to other words to be found in any text, but not behind "my district is".

`places` compares stems, and of a name of five letters the stem has four. Here whole names are compared too. There is no
further table: the stems that may be meant are those it keeps, and their names are spelled when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from smsbot.text.fold import lower
from smsbot.text.keyboard import is_plausible
from smsbot.text.placekeys import bare_stem, keys, spoken_stems
from smsbot.text.typo import SHORTEST, rests, within_one

_LONGEST = 6  # letters of a name; longer ones are found by their stems
_LEAST = 4  # letters as typed
_MOST = 10  # with a case ending
_LIKELIEST = 2  # keys of what is typed

Names = Callable[[str], Iterable[tuple[str, str]]]
"""The names that have a stem: their keys and codes."""


def near(split: Sequence[str], taken: Collection[str], stems: Mapping[str, Sequence[str]], names: Names) -> set[str]:
    """Codes of the names one letter off what the words *split* are together, case ending or not.

    *taken*: words that mean something else, and are no slip of a name. *stems*: a stem without one letter → stems.
    """
    written = "".join(split)
    if not _LEAST <= len(written) <= _MOST or lower(written) in taken:
        return set()
    found: set[str] = set()
    for key in keys(written)[:_LIKELIEST]:
        spoken = dict.fromkeys((key, bare_stem(key), *(spoken_stems(key) if len(written) >= SHORTEST else ())))
        for spot in spoken:
            for stem in {stem for rest in rests(spot) for stem in stems.get(rest, ())}:
                for name, code in names(stem):
                    cased = len(written) >= SHORTEST and _has_slip(spot, name, stem)
                    if SHORTEST <= len(name) <= _LONGEST and (cased or within_one(key, name)):
                        found.add(code)
    return found


def _has_slip(spot: str, name: str, stem: str) -> bool:
    """Whether *spot*, without its case ending, is *name* with one slip, or *stem*, which is left of that.

    A stem has to have all its letters: Canada is no აცანა.
    """
    if len(spot) >= SHORTEST and within_one(spot, name):
        return True
    return len(stem) == len(spot) >= _LEAST and within_one(spot, stem) and is_plausible(spot, stem)
