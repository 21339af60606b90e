"""Tables beside the outbox: the parts of a message, whose fate has to be asked for, who is on another's stop-list, what
a channel tells of itself, and with which settings each process delivers through it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Text
from sqlmodel import Field, SQLModel


def _big(*, required: bool = True) -> Column[int]:
    return Column(BigInteger, nullable=not required)


class OutboxPart(SQLModel, table=True):
    """The parts of a longer text where the gateway names each of them. A message that it gave one id has no row."""

    __tablename__ = "outbox_part"

    channel: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    outbox_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    number: int  # from 1
    status: str

    __table_args__ = (Index("ix_outbox_part", "outbox_id", "number"),)


class Poll(SQLModel, table=True):
    """A message whose fate the gateway has to be asked for. `due_ms`: when next; `left_ms`: when it left."""

    outbox_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    channel: str
    due_ms: int = Field(sa_column=_big())
    left_ms: int = Field(sa_column=_big())

    __table_args__ = (Index("ix_poll_due", "channel", "due_ms", "outbox_id"),)


class ContactBlock(SQLModel, table=True):
    """A stop-list of a gateway or an operator that a number is on. It is not ours, and no withdrawal of consent."""

    __tablename__ = "contact_block"

    contact_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    channel: str = Field(primary_key=True)
    at_ms: int = Field(sa_column=_big())
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))


class ChannelSettings(SQLModel, table=True):
    """With which settings a process delivers through a channel. `digests` is JSON: key → keyed hash of its value."""

    __tablename__ = "channel_settings"

    channel: str = Field(primary_key=True)
    owner: str = Field(primary_key=True)  # the process, as in `lease`
    digests: str = Field(sa_column=Column(Text, nullable=False))
    since_ms: int = Field(sa_column=_big())
    at_ms: int = Field(sa_column=_big())  # when it last said so


class ChannelVitals(SQLModel, table=True):
    """What a channel did and how it fares, from whoever has its lease.

    `accepted`, `refused` and `uncertain` count messages handed over since ever; `error` is the last trouble, also when
    it is over; `via` is the channel that what waits leaves through meanwhile.
    """

    __tablename__ = "channel_vitals"

    name: str = Field(primary_key=True)
    accepted: int = Field(default=0, sa_column=_big())
    refused: int = Field(default=0, sa_column=_big())
    uncertain: int = Field(default=0, sa_column=_big())
    parts_per_s: float = Field(default=0.0, sa_column=Column(Float, nullable=False))
    read_ms: int | None = Field(default=None, sa_column=_big(required=False))
    error: str = Field(default="", sa_column=Column(Text, nullable=False))
    error_ms: int | None = Field(default=None, sa_column=_big(required=False))
    closed_until_ms: int = Field(default=0, sa_column=_big())
    via: str = ""
    balance: float | None = Field(default=None, sa_column=Column(Float, nullable=True))
    balance_unit: str = ""
    balance_ms: int | None = Field(default=None, sa_column=_big(required=False))
