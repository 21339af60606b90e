"""A copy of a database is a database of its own."""

from __future__ import annotations

from smsbot.store import sql
from smsbot.store.database import Store
from smsbot.testing.databases import Postgres
from smsbot.testing.population import settle_directory


def test_a_copy_holds_the_rows_and_goes_its_own_way(postgres_server: Postgres) -> None:
    url = postgres_server.fresh()
    original = Store(url)
    original.write(settle_directory)
    original.close()
    copied_url = postgres_server.copy(url)
    copied = Store(copied_url)
    copied.write(lambda c: sql.run(c, "DELETE FROM topic WHERE number = 1"))
    original = Store(url)
    counts = [s.read(lambda c: sql.run(c, "SELECT count(*) FROM topic").scalar_one()) for s in (original, copied)]
    for store in (original, copied):
        store.close()
    assert counts == [2, 1]
    for made in (copied_url, url):
        postgres_server.drop(made)
