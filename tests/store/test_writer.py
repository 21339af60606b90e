"""What the writer's threads do beside running jobs."""

from __future__ import annotations

from sqlalchemy import Connection

from smsbot.store import bulk, wire
from smsbot.store.contacts import CONTACT
from smsbot.store.database import Store
from smsbot.store.writer import Writer
from smsbot.testing.databases import Postgres
from smsbot.testing.population import populate

CHANGED = [("active", n) for n in range(1, 17)]


async def test_a_plan_made_for_an_empty_table_is_made_again_when_the_table_has_grown(postgres_server: Postgres) -> None:
    url = postgres_server.fresh()
    store = Store(url)
    store.writer = Writer(store.writes, threads=1)
    store.start()

    def change(connection: Connection) -> None:
        bulk.update(connection, CONTACT, "id", ("state",), CHANGED)

    def plan(connection: Connection) -> str:
        change(connection)
        asked = "SELECT name FROM pg_prepared_statements WHERE statement LIKE ?"
        ((name,),) = wire.fetch(connection, asked, ("UPDATE contact %",))
        return " ".join(line for (line,) in wire.fetch(connection, f"EXPLAIN EXECUTE {name}('{{x}}', '{{1}}')"))

    try:
        for _ in range(11):  # psycopg prepares after five, PostgreSQL keeps a plan after five more
            await store.run(change)
        assert "Seq Scan" in await store.run(plan)
        await store.run(lambda c: populate(c, 3_000))
        assert "Seq Scan" in await store.run(plan)  # the fourteenth transaction of this connection
        await store.run(change)
        assert "Seq Scan" not in await store.run(plan)  # the sixteenth
    finally:
        store.close()
        postgres_server.recycle(url)
