"""Slips of the finger: bounded by length, never across commands, and never what cannot be undone.

One slip is one letter more, less or other, or two neighbours swapped. A slip at a word's end that makes another form
of it (გააუქმეს, they cancelled) is no slip. Words of up to four letters have their slips listed one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from smsbot.text import command
from smsbot.text.arguments import DOUBTFUL_NAME, Segment, read_argument
from smsbot.text.fold import fold_of, lower
from smsbot.text.keyboard import is_plausible
from smsbot.text.lexicon import Token
from smsbot.text.message import Message
from smsbot.text.reading import rank, script_of, single
from smsbot.text.typo import SHORTEST, is_other_form, within_one
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import NEVER_A_SLIP, Meaning, Vocabulary
from smsbot.text.words import Role

_NEAR_WORDS = 4  # of content, in which one slip of a stop word is worth a question
_SURE_BESIDE = frozenset({Role.COURTESY, Role.MESSAGING, Role.WISH})
_NEAR_LETTERS = 6
_SURE_TOPIC = 6  # letters of a topic's name that is subscribed to in spite of a slip
_SURE_IN_LATIN = 10  # letters of a further word in plain Latin letters: "concept" and "heading" are English
_ANSWERS = frozenset({Intent.YES, Intent.NO})
_SURE_ALL = 6  # letters of a slipped "all": ყველს is cheese
# Commands that whoever is misunderstood takes back with a word.
_TAKEN_BACK = frozenset(
    {
        Intent.JOIN, Intent.TOPICS, Intent.HELP, Intent.STATUS, Intent.LANG, Intent.AREA, Intent.PAUSE, Intent.RESUME,
        Intent.DATA,
    }
)  # fmt: skip
_INFINITIVE = "ться"
_REFLEXIVE = {"ru": ("ся", "сь")}  # stands behind a verb's ending: отписались beside отписалась
_TELLING = frozenset({Role.TELLING})
_HYPHENED = 2  # words
_FAR_LETTERS = 8  # of a word that is asked about two slips off


def read(message: Message) -> Understood | None:
    """One word, one slip; or a command with one slip before an argument that is wholly known."""
    rest = message.rest
    if not rest or rest[0].meanings:
        return _beside_telling(rest, message)
    answer = _mended(rest, message)
    if answer is not None and len(rest) == 1 and message.vocabulary.places.look(rest[0].raw).certain:
        return None  # განახლება is a village, and no slip for განათლება
    return answer


def _mended(rest: Sequence[Segment], message: Message) -> Understood | None:
    cleaned, vocabulary = message.cleaned, message.vocabulary
    head = rest[0]
    meanings = vocabulary.slips(head.raw)
    if len(rest) == 1 and (not meanings or {found.intent for found in meanings} == {Intent.ALL}):
        return _lost_letter(head, cleaned, vocabulary)
    if len(rest) == 1 and _is_doubtful(head, meanings, vocabulary):
        asked_of = {found.intent or Intent.TOPICS: None for found in meanings}
        return question(asked_of, meanings[0], cleaned) if len(asked_of) == 1 else None
    if not meanings or any(found.intent in NEVER_A_SLIP for found in meanings):
        return None
    if head.raw.isascii() and all(found.intent is Intent.STOP for found in meanings):  # davan: dayan, or davam
        meanings = [*meanings, *vocabulary.shortened(head.tokens[0])]
    meaning = min(meanings, key=rank)
    asked = {found.intent or found.topic for found in meanings}
    if len(rest) == 1 and asked == {Intent.STOP, Intent.LEAVE}:  # ამომალეთ: no topic is named, so all goes either way
        meanings = [found for found in meanings if found.intent is Intent.STOP]
        meaning, asked = min(meanings, key=rank), {Intent.STOP}
    if len(asked) > 1:
        return _tie(meanings, cleaned) if len(rest) == 1 else None
    if meaning.intent is Intent.STOP and is_form_of_any(head.raw, meanings, vocabulary):
        if len(rest) > 1:
            return None
        return Understood(
            Intent.MAYBE_STOP, keyword=meaning.word, rule="near", argument=cleaned.strip(), language=meaning.language
        )
    if len(rest) == 1:
        return _lone(head, meanings, meaning, cleaned, vocabulary)
    return _before_argument(rest, meaning, cleaned, vocabulary)


def beside_courtesy(message: Message) -> Understood | None:
    """The same word as if nothing but it had been sent: "омтенить спасибо"."""
    return read(message) if len(message.rest) == 1 else None


def _before_argument(
    rest: Sequence[Segment], meaning: Meaning, cleaned: str, vocabulary: Vocabulary
) -> Understood | None:
    """*meaning* said by the first word of *rest* with a slip in it, and what follows that."""
    head = rest[0]
    argument = read_argument(rest[1:])
    found = command.Call(head, tuple(rest[1:]), command.after(cleaned, head), argument)
    if meaning.intent in (Intent.AREA, Intent.PAUSE) and argument.unknown:  # ubsni nikea, puase till monday
        answer = command.call(meaning, found, vocabulary)
        return answer if answer is not None and not (answer.unknown or answer.candidates) else None
    if argument.unknown or meaning.intent is None:
        return None
    if meaning.intent is not Intent.STOP:
        return command.call(meaning, found, vocabulary)
    if not (argument.topics or argument.numbers) or not argument.by_name:  # gaaqumeT mSenebloba: a building
        return None
    return Understood(
        Intent.LEAVE, argument.topics, argument.numbers, argument=found.written, language=meaning.language,
        script=script_of(meaning.language, head.text), keyword=meaning.word,
        rule=DOUBTFUL_NAME if argument.topics else "typo",
    )  # fmt: skip


def _lone(
    head: Segment, meanings: Sequence[Meaning], meaning: Meaning, cleaned: str, vocabulary: Vocabulary
) -> Understood:
    """*meaning* said by one word with a slip in it."""
    if meaning.intent is Intent.STOP and vocabulary.is_near_kept(head.tokens[0]):  # bağlma: bağla or bağlama
        return _near(Intent.MAYBE_STOP, meaning, cleaned, "near")
    return single(meanings, "typo", head.text)


def _is_doubtful(head: Segment, meanings: Sequence[Meaning], vocabulary: Vocabulary) -> bool:
    """DELETE, which nothing brings back; and a topic by a short word in Latin letters or another form of its name.

    "Loads", "concept" and дорого (dear) subscribe nobody; in the other scripts such words are few, and listed.
    """
    if is_form_of_any(head.raw, meanings, vocabulary):
        return any(found.topic is not None for found in meanings)
    if all(found.intent is Intent.DELETE for found in meanings):
        return bool(meanings)
    topics = {found.topic for found in meanings}
    if len(topics) == 1 and None not in topics and _is_by_hand(head, meanings, vocabulary):
        return False
    least = _SURE_IN_LATIN if head.raw.isascii() else SHORTEST
    sure = any(len(found.word) >= (min(least, _SURE_TOPIC) if found.own_name else least) for found in meanings)
    return len(topics) == 1 and None not in topics and not sure


def _lost_letter(head: Segment, cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    """Four letters left of a command of five, or a short word in Latin letters: too little to act on, so asked."""
    if len(head.raw) < SHORTEST - 1 or head.tokens[0].number is not None:
        return None
    near = vocabulary.shortened(head.tokens[0])
    found = [meaning for meaning in near if meaning.intent is Intent.STOP]
    if found:
        sure = len(found) == len(near) and not head.raw.isascii() and not _is_doubted(head, found, vocabulary)
        return _near(Intent.STOP if sure else Intent.MAYBE_STOP, found[0], cleaned, "typo" if sure else "near")
    slipped = [] if near else vocabulary.lexicon.slipped_inflections(head.tokens[0])
    near = near or slipped
    meant = {meaning.intent or meaning.topic or meaning.names_language for meaning in near}
    if len(meant) != 1 or meant & _ANSWERS or is_form_of_any(head.raw, near, vocabulary):
        return None
    if _is_by_hand(head, near, vocabulary) or near[0] in slipped:
        return single(near, "typo", head.text)
    first = near[0]
    named = first.intent is None  # a topic or a language: only what is likely is asked about, for "dinner" is no Digər
    if named and not (first.own_name or len(head.raw) >= SHORTEST):
        return None
    if named and not any(is_by_hand(head.tokens[0], meaning.word, meaning.language) for meaning in near):
        return None
    asked = Intent.LANG if first.names_language else first.intent or Intent.TOPICS
    return question({Intent.TOPICS if asked is Intent.ALL else asked: None}, first, cleaned)


def _beside_telling(rest: Sequence[Segment], message: Message) -> Understood | None:
    """`budet`, Russian for "will be" and a letter from budget, alone: asked about."""
    if len(rest) != 1 or rest[0].roles != _TELLING or rest[0].intents or len(rest[0].tokens) != 1:
        return None
    near = message.vocabulary.slips(rest[0].raw)
    if len({meaning.topic for meaning in near}) != 1 or not all(meaning.own_name for meaning in near):
        return None
    return question({Intent.TOPICS: None}, near[0], message.cleaned)


def _is_by_hand(head: Segment, near: Sequence[Meaning], vocabulary: Vocabulary) -> bool:
    """Whether one word is sure to be one of *near*, few as its letters are: all of them there, and the slip a hand's.

    What can be taken back by a word only, and where no other word is as near that means something else.
    """
    if any(meaning.intent is not None and meaning.intent not in _TAKEN_BACK | {Intent.ALL} for meaning in near):
        return False
    least = _SURE_ALL if near[0].intent is Intent.ALL else SHORTEST
    if len(head.raw) < least or vocabulary.is_ordinary_neighbour(head.tokens[0]):
        return False
    return any(is_by_hand(head.tokens[0], meaning.word, meaning.language) for meaning in near)


def is_by_hand(token: Token, word: str, language: str | None) -> bool:
    """Whether *token* may be *word* typed by a hand that slipped, in letters or in sounds."""
    fold = fold_of(language or "")
    spelled = [lower(word), *(fold.spellings(word) if fold.spellings else fold.keys(word))]
    pairs = [(token.text, each) for each in spelled]
    pairs += [(ours, theirs) for ours in dict(token.keys).get(language or "", ()) for theirs in fold.keys(word)]
    return any(within_one(*pair) and is_plausible(*pair) for pair in pairs)


def _is_doubted(head: Segment, found: Sequence[Meaning], vocabulary: Vocabulary) -> bool:
    """Whether four letters may be another word, or another form of a stop word, rather than one that lost a letter."""
    if vocabulary.is_ordinary_neighbour(head.tokens[0]) or is_form_of_any(head.raw, found, vocabulary):
        return True
    return not any(len(lower(head.raw)) < len(meaning.word) for meaning in found)


def hyphened(message: Message) -> Understood | None:
    """`opt-uot`: a stop word that people write with a hyphen, one slip off."""
    cleaned = message.cleaned
    if "-" not in cleaned:
        return None
    tokens = [token for part in message.rest for token in part.tokens]
    if len(tokens) != _HYPHENED or "-".join(token.text for token in tokens) not in lower(cleaned):
        return None
    meanings = message.vocabulary.slips("".join(token.text for token in tokens))
    if not meanings or any(meaning.intent is not Intent.STOP for meaning in meanings):
        return None
    return _near(Intent.STOP, meanings[0], cleaned, "typo")


def near_stop(message: Message) -> Understood | None:
    """A short message with a long stop word one slip off: a stop beside courtesy, else worth a question."""
    parts, cleaned, vocabulary = message.parts, message.cleaned, message.vocabulary
    content = [part for part in parts if not part.is_harmless]
    if not 1 <= len(content) <= _NEAR_WORDS:
        return None
    for part in content:
        if (part.meanings and Role.ORDINARY not in part.roles) or len(part.tokens) != 1:
            continue
        raw = part.tokens[0].raw
        slips = vocabulary.slips(raw) if len(raw) >= _NEAR_LETTERS else ()
        found = [meaning for meaning in slips if meaning.intent is Intent.STOP] if slips else ()
        if not found:
            continue
        if Role.NEGATOR in message.roles:
            return _near(Intent.KEEP, found[0], cleaned, "negated")
        if part.has(Role.ORDINARY) or is_form_of_any(part.raw, found, vocabulary):
            alone = len(content) == 1 and not any(other.has(Role.TELLING) for other in parts)
            return _near(Intent.MAYBE_STOP, found[0], cleaned, "near") if alone else None
        if len(content) == 1:
            # "вы довольны?": only courtesy and messaging beside it make a misspelt word an order
            filled = [other for other in parts if other is not part and other.roles.isdisjoint(_SURE_BESIDE)]
            stated = bool(filled) or any(other.has(Role.TELLING) for other in parts) or len(found) < len(slips)
            return _near(Intent.MAYBE_STOP if stated else Intent.STOP, found[0], cleaned, "typo")
        return _near(Intent.MAYBE_STOP, found[0], cleaned, "near")
    return None


def far(message: Message) -> Understood | None:
    """One long word two slips off a command."""
    rest = message.rest
    if len(rest) != 1 or rest[0].meanings or len(rest[0].raw) < _FAR_LETTERS:
        return None
    found = message.vocabulary.two_slips(rest[0].raw)
    if not found:
        return None
    asked = {meaning.intent: None for meaning in found if meaning.intent and meaning.intent not in NEVER_A_SLIP}
    if not asked:
        return None
    return question(asked, found[0], message.cleaned)


def _tie(meanings: Sequence[Meaning], cleaned: str) -> Understood | None:
    """Two commands are as near. A topic and a command are left to people."""
    asked = {meaning.intent: None for meaning in meanings if meaning.intent is not None}
    if Intent.STOP not in asked and (len(asked) < 2 or any(meaning.topic for meaning in meanings)):
        return None
    return question(asked, min(meanings, key=rank), cleaned)


def question(asked: dict[Intent, None], meaning: Meaning, cleaned: str) -> Understood:
    """Which of *asked* was meant; of a STOP among them only that is asked."""
    candidates = tuple(intent for intent in Intent if intent in asked)
    intent = Intent.MAYBE_STOP if Intent.STOP in asked else Intent.OTHER
    return Understood(
        intent, keyword=meaning.word, rule="near", argument=cleaned.strip(), language=meaning.language,
        candidates=candidates,
    )  # fmt: skip


def is_form_of_any(word: str, meanings: Iterable[Meaning], vocabulary: Vocabulary) -> bool:
    """Whether *word* is another form of what is listed rather than a slip of it."""
    for meaning in meanings:
        language = meaning.language or ""
        endings = vocabulary.endings.get(language, frozenset())
        keys = fold_of(language).keys
        pairs = [(lower(word), lower(meaning.word))]
        pairs += [(ours, theirs) for ours in keys(word) for theirs in keys(meaning.word)]
        if language in _REFLEXIVE:
            past = [form for tail in _REFLEXIVE[language] for form in (tail, *keys(tail))]
            listed = [_INFINITIVE, *keys(_INFINITIVE), *past]
            pairs += [
                (ours.removesuffix(one), theirs.removesuffix(other))
                for ours, theirs in list(pairs)
                for one in past
                if ours.endswith(one)
                for other in [next((tail for tail in listed if theirs.endswith(tail)), None)]
                if other is not None
            ]
        if any(is_other_form(ours, theirs, endings) for ours, theirs in pairs):
            return True
    return False


def _near(intent: Intent, meaning: Meaning, cleaned: str, rule: str) -> Understood:
    return Understood(
        intent, argument=cleaned.strip(), language=meaning.language, script=script_of(meaning.language, cleaned),
        keyword=lower(meaning.word), rule=rule,
    )  # fmt: skip
