"""Messages whose parts have ids of their own: the whole is delivered when all parts are, and fails with the first."""

from itertools import permutations

import pytest
from sqlalchemy import Connection, event

from smsbot.status import Status
from smsbot.store import broadcasts, outbox, reports, sql
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.outbox import Merged, Report, Result
from smsbot.testing.bulletins import announce
from smsbot.testing.population import populate, settle_directory

NOW = 1_800_000_000_000
SENT, DELIVERED, FAILED, EXPIRED, UNKNOWN = (
    Status.SENT, Status.DELIVERED, Status.FAILED, Status.EXPIRED, Status.UNKNOWN,
)  # fmt: skip


@pytest.fixture
def town(store: Store) -> Store:
    """Broadcast 1 to three people: messages 1 to 3, claimed."""

    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 3)
        announce(connection, Audience(everyone=True), NOW, written_for=("main",))
        assert len(outbox.claim(connection, "main", outbox.lanes(connection)[0], NOW, 9)) == 3

    store.write(build)
    return store


def leave(store: Store, key: int, *ids: str) -> Merged:
    result = Result(key, 1, SENT, external_id=ids[0], handed_ms=NOW, contact_id=key, further_ids=ids[1:])
    return store.write(lambda c: outbox.settle(c, "main", [result], NOW))


def merge(store: Store, *found: Report) -> Merged:
    return store.write(lambda c: outbox.merge_reports(c, found, now_ms=NOW))


def told(external_id: str, status: Status, error: str = "") -> Report:
    return Report("main", status, external_id=external_id, error=error)


def fate(store: Store, key: int = 1) -> tuple[str, str]:
    row = store.read(lambda c: sql.run(c, "SELECT status, error FROM outbox WHERE id = ?", (key,)).one())
    view = store.read(lambda c: broadcasts.get(c, 1))
    assert sum(view.counts.values()) == view.recipients == 3
    assert view.counts[row[0]] >= 1
    return row[0], row[1]


FATES = [
    ([("a", DELIVERED)], ("sent", "")),
    ([("a", DELIVERED), ("b", DELIVERED)], ("sent", "")),
    ([("a", DELIVERED), ("b", DELIVERED), ("c", DELIVERED)], ("delivered", "")),
    ([("a", DELIVERED), ("a", DELIVERED), ("a", DELIVERED)], ("sent", "")),
    ([("b", FAILED)], ("failed", "part 2 of 3: 30005")),
    ([("b", EXPIRED)], ("expired", "part 2 of 3: 30005")),
    ([("a", DELIVERED), ("b", FAILED), ("c", DELIVERED)], ("failed", "part 2 of 3: 30005")),
    ([("c", FAILED), ("b", FAILED)], ("failed", "part 3 of 3: 30005")),
    ([("b", FAILED), ("b", SENT)], ("failed", "part 2 of 3: 30005")),
    ([("b", FAILED), ("a", DELIVERED), ("c", DELIVERED), ("b", DELIVERED)], ("delivered", "")),
    ([("b", DELIVERED), ("b", SENT), ("a", DELIVERED), ("c", DELIVERED)], ("delivered", "")),
    ([("b", UNKNOWN)], ("unknown", "")),
    ([("b", UNKNOWN), ("a", DELIVERED), ("b", DELIVERED), ("c", DELIVERED)], ("delivered", "")),
]  # fmt: skip


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("tale", "end"), FATES)
def test_the_parts_make_the_fate_of_the_message(
    town: Store, tale: list[tuple[str, Status]], end: tuple[str, str], together: bool
) -> None:
    leave(town, 1, "a", "b", "c")
    found = [told(one, status, "30005" if status in (FAILED, EXPIRED) else "") for one, status in tale]
    for batch in [found] if together else [[each] for each in found]:
        merge(town, *batch)
    assert fate(town) == end
    merge(town, *found)  # all of it comes once more
    assert fate(town) == end
    assert fate(town, 2)[0] == "sending"


@pytest.mark.parametrize(
    "order", list(permutations([("a", DELIVERED), ("b", DELIVERED), ("b", SENT), ("c", DELIVERED)]))
)
def test_reports_of_parts_in_any_order_end_the_same(town: Store, order: tuple[tuple[str, Status], ...]) -> None:
    leave(town, 1, "a", "b", "c")
    for one, status in order:
        merge(town, told(one, status))
    assert fate(town) == ("delivered", "")


def test_reports_of_parts_that_outran_our_record_are_matched(town: Store) -> None:
    assert merge(town, told("c", DELIVERED), told("b", FAILED, "no phone")).parked == 2
    assert leave(town, 1, "a", "b", "c").merged == 2
    assert fate(town) == ("failed", "part 2 of 3: no phone")


def test_a_parked_report_of_a_part_is_matched_by_whoever_tends_them(town: Store) -> None:
    leave(town, 1, "a", "b")
    town.write(
        lambda c: sql.run(
            c,
            "INSERT INTO parked_report (channel, external_id, status, error, opted_out, unreachable, blocked, at_ms)"
            " VALUES ('main', 'b', 'failed', 'late', ?, ?, ?, ?)",
            (False, False, False, NOW),
        )
    )
    assert town.write(lambda c: reports.match_parked(c, NOW)).merged == 1
    assert fate(town) == ("failed", "part 2 of 2: late")


def test_a_report_by_our_own_id_is_about_the_whole_message(town: Store) -> None:
    leave(town, 1, "a", "b")
    merge(town, Report("main", DELIVERED, message_id="out-1"))
    assert fate(town) == ("delivered", "")


def test_a_part_is_known_on_its_own_channel_only(town: Store) -> None:
    leave(town, 1, "a", "b")
    assert merge(town, Report("other", FAILED, external_id="b")).parked == 1
    assert fate(town) == ("sent", "")


def test_a_message_with_one_id_costs_no_further_statement(town: Store) -> None:
    said: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(town.writes, "before_cursor_execute", note)
    leave(town, 1, "a")
    assert said
    assert not [statement for statement in said if "outbox_part" in statement or "poll" in statement]
    assert not [statement for statement in said if "contact" in statement.replace("contact_id", "")]
    said.clear()
    merge(town, told("a", SENT), told("a", DELIVERED))
    assert len([statement for statement in said if "outbox_part" in statement]) == 1
