"""All that people may say to us, worked out into tables once: commands, roles, topics, number words, languages.

A word of a language has an id; a phrase is a row of ids. A token of a message is looked up as it is written (in every
language) and by the sound keys of each language against that language's words only. So `gauqmeba` finds გაუქმება, but
no Georgian reading is ever compared with a Russian word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from smsbot.text.fold import Fold, clean, disguised, fold_of, lower, pieces, script, squeeze, words
from smsbot.text.layout import slips
from smsbot.text.places import PlaceIndex, stems
from smsbot.text.typo import LONGEST, SHORTEST, Neighbours
from smsbot.text.understood import Intent, Understood
from smsbot.text.words import LanguageWords, Named, Role

__all__ = ["LanguageWords", "Meaning", "Named", "Role", "Token", "Vocabulary"]

CACHE_LIMIT = 20_000  # distinct tokens, and distinct short messages, remembered
SHORT_MESSAGE = 40  # characters
DOTTED = ("az", "tr")  # languages whose capital of i is İ
INFLECTED = ("ka", "ru")  # languages whose case endings `stems` takes off
NEVER_A_SLIP = frozenset({Intent.YES, Intent.NO, Intent.DELETE, Intent.ALL})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one listed word or phrase stands for. Exactly one of the first five says something."""

    intent: Intent | None = None
    role: Role | None = None
    topic: str | None = None
    number: int | None = None
    names_language: str | None = None
    language: str | None = None  # of the word, None for a topic's further words and codes
    word: str = ""  # as listed
    foreign: bool = False  # written in Latin letters though the language has its own script
    typo: bool = False  # a listed slip
    head: bool = False  # a command only before an argument
    own_name: bool = False  # a topic's name or code
    denies: bool = False  # contains its own negation ("don't text me"), so that no other can turn it round


_Keys = tuple[tuple[str, tuple[str, ...]], ...]  # language → sound keys, in the order of the tables
_NO_IDS: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a message and the ids of the listed words it may be. *inflected*: a topic's name in another case."""

    text: str  # lowered
    raw: str  # case kept
    literal: frozenset[int]
    folded: frozenset[int]
    number: int | None = None
    inflected: Meaning | None = None
    ids: tuple[int, ...] = ()  # *folded*, in the order of the languages
    keys: _Keys = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """Listed phrases that match *size* tokens; *literal*: letter by letter."""

    size: int
    literal: bool
    meanings: tuple[Meaning, ...]


@dataclass(slots=True)
class _LanguageTable:
    language: str
    fold: Fold
    keys: dict[str, set[int]] = field(default_factory=dict)
    coarse: dict[str, set[int]] = field(default_factory=dict)


@dataclass(eq=False)
class Vocabulary:
    """Built once by `Vocabulary.build` and only read after that (but for a cache of tokens)."""

    languages: tuple[LanguageWords, ...]
    topics: tuple[Named, ...]
    places: PlaceIndex
    exact: dict[str, tuple[Meaning, ...]] = field(default_factory=dict)  # whole messages, lowered
    compact: dict[str, tuple[Meaning, ...]] = field(default_factory=dict)  # the same without spaces
    layout: dict[str, Meaning] = field(default_factory=dict)  # typed on the wrong keyboard
    near: Neighbours[Meaning] = field(default_factory=Neighbours)
    topic_stems: dict[str, Meaning] = field(default_factory=dict)  # sound keys without case ending
    _ids: dict[tuple[str, str], int] = field(default_factory=dict)
    _literal: dict[str, set[int]] = field(default_factory=dict)
    _tables: list[_LanguageTable] = field(default_factory=list)
    _phrases: dict[int, list[tuple[tuple[int, ...], Meaning]]] = field(default_factory=dict)
    _tokens: dict[str, Token] = field(default_factory=dict)
    _slips: dict[str, list[Meaning]] = field(default_factory=dict)
    remembered: dict[str, Understood] = field(default_factory=dict)  # short messages already read
    _published: dict[tuple[Intent, str], str] = field(default_factory=dict)
    _latin: dict[tuple[Intent, str], str] = field(default_factory=dict)

    @classmethod
    def build(
        cls, languages: Sequence[LanguageWords], topics: Sequence[Named] = (), places: Sequence[Named] = ()
    ) -> Vocabulary:
        nouns = [word for entry in languages for word in entry.roles.get(Role.PLACE_NOUN, ())]
        self = cls(tuple(languages), tuple(topics), PlaceIndex.build(places, nouns))
        self.places.taken = self.compact
        self._tables = [_LanguageTable(entry.language, fold_of(entry.language)) for entry in languages]
        for entry in languages:
            self._add_language(entry)
        for topic in topics:
            self._add_topic(topic)
        for entry in languages:
            self._add_slips(entry)
        return self

    def word(self, intent: Intent, language: str, script: str = "") -> str:
        """The word to publish for *intent*; in capitals where the script has them for readers (never Georgian)."""
        for code in dict.fromkeys((language, *(entry.language for entry in self.languages[:1]), "en")):
            latin = self._latin.get((intent, code)) if script == "Latn" else None
            found = latin or self._published.get((intent, code))
            if found is not None:
                return found
        return intent.value.upper()

    def topic_by_number(self, number: int) -> str | None:
        return next((topic.code for topic in self.topics if topic.number == number), None)

    # --- reading ---

    def tokens(self, cleaned: str, limit: int = 80) -> list[Token]:
        """The tokens of a cleaned text, case kept; letters and digits that stick together are taken apart."""
        result = []
        for word in words(cleaned)[:limit]:
            token = self.token(word)
            parts = pieces(word)
            if len(parts) > 1 and not token.literal:
                result += [self.token(part) for part in parts]
            else:
                result.append(token)
        return result

    def token(self, word: str) -> Token:
        found = self._tokens.get(word)
        if found is None:
            found = self._make_token(word)
            if len(self._tokens) >= CACHE_LIMIT:
                self._tokens.clear()
            self._tokens[word] = found
        return found

    def hit(self, tokens: Sequence[Token], start: int) -> Hit | None:
        """The longest listed phrase at *start*; of equal ones those that match letter by letter."""
        best_size, best_literal = 0, False
        best: list[Meaning] = []
        first = tokens[start]
        if not first.ids:
            return None
        following = tokens[start + 1].folded if start + 1 < len(tokens) else frozenset()
        for number in first.ids:
            for ids, meaning in self._phrases.get(number, ()):
                size = len(ids)
                if size > 1 and ids[1] not in following:
                    continue
                if size < best_size or start + size > len(tokens):
                    continue
                literal = number in first.literal
                for offset in range(1, size):
                    token = tokens[start + offset]
                    if ids[offset] not in token.literal:
                        if ids[offset] not in token.folded:
                            break
                        literal = False
                else:
                    if (size, literal) > (best_size, best_literal):
                        best_size, best_literal, best = size, literal, []
                    if (size, literal) == (best_size, best_literal):
                        best.append(meaning)
        return Hit(best_size, best_literal, tuple(best)) if best else None

    def slips(self, word: str) -> list[Meaning]:
        """Commands and topics one slip away from *word* (cleaned, case kept), in spelling or in sound."""
        known = self._slips.get(word)
        if known is not None:
            return known
        found = {id(meaning): meaning for meaning in self.near.find(lower(word))}
        for language, keys in self.token(word).keys:
            for key in keys:
                if len(key) < SHORTEST:
                    continue
                for meaning in self.near.find(f"{language}:{key}"):
                    found[id(meaning)] = meaning
        if len(self._slips) >= CACHE_LIMIT:
            self._slips.clear()
        return self._slips.setdefault(word, list(found.values()))

    def remember(self, text: str, answer: Understood) -> Understood:
        """Keep the reading of a short message: most of what people text are the same few."""
        if len(text) <= SHORT_MESSAGE:
            if len(self.remembered) >= CACHE_LIMIT:
                self.remembered.clear()
            self.remembered[text] = answer
        return answer

    # --- building ---

    def _add_language(self, entry: LanguageWords) -> None:
        own = fold_of(entry.language).script
        code = entry.language
        negators = [_flat(word) for word in entry.roles.get(Role.NEGATOR, ())]

        def meaning(word: str, **what: object) -> Meaning:
            foreign = own != "Latn" and script(word) == "Latn"
            denies = any(f" {negator} " in f" {_flat(word)} " for negator in negators)
            return Meaning(language=code, word=word, foreign=foreign, denies=denies, **what)  # type: ignore[arg-type]  # named fields

        for intent, listed in entry.words.items():
            if listed:
                self._published[intent, code] = _shown(listed[0], code)
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
                    self._add(word, meaning(word, intent=intent, **what), code)
        for role, listed in entry.roles.items():
            for word in listed:
                self._add(word, meaning(word, role=role), code)
        for word, number in entry.numbers.items():
            self._add(word, meaning(word, number=number), code)
        for language, listed in entry.names.items():
            for word in listed:
                self._add(word, Meaning(names_language=language, language=language, word=word), code)

    def _add_topic(self, topic: Named) -> None:
        for language, name in topic.names.items():
            foreign = fold_of(language).script != "Latn" and script(name) == "Latn"
            named = Meaning(topic=topic.code, language=language, word=name, foreign=foreign, own_name=True)
            self._add(name, named, language)
            if language in INFLECTED and len(words(name)) == 1:
                for key in fold_of(language).keys(name):
                    self.topic_stems.setdefault(f"{language}:{stems(key)[0]}", named)
        for word in (topic.code, *topic.words):
            home, spelling = self._home(word, topic)
            if not any(seen.topic == topic.code for seen in self.exact.get(_flat(word), ())):
                self._add(
                    word,
                    Meaning(
                        topic=topic.code, language=home or None, word=word, own_name=spelling or word == topic.code
                    ),
                    home,
                )

    def _home(self, word: str, topic: Named) -> tuple[str, bool]:
        """The language of a topic's further word, by script or by its name's words; and whether it is the name."""
        found = script(word)
        for table in self._tables:
            if table.fold.script == "Latn":
                continue
            name = topic.names.get(table.language, "")
            same = bool(name) and not set(table.fold.keys(_flat(word))).isdisjoint(table.fold.keys(_flat(name)))
            if same or table.fold.script == found:
                return table.language, same
        for table in self._tables:  # `social services` is English beside Social, `budce` Azerbaijani beside Büdcə
            if table.fold.script != found:
                continue
            ours, its = (
                {key for part in words(clean(each)) for key in table.fold.keys(part)}
                for each in (topic.names.get(table.language, ""), word)
            )
            if ours & its:
                return table.language, ours == its
        return "", False

    def _add(self, listed: str, meaning: Meaning, language: str) -> None:
        cleaned = clean(listed)
        split = words(cleaned)
        if not split:
            return
        table = next((found for found in self._tables if found.language == language), None)
        ids = tuple(self._id(word, language, table) for word in split)
        self._phrases.setdefault(ids[0], []).append((ids, meaning))
        if meaning.role is None and not meaning.head:
            flat = " ".join(lower(word) for word in split)
            self.exact[flat] = (*self.exact.get(flat, ()), meaning)
        if meaning.role in (None, Role.PHRASE, Role.REFUSAL) and not meaning.head:
            joined = "".join(lower(word) for word in split)
            self.compact[joined] = (*self.compact.get(joined, ()), meaning)
            if table is not None and table.fold.script == script(joined):
                for key in table.fold.keys("".join(split)):
                    spot = f"{language}:{key}"
                    self.compact[spot] = (*self.compact.get(spot, ()), meaning)

    def _id(self, word: str, language: str, table: _LanguageTable | None) -> int:
        lowered = lower(word)
        number = self._ids.setdefault((language, lowered), len(self._ids))
        self._literal.setdefault(lowered, set()).add(number)
        if table is not None:
            for key in table.fold.keys(word):
                table.keys.setdefault(key, set()).add(number)
                if table.fold.coarse:
                    table.coarse.setdefault(table.fold.coarse(key), set()).add(number)
        return number

    def _add_slips(self, entry: LanguageWords) -> None:
        """Index the language's single words for slips of the finger, and its commands for the wrong keyboard."""
        for word, meanings in self.exact.items():
            for meaning in meanings:
                if meaning.language != entry.language or meaning.typo:
                    continue
                if meaning.intent is not None:
                    for slip in slips(word, entry.language):
                        if slip not in self.exact:
                            self.layout.setdefault(slip, meaning)
                asks = meaning.topic is not None or (meaning.intent is not None and meaning.intent not in NEVER_A_SLIP)
                if asks and " " not in word:
                    self.near.add(word, meaning)
                    for key in fold_of(entry.language).keys(word):
                        if len(key) >= SHORTEST:
                            self.near.add(f"{entry.language}:{key}", meaning)

    def _make_token(self, word: str) -> Token:
        lowered = lower(word)
        number = int(lowered) if lowered.isascii() and lowered.isdigit() and len(lowered) <= 9 else None
        literal: set[int] = set(self._literal.get(lowered, ()))
        folded: set[int] = set()
        keys = self._keys(word) if number is None else ()
        if number is None:
            folded |= self._by_keys(word, keys)
            for reading in (*disguised(lowered), *(squeeze(lowered) if not literal else ())):
                literal |= self._literal.get(reading, set())
                folded |= self._by_keys(reading, self._keys(reading))
        ids = tuple(sorted(folded | literal))
        return Token(lowered, word, frozenset(literal), frozenset(ids), number, self._inflected(word, keys), ids, keys)

    def _keys(self, word: str) -> _Keys:
        if len(word) > LONGEST + 1:
            return ()
        return tuple((table.language, table.fold.keys(word)) for table in self._tables)

    def _inflected(self, word: str, keys: _Keys) -> Meaning | None:
        """A topic's name with a case ending: ბიუჯეტის, kulturaze, бюджета."""
        if not SHORTEST <= len(word) <= LONGEST:
            return None
        for language, own in keys:
            for key in own if language in INFLECTED else ():
                for spot in stems(key):
                    found = self.topic_stems.get(f"{language}:{spot}")
                    if found is not None:
                        return found
        return None

    def _by_keys(self, word: str, keys: _Keys) -> set[int]:
        found: set[int] = set()
        if len(word) > LONGEST:
            return found
        for table, (_, own) in zip(self._tables, keys, strict=True):
            for key in own:
                found |= table.keys.get(key, _NO_IDS)
        if not found and len(word) >= 5:
            for table, (_, own) in zip(self._tables, keys, strict=True):
                coarse = table.fold.coarse
                if coarse is not None:
                    for key in own:
                        found |= table.coarse.get(coarse(key), _NO_IDS)
        return found


def _flat(word: str) -> str:
    return " ".join(words(lower(clean(word))))


def _shown(word: str, language: str) -> str:
    """Capitals, so that a keyword stands out in a sentence; Georgian has none that every phone can show."""
    if script(word) in ("Geor", ""):
        return word
    return (word.replace("i", "İ") if language in DOTTED else word).upper()
