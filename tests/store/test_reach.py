"""Who can be reached: stop-lists that are not ours, and numbers that fail three times in a row (civic rule 20)."""

import pytest
from sqlalchemy import Connection

from smsbot.status import Status
from smsbot.store import audience, outbox, people, sql
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.outbox import REPLIES, Report, Result
from smsbot.testing.bulletins import announce
from smsbot.testing.population import populate, settle_directory

NOW = 1_800_000_000_000
EVERYONE = Audience(everyone=True)
NUMBER = "+995555000001"


@pytest.fixture
def town(store: Store) -> Store:
    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 3)

    store.write(build)
    return store


def send(store: Store, now_ms: int = NOW, *, channel: str = "main", status: Status = Status.SENT, **said: bool) -> int:
    """A personal message to the first person, handed over; gives its id."""

    def job(connection: Connection) -> int:
        key = outbox.queue_personal(
            connection, channel=channel, contact_id=1, number=NUMBER, text="hello", parts=1, now_ms=now_ms
        )
        (held,) = outbox.claim(connection, channel, REPLIES, now_ms, 9)
        assert held.id == key
        result = Result(
            key, 0, status, error="no" if said else "", external_id=f"x{key}", handed_ms=now_ms, contact_id=1, **said
        )
        outbox.settle(connection, channel, [result], now_ms)
        return key

    return store.write(job)


def report(store: Store, key: int, status: Status, now_ms: int = NOW, *, channel: str = "main", **said: bool) -> None:
    found = Report(channel, status, external_id=f"x{key}", error="on a list" if said else "", **said)
    store.write(lambda c: outbox.merge_reports(c, [found], now_ms=now_ms))


def person(store: Store) -> people.Person:
    found = store.read(lambda c: people.person(c, NUMBER, "subject", NOW))
    assert found is not None
    return found


def reached(store: Store) -> int:
    return sum(store.read(lambda c: audience.count(c, EVERYONE, ["en"], NOW)).values())


def ledger(store: Store) -> int:
    return int(store.read(lambda c: sql.run(c, "SELECT count(*) FROM ledger").scalar_one()))


def test_who_is_on_the_gateways_stop_list_stays_subscribed_and_the_fact_is_shown(town: Store) -> None:
    send(town, status=Status.FAILED, blocked=True)
    found = person(town)
    assert [(each.channel, each.at_ms, each.reason) for each in found.blocked] == [("main", NOW, "no")]
    assert found.state == "active"
    assert ledger(town) == 0
    assert reached(town) == 3  # broadcasts count such people still


def test_a_report_can_tell_of_a_stop_list_and_a_delivery_by_the_same_channel_ends_it(town: Store) -> None:
    report(town, send(town), Status.FAILED, blocked=True)
    assert [(each.channel, each.reason) for each in person(town).blocked] == [("main", "on a list")]
    report(town, send(town, channel="other"), Status.DELIVERED, channel="other")
    assert len(person(town).blocked) == 1
    report(town, send(town), Status.DELIVERED)
    assert person(town).blocked == ()


def test_a_repeated_report_does_not_block_again_what_was_delivered_since(town: Store) -> None:
    first = send(town)
    report(town, first, Status.FAILED, blocked=True)
    report(town, send(town), Status.DELIVERED)
    report(town, first, Status.FAILED, blocked=True)
    assert person(town).blocked == ()


def test_a_stop_list_told_before_we_knew_the_id_is_kept(town: Store) -> None:
    report(town, 1, Status.FAILED, blocked=True)
    send(town)
    assert len(person(town).blocked) == 1


def test_rule_20_three_permanent_failures_in_a_row_leave_a_number_out_of_broadcasts(town: Store) -> None:
    send(town, status=Status.FAILED, unreachable=True)
    report(town, send(town), Status.FAILED, unreachable=True)
    assert (person(town).unreachable, person(town).dormant_ms, reached(town)) == (2, None, 3)
    third = send(town, NOW + 5)
    report(town, third, Status.FAILED, NOW + 7, unreachable=True)
    assert (person(town).unreachable, person(town).dormant_ms, reached(town)) == (3, NOW + 7, 2)
    key = town.write(lambda c: announce(c, EVERYONE, NOW, written_for=("main",)))
    written = town.read(lambda c: sql.run(c, "SELECT count(*) FROM outbox WHERE broadcast_id = ?", (key,)).scalar_one())
    assert written == 2


def test_rule_20_a_report_that_comes_twice_counts_once(town: Store) -> None:
    first = send(town)
    for _ in range(4):
        report(town, first, Status.FAILED, unreachable=True)
    assert person(town).unreachable == 1


def test_rule_20_an_arrival_between_them_begins_the_count_anew(town: Store) -> None:
    for status in (Status.FAILED, Status.FAILED, Status.DELIVERED, Status.FAILED):
        report(town, send(town), status, unreachable=status is Status.FAILED)
    assert (person(town).unreachable, person(town).dormant_ms) == (1, None)


def test_rule_20_failures_of_one_batch_all_count(town: Store) -> None:
    keys = [send(town) for _ in range(3)]
    found = [Report("main", Status.FAILED, external_id=f"x{key}", unreachable=True) for key in keys]
    town.write(lambda c: outbox.merge_reports(c, found, now_ms=NOW))
    assert person(town).dormant_ms == NOW


def test_rule_20_a_dormant_number_wakes_when_a_message_arrives(town: Store) -> None:
    for _ in range(3):
        send(town, status=Status.FAILED, unreachable=True)
    assert reached(town) == 2
    send(town, status=Status.DELIVERED)
    assert (person(town).unreachable, reached(town)) == (0, 3)


def test_a_correction_goes_to_whoever_got_the_first_dormant_or_not(town: Store) -> None:
    key = town.write(lambda c: announce(c, EVERYONE, NOW, written_for=("main",)))
    town.write(
        lambda c: sql.run(c, "UPDATE outbox SET status = 'sent', handed_ms = ? WHERE broadcast_id = ?", (NOW, key))
    )
    town.write(lambda c: sql.run(c, "UPDATE contact SET dormant_ms = ? WHERE id = 1", (NOW,)))
    correction = Audience(broadcast=key)
    assert sum(town.read(lambda c: audience.count(c, correction, ["en"], NOW)).values()) == 3


def test_erasure_takes_the_facts_along(town: Store) -> None:
    send(town, status=Status.FAILED, blocked=True)
    town.write(lambda c: people.forget(c, NUMBER, "subject", by="a test", now_ms=NOW))
    assert town.read(lambda c: sql.run(c, "SELECT count(*) FROM contact_block").scalar_one()) == 0
