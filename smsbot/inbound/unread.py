"""Texts that could not be read, for a reason that nobody foresaw: kept for staff. A stop among them is obeyed all the
same, by as little of the bot as that needs: it is a right, and a person's broken dialogue takes it from nobody."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from smsbot.dialogue.model import Contact, Inbound
from smsbot.inbound.bot import Bot, Mind, four_digits
from smsbot.store import optouts, turns
from smsbot.store.audit import subject
from smsbot.store.contacts import suppressed
from smsbot.store.outbox import OptOut
from smsbot.store.parts import STOP
from smsbot.text.gsm7 import measure
from smsbot.text.understood import Intent

log = structlog.get_logger()

FAILED = "failed"
"""Why staff should read it."""
RULE = "unread"


def prepare(connection: Connection, key: bytes, bot: Bot, turn: turns.Turn, optout: str | None) -> None:
    """What *turn*, a person's text, comes to: kept, and a stop if it surely is one, with its confirmation if there can
    be one. *optout*: the gateway's own reading."""
    turn.tag = FAILED
    mind = bot.latest
    if not (optout == STOP or (mind is not None and _stops(mind, turn.text))):
        return
    turn.suppress = True
    if mind is not None and optout != STOP and not suppressed(connection, subject(key, turn.number)):
        turn.replies = [(text, measure(text)) for text in _confirmation(mind, turn)]


def stop(connection: Connection, key: bytes, written: Sequence[turns.Turn], now_ms: int) -> None:
    """After they are written, and what confirms the stop is queued."""
    found = [OptOut(turn.number, turn.channel, turn.text) for turn in written if turn.suppress]
    if found:
        optouts.stop(connection, key, found, now_ms=now_ms, source="sms", rule=RULE)
    for turn in written:
        if turn.suppress and turn.replies:
            optouts.confirmed(connection, key, turn.number, now_ms)


def _stops(mind: Mind, text: str) -> bool:
    try:
        return mind.directory.reader.understand(text).intent is Intent.STOP
    except Exception as error:
        log.exception("a text cannot be read", error=type(error).__name__)
        return False


def _confirmation(mind: Mind, turn: turns.Turn) -> Sequence[str]:
    """As a stranger would get it."""
    try:
        inbound = Inbound(turn.text, turn.at_ms, turn.sent_ms)
        return mind.engine.step(Contact(turn.number), None, inbound, code=four_digits).replies
    except Exception as error:
        log.exception("a stop cannot be confirmed", error=type(error).__name__)
        return ()
