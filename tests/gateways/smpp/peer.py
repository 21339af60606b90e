"""Foreign SMSCs as processes of their own: JSON lines out for what happened, JSON lines in for what to do.

Their packages are fetched once, by name and hash, into `.cache/smpp-peers` at the root; `.ci/run` does it beforehand.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any, Self

from tests.components import lack

PEERS = Path(__file__).parent / "peers"
CACHE = Path(__file__).parents[3] / ".cache" / "smpp-peers"
PATIENCE_S = 60.0
FETCH_S = 300.0


def node() -> list[str]:
    """The command that runs the SMSC of the npm package `smpp`."""
    folder = CACHE / "node"
    if not (folder / "node_modules" / "smpp").is_dir():
        npm = shutil.which("npm")
        if npm is None:
            lack("npm is not installed (Debian: npm)")
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PEERS / name, folder / name)
        _fetch([str(npm), "ci", "--no-audit", "--no-fund"], folder)
    shutil.copy(PEERS / "smsc.js", folder / "smsc.js")
    return ["node", str(folder / "smsc.js")]


def twisted() -> list[str]:
    """The command that runs the SMSC of the Python package `smpp.twisted3`, in an environment of its own."""
    folder = CACHE / "twisted"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]
        _fetch([str(python), *words, str(PEERS / "requirements.txt")], folder)
        (folder / "ready").touch()
    return [str(python), str(PEERS / "smsc.py")]


def _fetch(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=FETCH_S)
    except (OSError, subprocess.SubprocessError) as error:
        lack(f"the peer's packages cannot be fetched ({type(error).__name__})")


class Peer:
    """`with Peer(node(), receipt="tlv") as smsc:`; *seen* is all it has told."""

    def __init__(self, command: list[str], **options: object) -> None:
        self._command = [*command, json.dumps(options)]
        self._lines: Queue[dict[str, Any] | None] = Queue()
        self.seen: list[dict[str, Any]] = []
        self.port = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr.fileno(), text=True,
            encoding="utf-8",
        )  # fmt: skip
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.port = self.next("listening")["port"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def next(self, event: str) -> dict[str, Any]:
        """The next thing of this kind that it tells; what comes before it is kept in *seen*. Raises TimeoutError."""
        while True:
            try:
                told = self._lines.get(timeout=PATIENCE_S)
            except Empty:
                raise TimeoutError(f"waited {PATIENCE_S:.0f} s in vain for {event}") from None
            if told is None:
                raise RuntimeError("the peer ended")
            self.seen.append(told)
            if told["event"] == event:
                return told

    def do(self, what: str, **more: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)
