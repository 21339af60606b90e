"""`smsbot serve` and `smsbot say`: a process of each kind, from its settings to its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import uvicorn
import uvloop
from sqlalchemy import Connection, make_url, update
from starlette.types import ASGIApp

from smsbot.clock import now_ms
from smsbot.errors import Conflict, SettingsError
from smsbot.gateways.base import Received
from smsbot.service import Service
from smsbot.settings import Settings
from smsbot.status import Status
from smsbot.store import staff
from smsbot.store.database import Store
from smsbot.store.tables import Outbox, table
from smsbot.text import phone
from smsbot.web.app import create_app, create_watch
from smsbot.web.trial import USUAL, protocol

Role = Literal["all", "web", "work"]

BACKLOG = 2048
DRAIN_S = 30
GARBAGE = (50_000, 20, 50)
"""Collections that are rare: a turn makes hundreds of objects and no cycles, and each collection stops them all."""

TERMINAL = "terminal"
"""The channel under which `say` is kept; nothing is ever sent by it."""


def serve(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int | None = 8000,
    role: Role = "all",
    print_key: bool = False,
    tell: Callable[[str], None] = print,
) -> None:
    """Run until SIGINT or SIGTERM. *port* None (role `work`): listen nowhere; 0: any free one.

    Raises `SettingsError`, `StoreError` or `ContentError` before anything is started.
    """
    if role != "all" and settings.database.url.startswith("sqlite"):
        raise SettingsError("`--role web` and `--role work` need PostgreSQL; on SQLite one process does both.")
    listening = _listen(host, port) if port is not None else None
    shown_port = listening.getsockname()[1] if listening is not None else 0
    local = f"http://{host}:{shown_port}"
    service = Service(settings, public_url=local if role != "work" else "", works=role != "web")
    service.prepare()
    if listening is not None:
        listening.listen(BACKLOG)  # whoever reads that it is ready may call at once
        tell(_banner(service, local, role))
        if print_key and role == "all":
            tell(f"  Staff key       {local_key(service.store)}")
        sys.stdout.flush()
    app = (create_watch if role == "work" else create_app)(service, lifespan=service.lifespan)
    _run(service, listening, app, hooks=role != "work")


def _run(service: Service, listening: socket.socket | None, app: ASGIApp, *, hooks: bool) -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    if listening is None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(service))
        return
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=protocol(service.hooks) if hooks else USUAL,
        lifespan="on",
        access_log=False,
        log_config=None,
        backlog=BACKLOG,
        timeout_graceful_shutdown=DRAIN_S,
        server_header=False,
        ws="none",
        proxy_headers=False,  # nothing is taken from them: signatures are over the configured address
    )
    server = uvicorn.Server(config)
    signal.signal(signal.SIGTERM, _end)  # uvicorn raises the signal again once it has ended
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listening])


def _end(_number: int, _frame: object) -> None:
    """To be told to end is no failure: whoever supervises the process sees 0."""
    raise SystemExit(0)


async def _work(service: Service) -> None:
    """Deliver until told to end, without a web."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    async with service.lifespan(None):
        await ending.wait()


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"Port {port} on {host} cannot be used ({os.strerror(error.errno or 0)}); choose another with --port."
        ) from error
    return listening


def _banner(service: Service, local: str, role: Role) -> str:
    lines = [f"smsbot is ready at {local}"]
    if role != "work":
        if any(channel.config.gateway == "simulator" for channel in service.channels.values()):
            lines.append(f"  Phone simulator {local}/simulator")
        lines.append(f"  Console         {local}/console")
        lines.append(f"  Public page     {local}/")
        lines.append(f"  API docs        {local}/docs  ({local}/openapi.json)")
    return "\n".join(lines)


def local_key(store: Store) -> str:
    """A staff key for whoever sits at this machine, kept in a file only its owner reads, beside the database."""
    database = make_url(store.url).database if store.sqlite else None
    file = (Path(database).parent if database else Path("var")) / "staff-key"
    if file.exists():
        key = file.read_text(encoding="utf-8").strip()
        if store.read(lambda c: staff.find_staff(c, key)) is not None:
            return key
    name = "local admin"
    while True:
        try:
            key = store.write(lambda c: staff.add_staff(c, name, staff.Role.ADMIN, now_ms()))  # noqa: B023
            break
        except Conflict:
            name = f"local admin {secrets.token_hex(2)}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(key + "\n", encoding="utf-8")
    return key


def say(settings: Settings, number: str, text: str) -> list[str]:
    """Play a citizen against the configured database; the replies. Nothing is handed to any gateway.

    Raises `PhoneError` if *number* is none.
    """
    number = phone.parse(number, settings.service.region)
    service = Service(settings, public_url="http://127.0.0.1", works=False)
    service.answer_locally(TERMINAL)
    service.prepare()

    async def turn() -> list[str]:
        await service.start()
        try:
            received = Received(number, text, f"say-{secrets.token_hex(12)}")
            result = await service.turns.submit(TERMINAL, received)
            await service.store.run(
                lambda c: _shown(c, [int(reply.id.removeprefix("out-")) for reply in result.replies])
            )
            return [reply.text for reply in result.replies]
        finally:
            await service.stop()

    return asyncio.run(turn())


def _shown(connection: Connection, ids: list[int]) -> None:
    outbox = table(Outbox)
    if ids:
        connection.execute(
            update(outbox)
            .where(outbox.c.id.in_(ids))
            .values(status=Status.DELIVERED.value, due_ms=None, final_ms=now_ms(), handed_ms=now_ms())
        )
