"""What an exception of the database may show: never a number or a text."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import DBAPIError

from smsbot.store import wire
from smsbot.store.database import Store


@pytest.mark.parametrize("engine", ["reads", "writes"])
def test_a_failed_statement_does_not_show_its_values(store: Store, engine: str) -> None:
    number = "+995555000001"
    marker = "?" if store.sqlite else "%s"
    with pytest.raises(DBAPIError) as raised, getattr(store, engine).connect() as connection:
        connection.exec_driver_sql(f"SELECT * FROM nowhere WHERE number = {marker}", (number,))
    assert number not in str(raised.value)


@pytest.mark.parametrize("call", [wire.fetch, wire.send])
def test_nor_does_one_that_passes_by_sqlalchemy(store: Store, call: Callable[..., object]) -> None:
    number = "+995555000001"
    with pytest.raises(DBAPIError) as raised, store.writes.begin() as connection:
        call(connection, "SELECT * FROM nowhere WHERE number = ?", (number,))
    assert number not in str(raised.value)
