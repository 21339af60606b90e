"""What some tests need beyond Python. A missing one is told, not hidden: a skip with a reason, or a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import NoReturn

import pytest

from smsbot.testing import gammu, kannel

REQUIRE_VARIABLE = "SMSBOT_TEST_REQUIRE"

PRESENT: dict[str, tuple[Callable[[], object], str]] = {
    "kannel": (kannel.installed, "Kannel is not installed (Debian: kannel, kannel-extras)"),
    "gammu": (gammu.installed, "gammu-smsd is not installed (Debian: gammu-smsd, libdbd-sqlite3)"),
    "chromium": (
        lambda: shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome"),
        "Chromium is not installed (Debian: chromium)",
    ),
    "node": (lambda: shutil.which("node"), "Node.js is not installed (Debian: nodejs)"),
}


def require(component: str) -> None:
    """Skip the test with a reason if *component* is missing; with `SMSBOT_TEST_REQUIRE=all` fail it."""
    present, reason = PRESENT[component]
    if not present():
        lack(reason)


def lack(reason: str) -> NoReturn:
    """The same for what is known to be missing."""
    if os.environ.get(REQUIRE_VARIABLE) == "all":
        pytest.fail(f"{reason}, and {REQUIRE_VARIABLE}=all forbids to skip", pytrace=False)
    pytest.skip(reason)
