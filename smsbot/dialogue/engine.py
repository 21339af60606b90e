"""One text in, its outcome out: `Engine.step`. Pure: time and chance are parameters, nothing is read or written.

The order of things: what the gateway already did, the law (STOP, HELP, LEAVE), the open question where the text
belongs to it, commands, topics; what is left goes to staff. The loop guard comes last: it holds back replies, never
what a text does.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable

from smsbot.clock import HOUR_MS, MINUTE_MS
from smsbot.dialogue import consent, wording
from smsbot.dialogue.answers import RANGE, SHOWN_NUMBER_MAX
from smsbot.dialogue.directory import Directory
from smsbot.dialogue.flowfile import END
from smsbot.dialogue.machine import Flow, Flows, Question
from smsbot.dialogue.model import Contact, Conversation, Inbound, Outcome, Repetition, State
from smsbot.dialogue.phrases import Phrases
from smsbot.dialogue.registry import Registry
from smsbot.dialogue.turn import Turn
from smsbot.errors import ContentError
from smsbot.text.arguments import DOUBTFUL_NAME
from smsbot.text.match import PLACE
from smsbot.text.understood import Intent, Understood

REPLIES_PER_HOUR = 60
SAME_TEXT_MS = 10 * MINUTE_MS
SAME_TEXT_ANSWERED = 3
"""The same text is answered three times in ten minutes and then not (contract §10)."""
WRONG_ANSWERS = 3
"""The third wrong answer ends the question: a person reads it."""
EMERGENCY = frozenset({"112", "sos", "სოს", "сос"})

RESTART, STOP_ALL, LIST, AREA = BUILT_IN = ("restart", "stopall", "topics", "area")
"""Flows that the rules themselves begin."""

BELONGS_TO_QUESTION = frozenset({Intent.NUMBERS, Intent.ALL, Intent.YES, Intent.OTHER})
"""What is no command: while a question is open it is its answer, right or wrong."""


class Engine:
    """Stateless but for its parts; one per directory snapshot, shared by all numbers and threads."""

    __slots__ = ("_handlers", "directory", "flows", "phrases", "registry", "replies_per_hour")

    def __init__(
        self,
        directory: Directory,
        flows: Flows,
        phrases: Phrases,
        registry: Registry,
        *,
        replies_per_hour: int = REPLIES_PER_HOUR,
    ) -> None:
        for name in BUILT_IN:
            if name not in flows.by_name:
                raise ContentError(f"the flow `{name}` is missing; the rules need it", file="flows")
        self.directory = directory
        self.flows = flows
        self.phrases = phrases
        self.registry = registry
        self.replies_per_hour = replies_per_hour
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
        self._settle_language(turn)
        if inbound.optout:
            consent.told_by_gateway(turn)
        else:
            self._answer(turn)
        if not turn.erase:
            self._keep_language(turn, contact)
        if turn.makes_profile and not contact.known:
            turn.change(known=True)
        self._guard(turn, contact.repetition, digest)
        return turn.outcome()

    def _open(self, conversation: Conversation | None, now_ms: int) -> Conversation | None:
        """The question that is still open; one that has expired, or that an upgrade has removed, is not."""
        if conversation is None or conversation.expires_ms <= now_ms:
            return None
        return conversation if self.flows.question(conversation.flow, conversation.state) else None

    def _settle_language(self, turn: Turn) -> None:
        """A joined person's language is settled; before that the word tells it, else the letters, else the default."""
        contact, understood, directory = turn.contact, turn.understood, self.directory
        offered = directory.languages
        if understood.intent is Intent.JOIN and understood.chosen_language in offered:  # "JOIN RU"
            turn.language = understood.chosen_language
            turn.change(language=turn.language)
        elif contact.since_ms is not None and contact.language in offered:
            turn.language = contact.language
        elif understood.language in offered:
            turn.language = understood.language
        elif contact.language in offered:
            turn.language = contact.language
        else:
            guess = directory.reader.script_language(turn.inbound.text)
            turn.language = guess if guess in offered else directory.default_language
        spoke = understood.language == turn.language and bool(understood.keyword)
        turn.script = understood.script if spoke else contact.script

    def _keep_language(self, turn: Turn, before: Contact) -> None:
        """Remember what the words told. At the end, so that the contact is copied once."""
        told = turn.understood.language == turn.language
        if told and before.language != turn.language:
            turn.change(language=turn.language)
        if turn.script != before.script:
            turn.change(script=turn.script)

    def _answer(self, turn: Turn) -> None:
        intent = turn.understood.intent
        if turn.inbound.text.strip().casefold() in EMERGENCY and not self._is_topic_number(turn):
            turn.inbox = "emergency"
            return turn.say(wording.EMERGENCY)
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
            if intent not in question.expects and not self._is_place(turn):
                return self._wrong(turn, question)
        return self._command(turn)

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
            return None
        tries = conversation.tries + 1
        if tries < WRONG_ANSWERS:
            turn.conversation = dataclasses.replace(conversation, tries=tries)
            return turn.say(question.again)
        turn.conversation = None
        turn.inbox = "wrong_answer"
        return turn.say(wording.A_PERSON_READS)

    def _guard(self, turn: Turn, seen: Repetition, digest: int) -> None:
        """Hold replies back from a loop (rule 16). What the law orders is said all the same."""
        now_ms = turn.now_ms
        same = digest == seen.digest and now_ms - seen.since_ms < SAME_TEXT_MS
        times = seen.times + 1 if same else 1
        fresh_hour = now_ms - seen.hour_ms >= HOUR_MS
        replies = 0 if fresh_hour else seen.replies
        looping = times > SAME_TEXT_ANSWERED or replies + len(turn.replies) > self.replies_per_hour
        if looping and not turn.unlimited:
            turn.replies.clear()
        repetition = Repetition(
            digest=digest,
            times=times,
            since_ms=seen.since_ms if same else now_ms,
            hour_ms=now_ms if fresh_hour else seen.hour_ms,
            replies=replies + len(turn.replies),
        )
        turn.change(repetition=repetition)


def _repeats_first(contact: Contact, digest: int) -> bool:
    """Is this the text that the number joined with, sent again at once? It gets the same answer, our name included."""
    seen = contact.repetition
    return digest == seen.digest and contact.since_ms is not None and contact.since_ms == seen.since_ms
