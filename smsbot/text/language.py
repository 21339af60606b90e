"""Guessing a language: from the letters alone, for people whose words told nothing; and that of a topic's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from smsbot.text.fold import MAX_CHARS, clean, fold_of, lower, script, words
from smsbot.text.words import Named

_BY_SCRIPT = {"Geor": "ka", "Armn": "hy", "Cyrl": "ru"}
# Letters that of our Latin-script languages only Azerbaijani has (ö, ü, ç also occur in German and Turkish names).
_AZERBAIJANI = frozenset("əğış")


def guess(text: str, default: str | None = None) -> str | None:
    """The language that most of the letters of *text* belong to; *default* for plain Latin or no letters."""
    cleaned = clean(text[:MAX_CHARS])
    if cleaned.isascii():
        return default
    counts = Counter(script(char) for char in cleaned)
    own = {name: counts[name] for name in _BY_SCRIPT if counts[name]}
    if own:
        return _BY_SCRIPT[max(own, key=lambda name: own[name])]
    return "az" if _AZERBAIJANI & set(lower(cleaned)) else default


def home_of(word: str, topic: Named, spoken: Sequence[str]) -> tuple[str, bool]:
    """The language of *spoken* that a further word of *topic* is in, by script or by its name's words; and whether it
    is the name."""
    found = script(word)
    for language in spoken:
        fold = fold_of(language)
        if fold.script == "Latn":
            continue
        name = topic.names.get(language, "")
        same = bool(name) and not set(fold.keys(flat(word))).isdisjoint(fold.keys(flat(name)))
        if same or fold.script == found:
            return language, same
    for language in spoken:  # `social services` is English beside Social, `budce` Azerbaijani beside Büdcə
        fold = fold_of(language)
        if fold.script != found:
            continue
        ours, its = (
            {key for part in words(clean(each)) for key in fold.keys(part)}
            for each in (topic.names.get(language, ""), word)
        )
        if ours & its:
            return language, ours == its
    return "", False


def flat(word: str) -> str:
    """*word*, or words, as a whole message is looked up."""
    return " ".join(words(lower(clean(word))))
