"""An SMSC on loopback, in a thread of its own: it takes what is submitted, writes receipts, brings texts, and
misbehaves when told to.

`with Smsc() as smsc:`; everything is remembered, and `wait` waits for what should have happened.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar, cast

from smsbot.gateways.smpp.codec import Address, BadPdu, Bind, Bound, Pdu, Sm, Taken, decode, encode
from smsbot.gateways.smpp.codes import (
    INVALID_COMMAND,
    INVALID_PASSWORD,
    INVALID_SYSTEM_ID,
    RESPONSE,
    Command,
    Tag,
)
from smsbot.gateways.smpp.frames import Frames

T = TypeVar("T")

SYSTEM_ID = "smsbot"
PASSWORD = "secret"  # noqa: S105  # of a server that lives for one test on loopback
PATIENCE_S = 60.0
_BINDS = (Command.BIND_TRANSCEIVER, Command.BIND_TRANSMITTER, Command.BIND_RECEIVER)


@dataclass
class Manners:
    """How it behaves; may be changed at any moment. *status*: the answer to each message, 0 to take it."""

    status: Callable[[Sm], int] = lambda _sm: 0
    bind_status: int = 0
    waiting: list[Sm] = field(default_factory=list)  # is brought with the answer to the next bind
    answers: bool = True  # False: takes messages and says nothing
    answers_enquiries: bool = True
    answers_unbind: bool = True
    receipt: str = ""  # `text`, `tlv`, or none
    receipt_id: Callable[[str], str] = lambda message_id: message_id
    receipt_state: tuple[int, str] = (2, "DELIVRD")
    message_id: Callable[[int], str] = lambda number: f"{number:x}"


@dataclass
class Seen:
    """What came. *answers*: responses to what the SMSC brought, by sequence."""

    pdus: list[Pdu] = field(default_factory=list)
    binds: list[tuple[int, Bind]] = field(default_factory=list)
    submitted: list[Sm] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)  # sequence → status
    bound_most: int = 0
    unbinds: int = 0


class Smsc:
    def __init__(self, manners: Manners | None = None, *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.manners = manners or Manners()
        self.seen = Seen()
        self.port = port
        self._tls = tls
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smsc", daemon=True)
        self._server: asyncio.Server | None = None
        self._lines: list[_Line] = []
        self._empty: asyncio.Event | None = None
        self._sequence = 0
        self._numbers = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # What a test does with it

    def wait(self, what: str, found: Callable[[], T]) -> T:
        """The first true value of *found*, asked again whenever something happens. Raises TimeoutError."""
        value = found()
        with self._changed:
            if not self._changed.wait_for(lambda: bool(found()), PATIENCE_S):
                raise TimeoutError(f"waited {PATIENCE_S:.0f} s in vain until {what}; at last: {value!r}")
            return found()

    def wait_submitted(self, number: int) -> list[Sm]:
        return self.wait(f"{number} messages are submitted", lambda: self._at_least(number))

    def wait_bound(self, number: int = 1) -> None:
        self.wait(f"{number} connections are bound", lambda: self.bound == number)

    @property
    def bound(self) -> int:
        return sum(line.bound for line in self._lines)

    def bring(self, sm: Sm, *, command: Command = Command.DELIVER_SM) -> int:
        """Bring a message by the newest connection that takes any; its sequence."""
        return self._do(self._bring(sm, command))

    def say(self, number: str, text: str, *, to: str = "2200") -> int:
        """The person with *number* writes *text*; any language."""
        return self.bring(Sm(Address(1, 1, number), Address(0, 1, to), text.encode("utf-16-be"), 8))

    def answer(self, sequence: int) -> int:
        """The status that the other side gave to what was brought as *sequence*."""
        self.wait(f"number {sequence} is answered", lambda: sequence in self.seen.answers)
        return self.seen.answers[sequence]

    def send(self, octets: bytes) -> None:
        """Any octets to whoever is connected."""
        self._do(self._each(lambda line: line.write(octets)))

    def ask(self, command: int) -> None:
        """A request without a body, `UNBIND` for example, to whoever is connected."""
        self._do(self._each(lambda line: line.ask(command)))

    def cut(self) -> None:
        """As when a cable is pulled: nothing is said, the connections are reset."""
        self._do(self._each(lambda line: line.abort()))

    def stop_reading(self) -> None:
        self._do(self._each(lambda line: line.pause()))

    def close_door(self) -> None:
        """New connections are refused; on the same port again after `open_door`."""
        self._do(self._stop())

    def open_door(self) -> None:
        self._do(self._listen())

    # In its thread

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        done: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(PATIENCE_S)

    def _at_least(self, number: int) -> list[Sm]:
        return self.seen.submitted if len(self.seen.submitted) >= number else []

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(lambda: _Line(self), "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._each(lambda line: line.abort())
        if self._lines:
            self._empty = asyncio.Event()
            await self._empty.wait()

    async def _each(self, work: Callable[[_Line], object]) -> None:
        for line in list(self._lines):
            work(line)

    async def _bring(self, sm: Sm, command: Command) -> int:
        line = next(line for line in reversed(self._lines) if line.bound and line.takes)
        return line.ask(command, sm)

    def next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    def next_id(self) -> str:
        self._numbers += 1
        return self.manners.message_id(self._numbers)

    def opened(self, line: _Line) -> None:
        self._lines.append(line)

    def closed(self, line: _Line) -> None:
        self._lines.remove(line)
        if not self._lines and self._empty is not None:
            self._empty.set()
        self.note()

    def note(self) -> None:
        self.seen.bound_most = max(self.seen.bound_most, self.bound)
        with self._changed:
            self._changed.notify_all()


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, smsc: Smsc) -> None:
        self._smsc = smsc
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None
        self.bound = False
        self.takes = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._smsc.opened(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.bound = False
        self._smsc.closed(self)

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            try:
                self._read(decode(frame))
            except BadPdu:
                self.abort()
                return
        self._smsc.note()

    def write(self, octets: bytes) -> None:
        if self._transport is not None:
            self._transport.write(octets)

    def ask(self, command: int, body: Sm | None = None) -> int:
        sequence = self._smsc.next_sequence()
        self.write(encode(Pdu(command, sequence, 0, body)))
        return sequence

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def _read(self, pdu: Pdu) -> None:
        seen, manners = self._smsc.seen, self._smsc.manners
        seen.pdus.append(pdu)
        match pdu:
            case Pdu(body=Bind() as bind) if pdu.command in _BINDS:
                self._bind(pdu, bind)
            case Pdu(command=Command.SUBMIT_SM, body=Sm() as sm):
                self._submit(pdu, sm)
            case Pdu(command=Command.DELIVER_SM_RESP | Command.DATA_SM_RESP):
                seen.answers[pdu.sequence] = pdu.status
            case Pdu(command=Command.ENQUIRE_LINK):
                if manners.answers_enquiries:
                    self._reply(pdu)
            case Pdu(command=Command.UNBIND):
                seen.unbinds += 1
                if manners.answers_unbind:
                    self._reply(pdu)
            case Pdu(command=command) if not command & RESPONSE:
                self.write(encode(Pdu(Command.GENERIC_NACK, pdu.sequence, INVALID_COMMAND)))

    def _bind(self, pdu: Pdu, bind: Bind) -> None:
        seen, manners = self._smsc.seen, self._smsc.manners
        seen.binds.append((pdu.command, bind))
        status = manners.bind_status
        if not status and bind.system_id != SYSTEM_ID:
            status = INVALID_SYSTEM_ID
        if not status and bind.password != PASSWORD:
            status = INVALID_PASSWORD
        self.bound = not status
        self.takes = pdu.command != Command.BIND_TRANSMITTER
        version = ((Tag.SC_INTERFACE_VERSION, b"\x34"),)
        answer = encode(Pdu(pdu.command | RESPONSE, pdu.sequence, status, None if status else Bound("smsc", version)))
        brought, manners.waiting = manners.waiting, []
        for sm in brought:
            answer += encode(Pdu(Command.DELIVER_SM, self._smsc.next_sequence(), 0, sm))
        self.write(answer)

    def _submit(self, pdu: Pdu, sm: Sm) -> None:
        manners = self._smsc.manners
        self._smsc.seen.submitted.append(sm)
        if not manners.answers:
            return
        if status := manners.status(sm):
            self.write(encode(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, status)))
            return
        message_id = self._smsc.next_id()
        self.write(encode(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, 0, Taken(message_id))))
        if manners.receipt and sm.registered_delivery & 1:
            self.ask(Command.DELIVER_SM, receipt_for(sm, message_id, manners))

    def _reply(self, pdu: Pdu) -> None:
        self.write(encode(Pdu(pdu.command | RESPONSE, pdu.sequence)))


def receipt_for(sm: Sm, message_id: str, manners: Manners) -> Sm:
    """The receipt for what was submitted as *sm*."""
    written = manners.receipt_id(message_id)
    number, word = manners.receipt_state
    if manners.receipt == "tlv":
        tlvs = ((int(Tag.RECEIPTED_MESSAGE_ID), written.encode() + b"\0"), (int(Tag.MESSAGE_STATE), bytes((number,))))
        return Sm(sm.dest, sm.source, b"", esm_class=4, tlvs=tlvs)
    text = (
        f"id:{written} sub:001 dlvrd:001 submit date:2611252200 done date:2611252201 stat:{word} err:000 "
        f"text:{sm.message[:20].decode('latin-1')}"
    )
    return Sm(sm.dest, sm.source, text.encode("latin-1"), esm_class=4)
