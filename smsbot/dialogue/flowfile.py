"""A flow file: one dialogue in YAML, written by people who do not program. Its schema, and how it is read.

Loaded with the base loader, so `no`, `on` and `ru` stay words; types are pydantic's. Faults name file and line.
"""

from __future__ import annotations

from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from smsbot.dialogue.phrases import Text
from smsbot.errors import ContentError
from smsbot.text.understood import Intent

END = "end"
IDLE = "idle"
QUESTION_WAITS_H = 72
"""Hours that a question waits for its answer (contract §7)."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


def _words(value: object) -> object:
    """`a` and `[a, b]` are both lists of names."""
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_words)]


class Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class FlowText(Node):
    """English wording with `{placeholders}`, how many message parts it may take, and its plural if it counts `{n}`."""

    text: str = Field(min_length=1)
    plural: str = ""
    parts: int = Field(default=1, ge=1, le=6)


class Branch(Node):
    """If all conditions hold (`not NAME` turns one round): do the actions, say the text, go to the state."""

    when: Names = Field(default=(), alias="if")
    do: Names = ()
    say: str | None = None
    go: str = END


class FlowState(Node):
    """An open question. *expects* are commands that belong to it while it is open, instead of outranking it."""

    ask: str
    again: str | None = None  # how it is asked again after a wrong answer; else as before
    expects: Annotated[tuple[Intent, ...], BeforeValidator(_words)] = ()
    waits_minutes: int = Field(default=QUESTION_WAITS_H * 60, ge=1)
    answers: tuple[Branch, ...] = ()


class FlowFile(Node):
    flow: Name
    revision: int = Field(ge=1)
    about: str = ""
    opened_by: Annotated[tuple[Intent, ...], BeforeValidator(_words)] = ()
    keeps_question: bool = False  # another flow's open question stays open beside it
    begin: tuple[Branch, ...] = Field(min_length=1)
    states: dict[Name, FlowState] = {}
    texts: dict[Name, FlowText]


class Lines:
    """Line numbers of a YAML document by path, e.g. (`states`, `asked`, `answers`, 2)."""

    def __init__(self, body: str) -> None:
        self._root = yaml.compose(body, Loader=yaml.BaseLoader)

    def at(self, *path: str | int) -> int:
        """The line of *path*, or of the nearest thing above it that exists. The first line is 1."""
        node = self._root
        line = 1 if node is None else node.start_mark.line + 1
        for step in path:
            if isinstance(node, yaml.MappingNode):
                pairs = [(key, value) for key, value in node.value if key.value == str(step)]
                if not pairs:
                    return line
                key, node = pairs[0]
                line = key.start_mark.line + 1
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                return line
        return line


def read(body: str | bytes, file: str) -> tuple[FlowFile, Lines]:
    """Raises ContentError with the line of the first fault."""
    text = body.decode("utf-8") if isinstance(body, bytes) else body
    try:
        lines = Lines(text)
        tree: Any = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # BaseLoader builds only str, list, dict
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ContentError("this is not YAML", file=file, line=mark.line + 1 if mark else None) from error
    try:
        return FlowFile.model_validate(tree), lines
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        message = "no such key here" if first["type"] == "extra_forbidden" else first["msg"]
        raise ContentError(f"{where}: {message}", file=file, line=lines.at(*first["loc"])) from error


def texts_of(flow: FlowFile, lines: Lines | None = None) -> dict[str, Text]:
    """The flow's texts by name, each labelled `flow.text@revision` for the ledger."""
    return {
        name: Text(
            text.text,
            parts=text.parts,
            plural=text.plural,
            label=f"{flow.flow}.{name}@{flow.revision}",
            line=lines.at("texts", name) if lines else None,
        )
        for name, text in flow.texts.items()
    }
