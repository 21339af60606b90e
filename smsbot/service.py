"""One process put together: store, bot, channels, dispatchers and the web, started and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from smsbot.clock import Clock, now_ms
from smsbot.compose import blueprint, check_words, place_index, seed_places, seed_topics
from smsbot.dialogue import notice as neutral
from smsbot.dialogue.directory import Directory
from smsbot.dialogue.stop_hint import StopHints
from smsbot.errors import Conflict, Invalid, PhoneError, SettingsError
from smsbot.gateways.base import HttpGateway, Link
from smsbot.gateways.direct import DirectSender
from smsbot.gateways.registry import Channel, channels
from smsbot.inbound import review
from smsbot.inbound.arrivals import Arrivals
from smsbot.inbound.bot import Bot
from smsbot.inbound.hooks import Hooks
from smsbot.inbound.metrics import PipelineCollector
from smsbot.inbound.reports import Reports
from smsbot.inbound.routes import Routes
from smsbot.inbound.sweep import Sweeper
from smsbot.inbound.turns import Turns
from smsbot.outbound import answering, reuse
from smsbot.outbound.attendants import attendants
from smsbot.outbound.broadcast import Broadcasts
from smsbot.outbound.custody import Custodian
from smsbot.outbound.dispatch import Dispatcher
from smsbot.outbound.expand import Expander
from smsbot.outbound.fitness import Vigil
from smsbot.outbound.link import LinkRunner
from smsbot.outbound.schedule import QuietHours
from smsbot.outbound.tenure import Tenure
from smsbot.outbound.wake import Wake
from smsbot.process import identity
from smsbot.settings import Settings
from smsbot.store import contacts, imports, inbox, notices, outbox
from smsbot.store import directory as rows
from smsbot.store.database import Store
from smsbot.text import phone
from smsbot.text.gsm7 import measure
from smsbot.workers import Workers

if TYPE_CHECKING:
    from smsbot.gateways.client import Sender

log = structlog.get_logger()

CONSENT_S = 0.25  # contract §10, "Sending": how old a look at consent may be when a message is handed over


@dataclass(frozen=True, slots=True)
class Personal:
    """A message of staff to one person, as it was queued."""

    id: str


class Service:
    """Everything one process has. *works*: does it deliver, or only answer the web?"""

    def __init__(self, settings: Settings, *, public_url: str, works: bool = True, clock: Clock = now_ms) -> None:
        self.settings = settings
        self.clock = clock
        self.public_url = settings.service.public_url or public_url
        self.channels: Mapping[str, Channel] = channels(settings.channels)
        self._works = works
        self._owner = identity()
        key = settings.service.hash_key
        self.store = Store(settings.database.url, key=key.get_secret_value().encode() if key else None)
        self.bot = Bot(blueprint(settings).engine)
        self.wake = Wake()
        self.hints = StopHints(answering.numbers(self.channels), lambda: self.bot.phrases, settings.service.languages)
        self.metrics = CollectorRegistry()
        self._reply_routes = routes(self.channels)
        self.sender: Sender | DirectSender | None = None
        self.dispatchers: dict[str, Dispatcher] = {}
        self._workers = Workers()
        self._listener: notices.Listener | None = None
        self.turns = Turns(
            self.store,
            self.bot,
            region=settings.service.region,
            clock=clock,
            routes=Routes(
                reply=self._reply_routes,
                capacity=self._capacity,
                offer=self._offer,
                stopped=self.wake.stopped,
                settled=self._settled,
                wake=self.wake.wake,
                own=own_numbers(self.channels, settings.service.region),
                hints=self.hints,
                lease_ms=outbox.LEASE_MS,
            ),
        )
        self.reports = Reports(self.store, clock=clock, stopped=self.wake.stopped)
        self.hooks = Hooks(self.channels, self.turns, self.reports, public_url=self.public_url, clock=clock)
        self.broadcasts = Broadcasts(
            self.store,
            settings,
            clock=clock,
            directory=self.directory,
            channels={name: each.most_parts for name, each in self.channels.items() if each.config.outbound},
            wake=self.wake,
            hints=self.hints,
        )
        self.metrics.register(PipelineCollector(self.turns, self.reports))

    def answer_locally(self, channel: str) -> None:
        """Texts that come by *channel*, which no gateway serves, are answered under its own name."""
        self._reply_routes[channel] = channel

    def prepare(self) -> None:
        """Open the database. On SQLite the tables are brought to this version; elsewhere they must be.

        Raises `ContentError` if a word stands in two lists of the keyword files."""
        content = self.settings.service.content
        if content is not None and not content.is_dir():
            log.warning(
                "the folder of `service.content` is not there; the built-in content is used", folder=str(content)
            )
        if self.store.sqlite:
            self.store.upgrade()
        self.store.check()
        self.store.write(lambda c: rows.seed(c, seed_topics(self.settings), seed_places(self.settings)))
        self.store.read(self.bot.mind)
        directory = self.bot.directory
        for collision in check_words(self.settings, directory.topics.values(), directory.places.values()):
            log.warning("one word means two things; the command is taken", words=str(collision))
        _ = self.store.key

    async def start(self) -> None:
        """After `prepare`, inside the event loop."""
        self.store.start()
        self._workers.begin(Vigil(self.store, self.channels, clock=self.clock), "vigil")
        if not self._works:
            return
        if not self.store.sqlite:
            loop = asyncio.get_running_loop()

            def hear(notice: notices.Notice) -> None:
                loop.call_soon_threadsafe(self._heard, notice)

            self._listener = notices.Listener(self.store.url, hear)
            self._listener.start()
        self.sender = sender(self.channels, self.clock)
        quiet = QuietHours.of(self.settings)
        for name, channel in self.channels.items():
            if channel.config.outbound:
                dispatcher = Dispatcher(
                    name, channel.gateway, channel.config, store=self.store, sender=self.sender, wake=self.wake,
                    clock=self.clock, quiet=quiet, public_url=self.public_url, owner=self._owner,
                    per_day=self.settings.sending.per_day,
                )  # fmt: skip
                self._connect(channel, dispatcher)
                self.dispatchers[name] = dispatcher
                self._workers.begin(dispatcher, f"dispatch {name}")
                self._attend(channel, dispatcher, quiet)
            elif channel.config.inbound and isinstance(channel.gateway, Link):
                tenure = Tenure(name, store=self.store, clock=self.clock, owner=self._owner)
                self._connect(channel, tenure)
                self._workers.begin(tenure, f"tenure {name}")
        expander = Expander(
            self.store, wake=self.wake, clock=self.clock, quiet=quiet, hold_s=self.settings.sending.hold_s,
            channels=tuple(self.dispatchers), owner=self._owner, hints=self.hints,
        )  # fmt: skip
        self._workers.begin(expander, "expand")
        self._workers.begin(Sweeper(self.store, self.turns, clock=self.clock, owner=self._owner), "sweep")
        custodian = Custodian(self.store, self.settings.retention, clock=self.clock, owner=self._owner)
        self._workers.begin(custodian, "retention")

    def _connect(self, channel: Channel, holder: Dispatcher | Tenure) -> None:
        """Where the gateway has a connection of its own, it stands while *holder* has the channel's lease."""
        if isinstance(channel.gateway, Link):
            arrivals = Arrivals(channel.name, self.turns, self.reports, accepts=channel.config.inbound)
            link = LinkRunner(
                channel.name, channel.gateway, take=arrivals.take, trouble=holder.trouble, alone=self.store.sqlite
            )
            holder.serve(link)

    def _attend(self, channel: Channel, dispatcher: Dispatcher, quiet: QuietHours) -> None:
        for attendant in attendants(
            channel, self.channels, lead=dispatcher, store=self.store, exchange=getattr(self.sender, "exchange", None),
            submit=self.reports.submit, clock=self.clock, quiet=quiet, wake=self.wake, hints=self.hints,
        ):  # fmt: skip
            self._workers.begin(attendant, f"{type(attendant).__name__.lower()} {channel.name}")

    async def stop(self) -> None:
        """Send what is in hand, settle it, end the gateways' own connections, give leases back, close the database."""
        if self._listener is not None:
            await asyncio.to_thread(self._listener.close)
        await self._workers.end()
        if self.sender is not None:
            await self.sender.aclose()
        await asyncio.to_thread(self.store.close)

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: Any) -> AsyncIterator[None]:
        await self.start()
        try:
            yield
        finally:
            await self.stop()

    def directory(self) -> Directory:
        return self.bot.directory

    async def reload_directory(self) -> None:
        """Look at topics and places again now; other processes notice with their next text."""
        await self.store.look(self.bot.mind)

    async def queue_personal(self, number: str, text: str, by: str) -> Personal:
        """Queue a message of staff to one person. Raises `Conflict` if the number stopped, `Invalid` if too long."""
        most = self.settings.sending.max_parts

        def job(connection: Connection) -> tuple[int, str]:
            person = contacts.reach(connection, self.store.key, number)
            if person.stopped:
                raise Conflict("This number has stopped all messages, so nothing can be sent to it.", field="to")
            channel = self._reply_routes.get(person.last_channel, first_sending(self.channels))
            hint = self.hints.of(channel)
            said = text if hint is None else hint.say(text, person.language)
            parts = measure(said).parts
            if parts > most:
                raise Invalid(f"The text has {parts} parts; at most {most} are sent.", field="text")
            now_ms = self.clock()
            wait_ms = reuse.introduce(
                connection, person, number, self._notice(), channel=channel, hint=hint, now_ms=now_ms
            )
            key = outbox.queue_personal(
                connection, channel=channel, contact_id=person.id, number=number, text=said, parts=parts,
                now_ms=now_ms, wait_ms=wait_ms,
            )  # fmt: skip
            notices.tell(connection, waiting=[channel])
            return key, channel

        key, channel = await self.store.run(job)
        log.info("a personal message was queued", by=by, channel=channel)
        self.wake.wake(channel)
        return Personal(f"out-{key}")

    async def wake_number(self, number: str, by: str) -> None:
        """*by* says that a dormant number is in use. Raises `Missing`, and `Conflict` if it stopped or is awake."""

        def job(connection: Connection) -> str:
            person = contacts.reach(connection, self.store.key, number)
            channel = self._reply_routes.get(person.last_channel, first_sending(self.channels))
            hint, now_ms = self.hints.of(channel), self.clock()
            reuse.wake(connection, person, number, self._notice(), channel=channel, hint=hint, now_ms=now_ms)
            notices.tell(connection, waiting=[channel])
            return channel

        channel = await self.store.run(job)
        log.info("a dormant number was woken", by=by, channel=channel)
        self.wake.wake(channel)

    def _notice(self) -> neutral.Notice:
        service = self.settings.service
        return neutral.compose(self.bot.phrases, service.name, service.languages)

    async def stop_for(self, entry_id: int, by: str) -> inbox.Entry:
        """Stop whoever wrote the text of *entry_id*: *by* takes it for an opt-out. Raises `Missing`, `Conflict`."""

        def job(connection: Connection) -> review.Reviewed:
            mind = self.bot.mind(connection)
            return review.stop(
                connection, mind, self.store.key, entry_id, by=by, now_ms=self.clock(), routes=self._reply_routes
            )

        done = await self.store.run(job)
        if done.stopped:
            log.info("a person was stopped by staff", by=by)
            self.wake.stopped([done.entry.number])
        if done.channel is not None:
            self.wake.wake(done.channel)
        return done.entry

    async def take_forms(self, lines: Sequence[str], by: str, *, dry_run: bool, welcome: bool) -> imports.Report:
        """Consents on paper, the lines of a sheet (contract §9). Raises `Invalid` if it cannot be read."""
        channel = first_sending(self.channels) if welcome else None

        def job() -> imports.Report:
            return imports.run(
                self.store, lines, self.settings, now_ms=self.clock(), channel=channel,
                hint=self.hints.of(channel or ""), dry_run=dry_run,
                named=place_index(self.settings, self.store.read(rows.places)), notice=self._notice,
            )  # fmt: skip

        report = await asyncio.to_thread(job)
        if not dry_run:
            log.info("consents on paper were taken", by=by, taken=report.taken, refused=len(report.refused))
        return report

    def _heard(self, notice: notices.Notice) -> None:
        self.wake.stopped(notice.stopped)
        for channel in notice.waiting:
            self.wake.wake(channel)

    async def _settled(self) -> None:
        """Return once nobody can hand over what a consent withdrawn just now allowed. The dispatchers of this process
        know already; another process's are told, and if that comes late they look again within this time."""
        leading = {name for name, dispatcher in self.dispatchers.items() if dispatcher.leads}
        if any(channel.config.outbound and name not in leading for name, channel in self.channels.items()):
            await asyncio.sleep(CONSENT_S)

    def _capacity(self, channel: str) -> int:
        dispatcher = self.dispatchers.get(channel)
        return dispatcher.capacity() if dispatcher is not None else 0

    def _offer(self, channel: str, claimed: Sequence[outbox.Claimed]) -> None:
        self.dispatchers[channel].offer(claimed)


def sender(found: Mapping[str, Channel], clock: Clock) -> Sender | DirectSender:
    """What hands messages over. The HTTP client is loaded only if a channel needs it: it takes a tenth of a start."""
    if not any(each.config.outbound and isinstance(each.gateway, HttpGateway) for each in found.values()):
        return DirectSender()
    from smsbot.gateways.client import Sender  # noqa: PLC0415

    return Sender(clock=clock)


def first_sending(found: Mapping[str, Channel]) -> str:
    return next(name for name, channel in found.items() if channel.config.outbound)


def own_numbers(found: Mapping[str, Channel], region: str) -> frozenset[str]:
    """The senders of the channels that are phone numbers: what comes from them is an echo."""
    numbers = set()
    for channel in found.values():
        with contextlib.suppress(PhoneError):
            numbers.add(phone.parse(channel.config.sender, region))
    return frozenset(numbers)


def routes(found: Mapping[str, Channel]) -> dict[str, str]:
    """Which channel answers what came by each: itself if it can send, else the first that can."""
    if not any(channel.config.outbound for channel in found.values()):
        raise SettingsError("No channel has `outbound = true`, so nothing could ever be answered; set it for one.")
    first = first_sending(found)
    return {name: name if channel.config.outbound else first for name, channel in found.items()}
