"""Broadcasts as staff deal with them, and what becomes of them without a dispatcher."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from smsbot.errors import Conflict, Invalid, Missing
from smsbot.outbound.broadcast import Broadcasts, Draft
from smsbot.outbound.expand import PRESSED, Expander
from smsbot.outbound.schedule import QuietHours
from smsbot.outbound.wake import Wake
from smsbot.settings import Settings
from smsbot.status import Status
from smsbot.store import broadcasts, outbox, sql, steering
from smsbot.store.broadcasts import View
from smsbot.store.database import Store
from smsbot.store.fanout import Piece, write_piece
from smsbot.store.outbox import Result
from smsbot.store.writer import Writer
from smsbot.testing.population import populate, settle_directory

pytestmark = pytest.mark.anyio

NOON = 1_800_000_000_000 - 1_800_000_000_000 % 86_400_000 + 8 * 3_600_000  # 12:00 in Tbilisi
HOUR = 3_600_000
DRAFT = Draft(texts={"ka": "წყალი მოვიდა.", "en": "Water is back."}, everyone=True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Desk:
    store: Store
    service: Broadcasts
    expander: Expander
    clock: SimpleNamespace

    def counts(self, key: int) -> dict[str, int]:
        view = self.store.read(lambda c: broadcasts.get(c, key))
        assert sum(view.counts.values()) == view.recipients
        return {status: n for status, n in view.counts.items() if n}

    async def tend(self) -> None:
        """What the expander does in its rounds, until nothing is left to do at once."""
        while True:
            found = await self.expander._round()
            more = await self.expander._write(found.unwritten) if found.unwritten else found.more
            if not more:
                return


def desk(store: Store, people: int = 6, **sending: Any) -> Desk:
    def build(connection: Connection) -> None:
        settle_directory(connection, ("budget", "culture"), {"city": None, "nikea": "city"})
        populate(connection, people, languages=("ka", "en"))

    store.write(build)
    clock = SimpleNamespace(now_ms=NOON)
    settings = Settings.model_validate({"sending": sending})
    wake = Wake()
    found = SimpleNamespace(
        topics={"budget": 1, "culture": 2}, places={"city": 1, "nikea": 2}, languages=("ka", "en", "ru")
    )
    service = Broadcasts(
        store, settings, clock=lambda: clock.now_ms, directory=lambda: found, channels={"main": None, "short": 1},
        wake=wake,
    )  # fmt: skip
    expander = Expander(
        store, wake=wake, clock=lambda: clock.now_ms, quiet=QuietHours.of(settings), hold_s=settings.sending.hold_s,
        channels=("main", "short"), owner="one",
    )  # fmt: skip
    return Desk(store, service, expander, clock)


async def test_a_broadcast_is_answered_with_its_cost(store: Store) -> None:
    view = await desk(store).service.post(DRAFT, "Nino")
    assert (view.state, view.recipients, view.parts_total) == ("sending", 6, 6)
    assert {language: (share.recipients, share.encoding, share.units, share.parts)
            for language, share in view.by_language.items()} == {
        "ka": (3, "UCS-2", 13, 1), "en": (3, "GSM-7", 14, 1),
    }  # fmt: skip
    assert view.counts["queued"] == 6
    assert sum(view.counts.values()) == 6
    assert view.written == 0


async def test_a_dry_run_says_the_same_and_stores_nothing(store: Store) -> None:
    office = desk(store)
    view = await office.service.post(replace(DRAFT, texts={"en": "Water — “back”."}), "Nino", dry_run=True)
    assert (view.id, view.state, view.recipients) == (0, "sending", 6)
    assert view.forcing == {"en": [("—", "-"), ("“", '"'), ("”", '"')]}
    assert (await office.service.recent())[0] == []


REFUSED: list[tuple[Mapping[str, Any], str]] = [
    ({"texts": {}}, "text"),
    ({"texts": {"ka": " \r\n "}}, "text.ka"),
    ({"texts": {"xx": "hello"}}, "text"),
    ({"texts": {"en": "a" * 1_000}}, "text.en"),
    ({"texts": {"en": "a" * 161}, "channel": "short"}, "text.en"),
    ({"texts": {"en": "a\x00b"}}, "text.en"),
    ({"texts": {"en": "a\ud800b"}}, "text.en"),
    ({"everyone": False}, "topics"),
    ({"everyone": True, "topics": ("budget",)}, "everyone"),
    ({"everyone": False, "topics": ("nothing",)}, "topics"),
    ({"everyone": False, "places": ("nowhere",)}, "places"),
    ({"everyone": False, "places": ("nikea",)}, "places"),  # nobody lives there
    ({"everyone": False, "topics": ("advisors",)}, "topics"),  # nobody wants it
    ({"languages": ("xx",)}, "languages"),
    ({"languages": ()}, "languages"),
    ({"languages": ("ru",)}, "everyone"),  # nobody speaks it
    ({"kind": "advertisement"}, "kind"),
    ({"kind": "promotion"}, "everyone"),  # nobody consented
    ({"missing_translation": "maybe"}, "missing_translation"),
    ({"channel": "pigeon"}, "channel"),
    ({"send_at_ms": NOON - 1}, "send_at"),
    ({"send_at_ms": NOON + HOUR, "expires_ms": NOON + HOUR}, "expires_at"),
    ({"expires_ms": NOON}, "expires_at"),
    ({"urgent": True}, "reason"),
    ({"urgent": True, "reason": "  "}, "reason"),
]


async def test_what_cannot_be_sent_is_refused_with_its_field(store: Store) -> None:
    office = desk(store)
    for change, field in REFUSED:
        with pytest.raises(Invalid) as refused:
            await office.service.post(replace(DRAFT, **change), "Nino")
        assert refused.value.field == field, change
    assert (await office.service.recent())[0] == []


async def test_a_text_leaves_trimmed_with_plain_line_ends_and_composed(store: Store) -> None:
    view = await desk(store).service.post(replace(DRAFT, texts={"en": "  cafe\u0301 {x}\r\nopen\r "}), "Nino")
    assert view.texts == {"en": "café {x}\nopen"}


async def test_a_repeat_under_a_key_answers_the_first_and_another_request_is_refused(store: Store) -> None:
    office = desk(store)
    draft = replace(DRAFT, idempotency_key="k", idempotency_digest="d", send_at_ms=NOON + 1)
    first = await office.service.post(draft, "Nino")
    office.clock.now_ms += HOUR  # its time of sending has passed, and still it is the same answer
    assert (await office.service.post(draft, "Nino")).id == first.id
    with pytest.raises(Invalid) as refused:
        await office.service.post(replace(draft, idempotency_digest="e"), "Nino")
    assert refused.value.field == "Idempotency-Key"
    assert (await office.service.post(replace(draft, send_at_ms=None), "Gia")).id != first.id


@pytest.mark.parametrize(
    ("sending", "send_at_ms", "first"),
    [({}, None, "sending"), ({}, NOON + 1, "scheduled"), ({"hold_s": 60}, None, "scheduled"),
     ({"approvals": 1}, None, "awaiting_approval")],
)  # fmt: skip
async def test_a_repeat_is_answered_as_the_first_was_whatever_has_become_of_it(
    store: Store, sending: dict[str, int], send_at_ms: int | None, first: str
) -> None:
    office = desk(store, **sending)
    draft = replace(DRAFT, idempotency_key="k", idempotency_digest="d", send_at_ms=send_at_ms)
    made = await office.service.post(draft, "Nino")
    assert made.state == first
    if sending.get("approvals"):
        await office.service.approve(made.id, "Gia")
    office.clock.now_ms += HOUR
    await office.tend()
    assert (await office.service.get(made.id)).state == "sending"
    assert (await office.service.post(draft, "Nino")).state == first
    await office.service.cancel(made.id)
    assert (await office.service.post(draft, "Nino")).state == first


async def test_two_repeats_at_once_make_one_broadcast(store: Store) -> None:
    office = desk(store)
    draft = replace(DRAFT, idempotency_key="k", idempotency_digest="d")
    views: list[View] = await asyncio.gather(*(office.service.post(draft, "Nino") for _ in range(4)))
    assert len({view.id for view in views}) == 1


async def test_somebody_else_approves_and_the_hold_passes_before_anything_leaves(store: Store) -> None:
    office = desk(store, approvals=1, hold_s=60)
    key = (await office.service.post(DRAFT, "Nino")).id
    await office.tend()
    assert (await office.service.get(key)).state == "awaiting_approval"
    with pytest.raises(Conflict, match="somebody else"):
        await office.service.approve(key, "Nino")
    view = await office.service.approve(key, "Gia")
    assert (view.state, view.approved_by, view.starts_ms) == ("scheduled", "Gia", NOON + 60_000)
    with pytest.raises(Conflict):
        await office.service.approve(key, "Gia")
    office.clock.now_ms += 60_000
    await office.tend()
    assert (await office.service.get(key)).state == "sending"
    assert (await office.service.get(key)).written == 6


async def test_quiet_hours_delay_the_start_but_not_of_an_urgent_one(store: Store) -> None:
    office = desk(store)
    office.clock.now_ms = NOON + 10 * HOUR  # 22:00
    view = await office.service.post(DRAFT, "Nino")
    assert (view.state, view.starts_ms) == ("scheduled", NOON + 21 * HOUR)
    urgent = await office.service.post(replace(DRAFT, urgent=True, reason="flood"), "Nino")
    assert urgent.state == "sending"
    office.clock.now_ms = NOON + 21 * HOUR
    await office.tend()
    assert (await office.service.get(view.id)).state == "sending"


async def test_a_broadcast_is_written_out_once_whatever_the_pieces(store: Store) -> None:
    office = desk(store, people=2_500)
    office.expander._span = 700
    key = (await office.service.post(DRAFT, "Nino")).id
    await office.tend()
    rows = store.read(
        lambda c: sql.run(
            c, "SELECT count(*), count(DISTINCT contact_id), count(DISTINCT text_id), min(channel) FROM outbox"
        ).one()
    )
    assert tuple(rows) == (2_500, 2_500, 2, "main")
    assert office.counts(key) == {"queued": 2_500}


async def test_pieces_are_shorter_while_somebody_waits_for_them(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    office = desk(store)
    piece = Piece(rows=5_000, contacts=5_000, complete=False)
    office.expander._adapt(piece, office.expander._piece_s)
    alone = office.expander._span
    resting = Writer(store.writes, threads=1)  # not started, so a job waits
    monkeypatch.setattr(store, "writer", resting)
    resting.post(lambda _: None, lambda *_: None, urgent=False)
    office.expander._adapt(piece, office.expander._piece_s)
    assert office.expander._span == alone, "what is patient may wait"
    resting.post(lambda _: None, lambda *_: None)
    office.expander._adapt(piece, office.expander._piece_s)
    assert office.expander._span == alone // PRESSED


async def test_a_crash_between_two_pieces_loses_and_doubles_nothing(store: Store) -> None:
    office = desk(store, people=30)
    key = (await office.service.post(DRAFT, "Nino")).id
    store.write(lambda c: write_piece(c, key, ("main",), NOON, 10))

    def dies(connection: Connection) -> None:
        write_piece(connection, key, ("main",), NOON, 10)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write(dies)
    view = await office.service.get(key)
    assert (view.written, view.counts["queued"]) == (10, 30)
    await office.tend()
    assert (await office.service.get(key)).written == 30
    assert office.counts(key) == {"queued": 30}


async def test_recipients_become_who_was_written_for(store: Store) -> None:
    office = desk(store)
    key = (await office.service.post(DRAFT, "Nino")).id
    store.write(lambda c: sql.run(c, "UPDATE contact SET state = 'stopped' WHERE id IN (1, 3)"))
    store.write(lambda c: populate(c, 1, first=7, languages=("ru",)))
    await office.tend()
    view = await office.service.get(key)
    assert (view.recipients, view.written, view.parts_total) == (5, 5, 5)
    assert {language: share.recipients for language, share in view.by_language.items()} == {"ka": 4, "en": 1}
    assert office.counts(key) == {"queued": 5}


async def test_people_get_it_through_the_channel_they_last_wrote_to(store: Store) -> None:
    office = desk(store)
    store.write(lambda c: sql.run(c, "UPDATE contact SET last_channel = 'short' WHERE id = 1"))
    store.write(lambda c: sql.run(c, "UPDATE contact SET last_channel = 'deaf' WHERE id = 2"))
    await office.service.post(DRAFT, "Nino")
    await office.tend()
    rows = store.read(lambda c: sql.run(c, "SELECT channel FROM outbox ORDER BY contact_id").scalars().all())
    assert rows == ["short", "main", "main", "main", "main", "main"]


@pytest.mark.parametrize("pieces", [0, 1, 9])
async def test_a_cancelled_broadcast_is_counted_right_at_once(store: Store, pieces: int) -> None:
    office = desk(store, people=30)
    key = (await office.service.post(DRAFT, "Nino")).id
    for _ in range(pieces):
        store.write(lambda c: write_piece(c, key, ("main",), NOON, 10))
    held = store.write(lambda c: outbox.claim(c, "main", outbox.lanes(c)[0], NOON, 4))
    view = await office.service.cancel(key)
    assert view.state == "cancelled"
    assert office.counts(key) == {"cancelled": 30 - len(held)} | ({"sending": len(held)} if held else {})
    store.write(lambda c: outbox.settle(c, "main", [Result(m.id, key, Status.SENT, handed_ms=1) for m in held], NOON))
    await office.tend()
    assert office.counts(key) == {"cancelled": 30 - len(held)} | ({"sent": len(held)} if held else {})
    with pytest.raises(Conflict, match="was cancelled"):
        await office.service.cancel(key)


async def test_what_a_dead_dispatcher_held_of_a_cancelled_broadcast_becomes_unknown(store: Store) -> None:
    office = desk(store)
    key = (await office.service.post(DRAFT, "Nino")).id
    await office.tend()
    store.write(lambda c: outbox.claim(c, "main", outbox.lanes(c)[0], NOON, 4))
    await office.service.cancel(key)
    office.clock.now_ms += 30_000
    await office.tend()
    assert office.counts(key) == {"cancelled": 2, "unknown": 4}


async def test_a_large_cancelled_broadcast_is_marked_in_pieces(store: Store) -> None:
    office = desk(store, people=50)
    key = (await office.service.post(DRAFT, "Nino")).id
    await office.tend()

    def cancel(connection: Connection) -> None:
        sql.run(connection, "UPDATE broadcast SET state = 'cancelled'")
        steering.call_off(connection, key, Status.CANCELLED, NOON, 20)

    store.write(cancel)
    assert office.counts(key) == {"queued": 30, "cancelled": 20}
    await office.tend()
    assert office.counts(key) == {"cancelled": 50}


async def test_pause_and_resume_in_the_middle_of_being_written(store: Store) -> None:
    office = desk(store, people=30)
    key = (await office.service.post(DRAFT, "Nino")).id
    store.write(lambda c: write_piece(c, key, ("main",), NOON, 10))
    assert (await office.service.pause(key)).state == "paused"
    await office.tend()
    assert (await office.service.get(key)).written == 10
    assert store.read(outbox.lanes) == []
    assert (await office.service.resume(key)).state == "sending"
    await office.tend()
    assert office.counts(key) == {"queued": 30}
    with pytest.raises(Conflict, match="only a paused one"):
        await office.service.resume(key)


async def test_a_paused_scheduled_broadcast_is_scheduled_again(store: Store) -> None:
    office = desk(store)
    key = (await office.service.post(replace(DRAFT, send_at_ms=NOON + HOUR), "Nino")).id
    await office.service.pause(key)
    office.clock.now_ms += 2 * HOUR
    await office.tend()
    assert (await office.service.get(key)).written == 0
    assert (await office.service.resume(key)).state == "sending"


async def test_what_is_past_its_expiry_is_called_off(store: Store) -> None:
    office = desk(store, people=30)
    begun = (await office.service.post(replace(DRAFT, expires_ms=NOON + HOUR), "Nino")).id
    store.write(lambda c: write_piece(c, begun, ("main",), NOON, 10))
    await office.service.pause(begun)
    later = (await office.service.post(replace(DRAFT, send_at_ms=NOON + 1, expires_ms=NOON + HOUR), "Nino")).id
    office.clock.now_ms += HOUR
    await office.tend()
    for key in (begun, later):
        assert office.counts(key) == {"expired": 30}
        assert (await office.service.get(key)).state == "done"


async def test_a_correction_goes_to_exactly_those_whose_message_has_left(store: Store) -> None:
    office = desk(store)
    key = (await office.service.post(replace(DRAFT, channel="main", urgent=True, reason="flood"), "Nino")).id
    with pytest.raises(Invalid):
        await office.service.correction(key, {"en": "Sorry."}, "Nino")
    await office.tend()
    held = store.write(lambda c: outbox.claim(c, "main", outbox.lanes(c)[0], NOON, 5))
    ends = [
        (Status.SENT, 1), (Status.DELIVERED, 1), (Status.UNKNOWN, None), (Status.FAILED, None),
        (Status.FAILED, 1),
    ]  # fmt: skip
    results = [Result(m.id, key, end, handed_ms=at) for m, (end, at) in zip(held, ends, strict=True)]
    store.write(lambda c: outbox.settle(c, "main", results, NOON))
    await office.service.cancel(key)
    view = await office.service.correction(key, {"en": "Sorry."}, "Nino")
    assert (view.recipients, view.corrects, view.channel, view.urgent) == (4, key, "main", True)
    await office.tend()
    rows = store.read(
        lambda c: sql.run(
            c, "SELECT contact_id FROM outbox WHERE broadcast_id = ? ORDER BY contact_id", (view.id,)
        ).scalars().all()
    )  # fmt: skip
    assert rows == [1, 2, 3, 5]
    assert len(store.write(lambda c: outbox.claim(c, "main", outbox.lanes(c)[0], NOON, 9))) == 4


async def test_an_unknown_broadcast_is_missing(store: Store) -> None:
    service = desk(store).service
    for call in (service.get(9), service.approve(9, "Gia"), service.cancel(9), service.correction(9, {"en": "x"}, "n")):
        with pytest.raises(Missing):
            await call


async def test_the_list_is_newest_first_in_pages(store: Store) -> None:
    service = desk(store).service
    keys = [(await service.post(DRAFT, "Nino")).id for _ in range(5)]
    first, cursor = await service.recent(None, 2)
    second, following = await service.recent(cursor, 3)
    assert [view.id for view in first + second] == keys[::-1]
    assert (cursor, following) == (str(keys[3]), None)
    with pytest.raises(Invalid):
        await service.recent("x", 2)


async def test_a_holiday_is_told_before_and_after_a_broadcast_is_stored(store: Store) -> None:
    office = desk(store, weekend_quiet_from="00:00", weekend_quiet_until="24:00", extra_holidays=["2027-01-18"])
    friday = 1_800_000_000_000  # 15 January 2027, 12:00 in Tbilisi; Tuesday is a holiday of the calendar, Monday ours
    office.clock.now_ms = friday + 9 * HOUR
    wednesday = friday + 4 * 24 * HOUR + 21 * HOUR  # at 09:00
    asked = await office.service.post(DRAFT, "Nino", dry_run=True)
    made = await office.service.post(DRAFT, "Nino")
    assert [(view.state, view.starts_ms) for view in (asked, made)] == [("scheduled", wednesday)] * 2
    for now_ms, state in ((wednesday - 1, "scheduled"), (wednesday, "sending")):
        office.clock.now_ms = now_ms
        await office.tend()
        assert (await office.service.get(made.id)).state == state


async def test_an_urgent_broadcast_passes_a_holiday(store: Store) -> None:
    office = desk(store, weekend_quiet_from="00:00", weekend_quiet_until="24:00")
    office.clock.now_ms = 1_800_000_000_000 + 24 * HOUR  # a Saturday
    assert (await office.service.post(replace(DRAFT, urgent=True, reason="A flood"), "Nino")).state == "sending"


async def test_a_broadcast_that_cannot_be_written_out_is_paused_and_keeps_no_other(store: Store) -> None:
    office = desk(store)
    odd, other = await office.service.post(DRAFT, "Nino"), await office.service.post(DRAFT, "Nino")
    store.write(lambda c: sql.run(c, "UPDATE broadcast SET audience = '{' WHERE id = ?", (odd.id,)))
    await office.tend()
    states = store.read(lambda c: sql.run(c, "SELECT state FROM broadcast ORDER BY id").scalars().all())
    assert states == ["paused", "sending"]
    assert office.counts(other.id) == {"queued": 6}


async def test_a_duty_that_fails_keeps_no_other_from_being_done(
    store: Store, logged: list[MutableMapping[str, Any]]
) -> None:
    """Here: reports that wait for their message are of a kind that nobody knows."""
    office = desk(store)
    later = await office.service.post(replace(DRAFT, send_at_ms=NOON + HOUR), "Nino")

    def park(connection: Connection) -> None:
        for status in ("delivered", "arrived by pigeon"):
            columns = "channel, external_id, status, error, opted_out, unreachable, blocked, at_ms"
            values: tuple[Any, ...] = ("main", "x", status, "", False, False, False, NOON + HOUR)
            sql.run(connection, f"INSERT INTO parked_report ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        columns = "channel, broadcast_id, parts, status, error, created_ms, attempts, forget, external_id"
        values = ("main", 0, 1, "sent", "", 0, 0, False, "x")
        sql.run(connection, f"INSERT INTO outbox ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    store.write(park)
    office.clock.now_ms += HOUR
    await office.tend()
    assert office.counts(later.id) == {"queued": 6}
    assert {entry["duty"] for entry in logged if entry["log_level"] == "error"} == {"_match"}
    office.clock.now_ms += HOUR
    await office.tend()
    await office.tend()
    assert store.read(lambda c: sql.run(c, "SELECT count(*) FROM parked_report").scalar()) == 0
