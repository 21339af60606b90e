"""Which process this is, told so that another on the same machine can see whether it still lives."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
NAMESPACE = Path("/proc/self/ns/pid")


def identity() -> str:
    """`MACHINE/PID/RANDOM`; the machine is its boot and its space of process ids, empty where neither can be told."""
    return f"{_machine()}/{os.getpid()}/{secrets.token_hex(8)}"


def is_gone(other: str) -> bool:
    """Has the process behind *other* surely ended? Only ever true for one of this machine, since its last start."""
    machine, _, rest = other.partition("/")
    pid, _, _ = rest.partition("/")
    if not machine or machine != _machine() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _machine() -> str:
    try:
        return f"{BOOT.read_text().strip()}:{NAMESPACE.readlink()}"
    except OSError:
        return ""
