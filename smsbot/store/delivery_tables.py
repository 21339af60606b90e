"""Tables beside the outbox: the parts of a message, whose fate has to be asked for, who is on another's stop-list."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field, SQLModel


def _ms() -> Column[int]:
    return Column(BigInteger, nullable=False)


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
    due_ms: int = Field(sa_column=_ms())
    left_ms: int = Field(sa_column=_ms())

    __table_args__ = (Index("ix_poll_due", "channel", "due_ms", "outbox_id"),)


class ContactBlock(SQLModel, table=True):
    """A stop-list of a gateway or an operator that a number is on. It is not ours, and no withdrawal of consent."""

    __tablename__ = "contact_block"

    contact_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    channel: str = Field(primary_key=True)
    at_ms: int = Field(sa_column=_ms())
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
