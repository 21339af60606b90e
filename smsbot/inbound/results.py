"""What a text caused, for whoever brought it."""

from __future__ import annotations

from smsbot.store.turns import Turn
from smsbot.values import value


@value(frozen=True, slots=True)
class QueuedReply:
    id: str
    text: str
    encoding: str
    parts: int


@value(frozen=True, slots=True)
class TurnResult:
    """What became of one text. A repeat of one taken before has no replies: they are on their way already. One part of
    a longer text that still waits for others has neither replies nor an id."""

    duplicate: bool
    inbound_id: int | None = None
    replies: tuple[QueuedReply, ...] = ()
    withdrew: bool = False  # the person wants less from now on


def result_of(turn: Turn) -> TurnResult:
    replies = []
    for (text, cost), key in zip(turn.replies, turn.reply_ids, strict=False):
        replies.append(QueuedReply(f"out-{key}", text, cost.encoding, cost.parts))
    return TurnResult(False, turn.inbound_id, tuple(replies), turn.suppress or bool(turn.left) or turn.erase)
