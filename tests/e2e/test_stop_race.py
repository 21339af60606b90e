"""People who stop while a broadcast is running: once their STOP is acknowledged, no broadcast message leaves for them.

No clock is compared. Whoever has been told that the STOP is taken asks the provider for a page at once; requests that
reached the provider before that one stand before it in the provider's own record.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import quote

from smsbot.store.database import Store
from smsbot.testing.databases import Postgres
from smsbot.testing.fake_gateway import Asked, FakeGateway
from smsbot.testing.population import populate
from smsbot.testing.webhooks import Caller, twilio_message
from tests.e2e.product import AUTH_TOKEN, PATIENCE_S, Product, twilio_channel

PEOPLE = 1_200
LEAVERS = 120
PHONES = 8  # that write at the same time
RATE_PER_S = 300.0
NEWS = "Water will be off in Nikea from 10:00 to 14:00."
SEED = 20_261_122
WORDS = ("STOP", "სტოპ", "Stop!", "stop sending me sms please")


@dataclass(frozen=True)
class Record:
    """What the provider has for one number, in its order."""

    news_before: int
    news_after: int
    goodbyes: int


def number(n: int) -> str:
    return f"+995{555_000_000 + n}"


def stop_at_random(told: Sequence[Product], provider: FakeGateway, leavers: Sequence[int]) -> None:
    """Each of *leavers* writes when the provider has seen a random number of messages."""
    chance = random.Random(SEED)
    moments = sorted(zip((chance.randrange(PEOPLE - LEAVERS) for _ in leavers), leavers, strict=True))
    idle: SimpleQueue[Caller] = SimpleQueue()

    def leave(person: int) -> None:
        form = twilio_message(number(person), WORDS[person % len(WORDS)], sid=f"SM{person:032x}")
        caller = idle.get()
        try:
            status, _ = caller.twilio(f"{told[person % len(told)].url}/channels/main/inbound", form, token=AUTH_TOKEN)
            assert status == 200
            caller.call("GET", f"{provider.url}/stopped?to={quote(number(person))}")
        finally:
            idle.put(caller)

    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(PHONES))
        for _ in range(PHONES):
            caller = stack.enter_context(Caller(timeout_s=PATIENCE_S))
            caller.call("GET", f"{provider.url}/hello")  # connected now, so that nothing stands before its next word
            idle.put(caller)
        running = []
        for moment, person in moments:
            provider.wait_for(moment + PHONES, timeout_s=PATIENCE_S)
            running.append(pool.submit(leave, person))
        for each in running:
            each.result()


def recorded(requests: Sequence[Asked], person: int) -> Record:
    mine = [asked for asked in requests if asked.to == number(person)]
    (told,) = [place for place, asked in enumerate(mine) if asked.target.startswith("/stopped")]
    news = [place for place, asked in enumerate(mine) if asked.text == NEWS]
    goodbyes = len(mine) - len(news) - 1
    return Record(sum(place < told for place in news), sum(place > told for place in news), goodbyes)


def test_nothing_of_a_broadcast_leaves_after_a_stop_is_acknowledged(database_url: str, tmp_path: Path) -> None:
    race(database_url, tmp_path, ("all",))


def test_nor_where_others_deliver_than_those_who_are_told(postgres_server: Postgres, tmp_path: Path) -> None:
    url = postgres_server.fresh()
    race(url, tmp_path, ("web", "web", "work", "work"))
    postgres_server.drop(url)


def race(url: str, folder: Path, roles: Sequence[str]) -> None:
    """Processes of *roles* on the database *url*, which is empty but for its tables."""
    store = Store(url)
    store.write(lambda connection: populate(connection, PEOPLE, topics=()))
    store.close()
    leavers = random.Random(SEED + 1).sample(range(1, PEOPLE + 1), LEAVERS)
    with ExitStack() as stack:
        provider = stack.enter_context(FakeGateway())
        channels = twilio_channel(provider.url, rate_per_s=RATE_PER_S)
        products = [
            Product(folder, database_url=url, channels=channels, role=role, name=f"{role}-{n}")
            for n, role in enumerate(roles)
        ]
        for product in products:
            stack.push(product)
        list(stack.enter_context(ThreadPoolExecutor(len(products))).map(Product.start, products))
        told = [product for product in products if product.role != "work"]
        made = told[0].broadcast(NEWS, everyone=True)
        stop_at_random(told, provider, leavers)
        counts = told[0].finished(made["id"])["counts"]
        for product in products:
            product.stop()  # all that was in hand has left: the record is complete
        requests = list(provider.requests)
    records = {person: recorded(requests, person) for person in leavers}
    assert {person: record for person, record in records.items() if record.news_after} == {}
    assert {record.goodbyes for record in records.values()} == {1}
    spared = sum(not record.news_before for record in records.values())
    assert 0 < spared < LEAVERS, "the people did not stop in the middle of it"
    assert counts == {name: {"sent": PEOPLE - spared, "suppressed": spared}.get(name, 0) for name in counts}
    stayed = [number(n) for n in range(1, PEOPLE + 1) if n not in records]
    news = [asked.to for asked in requests if asked.text == NEWS]
    assert set(stayed) <= set(news)
    assert len(news) == len(set(news))
