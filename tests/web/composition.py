"""A small but real composition: store, recogniser, dialogue, turns and the simulator gateway; no dispatcher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection
from starlette.types import ASGIApp, Receive, Scope, Send

from smsbot.content import Content, load_keywords
from smsbot.dialogue import notice as neutral
from smsbot.dialogue import wording
from smsbot.dialogue.directory import Directory
from smsbot.dialogue.engine import Engine
from smsbot.dialogue.machine import Flows
from smsbot.dialogue.model import Place, Topic
from smsbot.dialogue.phrases import Phrases
from smsbot.dialogue.reader import VocabularyReader
from smsbot.dialogue.registry import Registry
from smsbot.gateways.registry import Channel, channel
from smsbot.inbound import review
from smsbot.inbound.bot import Bot
from smsbot.inbound.routes import Routes
from smsbot.inbound.turns import Turns
from smsbot.outbound import reuse
from smsbot.outbound.broadcast import Broadcasts
from smsbot.outbound.wake import Wake
from smsbot.settings import Settings
from smsbot.store import contacts, imports
from smsbot.store import directory as rows
from smsbot.store.database import Store
from smsbot.store.inbox import Entry
from smsbot.store.tables import Broadcast, BroadcastText, Contact, Outbox, table
from smsbot.text.gsm7 import measure
from smsbot.web.app import create_app

NOW_MS = 1_796_112_000_000  # 2026-12-01T08:00:00Z, noon in Tbilisi
ADMIN_KEY = "a-bootstrap-key-for-tests"
ALICE = "+995555000001"


@cache
def _keywords() -> tuple[Any, ...]:
    return tuple(load_keywords(languages=tuple(Settings().service.languages)))


COMPILED: dict[str, Engine] = {}


def compile_engine(topics: tuple[Topic, ...], places: tuple[Place, ...]) -> Engine:
    """Compiled once for the same topics and places: it takes most of a second, and an engine has no state."""
    key = repr((topics, places))
    if key not in COMPILED:
        COMPILED[key] = _compile_engine(topics, places)
    return COMPILED[key]


def _compile_engine(topics: tuple[Topic, ...], places: tuple[Place, ...]) -> Engine:
    languages = Settings().service.languages
    directory = Directory.build(
        names=Settings().service.name,
        contact=Settings().service.contact,
        languages=languages,
        topics=topics,
        places=places,
        reader=VocabularyReader.build(_keywords(), topics, places, languages),
    )
    registry = Registry.builtin()
    bodies = {f"flows/{path.name}": path.read_text(encoding="utf-8") for path in Content().flow_files().values()}
    flows = Flows.build(bodies, registry)
    catalogues = {language: paths[0].read_bytes() for language, paths in Content().catalogue_files().items()}
    texts = [*wording.TEXTS, *flows.texts]
    return Engine(directory, flows, Phrases(catalogues, directory.reader.published, registry.fields, texts), registry)


@dataclass(frozen=True, slots=True)
class Queued:
    id: str


@dataclass
class Composition:
    """What the composition root provides, as far as the web needs it without a dispatcher."""

    settings: Settings
    store: Store
    now_ms: int = NOW_MS
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    hook_paths: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.channels: dict[str, Channel] = {
            name: channel(name, values) for name, values in self.settings.channels.items()
        }
        assert self.store.key  # made now: the first turn must not stop to write it
        self.bot = Bot(compile_engine)
        self.store.read(self.bot.mind)
        self.broadcasts = Broadcasts(
            self.store,
            self.settings,
            clock=self.clock,
            directory=self.directory,
            channels={name: each.config.max_parts for name, each in self.channels.items()},
            wake=Wake(),
        )
        routes = Routes({name: name for name in self.channels})
        self.turns = Turns(self.store, self.bot, region="GE", clock=self.clock, routes=routes)

    def clock(self) -> int:
        return self.now_ms

    def directory(self) -> Directory:
        return self.bot.directory

    async def reload_directory(self) -> None:
        await self.store.look(self.bot.mind)

    async def queue_personal(self, number: str, text: str, by: str) -> Queued:
        def job(connection: Connection) -> int:
            row = {
                "channel": next(iter(self.channels)), "number": number, "text": text, "parts": measure(text).parts,
                "status": "queued", "created_ms": self.now_ms, "due_ms": self.now_ms,
                "broadcast_id": 0, "error": "", "attempts": 0, "forget": False,
            }  # fmt: skip
            made = connection.execute(table(Outbox).insert().values(row).returning(table(Outbox).c.id))
            return int(made.scalar_one())

        return Queued(f"out-{await self.store.run(job)}")

    async def wake_number(self, number: str, by: str) -> None:
        def job(connection: Connection) -> None:
            person = contacts.reach(connection, self.store.key, number)
            service = self.settings.service
            notice = neutral.compose(self.bot.phrases, service.name, service.languages)
            channel = next(iter(self.channels))
            reuse.wake(connection, person, number, notice, channel=channel, hint=None, now_ms=self.now_ms)

        await self.store.run(job)

    async def take_forms(self, lines: Sequence[str], by: str, *, dry_run: bool, welcome: bool) -> imports.Report:
        channel = next(iter(self.channels)) if welcome else None
        return imports.run(
            self.store, lines, self.settings, now_ms=self.now_ms, channel=channel, dry_run=dry_run
        )  # fmt: skip

    async def stop_for(self, entry_id: int, by: str) -> Entry:
        def job(connection: Connection) -> Entry:
            mind, routes = self.bot.mind(connection), {name: name for name in self.channels}
            done = review.stop(
                connection, mind, self.store.key, entry_id, by=by, now_ms=self.now_ms, routes=routes
            )  # fmt: skip
            return done.entry

        return await self.store.run(job)

    @property
    def hooks(self) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            self.hook_paths.append(scope["path"])
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        return answer


def compose(store: Store, **sections: Any) -> Composition:
    settings = Settings.model_validate({"staff": {"admin_key": ADMIN_KEY}, **sections})
    if not store.read(rows.topics):
        built_in = [Topic(at, n.code, n.number or at, n.names, n.words) for at, n in enumerate(Content().topics(), 1)]
        places = [
            Place(0, "ozurgeti", {"ka": "ოზურგეთი", "en": "Ozurgeti"}),
            Place(0, "likhauri", {"ka": "ლიხაური", "en": "Likhauri"}, parent="ozurgeti"),
        ]
        store.write(lambda connection: rows.seed(connection, built_in, places))
    return Composition(settings, store)


class Client(httpx.AsyncClient):
    """Calls the application in this process, as the holder of the bootstrap key unless told otherwise."""

    def __init__(self, composition: Composition, key: str | None = ADMIN_KEY) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(create_app(composition), raise_app_exceptions=False)
        super().__init__(transport=transport, base_url="http://smsbot.test", headers=headers)

    async def text(self, words: str, number: str = ALICE) -> list[dict[str, Any]]:
        """Write as a citizen; the replies."""
        answer = await self.post("/simulator/messages", json={"from": number, "text": words})
        assert answer.status_code == 200, answer.text
        replies: list[dict[str, Any]] = answer.json()["replies"]
        return replies


def is_problem(answer: httpx.Response, status: int) -> dict[str, object]:
    """The RFC 9457 document of *answer*, which must be one of that status with a sentence."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, object] = answer.json()
    assert document["status"] == status
    assert str(document["detail"]).endswith(".")
    return document


def send_one_broadcast(store: Store, *, status: str) -> None:
    """One row of a broadcast to Alice, as the dispatcher would leave it."""

    def job(on: object) -> None:
        run = on.execute  # type: ignore[attr-defined]
        broadcast, words = table(Broadcast), table(BroadcastText)
        if run(broadcast.select()).first() is None:
            run(
                broadcast.insert().values(
                    state="sending", kind="information", audience="{}", created_ms=NOW_MS, by_language="{}",
                    parts_total=1, cursor=0,
                )
            )  # fmt: skip
            run(words.insert().values(
                broadcast_id=1, language="en", text="Hearing at noon", encoding="GSM-7", units=15, parts=1
            ))  # fmt: skip
        contact_id = run(table(Contact).select()).first().id
        run(table(Outbox).insert().values(
            channel="simulator", broadcast_id=1, contact_id=contact_id, text_id=1, parts=1, status=status,
            created_ms=NOW_MS + 5_000, error="", attempts=0, forget=False,
        ))  # fmt: skip

    store.write(job)
