"""Conversations that staff can read and a machine can play.

    language: ka
    place: nikea | ka ნიკეა | en Nikea
    # comment
    > JOIN
    < Kutaisi City Hall. Reply with numbers, …
    @ +25h
    > STOP
    < (silence)

`>` is what the citizen sends, `<` each reply expected (in order; all of them), `…` stands for any words, `@ +25h` moves
the time (`m`, `h`, `d`), `---` begins with another person. `= word` checks the person's standing: `= stopped`,
`= topics budget culture`, `= inbox unknown`. `> (nothing)` is an empty text.
`place:` lines, before the first text, are the places of this conversation (`under CODE`: the place above).
A line that begins with two spaces continues the one above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from smsbot.clock import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from smsbot.dialogue.engine import Engine
from smsbot.dialogue.model import Contact, Conversation, Inbound, Outcome, Place
from smsbot.errors import ContentError

SILENCE = "(silence)"
NOTHING = "(nothing)"
ANY = "…"
BEGIN_MS = 1_772_791_200_000  # 6 March 2026, 14:00 in Tbilisi: an ordinary Friday
CODE = "4821"
_SPANS = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
_MOVE = re.compile(r"\+(\d+)\s*([smhd])")


@dataclass(frozen=True, slots=True)
class Line:
    kind: str  # one of > < @ = -
    text: str
    number: int


@dataclass(frozen=True, slots=True)
class Transcript:
    file: str
    language: str
    lines: tuple[Line, ...]
    places: tuple[Place, ...] = ()  # the engine to play it with needs these, if there are any


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a conversation went another way than written."""

    file: str
    line: int
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: expected {self.expected!r}, got {self.got!r}"


@dataclass(slots=True)
class Person:
    """The reference of how outcomes are applied: all of one, in order, or nothing."""

    contact: Contact
    conversation: Conversation | None = None
    outcomes: list[Outcome] = field(default_factory=list)

    def apply(self, outcome: Outcome) -> None:
        self.contact = outcome.contact
        self.conversation = outcome.conversation
        self.outcomes.append(outcome)


@dataclass(frozen=True, slots=True)
class Result:
    """*said*: the conversation as it went, ready to print; *differences*: none if all went as written."""

    said: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...]
    person: Person

    @property
    def passed(self) -> bool:
        return not self.differences


def parse(body: str, file: str) -> Transcript:
    """Raises ContentError for a line that is none of the kinds above."""
    language = ""
    lines: list[Line] = []
    places: list[Place] = []
    for number, raw in enumerate(body.splitlines(), 1):
        line = raw.rstrip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("language:") and not lines:
            language = line.partition(":")[2].strip()
        elif line.startswith("place:") and not lines:
            places.append(_place(line.partition(":")[2], len(places) + 1, file, number))
        elif line.startswith("  ") and lines:
            last = lines.pop()
            lines.append(Line(last.kind, f"{last.text} {line.strip()}", last.number))
        elif line == "---":
            lines.append(Line("-", "", number))
        elif line[0] in "><@=":
            lines.append(Line(line[0], line[1:].strip(), number))
        else:
            raise ContentError("a line begins with one of > < @ = #", file=file, line=number)
    return Transcript(file, language, tuple(lines), tuple(places))


def _place(text: str, place_id: int, file: str, number: int) -> Place:
    code, *rest = (piece.strip() for piece in text.split("|"))
    named = dict(piece.split(" ", 1) for piece in rest if " " in piece)
    parent = named.pop("under", None)
    if not code or not named or len(named) + (parent is not None) != len(rest):
        raise ContentError("a place is `code | ka name | en name | under code`", file=file, line=number)
    return Place(place_id, code, named, parent=parent)


def play(transcript: Transcript, engine: Engine, *, code: Callable[[], str] = lambda: CODE) -> Result:
    """Play *transcript* with one person, from the first text on. No I/O: the engine is pure, so is this."""
    person = Person(Contact("+995555000001"))
    said: list[tuple[str, str]] = []
    differences: list[Difference] = []
    waiting: list[str] = []  # replies to the last text that no line has claimed
    now_ms = BEGIN_MS
    last = 0

    def expect_nothing_more() -> None:
        differences.extend(Difference(transcript.file, last, SILENCE, reply) for reply in waiting)
        waiting.clear()

    for line in transcript.lines:
        match line.kind:
            case ">":
                expect_nothing_more()
                now_ms += SECOND_MS
                text = "" if line.text == NOTHING else line.text.replace("\\n", "\n")
                outcome = engine.step(person.contact, person.conversation, Inbound(text, now_ms), code=code)
                person.apply(outcome)
                waiting = list(outcome.replies)
                said.append((">", line.text))
                said.extend(("<", reply) for reply in outcome.replies or (SILENCE,))
            case "<":
                got = waiting.pop(0) if waiting else SILENCE
                if not matches(line.text, got):
                    differences.append(Difference(transcript.file, line.number, line.text, got))
            case "@":
                expect_nothing_more()
                now_ms += span_ms(line, transcript.file)
                said.append(("@", line.text))
            case "-":
                expect_nothing_more()
                person = Person(Contact("+995555000001"))
                said.append(("-", ""))
            case _:
                differences.extend(_standing(line, transcript.file, person))
        last = line.number
    expect_nothing_more()
    return Result(tuple(said), tuple(differences), person)


def span_ms(line: Line, file: str) -> int:
    found = _MOVE.fullmatch(line.text)
    if found is None:
        raise ContentError("time moves by +30m, +25h or +3d", file=file, line=line.number)
    return int(found[1]) * _SPANS[found[2]]


def matches(expected: str, got: str) -> bool:
    """Equal, where `…` in *expected* stands for any text, none included."""
    pattern = ".*".join(re.escape(piece.strip()) for piece in expected.replace("\\n", "\n").split(ANY))
    return re.fullmatch(pattern, got, re.DOTALL) is not None


def _standing(line: Line, file: str, person: Person) -> Iterator[Difference]:
    """`= stopped`, `= topics none`, `= topics budget culture`, `= inbox unknown`, `= place nikea`, `= language ru`."""
    word, _, rest = line.text.partition(" ")
    contact = person.contact
    outcome = person.outcomes[-1] if person.outcomes else None
    kept = {
        "topics": " ".join(sorted(contact.topics)) or "none",
        "former": " ".join(contact.former) or "none",
        "place": contact.place or "none",
        "language": contact.language or "none",
        "inbox": (outcome.inbox if outcome else "") or "none",
        "facts": " ".join(f"{fact.action}:{fact.scope}" for fact in outcome.facts) or "none" if outcome else "none",
        "question": f"{person.conversation.flow}.{person.conversation.state}" if person.conversation else "none",
    }
    got = kept.get(word) if rest else contact.state.value
    expected = rest or word
    if word == "topics":
        expected = " ".join(sorted(rest.split()))
    if got != expected:
        yield Difference(file, line.number, line.text, f"{word} {got}" if rest else str(got))
