"""Texts that ask for nothing: those that nobody wrote to us (out-of-office answers, notes of delivery, a network's own
words), people who tell that the number is not the one we think, and thanks.

A machine's text is never answered and never obeyed, whatever words are in it. The phrases are data, one file for each
language (`locales/LANG/senders.yaml`), and all of them count whatever languages the bot speaks: a machine asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from smsbot.dialogue.latin import latin
from smsbot.text.fold import clean, lower, words

MACHINE = "machine"
NOT_ME = "not_me"
THANKS = "thanks"
SECTIONS = (MACHINE, NOT_ME, THANKS)
GESTURES = frozenset("👍👌👏🙏🤝❤💙💚💛🧡💜🤍♥😊🙂😀😃😄😁🥰😍🎉🌹💐☺")
"""Signs of thanks and approval, without the variants of their colour."""
_VARIANTS = re.compile(r"[\s\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]")
SHORTEST = 8
"""Letters of a machine's phrase at least: shorter ones stand in ordinary sentences too."""

Listed = Mapping[str, Sequence[str]]
"""Section → phrases of one language."""


@dataclass(frozen=True, slots=True)
class Senders:
    """Build it with `Senders.build`; without phrases it takes nobody for a machine."""

    machine: re.Pattern[str] | None = None
    not_me: frozenset[str] = frozenset()
    thanks: frozenset[str] = frozenset()

    @classmethod
    def build(cls, listed: Iterable[Listed]) -> Self:
        """Georgian phrases count in Latin letters as well."""
        phrases: dict[str, set[str]] = {section: set() for section in SECTIONS}
        for sections in listed:
            for section in SECTIONS:
                for phrase in sections.get(section, ()):
                    phrases[section] |= {flat(phrase), flat(latin(phrase))}
        machine = sorted(phrases[MACHINE], key=len, reverse=True)
        pattern = re.compile(rf"(?:^| )(?:{'|'.join(map(re.escape, machine))})(?: |$)") if machine else None
        return cls(pattern, frozenset(phrases[NOT_ME]), frozenset(phrases[THANKS]))

    def is_machine(self, text: str) -> bool:
        """Did a machine write *text*?"""
        if self.machine is None or len(text) < SHORTEST:
            return False
        return self.machine.search(flat(text)) is not None

    def is_not_me(self, text: str, *, stops: bool) -> bool:
        """Does *text* tell that the number belongs to somebody else? *stops*: it asks us to stop, so the phrase may
        stand among other words; else it must be the whole message ("the wrong number is on your site" is a report)."""
        if not self.not_me:
            return False
        said = flat(text)
        if said in self.not_me:
            return True
        return stops and any(f" {phrase} " in f" {said} " for phrase in self.not_me)

    def is_thanks(self, text: str) -> bool:
        """Is *text* nothing but thanks? They are not answered with a sentence that we did not understand."""
        signs = _VARIANTS.sub("", text)
        return flat(text) in self.thanks or (bool(signs) and GESTURES.issuperset(signs))


def flat(text: str) -> str:
    """Lower-case words with one space between them, without signs."""
    return " ".join(words(lower(clean(text)).replace("ё", "е")))
