"""What a gateway is. An HTTP gateway has five pure members and no I/O; the shared sender owns the network.

Gateways that hold a connection of their own implement `Transport` instead and emit the same events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Protocol, runtime_checkable
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from smsbot.errors import GatewayError
from smsbot.gateways import forms
from smsbot.status import Status
from smsbot.values import value


def _web_address(value: str) -> str:
    if not value.startswith(("http://", "https://")) or not value.isprintable() or " " in value:
        raise ValueError("an address that begins with https:// or http://")
    try:
        parts = urlsplit(value)
        complete = bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not match, or a port that cannot be
        complete = False
    if not complete:
        raise ValueError("an address with a host, and a port from 1 to 65535 if any")
    return value.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_web_address)]
"""Where a provider listens, without a slash at the end. Every HTTP gateway's Config has one as `base_url`."""


class ChannelConfig(BaseModel):
    """Keys common to every channel (contract §8). A gateway's own Config adds to them; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gateway: str
    sender: str = ""
    rate_per_s: float = Field(default=10, gt=0, le=100_000)  # parts per second
    inbound: bool = True
    outbound: bool = True
    webhook_token: SecretStr | None = None
    max_parts: int | None = Field(default=None, ge=1, le=255)
    fallback: str | None = None  # the channel that takes over what waits while this one is down
    answer_to: str | None = Field(default=None, pattern=r"^\+?[0-9]{2,15}$")  # where STOP can be sent, if not here
    balance_low: float | None = Field(default=None, ge=0)  # below it the channel is `degraded`

    @property
    def signature_ready(self) -> bool:
        """False where the gateway can sign but this channel holds no key for it: then `webhook_token` is needed."""
        return True

    @property
    def in_flight(self) -> int | None:
        """Messages that may be under way at once, where the gateway has a bound of its own: one more would wait inside
        it, after the last look at consent."""
        return None


@value(frozen=True, slots=True)
class Message:
    """One text to hand over. *id* is ours and stable across attempts; *status_url* is where reports should come."""

    id: str
    to: str = field(repr=False)  # E.164
    text: str = field(repr=False)
    encoding: str  # `GSM-7` or `UCS-2`
    parts: int
    sender: str
    status_url: str
    wanted: Callable[[], bool] | None = field(default=None, repr=False, compare=False)
    """Ask it when the first octet could leave, after every wait: False means `errors.Withdrawn`. None: always."""


@value(frozen=True, slots=True)
class Request:
    """*url* is sent as it stands: every character that needs it is percent-encoded already. The fields may hold
    credentials, numbers and texts, so none shows in a log."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@value(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes = field(repr=False)


@value(frozen=True, slots=True)
class Hook:
    """A webhook as it came. *url* is built from the configured public URL, never from the Host header, and ends with
    the query exactly as it was sent; *query* and *form* keep order and repeats; header names are lower-case. *at_ms* is
    when it came, for signatures with a time in them; 0: unknown."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    query: Sequence[tuple[str, str]] = field(repr=False)
    body: bytes = field(repr=False)
    at_ms: int = 0
    _form: list[tuple[str, str]] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def form(self) -> Sequence[tuple[str, str]]:
        """The body read as `application/x-www-form-urlencoded`: read once, since `verify` and `parse` both need it.

        Octets that are no UTF-8 become U+FFFD; nothing raises.
        """
        if self._form is None:
            pairs = forms.pairs(self.body)
            object.__setattr__(self, "_form", pairs)  # a frozen value may remember what follows from its fields
            return pairs
        return self._form


@dataclass(frozen=True, slots=True)
class Part:
    """Which piece of a longer text this is: 3GPP TS 23.040 §9.2.3.24.1, or a provider's fields for it.

    *number* counts from 1 to *total*. Parts belong together by channel, sender, recipient, *reference* and *total*.
    """

    reference: int
    total: int
    number: int


@value(frozen=True, slots=True)
class Received:
    """A text from a person. *number* is as the gateway wrote it. *external_id* is the gateway's own id, None if
    this gateway gives none. *sent_ms* is the sender's time if told. *optout* is the gateway's own reading
    (`stop`, `start`, `help`): it has answered already. *part*: the text is one piece of several, joined by us; half a
    letter that it begins or ends with is a lone surrogate."""

    number: str = field(repr=False)
    text: str = field(repr=False)
    external_id: str | None
    to: str = ""
    sent_ms: int | None = None
    optout: str | None = None
    part: Part | None = None


@value(frozen=True, slots=True)
class StatusChange:
    """What became of a message. Named by the gateway's id, ours (`message_id`), or both.

    *status* None: the gateway said something this table does not know; logged and harmless.
    """

    status: Status | None
    external_id: str | None = None
    message_id: str | None = None
    error: str = ""
    opted_out: bool = False
    unreachable: bool = False
    blocked: bool = False  # by a stop-list of the gateway or the operator, see `errors.Refused`
    raw: str = ""  # the gateway's own word, for the log


Event = Received | StatusChange


@value(frozen=True, slots=True)
class Accepted:
    """The gateway took it. *final* is set where no report will follow (the simulator: delivered).

    *further_ids*: where the gateway names each part of a longer text, the ids of the second part and on. The message
    is `delivered` when all of its parts are, and `failed` with the first that failed.
    """

    external_id: str | None = None
    final: Status | None = None
    further_ids: tuple[str, ...] = ()


@value(frozen=True, slots=True)
class Ack:
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the conformance kit and the dispatcher may expect."""

    signed: bool = False  # webhooks carry a signature; else `webhook_token` is required
    proof_field: str = "token"  # of the query, holds the token: another where the provider writes it there itself
    removes_duplicates: bool = False  # a repeat of the same message id is not sent twice
    reports: bool = True  # delivery reports come, or can be asked for (`Polled`)
    max_parts: int | None = None
    inbound: bool = True  # people's texts can come by it
    prepaid: bool = False  # credit runs out by itself: a `Balanced` one is asked without being told to (`balance_low`)
    answerable: bool = True  # False: people see a name, which they cannot answer; texts say where STOP goes


@runtime_checkable
class HttpGateway(Protocol):
    """Five pure members. Constructed as `cls(config)` with the class's own `Config`."""

    name: ClassVar[str]
    Config: ClassVar[type[ChannelConfig]]
    capabilities: ClassVar[Capabilities]

    def request(self, message: Message) -> Request:
        """The HTTP request that hands *message* over. Raises `Refused` for one that this gateway can never carry."""

    def result(self, response: Response) -> Accepted | GatewayError:
        """What the provider's answer means. Never raises."""

    def verify(self, hook: Hook) -> bool:
        """Is the signature right? Constant time. Gateways without one return True; the token is checked elsewhere."""

    def parse(self, hook: Hook) -> list[Event]:
        """The events in a webhook, messages or reports, whichever of the two addresses it came to.

        An empty list is a documented empty probe. Raises `HookMalformed`.
        """

    def ack(self, hook: Hook) -> Ack:
        """The provider's own acknowledgement, sent after the commit."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A message that left and whose fate the gateway has not told yet."""

    message_id: str
    external_id: str | None
    number: str = field(repr=False)


@runtime_checkable
class Polled(Protocol):
    """An HTTP gateway that has to be asked what became of messages; beside or instead of reports that come.

    One that finds a message by our own id says `polled_by_our_id = True`; it is also asked about messages that it may
    have taken (their `external_id` is None).
    """

    poll_most: ClassVar[int]  # messages one question may name

    def poll(self, pending: Sequence[Pending]) -> Request:
        """The question about at most `poll_most` messages."""

    def polled(self, pending: Sequence[Pending], response: Response) -> list[StatusChange] | GatewayError:
        """What the answer to `poll(pending)` tells; nothing of those still on their way. Never raises."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left to spend. *unit*: a currency (`GEL`) or `SMS`."""

    amount: float
    unit: str


@runtime_checkable
class Balanced(Protocol):
    """An HTTP gateway that tells how much is left to spend. The question needs the credentials, so it proves them."""

    def balance_request(self) -> Request:
        """The question."""

    def balance(self, response: Response) -> Balance | GatewayError:
        """The answer. Never raises."""


@runtime_checkable
class Probed(Protocol):
    """An HTTP gateway whose credentials can be tried without sending a text."""

    def probe(self) -> Request:
        """A harmless request that needs the credentials."""

    def probed(self, response: Response) -> GatewayError | None:
        """None: they are right. Never raises."""


class Inbox(Protocol):
    """Where a `Link` puts what comes to it."""

    async def take(self, events: Sequence[Event]) -> None:
        """Returns when the events and all they caused are committed: only then may they be acknowledged. Texts are
        taken in the order of the calls, whichever returns first.

        Raises `StoreUnavailable`, and nothing else: the gateway has to bring all of them again, by a retryable status
        where it knows one (contract §3). What was committed all the same is then a repeat.
        """

    def trouble(self, error: GatewayError | None) -> None:
        """How the connection is: `Misconfigured` or `Unavailable` while it does not stand, None once it does."""


@runtime_checkable
class Transport(Protocol):
    """A gateway that delivers without an HTTP request of ours."""

    name: ClassVar[str]
    Config: ClassVar[type[ChannelConfig]]
    capabilities: ClassVar[Capabilities]

    async def send(self, message: Message) -> Accepted:
        """Hand over. Raises a `GatewayError`."""


@runtime_checkable
class Link(Transport, Protocol):
    """A `Transport` with a connection of its own, which messages and reports also come by. It belongs to the one
    process that has the channel's lease."""

    async def run(self, inbox: Inbox) -> None:
        """Connect, and again whenever the connection is lost, until cancelled; then part in good order. Cancelled again
        meanwhile, drop the connection at once: the lease ends, and another process will connect.

        `send` raises `Unavailable` while there is no connection and `Uncertain` for what a lost one left unanswered.
        """
