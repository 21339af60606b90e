"""Broadcasts as staff deal with them: announce, look, approve, pause, resume, cancel, correct.

A broadcast that may not leave yet (time of sending, hold, quiet hours) is `scheduled`, and `starts_ms` says until when.
One that has begun stays `sending` through the quiet hours; what is not sent by then waits for the morning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from smsbot.clock import Clock
from smsbot.dialogue.stop_hint import NO_HINTS, StopHints
from smsbot.errors import Conflict, Invalid
from smsbot.outbound import drafts
from smsbot.outbound.drafts import Directory, Draft
from smsbot.outbound.schedule import QuietHours, starts_ms
from smsbot.outbound.wake import Wake
from smsbot.settings import Settings
from smsbot.store import audience as audiences
from smsbot.store import broadcasts, steering, variants
from smsbot.store.audience import Audience, Through
from smsbot.store.broadcasts import BroadcastState, View
from smsbot.store.broadcasts import Draft as Stored
from smsbot.store.database import Store
from smsbot.store.shares import TextShare
from smsbot.text.gsm7 import measure

__all__ = ["Broadcasts", "Directory", "Draft"]


class Broadcasts:
    """*channels*: those that can send, in their order, with the parts each allows (None: any number); *hints*: those
    whose texts say where STOP goes."""

    def __init__(
        self, store: Store, settings: Settings, *, clock: Clock, directory: Callable[[], Directory],
        channels: Mapping[str, int | None], wake: Wake, hints: StopHints = NO_HINTS,
    ) -> None:  # fmt: skip
        self._store = store
        self._sending = settings.sending
        self._quiet = QuietHours.of(settings)
        self._clock = clock
        self._directory = directory
        self._channels = channels
        self._wake = wake
        self._hints = hints

    async def post(self, draft: Draft, by: str, dry_run: bool = False) -> View:
        """Announce *draft*, or with *dry_run* only say what it would be. Raises `Invalid`, `Conflict`."""
        if draft.idempotency_key is not None and not dry_run:
            found = await self._repeated(by, draft.idempotency_key, draft.idempotency_digest)
            if found is not None:
                return self._as_first(found)
        now_ms = self._clock()
        directory = self._directory()
        audience = drafts.audience(draft, directory)
        drafts.times(draft, now_ms)
        texts = drafts.texts(draft.texts, directory)
        self._known(draft.channel)
        stored = Stored(
            audience=audience,
            texts=texts,
            by_language={},
            measures={},
            state=BroadcastState.SCHEDULED,
            kind=draft.kind,
            channel=draft.channel,
            urgent=draft.urgent,
            reason=draft.reason.strip(),
            send_at_ms=draft.send_at_ms,
            expires_ms=draft.expires_ms,
            created_by=by,
            idempotency_key=draft.idempotency_key,
            idempotency_digest=draft.idempotency_digest,
        )
        return await self._announce(stored, now_ms, dry_run=dry_run)

    async def correction(self, broadcast_id: int, given: Mapping[str, str], by: str) -> View:
        """A new broadcast to exactly those whose message of the first has left. Kind, channel and urgency are the
        first one's. Who gets the first only later gets no correction: pause or cancel it before."""
        first = await self._store.look(lambda c: broadcasts.get(c, broadcast_id))
        directory = self._directory()
        texts = drafts.texts(given, directory)
        self._known(first.channel)
        stored = Stored(
            audience=Audience(
                default_language=directory.languages[0], promotion=first.kind == "promotion", broadcast=broadcast_id
            ),
            texts=texts,
            by_language={},
            measures={},
            state=BroadcastState.SCHEDULED,
            kind=first.kind,
            channel=first.channel,
            urgent=first.urgent,
            reason=first.reason,
            corrects=broadcast_id,
            created_by=by,
        )
        return await self._announce(stored, self._clock(), dry_run=False)

    async def get(self, broadcast_id: int) -> View:
        return self._shown(await self._store.look(lambda c: broadcasts.get(c, broadcast_id)))

    async def recent(self, cursor: str | None = None, limit: int = 50) -> tuple[list[View], str | None]:
        views, following = await self._store.look(lambda c: broadcasts.recent(c, cursor, limit))
        return [self._shown(view) for view in views], following

    async def approve(self, broadcast_id: int, by: str) -> View:
        return await self._steer(broadcast_id, lambda c, now_ms: steering.approve(c, broadcast_id, by, now_ms))

    async def pause(self, broadcast_id: int, by: str = "") -> View:  # noqa: ARG002  # as the others; kept in the log
        return await self._steer(broadcast_id, lambda c, _now_ms: steering.pause(c, broadcast_id))

    async def resume(self, broadcast_id: int, by: str = "") -> View:  # noqa: ARG002
        return await self._steer(broadcast_id, lambda c, now_ms: steering.resume(c, broadcast_id, now_ms))

    async def cancel(self, broadcast_id: int, by: str = "") -> View:  # noqa: ARG002
        return await self._steer(broadcast_id, lambda c, now_ms: steering.cancel(c, broadcast_id, now_ms))

    async def _announce(self, stored: Stored, now_ms: int, *, dry_run: bool) -> View:
        """*stored* has its texts as they were written; here they become what leaves."""
        written, audience, languages = stored.texts, stored.audience, list(stored.texts)
        usable = tuple(self._channels) if stored.channel is None else (stored.channel,)
        most = self._most_parts(usable)
        texts: dict[str, str] = {}
        shares: dict[str, TextShare] = {}
        groups = self._hints.groups(usable)
        for hint, these in groups:
            leaving = variants.write(written, hint)
            costs = drafts.measures(leaving, most)
            through = Through(usable, these) if len(groups) > 1 else None
            people = await self._store.look(
                partial(audiences.count, audience=audience, texts=languages, now_ms=now_ms, through=through)
            )
            texts |= leaving
            for key, cost in costs.items():
                there = shares[key].recipients if key in shares else 0
                shares[key] = TextShare(
                    there + people.get(variants.split(key)[0], 0), cost.encoding, cost.units, cost.parts
                )
        if not any(share.recipients for share in shares.values()):
            raise Invalid("Nobody would get this message: the audience is empty.", field=drafts.choosing(audience))
        asked = self._sending.approvals > 0
        stored = replace(
            stored,
            texts=texts,
            measures=shares,
            by_language={key: share for key, share in shares.items() if share.recipients},
            state=BroadcastState.AWAITING_APPROVAL if asked else BroadcastState.SCHEDULED,
            approved_ms=None if asked else now_ms,
        )
        if dry_run:
            left_out = 0
            if audience.broadcast is None:
                left_out = await self._store.look(lambda c: audiences.count_dormant(c, audience, languages, now_ms))
            return replace(self._imagined(stored, written, now_ms), dormant=left_out)

        def work(connection: Connection) -> View:
            made = broadcasts.create(connection, stored, now_ms)
            if not made.repeated:
                self._begin_if_due(connection, made.id, now_ms)
            return broadcasts.get(connection, made.id, repeated=made.repeated)

        made = await self._store.run(work)
        if made.repeated:
            return self._as_first(made)
        self._wake.steered(made.id)
        return self._shown(made)

    async def _steer(self, broadcast_id: int, act: Callable[[Connection, int], None]) -> View:
        now_ms = self._clock()

        def work(connection: Connection) -> View:
            act(connection, now_ms)
            self._begin_if_due(connection, broadcast_id, now_ms)
            return broadcasts.get(connection, broadcast_id)

        view = await self._store.run(work)
        self._wake.steered(broadcast_id)
        return self._shown(view)

    def _begin_if_due(self, connection: Connection, broadcast_id: int, now_ms: int) -> None:
        """So that the answer already says `sending` where nothing stands in the way."""
        course = steering.course(connection, broadcast_id)
        if course.state is BroadcastState.SCHEDULED and self._starts(course, now_ms) <= now_ms:
            steering.begin(connection, broadcast_id)

    def _starts(self, what: steering.Course | View | Stored, now_ms: int) -> int:
        return starts_ms(
            self._quiet,
            now_ms=now_ms,
            send_at_ms=what.send_at_ms,
            approved_ms=what.approved_ms,
            hold_s=self._sending.hold_s,
            urgent=what.urgent,
        )

    def _shown(self, view: View) -> View:
        if view.state is not BroadcastState.SCHEDULED:
            return view
        return replace(view, starts_ms=self._starts(view, self._clock()))

    def _as_first(self, view: View) -> View:
        """As it was when it was announced: a repeat of the request is answered as the first was (contract §10)."""
        asked = view.approved_ms is None or bool(view.approved_by)
        first = replace(view, approved_ms=None if asked else view.created_ms)
        state = BroadcastState.AWAITING_APPROVAL
        if not asked:
            begun = self._starts(first, view.created_ms) <= view.created_ms
            state = BroadcastState.SENDING if begun else BroadcastState.SCHEDULED
        return replace(first, state=state)

    def _imagined(self, stored: Stored, written: Mapping[str, str], now_ms: int) -> View:
        starts = self._starts(stored, now_ms)
        state = stored.state
        if state is BroadcastState.SCHEDULED and starts <= now_ms:
            state = BroadcastState.SENDING
        return View(
            id=0,
            state=state,
            kind=stored.kind,
            audience=stored.audience,
            recipients=stored.recipients,
            by_language=variants.by_language(stored.by_language),
            parts_total=stored.parts_total,
            texts=variants.as_shown(stored.texts),
            channel=stored.channel,
            urgent=stored.urgent,
            reason=stored.reason,
            send_at_ms=stored.send_at_ms,
            expires_ms=stored.expires_ms,
            starts_ms=starts if state is BroadcastState.SCHEDULED else None,
            created_ms=now_ms,
            created_by=stored.created_by,
            forcing=drafts.forcing({language: measure(text) for language, text in written.items()}),
        )

    async def _repeated(self, by: str, key: str, digest: str) -> View | None:
        return await self._store.look(lambda c: broadcasts.repeated(c, by, key, digest))

    def _known(self, channel: str | None) -> None:
        if not self._channels:
            raise Conflict("No channel can send: add one with outbound = true to the configuration.")
        if channel is not None and channel not in self._channels:
            raise Invalid("There is no such channel, or it cannot send.", field="channel")

    def _most_parts(self, usable: Iterable[str]) -> int:
        allowed = [self._channels[channel] for channel in usable]
        return min([self._sending.max_parts, *(most for most in allowed if most is not None)])
