"""kill -9 of the process that has a gateway's connection: another one connects, and nothing acknowledged is lost."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import select

from smsbot.store.database import Store
from smsbot.store.tables import Inbound, Outbox, table
from smsbot.testing.databases import Postgres
from smsbot.testing.line_gateway import LineCentre, install
from tests.e2e.product import Product, until

TEXTS = 400
KILL_AT = 150  # acknowledged
IN_TIME_S = 150  # the lease of what the dead process held (30 s) and a slow machine


def channel(centre: LineCentre) -> str:
    lines = "\n".join(f"{key} = {value!r}" for key, value in centre.channel().items())
    return f"[channels.main]\n{lines}\n"


def test_one_process_is_connected_at_any_moment_and_no_text_is_lost(postgres_server: Postgres, tmp_path: Path) -> None:
    url = postgres_server.fresh()
    numbers = [f"+995555{n:06d}" for n in range(1, TEXTS + 1)]
    with ExitStack() as stack:
        centre = stack.enter_context(LineCentre())
        plugins = install(tmp_path / "plugins")
        works = [
            stack.enter_context(
                Product(
                    tmp_path, database_url=url, channels=channel(centre), role="work", name=f"work-{n}", plugins=plugins
                )
            )
            for n in (1, 2)
        ]
        by_peer = {f"pid-{work.pid}": work for work in works}
        first = until("one of them is connected", lambda: list(centre.bound))[0]
        for number in numbers:
            centre.deliver(number, "JO", part=(7, 2, 1))
            centre.deliver(number, "IN", part=(7, 2, 2))
        until("many texts are acknowledged", lambda: len(centre.acknowledged) >= KILL_AT)
        by_peer.pop(first).kill()
        ((other, survivor),) = by_peer.items()
        until("the other one is connected", lambda: centre.bound == [other])
        until(
            "every text is acknowledged", lambda: len(set(centre.acknowledged)) == 2 * TEXTS, timeout_s=IN_TIME_S
        )  # fmt: skip
        store = Store(url)
        stack.callback(store.close)
        inbound, outbox = table(Inbound), table(Outbox)

        def all_sent() -> bool:
            return set(store.read(lambda c: c.execute(select(outbox.c.status)).scalars().all())) == {"sent"}

        until("every reply is settled", all_sent, timeout_s=IN_TIME_S)
        stored = store.read(lambda c: c.execute(select(inbound.c.number, inbound.c.text)).all())
        assert Counter(stored) == Counter((number, "JOIN") for number in numbers)
        reached = Counter(message.to for message in centre.messages)
        assert set(reached) == set(numbers)
        assert max(reached.values()) <= 2  # what was in the dead process's hands may have left
        assert centre.binds == [first, other]
        assert centre.most_bound == 1
        survivor.stop()
        assert centre.bound == []
    postgres_server.drop(url)
