"""Texts that ask for nothing: those that nobody wrote to us (out-of-office answers, notes of delivery, a network's own
words), people who tell that the number is not the one we think, and thanks.

A machine's text is never answered and never obeyed, whatever words are in it. The phrases are data, one file for each
language (`locales/LANG/senders.yaml`), and all of them count whatever languages the bot speaks: a machine asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from smsbot.dialogue.latin import latin
from smsbot.text.fold import clean, lower, words
from smsbot.values import value

MACHINE = "machine"
NOT_ME = "not_me"
THANKS = "thanks"
SECTIONS = (MACHINE, NOT_ME, THANKS)
GESTURES = frozenset("👍👌👏🙏🤝❤💙💚💛🧡💜🤍♥😊🙂😀😃😄😁🥰😍🎉🌹💐☺")
"""Signs of thanks and approval, without the variants of their colour."""
_VARIANTS = re.compile(r"[\s\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]")

Listed = Mapping[str, Sequence[str]]
"""Section → phrases of one language."""


@value(frozen=True, slots=True)
class Sender:
    """What a text tells of who wrote it. *not_me*: the whole of it tells that the number is somebody else's; *denies*:
    that stands in it among other words."""

    machine: bool = False
    not_me: bool = False
    denies: bool = False
    thanks: bool = False


NOBODY = Sender()


@dataclass(frozen=True, slots=True)
class Senders:
    """Build it with `Senders.build`; without phrases it takes nobody for a machine. *heads*: the first word of each
    phrase → the phrases, as words."""

    heads: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = field(default_factory=lambda: MappingProxyType({}))
    whole: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # a whole message → its section

    @classmethod
    def build(cls, listed: Iterable[Listed]) -> Self:
        """Georgian phrases count in Latin letters as well."""
        heads: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
        whole: dict[str, str] = {}
        for sections in listed:
            for section in SECTIONS:
                for phrase in sections.get(section, ()):
                    for spelled in dict.fromkeys((flat(phrase), flat(latin(phrase)))):
                        words_of = tuple(spelled.split())
                        if not words_of:  # nothing but signs
                            continue
                        whole[spelled] = section
                        if section != THANKS:
                            heads[words_of[0]] = (*heads.get(words_of[0], ()), (section, words_of))
        return cls(MappingProxyType(heads), MappingProxyType(whole))

    def read(self, text: str) -> Sender:
        """A machine's phrase counts anywhere in *text*; thanks only alone."""
        if not self.heads:
            return NOBODY
        said = flat(text)
        spoken = said.split()
        found = {
            section
            for at, word in enumerate(spoken)
            for section, phrase in self.heads.get(word, ())
            if tuple(spoken[at : at + len(phrase)]) == phrase
        }
        section = self.whole.get(said)
        signs = "" if spoken else _VARIANTS.sub("", text)
        thanks = section == THANKS or (bool(signs) and GESTURES.issuperset(signs))
        return Sender(MACHINE in found, section == NOT_ME, NOT_ME in found, thanks)


def flat(text: str) -> str:
    """Lower-case words with one space between them, without signs."""
    return " ".join(words(lower(clean(text)).replace("ё", "е")))
