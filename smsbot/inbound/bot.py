"""The bot of one process: content, topics and places compiled; made anew when staff edit them anywhere."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.dialogue.directory import Directory
from smsbot.dialogue.engine import Engine
from smsbot.dialogue.model import Inbound, Outcome, Place, State, Topic
from smsbot.dialogue.phrases import Phrases
from smsbot.store import directory as rows
from smsbot.store.contacts import Codes, Profile

Compile = Callable[[tuple[Topic, ...], tuple[Place, ...]], Engine]


@dataclass(frozen=True, slots=True)
class Mind:
    """The engine for one version of the directory, with the ids of its topics and places."""

    version: int
    engine: Engine
    codes: Codes

    @property
    def directory(self) -> Directory:
        return self.engine.directory

    def step(self, profile: Profile, channel: str, inbound: Inbound) -> Outcome:
        """Answer one text and carry the change into *profile*."""
        outcome = self.engine.step(profile.contact, profile.talks.get(channel), inbound, code=four_digits)
        profile.contact = outcome.contact
        profile.last_channel = channel
        if outcome.contact.state is State.STOPPED and outcome.suppress:
            profile.talks.clear()
        if outcome.conversation is None:
            profile.talks.pop(channel, None)
        else:
            profile.talks[channel] = outcome.conversation
        return outcome


class Bot:
    """Hands out the present `Mind`; asks the database once a group whether it is still the present one."""

    def __init__(self, compile_engine: Compile) -> None:
        self._compile = compile_engine
        self._mind: Mind | None = None

    def mind(self, connection: Connection, version: int | None = None) -> Mind:
        """*version*: of the directory, where it has just been looked up."""
        if version is None:
            version = rows.version(connection)
        if self._mind is None or self._mind.version != version:
            self._mind = self._made(connection, version)
        return self._mind

    @property
    def latest(self) -> Mind | None:
        """The last one that could be made."""
        return self._mind

    @property
    def directory(self) -> Directory:
        """As last seen. `mind` must have been called once."""
        assert self._mind is not None, "the bot has not been started"
        return self._mind.directory

    @property
    def phrases(self) -> Phrases:
        """What the bot says. `mind` must have been called once."""
        assert self._mind is not None, "the bot has not been started"
        return self._mind.engine.phrases

    def _made(self, connection: Connection, version: int) -> Mind:
        topics, places = rows.topics(connection), rows.places(connection)
        codes = Codes(
            topic={topic.id: topic.code for topic in topics},
            topic_id={topic.code: topic.id for topic in topics},
            place={place.id: place.code for place in places},
            place_id={place.code: place.id for place in places},
        )
        return Mind(version, self._compile(topics, places), codes)


def four_digits() -> str:
    return f"{secrets.randbelow(10_000):04d}"
