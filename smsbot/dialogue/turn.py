"""One text on its way through the dialogue: light and mutable, gone when the outcome is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from smsbot.dialogue import wording
from smsbot.dialogue.latin import tag_of
from smsbot.dialogue.model import Contact, Conversation, Fact, Inbound, Outcome, State
from smsbot.text.understood import Intent, Understood
from smsbot.values import changed

if TYPE_CHECKING:
    from smsbot.dialogue.directory import Directory
    from smsbot.dialogue.phrases import Phrases, Text
    from smsbot.dialogue.registry import Registry

WORTH_SUMMING_UP = 4
"""Topics from which on "all topics" is shorter than their names."""


class Turn:
    """Collects what one text changes. Conditions read it, actions write it; `state` is what `transitions` moves."""

    __slots__ = (
        "_changes",
        "_contact",
        "alarm",
        "code",
        "command",
        "conversation",
        "directory",
        "erase",
        "facts",
        "fields",
        "inbound",
        "inbox",
        "language",
        "left",
        "makes_profile",
        "next_flow",
        "phrases",
        "registry",
        "replies",
        "script",
        "slots",
        "source",
        "state",
        "stranger",
        "suppress",
        "understood",
        "unlimited",
        "wording",
    )

    def __init__(
        self,
        contact: Contact,
        conversation: Conversation | None,
        inbound: Inbound,
        understood: Understood,
        *,
        directory: Directory,
        phrases: Phrases,
        registry: Registry,
        code: Callable[[], str],
    ) -> None:
        self._contact = contact
        self._changes: dict[str, Any] = {}
        self.conversation = conversation
        self.inbound = inbound
        self.understood = understood
        self.directory = directory
        self.phrases = phrases
        self.registry = registry
        self.code = code
        self.state = conversation.state if conversation else "idle"
        self.slots: dict[str, object] = dict(conversation.slots) if conversation else {}
        self.stranger = contact.state is State.NEW  # nobody has told this person yet who we are (or only just now)
        self.language = directory.default_language
        self.script = ""
        self.source = "sms"
        self.replies: list[str] = []
        self.facts: list[tuple[str, str]] = []  # (action, scope)
        self.fields: dict[str, object] = {}  # what actions found out, for the texts
        self.wording = ""
        self.next_flow: tuple[str, str] | None = None  # a step into another flow's state
        self.command: Intent | None = None  # a command that the answer to a question chose
        self.inbox = ""
        self.alarm = ""
        self.suppress = False
        self.left: tuple[str, ...] = ()
        self.erase = False
        self.makes_profile = True  # any first text but a STOP makes one
        self.unlimited = False  # the reply is law: the loop guard does not hold it back

    @property
    def now_ms(self) -> int:
        return self.inbound.now_ms

    @property
    def tag(self) -> str:
        """Language and script of the reply: `ka-Latn`, else the language."""
        return tag_of(self.language, self.script)

    def change(self, **fields: Any) -> None:
        """Change fields of the contact. Changes are collected: copying the contact costs more than most turns do."""
        self._changes.update(fields)

    @property
    def contact(self) -> Contact:
        if self._changes:
            self._contact = changed(self._contact, self._changes)
            self._changes = {}
        return self._contact

    @contact.setter
    def contact(self, contact: Contact) -> None:
        self._contact = contact
        self._changes = {}

    def record(self, action: str, scope: str = "all") -> None:
        """Note a fact for the ledger; its wording is that of the last text said."""
        self.facts.append((action, scope))

    def render(self, text: Text, n: int = 1) -> str:
        template = self.phrases.template(self.language, text.msgid, n, self.script)
        if not template.fields:
            values: Mapping[str, object] = {}
        else:
            values = {name: self.value(name, n) for name in template.fields}
        return self.phrases.finish(template, values, self.language, self.script)

    def word(self, text: Text) -> str:
        """A text without placeholders as part of another one: it begins no sentence."""
        return self.phrases.template(self.language, text.msgid, 1, self.script).text

    def value(self, name: str, n: int = 1) -> object:
        if name in self.fields:
            return self.fields[name]
        return n if name == "n" else self.registry.fields[name].value(self)

    def say(self, text: Text) -> None:
        n = self.fields.get("n", 1)
        self.replies.append(self.render(text, n if isinstance(n, int) else 1))
        self.wording = text.label

    def named(self, codes: Iterable[str]) -> str:
        """Names of topics, closed ones left out; "all topics" where the list would only repeat the menu."""
        topics = self.directory.topics
        known = [code for code in codes if code in topics]
        if len(known) == len(topics) >= WORTH_SUMMING_UP:
            return self.word(wording.ALL_TOPICS)
        return self.directory.topic_names(known, self.tag)

    def outcome(self) -> Outcome:
        understood = self.understood
        facts = [
            Fact(action, scope, self.source, understood.keyword, understood.rule, self.wording)
            for action, scope in self.facts
        ]
        return Outcome(
            contact=self.contact,
            conversation=self.conversation,
            understood=understood,
            replies=tuple(self.replies),
            facts=tuple(facts),
            inbox=self.inbox,
            alarm=self.alarm,
            suppress=self.suppress,
            left=self.left,
            erase=self.erase,
        )
