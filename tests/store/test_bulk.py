from pathlib import Path

from sqlalchemy import Connection, select

from smsbot.store import bulk, sql
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


def ids(store: Store) -> dict[str, int]:
    return {name: key for key, name in store.read(lambda c: c.execute(select(STAFF.c.id, STAFF.c.name)).all())}


def test_the_ids_that_come_back_are_those_of_the_rows_also_where_the_newest_are_gone(store: Store) -> None:
    store.write(lambda c: bulk.insert(c, STAFF, COLUMNS, rows(9)))
    store.write(lambda c: bulk.delete(c, STAFF, ("name",), [("name 3",), ("name 7",), ("name 8",)]))
    more = [row for row in rows(107) if row[0] not in ids(store)]
    found = store.write(lambda c: bulk.insert(c, STAFF, COLUMNS, more, returning=("name", "id")))
    assert dict(found) == {name: key for name, key in ids(store).items() if name in {row[0] for row in more}}


def test_a_conflicting_row_is_left_out_and_the_others_are_taken(store: Store) -> None:
    store.write(lambda c: bulk.insert(c, STAFF, COLUMNS, [*rows(2), *rows(5)[3:4]]))
    found = store.write(
        lambda c: bulk.insert(c, STAFF, COLUMNS, rows(7), conflict="DO NOTHING", returning=("name", "id"))
    )
    assert [name for name, _ in found] == ["name 2", "name 4", "name 5", "name 6"]
    assert all(ids(store)[name] == key for name, key in found)
    nothing = store.write(
        lambda c: bulk.insert(c, STAFF, COLUMNS, rows(7), conflict="DO NOTHING", returning=("name", "id"))
    )
    assert nothing == []


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


def test_several_changes_are_made_whichever_of_them_there_are(store: Store) -> None:
    store.write(lambda c: bulk.insert(c, STAFF, COLUMNS, rows(4)))

    def job(connection: Connection) -> None:
        several = bulk.Several(connection)
        several.update(STAFF, "name", ("role",), [("admin", "name 1")])
        several.delete(STAFF, ("name",), [("name 2",)])
        several.delete(STAFF, ("name",), [])
        several.insert(STAFF, COLUMNS, [("new 1", "viewer", "p", "h", 9), ("name 0", "x", "p", "h", 9)],
                       conflict="(name) DO UPDATE SET role=excluded.role")  # fmt: skip
        last = [("new 2", "viewer", "p", "h", 9), ("name 3", "x", "p", "h", 9), ("new 3", "viewer", "p", "h", 9)]
        several.run()
        bulk.insert(connection, STAFF, COLUMNS, last, conflict="(name) DO NOTHING")

    store.write(job)
    found = store.read(lambda c: c.execute(select(STAFF.c.name, STAFF.c.role)).all())
    assert {tuple(row) for row in found} == {
        ("name 0", "x"), ("name 1", "admin"), ("name 3", "viewer"), ("new 1", "viewer"), ("new 2", "viewer"),
        ("new 3", "viewer"),
    }  # fmt: skip


def test_several_changes_without_any_are_no_statement(store: Store) -> None:
    def job(connection: Connection) -> None:
        several = bulk.Several(connection)
        several.update(STAFF, "name", ("role",), [])
        several.run()

    store.write(job)


def test_what_is_run_is_not_run_again(store: Store) -> None:
    def job(connection: Connection) -> None:
        several = bulk.Several(connection)
        several.insert(STAFF, COLUMNS, rows(1))
        several.run()
        several.run()
        if several.one:
            assert several.ask("SELECT ?::bigint + 1", (1,)) == [(2,)]

    store.write(job)
    assert len(store.read(lambda c: c.execute(select(STAFF.c.name)).all())) == 1


def test_no_key_of_sqlite_leaves_gaps(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/smsbot.db")
    store.upgrade()
    made = store.read(lambda c: sql.run(c, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").scalars().all())
    assert len(made) > 30
    assert not [each for each in made if "AUTOINCREMENT" in each.upper()]
    store.close()
