"""Values of the hot path behave as frozen dataclasses do; that nobody changes them is for mypy to see."""

import dataclasses

import pytest

from smsbot.dialogue.model import Contact, Conversation, State
from smsbot.values import changed, value


@value(frozen=True, slots=True)
class _Point:
    x: int
    y: int = 0


def test_equal_values_are_equal_and_hash_alike() -> None:
    assert _Point(1) == _Point(1, 0) != _Point(1, 2)
    assert len({_Point(1), _Point(1), _Point(2)}) == 2


def test_a_value_takes_no_field_that_it_does_not_have() -> None:
    with pytest.raises(AttributeError):
        _Point(1).z = 3  # type: ignore[attr-defined]  # what is tried


@pytest.mark.parametrize("changes", [{}, {"x": 5}, {"y": 7, "x": 8}])
def test_a_change_makes_what_replace_makes_and_leaves_the_first_alone(changes: dict[str, int]) -> None:
    first = _Point(1, 2)
    made = changed(first, changes)
    assert made == dataclasses.replace(first, **changes)
    assert first == _Point(1, 2)


def test_a_person_is_changed_whole() -> None:
    person = Contact("+995555000001", topics=frozenset({"budget"}), id=4)
    assert changed(person, {"state": State.STOPPED}) == dataclasses.replace(person, state=State.STOPPED)


def test_each_conversation_begins_with_the_same_empty_slots() -> None:
    assert Conversation("menu", 1, "asked", 0).slots == {}
