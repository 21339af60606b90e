"""One text in, its outcome out: `Engine.step`. Pure: time and chance are parameters, nothing is read or written.

The order of things: what the gateway already did, the law (STOP, HELP, LEAVE), the open question where the text
belongs to it, commands, topics; what is left goes to staff. The loop guard comes last: it holds back replies, never
what a text does.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable

from smsbot.dialogue import consent, tongue, wording
from smsbot.dialogue.answers import RANGE, SHOWN_NUMBER_MAX, TYPO, asked_commands
from smsbot.dialogue.directory import Directory
from smsbot.dialogue.flowfile import END
from smsbot.dialogue.guard import REPLIES_PER_HOUR, guard
from smsbot.dialogue.latin import GEORGIAN, GEORGIAN_LATIN, LATIN
from smsbot.dialogue.machine import Flow, Flows, Question
from smsbot.dialogue.model import Contact, Conversation, Inbound, Outcome, State
from smsbot.dialogue.phrases import Phrases
from smsbot.dialogue.registry import Registry
from smsbot.dialogue.senders import NOBODY, Senders, flat
from smsbot.dialogue.turn import Turn
from smsbot.errors import ContentError
from smsbot.text.arguments import DOUBTFUL_NAME
from smsbot.text.freetext import PLACE
from smsbot.text.understood import Intent, Understood

WRONG_ANSWERS = 3
"""The third wrong answer ends the question: a person reads it."""
EMERGENCY = frozenset({"112", "102", "sos", "სოს", "сос"})
EMERGENCY_LONGEST = 12  # characters, exclamation marks included

RESTART, STOP_ALL, LIST, MEANT, AREA = BUILT_IN = ("restart", "stopall", "topics", "meant", "area")
"""Flows that the rules themselves begin."""

ASKED = "asked"
"""The rule of a command that was chosen by number, not by its word."""
STOPPING = frozenset({Intent.STOP, Intent.LEAVE, Intent.MAYBE_STOP, Intent.ZERO, Intent.NO})

ASKS_NOTHING = frozenset({Intent.OTHER, Intent.EMPTY})

BELONGS_TO_QUESTION = frozenset({Intent.NUMBERS, Intent.ALL, Intent.YES, Intent.OTHER})
"""What is no command: while a question is open it is its answer, right or wrong."""


class Engine:
    """Stateless but for its parts; one per directory snapshot, shared by all numbers and threads."""

    __slots__ = ("_handlers", "directory", "flows", "phrases", "registry", "replies_per_hour", "senders")

    def __init__(
        self,
        directory: Directory,
        flows: Flows,
        phrases: Phrases,
        registry: Registry,
        *,
        replies_per_hour: int = REPLIES_PER_HOUR,
        senders: Senders | None = None,
    ) -> None:
        for name in BUILT_IN:
            if name not in flows.by_name:
                raise ContentError(f"the flow `{name}` is missing; the rules need it", file="flows")
        self.directory = directory
        self.flows = flows
        self.phrases = phrases
        self.registry = registry
        self.replies_per_hour = replies_per_hour
        self.senders = senders or Senders()
        self._handlers: dict[Intent, Callable[[Turn], None]] = {
            Intent.STOP: consent.stop,
            Intent.HELP: consent.help_,
            Intent.EMPTY: consent.unreadable,
            Intent.KEEP: consent.kept,
            Intent.STOP_SENTENCE: consent.stop_in_sentence,
            Intent.LEAVE: self._leave,
            Intent.ZERO: self._zero,
            Intent.MAYBE_STOP: self._maybe_stop,
        }

    def step(
        self,
        contact: Contact,
        conversation: Conversation | None,
        inbound: Inbound,
        *,
        code: Callable[[], str],
        understood: Understood | None = None,
    ) -> Outcome:
        """Answer *inbound*. *code* draws four digits; *understood* saves reading the text a second time."""
        if understood is None:
            understood = self.directory.reader.understand(inbound.text)
        if understood.language == GEORGIAN_LATIN:  # its own name was said: `kartuli`
            understood = dataclasses.replace(understood, language=GEORGIAN, script=LATIN)
        turn = Turn(
            contact,
            self._open(conversation, inbound.now_ms),
            inbound,
            understood,
            directory=self.directory,
            phrases=self.phrases,
            registry=self.registry,
            code=code,
        )
        digest = zlib.crc32(inbound.text.strip().casefold().encode())
        turn.stranger = contact.state is State.NEW or _repeats_first(contact, digest)
        if contact.state is State.PAUSED and (contact.paused_until_ms or 0) <= inbound.now_ms:
            turn.change(state=State.ACTIVE, paused_until_ms=None)
        tongue.settle(turn)
        if inbound.optout:
            consent.told_by_gateway(turn)
        else:
            self._answer(turn)
        if not turn.erase:
            tongue.remember(turn, contact)
        if turn.makes_profile and not contact.known:
            turn.change(known=True)
            if contact.state is State.NEW:
                _introduce(turn)
        guard(turn, contact.repetition, digest, replies_per_hour=self.replies_per_hour)
        return turn.outcome()

    def _open(self, conversation: Conversation | None, now_ms: int) -> Conversation | None:
        """The question that is still open; one that has expired, or that an upgrade has removed, is not."""
        if conversation is None or conversation.expires_ms <= now_ms:
            return None
        return conversation if self.flows.question(conversation.flow, conversation.state) else None

    def _answer(self, turn: Turn) -> None:
        intent, text = turn.understood.intent, turn.inbound.text
        sender = NOBODY if turn.understood.rule == "exact" and intent is not Intent.STOP else self.senders.read(text)
        if sender.machine:
            return consent.machine(turn)
        if len(text) <= EMERGENCY_LONGEST and flat(text) in EMERGENCY and not self._is_topic_number(turn):
            turn.inbox = "emergency"
            return turn.say(wording.EMERGENCY)
        if sender.thanks and intent in ASKS_NOTHING and turn.contact.known:
            return None  # an open question stays open
        if sender.not_me or (sender.denies and intent is Intent.STOP):
            return consent.not_me(turn)
        handler = self._handlers.get(intent)
        if handler is not None:
            return handler(turn)
        if consent.too_late(turn) and (consent.lifts_stop(turn) or turn.conversation):
            turn.makes_profile = False
            return None
        question = self._question(turn)
        if question is not None and (intent in BELONGS_TO_QUESTION or intent in question.expects):
            if self._advance(turn):
                return None
            if intent is Intent.OTHER and turn.contact.state is State.STOPPED:
                return consent.not_understood(turn)  # whoever has stopped is not pressed for an answer
            if self._is_between_commands(turn):
                return self._ask_which(turn)
            if intent not in question.expects and not self._is_place(turn):
                return self._wrong(turn, question)
        if self._is_between_commands(turn):
            return self._ask_which(turn)
        return self._command(turn)

    def _is_between_commands(self, turn: Turn) -> bool:
        """Is it one of several commands, or near one but too far to be acted on? One question, never a chain of them:
        not while that question is open."""
        asked = turn.conversation is not None and turn.conversation.flow == MEANT
        return bool(turn.understood.candidates) and not asked and turn.contact.state is not State.STOPPED

    def _ask_which(self, turn: Turn) -> None:
        """Asked by number; near a stop, the question about the stop instead (contract §10)."""
        if not STOPPING.isdisjoint(turn.understood.candidates):
            return self._maybe_stop(turn)
        if asked_commands(turn):
            return self._begin(turn, MEANT)
        return consent.not_understood(turn)

    def _run(self, turn: Turn, intent: Intent) -> None:
        """Do what the answer to that question chose, as if its bare word had been sent."""
        turn.understood = Understood(intent, keyword=intent.value, rule=ASKED)
        handler = self._handlers.get(intent, self._command)
        handler(turn)

    def _is_topic_number(self, turn: Turn) -> bool:
        return any(number in self.directory.by_number for number in turn.understood.numbers)

    def _question(self, turn: Turn) -> Question | None:
        conversation = turn.conversation
        return self.flows.question(conversation.flow, conversation.state) if conversation else None

    def _command(self, turn: Turn) -> None:
        """No question is open, or this text outranks it."""
        intent, contact = turn.understood.intent, turn.contact
        stopped = contact.state is State.STOPPED
        match intent:
            case Intent.JOIN | Intent.TOPIC if stopped and turn.understood.rule == TYPO:
                return consent.not_understood(turn)  # a stop is lifted by what is written, never by what may be meant
            case Intent.JOIN if self._starts_again(turn):
                return self._begin(turn, RESTART)
            case Intent.NO:
                return self._begin(turn, STOP_ALL)
            case Intent.NUMBERS if not stopped and turn.understood.rule == RANGE:
                return self._begin(turn, LIST)  # shows the menu, changes nothing
            case Intent.NUMBERS if stopped or not self._are_topic_numbers(turn):
                return consent.not_understood(turn)
            case Intent.ALL | Intent.YES if stopped:
                return consent.not_understood(turn)
            case Intent.OTHER if self._is_place(turn):
                return self._begin(turn, AREA)
            case _ if intent in self.flows.by_intent:
                return self._begin(turn, self.flows.by_intent[intent].name)
            case _:
                return consent.not_understood(turn)

    def _is_place(self, turn: Turn) -> bool:
        """Somebody who has joined texts a village's name, one that only one place has, and nothing else."""
        return turn.understood.rule == PLACE and turn.contact.state in (State.ACTIVE, State.PAUSED)

    def _starts_again(self, turn: Turn) -> bool:
        """A bare join word from a stopped number, or repeated before the offer of the former topics was answered."""
        contact, understood = turn.contact, turn.understood
        if understood.topics or understood.numbers or understood.every:
            return False
        offered = contact.state is State.ACTIVE and not contact.topics and bool(contact.former)
        return contact.state is State.STOPPED or offered

    def _are_topic_numbers(self, turn: Turn) -> bool:
        """Longer digits are a code or a personal number: staff read them, they are not sent back."""
        numbers = turn.understood.numbers
        return bool(numbers) and max(numbers) <= SHOWN_NUMBER_MAX

    def _leave(self, turn: Turn) -> None:
        understood = turn.understood
        if understood.rule == DOUBTFUL_NAME and turn.contact.topics.isdisjoint(understood.topics):
            return self._maybe_stop(turn)
        if understood.topics or understood.numbers or understood.every:
            return consent.leave(turn)
        return self._maybe_stop(turn)

    def _zero(self, turn: Turn) -> None:
        """A bare 0 leaves the dialogue; without one it is STOP, for phones with a number pad only."""
        if turn.conversation is None:
            return consent.stop(turn)
        turn.conversation = None
        return turn.say(wording.LEFT_QUESTION)

    def _maybe_stop(self, turn: Turn) -> None:
        """Near a stop but not sure: asked, never acted on, never ignored."""
        turn.inbox = "stop_like"
        self._begin(turn, STOP_ALL)

    def _begin(self, turn: Turn, name: str) -> None:
        flow = self.flows.by_name[name]
        open_question, slots = turn.conversation, turn.slots
        turn.slots = {}
        flow.begin(turn)
        self._arrive(turn, flow)
        keeps = flow.source.keeps_question and open_question is not None and open_question.flow != name
        if turn.conversation is None and keeps:
            turn.conversation, turn.slots = open_question, slots

    def _advance(self, turn: Turn) -> bool:
        """Try the text as the answer to the open question; False: it is none."""
        conversation = turn.conversation
        if conversation is None:
            return False
        flow = self.flows.by_name[conversation.flow]
        turn.state = conversation.state
        if not flow.answer(turn):
            return False
        self._arrive(turn, flow)
        if turn.command is not None:
            self._run(turn, turn.command)
        elif turn.conversation is not None and turn.conversation == dataclasses.replace(
            conversation, expires_ms=turn.conversation.expires_ms, tries=0
        ):
            self._count_wrong(turn, conversation)  # a number that no topic has: the question is where it was
        return True

    def _arrive(self, turn: Turn, flow: Flow) -> None:
        """Keep the state that the flow has come to, unless what happened has closed the dialogue."""
        state = turn.state
        if turn.next_flow is not None:
            flow, state = self.flows.by_name[turn.next_flow[0]], turn.next_flow[1]
            if not turn.replies:
                turn.say(flow.questions[state].ask)
        question = flow.questions.get(state)
        if state == END or question is None or turn.erase:
            turn.conversation = None
            return
        expires_ms = turn.now_ms + question.waits_ms
        turn.conversation = Conversation(flow.name, flow.revision, state, expires_ms, dict(turn.slots))

    def _wrong(self, turn: Turn, question: Question) -> None:
        """No answer to the open question: asked again twice, then a person reads it."""
        conversation = turn.conversation
        if conversation is None:
            return
        if self._count_wrong(turn, conversation):
            turn.say(question.again)
        return

    @staticmethod
    def _count_wrong(turn: Turn, conversation: Conversation) -> bool:
        """Whether the question stays open; after the last wrong answer a person reads what was written."""
        tries = conversation.tries + 1
        if tries < WRONG_ANSWERS:
            turn.conversation = dataclasses.replace(conversation, tries=tries)
            return True
        turn.conversation = None
        turn.inbox = "wrong_answer"
        turn.replies.clear()
        turn.say(wording.A_PERSON_READS)
        return False


def _introduce(turn: Turn) -> None:
    """The first words that a person gets from us name us, and how to stop or to join (civic rule 25)."""
    service = turn.directory.service(turn.tag)
    if not turn.replies or turn.inbox == "emergency":
        return
    first = turn.replies[0]
    if service not in first:
        first = f"{turn.render(wording.WHO)} {first}"
    published = turn.directory.reader.published
    if published(turn.tag, "stop") not in first and published(turn.tag, "start") not in first:
        first = first.rstrip(".։") + turn.render(wording.STOP_WORD)
    turn.replies[0] = first


def _repeats_first(contact: Contact, digest: int) -> bool:
    """Is this the text that the number joined with, sent again at once? It gets the same answer, our name included."""
    seen = contact.repetition
    return digest == seen.digest and contact.since_ms is not None and contact.since_ms == seen.since_ms
