"""A gateway with a connection of its own, on loopback: a centre that speaks lines of JSON and a link.

In a test: `with LineCentre() as centre:`, `install(folder)` (the gateway `line` as another package would bring it), and
the channel `centre.channel()`. The centre notes who was bound when, brings every text again until it is acknowledged,
and takes whatever it is given.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from pydantic import SecretStr

from smsbot.errors import Misconfigured, StoreUnavailable, Unavailable, Uncertain
from smsbot.gateways.base import (
    Accepted,
    Capabilities,
    ChannelConfig,
    Event,
    Inbox,
    Message,
    Part,
    Received,
    StatusChange,
)
from smsbot.status import Status

T = TypeVar("T")

KEY = "key-of-the-line"
AGAIN_S = 0.02  # how soon the centre brings again what was not taken, and the link connects again


class LineConfig(ChannelConfig):
    gateway: str = "line"
    port: int
    password: SecretStr = SecretStr("")


class LineLink:
    """Binds as `pid-PID`, so that the centre can tell processes apart."""

    name: ClassVar[str] = "line"
    Config: ClassVar[type[ChannelConfig]] = LineConfig
    capabilities: ClassVar[Capabilities] = Capabilities()

    def __init__(self, config: ChannelConfig) -> None:
        assert isinstance(config, LineConfig)
        self.config = config
        self._writer: asyncio.StreamWriter | None = None
        self._answers: dict[str, asyncio.Future[str]] = {}

    async def send(self, message: Message) -> Accepted:
        writer = self._writer
        if writer is None:
            raise Unavailable("", "The centre is not connected.")
        answer = self._answers[message.id] = asyncio.get_running_loop().create_future()
        try:
            _write(writer, submit=message.id, to=message.to, text=message.text)
            return Accepted(await answer)
        finally:
            self._answers.pop(message.id, None)

    async def run(self, inbox: Inbox) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.config.port)
            except OSError:
                inbox.trouble(Unavailable("", "The centre does not answer."))
                await asyncio.sleep(AGAIN_S)
                continue
            try:
                await self._bound(reader, writer, inbox)
            finally:
                self._writer = None
                for answer in self._answers.values():
                    if not answer.done():
                        answer.set_exception(Uncertain("", "The connection was lost before the answer."))
                with contextlib.suppress(OSError):
                    _write(writer, unbind=True)
                    await writer.drain()
                writer.close()
            await asyncio.sleep(AGAIN_S)

    async def _bound(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, inbox: Inbox) -> None:
        _write(writer, bind=f"pid-{os.getpid()}", password=self.config.password.get_secret_value())
        taking: set[asyncio.Task[None]] = set()
        try:
            async for line in reader:
                said = json.loads(line)
                if said.get("bound") is False:
                    inbox.trouble(Misconfigured("password", "The password is wrong."))
                    return
                if said.get("bound"):
                    self._writer = writer
                    inbox.trouble(None)
                elif "accepted" in said:
                    answer = self._answers.get(said["accepted"])
                    if answer is not None and not answer.done():
                        answer.set_result(said["external_id"])
                else:  # a text or a report; anything else is a fault of this link, and ends it
                    task = asyncio.create_task(_taken(writer, inbox, said["key"], _event(said)))
                    taking.add(task)
                    task.add_done_callback(taking.discard)
        except ConnectionError:
            pass
        finally:
            for task in taking:
                task.cancel()
        inbox.trouble(Unavailable("", "The connection was lost."))


async def _taken(writer: asyncio.StreamWriter, inbox: Inbox, key: str, event: Event) -> None:
    try:
        await inbox.take([event])
    except StoreUnavailable:
        _write(writer, refused=key)
    else:
        _write(writer, taken=key)


def _event(said: dict[str, Any]) -> Event:
    if "status" in said:
        return StatusChange(Status(said["status"]), said["external_id"])
    part = Part(*said["part"]) if said["part"] else None
    return Received(said["from"], said["text"], said["key"], sent_ms=said["sent_ms"], part=part)


def _write(writer: asyncio.StreamWriter, **said: object) -> None:
    if not writer.is_closing():
        writer.write(json.dumps(said).encode() + b"\n")


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the centre was given."""

    id: str
    to: str
    text: str
    external_id: str
    peer: str


class LineCentre:
    """Runs in a thread of its own, on a free port of loopback."""

    def __init__(self, *, password: str = KEY) -> None:
        self.password = password
        self.port = 0
        self.binds: list[str] = []  # who bound, in order
        self.bound: list[str] = []  # who is bound now
        self.most_bound = 0  # at any moment
        self.messages: list[Taken] = []
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.silent = False  # messages are taken, and not answered before `speak`
        self._waiting: dict[str, dict[str, Any]] = {}  # by key: what is still to be acknowledged
        self._writers: list[asyncio.StreamWriter] = []
        self._serving: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line centre", daemon=True)
        self._server: asyncio.Server | None = None
        self._serial = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def open(self) -> None:
        """Listen, on the same port as before."""

        async def listen() -> asyncio.Server:
            return await asyncio.start_server(self._serve, "127.0.0.1", self.port)

        self._server = asyncio.run_coroutine_threadsafe(listen(), self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Out of order: nobody is let in, whoever is connected is cut off."""

        async def close() -> None:
            if self._server is not None:
                self._server.close()
            serving = set(self._serving)
            for writer in self._writers:
                writer.transport.abort()
            if serving:
                await asyncio.wait(serving)

        asyncio.run_coroutine_threadsafe(close(), self._loop).result()

    def cut(self) -> None:
        """Cut everybody off once."""

        def cut() -> None:
            for writer in self._writers:
                writer.transport.abort()

        self._do(cut)

    def say(self, line: str) -> None:
        """Write *line* to whoever is bound, whatever it may be."""

        def say() -> None:
            for writer in self._writers:
                writer.write(line.encode() + b"\n")

        self._do(say)

    def speak(self) -> None:
        """Answer what was not answered while `silent`."""
        self.silent = False

        def speak() -> None:
            for message in self.messages:
                for writer in self._writers:
                    _write(writer, accepted=message.id, external_id=message.external_id)

        self._do(speak)

    def channel(self, **more: object) -> dict[str, object]:
        """The settings of a channel that binds here."""
        return {
            "gateway": "line",
            "sender": "2200",
            "port": self.port,
            "password": KEY,
            "rate_per_s": 10_000,
            **more,
        }

    def deliver(
        self, number: str, text: str, *, key: str = "", sent_ms: int | None = None,
        part: tuple[int, int, int] | None = None,
    ) -> str:  # fmt: skip
        """A person writes; brought to whoever is bound until it is acknowledged. *part*: reference, total, number."""
        self._serial += 1
        key = key or f"line-{self._serial}"
        self._bring({"key": key, "from": number, "text": text, "sent_ms": sent_ms, "part": part})
        return key

    def report(self, external_id: str, status: Status) -> str:
        self._serial += 1
        key = f"report-{self._serial}"
        self._bring({"key": key, "external_id": external_id, "status": status})
        return key

    def _bring(self, said: dict[str, Any]) -> None:
        def bring() -> None:
            self._waiting[said["key"]] = said
            for writer in self._writers:
                _write(writer, **said)

        self._do(bring)

    def _do(self, action: Callable[[], T]) -> T:
        done: Future[T] = Future()
        self._loop.call_soon_threadsafe(lambda: done.set_result(action()))
        return done.result()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = ""
        task = asyncio.current_task()
        assert task is not None, "a connection is served by a task of its own"
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            async for line in reader:
                said = json.loads(line)
                if "bind" in said:
                    if said["password"] != self.password:
                        _write(writer, bound=False)
                        break
                    peer = said["bind"]
                    self.binds.append(peer)
                    self.bound.append(peer)
                    self.most_bound = max(self.most_bound, len(self.bound))
                    self._writers.append(writer)
                    _write(writer, bound=True)
                    for waiting in self._waiting.values():
                        _write(writer, **waiting)
                elif "unbind" in said:
                    break
                else:
                    self._answer(writer, peer, said)
        except ConnectionError:
            pass
        finally:
            if peer:
                self.bound.remove(peer)
                self._writers.remove(writer)
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, peer: str, said: dict[str, Any]) -> None:
        if "submit" in said:
            external_id = f"x{len(self.messages) + 1}"
            self.messages.append(Taken(said["submit"], said["to"], said["text"], external_id, peer))
            if not self.silent:
                _write(writer, accepted=said["submit"], external_id=external_id)
        elif "taken" in said:
            self.acknowledged.append(said["taken"])
            self._waiting.pop(said["taken"], None)
        else:
            self.refused.append(said["refused"])
            waiting = self._waiting.get(said["refused"])
            if waiting is not None:
                self._loop.call_later(AGAIN_S, lambda: _write(writer, **waiting))


def install(folder: Path) -> Path:
    """Make the gateway `line` known to every Python that has *folder* on its path."""
    package = folder / "line_gateway-1.0.dist-info"
    package.mkdir(parents=True, exist_ok=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: line-gateway\nVersion: 1.0\n", encoding="utf-8")
    points = "[smsbot.gateways]\nline = smsbot.testing.line_gateway:LineLink\n"
    (package / "entry_points.txt").write_text(points, encoding="utf-8")
    return folder
