"""The real webhooks and the real pipeline of turns over a real database, for one channel."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from smsbot.compose import blueprint, seed_topics
from smsbot.dialogue.blueprint import Blueprint
from smsbot.dialogue.engine import Engine
from smsbot.dialogue.model import Place, Topic
from smsbot.gateways.registry import Channel
from smsbot.inbound.arrivals import Arrivals
from smsbot.inbound.bot import Bot
from smsbot.inbound.hooks import Hooks
from smsbot.inbound.reports import Reports
from smsbot.inbound.routes import Routes
from smsbot.inbound.turns import Turns
from smsbot.settings import Settings
from smsbot.store import directory
from smsbot.store.database import Store
from smsbot.store.tables import Inbound, table
from smsbot.testing.conformance.sample import AT_MS, PUBLIC, Call

KEY = b"k" * 32


class Door:
    """`call` is a webhook; `arrivals` is where a `Link` puts what it brings."""

    def __init__(self, channel: Channel, store: Store) -> None:
        self._store = store
        clock = lambda: AT_MS  # noqa: E731  # shorter than a function, and as clear
        turns = Turns(store, Bot(_engine), region="GE", clock=clock, routes=Routes({channel.name: channel.name}))
        reports = Reports(store, clock=clock)
        self._hooks = Hooks({channel.name: channel}, turns, reports, public_url=PUBLIC, clock=clock)
        self.arrivals = Arrivals(channel.name, turns, reports, accepts=True)

    async def call(self, call: Call) -> int:
        """The status of our answer."""
        path, _, query = call.target.partition("?")
        scope: dict[str, Any] = {
            "type": "http", "method": call.method, "path": path, "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in call.headers.items()],
        }  # fmt: skip
        answered: list[int] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": call.body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answered.append(message["status"])

        await self._hooks(scope, receive, send)
        assert len(answered) == 1, "a webhook is answered once"
        return answered[0]

    async def texts(self) -> int:
        """How many texts of people the database holds."""
        count = select(func.count()).select_from(table(Inbound))
        return await self._store.look(lambda connection: int(connection.execute(count).scalar_one()))


@asynccontextmanager
async def opened(channel: Channel, folder: Path) -> AsyncIterator[Door]:
    """The door of *channel* over a database of its own in *folder*."""
    file = folder / "smsbot.db"
    file.write_bytes(_empty_database())
    store = Store(f"sqlite:///{file}", key=KEY)
    store.start()
    try:
        yield Door(channel, store)
    finally:
        await asyncio.to_thread(store.close)


@cache
def _empty_database() -> bytes:
    """The octets of a database with this version's tables: made once, since the migrations take their time."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "smsbot.db"
        store = Store(f"sqlite:///{file}", key=KEY)
        store.upgrade()
        store.write(lambda connection: directory.seed(connection, seed_topics(Settings()), ()))
        store.close()
        return file.read_bytes()


_COMPILED: dict[str, Engine] = {}


def _engine(topics: tuple[Topic, ...], places: tuple[Place, ...]) -> Engine:
    """Compiled once: it takes most of a second, and an engine has no state."""
    key = repr((topics, places))
    if key not in _COMPILED:
        _COMPILED[key] = _blueprint().engine(topics, places)
    return _COMPILED[key]


@cache
def _blueprint() -> Blueprint:
    return blueprint(Settings())
