"""Several processes of each role on one PostgreSQL, and a rolling restart in the middle of a broadcast."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import select

from smsbot.store.database import Store
from smsbot.store.tables import Inbound, Outbox, table
from smsbot.testing.databases import Postgres
from smsbot.testing.fake_gateway import FakeGateway
from tests.e2e.crowd import Text, write_all
from tests.e2e.product import PATIENCE_S, Product, twilio_channel, until

PEOPLE = 300
NEWS = "The library opens at 10:00."
RATE_PER_S = 200.0


def test_processes_side_by_side_do_everything_once(postgres_server: Postgres, tmp_path: Path) -> None:
    url = postgres_server.fresh()
    numbers = [f"+995555{n:06d}" for n in range(1, PEOPLE + 1)]
    with ExitStack() as stack:
        provider = stack.enter_context(FakeGateway())
        channels = twilio_channel(provider.url, rate_per_s=RATE_PER_S)
        pool = stack.enter_context(ThreadPoolExecutor(4))
        products = [
            Product(tmp_path, database_url=url, channels=channels, role=role, name=f"{role}-{n}")
            for role in ("web", "work")
            for n in (1, 2)
        ]
        for product in pool.map(Product.start, products):
            stack.push(product)
        webs, works = products[:2], products[2:]

        # A provider that is unsure sends everything twice, here to both processes at the same time.
        for round_, text in enumerate(("JOIN", "1 3")):
            texts = [Text(number, text, f"SM{round_}{number}") for number in numbers]
            told = list(pool.map(lambda web, texts=texts: write_all(web.port, texts, connections=16), webs))
            assert [(len(each.acknowledged), each.refused) for each in told] == [(PEOPLE, [])] * len(webs)
        provider.wait_for(2 * PEOPLE, timeout_s=PATIENCE_S)
        store = Store(url)
        stack.callback(store.close)
        inbound = table(Inbound)
        stored = store.read(lambda c: c.execute(select(inbound.c.number, inbound.c.text)).all())
        assert Counter(stored) == Counter((number, text) for number in numbers for text in ("JOIN", "1 3"))
        outbox = table(Outbox)

        def all_sent() -> bool:
            return set(store.read(lambda c: c.execute(select(outbox.c.status)).scalars().all())) == {"sent"}

        until("every reply is settled", all_sent)
        assert Counter(asked.to for asked in provider.requests) == Counter(dict.fromkeys(numbers, 2))
        for number in numbers:
            menu, confirmed = [asked.text for asked in provider.requests if asked.to == number]
            assert "1 Budget" in menu
            assert "Subscribed: Budget, Planning" in confirmed

        # One delivering process after the other is replaced while a broadcast is on its way: nothing is doubled.
        before = len(provider.requests)
        made = webs[0].broadcast(NEWS, topics=["budget"])
        assert made["recipients"] == PEOPLE
        for work, sent in zip(works, (PEOPLE // 4, PEOPLE // 2), strict=True):
            provider.wait_for(before + sent, timeout_s=PATIENCE_S)
            work.stop()
            work.restart()
        done = webs[1].finished(made["id"])
        assert done["counts"]["sent"] == PEOPLE
        news = [asked.to for asked in provider.requests[before:]]
        assert Counter(news) == Counter(numbers)
        list(pool.map(Product.stop, products))
    postgres_server.drop(url)
