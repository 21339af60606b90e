import csv
import io
import json
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert

from smsbot.store import audit
from smsbot.store.audit import Entry
from smsbot.store.database import Store
from smsbot.store.exports import COLUMNS, PAGE, Export, Format, Kind, cell
from smsbot.store.tables import Contact, Inbound, Place, Subscription, Topic, table

NOW = 1_795_341_600_000  # 2026-11-22T14:00+04:00


def told(store: Store, kind: Kind, form: Format = Format.JSON) -> str:
    stream = io.StringIO(newline="")
    export = Export(kind, zone=ZoneInfo("Asia/Tbilisi"), key=store.key, now_ms=NOW)
    store.read(lambda c: export.write(c, stream, form))
    return stream.getvalue()


def person(n: int) -> dict[str, object]:
    return {
        "number": f"+99555500{n:04}", "state": "active", "created_ms": NOW, "since_ms": NOW, "script": "",
        "promotion": False, "former": "[]", "same_digest": 0, "same_times": 0, "same_since_ms": 0, "hour_ms": 0,
        "hour_replies": 0, "unreachable": 0, "paused_until_ms": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "column, value, written",
    [
        ("text", "=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("text", "+1+1", "'+1+1"),
        ("text", "-3", "'-3"),
        ("text", "@x", "'@x"),
        ("text", "\t=1", "'\t=1"),
        ("text", "a=1", "a=1"),
        ("text", "+995555000001", "'+995555000001"),
        ("number", "+995555000001", "+995555000001"),
        ("number", "+995555000001+1", "'+995555000001+1"),
        ("number", "-5", "'-5"),
        ("parts", -1, "-1"),
        ("urgent", True, "true"),
        ("place", None, ""),
        ("topics", ("budget", "roads"), "budget;roads"),
        ("names", {"ka": "ნიკეა"}, '{"ka": "ნიკეა"}'),
    ],
)
def test_a_cell_is_no_formula(column: str, value: object, written: str) -> None:
    assert cell(column, value) == written  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_written_with_its_columns_even_when_there_is_nothing(store: Store, kind: Kind) -> None:
    assert told(store, kind, Format.CSV) == ",".join(COLUMNS[kind]) + "\r\n"
    assert json.loads(told(store, kind)) == []


def test_subscribers_are_told_whole_page_by_page(store: Store) -> None:
    def fill(connection: Connection) -> None:
        connection.execute(insert(table(Topic)).values(code="budget", number=1, names="{}", words="[]", active=True))
        connection.execute(insert(table(Place)).values(code="nikea", names="{}", words="[]", active=True))
        connection.execute(insert(table(Contact)), [person(n) for n in range(PAGE + 5)])
        connection.execute(insert(table(Subscription)).values(contact_id=PAGE + 5, topic_id=1, since_ms=NOW))
        pauses = [("a", NOW - 1), ("b", NOW + 1)]
        for name, until in pauses:
            row = person(0) | {"number": name, "state": "paused", "paused_until_ms": until}
            connection.execute(insert(table(Contact)).values(row))

    store.write(fill)
    rows = json.loads(told(store, Kind.SUBSCRIBERS))
    assert len(rows) == PAGE + 7
    assert rows[PAGE + 4]["topics"] == ["budget"]
    assert rows[0]["since"] == "2026-11-22T14:00:00+04:00"
    assert rows[0]["subject"] == audit.subject(store.key, "+995555000000")
    assert [row["state"] for row in rows[-2:]] == ["active", "paused"]


def test_consents_carry_what_is_needed_to_check_the_chain(store: Store) -> None:
    store.write(lambda c: audit.append(c, [Entry(NOW + n, "s", "join", evidence="=1") for n in range(PAGE + 1)]))
    rows = list(csv.DictReader(io.StringIO(told(store, Kind.CONSENTS, Format.CSV), newline="")))
    assert len(rows) == PAGE + 1
    assert rows[0]["prev"] == audit.GENESIS
    assert rows[-1]["hash"] == store.read(audit.head).hash
    assert rows[0]["evidence"] == "'=1"


def test_messages_and_the_inbox_are_told_with_what_people_wrote(store: Store) -> None:
    row = {"channel": "main", "external_id": "1", "number": "+995555000001", "recipient": "", "text": 'a "b",\nც',
           "at_ms": NOW, "intent": "", "rule": "", "inbox": "open", "tag": "unknown"}  # fmt: skip
    store.write(lambda c: c.execute(insert(table(Inbound)).values(row)))
    (message,) = csv.DictReader(io.StringIO(told(store, Kind.MESSAGES, Format.CSV), newline=""))
    assert (message["id"], message["direction"], message["text"]) == ("in-1", "in", 'a "b",\nც')
    assert message["number"] == "+995555000001"
    (entry,) = json.loads(told(store, Kind.INBOX))
    assert (entry["tag"], entry["state"], entry["at"]) == ("unknown", "open", "2026-11-22T14:00:00+04:00")
