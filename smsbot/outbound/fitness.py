"""What is not as it should be with this process, in sentences: for `/readyz`, and each minute for the log."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import structlog
from sqlalchemy import Connection

from smsbot.clock import SECOND_MS, Clock
from smsbot.errors import StoreError, StoreUnavailable
from smsbot.gateways.registry import Channel
from smsbot.outbound import accord
from smsbot.store import channel_settings, sql
from smsbot.store.database import Store

log = structlog.get_logger()

APART_MS = 5 * SECOND_MS
LOOK_S = 60.0


def remarks(store: Store, channels: Mapping[str, Channel], clock: Clock) -> list[str]:
    """Empty if all is well. Raises `StoreError` where nothing works: no answer, no room, tables of another version."""
    store.check()
    key = store.key

    def look(connection: Connection) -> list[str]:
        found = [apart] if (apart := _apart(connection, clock)) else []
        leading = channel_settings.leading(connection)
        for name, channel in channels.items():
            if channel.config.outbound and name in leading:
                names = accord.differing(accord.fingerprint(channel.config, key), leading[name].digests)
                if names:
                    found.append(accord.sentence(name, names))
        return found

    return store.read(look)


def _apart(connection: Connection, clock: Clock) -> str:
    """Whether this machine's clock is right, by that of a database on another one."""
    if not sql.is_postgresql(connection):
        return ""
    before_ms = clock()
    theirs_ms = float(sql.run(connection, "SELECT extract(epoch FROM clock_timestamp()) * 1000").scalar_one())
    after_ms = clock()
    ahead_ms = (before_ms + after_ms) / 2 - theirs_ms
    if abs(ahead_ms) - abs(after_ms - before_ms) / 2 <= APART_MS:  # the answer took its time on either way
        return ""
    way = "ahead of" if ahead_ms > 0 else "behind"
    return (
        f"The clock of this machine is {abs(ahead_ms) / SECOND_MS:.0f} s {way} that of the database: set both by a time"
        " server, since quiet hours, expiries and signatures with a time in them go by them."
    )


class Vigil:
    """`run()` until `stop()`: what is not as it should be comes into the log when it begins, and when it is over."""

    def __init__(self, store: Store, channels: Mapping[str, Channel], *, clock: Clock) -> None:
        self._store = store
        self._channels = channels
        self._clock = clock
        self._stopping = asyncio.Event()
        self._known: set[str] = set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            await self.look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_S)

    def stop(self) -> None:
        self._stopping.set()

    async def look(self) -> None:
        try:
            found = await asyncio.to_thread(remarks, self._store, self._channels, self._clock)
        except StoreUnavailable:
            return  # whoever needs the database says so
        except StoreError as error:
            found = [str(error)]
        for each in found:
            if _kind(each) not in self._known:
                log.warning("something is not as it should be", reason=each)
        kinds = {_kind(each) for each in found}
        if self._known and not kinds:
            log.info("everything is as it should be again")
        self._known = kinds


def _kind(remark: str) -> str:
    """Without its numbers: a clock that drifts on is no news."""
    return "".join(char for char in remark if not char.isdigit())
