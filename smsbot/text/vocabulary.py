"""All that people may say to us, worked out into tables once: commands, roles, topics, number words, languages.

A phrase is a row of the lexicon's word numbers. Nothing here depends on who writes or what was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from smsbot.text.fold import clean, fold_of, lower, script, words
from smsbot.text.inflection import endings
from smsbot.text.language import flat, home_of
from smsbot.text.lexicon import Lexicon, Token
from smsbot.text.meaning import Meaning
from smsbot.text.memory import CACHE_LIMIT, Memory
from smsbot.text.nearness import Nearness
from smsbot.text.places import PlaceIndex
from smsbot.text.segment import Segment, segment
from smsbot.text.shortwords import ShortWords
from smsbot.text.typo import SHORTEST, Endings
from smsbot.text.understood import Intent, Understood
from smsbot.text.words import LanguageWords, Named, Role, shown

__all__ = ["LanguageWords", "Meaning", "Named", "Role", "Token", "Vocabulary"]

SHORT_MESSAGE = 40  # characters
NEVER_A_SLIP = frozenset({Intent.YES, Intent.NO, Intent.DELETE, Intent.ALL})
_OPPOSITES = frozenset({Intent.YES, Intent.NO})
# Roles whose lists are no words of a message, and roles whose phrases ask for a stop.
_LETTERS = frozenset({Role.ENDING, Role.SURNAME, Role.SENT})
_STOP_ROLES = frozenset({Role.PHRASE, Role.REFUSAL})
# Roles whose words are mended where they are one slip off in an otherwise known message.
_MENDED = (
    Role.PHRASE,
    Role.REFUSAL,
    Role.COURTESY,
    Role.MESSAGING,
    Role.REPLY,
    Role.WISH,
    Role.FILLER,
    Role.STOP_VERB,
    Role.KEPT,
    Role.ORDINARY,
    Role.TOPIC_NOUN,
    Role.DAY,
)
_TIMES = (Role.WEEK, Role.MONTH, Role.UNTIL)
_Longer = dict[int, list[tuple[tuple[int, ...], Meaning]]]  # the second word's number → phrases
_NONE_BEGUN: Sequence[_Longer] = ()


@dataclass(eq=False)
class Vocabulary:
    """Built once by `Vocabulary.build` and only read after that (but for caches)."""

    languages: tuple[LanguageWords, ...]
    topics: tuple[Named, ...]
    places: PlaceIndex
    lexicon: Lexicon
    _near: Nearness[Meaning]
    _near_parts: Nearness[int]  # words of phrases
    _near_names: Nearness[int]  # words of topics, numbers and times, and of what begins a command
    exact: dict[str, tuple[Meaning, ...]] = field(default_factory=dict)  # whole messages, lowered
    compact: dict[str, tuple[Meaning, ...]] = field(default_factory=dict)  # the same without spaces
    core: dict[str, Meaning] = field(default_factory=dict)  # single stop words that are clear among other words
    short: ShortWords = field(default_factory=ShortWords)
    endings: dict[str, Endings] = field(default_factory=dict)  # by language
    stop_mates: dict[int, set[int]] = field(default_factory=dict)  # what stands beside a word in phrases that stop
    surnames: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()  # endings of what is sent
    _singles: dict[int, list[Meaning]] = field(default_factory=dict)  # by the word's number
    _longer: dict[int, _Longer] = field(default_factory=dict)  # phrases, by the numbers of their first two words
    _alone: dict[tuple[str, tuple[int, ...]], tuple[Segment, Sequence[_Longer]]] = field(default_factory=dict)
    _slips: Memory[str, list[Meaning]] = field(init=False)
    _slipped: Memory[str, list[int]] = field(init=False)
    _parts: Memory[tuple[str, int, bool], list[int]] = field(init=False)
    remembered: dict[str, Understood] = field(default_factory=dict)  # short messages already read
    _published: dict[tuple[Intent, str], str] = field(default_factory=dict)
    _latin: dict[tuple[Intent, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._slips = Memory(lambda word: self._near.find(self.lexicon.token(word)))
        self._slipped = Memory(self._find_slipped)
        self._parts = Memory(self._find_parts)

    @classmethod
    def build(
        cls, languages: Sequence[LanguageWords], topics: Sequence[Named] = (), places: Sequence[Named] = ()
    ) -> Vocabulary:
        nouns = [word for entry in languages for word in entry.roles.get(Role.PLACE_NOUN, ())]
        spoken = [entry.language for entry in languages]
        self = cls(
            tuple(languages), tuple(topics), PlaceIndex.build(places, nouns), Lexicon(spoken), Nearness(spoken),
            Nearness(spoken), Nearness(spoken),
        )  # fmt: skip
        self.places.taken = self.compact
        self.places.georgian = self.lexicon.georgian
        for entry in languages:
            self._add_language(entry)
        for topic in topics:
            self._add_topic(topic)
        for entry in languages:
            self._add_slips(entry)
        for word, meanings in self.exact.items():
            for meaning in meanings:
                if meaning.language is None and meaning.topic is not None and " " not in word:
                    self._near.add(word, "", meaning)
        self._mark_core()
        return self

    def word(self, intent: Intent, language: str, script: str = "") -> str:
        """The word to publish for *intent*; in capitals where the script has them for readers (never Georgian)."""
        for code in dict.fromkeys((language, *(entry.language for entry in self.languages[:1]), "en")):
            latin = self._latin.get((intent, code)) if script == "Latn" else None
            if (found := latin or self._published.get((intent, code))) is not None:
                return found
        return intent.value.upper()

    def topic_by_number(self, number: int) -> str | None:
        return next((topic.code for topic in self.topics if topic.number == number), None)

    # --- reading ---

    def cut(self, tokens: Sequence[Token]) -> list[Segment]:
        """*tokens* from left to right, the longest listed phrase first, else the one word."""
        result = []
        start, end = 0, len(tokens)
        known = self._alone
        while start < end:
            token = tokens[start]
            part, begun = known.get((token.raw, token.ids)) or self._known(token)
            following = tokens[start + 1].ids if begun and start + 1 < end else ()
            phrase = self._longest(begun, following, tokens, start) if following else None
            if phrase is None:
                start += 1
            else:
                part = phrase
                start += len(part.tokens)
            result.append(part)
        return result

    def _longest(
        self, begun: Sequence[_Longer], following: Sequence[int], tokens: Sequence[Token], start: int
    ) -> Segment | None:
        """The longest listed phrase at *start*, of equal ones those that match letter by letter.

        *begun*: the phrases that the first word begins; *following*: what the second may be.
        """
        best: list[Meaning] = []
        best_size, best_literal = 2, False
        most = len(tokens) - start
        for longer in begun:
            for second in following:
                for ids, meaning in longer.get(second, ()):
                    size = len(ids)
                    if not best_size <= size <= most:
                        continue
                    literal = _matches(ids, tokens, start)
                    if literal is None or (size, literal) < (best_size, best_literal):
                        continue
                    if (size, literal) > (best_size, best_literal):
                        best_size, best_literal, best = size, literal, []
                    best.append(meaning)
        return segment(tokens[start : start + best_size], best, literal=best_literal) if best else None

    def alone(self, token: Token) -> Segment:
        """What *token* is by itself."""
        return self._known(token)[0]

    def _known(self, token: Token) -> tuple[Segment, Sequence[_Longer]]:
        """What *token* is by itself, and the phrases that it may begin."""
        key = token.raw, token.ids
        found = self._alone.get(key)
        if found is None:
            if len(self._alone) >= CACHE_LIMIT:
                self._alone.clear()
            found = self._alone[key] = self._make_known(token) if token.ids else (segment((token,)), _NONE_BEGUN)
        return found

    def _make_known(self, token: Token) -> tuple[Segment, Sequence[_Longer]]:
        singles = self._singles
        literal = any(number in singles for number in token.literal)
        numbers = [number for number in token.ids if not literal or number in token.literal]
        meanings = [meaning for number in numbers for meaning in singles.get(number, ())]
        foreign = {meaning.language for meaning in meanings if meaning.foreign} if literal else None
        if foreign:  # listed in Latin letters too: what it is beside other words is said of the word itself
            others = [meaning for number in token.ids for meaning in singles.get(number, ())]
            meanings += [each for each in others if each.role and each.language in foreign and each not in meanings]
        begun = [self._longer[number] for number in token.ids if number in self._longer]
        return segment((token,), meanings, literal=literal), begun

    def slips(self, word: str) -> list[Meaning]:
        """Commands and topics one slip away from *word* (cleaned, case kept), in spelling or in sound."""
        return self._slips[word]

    def two_slips(self, word: str) -> list[Meaning]:
        """Commands two slips away from a long *word*."""
        return [found for found in self._near.find_far(self.lexicon.token(word)) if found.intent is not None]

    def shortened(self, token: Token) -> list[Meaning]:
        """Commands and topics one slip away, those too that are too short, or too like other words, for `slips`."""
        return self._near.find(token, SHORTEST - 1, loose=True)

    def slipped_parts(self, token: Token, shortest: int = SHORTEST, *, loose: bool = False) -> list[int]:
        """Listed words, of phrases too, one slip away from *token*; *shortest*: letters that must be there."""
        return self._parts[token.raw, shortest, loose]  # several rules ask about one word

    def _find_parts(self, asked: tuple[str, int, bool]) -> list[int]:
        word, shortest, loose = asked
        return list(dict.fromkeys(self._near_parts.find(self.lexicon.token(word), shortest, loose=loose)))

    def slipped_words(self, word: str) -> list[int]:
        """Listed words of any kind one slip away from *word* (cleaned, case kept), or a letter longer."""
        return self._slipped[word]

    def _find_slipped(self, word: str) -> list[int]:
        token = self.lexicon.token(word)
        names = self._near_names.find(token, SHORTEST - 1, loose=True)
        return list(dict.fromkeys([*self.slipped_parts(token, SHORTEST - 1, loose=True), *names]))

    def is_ordinary_neighbour(self, token: Token) -> bool:
        """Whether *token* is a slip away from a word that is known to be something else."""
        return self._is_near(token, Role.ORDINARY)

    def is_near_kept(self, token: Token) -> bool:
        """Whether *token* is a slip away from a word that says "don't stop" by itself."""
        return self._is_near(token, Role.KEPT)

    def _is_near(self, token: Token, role: Role) -> bool:
        near = self.slipped_parts(token, SHORTEST - 1, loose=True)
        return any(meaning.role is role for number in near for meaning in self._singles.get(number, ()))

    def remember(self, text: str, answer: Understood) -> Understood:
        """Keep the reading of a short message: most of what people text are the same few."""
        if len(text) <= SHORT_MESSAGE:
            if len(self.remembered) >= CACHE_LIMIT:
                self.remembered.clear()
            self.remembered[text] = answer
        return answer

    def forget(self) -> None:
        """Let go of what was read, words and short messages, as if nothing had been."""
        for remembered in (self.remembered, self._alone, self._slips, self._slipped, self._parts):
            remembered.clear()
        self.lexicon.forget()
        self.places.forget()

    # --- building ---

    def _add_language(self, entry: LanguageWords) -> None:
        code, own = entry.language, fold_of(entry.language).script
        negators = [flat(word) for word in entry.roles.get(Role.NEGATOR, ())]
        self.endings[code] = frozenset(endings(entry.roles.get(Role.ENDING, ()), code))
        self.surnames += entry.roles.get(Role.SURNAME, ())
        self.sent += entry.roles.get(Role.SENT, ())

        def meaning(word: str, **what: object) -> Meaning:
            foreign = own != "Latn" and script(word) == "Latn"
            denies = any(f" {negator} " in f" {flat(word)} " for negator in negators)
            return Meaning(language=code, word=word, foreign=foreign, denies=denies, **what)  # type: ignore[arg-type]  # named fields

        for intent, listed in entry.words.items():
            if listed:
                self._published[intent, code] = shown(listed[0], code)
        self._latin.update({(intent, code): word for intent, word in entry.latin.items()})
        fresh = {intent: (word,) for intent, word in entry.latin.items() if lower(word) not in self.exact}
        # In this order: of equal meanings the first listed is the one a reader is told.
        for section, what in (
            (entry.words, {}),
            (fresh, {}),
            (entry.typos, {"typo": True}),
            (entry.heads, {"head": True}),
        ):
            for intent, listed in section.items():
                for word in listed:
                    # A slip is a slip as it stands; by its sound it would be other words: сотп is no cop.
                    self._add(word, meaning(word, intent=intent, **what), "" if section is entry.typos else code)
        for role, listed in entry.roles.items():
            for word in listed if role not in _LETTERS else ():
                self._add(word, meaning(word, role=role), code)
        for word, number in entry.numbers.items():
            self._add(word, meaning(word, number=number), code)
        for language, listed in entry.names.items():
            for word in listed:
                self._add(word, Meaning(names_language=language, language=language, word=word), code)

    def _add_topic(self, topic: Named) -> None:
        spoken = [entry.language for entry in self.languages]
        for language, name in topic.names.items():
            foreign = fold_of(language).script != "Latn" and script(name) == "Latn"
            named = Meaning(topic=topic.code, language=language, word=name, foreign=foreign, own_name=True)
            self._add(name, named, language)
            if len(words(name)) == 1:
                self.lexicon.inflect(name, language, named)
        for word in (topic.code, *topic.words):
            home, spelling = home_of(word, topic, spoken)
            if not any(seen.topic == topic.code for seen in self.exact.get(flat(word), ())):
                self._add(
                    word,
                    Meaning(
                        topic=topic.code, language=home or None, word=word, own_name=spelling or word == topic.code
                    ),
                    home,
                )
                for part in words(clean(word)):
                    self._near_names.add(part, home, self.lexicon.add(part, home))

    def _add(self, listed: str, meaning: Meaning, language: str) -> None:
        split = words(clean(listed))
        if not split:
            return
        ids = tuple(self.lexicon.add(word, language) for word in split)
        if len(ids) == 1:
            self._singles.setdefault(ids[0], []).append(meaning)
        else:
            self._longer.setdefault(ids[0], {}).setdefault(ids[1], []).append((ids, meaning))
        if meaning.role is None and not meaning.head:
            flat = " ".join(lower(word) for word in split)
            self.exact[flat] = (*self.exact.get(flat, ()), meaning)
        if (meaning.role is None and not meaning.head) or meaning.role in _STOP_ROLES:
            joined = "".join(lower(word) for word in split)
            self.compact[joined] = (*self.compact.get(joined, ()), meaning)
            fold = fold_of(language)
            if fold.script == script(joined):
                for key in fold.keys("".join(split)):
                    spot = f"{language}:{key}"
                    self.compact[spot] = (*self.compact.get(spot, ()), meaning)

    def _add_slips(self, entry: LanguageWords) -> None:
        """Index the language's words for slips of the finger."""
        code, fold = entry.language, fold_of(entry.language)
        for word, meaning in ((word, meaning) for word, meanings in self.exact.items() for meaning in meanings):
            if meaning.language == code and not meaning.typo and " " not in word and meaning.number is None:
                self._near.add(word, code, meaning, sure=self._is_sure(meaning, code))
        for named, names in entry.names.items():  # რუსულად names another language, and is spelled as this one is
            for word in names if named != code else ():
                self._near.add(word, code, Meaning(names_language=named, language=named, word=word))
        self.short.add_language(entry, self.lexicon, self.exact)
        listed = [word for intent, found in entry.words.items() if intent not in _OPPOSITES for word in found]
        listed += [word for role in _MENDED for word in entry.roles.get(role, ())]
        listed += [word for found in entry.names.values() for word in found]
        listed += [name for topic in self.topics for tongue, name in topic.names.items() if tongue == code]
        phrases = [each for each in entry.words.get(Intent.STOP, ()) if " " in each]
        phrases += [each for role in _STOP_ROLES for each in entry.roles.get(role, ())]
        refused = {part for each in phrases for part in words(clean(each))}
        for each in phrases:
            numbers = {self.lexicon.add(word, code) for word in words(clean(each))}
            for number in numbers:
                self.stop_mates.setdefault(number, set()).update(numbers - {number})
        rarer = [*entry.numbers, *(word for found in entry.heads.values() for word in found)]
        rarer += [word for role in _TIMES for word in entry.roles.get(role, ())]
        rarer += [word for word in entry.roles.get(Role.COURTESY, ()) if script(word) != fold.script]
        for index, found, own in ((self._near_parts, listed, True), (self._near_names, rarer, False)):
            for word in dict.fromkeys(part for each in found for part in words(clean(each))):
                if not own or fold.script == script(word) or word in refused:
                    index.add(word, code, self.lexicon.add(word, code))

    def _is_sure(self, meaning: Meaning, code: str) -> bool:
        """Whether a slip of a short word in plain Latin letters is one: of a stop word, or a word that we publish."""
        if meaning.intent is None or meaning.intent is Intent.STOP:
            return meaning.intent is not None
        shown = (self._published.get((meaning.intent, code), ""), self._latin.get((meaning.intent, code), ""))
        return lower(meaning.word) in {lower(word) for word in shown}

    def _mark_core(self) -> None:
        """Stop words that nobody uses for anything else are known in disguise, and glued to other words."""
        for entry in self.languages:
            core = {flat(word) for word in entry.roles.get(Role.CORE, ())}
            for word in core:
                meaning = next((each for each in self.exact.get(word, ()) if each.intent is Intent.STOP), None)
                if meaning is not None and " " not in word:
                    self.core.setdefault(word, meaning)
                    self.lexicon.unmistakable.add(self.lexicon.add(word, entry.language))


def _matches(ids: Sequence[int], tokens: Sequence[Token], start: int) -> bool | None:
    """Whether the phrase *ids* stands at *start* letter by letter (True) or by sound (False); None: it does not."""
    literal = True
    for offset, number in enumerate(ids):
        token = tokens[start + offset]
        if number not in token.literal:
            if number not in token.folded:
                return None
            literal = False
    return literal
