"""What came and the replies to it, inserted at once: each reply points to its text, in the order of the replies."""

from __future__ import annotations

from sqlalchemy import Connection, select

from smsbot.store import bulk, linked
from smsbot.store.database import Store
from smsbot.store.tables import Inbound, Outbox, Staff, table
from smsbot.store.turns import CAME, LEAVES

INBOUND = table(Inbound)
OUTBOX = table(Outbox)
STAFF = table(Staff)
LINK_KEYS = ("channel", "external_id")

Made = tuple[dict[tuple[str, ...], int], list[int]]


def came(key: str, channel: str = "main") -> bulk.Row:
    return (channel, key, "+995555000001", None, "2200", 'says "hi" \\', None, 5, "join", "exact", "", "")


def leaves(text: str) -> bulk.Row:
    return ("main", 0, None, "+995555000001", text, 1, "queued", "", 5, 5, 9, 0, False)


def insert(connection: Connection, texts: list[bulk.Row], replies: list[bulk.Row], of: list[int]) -> Made:
    several = bulk.Several(connection)
    staff = ("name", "role", "prefix", "key_hash", "created_ms")
    several.insert(STAFF, staff, [("of the same statement", "viewer", "p", f"h{texts[0][1]}", 1)],
                   conflict="(name) DO NOTHING")  # fmt: skip
    return linked.insert(
        several,
        linked.Insertion(INBOUND, CAME, texts, "DO NOTHING"),
        linked.Insertion(OUTBOX, LEAVES, replies),
        linked.Link("in_reply_to", LINK_KEYS, of),
    )


def test_each_reply_points_to_its_text_and_ids_come_in_order(store: Store) -> None:
    texts = [came("b"), came("a"), came("a", "other"), came("silence")]
    replies = [leaves(f"reply {n}") for n in range(5)]
    of = [2, 0, 0, 1, 2]
    ids, reply_ids = store.write(lambda c: insert(c, texts, replies, of))
    assert set(ids) == {("main", "b"), ("main", "a"), ("other", "a"), ("main", "silence")}
    assert reply_ids == sorted(reply_ids)
    stored = store.read(lambda c: c.execute(select(OUTBOX.c.id, OUTBOX.c.text, OUTBOX.c.in_reply_to)).all())
    wanted = {(key, f"reply {n}", ids[texts[of[n]][0], texts[of[n]][1]]) for n, key in enumerate(reply_ids)}
    assert {tuple(row) for row in stored} == wanted
    assert len(store.read(lambda c: c.execute(select(STAFF.c.name)).all())) == 1


def test_texts_without_replies_are_kept(store: Store) -> None:
    ids, reply_ids = store.write(lambda c: insert(c, [came("a"), came("b")], [], []))
    assert len(ids) == 2
    assert reply_ids == []


def test_a_text_that_is_there_already_gets_no_id_and_no_reply(store: Store) -> None:
    store.write(lambda c: insert(c, [came("a")], [leaves("first")], [0]))
    ids, reply_ids = store.write(lambda c: insert(c, [came("a"), came("b")], [leaves("again"), leaves("new")], [0, 1]))
    assert set(ids) == {("main", "b")}
    assert len(reply_ids) == 1
    texts = store.read(lambda c: c.execute(select(OUTBOX.c.text).order_by(OUTBOX.c.id)).scalars().all())
    assert texts == ["first", "new"]
