"""What `Undo` promises."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.e2e.product import until
from tests.undo import Undo

HOLDER = """
import sys, time
from tests.undo import Undo
with Undo(("touch", sys.argv[1])):
    print("holds", flush=True)
    time.sleep(600)
"""


def test_all_commands_run_when_it_is_left_and_none_before(tmp_path: Path) -> None:
    first, second = tmp_path / "a file", tmp_path / "another"
    with Undo(("touch", str(first)), ("false",), ("touch", str(second))):
        assert not first.exists()
    assert first.exists()
    assert second.exists()


def test_they_run_although_the_process_that_holds_it_is_killed_with_its_whole_group(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(mark)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[1],
        start_new_session=True,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holds\n"
        assert not mark.exists()
        os.killpg(holder.pid, signal.SIGKILL)
    until("the mark is made", mark.exists)
