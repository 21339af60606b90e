"""Many commands, each a process of its own, for the price of one start: the program is loaded once, then forked.

Reads from standard input a JSON list of {"words", "folder", "variables"}; writes one of {"code", "stdout", "stderr"}.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any

import smsbot.serve  # what takes long to load
import smsbot.store.audit  # noqa: F401
from smsbot.cli import main

TIME_S = 60
"""After which the kernel ends a command that was meant to fail and runs."""


def played(command: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _become(command, out.fileno(), err.fileno())
        _, status = os.waitpid(child, 0)
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode("utf-8", "replace"))
    return {"code": os.waitstatus_to_exitcode(status), "stdout": said[0], "stderr": said[1]}


def _become(command: dict[str, Any], out: int, err: int) -> None:
    """Never returns."""
    import signal

    signal.alarm(TIME_S)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.chdir(command["folder"])
    os.environ.update(command["variables"])
    sys.argv = ["smsbot", *command["words"]]
    code = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    json.dump([played(command) for command in json.load(sys.stdin)], sys.stdout)
