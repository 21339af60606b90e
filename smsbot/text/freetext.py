"""What asks for nothing that we know: a message for people, or a place's name that only a question makes an answer."""

from __future__ import annotations

from collections.abc import Sequence

from smsbot.text.arguments import Segment
from smsbot.text.fold import script
from smsbot.text.message import Message
from smsbot.text.places import NOTHING as NOWHERE
from smsbot.text.understood import Intent, Understood

PLACE = "place"
"""The rule of free text that is one place's name and nothing else."""
_ONE = frozenset("Il|")  # typed for 1; only the answer to a question with numbers
_TELLING_WORDS = 2  # of one language, from which a sentence is taken to be in it
_PLACE_WORDS = 4  # of a message that may be nothing but a place


def _spoken(parts: Sequence[Segment]) -> str | None:
    """The language of a sentence in Latin letters: two words that only it has, and more than any other has."""
    counts: dict[str, int] = {}
    for part in parts:
        if part.spoken is not None:
            counts[part.spoken] = counts.get(part.spoken, 0) + 1
    most = max(counts.values(), default=0)
    spoken = [language for language, count in counts.items() if count == most]
    return spoken[0] if most >= _TELLING_WORDS and len(spoken) == 1 else None


def other(message: Message) -> Understood:
    """Free text. A message of a few words may still be a place, which only a pending question makes an answer."""
    parts, cleaned = message.parts, message.cleaned
    sighting = message.vocabulary.places.look(cleaned, message.found) if len(parts) <= _PLACE_WORDS else NOWHERE
    places = sighting.codes
    language = next(
        (part.meanings[0].language for part in parts if part.meanings and script(part.tokens[0].raw) != "Latn"), None
    ) or _spoken(parts)
    return Understood(
        Intent.OTHER, numbers=(1,) if cleaned.strip() in _ONE else (),
        place=places[0] if len(places) == 1 else None, places=places, argument=cleaned.strip(),
        language=language, rule=PLACE if sighting.certain else "",
    )  # fmt: skip
