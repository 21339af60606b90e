"""One SMPP connection, from its bind to its end: requests in a window, responses by sequence, nothing polled.

No task runs for a message: whoever submits waits for a future, octets are written once for all that is submitted in
the same moment, and one timer watches over the oldest unanswered request.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol, cast

import structlog

from smsbot.errors import Unavailable, Uncertain
from smsbot.gateways.smpp.codec import BINDS, BadPdu, Bind, Body, Pdu, Sm, Taken, decode, encode, header
from smsbot.gateways.smpp.codes import (
    INVALID_BIND_STATUS,
    INVALID_COMMAND,
    LAST_SEQUENCE,
    OK,
    RECEIVER_PERMANENT,
    RESPONSE,
    Command,
    bind_error,
    submit_error,
)
from smsbot.gateways.smpp.frames import Frames
from smsbot.gateways.smpp.window import Window

log = structlog.get_logger()

UNREAD_MOST = 1 << 20  # octets that wait for the other side to read; one that never reads is let go
_INCOMING = frozenset({Command.DELIVER_SM, Command.DATA_SM})


class Receiver(Protocol):
    """Where messages go that come by a session. It calls `answer` once for each, when it can."""

    def deliver(self, session: Session, pdu: Pdu) -> None: ...


@dataclass(slots=True)
class _Asked:
    """A request that waits for its response. *order* counts requests, *until_s* is by the loop's clock."""

    command: int
    future: asyncio.Future[Pdu]
    order: int
    until_s: float
    windowed: bool
    written: bool = False


class Session(asyncio.Protocol):
    """`bind`, then `submit` as often as wanted, then `close`. *ended* is done when the connection is: the reason."""

    def __init__(self, receiver: Receiver, *, window: int, response_s: float, enquire_link_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._receiver = receiver
        self._response_s = response_s
        self._enquire_link_s = enquire_link_s
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self._reason = ""
        self._transport: asyncio.Transport | None = None
        self._frames = Frames()
        self._bound = False
        self._closing = False
        # Requests
        self._window = Window(self._loop, window)
        self._asked: dict[int, _Asked] = {}  # by sequence, the oldest first
        self._order = 0
        self._idle: asyncio.Future[None] | None = None
        # Writing
        self._out: list[bytes] = []
        self._out_size = 0
        self._unwritten: list[_Asked] = []
        self._paused = False
        self._flushing = False
        # Timers
        self._timer: asyncio.TimerHandle | None = None
        self._enquirer: asyncio.TimerHandle | None = None
        self._heard_s = self._loop.time()
        # Acknowledgements that nothing proves to have arrived: what they were for, and how many requests were before
        self._told: deque[tuple[int, bytes]] = deque()

    # What its owner does with it

    async def bind(self, command: Command, body: Bind) -> None:
        """Raises `Misconfigured` or `Unavailable` if the SMSC refuses or does not answer."""
        try:
            answer = await self._ask(command, body)
        except Uncertain as error:
            raise Unavailable(error.code, error.sentence) from None
        except BadPdu as error:
            raise bind_error(INVALID_COMMAND) from error
        if answer.status != OK or answer.command == Command.GENERIC_NACK:
            raise bind_error(answer.status or INVALID_COMMAND)
        self._enquirer = self._loop.call_later(self._enquire_link_s, self._enquire)

    async def submit(self, sm: Sm) -> str:
        """Hand over one short message; its id at the SMSC. Raises a `GatewayError`, or `BadPdu` if it cannot be one."""
        return submitted(await (await self.begin(sm)))

    async def begin(self, sm: Sm) -> asyncio.Future[Pdu]:
        """Wait for a place in the window and write; what comes of it is for `submitted`.

        Raises `Unavailable` if nothing was written. The future fails with `Uncertain` if no answer came, and with
        `Unavailable` if it turned out that nothing had left.
        """
        if self._closing or not self._bound:
            raise Unavailable("", self._reason or "The connection to the SMSC is being closed.")
        if not self._window.take():
            await self._window.wait()
        try:
            return self._ask(Command.SUBMIT_SM, sm, windowed=True)
        except BaseException:
            self._window.give_back()
            raise

    def answer(self, pdu: Pdu, status: int, digest: bytes = b"") -> None:
        """Acknowledge what came as *pdu*. *digest*: by what it would be recognised if the SMSC missed this."""
        if status == OK and digest:
            self._told.append((self._order, digest))
        self._write(Pdu(pdu.command | RESPONSE, pdu.sequence, status, Taken()))

    @property
    def unproven(self) -> list[bytes]:
        """The digests of what was acknowledged and may be brought again: nothing shows that the SMSC heard of it."""
        return [digest for _, digest in self._told]

    def leave(self) -> None:
        """Nothing new is submitted from now on."""
        self._closing = True

    async def close(self, patience_s: float) -> None:
        """In good order: wait for what is unanswered, unbind, end. Takes at most *patience_s* for each of the three."""
        self._closing = True
        if self._asked and not self.ended.done():
            self._idle = self._loop.create_future()
            await self._either(self._idle, patience_s)
        if self._bound and not self.ended.done():
            self._reason = self._reason or "We parted from the SMSC."
            unbound = self._ask(Command.UNBIND, None)
            unbound.add_done_callback(_seen)
            await self._either(unbound, patience_s)
        self._end("We parted from the SMSC.")
        await asyncio.wait([self.ended], timeout=patience_s)
        self.abort()
        await self.ended

    def abort(self) -> None:
        """End at once. Harmless where it has ended."""
        self._drop("We parted from the SMSC.")

    async def _either(self, future: asyncio.Future[Any], patience_s: float) -> None:
        """Until *future* is done, the connection has ended or *patience_s* have passed."""
        both: list[asyncio.Future[Any]] = [future, self.ended]
        await asyncio.wait(both, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its bases
        # What is not written yet stays here, where it can be told apart; 0 would stop TLS for ever.
        self._transport.set_write_buffer_limits(high=1, low=0)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._closing = True
        reason = self._reason or "The connection to the SMSC was lost."
        self._reason = reason
        for timer in (self._timer, self._enquirer):
            if timer is not None:
                timer.cancel()
        asked, self._asked = list(self._asked.values()), {}
        for each in asked:
            if not each.future.done():
                each.future.set_exception(
                    Uncertain("", "The connection to the SMSC was lost before it answered.")
                    if each.written
                    else Unavailable("", reason)
                )
                each.future.exception()  # whoever waited may have been cancelled
        self._window.shut(Unavailable("", reason))
        if not self.ended.done():
            self.ended.set_result(reason)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._out:
            self._flush()

    def data_received(self, data: bytes) -> None:
        self._heard_s = self._loop.time()
        for frame in self._frames.feed(data):
            self._read(frame)
        if self._frames.error is not None and not self._closing:
            self._write(Pdu(Command.GENERIC_NACK, 0, self._frames.error.status))
            self._flush()
            log.warning("the SMSC sent octets that are no SMPP")
            self._end("The SMSC sent octets that are no SMPP.")

    def _end(self, reason: str) -> None:
        """Written octets still leave, then the connection closes."""
        self._closing = True
        self._reason = self._reason or reason
        if self._transport is not None:
            if self._out and not self._paused:
                self._flush()
            if self._paused:
                self._transport.abort()  # it does not read, so it would not read the end either
            else:
                self._transport.close()

    def _drop(self, reason: str) -> None:
        """At once: the other side does not answer or does not read."""
        self._closing = True
        self._reason = self._reason or reason
        if self._transport is not None:
            self._transport.abort()

    # Reading

    def _read(self, frame: bytes) -> None:
        command, status, sequence = header(frame)
        if command & RESPONSE:
            self._answered(frame, command, status, sequence)
        elif command in _INCOMING:
            self._incoming(frame, command, sequence)
        elif command == Command.ENQUIRE_LINK:
            self._write(Pdu(Command.ENQUIRE_LINK_RESP, sequence))
        elif command == Command.UNBIND:
            self._write(Pdu(Command.UNBIND_RESP, sequence))
            self._end("The SMSC ended the connection.")
        elif command != Command.ALERT_NOTIFICATION:  # which has no response (§4.12)
            self._write(Pdu(Command.GENERIC_NACK, sequence, INVALID_COMMAND))

    def _incoming(self, frame: bytes, command: int, sequence: int) -> None:
        if not self._bound:
            self._write(Pdu(command | RESPONSE, sequence, INVALID_BIND_STATUS, Taken()))
            return
        try:
            pdu = decode(frame)
        except BadPdu as error:
            log.warning("a message that cannot be read was refused", reason=str(error))
            self._write(Pdu(command | RESPONSE, sequence, RECEIVER_PERMANENT, Taken()))
            return
        self._receiver.deliver(self, pdu)

    def _answered(self, frame: bytes, command: int, status: int, sequence: int) -> None:
        asked = self._asked.get(sequence)
        if asked is None or command not in (asked.command | RESPONSE, Command.GENERIC_NACK):
            return  # too late, or to nothing that was asked
        del self._asked[sequence]
        if asked.command in BINDS:  # at once: what people wrote meanwhile comes right behind it
            self._bound = status == OK and command != Command.GENERIC_NACK
        if asked.windowed:
            self._window.give_back()
        told = self._told
        while told and told[0][0] < asked.order:  # it read this request, and so what was written before
            told.popleft()
        if not asked.future.done():
            asked.future.set_result(_response(frame, command, status, sequence))
        if not self._asked and self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    # Writing

    def _ask(self, command: int, body: Body, *, windowed: bool = False) -> asyncio.Future[Pdu]:
        order = self._order + 1
        sequence = (order - 1) % LAST_SEQUENCE + 1
        octets = encode(Pdu(command, sequence, 0, body))
        if self._transport is None:
            raise Unavailable("", self._reason or "There is no connection to the SMSC.")
        self._order = order
        future: asyncio.Future[Pdu] = self._loop.create_future()
        asked = _Asked(command, future, order, self._loop.time() + self._response_s, windowed)
        self._asked[sequence] = asked
        self._unwritten.append(asked)
        if self._timer is None:
            self._timer = self._loop.call_at(asked.until_s, self._overdue)
        self._queue(octets)
        return future

    def _write(self, pdu: Pdu) -> None:
        if self._transport is not None:
            self._queue(encode(pdu))

    def _queue(self, octets: bytes) -> None:
        self._out.append(octets)
        self._out_size += len(octets)
        if self._paused:
            if self._out_size > UNREAD_MOST:
                self._drop("The SMSC does not read what it is sent.")
        elif not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush_soon)

    def _flush_soon(self) -> None:
        self._flushing = False
        if self._out and not self._paused:
            self._flush()

    def _flush(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        octets = b"".join(self._out)
        self._out.clear()
        self._out_size = 0
        for asked in self._unwritten:
            asked.written = True
        self._unwritten.clear()
        transport.write(octets)

    # Time

    def _overdue(self) -> None:
        """The oldest unanswered request, and those as old, have waited too long."""
        self._timer = None
        now_s = self._loop.time()
        for sequence, asked in list(self._asked.items()):
            if asked.until_s > now_s:
                self._timer = self._loop.call_at(asked.until_s, self._overdue)
                return
            if not asked.written or (
                asked.command == Command.ENQUIRE_LINK and self._heard_s < asked.until_s - self._response_s
            ):
                self._drop("The SMSC does not answer any more.")
                return
            del self._asked[sequence]
            if asked.windowed:
                self._window.give_back()
            if not asked.future.done():
                asked.future.set_exception(Uncertain("", "The SMSC did not answer in time."))
                asked.future.exception()
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def _enquire(self) -> None:
        """Also keeps the connection: servers end one on which nothing is said."""
        if self._closing or self._transport is None:
            return
        self._enquirer = self._loop.call_later(self._enquire_link_s, self._enquire)
        if not any(asked.command == Command.ENQUIRE_LINK for asked in self._asked.values()):
            self._ask(Command.ENQUIRE_LINK, None).add_done_callback(_seen)


def submitted(answer: Pdu) -> str:
    """The SMSC's id in the response to `submit_sm`, empty if it gives none. Raises the `GatewayError` it means."""
    if answer.command == Command.GENERIC_NACK:
        raise submit_error(answer.status or INVALID_COMMAND)
    if answer.status != OK:
        raise submit_error(answer.status)
    return answer.body.message_id if isinstance(answer.body, Taken) else ""


def _response(frame: bytes, command: int, status: int, sequence: int) -> Pdu:
    """An answer counts by its status also where its body cannot be read."""
    try:
        return decode(frame)
    except BadPdu:
        return Pdu(command, sequence, status)


def _seen(future: asyncio.Future[Pdu]) -> None:
    """An answer that nobody waits for."""
    if not future.cancelled():
        future.exception()
