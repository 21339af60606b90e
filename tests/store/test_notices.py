from queue import Empty, Queue

import pytest

from smsbot.store import notices
from smsbot.store.database import Store
from smsbot.store.notices import Listener, Notice
from smsbot.testing.databases import Postgres


@pytest.fixture
def shared(postgres_server: Postgres) -> str:
    return postgres_server.fresh()


def _heard(store: Store, said: Queue[Notice], *, until: Notice) -> list[Notice]:
    """Speak until the listener, which connects in its own time, has heard *until*."""
    found: list[Notice] = []
    for _ in range(600):
        store.write(lambda c: notices.tell(c, waiting=until.waiting, stopped=until.stopped))
        try:
            found.append(said.get(timeout=0.1))
        except Empty:
            continue
        if until in found:
            return found
    raise AssertionError("nothing was heard")


def test_another_process_hears_at_once_what_was_committed(shared: str) -> None:
    store = Store(shared)
    said: Queue[Notice] = Queue()
    listener = Listener(store.url, said.put)
    listener.start()
    notice = Notice(("main",), ("+995555000001",))
    assert notice in _heard(store, said, until=notice)
    listener.close()
    store.close()


def test_what_is_rolled_back_is_never_heard(shared: str) -> None:
    store = Store(shared)
    said: Queue[Notice] = Queue()
    listener = Listener(store.url, said.put)
    listener.start()
    _heard(store, said, until=Notice(("ready",)))

    def fails(connection: notices.Connection) -> None:
        notices.tell(connection, waiting=["lost"])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(fails)
    assert all(notice.waiting != ("lost",) for notice in _heard(store, said, until=Notice(("after",))))
    listener.close()
    store.close()


def test_thousands_of_stops_fit_into_payloads(shared: str) -> None:
    store = Store(shared)
    numbers = [f"+9955550{n:05d}" for n in range(2_000)]
    store.write(lambda c: notices.tell(c, stopped=numbers))
    store.close()


def test_on_one_database_file_there_is_nobody_to_tell(store: Store) -> None:
    store.write(lambda c: notices.tell(c, waiting=["main"]))


def test_rubbish_on_the_wire_is_no_notice() -> None:
    assert notices._read("{") == notices._read("[1]") == Notice()
