"""The gateway `smpp`: a connection that is kept, messages that leave by it, and what comes.

**A message of several parts** leaves whole or not at all, as far as SMPP allows: its parts are handed over together. If
none was taken and none is in doubt, the error is the message's and it is tried again whole. Once one was taken it is
never handed over whole again, or the person would get doubled parts: a part that was not taken for now (throttled,
SMSC out of order, connection lost before it left) is repeated by itself for a few seconds; what is still missing then,
or was refused for good, makes the message `failed`; a part in doubt makes it `unknown`.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import structlog

from smsbot.clock import Clock, now_ms
from smsbot.errors import GatewayError, Misconfigured, Refused, Throttled, Unavailable, Uncertain, Unsendable
from smsbot.gateways.base import Accepted, Capabilities, ChannelConfig, Inbox, Message, Part
from smsbot.gateways.headers import header
from smsbot.gateways.smpp import alphabet
from smsbot.gateways.smpp.codec import BadPdu, Bind, Pdu, Sm
from smsbot.gateways.smpp.codes import HEADER_FOLLOWS
from smsbot.gateways.smpp.config import SmppConfig
from smsbot.gateways.smpp.incoming import Habits
from smsbot.gateways.smpp.intake import Intake
from smsbot.gateways.smpp.receipts import same_id
from smsbot.gateways.smpp.session import Session, submitted

log = structlog.get_logger()

CONNECT_S = 10.0
PART_S = 10.0  # patience with each step of a parting in good order
STOOD_S = 30.0  # a connection that stood so long is no failure when it ends
WANT_RECEIPT = 1  # registered_delivery, §5.2.17: a receipt for success and for failure


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds. Between attempts to connect: anything up to the step (full jitter), which doubles from *first_s* to
    *most_s*, and from *refused_s* to *refused_most_s* where somebody has to act, when half of it is sure to pass.
    *again_s*: before each repeat of a part."""

    first_s: float = 1.0
    most_s: float = 60.0
    refused_s: float = 30.0
    refused_most_s: float = 600.0
    again_s: tuple[float, ...] = (0.5, 1.0, 2.0)

    def pause_s(self, failures: int, chance: float, *, refused: bool) -> float:
        """After *failures* earlier ones in a row; *chance* is from 0 up to 1."""
        first_s, most_s = (self.refused_s, self.refused_most_s) if refused else (self.first_s, self.most_s)
        step_s = min(most_s, first_s * 2.0 ** min(failures, 20))
        return step_s * (0.5 + chance / 2) if refused else step_s * chance


class Smpp:
    """One channel's connection. Every text that leaves asks for a receipt."""

    name: ClassVar[str] = "smpp"
    Config: ClassVar[type[ChannelConfig]] = SmppConfig
    capabilities: ClassVar[Capabilities] = Capabilities()

    def __init__(
        self,
        config: SmppConfig,
        *,
        clock: Clock = now_ms,
        chance: Callable[[], float] = random.random,
        pauses: Pauses = Pauses(),
    ) -> None:
        self.config = config
        self._clock = clock
        self._chance = chance
        self._pauses = pauses
        self._habits = Habits(config.default_alphabet, config.receipt_id)
        self._session: Session | None = None
        self._trouble: GatewayError = Unavailable("", "There is no connection to the SMSC yet.")
        self._source = config.source(config.sender)
        self._reference = int(chance() * 256)

    # What leaves

    async def send(self, message: Message) -> Accepted:
        """Raises a `GatewayError`; `Misconfigured` while the SMSC refuses the connection."""
        try:
            sms = self._written(message)
            if len(sms) == 1:
                return Accepted(same_id(await self._connection().submit(sms[0])) or None)
            return await self._send_parts(sms)
        except BadPdu as error:
            raise Refused("", "The number or the sender has a form that SMPP cannot carry.") from error

    def _written(self, message: Message) -> list[Sm]:
        try:
            return self._short_messages(message)
        except (GatewayError, BadPdu):
            raise
        except Exception as error:
            raise Unsendable from error

    def _connection(self) -> Session:
        if self._session is None:
            raise self._trouble
        return self._session

    def _short_messages(self, message: Message) -> list[Sm]:
        coding, pieces = alphabet.pieces(message.text, self.config.default_alphabet)
        own = message.sender in ("", self.config.sender)
        source, dest = self._source if own else self.config.source(message.sender), self.config.dest(message.to)
        if len(pieces) == 1:
            return [Sm(source, dest, pieces[0], coding, 0, WANT_RECEIPT)]
        if len(pieces) > 255:
            raise Refused("", "The message has more parts than can be joined.")
        self._reference = (self._reference + 1) % 256
        return [
            Sm(
                source, dest, header(Part(self._reference, len(pieces), number)) + piece, coding, HEADER_FOLLOWS,
                WANT_RECEIPT,
            )
            for number, piece in enumerate(pieces, 1)
        ]  # fmt: skip

    async def _send_parts(self, sms: Sequence[Sm]) -> Accepted:
        """See the module's words on messages of several parts."""
        outcomes: list[str | GatewayError] = await self._hand_over(self._connection(), sms)
        for pause_s in self._pauses.again_s:
            again = [at for at, outcome in enumerate(outcomes) if isinstance(outcome, (Throttled, Unavailable))]
            final = any(isinstance(outcome, (Refused, Uncertain, Misconfigured)) for outcome in outcomes)
            if not again or final or not any(isinstance(outcome, str) for outcome in outcomes):
                break
            await asyncio.sleep(pause_s)
            if (session := self._session) is not None:
                for at, outcome in zip(again, await self._hand_over(session, [sms[at] for at in again]), strict=True):
                    outcomes[at] = outcome
        ids = [same_id(outcome) for outcome in outcomes if isinstance(outcome, str)]
        errors = [outcome for outcome in outcomes if isinstance(outcome, GatewayError)]
        if not errors:
            return Accepted(ids[0] or None, further_ids=tuple(each for each in ids[1:] if each))
        raise _whole(errors, taken=len(ids))

    async def _hand_over(self, session: Session, sms: Sequence[Sm]) -> list[str | GatewayError]:
        """What became of each: its id, or why it was not taken."""
        waiting: list[asyncio.Future[Pdu] | GatewayError] = []
        for sm in sms:
            try:
                waiting.append(await session.begin(sm))
            except GatewayError as error:
                waiting.append(error)
        outcomes: list[str | GatewayError] = []
        for each in waiting:
            try:
                outcomes.append(each if isinstance(each, GatewayError) else submitted(await each))
            except GatewayError as error:
                outcomes.append(error)
        return outcomes

    # The connection

    async def run(self, inbox: Inbox) -> None:
        """Connect, and again whenever the connection ends, until cancelled; then wait for what is unanswered, and
        part."""
        intake = Intake(self._habits, inbox, self._clock)
        worker = asyncio.create_task(intake.run(), name="smpp intake")
        session: Session | None = None
        failures = 0
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    session = await self._connect(intake)
                except GatewayError as error:
                    trouble = error
                else:
                    stood_s = loop.time()
                    self._session = session
                    inbox.trouble(None)
                    trouble = Unavailable("", await asyncio.shield(session.ended))
                    self._session = None
                    intake.parted(session)
                    failures = 0 if loop.time() - stood_s >= STOOD_S else failures
                self._trouble = trouble
                inbox.trouble(trouble)
                log.warning("the SMSC is not connected", host=self.config.host, reason=str(trouble))
                pause_s = self._pauses.pause_s(failures, self._chance(), refused=isinstance(trouble, Misconfigured))
                failures += 1
                await asyncio.sleep(pause_s)
        finally:
            await self._part(session, intake, worker)

    async def _part(self, session: Session | None, intake: Intake, worker: asyncio.Task[None]) -> None:
        self._session = None
        self._trouble = Unavailable("", "The connection to the SMSC is being closed.")
        intake.close()
        try:
            if session is not None:
                session.leave()
            await asyncio.wait([worker], timeout=PART_S)
            if session is not None:
                await session.close(min(PART_S, self.config.response_s))
        finally:  # whoever cannot wait for a parting in good order cancels once more
            worker.cancel()
            if session is not None:
                session.abort()

    async def _connect(self, intake: Intake) -> Session:
        """A bound session. Raises `Misconfigured` or `Unavailable`."""
        config = self.config
        loop = asyncio.get_running_loop()

        def made() -> Session:
            return Session(
                intake,
                window=config.window,
                response_s=config.response_s,
                enquire_link_s=config.enquire_link_s,
            )

        secure = config.security()
        opened: Awaitable[tuple[asyncio.BaseTransport, Session]] = loop.create_connection(
            made,
            config.host,
            config.port,
            ssl=secure,
            server_hostname=config.host if secure else None,
            ssl_shutdown_timeout=PART_S if secure else None,
        )
        try:
            async with asyncio.timeout(CONNECT_S):
                _, session = await opened
        except ssl.SSLCertVerificationError as error:
            raise Misconfigured("", "The certificate of the SMSC is not valid: check `host` and `tls_ca`.") from error
        except ssl.SSLError as error:
            raise Misconfigured("", "The SMSC speaks no TLS on this port: check `port` and `tls`.") from error
        except (OSError, TimeoutError) as error:
            raise Unavailable("", "The SMSC cannot be reached: check `host`, `port` and the way there.") from error
        bind = Bind(config.system_id, config.password.get_secret_value(), config.system_type)
        try:
            await session.bind(config.command, bind)
        except BaseException:
            await session.close(1.0)
            raise
        return session


def _whole(errors: Sequence[GatewayError], *, taken: int) -> GatewayError:
    """What the parts' errors mean for the message, *taken* parts of which the SMSC has."""
    for error in errors:
        if isinstance(error, Uncertain):
            return error
    if not taken:  # the worst first: a message that is refused is not worth a second attempt
        order = (Refused, Misconfigured, Throttled, Unavailable)
        return min(errors, key=lambda error: next(at for at, kind in enumerate(order) if isinstance(error, kind)))
    total = taken + len(errors)
    return Refused(errors[0].code, f"Only {taken} of {total} parts were taken: {errors[0].sentence}")
