"""How long things are kept (civic rule 28): what goes, what stays, and that what stays still agrees with itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from smsbot.clock import DAY_MS
from smsbot.errors import SettingsError
from smsbot.settings import Retention, Settings, load
from smsbot.store import audit, exports, inbox, people, quiet, retention, sql, walk
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.reconcile import reconcile
from smsbot.testing.bulletins import announce
from smsbot.testing.population import populate, settle_directory

NOW = 1_800_000_000_000
KEPT = Retention()
OLD = NOW - 91 * DAY_MS
STEPS = (*retention.STEPS, quiet.PEOPLE)
MEMBER, STOPPED, STRANGER = "+995555000001", "+995555000002", "+995555000009"


def keep_house(store: Store, kept: Retention = KEPT, now_ms: int = NOW, most: int = 100) -> int:
    """Everything that is due, piece after piece; gives how many pieces there were."""
    pieces = 0
    for step in STEPS:
        while pieces < most:
            piece = store.read(lambda c, step=step: step.find(c, kept, now_ms))
            if piece is None:
                break
            pieces += 1
            store.write(lambda c, step=step, piece=piece: step.do(c, piece, now_ms))
            if not piece.more and piece.after == 0:
                break  # a pass that is over
    return pieces


@pytest.fixture
def town(store: Store) -> Store:
    """A member, somebody who stopped, and their consents in the ledger."""

    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 3)
        sql.run(connection, "UPDATE contact SET state = 'stopped', stopped_ms = ? WHERE id = 2", (OLD,))
        sql.run(connection, "DELETE FROM subscription WHERE contact_id = 2")

    store.write(build)
    return store


def came(
    store: Store, at_ms: int, number: str = MEMBER, *, text: str = "hello", box: str = "", external: str | None = None
) -> int:
    contact = {MEMBER: 1, STOPPED: 2}.get(number)
    return int(
        store.write(
            lambda c: sql.run(
                c,
                "INSERT INTO inbound (channel, external_id, number, contact_id, recipient, text, at_ms, intent, rule,"
                " inbox, tag) VALUES ('main', ?, ?, ?, '', ?, ?, 'other', 'none', ?, ?) RETURNING id",
                (external or f"x-{at_ms}-{number}", number, contact, text, at_ms, box, "unknown" if box else ""),
            ).scalar_one()
        )
    )


def left(
    store: Store, at_ms: int, number: str = MEMBER, *, status: str = "delivered", due_ms: int | None = None
) -> int:
    contact = {MEMBER: 1, STOPPED: 2}.get(number)
    final_ms = None if due_ms is not None or status == "sent" else at_ms
    return int(
        store.write(
            lambda c: sql.run(
                c,
                "INSERT INTO outbox (channel, broadcast_id, contact_id, number, text, parts, status, error, created_ms,"
                " due_ms, handed_ms, final_ms, attempts, forget)"
                " VALUES ('main', 0, ?, ?, 'an answer', 1, ?, '', ?, ?, ?, ?, 0, ?) RETURNING id",
                (contact, number, status, at_ms, due_ms, at_ms, final_ms, False),
            ).scalar_one()
        )
    )


def row(store: Store, table: str, key: int, *columns: str) -> tuple[Any, ...]:
    return tuple(
        store.read(lambda c: sql.run(c, f"SELECT {', '.join(columns)} FROM {table} WHERE id = ?", (key,)).one())
    )


def agrees(store: Store) -> list[str]:
    """Rules of `smsbot verify` that do not hold, but for those on consents: these people have no ledger."""
    found, _ = store.snapshot(lambda c: reconcile(c, store.key))
    about_consent = ("a person", "a person's standing")
    return [finding.rule for finding in found if not finding.rule.startswith(about_consent)]


WHOSE = [(MEMBER, MEMBER), (STOPPED, ""), (STRANGER, ""), ("KUTAISI", "")]


@pytest.mark.parametrize("number, number_after", WHOSE)
def test_rule_28_texts_that_came_lose_their_words_after_90_days_and_the_number_unless_a_subscriber_wrote(
    town: Store, number: str, number_after: str
) -> None:
    old, young = came(town, OLD, number), came(town, NOW - 89 * DAY_MS, number)
    keep_house(town)
    assert row(town, "inbound", old, "text", "number", "erased_ms", "intent") == ("", number_after, NOW, "other")
    assert row(town, "inbound", young, "text", "number", "erased_ms") == ("hello", number, None)
    assert agrees(town) == []


@pytest.mark.parametrize("number, number_after", WHOSE[:3])
def test_rule_28_texts_that_left_lose_their_words_and_keep_their_fate(
    town: Store, number: str, number_after: str
) -> None:
    old, young = left(town, OLD, number), left(town, NOW - DAY_MS, number)
    keep_house(town)
    assert row(town, "outbox", old, "text", "number", "status", "parts") == (None, number_after or None, "delivered", 1)
    assert row(town, "outbox", young, "text", "number") == ("an answer", number)
    assert agrees(town) == []


def test_the_guessed_id_of_a_text_goes_with_the_number_it_was_made_of(town: Store) -> None:
    guessed, given = came(town, OLD, STRANGER, external="~abc:1"), came(town, OLD, STRANGER, external="SM1")
    members = came(town, OLD, MEMBER, external="~def:1")
    keep_house(town)
    assert row(town, "inbound", guessed, "external_id") == (f"~{guessed}",)
    assert row(town, "inbound", given, "external_id") == ("SM1",)
    assert row(town, "inbound", members, "external_id") == ("~def:1",)


@pytest.mark.parametrize("status, fate", [("queued", "expired"), ("sending", "unknown")])
def test_a_reply_whose_channel_is_gone_ends_with_its_words(town: Store, status: str, fate: str) -> None:
    key = left(town, OLD, status=status, due_ms=OLD)
    keep_house(town)
    assert row(town, "outbox", key, "status", "text", "due_ms") == (fate, None, None)
    assert agrees(town) == []


INBOX = [
    ("open", 91, True), ("open", 179, True), ("open", 181, False), ("answered", 91, False), ("answered", 89, True),
]  # fmt: skip


@pytest.mark.parametrize("state, days, stays", INBOX)
def test_a_text_that_waits_for_an_answer_is_kept_until_then_but_no_longer_than_180_days(
    town: Store, state: str, days: int, stays: bool
) -> None:
    key = came(town, NOW - days * DAY_MS, STRANGER, box=state)
    keep_house(town)
    assert row(town, "inbound", key, "text", "inbox") == (("hello", state) if stays else ("", ""))


def test_a_text_that_is_answered_late_goes_soon_after(town: Store) -> None:
    key = came(town, OLD, STRANGER, box="open")
    keep_house(town)
    assert row(town, "inbound", key, "text", "number") == ("hello", STRANGER)
    town.write(lambda c: inbox.mark(c, key, answered=True))
    keep_house(town)
    assert row(town, "inbound", key, "text", "number", "inbox", "tag") == ("", "", "", "unknown")


def test_open_texts_are_never_kept_shorter_than_the_others(town: Store) -> None:
    key = came(town, NOW - 100 * DAY_MS, box="open")
    keep_house(town, replace_kept(texts_days=120, inbox_days=30))
    assert row(town, "inbound", key, "text") == ("hello",)


def replace_kept(**changes: int) -> Retention:
    return KEPT.model_copy(update=changes)


def test_zero_keeps_everything_for_ever(town: Store) -> None:
    keys = came(town, 1), left(town, 1), came(town, 1, STRANGER, box="open")
    fact = entry(town, "stop", 1, words="STOP")
    keep_house(town, Retention(texts_days=0, inbox_days=0, ledger_days_after=0, dormant_days=0))
    assert row(town, "inbound", keys[0], "text") == ("hello",)
    assert row(town, "outbox", keys[1], "text") == ("an answer",)
    assert row(town, "inbound", keys[2], "text") == ("hello",)
    assert row(town, "ledger", fact, "evidence") == ("STOP",)
    assert row(town, "contact", 1, "dormant_ms") == (None,)


def test_who_got_a_broadcast_is_forgotten_when_they_are_no_longer_subscribers_and_its_text_stays(town: Store) -> None:
    broadcast = town.write(lambda c: announce(c, Audience(everyone=True), OLD, written_for=("main",)))
    finish(town, broadcast, OLD)
    keep_house(town)
    assert recipients(town, broadcast) == [1, 3]
    town.write(lambda c: sql.run(c, "UPDATE contact SET state = 'stopped' WHERE id = 3"))
    town.write(lambda c: sql.run(c, "DELETE FROM subscription WHERE contact_id = 3"))
    keep_house(town, now_ms=NOW + 2 * DAY_MS)
    assert recipients(town, broadcast) == [1, None]
    assert town.read(lambda c: sql.run(c, "SELECT text FROM broadcast_text").scalar_one()) == "Water is back."
    assert agrees(town) == []


def test_a_broadcast_that_still_waits_after_90_days_is_left_alone(town: Store) -> None:
    broadcast = town.write(lambda c: announce(c, Audience(everyone=True), OLD, written_for=("main",)))
    town.write(lambda c: sql.run(c, "UPDATE contact SET state = 'new' WHERE id = 3"))
    keep_house(town)
    assert recipients(town, broadcast) == [1, 3]


def finish(store: Store, broadcast: int, at_ms: int) -> None:
    def job(connection: Connection) -> None:
        done = sql.run(
            connection,
            "UPDATE outbox SET status = 'delivered', due_ms = NULL, handed_ms = ?, final_ms = ? WHERE broadcast_id = ?",
            (at_ms, at_ms, broadcast),
        )
        for status, n in (("queued", 0), ("delivered", done.rowcount)):
            sql.run(
                connection,
                "UPDATE broadcast_count SET n = ? WHERE broadcast_id = ? AND status = ?",
                (n, broadcast, status),
            )

    store.write(job)


def recipients(store: Store, broadcast: int) -> list[int | None]:
    statement = "SELECT contact_id FROM outbox WHERE broadcast_id = ? ORDER BY id"
    return [key for (key,) in store.read(lambda c: sql.run(c, statement, (broadcast,)).all())]


def test_the_number_of_old_texts_goes_when_their_writer_stops(town: Store) -> None:
    theirs, ours, fresh = came(town, OLD), left(town, OLD), came(town, NOW - DAY_MS)
    keep_house(town)
    assert row(town, "inbound", theirs, "number") == (MEMBER,)
    town.write(lambda c: sql.run(c, "UPDATE contact SET state = 'stopped' WHERE id = 1"))
    town.write(lambda c: sql.run(c, "DELETE FROM subscription WHERE contact_id = 1"))
    keep_house(town, now_ms=NOW + 2 * DAY_MS)
    assert row(town, "inbound", theirs, "number", "contact_id") == ("", None)
    assert row(town, "outbox", ours, "number", "contact_id") == (None, None)
    assert row(town, "inbound", fresh, "number", "text") == (MEMBER, "hello")
    assert agrees(town) == []


def test_parts_and_questions_about_a_message_go_with_its_words(town: Store) -> None:
    old, young = left(town, OLD, status="sent"), left(town, NOW, status="sent")

    def build(connection: Connection) -> None:
        for key in (old, young):
            sql.run(connection, "INSERT INTO outbox_part VALUES ('main', ?, ?, 1, 'sent')", (f"p{key}", key))
            sql.run(
                connection, "INSERT INTO poll (outbox_id, channel, due_ms, left_ms) VALUES (?, 'gone', 1, 1)", (key,)
            )

    town.write(build)
    keep_house(town)
    for table in ("outbox_part", "poll"):
        kept = town.read(lambda c, table=table: sql.run(c, f"SELECT outbox_id FROM {table}").all())
        assert [key for (key,) in kept] == [young]


def test_open_questions_are_dropped_a_day_after_their_time(town: Store) -> None:
    def build(connection: Connection) -> None:
        for contact, ended_ms in ((1, NOW - 25 * 3_600_000), (2, NOW - 3_600_000), (3, NOW + 1)):
            sql.run(
                connection,
                "INSERT INTO conversation (contact_id, channel, flow, revision, state, slots, tries, expires_ms)"
                " VALUES (?, 'main', 'area', 1, 'which', '{}', 0, ?)",
                (contact, ended_ms),
            )

    town.write(build)
    keep_house(town)
    kept = town.read(lambda c: sql.run(c, "SELECT contact_id FROM conversation ORDER BY contact_id").all())
    assert [key for (key,) in kept] == [2, 3]


# The ledger


def entry(store: Store, action: str, at_ms: int, number: str = MEMBER, *, words: str | None = "words") -> int:
    fact = audit.Entry(at_ms=at_ms, subject=audit.subject(store.key, number), action=action, evidence=words)
    store.write(lambda c: audit.append(c, [fact]))
    return int(store.read(lambda c: sql.run(c, "SELECT max(id) FROM ledger").scalar_one()))


def words(store: Store) -> list[str | None]:
    return [each for (each,) in store.read(lambda c: sql.run(c, "SELECT evidence FROM ledger ORDER BY id").all())]


YEAR = 365 * DAY_MS
LIVES: Sequence[tuple[str, list[tuple[str, int]], list[bool]]] = (
    ("a member's words stay", [("join", 900), ("subscribe", 800)], [True, True]),
    ("within a year after a stop", [("join", 900), ("stop", 364)], [True, True]),
    ("a year after a stop", [("join", 900), ("stop", 366)], [False, False]),
    ("who came back keeps the new ones", [("join", 900), ("stop", 500), ("start", 499)], [False, False, True]),
    ("a second stop has a year of its own", [("join", 900), ("stop", 400), ("stop", 200)], [False, False, True]),
    ("leaving a topic ends nothing", [("join", 900), ("leave", 800)], [True, True]),
)  # fmt: skip


@pytest.mark.parametrize("life, stays", [life[1:] for life in LIVES], ids=[life[0] for life in LIVES])
def test_rule_28_the_ledgers_words_go_a_year_after_a_membership_ended_and_the_chain_holds(
    town: Store, life: list[tuple[str, int]], stays: list[bool]
) -> None:
    others = entry(town, "join", NOW - 1_000 * DAY_MS, STRANGER)
    for action, days in life:
        entry(town, action, NOW - days * DAY_MS)
    keep_house(town)
    assert [said is not None for said in words(town)[1:]] == stays
    assert row(town, "ledger", others, "evidence") == ("words",)
    assert town.read(audit.verify) is None


def test_how_long_the_ledgers_words_are_kept_can_be_set_up_to_five_years(town: Store) -> None:
    entry(town, "stop", NOW - 4 * YEAR)
    keep_house(town, Retention(ledger_days_after=5 * 365))
    assert words(town) == ["words"]


# In pieces


def test_a_crash_between_two_pieces_loses_and_doubles_nothing(town: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_INBOUND", replace(retention._INBOUND, limit=3))
    keys = [came(town, OLD + n, STRANGER) for n in range(8)]
    piece = town.read(lambda c: retention.find_inbound(c, KEPT, NOW))
    assert piece is not None
    assert (len(piece.keys), piece.more) == (3, True)

    def dies(connection: Connection) -> None:
        retention.do_inbound(connection, piece, NOW)
        raise RuntimeError("the power fails before the commit")

    with pytest.raises(RuntimeError):
        town.write(dies)
    assert row(town, "inbound", keys[0], "text") == ("hello",)
    assert keep_house(town) >= 3
    assert all(row(town, "inbound", key, "text") == ("",) for key in keys)


def test_a_piece_that_another_process_has_done_is_not_done_again(town: Store) -> None:
    came(town, OLD, STRANGER)
    piece = town.read(lambda c: retention.find_inbound(c, KEPT, NOW))
    assert piece is not None
    assert town.write(lambda c: retention.do_inbound(c, piece, NOW)) == 1
    assert town.write(lambda c: retention.do_inbound(c, piece, NOW)) == 0


def test_nothing_is_found_when_nothing_is_due(town: Store) -> None:
    came(town, NOW - DAY_MS)
    left(town, NOW - DAY_MS)
    entry(town, "stop", NOW - DAY_MS)
    keep_house(town)
    for step in STEPS:
        assert town.read(lambda c, step=step: step.find(c, KEPT, NOW + 1)) is None, step.name


AGES: Sequence[tuple[list[int], int | None]] = (
    ([], None), ([60], None), ([40], 1), ([40, 50, 60], 2), ([60, 40], None), ([40, 200, 45], 3), ([200, 40], 2),
    ([200, 60], None), ([200], None),
)  # fmt: skip


@pytest.mark.parametrize("instants, last", AGES)
def test_a_row_from_a_clock_that_ran_ahead_is_as_old_as_the_one_after_it(instants: list[int], last: int | None) -> None:
    assert walk.aged(list(enumerate(instants, 1)), 50, 100) == last


PAGES = [
    (retention.INBOUND_PAGE, (5, 10)),
    (retention.OUTBOX_PAGE, (5, 10)),
    (retention.LEDGER_PAGE, (5, 10)),
    (retention.TALKS_PAGE, (5, 10)),
    (retention.INBOX_OPEN, (10,)),
    (retention.INBOX_ANSWERED, (50, 10)),
    (retention.WORDS_GO, ("someone", 10)),
    (quiet.PEOPLE_PAGE, (5, 10)),
    (quiet.LEFT_ONES, (5, 10, NOW, 10)),
    (f"{quiet.QUIET_ONES} AND c.id > ? AND c.id <= ? ORDER BY c.id", (*[NOW] * 6, 5, 10)),
]


@pytest.mark.parametrize("statement, parameters", PAGES, ids=range(len(PAGES)))
def test_every_search_reads_an_index_and_sorts_nothing(
    town: Store, statement: str, parameters: tuple[object, ...]
) -> None:
    town.write(fill)
    words = "EXPLAIN QUERY PLAN " if town.sqlite else "EXPLAIN "
    plan = "\n".join(str(tuple(row)) for row in town.read(lambda c: sql.run(c, words + statement, parameters).all()))
    assert "SCAN" not in plan, plan
    assert "Seq Scan" not in plan, plan
    assert "TEMP B-TREE" not in plan, plan
    assert "Sort" not in plan, plan


def fill(connection: Connection) -> None:
    """Enough of each table that a plan without an index would be the dearer one."""
    populate(connection, 5_000, first=10)
    for statement in (
        "INSERT INTO inbound (channel, external_id, number, contact_id, recipient, text, at_ms, intent, rule, inbox,"
        " tag) SELECT 'main', number, number, id, '', 'hello', id, '', '', CASE WHEN id < 20 THEN 'open' WHEN id < 40"
        " THEN 'answered' ELSE '' END, '' FROM contact",
        "INSERT INTO outbox (channel, broadcast_id, contact_id, number, text, parts, status, error, created_ms,"
        " attempts, forget) SELECT 'main', 0, id, number, 'hello', 1, 'sent', '', id, 0, promotion FROM contact",
        "INSERT INTO outbox (channel, broadcast_id, contact_id, text_id, parts, status, error, created_ms,"
        " attempts, forget) SELECT 'main', 7, id, 1, 1, 'sent', '', id, 0, promotion FROM contact",
        "INSERT INTO conversation (contact_id, channel, flow, revision, state, slots, tries, expires_ms)"
        " SELECT id, 'main', 'area', 1, 'which', '{}', 0, id FROM contact",
        "INSERT INTO ledger (at_ms, subject, action, scope, source, channel, actor, keyword, rule, wording, digest,"
        " prev, hash, evidence, salt)"
        " SELECT id, number, 'join', 'all', 'sms', '', '', '', '', '', '', '', '', 'JOIN', 'x' FROM contact",
        "ANALYZE",
    ):
        sql.run(connection, statement)


# What staff see


def test_an_erased_text_is_shown_as_one(town: Store) -> None:
    came(town, OLD)
    left(town, OLD)
    came(town, NOW - DAY_MS, text="")  # a picture: empty, and not erased
    keep_house(town)
    found, _ = town.read(lambda c: people.messages(c, number=MEMBER))
    assert [(message.text, message.erased) for message in found] == [("", False), ("", True), ("", True)]
    export = exports.Export(exports.Kind.MESSAGES, zone=Settings().service.zone, key=town.key, now_ms=NOW)
    place = export.columns.index("erased")
    assert [line[place] for line in town.read(lambda c: list(export.rows(c)))] == [False, True, True]


def test_verify_is_content_after_a_person_was_erased_by_wish(town: Store) -> None:
    broadcast = town.write(lambda c: announce(c, Audience(everyone=True), NOW, written_for=("main",)))
    finish(town, broadcast, NOW)
    left(town, NOW)
    town.write(lambda c: people.forget(c, MEMBER, audit.subject(town.key, MEMBER), by="a test", now_ms=NOW))
    assert agrees(town) == []


WRONG = [
    ("texts_days", "3"), ("texts_days", "-1"), ("dormant_days", "2"), ("ledger_days_after", "4000"),
    ("inbox_days", "soon"),
]  # fmt: skip


@pytest.mark.parametrize("key, value", WRONG)
def test_a_time_that_makes_no_sense_is_refused_with_its_name(key: str, value: str) -> None:
    with pytest.raises(SettingsError, match="retention"):
        load(environ={f"SMSBOT_RETENTION__{key.upper()}": value})
