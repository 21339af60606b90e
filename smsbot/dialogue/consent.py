"""STOP, LEAVE, START and HELP: law, not editorial, so they are code and no flow can change them.

Rules are those of the published behaviours (`tests/dialogue/test_rules.py` names each by its number).
"""

from __future__ import annotations

import dataclasses

from smsbot.clock import DAY_MS
from smsbot.dialogue import standing, wording
from smsbot.dialogue.model import State
from smsbot.dialogue.phrases import Text
from smsbot.dialogue.senders import MACHINE, NOT_ME
from smsbot.dialogue.turn import Turn
from smsbot.text.understood import Intent, Understood

CONFIRM_AGAIN_MS = DAY_MS
"""A STOP by somebody who has stopped is confirmed once in this time (civic rule 7)."""

HINT_AGAIN_MS = DAY_MS
"""One hint in this time, whatever its reason (contract §7)."""


def stop(turn: Turn, text: Text = wording.STOPPED) -> None:
    """All off, exactly one confirmation; silence for a STOP repeated within a day. Nothing holds the reply back."""
    contact = turn.contact
    replied_ms = contact.stop_replied_ms
    repeated = contact.state is State.STOPPED and replied_ms is not None and turn.now_ms - replied_ms < CONFIRM_AGAIN_MS
    standing.stop(turn)
    turn.unlimited = True
    if not repeated:
        turn.change(stop_replied_ms=turn.now_ms)
        turn.say(text)


def leave(turn: Turn) -> None:
    """`STOP 3`: that topic if it is theirs, else everything, and the reply says so (civic rule 3)."""
    understood, contact, directory = turn.understood, turn.contact, turn.directory
    numbered = (directory.by_number.get(number) for number in understood.numbers)
    every = understood.every or directory.all_number in understood.numbers
    named = directory.ordered([*understood.topics, *(code for code in numbered if code)])
    gone = [code for code in named if code in contact.topics]
    if every or contact.state is State.STOPPED:
        return stop(turn)
    if not gone:
        return stop(turn, wording.STOPPED_INSTEAD)
    standing.leave(turn, gone)
    remaining = len(turn.contact.topics)
    turn.fields["chosen"] = turn.named(gone)
    turn.fields["n"] = remaining
    turn.unlimited = True
    turn.say(wording.LEFT if remaining else wording.LEFT_LAST)
    return None


def help_(turn: Turn) -> None:
    """Always answered, to a stopped number too; it says who we are, whom to call and how to stop (rule 10)."""
    if turn.understood.unknown:  # "help us, the river is rising": more than the bare word
        turn.inbox = "unknown"
    turn.say(wording.HELP_STOPPED if turn.contact.state is State.STOPPED else wording.HELP)
    free = turn.directory.free_exit(turn.tag)
    if free:  # the cheapest way out, where the municipality has one (rule 24)
        turn.replies[-1] = f"{turn.replies[-1]}. {free}"


def lifts_stop(turn: Turn) -> bool:
    """May this text end a stop? A join word or a topic's name may; anything else is answered, never obeyed (9, 11)."""
    return turn.understood.intent in (Intent.JOIN, Intent.TOPIC)


def too_late(turn: Turn) -> bool:
    """Was this sent no later than the STOP that stands? Then the STOP was the last word (rules 17, 18)."""
    contact, sent_ms = turn.contact, turn.inbound.sent_ms
    return (
        contact.state is State.STOPPED
        and sent_ms is not None
        and contact.stopped_sent_ms is not None
        and sent_ms <= contact.stopped_sent_ms
    )


def told_by_gateway(turn: Turn) -> None:
    """The provider acted on an opt-out word and answered it: mirror it, stay silent (rule 14).

    A provider's `start` counts only where our own rules would take the text for a join word: YES does not (rule 11).
    """
    turn.source = "gateway"
    match turn.inbound.optout:
        case "stop":
            standing.stop(turn)
            turn.change(stop_replied_ms=turn.now_ms)  # the provider has confirmed it
        case "start" if turn.understood.intent is Intent.JOIN and not too_late(turn):
            standing.join(turn)
        case _:
            pass


def machine(turn: Turn) -> None:
    """A machine wrote this: no answer, nothing is done; staff see one text of it a day."""
    turn.understood = Understood(Intent.OTHER, rule=MACHINE)
    turn.script = turn.contact.script  # it tells nothing of how the person writes
    hinted_ms = turn.contact.hinted_ms
    if hinted_ms is None or turn.now_ms - hinted_ms >= HINT_AGAIN_MS:
        turn.change(hinted_ms=turn.now_ms)
        turn.inbox = turn.alarm = MACHINE


def not_me(turn: Turn) -> None:
    """The number has another owner now: STOP, and nothing of the former one is left to offer (civic rule 20)."""
    turn.understood = dataclasses.replace(turn.understood, intent=Intent.STOP, rule=NOT_ME)
    turn.inbox = "wrong_number"
    stop(turn)
    turn.change(former=(), place=None, promotion=False)


def hint(turn: Turn, text: Text, stopped: Text) -> None:
    """Say *text*, or *stopped* to a stopped number, unless a hint was given within a day."""
    hinted_ms = turn.contact.hinted_ms
    if hinted_ms is not None and turn.now_ms - hinted_ms < HINT_AGAIN_MS:
        return
    turn.change(hinted_ms=turn.now_ms)
    turn.say(stopped if turn.contact.state is State.STOPPED else text)


def unreadable(turn: Turn) -> None:
    turn.inbox = "empty"
    hint(turn, wording.ONLY_TEXT, wording.ONLY_TEXT_STOPPED)


def kept(turn: Turn) -> None:
    """ "Don't stop": nobody is stopped by it; staff read it."""
    turn.inbox = "keep"
    hint(turn, wording.KEPT, wording.HINT_STOPPED)


def stop_in_sentence(turn: Turn) -> None:
    """ "Stop the landfill": a message for staff; once told how to stop (rule 4)."""
    turn.inbox = "stop_sentence"
    hint(turn, wording.HOW_TO_STOP, wording.HINT_STOPPED)


def not_understood(turn: Turn) -> None:
    turn.inbox = "stopped" if turn.contact.state is State.STOPPED else "unknown"
    hint(turn, wording.HINT if turn.contact.known else wording.HINT_FIRST, wording.HINT_STOPPED)
