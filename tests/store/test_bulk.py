from sqlalchemy import select

from smsbot.store import bulk
from smsbot.store.database import Store
from smsbot.store.tables import Staff, table

STAFF = table(Staff)
COLUMNS = ("name", "role", "prefix", "key_hash", "created_ms")


def rows(count: int) -> list[tuple[object, ...]]:
    return [(f"name {n}", "viewer", "p", "h", n) for n in range(count)]


def test_inserted_rows_come_back_in_order_whatever_their_number(store: Store) -> None:
    found = store.write(lambda c: bulk.insert(c, STAFF, COLUMNS, rows(201), returning=("id", "name")))
    assert [name for _, name in found] == [f"name {n}" for n in range(201)]
    assert len({key for key, _ in found}) == 201


def test_a_conflicting_row_is_left_out_and_the_others_are_taken(store: Store) -> None:
    store.write(lambda c: bulk.insert(c, STAFF, COLUMNS, rows(2)))
    found = store.write(lambda c: bulk.insert(c, STAFF, COLUMNS, rows(3), conflict="DO NOTHING", returning=("name",)))
    assert found == [("name 2",)]


def test_update_and_delete_touch_only_the_rows_named(store: Store) -> None:
    store.write(lambda c: bulk.insert(c, STAFF, COLUMNS, rows(4)))
    store.write(
        lambda c: bulk.update(c, STAFF, "name", ("role", "revoked_ms"), [("admin", 7, "name 1"), ("x", None, "?")])
    )
    store.write(lambda c: bulk.delete(c, STAFF, ("name", "created_ms"), [("name 2", 2), ("name 3", 99)]))
    found = store.read(
        lambda c: c.execute(select(STAFF.c.name, STAFF.c.role, STAFF.c.revoked_ms).order_by(STAFF.c.id)).all()
    )
    assert [tuple(row) for row in found] == [
        ("name 0", "viewer", None),
        ("name 1", "admin", 7),
        ("name 3", "viewer", None),
    ]


def test_no_rows_is_no_statement(store: Store) -> None:
    assert store.write(lambda c: bulk.insert(c, STAFF, COLUMNS, [], returning=("id",))) == []
