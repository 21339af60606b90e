"""Another host, a full disk and a disk without power, made of what Linux has: a network namespace behind a cable that
can be pulled, a file system of a few megabytes, one that can be cut off at any moment. All need root."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.e2e.product import until
from tests.undo import Undo

_SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN: from this moment nothing is written, not even what the system still has in memory."""

_WITHOUT_JOURNAL = 2
"""EXT4_GOING_FLAGS_NOLOGFLUSH: what was told to be kept (fsync) is all that is kept."""


def allowed() -> str:
    """Why none of this can be had here, or the empty text."""
    if os.geteuid() != 0:
        return "only root can make hosts and file systems"
    with contextlib.suppress(FileNotFoundError):
        name = f"smsbot-try-{os.getpid()}"
        if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
            return ""
    return "network namespaces cannot be made here (Debian: iproute2)"


def drivable() -> str:
    """Why this kernel can give no disk out of a file, or the empty text. No package mends it."""
    return "" if Path("/dev/loop-control").exists() else "this kernel has no loop devices"


def _run(*words: str) -> None:
    subprocess.run(words, capture_output=True, text=True, check=True)


class Host:
    """A host of its own. Programs run in it with `prefix` before their words; `here` and `there` are the addresses of
    the two ends of its cable."""

    def __init__(self, number: int) -> None:
        key = f"{os.getpid() % 10_000}{number}"
        self.name = f"smsbot-{key}"
        self._cable, self._end = f"sbh{key}", f"sbt{key}"
        block = os.getpid() % 250
        self.here, self.there = f"10.{block}.{number}.1", f"10.{block}.{number}.2"
        self._undo = Undo(("ip", "link", "del", self._cable), ("ip", "netns", "del", self.name))

    @property
    def prefix(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.name)

    def __enter__(self) -> Self:
        self._undo.arm()
        _run("ip", "netns", "add", self.name)
        _run("ip", "link", "add", self._cable, "type", "veth", "peer", "name", self._end, "netns", self.name)
        _run("ip", "addr", "add", f"{self.here}/24", "dev", self._cable)
        _run("ip", "link", "set", self._cable, "up")
        for words in (
            ("addr", "add", f"{self.there}/24", "dev", self._end),
            ("link", "set", self._end, "up"),
            ("link", "set", "lo", "up"),
        ):
            _run(*self.prefix, "ip", *words)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.run()

    def pull(self) -> None:
        """Nothing arrives any more, in either direction, and nobody is told."""
        _run("ip", "link", "set", self._cable, "down")

    def plug(self) -> None:
        _run("ip", "link", "set", self._cable, "up")


class Disk:
    """A small file system at *folder*."""

    def __init__(self, folder: Path, *, megabytes: int) -> None:
        self.folder = folder
        self._size = f"size={megabytes}m"
        self._ballast = folder / "ballast"
        self._undo = Undo(("umount", "--lazy", str(folder)))

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._undo.arm()
        _run("mount", "-t", "tmpfs", "-o", self._size, "smsbot-disk", str(self.folder))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.run()

    def fill(self) -> None:
        """Until not one octet is left."""
        block = b"\0" * 65_536
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while True:
                ballast.write(block)
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while True:
                ballast.write(b"\0")

    def clear(self) -> None:
        self._ballast.unlink(missing_ok=True)


class Drive:
    """A disk of its own at *folder* (ext4) whose power can be cut: all that was not synced is gone."""

    def __init__(self, folder: Path, *, megabytes: int) -> None:
        self.folder = folder
        self._image = folder.with_suffix(".img")
        self._bytes = megabytes << 20
        self._undo = Undo(("umount", "--lazy", str(folder)))

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._image.open("wb") as image:
            image.truncate(self._bytes)
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        self._undo.arm()
        self._mount()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.run()

    def settle(self) -> None:
        """What is on it by now is there for good."""
        _run("sync", "-f", str(self.folder))

    def cut(self) -> None:
        """Whoever writes or syncs from now on is told that it failed."""
        disk = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(disk, _SHUTDOWN, struct.pack("I", _WITHOUT_JOURNAL))
        finally:
            os.close(disk)

    def back(self) -> None:
        """Power again: the file system is read as it was left. Nobody may still have a file of it open."""
        until("nobody is on the disk", self._unmounted)
        self._mount()

    def _mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.folder))

    def _unmounted(self) -> bool:
        return subprocess.run(["umount", str(self.folder)], capture_output=True, check=False).returncode == 0
