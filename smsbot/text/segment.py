"""A listed phrase in a message, or a word without meaning, and what it is beside a stop word."""

from __future__ import annotations

from collections.abc import Sequence

from smsbot.text.lexicon import Token
from smsbot.text.meaning import Meaning
from smsbot.text.understood import Intent
from smsbot.text.words import Role
from smsbot.values import value

_NOTHING: frozenset[Role] = frozenset()
_STOPPING = frozenset({Role.PHRASE, Role.REFUSAL})
_SILENT = frozenset({Role.COURTESY, Role.FILLER, Role.TOPIC_NOUN, Role.MESSAGING, Role.WISH})
HARMLESS = frozenset({Role.COURTESY, Role.MESSAGING, Role.FILLER, Role.REPLY, Role.WISH})
"""Roles of words that beside a stop word leave it a stop."""
_FORMS = frozenset({Role.KEPT, Role.STOP_VERB})
_ANSWERS = frozenset({Intent.ALL, Intent.YES, Intent.NO})  # "stop all"; "no, stop"


@value(frozen=True, slots=True)
class Segment:
    """Tokens that form one listed phrase, or one token without meaning; made by `segment`.

    *stops*: it is a stop word, phrase or refusal. *is_harmless*: beside a stop word it leaves that a stop. *is_silent*:
    beside a topic it names nothing. *concerns_stop*: without one that does, the stop engine has nothing to say.
    *spoken*: the language of all its meanings. *is_strange*: it names nothing that we know.
    """

    tokens: tuple[Token, ...]
    meanings: tuple[Meaning, ...] = ()
    literal: bool = False
    roles: frozenset[Role] = _NOTHING
    intents: frozenset[Intent] = frozenset()
    stops: bool = False
    is_harmless: bool = False
    is_silent: bool = False
    concerns_stop: bool = False
    spoken: str | None = None
    is_strange: bool = False

    @property
    def number(self) -> int | None:
        return self.tokens[0].number if len(self.tokens) == 1 else None

    @property
    def text(self) -> str:
        return " ".join([token.text for token in self.tokens])

    @property
    def raw(self) -> str:
        """The first word, case kept: folding reads capitals."""
        return self.tokens[0].raw

    @property
    def last(self) -> str:
        return self.tokens[-1].text

    @property
    def names_language(self) -> bool:
        return any(meaning.names_language is not None for meaning in self.meanings)

    def has(self, role: Role) -> bool:
        return role in self.roles

    def asks(self, intent: Intent) -> bool:
        return intent in self.intents

    def meaning(self, intent: Intent | None = None, *roles: Role) -> Meaning | None:
        """The first meaning with that intent or one of those roles."""
        for meaning in self.meanings:
            if (intent is not None and meaning.intent is intent) or meaning.role in roles:
                return meaning
        return None


def segment(tokens: Sequence[Token], meanings: Sequence[Meaning] = (), *, literal: bool = False) -> Segment:
    """A segment with *meanings*. English words are English even where another language uses them too (STOP)."""
    if not meanings:
        first = tokens[0]
        return Segment(tuple(tokens), literal=literal, is_strange=first.number is None and first.inflected is None)
    spoken = {meaning.language for meaning in meanings}
    roles = frozenset([meaning.role for meaning in meanings if meaning.role is not None])
    intents = frozenset([meaning.intent for meaning in meanings if meaning.intent is not None])
    stops = Intent.STOP in intents or not roles.isdisjoint(_STOPPING)
    return Segment(
        tuple(tokens),
        tuple(sorted(meanings, key=lambda meaning: meaning.language != "en")) if "en" in spoken else tuple(meanings),
        literal,
        roles,
        intents,
        stops=stops,
        is_harmless=not roles.isdisjoint(HARMLESS) or not intents.isdisjoint(_ANSWERS),
        is_silent=not roles.isdisjoint(_SILENT),
        concerns_stop=stops or not roles.isdisjoint(_FORMS),
        spoken=spoken.pop() if len(spoken) == 1 else None,
    )
