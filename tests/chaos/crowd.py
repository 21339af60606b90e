"""People who write through Twilio's webhook while everything breaks, and a provider's manners: what is not answered
with 200 is sent again, here and there something is sent twice or long after its time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from tests.e2e.crowd import Text

AGAIN_S = (0.05, 0.4)  # how long the provider waits before it tries again
ANSWER_S = 8.0
TWICE = 0.15  # of the texts
LATE = 0.1


@dataclass
class Record:
    """*acknowledged*: ids that were answered with 200, in that order. *given_up*: those that never were."""

    acknowledged: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    tries: int = 0
    broken: int = 0  # tries that were cut or refused


class Crowd:
    """*ports*: where a web process may listen; *stopped_at*: the provider's address, told of each acknowledged last
    STOP by a request of its own, so that its record has everything in order."""

    def __init__(
        self, ports: Sequence[int], scripts: dict[str, list[str]], *, leavers: set[str], stopped_at: str,
        chance: random.Random, pause_s: float, patience_s: float = 90.0,
    ) -> None:  # fmt: skip
        self.record = Record()
        self._ports = ports
        self._scripts = scripts
        self._leavers = leavers
        self._stopped_at = stopped_at
        self._chance = chance
        self._pause_s = pause_s
        self._patience_s = patience_s
        self._dismissed = False

    def dismiss(self) -> None:
        """From another thread: nobody tries anything again."""
        self._dismissed = True

    def write(self, done: Callable[[], None] = lambda: None) -> None:
        """Returns when everybody has said everything."""
        asyncio.run(self._all())
        done()

    async def _all(self) -> None:
        await asyncio.gather(*(self._person(number, said) for number, said in self._scripts.items()))

    async def _person(self, number: str, said: list[str]) -> None:
        chance = random.Random(self._chance.random())
        earlier: list[Text] = []
        await asyncio.sleep(chance.random() * self._pause_s)
        for serial, words in enumerate(said):
            text = Text(number, words, f"SM{number[-9:]}{serial:023x}")
            tries = [self._until_taken(text, chance)]
            if chance.random() < TWICE:
                tries.append(self._until_taken(text, chance))
            if earlier and chance.random() < LATE:
                tries.append(self._until_taken(chance.choice(earlier), chance))
            await asyncio.gather(*tries)
            earlier.append(text)
            if number in self._leavers and serial == len(said) - 1:
                await self._tell_provider(number)
            await asyncio.sleep(chance.random() * self._pause_s)

    async def _until_taken(self, text: Text, chance: random.Random) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_s
        while loop.time() < deadline and not self._dismissed:
            self.record.tries += 1
            if await self._try(text, chance.choice(self._ports)):
                self.record.acknowledged.append(text.sid)
                return
            self.record.broken += 1
            await asyncio.sleep(chance.uniform(*AGAIN_S))
        self.record.given_up.append(text.sid)

    async def _try(self, text: Text, port: int) -> bool:
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    writer.write(text.request(port))
                    await writer.drain()
                    head = await reader.readuntil(b"\r\n\r\n")
                finally:
                    writer.close()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            return False
        status = int(head[9:12])
        assert status in (200, 503), f"a text was answered with {status}"
        return status == 200

    async def _tell_provider(self, number: str) -> None:
        parts = urlsplit(self._stopped_at)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(f"GET /stopped?to={quote(number)} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        await reader.read(64)  # whatever mood it is in, it has noted it
        writer.close()
