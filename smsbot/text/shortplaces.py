"""Short names of places with a slip: too near to other words to be found in any text, but not behind "my district is".

`places` compares stems, and of a name of five letters the stem has four. Here whole names are compared.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from smsbot.text.fold import lower
from smsbot.text.keyboard import is_plausible
from smsbot.text.placekeys import keys, spoken_stems, stored_stems
from smsbot.text.typo import SHORTEST, Neighbours

_LONGEST = 6  # letters of a name; longer ones are found by their stems
_LEAST = 4  # letters as typed
_MOST = 10  # with a case ending
_LIKELIEST = 2  # keys of what is typed


class ShortPlaces:
    """Codes by the keys of the short names, and by their stems; filled while the index of places is built."""

    __slots__ = ("_names", "_stems")

    def __init__(self) -> None:
        self._names: Neighbours[str] = Neighbours(SHORTEST, _LONGEST)
        self._stems: Neighbours[tuple[str, str]] = Neighbours(_LEAST, _LONGEST)

    def add(self, key: str, code: str) -> None:
        if SHORTEST <= len(key) <= _LONGEST:
            self._names.add(key, code)
            for stem in stored_stems(key):
                self._stems.add(stem, (stem, code))

    def near(self, split: Sequence[str], taken: Collection[str]) -> set[str]:
        """Codes of the names one letter off what the words *split* are together, case ending or not.

        *taken*: words that mean something else, and are no slip of a name.
        """
        written = "".join(split)
        if not _LEAST <= len(written) <= _MOST or lower(written) in taken:
            return set()
        found: set[str] = set()
        for key in keys(written)[:_LIKELIEST]:
            found.update(self._names.find(key, _LEAST))
            for spot in spoken_stems(key) if len(written) >= SHORTEST else ():
                if len(spot) >= SHORTEST:
                    found.update(self._names.find(spot))
                # Where an ending has been taken off too, the stem has all its letters: Canada is no აცანა.
                listed = self._stems.find(spot, _LEAST) if len(spot) >= _LEAST else ()
                found.update(code for stem, code in listed if len(stem) == len(spot) and is_plausible(spot, stem))
        return found
