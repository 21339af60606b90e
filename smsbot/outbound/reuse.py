"""Before a dormant number gets anything again, one neutral text leaves for it (civic rule 20)."""

from __future__ import annotations

from sqlalchemy import Connection

from smsbot.clock import SECOND_MS
from smsbot.dialogue.notice import Notice
from smsbot.dialogue.stop_hint import StopHint
from smsbot.errors import Conflict, Missing
from smsbot.store import outbox, reach
from smsbot.store.contacts import Reach
from smsbot.text.gsm7 import measure

LEAD_MS = 10 * SECOND_MS
"""What follows the notice leaves that much later: gateways and networks overtake within seconds, not within ten."""


def introduce(
    connection: Connection, person: Reach, number: str, notice: Notice, *, channel: str, hint: StopHint | None,
    now_ms: int,
) -> int:  # fmt: skip
    """Queue the notice for *person* if the number is dormant and has not had it since. Gives how long what follows it
    has to wait."""
    dormancy = reach.dormancy(connection, person.id) if person.id is not None else None
    if person.id is None or dormancy is None:
        return 0
    if dormancy.noticed_ms is not None and not dormancy.owes_notice:
        return min(LEAD_MS, max(0, dormancy.noticed_ms + LEAD_MS - now_ms))
    language, text = notice.say(person.language, person.script)
    if hint is not None:
        text = hint.add(text, language)
    outbox.queue_personal(
        connection, channel=channel, contact_id=person.id, number=number, text=text, parts=measure(text).parts,
        now_ms=now_ms,
    )  # fmt: skip
    reach.noticed(connection, [person.id], now_ms)
    return LEAD_MS


def wake(
    connection: Connection, person: Reach, number: str, notice: Notice, *, channel: str, hint: StopHint | None,
    now_ms: int,
) -> None:  # fmt: skip
    """Staff say that the number is in use: the notice, then broadcasts go there again.

    Raises `Missing` for a number without a profile, `Conflict` for one that stopped or is not dormant.
    """
    if person.stopped:
        raise Conflict("This number has stopped all messages; only its owner can join again.")
    if person.id is None:
        raise Missing("Nobody with this number has written, joined or stopped.")
    if reach.dormancy(connection, person.id) is None:
        raise Conflict("This number is not dormant: broadcasts go there as to everybody.")
    introduce(connection, person, number, notice, channel=channel, hint=hint, now_ms=now_ms)
    reach.wake(connection, [person.id])
