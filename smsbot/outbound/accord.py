"""All processes that deliver through a channel have the same settings for it, or some of them do not deliver.

The one that has the channel's lease is right, else the one that came first. Another whose settings differ says which of
them do, and does not ask for the lease while one who is right is there.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import structlog
from pydantic import BaseModel, SecretStr
from sqlalchemy import Connection

from smsbot.gateways.base import ChannelConfig
from smsbot.outbound.bucket import Monotonic
from smsbot.process import is_gone
from smsbot.store import channel_settings
from smsbot.store.channel_settings import Report

log = structlog.get_logger()

TOLD_S = 10.0
GONE_S = 25.0
"""A process that has not said anything for so long, by our own steady clock, has ended. Below the 30 seconds within
which somebody has to take over what it held (contract §10)."""
DIGEST_DIGITS = 16
SECRET_DIGITS = 4
"""Of all secrets together 16 bits are kept: enough to notice that one differs, too few to find out what it is."""
SECRETS = "credentials"


def fingerprint(config: ChannelConfig, key: bytes) -> str:
    """JSON: each key of *config* → a keyed hash of its value; the secret ones together."""
    plain: dict[str, str] = {}
    secret: dict[str, str] = {}
    for name in sorted(type(config).model_fields):
        value = getattr(config, name)
        (secret if _secret(value) else plain)[name] = repr(_revealed(value))
    digests = {name: _digest(key, name, shown)[:DIGEST_DIGITS] for name, shown in plain.items()}
    digests[SECRETS] = _digest(key, SECRETS, json.dumps(secret))[:SECRET_DIGITS]
    return json.dumps(digests, sort_keys=True)


def _digest(key: bytes, name: str, shown: str) -> str:
    return hmac.new(key, f"channel settings\0{name}\0{shown}".encode(), hashlib.sha256).hexdigest()


def _revealed(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return ("secret", value.get_secret_value())
    if isinstance(value, dict):
        return {name: _revealed(inner) for name, inner in value.items()}
    if isinstance(value, BaseModel):
        return _revealed(dict(value))
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 10 is 10.0, which it is only where it was written down
    if isinstance(value, set | frozenset):
        return sorted(map(repr, map(_revealed, value)))  # their own order is another one in each process
    if isinstance(value, list | tuple):
        return [_revealed(inner) for inner in value]
    return value


def _secret(value: Any) -> bool:
    """Is there a secret in it?"""
    if isinstance(value, BaseModel):
        value = dict(value)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()
    return isinstance(value, SecretStr) or any(map(_secret, inner))


def differing(ours: str, theirs: str) -> list[str]:
    """The keys in which two fingerprints differ."""
    one, two = json.loads(ours), json.loads(theirs)
    return sorted(name for name in {*one, *two} if one.get(name) != two.get(name))


def sentence(channel: str, names: list[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    return (
        f"Channel `{channel}` has other settings here than in the process that delivers through it ({listed}), so"
        " nothing is sent from here by it: give all processes the same configuration and start them anew."
    )


class Accord:
    """Of one process and one channel. Its methods run on a writer's thread, one at a time."""

    def __init__(
        self, channel: str, owner: str, config: ChannelConfig, *, monotonic: Monotonic = time.monotonic
    ) -> None:
        self._channel = channel
        self._owner = owner
        self._config = config
        self._monotonic = monotonic
        self._digests = ""
        self._told_s: float | None = None
        self._seen: dict[str, tuple[int, float]] = {}  # process → its last word, and when that was new to us
        self._odds: list[str] = []

    def tell(self, connection: Connection, key: bytes, now_ms: int) -> None:
        """Say which settings are ours, from time to time."""
        now_s = self._monotonic()
        if self._told_s is None or now_s - self._told_s >= TOLD_S:
            self._digests = self._digests or fingerprint(self._config, key)
            channel_settings.tell(connection, self._channel, self._owner, self._digests, now_ms)
            self._told_s = now_s

    def may_lead(self, connection: Connection) -> bool:
        """May this process ask for the lease? After `tell`."""
        found = channel_settings.reports(connection, self._channel)
        here = self._living(connection, found)
        if all(each.digests == self._digests for each in here):
            self._remark([])
            return True
        holder = channel_settings.holder(connection, self._channel)
        right = next((each for each in here if each.owner == holder), here[0])
        odds = [] if right.digests == self._digests else differing(self._digests, right.digests)
        self._remark(odds)
        return not odds

    def withdraw(self, connection: Connection) -> None:
        """This process ends."""
        channel_settings.withdraw(connection, self._channel, [self._owner])

    def _living(self, connection: Connection, found: list[Report]) -> list[Report]:
        """Without those who have ended; of these nothing is kept."""
        now_s = self._monotonic()
        here: list[Report] = []
        gone: list[Report] = []
        for each in found:
            word, since_s = self._seen.get(each.owner, (-1, now_s))
            if word != each.at_ms:
                word, since_s = each.at_ms, now_s
            self._seen[each.owner] = word, since_s
            ours = each.owner == self._owner
            ended = not ours and (is_gone(each.owner) or now_s - since_s >= GONE_S)
            (gone if ended else here).append(each)
        channel_settings.withdraw(connection, self._channel, [each.owner for each in gone])
        for each in gone:
            self._seen.pop(each.owner, None)
        return here

    def _remark(self, odds: list[str]) -> None:
        """Into the log, once."""
        if odds and odds != self._odds:
            reason = sentence(self._channel, odds)
            log.warning("a channel has other settings here than elsewhere", channel=self._channel, reason=reason)
        if self._odds and not odds:
            log.info("a channel has the same settings everywhere again", channel=self._channel)
        self._odds = odds
