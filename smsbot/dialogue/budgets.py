"""How many parts each sentence may take, in each language. Data: `locales/budgets.yaml`, and a municipality's own.

A sentence that is not listed has one part, or as many as its flow file says (`parts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from smsbot.dialogue.phrases import Text
from smsbot.errors import ContentError

OTHER = "other"
MOST = 6
"""Parts that any text may have (contract §2, `max_parts`)."""

Listing = tuple[str, Mapping[str, object], Mapping[str, int]]
"""A file's name, its content, and the line on which each of its words first stands."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """*parts*: `flow.text` → tag of language and script, or `other` → parts. *gsm7*: tags whose sentences must be GSM-7
    but for those of *mixed*, which have other alphabets in them on purpose."""

    parts: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    gsm7: tuple[str, ...] = ()
    mixed: frozenset[str] = frozenset()
    lines: Mapping[str, tuple[str, int | None]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def build(cls, listings: Sequence[Listing]) -> Self:
        """A later listing overrides sentences of an earlier one. Raises ContentError."""
        parts: dict[str, Mapping[str, int]] = {}
        lines: dict[str, tuple[str, int | None]] = {}
        plain: tuple[str, ...] = ()
        mixed: frozenset[str] = frozenset()
        for file, content, at in listings:
            for key in content:
                if key not in ("gsm7", "mixed", "parts"):
                    raise ContentError(f"no section `{key}`; known are gsm7, mixed, parts", file=file, line=at.get(key))
            plain = _names(content, "gsm7", file) or plain
            mixed |= frozenset(_names(content, "mixed", file))
            listed = content.get("parts") or {}
            if not isinstance(listed, Mapping):
                raise ContentError("parts: a mapping of sentences is expected", file=file)
            for label, value in listed.items():
                lines[label] = file, at.get(label)
                parts[label] = _allowed(value, file, at.get(label))
        return cls(MappingProxyType(parts), plain, mixed, MappingProxyType(lines))

    def of(self, text: Text, tag: str) -> int:
        """Parts that *text* may take for readers of *tag*."""
        allowed = self.parts.get(name_of(text))
        return text.parts if allowed is None else allowed.get(tag, allowed.get(OTHER, 1))

    def must_be_gsm7(self, text: Text, tag: str) -> bool:
        return tag in self.gsm7 and name_of(text) not in self.mixed


def name_of(text: Text) -> str:
    """`flow.text`, without the revision."""
    return text.label.partition("@")[0]


def _names(content: Mapping[str, object], key: str, file: str) -> tuple[str, ...]:
    value = content.get(key) or ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ContentError(f"{key}: a list is expected", file=file)
    return tuple(map(str, value))


def _allowed(value: object, file: str, line: int | None) -> Mapping[str, int]:
    pairs = value if isinstance(value, Mapping) else {OTHER: value}
    found = {}
    for tag, parts in pairs.items():
        if not (isinstance(parts, str) and parts.isascii() and parts.isdigit() and 1 <= int(parts) <= MOST):
            raise ContentError(f"a number of parts from 1 to {MOST} is expected", file=file, line=line)
        found[str(tag)] = int(parts)
    return MappingProxyType(found)
