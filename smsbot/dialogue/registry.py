"""The closed vocabulary of flow files: named conditions, actions and fields, all of them Python.

A flow names them; there is no expression language. Functions are marked with the decorators below and collected from
modules, so nothing registers itself behind anybody's back. Another package adds its own by an entry point of the
group `smsbot.dialogue` that points to a module with marked functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType
from typing import TypeVar

from smsbot.dialogue.directory import Directory
from smsbot.dialogue.turn import Turn

GROUP = "smsbot.dialogue"
_MARK = "smsbot_dialogue_mark"

Condition = Callable[[Turn], bool]
Action = Callable[[Turn], None]
Sample = Callable[[Directory, str], str]

_F = TypeVar("_F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Field:
    """A placeholder of the texts: *value* for a turn, *sample* a long but likely value, for counting parts."""

    value: Callable[[Turn], object]
    sample: Sample


@dataclass(frozen=True, slots=True)
class Registry:
    conditions: Mapping[str, Condition]
    actions: Mapping[str, Action]
    fields: Mapping[str, Field]

    @classmethod
    def collect(cls, modules: Iterable[ModuleType]) -> Registry:
        """Every marked function of *modules*; a later module may not take an earlier one's name."""
        found: dict[str, dict[str, object]] = {"condition": {}, "action": {}, "field": {}}
        for module in modules:
            for thing in vars(module).values():
                mark = getattr(thing, _MARK, None)
                if mark is None or getattr(thing, "__module__", None) != module.__name__:
                    continue
                kind, sample = mark
                name = thing.__name__
                if name in found[kind]:
                    raise ValueError(f"{module.__name__}: the {kind} `{name}` exists already")
                found[kind][name] = Field(thing, sample) if kind == "field" else thing
        return cls(*(MappingProxyType(names) for names in found.values()))  # type: ignore[arg-type] # by kind

    @classmethod
    def builtin(cls) -> Registry:
        """The built-in names and those of installed packages."""
        from smsbot.dialogue import answers, fields, personal  # noqa: PLC0415  # they use this module's decorators

        return cls.collect([answers, personal, fields, *(entry.load() for entry in entry_points(group=GROUP))])


def condition(function: _F) -> _F:
    """Mark `(turn) -> bool`: it reads the turn and changes nothing."""
    setattr(function, _MARK, ("condition", None))
    return function


def action(function: _F) -> _F:
    """Mark `(turn) -> None`: it changes the turn."""
    setattr(function, _MARK, ("action", None))
    return function


def field(sample: Sample) -> Callable[[_F], _F]:
    """Mark `(turn) -> object`: a placeholder's value."""

    def mark(function: _F) -> _F:
        setattr(function, _MARK, ("field", sample))
        return function

    return mark
