"""One round of one case, from an empty folder to its outcome."""

from __future__ import annotations

import random
from contextlib import ExitStack
from pathlib import Path

from smsbot.store.database import Store
from tests.chaos import hosts
from tests.chaos.faults import Case
from tests.chaos.hosts import Disk, Drive, Host
from tests.chaos.servers import Pair, Server
from tests.chaos.world import Outcome, Size, play, town

FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
DISK_MB = {"sqlite": 96, "postgresql": 220}  # SQLite's log alone takes up to 64
DRIVE_MB = 512


def missing(case: Case) -> str:
    """What *case* needs and this machine lacks, or the empty text."""
    if case.needs in ("disk", "drive", "host"):
        return hosts.allowed()
    if case.needs == "clock" and FAKETIME is None:
        return "faketime is not installed (Debian: faketime)"
    return ""


def impossible(case: Case) -> str:
    """What *case* needs and no package can bring, or the empty text."""
    return hosts.drivable() if case.needs == "drive" else ""


def once(case: Case, folder: Path, size: Size, chance: random.Random, *, number: int = 1) -> Outcome:
    """Play *case* in *folder*, which is empty. *number*: of this round among those that run at the same time."""
    with ExitStack() as stack:
        disk, drive, home = None, None, folder
        if case.needs == "disk":
            disk = stack.enter_context(Disk(folder / "disk", megabytes=DISK_MB[case.engine]))
            home = disk.folder
        if case.needs == "drive":
            drive = stack.enter_context(Drive(folder / "drive", megabytes=DRIVE_MB))
            home = drive.folder
        host = stack.enter_context(Host(number)) if case.needs == "host" else None
        clock, variables = None, {}
        if case.needs == "clock":
            clock = folder / "clock"
            clock.write_text("+0\n", encoding="ascii")
            variables = {
                "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_CACHE_DURATION": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
            }  # fmt: skip
        server: Server | Pair | None = None
        if case.engine == "sqlite":
            url = f"sqlite:///{home}/smsbot.db"
        elif case.engine == "pair":
            server = stack.enter_context(Pair(folder / "postgresql"))
            url = server.url
        else:
            server = Server(home / "postgresql", name="primary", host="127.0.0.1" if host is None else host.here)
            server.make()
            if drive is not None:
                drive.settle()
            stack.callback(server.kill)
            url = server.start().address
        if server is not None:
            _tables(url)
        far = (host, server.far_address) if host is not None and isinstance(server, Server) else None
        world = stack.enter_context(town(folder, url, case.roles, size, chance, far=far, variables=variables))
        world.server, world.disk, world.drive, world.clock = server, disk, drive, clock
        return play(world, case.fault)


def _tables(url: str) -> None:
    store = Store(url)
    try:
        store.upgrade()
    finally:
        store.close()
