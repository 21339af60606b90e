"""What the bot says: gettext catalogues, resolved once at start, then plain dictionary look-ups.

English is the msgid and the last resort. A template names keywords by placeholder (`{stop}`, `{topics}`): they are
filled, at load, with the word that the vocabulary publishes in that language: prose and vocabulary cannot drift.
Other placeholders are fields, filled for each reply.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po

from smsbot.dialogue.latin import GEORGIAN, GEORGIAN_LATIN, LATIN, latin, sentence_case, tag_of
from smsbot.errors import ContentError

ENGLISH = "en"
CATALOGUE_TAGS = {"ka@latin": GEORGIAN_LATIN}
"""Catalogues whose folder is no language: sentences that read better in Latin letters when written for them."""
KEYWORDS = ("stop", "start", "topics", "help", "lang", "area", "status", "pause", "resume", "delete", "data")
"""Placeholders that stand for a published keyword; each is the lower-case name of its intent (`start` is JOIN)."""

Catalogues = Mapping[str, bytes | Sequence[bytes]]
"""Language → its `.po` file, or several; a later one overrides sentences of an earlier one."""

Published = Callable[[str, str], str]
"""(language or `ka-Latn`, keyword placeholder) → the word that people are told to send."""


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence of the bot: English *msgid*, its *plural* form if it counts `{n}`, and how many parts it may take."""

    msgid: str
    parts: int = 1
    plural: str = ""
    label: str = ""  # `flow.text@revision`: the wording named in the consent ledger
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence in one language, keywords filled in; *fields* are what is still open."""

    text: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """All plural forms of a sentence in one language. *choose* maps a count to its form."""

    forms: tuple[Template, ...]
    choose: Callable[[int], int]


class Phrases:
    """Every sentence in every language."""

    def __init__(
        self,
        catalogues: Catalogues,
        published: Published,
        fields: Collection[str],
        texts: Collection[Text] = (),
    ) -> None:
        """Raises ContentError for an unreadable catalogue or an unknown placeholder; unused entries are checked too."""
        self._published = published
        self._allowed = frozenset(fields) | frozenset(KEYWORDS)
        self._entries: dict[tuple[str, str], Entry] = {}
        self._english: dict[str, Entry] = {}
        self._languages = [language for language in catalogues if language != ENGLISH and "@" not in language]
        for text in texts:
            self._english_entry(text.msgid, text.plural)
        for language, bodies in sorted(catalogues.items(), key=lambda item: "@" in item[0]):
            for body in each_of(bodies):
                self._load(language, body)
        self._translated = frozenset(self._entries)
        # A fallback is English prose with the keywords of the reader's own language.
        for language in self._languages:
            for text in texts:
                if (language, text.msgid) not in self._entries:
                    self._entries[language, text.msgid] = self._compile_english(language, text.msgid, text.plural)

    def template(self, language: str, msgid: str, count: int = 1, script: str = "") -> Template:
        """The sentence with keywords filled in. Readers of Latin letters get Georgian in Latin letters."""
        language = tag_of(language, script)
        entry = self._entries.get((language, msgid)) or self._english.get(msgid) or self._english_entry(msgid, "")
        return entry.forms[entry.choose(count)] if len(entry.forms) > 1 else entry.forms[0]

    def published(self, language: str, keyword: str) -> str:
        """The word that people are told to send; *keyword* is one of `KEYWORDS`."""
        return self._published(language, keyword)

    def translates(self, language: str, msgid: str) -> bool:
        """Is there a translation, rather than the English fallback?"""
        return (language, msgid) in self._translated

    def say(self, language: str, msgid: str, *, script: str = "", n: int = 1, **fields: object) -> str:
        """The sentence in *language*, else in English. Georgian for readers of Latin letters is romanised.

        A field that the template names and the caller leaves out raises KeyError: the linter sees to it.
        """
        return self.finish(self.template(language, msgid, n, script), {"n": n, **fields}, language, script)

    @staticmethod
    def finish(template: Template, values: Mapping[str, object], language: str, script: str = "") -> str:
        text = template.text.format_map(values) if template.fields else template.text
        return sentence_case(latin(text)) if script == LATIN and language == GEORGIAN else text

    def _english_entry(self, msgid: str, plural: str) -> Entry:
        entry = self._compile_english(ENGLISH, msgid, plural)
        self._english[msgid] = entry
        return entry

    def _compile_english(self, language: str, msgid: str, plural: str) -> Entry:
        forms = [msgid, plural] if plural else [msgid]
        compiled = tuple(self._compile(language, form, "flows", None) for form in forms)
        return Entry(compiled, lambda n: 0 if n == 1 else 1)

    def _load(self, language: str, body: bytes) -> None:
        file = file_of(language)
        catalogue = read_catalogue(language, body, file)
        tag = CATALOGUE_TAGS.get(language, language)
        choose = gettext.c2py(catalogue.plural_expr)
        for message in catalogue:
            forms = translations(message)
            if not message.id or not forms:
                continue
            msgid = message.id if isinstance(message.id, str) else message.id[0]
            compiled = tuple(self._compile(tag, form, file, message.lineno) for form in forms)
            self._entries[tag, msgid] = Entry(compiled, choose)
            if language == GEORGIAN:
                in_latin = tuple(self._compile(GEORGIAN_LATIN, latin(form), file, message.lineno) for form in forms)
                self._entries[GEORGIAN_LATIN, msgid] = Entry(in_latin, choose)

    def _compile(self, language: str, text: str, file: str, line: int | None) -> Template:
        pieces: list[str] = []
        fields: list[str] = []
        for name, piece in parse(text, file, line):
            pieces.append(piece.replace("{", "{{").replace("}", "}}"))
            if name is None:
                continue
            if name not in self._allowed:
                known = ", ".join(sorted(self._allowed))
                raise ContentError(f"unknown placeholder {{{name}}}; known are {known}", file=file, line=line)
            if name in KEYWORDS:
                pieces.append(self._published(language, name).replace("{", "{{").replace("}", "}}"))
            else:
                pieces.append("{" + name + "}")
                fields.append(name)
        joined = "".join(pieces)
        return Template(
            joined if fields else joined.replace("{{", "{").replace("}}", "}"), tuple(dict.fromkeys(fields))
        )


def parse(text: str, file: str = "", line: int | None = None) -> list[tuple[str | None, str]]:
    """(placeholder after it or None, literal text) pairs. Raises ContentError if braces do not match."""
    try:
        return [(name, literal) for literal, name, _, _ in Formatter().parse(text)]
    except ValueError as error:
        raise ContentError(f"a brace is out of place: {error}", file=file, line=line) from error


def file_of(language: str) -> str:
    """A catalogue's file, as messages name it."""
    return f"locales/{language}/LC_MESSAGES/smsbot.po"


def read_catalogue(language: str, body: bytes, file: str) -> Catalog:
    try:
        return read_po(io.BytesIO(body), locale=language.partition("@")[0], abort_invalid=True)
    except (PoFileError, ValueError) as error:
        raise ContentError(f"not a gettext catalogue: {error}", file=file) from error


def each_of(bodies: bytes | Sequence[bytes]) -> Sequence[bytes]:
    return [bodies] if isinstance(bodies, bytes) else bodies


def translations(message: Message) -> list[str]:
    """The forms of *message*, none if one of them is missing or marked fuzzy."""
    string = message.string
    forms = [string] if isinstance(string, str) else list(string or ())
    return forms if all(forms) and not message.fuzzy else []
