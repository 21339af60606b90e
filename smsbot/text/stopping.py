"""The stop engine: who asks to stop is stopped, whatever the wording; who says "stop" about something else is not.

This is law, not taste: a stop word with only courtesy and words of messaging around it stops; with other content it
never does; a negated one never does; what is near is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from itertools import pairwise

from smsbot.text import signature
from smsbot.text.arguments import DOUBTFUL_NAME, Segment, read_argument, slipped_topic
from smsbot.text.fold import lower, words
from smsbot.text.reading import script_of
from smsbot.text.signature import Signature
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Meaning, Vocabulary
from smsbot.text.words import Role

ABOUT = "about"
"""The rule of a stop phrase that goes on about something; a slip in what follows may be all there is to it."""
SENTENCE = "sentence"
"""The rule of a stop word within other content."""
_STOP_ROLES = frozenset({Role.PHRASE, Role.REFUSAL})
_SHORT_WORD = 2  # letters of a known word that may be a misspelt negation all the same
_REACH = 2  # phrases between a negation and the stop word it negates
_SENDING_ENDS = frozenset({"stop", "quit", "cease"})  # begin English phrases whose object is what we send
_TWO = 2  # clauses
_CLAUSE = re.compile(r"[,.;:!?\n]+")
_CLAUSE_ENDS = tuple(",.;:!?\n-")


def read(parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    """The stop, leave, keep or stop sentence in *parts*, or None if no stop word is in them."""
    for part in parts:
        if part.concerns_stop:
            return _read(parts, cleaned, vocabulary)
    return None


def _read(parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    content = [part for part in parts if Role.COURTESY not in part.roles or Intent.STOP in part.intents]
    spots = [index for index, part in enumerate(content) if part.stops]
    if not spots:
        return _by_form(content, parts, cleaned, vocabulary)
    first = content[spots[0]]
    meaning = _stop_meaning(first)
    negated = [spot for spot in spots if _is_negated(content, spot)]
    if negated:
        intent = Intent.KEEP if _leads(content, negated[0]) else Intent.STOP_SENTENCE
        return _answer(intent, meaning, cleaned, "negated")
    if len(spots) > 1 and _refuses_to_stop(content, spots, cleaned):
        return _answer(Intent.KEEP, meaning, cleaned, "negated")
    if _may_refuse_to_stop(content, cleaned) or any(_may_be_negated(content, spot, vocabulary) for spot in spots):
        return _answer(Intent.MAYBE_STOP, meaning, cleaned, "negated?")
    others = [part for index, part in enumerate(content) if index not in spots]
    strangers = [part for part in others if not part.is_harmless]
    signed = signature.read(strangers, vocabulary)
    if signed is Signature.SURE:
        clear = any(content[spot].has(Role.CORE) or not content[spot].asks(Intent.STOP) for spot in spots)
        return _answer(Intent.STOP if clear else Intent.MAYBE_STOP, meaning, cleaned, "courtesy")
    if not strangers:
        return _undisturbed(content, spots, others, meaning, cleaned)
    leaving = _leave(content, others, meaning) or _leave_slipped(content, others, meaning, vocabulary)
    if leaving is not None:
        return leaving
    asked = spots[0] > 0 and any(part.has(Role.ASKING) for part in content[: spots[0]])
    if not asked and any(part.has(Role.PHRASE) for part in content):
        about = _is_about_something(content, cleaned) or _is_told_of(content, cleaned, vocabulary)
        return (
            _answer(Intent.MAYBE_STOP, meaning, cleaned, ABOUT)
            if about
            else _answer(Intent.STOP, meaning, cleaned, "phrase")
        )
    command = next((content[spot] for spot in spots if content[spot].asks(Intent.STOP)), None)
    if command is None:
        if asked:
            return _answer(Intent.STOP_SENTENCE, meaning, cleaned, SENTENCE)
        return _refused(content, others, strangers, meaning, cleaned)
    if any(part.intents for part in strangers) and not read_argument([p for p in strangers if not p.intents]).unknown:
        # "STOP START", "stop help", "JOIN BUDGET STOP": two commands at once
        return _answer(Intent.MAYBE_STOP, meaning, cleaned, "mixed")
    likely = (signed is Signature.LIKELY and len(others) == len(strangers)) or _ends_in_stop(parts, cleaned)
    if likely or content[0] is command or any(content[spot].has(Role.CORE) for spot in spots):
        return _answer(Intent.MAYBE_STOP if likely else Intent.STOP_SENTENCE, meaning, cleaned, SENTENCE)
    return None


def _undisturbed(
    content: Sequence[Segment], spots: Sequence[int], others: Sequence[Segment], meaning: Meaning, cleaned: str
) -> Understood:
    """A stop word among nothing but courtesy, messaging and filling: a stop, unless the filling makes a statement."""
    first = content[spots[0]]
    commanded = any(content[spot].asks(Intent.STOP) for spot in spots)
    if not commanded and any(part.has(Role.INFLUENCE) for part in others):
        return _answer(Intent.MAYBE_STOP, meaning, cleaned, "phrase")
    if commanded and not meaning.denies and _states(content, spots):
        return _answer(Intent.MAYBE_STOP, meaning, cleaned, "statement")
    rule = "phrase" if first.has(Role.PHRASE) or first.has(Role.REFUSAL) else "courtesy"
    every = any(part.asks(Intent.ALL) for part in others)
    return _answer(Intent.STOP, meaning, cleaned, rule, every=every)


def _states(content: Sequence[Segment], spots: Sequence[int]) -> bool:
    """ "It is off", "the end", დღეს გათიშვა: words of ours that tell of something, and order nothing."""
    spot = spots[0]
    stop = content[spot]
    for part, following in pairwise(content[: spot + 1]):
        if part.has(Role.TELLING) and not (part.has(Role.ARTICLE) and following.has(Role.MESSAGING)):
            return True  # but bu mesajları, "these messages"
    if any(part.has(Role.MESSAGING) for part in content if not part.stops):
        return False
    if stop.has(Role.NOUN) and spot > 0 and content[spot - 1].has(Role.ARTICLE):
        return True
    return not stop.has(Role.CORE) and any(part.has(Role.TELLING) for part in content[spot + 1 :])


def _refuses_to_stop(content: Sequence[Segment], spots: Sequence[int], cleaned: str) -> bool:
    """ "Don't want" before the stop itself, in one clause: არ მინდა გამოწერის გაუქმება, не хочу отписаться."""
    for left, right in pairwise(spots):
        between = content[left + 1 : right]
        if (
            content[left].has(Role.REFUSAL)
            and content[right].has(Role.OBJECT)
            and all(part.has(Role.FILLER) or part.has(Role.MESSAGING) for part in between)
            and not _parted(cleaned, content[left].last)
        ):
            return True
    return False


def _may_refuse_to_stop(content: Sequence[Segment], cleaned: str) -> bool:
    """The stop, and behind it "don't want": გამოწერის გაუქმება არ მინდა. In English the first word alone decides."""
    for left, right in pairwise(content):
        if Role.OBJECT not in left.roles or Role.REFUSAL not in right.roles:
            continue
        what, refusal = left.meaning(None, Role.OBJECT), right.meaning(None, Role.REFUSAL)
        if what is not None and refusal is not None and what.language == refusal.language != "en":
            return not _parted(cleaned, left.last)
    return False


def _parted(cleaned: str, word: str) -> bool:
    """Whether a clause ends behind *word*."""
    after = lower(cleaned).partition(word)[2].lstrip(" \"')")
    return after[:1] in _CLAUSE_ENDS


def _ends_in_stop(parts: Sequence[Segment], cleaned: str) -> bool:
    """Whether the last clause is a stop and nothing else: "I never signed up for this, stop please"."""
    if not (parts[-1].stops or parts[-1].has(Role.COURTESY)):
        return False
    clauses = [found for clause in _CLAUSE.split(cleaned) if (found := words(clause))]
    if len(clauses) < _TWO:
        return False
    left, stops = len(clauses[-1]), False
    for part in reversed(parts):
        if left <= 0:
            break
        if not (part.stops or part.has(Role.COURTESY)):
            return False
        left -= len(part.tokens)
        stops = stops or part.asks(Intent.STOP)
    return stops and left == 0


def _is_about_something(content: Sequence[Segment], cleaned: str) -> bool:
    """ "Take me off the queue for housing", "don't send me the inspector": each phrase goes on, and not about us."""
    for spot, part in enumerate(content):
        if not part.has(Role.PHRASE):
            continue
        if part.meanings[0].denies and _points(content[spot + 1 : spot + 2]):  # "don't send me this nonsense"
            return False
        follows = next((each for each in content[spot + 1 :] if not each.has(Role.FILLER)), None)
        if follows is None or follows.is_harmless or follows.stops or _parted(cleaned, part.last):
            return False
        sending = part.meanings[0].denies or part.tokens[0].text in _SENDING_ENDS
        if sending and content[-1].has(Role.MESSAGING) and _strangers(content) == 1:  # "your stupid messages"
            return False
    return True


def _is_told_of(content: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> bool:
    """ "The kids don't contact me", ქვითარს ნუ გამომიგზავნით: right before each phrase, who does it or what is sent."""
    spots = [spot for spot, part in enumerate(content) if part.has(Role.PHRASE)]
    for spot in spots:
        before = content[spot - 1] if spot else None
        meaning = content[spot].meanings[0]
        if before is None or not before.is_strange or not meaning.denies or _parted(cleaned, before.last):
            return False
        if meaning.language != "en" and not before.last.endswith(vocabulary.sent):
            return False
    return True


def _points(after: Sequence[Segment]) -> bool:
    """Whether "this" or "your" follows. English is left out: its list has "the" too."""
    return any(each.has(Role.ARTICLE) and each.meanings[0].language != "en" for each in after)


def _strangers(content: Sequence[Segment]) -> int:
    return sum(1 for part in content if not part.is_harmless and not part.stops)


def _leave(content: Sequence[Segment], others: Sequence[Segment], meaning: Meaning) -> Understood | None:
    """`STOP BUDGET`, `ბიუჯეტი გააუქმეთ`: a stop word, and nothing else but topics and numbers.

    "Cancel" and "turn off" need the topic's own name: "cancel the construction" is about a construction.
    """
    for part in others:
        if part.is_strange:
            return None
    command = content[0] if content[0].stops else content[-1]
    argument = read_argument(others)
    if argument.unknown or not (argument.topics or argument.numbers):
        return None
    clear = command.has(Role.CORE) or command.has(Role.PHRASE)
    refused = command.has(Role.REFUSAL) and not command.asks(Intent.STOP)  # "don't want budget"
    if not (clear or argument.by_name) or (refused and not argument.topics):
        return None
    doubtful = refused or (argument.topics and not (clear and argument.by_name))  # "stop construction": theirs, or none
    return Understood(
        Intent.LEAVE, argument.topics, argument.numbers, argument=_rest(others), language=meaning.language,
        script=script_of(meaning.language, command.text), keyword=meaning.word,
        rule=DOUBTFUL_NAME if doubtful else "exact" if command.literal else "fold",
    )  # fmt: skip


def _leave_slipped(
    content: Sequence[Segment], others: Sequence[Segment], meaning: Meaning, vocabulary: Vocabulary
) -> Understood | None:
    """`STOP BUGDET`."""
    slipped = slipped_topic(others, vocabulary) if content[0].asks(Intent.STOP) else None
    if slipped is None:
        return None
    return Understood(
        Intent.LEAVE, (slipped,), argument=_rest(others), language=meaning.language,
        script=script_of(meaning.language, content[0].text), keyword=meaning.word, rule=DOUBTFUL_NAME,
    )  # fmt: skip


def _asks_stop(meaning: Meaning) -> bool:
    return meaning.intent is Intent.STOP or meaning.role in _STOP_ROLES


def _stop_meaning(part: Segment) -> Meaning:
    return part.meaning(Intent.STOP, Role.PHRASE, Role.REFUSAL) or part.meanings[0]


def _is_negated(content: Sequence[Segment], spot: int) -> bool:
    """Whether a negation stands shortly before; a phrase with its own ("don't text me") cannot be turned round."""
    before = content[max(0, spot - _REACH) : spot]
    if not any(part.has(Role.NEGATOR) for part in before):
        return False
    return not any(meaning.denies for meaning in content[spot].meanings if _asks_stop(meaning))


def _may_be_negated(content: Sequence[Segment], spot: int, vocabulary: Vocabulary) -> bool:
    """Whether a misspelt "not" stands shortly before: "please do nott stop these messages", я на хочу отписаться."""
    if spot == 0 or any(meaning.denies for meaning in content[spot].meanings if _asks_stop(meaning)):
        return False
    spoken = {meaning.language for meaning in content[spot].meanings}
    return any(
        _may_be_not(part, spoken) and vocabulary.short.may_deny(part.last, spoken)
        for part in content[max(0, spot - _REACH) : spot]
    )


def _may_be_not(part: Segment, spoken: Set[str | None]) -> bool:
    """Whether *part* is one word, strange or so short that it may be a slip of the "not" of a language of *spoken*."""
    if len(part.tokens) > 1 or part.stops or part.has(Role.COURTESY) or part.has(Role.MESSAGING):
        return False
    if any(meaning.intent is not None and meaning.language in spoken for meaning in part.meanings):
        return False
    return part.is_strange or len(part.last) <= _SHORT_WORD


def _leads(content: Sequence[Segment], spot: int) -> bool:
    """Whether nothing but filling stands before the negation, or nothing but filling in the whole message."""
    start = next(index for index, part in enumerate(content) if part.has(Role.NEGATOR))
    return start <= spot and all(part.is_harmless for part in content[:start])


def _refused(
    content: Sequence[Segment], others: Sequence[Segment], strangers: Sequence[Segment], meaning: Meaning, cleaned: str
) -> Understood | None:
    """ "I don't want" with other content: a stop if the messages are what is not wanted, else perhaps."""
    if not any(part.has(Role.MESSAGING) for part in others):
        return None
    if any(part.has(Role.INFLUENCE) for part in others):
        return _answer(Intent.MAYBE_STOP, meaning, cleaned, "phrase")
    spot = next(index for index, part in enumerate(content) if part.has(Role.REFUSAL))
    beside = [*content[max(0, spot - 3) : spot], *content[spot + 1 : spot + 4]]
    if any(part.has(Role.MESSAGING) for part in beside) and not strangers:
        return _answer(Intent.STOP, meaning, cleaned, "phrase")
    return _answer(Intent.MAYBE_STOP, meaning, cleaned, ABOUT)


def _by_form(
    content: Sequence[Segment], parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary
) -> Understood | None:
    """Forms of stop verbs that are no command alone: negated they keep, beside courtesy or messaging they stop."""
    for spot, part in enumerate(content):
        kept = part.meaning(None, Role.KEPT)
        if kept is not None:
            return _answer(Intent.KEEP, kept, cleaned, "negated")
        found = part.meaning(None, Role.STOP_VERB)
        if found is None:
            continue
        if _is_negated(content, spot):
            return _answer(Intent.KEEP, found, cleaned, "negated")
        if all(other.is_harmless for other in parts if other is not part):
            beside = any(
                other.has(Role.COURTESY) or other.has(Role.MESSAGING) or other.has(Role.WISH)
                for other in parts
                if other is not part
            )
            clear = (
                beside and not part.has(Role.ORDINARY) and not _may_be_negated(content, spot, vocabulary)
            )  # դադար is a pause as well
            return _answer(Intent.STOP if clear else Intent.MAYBE_STOP, found, cleaned, "courtesy")
    return None


def _rest(others: Sequence[Segment]) -> str:
    return " ".join(part.text for part in others)


def _answer(intent: Intent, meaning: Meaning, cleaned: str, rule: str, *, every: bool = False) -> Understood:
    if meaning.typo and rule == "courtesy":
        rule = "typo"
    return Understood(
        intent, argument=cleaned.strip(), language=meaning.language, script=script_of(meaning.language, cleaned),
        keyword=lower(meaning.word), rule=rule, every=every,
    )  # fmt: skip
