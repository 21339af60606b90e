"""The tables. SQLModel declares them; Core statements do the work (CONTRIBUTING.md, "Storage").

Instants are `BIGINT` milliseconds since 1970-01-01T00:00Z. JSON is text written and read by `json`: it is never queried
into. Closed vocabularies are text.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, UniqueConstraint
from sqlalchemy import text as condition
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING

BIG = BigInteger().with_variant(Integer(), "sqlite")  # SQLite auto-increments only INTEGER


def _key() -> Column[int]:
    return Column(BIG, primary_key=True, autoincrement=True)


def _ms(*, required: bool = False) -> Column[int]:
    return Column(BigInteger, nullable=not required)


class Meta(SQLModel, table=True):
    """Small facts: `hash_key` (of the keyed hash), `directory` (a version that grows with topics and places)."""

    key: str = Field(primary_key=True)
    value: str = Field(sa_column=Column(Text, nullable=False))


class Topic(SQLModel, table=True):
    id: int | None = Field(default=None, sa_column=_key())
    code: str = Field(unique=True)
    number: int = Field(unique=True)
    names: str = Field(default="{}", sa_column=Column(Text, nullable=False))  # JSON, language → name
    words: str = Field(default="[]", sa_column=Column(Text, nullable=False))  # JSON list
    active: bool = True


class Place(SQLModel, table=True):
    id: int | None = Field(default=None, sa_column=_key())
    code: str = Field(unique=True)
    parent: str | None = None  # code of the place above
    names: str = Field(default="{}", sa_column=Column(Text, nullable=False))
    words: str = Field(default="[]", sa_column=Column(Text, nullable=False))
    active: bool = True


class Contact(SQLModel, table=True):
    """A number with a profile. `state` is the standing of contract §4; a lapsed pause still reads `paused` here
    until the next write and counts as active everywhere (`paused_until_ms`)."""

    id: int | None = Field(default=None, sa_column=_key())
    number: str = Field(unique=True)  # E.164
    state: str
    language: str | None = None
    script: str = ""
    place_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    promotion: bool = False
    former: str = Field(default="[]", sa_column=Column(Text, nullable=False))  # JSON list of topic codes at STOP
    created_ms: int = Field(sa_column=_ms(required=True))
    since_ms: int | None = Field(default=None, sa_column=_ms())
    last_channel: str | None = None
    paused_until_ms: int | None = Field(default=None, sa_column=_ms())
    stopped_ms: int | None = Field(default=None, sa_column=_ms())
    stopped_sent_ms: int | None = Field(default=None, sa_column=_ms())
    stop_replied_ms: int | None = Field(default=None, sa_column=_ms())
    hinted_ms: int | None = Field(default=None, sa_column=_ms())
    same_digest: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    same_times: int = 0
    same_since_ms: int = Field(default=0, sa_column=_ms(required=True))
    hour_ms: int = Field(default=0, sa_column=_ms(required=True))
    hour_replies: int = 0
    unreachable: int = 0  # permanent failures in a row
    dormant_ms: int | None = Field(default=None, sa_column=_ms())  # since when broadcasts leave it out (civic rule 20)
    dormant_reason: str | None = None  # `unreachable` or `quiet`; means nothing while `dormant_ms` is NULL
    noticed_ms: int | None = Field(default=None, sa_column=_ms())  # when the neutral text before a reuse was queued

    __table_args__ = (
        Index(
            "ix_contact_dormant", "dormant_ms",
            sqlite_where=condition("dormant_ms IS NOT NULL"), postgresql_where=condition("dormant_ms IS NOT NULL"),
        ),
    )  # fmt: skip


class Subscription(SQLModel, table=True):
    contact_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    topic_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    since_ms: int = Field(sa_column=_ms(required=True))

    __table_args__ = (Index("ix_subscription_topic", "topic_id", "contact_id"),)


class Conversation(SQLModel, table=True):
    contact_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    channel: str = Field(primary_key=True)
    flow: str
    revision: int
    state: str
    slots: str = Field(default="{}", sa_column=Column(Text, nullable=False))
    tries: int = 0
    expires_ms: int = Field(sa_column=_ms(required=True))


class Suppression(SQLModel, table=True):
    """Who must get nothing, by keyed hash of the number: it outlives the profile."""

    subject: str = Field(primary_key=True)
    at_ms: int = Field(sa_column=_ms(required=True))
    sent_ms: int | None = Field(default=None, sa_column=_ms())
    replied_ms: int | None = Field(default=None, sa_column=_ms())  # when the STOP was last confirmed
    source: str = "sms"


class Ledger(SQLModel, table=True):
    """Consent, append-only. `hash` covers the entry and the hash before it; of the evidence it covers `digest`,
    a salted commitment, so that erasing a person's words leaves the chain whole."""

    id: int | None = Field(default=None, sa_column=_key())
    at_ms: int = Field(sa_column=_ms(required=True))
    subject: str = Field(index=True)  # keyed hash of the number
    action: str
    scope: str
    source: str  # sms, paper, staff, gateway
    channel: str = ""
    actor: str = ""  # staff name, gateway name or collector's form; empty: the person
    keyword: str = ""
    rule: str = ""
    wording: str = ""
    digest: str = ""
    prev: str
    hash: str
    evidence: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    salt: str | None = None


class Inbound(SQLModel, table=True):
    """What people wrote. `inbox` is '' (the bot dealt with it), `open` or `answered`."""

    id: int | None = Field(default=None, sa_column=_key())
    channel: str
    external_id: str
    number: str  # E.164, or as the gateway wrote it if it is no phone number
    contact_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    recipient: str = ""
    text: str = Field(sa_column=Column(Text, nullable=False))
    sent_ms: int | None = Field(default=None, sa_column=_ms())
    at_ms: int = Field(sa_column=_ms(required=True))
    intent: str = ""
    rule: str = ""
    inbox: str = ""
    tag: str = ""
    erased_ms: int | None = Field(default=None, sa_column=_ms())  # when its text went, by age or by erasure

    __table_args__ = (
        UniqueConstraint("channel", "external_id", name="uq_inbound_external"),  # PostgreSQL: in each month (`months`)
        Index("ix_inbound_number", "number", "id"),
        Index(
            "ix_inbound_inbox",
            "inbox",
            "id",
            sqlite_where=condition("inbox <> ''"),
            postgresql_where=condition("inbox <> ''"),
        ),
    )  # fmt: skip


class InboundSet(SQLModel, table=True):
    """A text that arrives in several parts: the same channel, sender, recipient, reference and total, at one time.

    `closed_ms` NULL: parts are still waited for. `due_ms`: while it is open, when it is delivered as it stands; then,
    when it is forgotten.
    """

    __tablename__ = "inbound_set"

    id: int | None = Field(default=None, sa_column=_key())
    channel: str
    sender: str  # as in `inbound.number`
    recipient: str = ""
    reference: int = Field(sa_column=Column(BigInteger, nullable=False))
    total: int
    began_ms: int = Field(sa_column=_ms(required=True))
    closed_ms: int | None = Field(default=None, sa_column=_ms())
    due_ms: int = Field(sa_column=_ms(required=True))

    __table_args__ = (
        Index("ix_inbound_set_sender", "sender", "channel"),
        Index("ix_inbound_set_due", "due_ms"),
    )


class InboundPart(SQLModel, table=True):
    """One part as it came. Its `text` goes once it stands in `inbound`; `digest` still tells a repeat."""

    __tablename__ = "inbound_part"

    id: int | None = Field(default=None, sa_column=_key())
    set_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int  # from 1
    channel: str
    external_id: str | None = None  # NULL: the gateway gives none
    digest: int = Field(sa_column=Column(BigInteger, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    sent_ms: int | None = Field(default=None, sa_column=_ms())
    at_ms: int = Field(sa_column=_ms(required=True))
    optout: str = ""

    __table_args__ = (
        UniqueConstraint("set_id", "number", name="uq_inbound_part_number"),
        UniqueConstraint("channel", "external_id", "number", name="uq_inbound_part_external"),
    )


class Outbox(SQLModel, table=True):
    """Every message that leaves or should. `broadcast_id` 0 is the lane of replies and personal messages.

    `due_ms` is when a dispatcher should take it up; NULL: nobody has to. Claiming moves it to the end of the lease,
    so a message whose dispatcher died comes due again by itself. A reply carries its `number` and `text`; a
    broadcast's row points to its contact and to `broadcast_text`.
    """

    id: int | None = Field(default=None, sa_column=_key())
    channel: str
    broadcast_id: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    contact_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    number: str | None = None
    text: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    text_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    parts: int = 1
    status: str
    error: str = ""
    in_reply_to: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    created_ms: int = Field(sa_column=_ms(required=True))
    due_ms: int | None = Field(default=None, sa_column=_ms())
    expires_ms: int | None = Field(default=None, sa_column=_ms())
    attempts: int = 0
    external_id: str | None = None
    handed_ms: int | None = Field(default=None, sa_column=_ms())  # when the gateway took it
    final_ms: int | None = Field(default=None, sa_column=_ms())
    forget: bool = False  # the person was erased: number and text go once it has left
    erased_ms: int | None = Field(default=None, sa_column=_ms())  # when its text or its person went

    __table_args__ = (
        Index(
            "ix_outbox_due", "channel", "broadcast_id", "due_ms", "id",
            sqlite_where=condition("due_ms IS NOT NULL"), postgresql_where=condition("due_ms IS NOT NULL"),
        ),
        Index(  # PostgreSQL: in each month (`months`)
            "uq_outbox_broadcast", "contact_id", "broadcast_id", unique=True,
            sqlite_where=condition("broadcast_id > 0"), postgresql_where=condition("broadcast_id > 0"),
        ),
        Index(
            "ix_outbox_number", "number", "id",
            sqlite_where=condition("broadcast_id = 0"), postgresql_where=condition("broadcast_id = 0"),
        ),
        Index(
            "ix_outbox_external", "channel", "external_id",
            sqlite_where=condition("external_id IS NOT NULL"), postgresql_where=condition("external_id IS NOT NULL"),
        ),
    )  # fmt: skip


class Broadcast(SQLModel, table=True):
    """`audience` is JSON: {"topics": [codes], "places": [codes], "everyone": bool, "languages": [..] | null,
    "missing_translation": .., "default_language": .., "broadcast": id (a correction's audience)}."""

    id: int | None = Field(default=None, sa_column=_key())
    state: str
    kind: str
    audience: str = Field(sa_column=Column(Text, nullable=False))
    channel: str | None = None
    urgent: bool = False
    reason: str = ""
    recipients: int = 0
    by_language: str = Field(default="{}", sa_column=Column(Text, nullable=False))
    parts_total: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    send_at_ms: int | None = Field(default=None, sa_column=_ms())
    expires_ms: int | None = Field(default=None, sa_column=_ms())
    cursor: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))  # last contact id written out
    written: int = 0
    expanded: bool = False  # all rows are written
    corrects: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    created_ms: int = Field(sa_column=_ms(required=True))
    created_by: str = ""
    approved_by: str = ""
    approved_ms: int | None = Field(default=None, sa_column=_ms())
    done_ms: int | None = Field(default=None, sa_column=_ms())
    idempotency_key: str | None = None
    idempotency_digest: str = ""
    paused_because: str = Field(default="", sa_column_kwargs={"server_default": ""})  # '' where staff paused it

    __table_args__ = (
        Index("ix_broadcast_state", "state"),
        UniqueConstraint("created_by", "idempotency_key", name="uq_broadcast_idempotency"),
    )


class BroadcastText(SQLModel, table=True):
    """A text in one language as it leaves. `hint`: the number that its added sentence says STOP can be sent to; '' for
    the text as it was written. A language has both where the channels differ."""

    __tablename__ = "broadcast_text"

    id: int | None = Field(default=None, sa_column=_key())
    broadcast_id: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    language: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    encoding: str
    units: int
    parts: int
    hint: str = ""


class BroadcastCount(SQLModel, table=True):
    """How many rows of a broadcast stand in which status: kept in step in the transaction that changes them, so
    that nobody ever counts the outbox."""

    __tablename__ = "broadcast_count"

    broadcast_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    status: str = Field(primary_key=True)
    n: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    gone: int = Field(  # of these, how many rows went by age
        default=0, sa_column=Column(BigInteger, nullable=False, server_default="0")
    )


class ParkedReport(SQLModel, table=True):
    """A delivery report that outran our own record of the gateway's id; matched when that is written."""

    __tablename__ = "parked_report"

    id: int | None = Field(default=None, sa_column=_key())
    channel: str
    external_id: str
    status: str
    error: str = ""
    opted_out: bool = False
    unreachable: bool = False
    blocked: bool = False
    at_ms: int = Field(sa_column=_ms(required=True))

    __table_args__ = (Index("ix_parked_report", "channel", "external_id"),)


class Lease(SQLModel, table=True):
    """Who may act for what, until when. `fence` grows with each change of owner."""

    name: str = Field(primary_key=True)
    owner: str
    fence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    until_ms: int = Field(sa_column=_ms(required=True))


class Walk(SQLModel, table=True):
    """How far work that goes through a table in pieces has come: `position` is the last key done, `at_ms` when."""

    name: str = Field(primary_key=True)
    position: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    at_ms: int = Field(default=0, sa_column=_ms(required=True))


class ChannelHealth(SQLModel, table=True):
    """The last word of whoever has the channel's lease, for every process to show."""

    __tablename__ = "channel_health"

    name: str = Field(primary_key=True)
    state: str
    reason: str = ""
    since_ms: int = Field(sa_column=_ms(required=True))
    success_ms: int | None = Field(default=None, sa_column=_ms())


class Staff(SQLModel, table=True):
    id: int | None = Field(default=None, sa_column=_key())
    name: str = Field(unique=True)
    role: str
    prefix: str = Field(index=True)  # first characters of the key, to find the row
    key_hash: str
    created_ms: int = Field(sa_column=_ms(required=True))
    revoked_ms: int | None = Field(default=None, sa_column=_ms())


def table(model: type[SQLModel]) -> Table:
    """The Core table of *model*, typed."""
    return model.__table__  # type: ignore[attr-defined,no-any-return]  # SQLModel adds it at class creation
