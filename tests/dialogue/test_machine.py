"""Flows compile to one machine each; what cannot work is told with file and line."""

from __future__ import annotations

import logging

import pytest
from transitions import Event

from smsbot.dialogue.machine import ANSWER, BEGIN, Flows, draw
from smsbot.dialogue.registry import Registry, action, condition, field
from smsbot.errors import ContentError
from smsbot.text.understood import Intent
from tests.dialogue.bot import Phone, engine, flow_bodies

GOOD = """\
flow: poll
revision: 2
opened_by: data
begin:
  - go: asked
states:
  asked:
    ask: question
    expects: [yes, no]
    answers:
      - if: says_yes
        say: thanks
      - if: not says_yes
        say: thanks
texts:
  question:
    text: "Well?"
  thanks:
    text: "Thank you"
"""


def build(body: str = GOOD) -> Flows:
    return Flows.build({"flows/poll.yaml": body}, Registry.builtin())


class Light:
    """Anything with a `state`: never registered with the machine."""

    state = "asked"

    def __init__(self) -> None:
        self.said: list[str] = []
        self.understood = Phone().engine.directory.reader.understand("YES")

    def say(self, text: object) -> None:
        self.said.append(text.msgid)  # type: ignore[attr-defined]


def test_an_unregistered_object_is_moved_and_leaves_no_trace() -> None:
    machine = build().by_name["poll"].machine
    turn = Light()
    assert machine.events[ANSWER].trigger(turn, turn)
    assert turn.state == "end"
    assert turn.said == ["Thank you"]
    assert machine.models == []
    assert machine.initial == "idle"
    other = Light()
    assert machine.events[ANSWER].trigger(other, other), "one turn must not move another"


def test_an_event_that_does_not_fit_the_state_changes_nothing() -> None:
    machine = build().by_name["poll"].machine
    turn = Light()
    assert not machine.events[BEGIN].trigger(turn, turn)
    assert turn.state == "asked"


@pytest.mark.parametrize("name", [BEGIN, ANSWER])
@pytest.mark.parametrize("state", ["idle", "asked", "end"])
def test_a_turn_moves_as_the_library_alone_would_move_it(name: str, state: str) -> None:
    event = build().by_name["poll"].machine.events[name]
    ours, theirs = Light(), Light()
    ours.state = theirs.state = state
    assert event.trigger(ours, ours) == Event.trigger(event, theirs, theirs)
    assert (ours.state, ours.said) == (theirs.state, theirs.said)


def test_no_string_of_a_file_reaches_the_machine_as_a_callback() -> None:
    for flow in engine().flows.by_name.values():
        for event in flow.machine.events.values():
            for transitions in event.transitions.values():
                for one in transitions:
                    callbacks = [*one.before, *one.after, *one.prepare, *(c.func for c in one.conditions)]
                    assert all(callable(callback) for callback in callbacks)


def test_the_machines_library_does_not_log_every_step() -> None:
    build()
    assert logging.getLogger("transitions").level == logging.WARNING


def test_words_that_yaml_takes_for_booleans_stay_words() -> None:
    assert build().by_name["poll"].questions["asked"].expects == {Intent.YES, Intent.NO}


@pytest.mark.parametrize(
    "old, new, line, message",
    [
        ("go: asked\nstates", "go: nowhere\nstates", 5, "no state `nowhere`"),
        ("go: asked\nstates", "go: other.asked\nstates", 5, "no flow and state `other.asked`"),
        ("if: says_yes", "if: os.system", 11, "unknown condition `os.system`"),
        (
            "        say: thanks\n      - if: not",
            "        do: os.remove\n      - if: not",
            12,
            "unknown action `os.remove`",
        ),
        ("ask: question", "ask: missing", 8, "no text `missing`"),
        ("        say: thanks\n      - if: not", "        say: nothing\n      - if: not", 12, "no text `nothing`"),
        ("revision: 2", "revision: two", 2, "revision"),
        ("opened_by: data", "opened_by: dance", 3, "opened_by"),
        ("opened_by: data", "opens: data", 3, "no such key"),
        ("states:\n", "states: [\n", 8, "not YAML"),
    ],
)
def test_a_fault_names_its_file_and_line(old: str, new: str, line: int, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ContentError, match=message) as caught:
        build(GOOD.replace(old, new, 1))
    assert caught.value.file == "flows/poll.yaml"
    assert caught.value.line == line


def test_two_flows_cannot_be_opened_by_one_word() -> None:
    other = GOOD.replace("flow: poll", "flow: again")
    with pytest.raises(ContentError, match="`data` opens the flow `poll` already"):
        Flows.build({"a.yaml": GOOD, "b.yaml": other}, Registry.builtin())


def test_two_flows_cannot_share_a_name() -> None:
    with pytest.raises(ContentError, match="exists already"):
        Flows.build({"a.yaml": GOOD, "b.yaml": GOOD}, Registry.builtin())


def test_a_drawing_shows_every_state_and_way_out() -> None:
    for flow in engine().flows.by_name.values():
        drawing = draw(flow)
        assert drawing.startswith("stateDiagram-v2\n")
        assert drawing.count("[*] -->") == len(flow.source.begin)
        for state in flow.source.states:
            assert f"{state}:" in drawing
            assert f"{state} --> [*]: third wrong answer" in drawing


def test_every_flow_is_short_enough_to_be_read() -> None:
    for name, body in flow_bodies().items():
        assert len(body.splitlines()) <= 120, name


def test_a_registry_collects_marked_functions_of_a_module_only() -> None:
    registry = Registry.builtin()
    assert "names_topics" in registry.conditions
    assert "subscribe" in registry.actions
    assert "menu" in registry.fields
    assert "chosen_topics" not in registry.conditions


def test_two_functions_cannot_share_a_name() -> None:
    from types import ModuleType

    def twin(_: object) -> bool:
        return True

    modules = []
    for name in ("one", "two"):
        module = ModuleType(name)
        marked = condition(lambda turn: True)
        marked.__name__, marked.__module__ = "twin", name
        module.twin = marked  # type: ignore[attr-defined]
        modules.append(module)
    with pytest.raises(ValueError, match="`twin` exists already"):
        Registry.collect(modules)
    assert action(twin) is twin
    assert field(lambda *_: "")(twin) is twin
