"""Flows, compiled at start: each becomes one `transitions.Machine` that all numbers share.

A machine is a table. `machine.events[name].trigger(turn, turn)` moves a turn that was never registered as a model:
registering one per message would cost more than everything else together. Callbacks are Python callables from the
registry; `transitions` takes a string for an import path, so none from a file ever reaches it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from transitions import Event, EventData, Machine, Transition

from smsbot.dialogue.flowfile import END, IDLE, Branch, FlowFile, FlowState, Lines, read, texts_of
from smsbot.dialogue.phrases import Text
from smsbot.dialogue.registry import Condition, Registry
from smsbot.dialogue.turn import Turn
from smsbot.errors import ContentError
from smsbot.text.understood import Intent

BEGIN = "begin"
ANSWER = "answer"
NOT = "not "

Callback = Callable[[Turn], None]
Callbacks = list[str | Callable[..., bool | None]]  # as `transitions` types them; ours are never strings


class _Step(Transition):
    """A transition whose callbacks all are callables: without the library's look-up and log line for each of them."""

    def execute(self, event_data: EventData) -> bool:
        return self.take(cast(Turn, event_data.model))

    def take(self, turn: Turn) -> bool:
        """False: its conditions do not hold, and nothing has changed."""
        for condition in self.conditions:
            if condition.func(turn) is not condition.target:  # type: ignore[operator]  # never a name
                return False
        turn.state = self.dest or turn.state
        for callback in self.after:
            callback(turn)  # type: ignore[operator]  # never a name
        return True


class _Event(Event):
    """An event of machines without queue, nesting or callbacks of their own: of the library's `trigger` there remains
    that the ways out of the present state are tried in order, which takes a fifth of the time."""

    def trigger(self, model: object, *_again: object, **_named: object) -> bool:
        turn = cast(Turn, model)
        steps = cast("list[_Step]", self.transitions.get(turn.state, ()))
        return any(step.take(turn) for step in steps)


class _Machine(Machine):
    transition_cls = _Step
    event_cls = _Event


@dataclass(frozen=True, slots=True)
class Question:
    """A state as the engine sees it."""

    ask: Text
    again: Text
    expects: frozenset[Intent]
    waits_ms: int


@dataclass(frozen=True, slots=True)
class Flow:
    name: str
    revision: int
    file: str
    source: FlowFile
    lines: Lines
    machine: Machine
    questions: Mapping[str, Question]
    texts: Mapping[str, Text]

    def begin(self, turn: Turn) -> bool:
        turn.state = IDLE
        return bool(self.machine.events[BEGIN].trigger(turn, turn))

    def answer(self, turn: Turn) -> bool:
        """False: the text is no answer to the question that is open."""
        event = self.machine.events.get(ANSWER)
        return bool(event and event.trigger(turn, turn))


@dataclass(frozen=True, slots=True)
class Flows:
    by_name: Mapping[str, Flow]
    by_intent: Mapping[Intent, Flow]

    @classmethod
    def build(cls, files: Mapping[str, str | bytes], registry: Registry) -> Flows:
        """*files*: name for messages → YAML. Raises ContentError for the first thing that cannot work."""
        logging.getLogger("transitions").setLevel(logging.WARNING)  # it logs every step of every message
        by_name: dict[str, Flow] = {}
        by_intent: dict[Intent, Flow] = {}
        for file, body in files.items():
            flow = compile_flow(*read(body, file), file, registry)
            if flow.name in by_name:
                raise ContentError(f"the flow `{flow.name}` exists already", file=file, line=flow.lines.at("flow"))
            by_name[flow.name] = flow
            for intent in flow.source.opened_by:
                if intent in by_intent:
                    message = f"`{intent}` opens the flow `{by_intent[intent].name}` already"
                    raise ContentError(message, file=file, line=flow.lines.at("opened_by"))
                by_intent[intent] = flow
        flows = cls(MappingProxyType(by_name), MappingProxyType(by_intent))
        for flow in by_name.values():
            _check_hops(flow, flows)
        return flows

    @property
    def texts(self) -> tuple[Text, ...]:
        return tuple(text for flow in self.by_name.values() for text in flow.texts.values())

    def question(self, flow: str, state: str) -> Question | None:
        found = self.by_name.get(flow)
        return found.questions.get(state) if found else None


def compile_flow(source: FlowFile, lines: Lines, file: str, registry: Registry) -> Flow:
    texts = texts_of(source, lines)
    builder = _Builder(source, lines, file, registry, texts)
    questions = {name: builder.question(name, state) for name, state in source.states.items()}
    machine = _Machine(
        model=None,
        states=[IDLE, *source.states, END],
        initial=IDLE,
        auto_transitions=False,
        queued=False,
        ignore_invalid_triggers=True,
    )
    for at, branch in enumerate(source.begin):
        builder.add(machine, BEGIN, IDLE, branch, ("begin", at))
    for name, state in source.states.items():
        for at, branch in enumerate(state.answers):
            builder.add(machine, ANSWER, name, branch, ("states", name, "answers", at))
    return Flow(
        source.flow, source.revision, file, source, lines, machine, MappingProxyType(questions), MappingProxyType(texts)
    )


@dataclass(frozen=True, slots=True)
class _Builder:
    source: FlowFile
    lines: Lines
    file: str
    registry: Registry
    texts: Mapping[str, Text]

    def add(self, machine: Machine, event: str, state: str, branch: Branch, path: tuple[str | int, ...]) -> None:
        target = branch.go
        after: Callbacks = [self._action(name, path) for name in branch.do]
        if "." in target:
            flow, _, there = target.partition(".")
            after.append(_hop(flow, there))
            target = END
        elif target != END and target not in self.source.states:
            self._fault(f"there is no state `{target}`", *path, "go")
        text = branch.say or (self.source.states[target].ask if target in self.source.states else None)
        if text is not None:
            after.append(_sayer(self.text(text, *path, "say")))
        holds: Callbacks = [self._condition(name, path) for name in branch.when if not name.startswith(NOT)]
        fails: Callbacks = [
            self._condition(name.removeprefix(NOT), path) for name in branch.when if name.startswith(NOT)
        ]
        machine.add_transition(event, state, target, conditions=holds, unless=fails, after=after)

    def question(self, name: str, state: FlowState) -> Question:
        ask = self.text(state.ask, "states", name, "ask")
        again = self.text(state.again, "states", name, "again") if state.again else ask
        return Question(ask, again, frozenset(state.expects), state.waits_minutes * 60_000)

    def text(self, name: str, *path: str | int) -> Text:
        if name not in self.texts:
            self._fault(f"there is no text `{name}`", *path)
        return self.texts[name]

    def _condition(self, name: str, path: tuple[str | int, ...]) -> Condition:
        if name not in self.registry.conditions:
            self._fault(f"unknown condition `{name}`; known are {_list(self.registry.conditions)}", *path, "if")
        return self.registry.conditions[name]

    def _action(self, name: str, path: tuple[str | int, ...]) -> Callback:
        if name not in self.registry.actions:
            self._fault(f"unknown action `{name}`; known are {_list(self.registry.actions)}", *path, "do")
        return self.registry.actions[name]

    def _fault(self, message: str, *path: str | int) -> None:
        raise ContentError(message, file=self.file, line=self.lines.at(*path))


def _sayer(text: Text) -> Callback:
    return lambda turn: turn.say(text)


def _hop(flow: str, state: str) -> Callback:
    def hop(turn: Turn) -> None:
        turn.next_flow = (flow, state)

    return hop


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _check_hops(flow: Flow, flows: Flows) -> None:
    branches: list[tuple[tuple[str | int, ...], Branch]] = [
        (("begin", at), branch) for at, branch in enumerate(flow.source.begin)
    ]
    for name, state in flow.source.states.items():
        branches.extend((("states", name, "answers", at), branch) for at, branch in enumerate(state.answers))
    for path, branch in branches:
        there, dot, state_name = branch.go.partition(".")
        if dot and flows.question(there, state_name) is None:
            message = f"there is no flow and state `{branch.go}`"
            raise ContentError(message, file=flow.file, line=flow.lines.at(*path, "go"))


def draw(flow: Flow) -> str:
    """The flow as a Mermaid state diagram: states, and on each arrow the conditions and the text said."""
    rows = ["stateDiagram-v2", f"    %% {flow.name}, revision {flow.revision}"]
    arrows = [("[*]", branch) for branch in flow.source.begin]
    for name, state in flow.source.states.items():
        rows.append(f"    {name}: {name} - asks {state.ask}")
        arrows.extend((name, branch) for branch in state.answers)
        arrows.append((name, Branch.model_validate({"if": "third wrong answer", "say": "a_person_reads"})))
    for source, branch in arrows:
        target = "[*]" if branch.go == END else branch.go.replace(".", "_")
        if "." in branch.go:
            rows.append(f"    {target}: {branch.go}")
        label = " and ".join(branch.when) or "otherwise"
        label += "".join(f", {name}" for name in branch.do) + (f" / {branch.say}" if branch.say else "")
        rows.append(f"    {source} --> {target}: {label}")
    return "\n".join(dict.fromkeys(rows)) + "\n"
