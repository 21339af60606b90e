"""What was worked out of single words, kept for when they come again.

Most words of a text have been in another one. Only words are kept, never texts; and when there are many, all are let
go, so that what stays is small and none of it is old.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

CACHE_LIMIT = 20_000  # words
_Word = TypeVar("_Word")
_T = TypeVar("_T")


class Memory(dict[_Word, _T]):
    """`memory[word]` is what *work* makes of the word: worked out when first asked for."""

    __slots__ = ("_work",)

    def __init__(self, work: Callable[[_Word], _T]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, word: _Word) -> _T:
        found = self._work(word)
        if len(self) >= CACHE_LIMIT:
            self.clear()
        self[word] = found
        return found
