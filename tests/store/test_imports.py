import io
import json
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from smsbot.clock import DAY_MS
from smsbot.dialogue.notice import Notice
from smsbot.settings import Settings
from smsbot.status import Status
from smsbot.store import audit, broadcasts, imports, outbox
from smsbot.store.audit import Entry
from smsbot.store.database import Store
from smsbot.store.imports import Report
from smsbot.store.tables import (
    Broadcast,
    BroadcastCount,
    BroadcastText,
    Contact,
    Ledger,
    Outbox,
    Place,
    Subscription,
    Suppression,
    Topic,
    table,
)
from smsbot.text.gsm7 import measure

HEADER = "number,topics,place,language,consented_on,collector,form,evidence\n"
NOW = 1_795_341_600_000  # 2026-11-22T14:00+04:00
MAY_3 = 1_777_752_000_000  # 2026-05-03T00:00+04:00
ONE = "+995555000001"
FORM = f"{ONE},budget;roads,nikea,ka,2026-05-03,N. Beridze,v2,scan-7\n"
TABLES = (Contact, Subscription, Suppression, Ledger, Outbox, Broadcast, BroadcastCount, BroadcastText)


@pytest.fixture
def desk(store: Store) -> Store:
    def fill(connection: Connection) -> None:
        for number, code in enumerate(("budget", "roads", "closed"), 1):
            row = {"code": code, "number": number, "names": "{}", "words": "[]", "active": code != "closed"}
            connection.execute(insert(table(Topic)).values(row))
        names = json.dumps({"ka": "ნიკეა", "en": "Nikea"})
        connection.execute(insert(table(Place)).values(code="nikea", names=names, words="[]", active=True))
        connection.execute(insert(table(Place)).values(code="gelati", names="{}", words="[]", active=True))

    store.write(fill)
    return store


NEUTRAL = Notice({"ka": "ნომერი", "ka-Latn": "nomeri", "en": "number"}, ("ka", "en"))


def take(store: Store, rows: str, *, now_ms: int = NOW, channel: str | None = "main", dry_run: bool = False) -> Report:
    lines = io.StringIO(HEADER + rows, newline="")
    return imports.run(
        store, lines, Settings(), now_ms=now_ms, channel=channel, dry_run=dry_run, notice=lambda: NEUTRAL
    )


def dump(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    return store.read(
        lambda c: {model.__name__: sorted(map(tuple, c.execute(select(table(model)))), key=repr) for model in TABLES}
    )


def rows(store: Store, model: Any) -> list[Any]:
    found = table(model)
    return store.read(lambda c: list(c.execute(select(found).order_by(*found.primary_key.columns))))


def topics_of(store: Store, number: str) -> list[str]:
    contact, mine, topic = table(Contact), table(Subscription), table(Topic)
    query = (
        select(topic.c.code)
        .join(mine, mine.c.topic_id == topic.c.id)
        .join(contact, contact.c.id == mine.c.contact_id)
        .where(contact.c.number == number)
        .order_by(topic.c.number)
    )
    return store.read(lambda c: list(c.execute(query).scalars()))


def ledger_of(store: Store, number: str) -> list[Entry]:
    key = store.key
    return store.read(lambda c: audit.of(c, audit.subject(key, number)))


def tell(store: Store, number: str, action: str, at_ms: int, scope: str = "all") -> None:
    entry = Entry(at_ms, audit.subject(store.key, number), action, scope)
    store.write(lambda c: audit.append(c, [entry]))


def suppress(store: Store, number: str, at_ms: int) -> None:
    row = {"subject": audit.subject(store.key, number), "at_ms": at_ms, "source": "sms"}
    store.write(lambda c: c.execute(insert(table(Suppression)).values(row)))


def test_an_accepted_form_makes_an_active_subscriber_with_facts_and_one_welcome(desk: Store) -> None:
    report = take(desk, FORM)
    assert (report.taken, report.repeated, report.refused, report.welcomed) == (1, 0, [], 1)
    (contact,) = rows(desk, Contact)
    assert (contact.number, contact.state, contact.language, contact.since_ms) == (ONE, "active", "ka", NOW)
    assert contact.place_id == rows(desk, Place)[0].id
    assert topics_of(desk, ONE) == ["budget", "roads"]
    facts = ledger_of(desk, ONE)
    assert [(fact.action, fact.scope) for fact in facts] == [
        ("join", "all"),
        ("subscribe", "topic:budget"),
        ("subscribe", "topic:roads"),
    ]
    for fact in facts:
        assert (fact.at_ms, fact.source, fact.actor, fact.wording) == (NOW, "paper", "N. Beridze", "v2")
        assert (fact.evidence, fact.rule) == ("scan-7", "signed 2026-05-03")
    assert desk.read(audit.verify) is None


def test_the_welcome_is_a_row_of_a_broadcast_whose_numbers_agree(desk: Store) -> None:
    other = FORM.replace("0001", "0002").replace("nikea,ka", ",en").replace("scan-7", "scan-8")
    take(desk, FORM + other)
    (broadcast,) = rows(desk, Broadcast)
    messages = rows(desk, Outbox)
    assert (broadcast.kind, broadcast.state, broadcast.expanded) == ("welcome", "sending", True)
    assert (broadcast.recipients, broadcast.written) == (2, 2)
    assert broadcast.parts_total == sum(message.parts for message in messages)
    counts = {count.status: count.n for count in rows(desk, BroadcastCount)}
    assert counts == dict.fromkeys(map(str, Status), 0) | {"queued": 2}
    by_language = json.loads(broadcast.by_language)
    assert {language: entry["recipients"] for language, entry in by_language.items()} == {"ka": 1, "en": 1}
    assert (by_language["ka"]["encoding"], by_language["en"]["encoding"]) == ("UCS-2", "GSM-7")
    for message in messages:
        assert (message.broadcast_id, message.channel, message.due_ms) == (broadcast.id, "main", NOW)
    texts = {text.id: text.text for text in rows(desk, BroadcastText)}
    first, second = (texts[message.text_id] for message in messages)
    for message, text in zip(messages, (first, second), strict=True):
        assert message.parts == measure(text).parts <= 2
        assert "03.05.2026" in text
        assert "STOP" in text
    assert "ნიკეა" in first
    assert "ქუთაისის მერია" in first
    assert "Kutaisi City Hall" in second


def test_a_dispatcher_finds_the_welcomes_and_people_with_one_wording_share_it(desk: Store) -> None:
    take(desk, "".join(FORM.replace("0001", f"{n:04}") for n in range(3)))
    (lane,) = desk.read(outbox.lanes)
    claimed = desk.write(lambda c: outbox.claim(c, "main", lane, NOW, 10))
    assert [message.number for message in claimed] == [f"+99555500000{n}" for n in range(3)]
    assert {message.text for message in claimed} == {text.text for text in rows(desk, BroadcastText)}
    assert len(rows(desk, BroadcastText)) == 1
    (view,) = desk.read(lambda c: broadcasts.recent(c, None, 10))[0]
    assert (view.kind, view.recipients, view.by_language["ka"].written) == ("welcome", 3, 3)


def test_without_welcome_nobody_is_texted(desk: Store) -> None:
    assert take(desk, FORM, channel=None).welcomed == 0
    assert rows(desk, Outbox) == rows(desk, Broadcast) == []


def test_a_dry_run_tells_the_same_and_changes_nothing(desk: Store) -> None:
    suppress(desk, "+995555000003", NOW - DAY_MS)
    sheet = FORM + FORM.replace("0001", "0002") + FORM.replace("0001", "0003") + "x,,,,,,,\n" + FORM
    before = dump(desk)
    dry = take(desk, sheet, dry_run=True)
    assert dump(desk) == before
    real = take(desk, sheet)
    assert (dry.taken, dry.repeated, dry.refused) == (real.taken, real.repeated, real.refused)
    assert (real.taken, real.repeated, [refusal.line for refusal in real.refused]) == (2, 1, [4, 5])


def test_the_same_file_again_changes_nothing(desk: Store) -> None:
    sheet = FORM + FORM.replace("0001", "0002").replace("budget;roads", "")
    take(desk, sheet)
    before = dump(desk)
    report = take(desk, sheet, now_ms=NOW + DAY_MS)
    assert (report.taken, report.repeated, report.refused, report.welcomed) == (0, 2, [], 0)
    assert dump(desk) == before


def test_a_crash_between_chunks_doubles_nothing_when_the_file_is_imported_again(
    desk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 3)
    sheet = "".join(FORM.replace("0001", f"{n:04}") for n in range(10))

    def power_cut(done: int) -> None:
        if done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imports.run(desk, io.StringIO(HEADER + sheet), Settings(), now_ms=NOW, channel="main", progress=power_cut)
    report = take(desk, sheet)
    assert (report.taken, report.repeated) == (4, 6)
    assert len(rows(desk, Contact)) == len(rows(desk, Outbox)) == 10
    assert len(rows(desk, Ledger)) == 30
    assert [broadcast.recipients for broadcast in rows(desk, Broadcast)] == [6, 4]


def test_a_chunk_that_fails_leaves_nothing_behind(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dump(desk)

    def broken(connection: Connection, entries: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(audit, "append", broken)
    with pytest.raises(RuntimeError):
        take(desk, FORM)
    assert dump(desk) == before


def test_a_corrected_file_adds_only_what_is_new(desk: Store) -> None:
    take(desk, FORM.replace("budget;roads", "budget"), channel=None)
    report = take(desk, FORM, channel=None)
    assert report.taken == 1
    assert topics_of(desk, ONE) == ["budget", "roads"]
    assert [fact.scope for fact in ledger_of(desk, ONE)] == ["all", "topic:budget", "topic:roads"]


@pytest.mark.parametrize("stopped_ms, taken", [(MAY_3 - 1, 1), (MAY_3, 0), (MAY_3 + DAY_MS, 0), (NOW - 1, 0)])
def test_only_a_form_newer_than_the_stop_lifts_it(desk: Store, stopped_ms: int, taken: int) -> None:
    suppress(desk, ONE, stopped_ms)
    before = dump(desk)
    report = take(desk, FORM)
    assert report.taken == taken
    if taken:
        assert rows(desk, Suppression) == []
        assert rows(desk, Contact)[0].state == "active"
    else:
        assert [(refusal.line, refusal.column) for refusal in report.refused] == [(2, "consented_on")]
        assert dump(desk) == before


def test_a_stopped_profile_is_lifted_whole(desk: Store) -> None:
    take(desk, FORM.replace("2026-05-03", "2026-02-01"), channel=None)
    contact = table(Contact)
    former = {"state": "stopped", "stopped_ms": MAY_3 - 5, "stop_replied_ms": MAY_3 - 4, "former": '["budget"]'}
    desk.write(lambda c: c.execute(update(contact).values(former)))
    suppress(desk, ONE, MAY_3 - 5)
    assert take(desk, FORM.replace("budget;roads", "roads").replace("scan-7", "scan-8")).taken == 1
    (row,) = rows(desk, Contact)
    assert (row.state, row.stopped_ms, row.stop_replied_ms, row.former) == ("active", None, None, "[]")
    assert rows(desk, Suppression) == []


def test_a_stop_that_the_person_took_back_still_ends_the_older_form(desk: Store) -> None:
    tell(desk, ONE, "stop", MAY_3 + DAY_MS)
    tell(desk, ONE, "join", MAY_3 + 2 * DAY_MS)
    assert take(desk, FORM).taken == 0


def test_the_same_form_after_a_stop_is_refused(desk: Store) -> None:
    take(desk, FORM)
    suppress(desk, ONE, NOW + 1)
    report = take(desk, FORM, now_ms=NOW + DAY_MS)
    assert [refusal.reason for refusal in report.refused] == ["the number stopped after that date"]


def test_a_form_older_than_the_erasure_does_not_bring_the_person_back(desk: Store) -> None:
    take(desk, FORM)
    tell(desk, ONE, "erase", NOW + 1)
    desk.write(lambda c: audit.erase_evidence(c, audit.subject(desk.key, ONE)))
    desk.write(lambda c: c.execute(table(Contact).delete()))
    report = take(desk, FORM, now_ms=NOW + DAY_MS)
    assert (report.taken, len(report.refused)) == (0, 1)
    assert rows(desk, Contact) == []


def test_a_topic_left_since_the_signature_stays_left(desk: Store) -> None:
    tell(desk, ONE, "leave", MAY_3 + DAY_MS, "topic:roads")
    assert take(desk, FORM).taken == 1
    assert topics_of(desk, ONE) == ["budget"]


def test_what_a_person_said_themselves_stays(desk: Store) -> None:
    take(desk, FORM.replace("nikea,ka", "gelati,en"), channel=None)
    contact = table(Contact)
    desk.write(lambda c: c.execute(update(contact).values(state="paused", paused_until_ms=NOW + DAY_MS)))
    take(desk, FORM.replace("scan-7", "scan-8"), now_ms=NOW + 5)
    (row,) = rows(desk, Contact)
    assert (row.language, row.since_ms, row.state) == ("en", NOW, "paused")
    assert row.place_id == rows(desk, Place)[1].id


def test_someone_who_only_wrote_becomes_active(desk: Store) -> None:
    take(desk, FORM.replace("nikea,ka", ","), channel=None)
    contact = table(Contact)
    desk.write(lambda c: c.execute(update(contact).values(state="new", since_ms=None)))
    take(desk, FORM.replace("scan-7", "scan-8"), now_ms=NOW + 5)
    (row,) = rows(desk, Contact)
    assert (row.state, row.since_ms, row.language) == ("active", NOW + 5, "ka")


def test_several_forms_of_one_number_are_one_subscriber_with_one_welcome(
    desk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 2)
    sheet = (
        FORM.replace("budget;roads", "budget")
        + FORM.replace("budget;roads", "roads").replace("scan-7", "scan-8").replace("2026-05-03", "2026-06-04")
        + FORM.replace("scan-7", "scan-9")
    )
    report = take(desk, sheet)
    assert (report.taken, report.welcomed) == (3, 1)
    (text,) = rows(desk, BroadcastText)
    assert "04.06.2026" in text.text
    assert topics_of(desk, ONE) == ["budget", "roads"]
    assert {fact.evidence for fact in ledger_of(desk, ONE)} == {"scan-7", "scan-8", "scan-9"}
    assert rows(desk, Broadcast)[0].recipients == 1


@pytest.mark.parametrize(
    "found, instead, column",
    [("nikea", "gelati", "place"), (",ka,", ",en,", "language"), ("budget;roads", "budget", "evidence")],
)
def test_forms_that_contradict_each_other_are_told(desk: Store, found: str, instead: str, column: str) -> None:
    report = take(desk, FORM + FORM.replace(found, instead))
    assert report.taken == 1
    assert [(refusal.line, refusal.column) for refusal in report.refused] == [(3, column)]
    assert "line 2" in report.refused[0].reason


def test_a_row_that_stands_twice_counts_once(desk: Store) -> None:
    report = take(desk, FORM + FORM.replace("budget;roads", "roads; budget"))
    assert (report.taken, report.repeated) == (1, 1)


def test_a_closed_topic_is_refused(desk: Store) -> None:
    assert take(desk, FORM.replace("budget;roads", "closed")).refused[0].column == "topics"


def test_welcomes_of_a_paused_broadcast_wait_and_those_of_a_cancelled_one_are_not_written(
    desk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 1)
    sheet = "".join(FORM.replace("0001", f"{n:04}") for n in range(3))
    states = {1: "paused", 2: "cancelled"}

    def staff(done: int) -> None:
        if done in states:
            desk.write(lambda c: c.execute(update(table(Broadcast)).values(state=states[done])))

    imports.run(desk, io.StringIO(HEADER + sheet), Settings(), now_ms=NOW, channel="main", progress=staff)
    assert [message.due_ms for message in rows(desk, Outbox)] == [NOW, None]
    assert len(rows(desk, Contact)) == 3
    assert rows(desk, Broadcast)[0].recipients == 2


def test_welcomes_read_after_the_first_had_left_reopen_their_broadcast(
    desk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 1)

    def sent(done: int) -> None:
        if done == 1:
            desk.write(lambda c: c.execute(update(table(Broadcast)).values(state="done", done_ms=NOW)))

    sheet = FORM + FORM.replace("0001", "0002")
    imports.run(desk, io.StringIO(HEADER + sheet), Settings(), now_ms=NOW, channel="main", progress=sent)
    (broadcast,) = rows(desk, Broadcast)
    assert (broadcast.state, broadcast.done_ms, broadcast.recipients) == ("sending", None, 2)


APRIL, JUNE = MAY_3 - 20 * DAY_MS, MAY_3 + 30 * DAY_MS


def fall_silent(store: Store, at_ms: int, script: str = "") -> None:
    contact = table(Contact)
    values = {"dormant_ms": at_ms, "dormant_reason": "quiet", "script": script, "unreachable": 3}
    store.write(lambda c: c.execute(update(contact).where(contact.c.number == ONE).values(values)))


def second(store: Store, **given: Any) -> Report:
    """Another form of the same number, signed on 3 May."""
    return take(store, FORM.replace("scan-7", "scan-9").replace("budget;roads", "roads"), **given)


SILENT = [("before the form was signed", APRIL, False), ("after it was signed", JUNE, True)]


@pytest.mark.parametrize("silent_ms, stays", [case[1:] for case in SILENT], ids=[case[0] for case in SILENT])
def test_rule_20_a_form_of_a_dormant_number_sends_a_neutral_text_first_and_the_welcome_a_day_later(
    desk: Store, silent_ms: int, stays: bool
) -> None:
    take(desk, FORM)
    fall_silent(desk, silent_ms)
    report = second(desk)
    assert (report.taken, report.welcomed, report.noticed) == (1, 1, 1)
    _, before, welcome = rows(desk, Broadcast)
    assert (before.kind, before.state, before.recipients, before.written) == ("notice", "sending", 1, 1)
    assert welcome.kind == "welcome"
    texts = {text.id: text.text for text in rows(desk, BroadcastText)}
    left = {message.broadcast_id: message for message in rows(desk, Outbox)}
    assert (texts[left[before.id].text_id], left[before.id].due_ms) == ("ნომერი", NOW)
    assert "03.05.2026" in texts[left[welcome.id].text_id]
    assert left[welcome.id].due_ms == NOW + DAY_MS
    (contact,) = rows(desk, Contact)
    assert (contact.dormant_ms is not None, contact.noticed_ms) == (stays, NOW)


def test_the_neutral_text_is_in_the_persons_letters(desk: Store) -> None:
    take(desk, FORM)
    fall_silent(desk, APRIL, script="Latn")
    second(desk)
    assert "nomeri" in {text.text for text in rows(desk, BroadcastText)}


def test_a_number_that_was_told_already_is_welcomed_at_once(desk: Store) -> None:
    take(desk, FORM)
    fall_silent(desk, JUNE)
    second(desk)
    report = take(desk, FORM.replace("scan-7", "scan-11").replace("budget;roads", "budget"), now_ms=NOW + 2 * DAY_MS)
    assert (report.welcomed, report.noticed) == (1, 0)


def test_without_welcomes_a_dormant_number_stays_dormant(desk: Store) -> None:
    take(desk, FORM)
    fall_silent(desk, APRIL)
    second(desk, channel=None)
    (contact,) = rows(desk, Contact)
    assert (contact.dormant_ms, contact.noticed_ms) == (APRIL, None)
