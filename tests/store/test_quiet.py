"""Numbers that have gone quiet, and the one neutral text before they are used again (civic rule 20)."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from smsbot.clock import DAY_MS
from smsbot.dialogue.notice import Notice
from smsbot.settings import Retention
from smsbot.status import Status
from smsbot.store import audience, outbox, people, quiet, sql, walk
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.outbox import REPLIES, Result
from smsbot.testing.bulletins import announce
from smsbot.testing.population import populate, settle_directory

NOW = 1_800_000_000_000
KEPT = Retention()
YEAR_AGO, LATELY = NOW - 366 * DAY_MS, NOW - 364 * DAY_MS
NUMBER = "+995555000001"
EVERYONE = Audience(everyone=True)


@pytest.fixture
def town(store: Store) -> Store:
    """Three members who joined more than a year ago and of whom nothing was heard since."""

    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 3, joined_ms=YEAR_AGO)

    store.write(build)
    return store


def look(store: Store, kept: Retention = KEPT, now_ms: int = NOW) -> None:
    """One whole pass."""
    while True:
        piece = store.read(lambda c: quiet.find(c, kept, now_ms))
        if piece is None:
            return
        store.write(lambda c, piece=piece: quiet.do(c, piece, now_ms))


def person(store: Store, number: str = NUMBER) -> people.Person:
    found = store.read(lambda c: people.person(c, number, "subject", NOW))
    assert found is not None
    return found


def write(store: Store, statement: str, *values: object) -> None:
    store.write(lambda c: sql.run(c, statement, values))


def wrote(at_ms: int) -> tuple[str, tuple[object, ...]]:
    return (
        "INSERT INTO inbound (channel, external_id, number, contact_id, recipient, text, at_ms, intent, rule, inbox,"
        " tag) VALUES ('main', ?, ?, 1, '', 'hello', ?, '', '', '', '')",
        (f"x{at_ms}", NUMBER, at_ms),
    )


def answered(status: str, at_ms: int) -> tuple[str, tuple[object, ...]]:
    return (
        "INSERT INTO outbox (channel, broadcast_id, contact_id, number, text, parts, status, error, created_ms,"
        " handed_ms, final_ms, attempts, forget) VALUES ('main', 0, 1, ?, 'hello', 1, ?, '', ?, ?, ?, 0, ?)",
        (NUMBER, status, at_ms, at_ms, None if status == "sent" else at_ms, False),
    )


def announced(status: str, at_ms: int) -> tuple[str, tuple[object, ...]]:
    return (
        "INSERT INTO outbox (channel, broadcast_id, contact_id, text_id, parts, status, error, created_ms,"
        " handed_ms, final_ms, attempts, forget) VALUES ('main', 7, 1, 1, 1, ?, '', ?, ?, ?, 0, ?)",
        (status, at_ms, at_ms, None if status == "sent" else at_ms, False),
    )


def changed(column: str, value: object) -> tuple[str, tuple[object, ...]]:
    return f"UPDATE contact SET {column} = ? WHERE id = 1", (value,)


SIGNS = [
    ("nothing at all", [], True),
    ("a text within the year", [wrote(LATELY)], False),
    ("a text before it", [wrote(YEAR_AGO)], True),
    ("two texts, the newer within the year", [wrote(YEAR_AGO), wrote(LATELY)], False),
    ("a reply that was delivered", [answered("delivered", LATELY)], False),
    ("one that the gateway took and tells no more of", [answered("sent", LATELY)], False),
    ("one that failed", [answered("failed", LATELY)], True),
    ("one that nobody knows of", [answered("unknown", LATELY)], True),
    ("a broadcast that was delivered", [announced("delivered", LATELY)], False),
    ("a broadcast long ago", [announced("delivered", YEAR_AGO)], True),
    ("a broadcast that expired", [announced("expired", LATELY)], True),
    ("who joined within the year", [changed("since_ms", LATELY)], False),
    ("who was told of it within the year", [changed("noticed_ms", LATELY)], False),
    ("who rests", [changed("state", "paused"), changed("paused_until_ms", NOW + DAY_MS)], True),
    ("who has not joined", [changed("state", "new")], False),
    ("who stopped", [changed("state", "stopped")], False),
]


@pytest.mark.parametrize("signs, dormant", [case[1:] for case in SIGNS], ids=[case[0] for case in SIGNS])
def test_rule_20_a_year_without_a_text_and_without_an_arrival_makes_a_number_dormant(
    town: Store, signs: list[tuple[str, tuple[object, ...]]], dormant: bool
) -> None:
    for statement, values in signs:
        write(town, statement, *values)
    look(town)
    assert (person(town).dormant_ms, person(town).dormant_reason) == ((NOW, "quiet") if dormant else (None, None))


def test_broadcasts_leave_quiet_numbers_out(town: Store) -> None:
    assert sum(town.read(lambda c: audience.count(c, EVERYONE, ["en"], NOW)).values()) == 3
    look(town)
    assert sum(town.read(lambda c: audience.count(c, EVERYONE, ["en"], NOW)).values()) == 0
    assert town.read(lambda c: audience.count_dormant(c, EVERYONE, ["en"], NOW)) == 3


def test_a_pass_is_made_once_a_day_and_in_pieces(town: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "PEOPLE_AT_ONCE", 2)
    first = town.read(lambda c: quiet.find(c, KEPT, NOW))
    assert first is not None
    assert (list(first.keys), first.after, first.more) == ([1, 2], 2, True)
    look(town)
    assert town.read(lambda c: quiet.find(c, KEPT, NOW + DAY_MS - 1)) is None
    assert town.read(lambda c: quiet.find(c, KEPT, NOW + DAY_MS)) is not None
    assert town.read(lambda c: walk.place(c, quiet.NAME)).position == 0


def test_who_writes_between_the_look_and_the_deed_is_left_alone(town: Store) -> None:
    piece = town.read(lambda c: quiet.find(c, KEPT, NOW))
    assert piece is not None
    statement, values = wrote(NOW)
    write(town, statement, *values)
    town.write(lambda c: quiet.do(c, piece, NOW))
    assert person(town).dormant_ms is None
    assert person(town, "+995555000002").dormant_ms == NOW


def deliver(store: Store, status: Status, *, unreachable: bool = False) -> None:
    def job(connection: Connection) -> None:
        key = outbox.queue_personal(
            connection, channel="main", contact_id=1, number=NUMBER, text="hello", parts=1, now_ms=NOW
        )
        outbox.claim(connection, "main", REPLIES, NOW, 9)
        result = Result(key, 0, status, handed_ms=NOW, final_ms=NOW, contact_id=1, unreachable=unreachable)
        outbox.settle(connection, "main", [result], NOW)

    store.write(job)


def test_a_message_that_arrives_wakes_a_quiet_number_and_one_that_fails_does_not(town: Store) -> None:
    look(town)
    deliver(town, Status.FAILED, unreachable=True)
    assert (person(town).dormant_ms, person(town).dormant_reason, person(town).unreachable) == (NOW, "quiet", 1)
    deliver(town, Status.DELIVERED)
    assert (person(town).dormant_ms, person(town).dormant_reason) == (None, None)


def test_a_correction_still_reaches_whoever_got_the_first(town: Store) -> None:
    key = town.write(lambda c: announce(c, EVERYONE, NOW, written_for=("main",)))
    write(town, "UPDATE outbox SET status = 'sent', handed_ms = 1 WHERE broadcast_id = ?", key)
    write(town, "UPDATE contact SET dormant_ms = ?, dormant_reason = 'quiet'", NOW)
    assert sum(town.read(lambda c: audience.count(c, Audience(broadcast=key), ["en"], NOW)).values()) == 3


SPOKEN = [("ka", "", "ka"), ("ka", "Latn", "ka-Latn"), ("en", "", "en"), ("fr", "", "ka"), (None, "", "ka")]


@pytest.mark.parametrize("language, script, text", SPOKEN)
def test_a_notice_is_in_the_persons_language_and_letters(language: str | None, script: str, text: str) -> None:
    notice = Notice({"ka": "ka", "ka-Latn": "ka-Latn", "en": "en"}, ("ka", "en"))
    assert notice.say(language, script)[1] == text
