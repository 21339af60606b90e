"""What a text changes in a person's standing, with the facts for the ledger. A repeat changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from smsbot.dialogue.model import State
from smsbot.dialogue.turn import Turn


def join(turn: Turn) -> None:
    """Make the number active: a newcomer joins, a stopped one starts again, a paused one goes on."""
    contact = turn.contact
    match contact.state:
        case State.ACTIVE:
            return
        case State.PAUSED:
            turn.change(state=State.ACTIVE, paused_until_ms=None)
            turn.record("resume")
        case State.NEW | State.STOPPED:
            since_ms = turn.now_ms if contact.since_ms is None else contact.since_ms
            turn.change(
                state=State.ACTIVE,
                since_ms=since_ms,
                language=turn.language,
                script=turn.script,
                stopped_ms=None,
                stopped_sent_ms=None,
                stop_replied_ms=None,
                known=True,
            )
            turn.record("start" if contact.state is State.STOPPED else "join")


def subscribe(turn: Turn, codes: Iterable[str]) -> None:
    """Add topics. Who is paused stays paused; everybody else is or becomes active."""
    if turn.contact.state is not State.PAUSED:
        join(turn)
    fresh = [code for code in codes if code not in turn.contact.topics]
    if fresh or turn.contact.former:
        turn.change(topics=turn.contact.topics | frozenset(fresh), former=())
    for code in fresh:
        turn.record("subscribe", f"topic:{code}")


def leave(turn: Turn, codes: Iterable[str]) -> None:
    """Take topics away; those who had none of them keep everything."""
    gone = tuple(code for code in codes if code in turn.contact.topics)
    turn.change(topics=turn.contact.topics - frozenset(gone))
    for code in gone:
        turn.record("leave", f"topic:{code}")
    turn.suppress = True
    turn.left = gone


def stop(turn: Turn) -> None:
    """Everything off: topics, dialogue, queued broadcasts. The former topics are kept apart for START's offer.

    A stranger gets a suppression, no profile (civic rule 8). *stopped_sent_ms* only grows, so that of several STOPs
    the latest decides which JOIN came too late.
    """
    contact = turn.contact
    if contact.state is not State.STOPPED:
        turn.record("stop")
    sent = [instant for instant in (contact.stopped_sent_ms, turn.inbound.sent_ms) if instant is not None]
    turn.change(
        state=State.STOPPED,
        former=turn.directory.ordered(contact.topics) or contact.former,
        topics=frozenset(),
        paused_until_ms=None,
        stopped_ms=turn.now_ms,
        stopped_sent_ms=max(sent, default=None),
    )
    turn.conversation = None
    turn.suppress = True
    turn.left = ()
    turn.makes_profile = False
