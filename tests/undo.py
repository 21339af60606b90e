"""What the system keeps when a test's process is killed (a mount, another host) is taken back all the same."""

from __future__ import annotations

import shlex
import subprocess
from types import TracebackType
from typing import Self


class Undo:
    """Runs *commands*, one after the other, when it is left, and also when this process dies without leaving it:
    a shell of its own waits for the end of a pipe that nobody else holds. A command that fails keeps none from running.
    """

    def __init__(self, *commands: tuple[str, ...]) -> None:
        self._script = "; ".join(("cat >/dev/null", *(shlex.join(command) for command in commands)))
        self._shell: subprocess.Popen[bytes] | None = None

    def arm(self) -> None:
        """From now on they are going to run."""
        # In a session of its own: whoever ends this one with all its processes does not end what cleans up after it.
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", self._script],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def run(self) -> None:
        """Now, and to their end."""
        if self._shell is not None:
            self._shell.communicate()
            self._shell = None

    def __enter__(self) -> Self:
        self.arm()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run()
