"""The webhooks as ASGI: each refusal has its status, and an acknowledgement means that all is committed."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Connection, func, select, update

from smsbot.clock import now_ms
from smsbot.compose import blueprint, seed_topics
from smsbot.gateways.registry import channels
from smsbot.inbound.bot import Bot
from smsbot.inbound.hooks import BODY_LIMIT, Hooks
from smsbot.inbound.reports import Reports
from smsbot.inbound.routes import Routes
from smsbot.inbound.turns import Turns
from smsbot.settings import Settings
from smsbot.store import directory
from smsbot.store.database import WRITERS_POSTGRESQL, Store
from smsbot.store.tables import Inbound, Outbox, table
from smsbot.testing.webhooks import twilio_message, twilio_signature

PUBLIC = "https://sms.example.ge"
NUMBER = "+995555000001"
TOKEN = "a+b c%"
CHANNELS = {
    "main": {"gateway": "twilio", "sender": "2020", "account_sid": "AC0", "auth_token": "12345"},
    "box": {"gateway": "kannel", "webhook_token": TOKEN},
    "plain": {"gateway": "http", "base_url": "http://127.0.0.1:9", "webhook_token": TOKEN},
    "pieces": {"gateway": "vonage", "api_key": "k", "api_secret": "s", "webhook_token": TOKEN},
    "ubill": {"gateway": "ubill", "api_key": "k", "brand_id": 1, "webhook_token": TOKEN},
    "simulator": {"gateway": "simulator"},
}


@dataclass
class Answer:
    """What was sent, and what the database held when the answer began."""

    status: int | None = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    texts_at_answer: int = 0
    replies_at_answer: int = 0


class Door:
    """The hooks of one process over *store*."""

    def __init__(self, store: Store, bot: Bot, *, reachable: bool = True) -> None:
        self.store = store
        self._reachable = reachable
        found = channels(CHANNELS)
        routes = Routes({name: name for name in found})
        turns = Turns(store, bot, region="GE", clock=now_ms, routes=routes)
        self.hooks = Hooks(found, turns, Reports(store, clock=now_ms), public_url=PUBLIC)

    async def call(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None, *,
        pieces: Sequence[bytes] | None = None, cut: bool = False,
    ) -> Answer:  # fmt: skip
        """*pieces*: the body as it arrives. *cut*: the caller hangs up before its end."""
        path, _, query = target.partition("?")
        scope: dict[str, Any] = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": [(key.encode(), value.encode("latin-1")) for key, value in (headers or {}).items()],
        }  # fmt: skip
        arriving: list[MutableMapping[str, Any]] = [
            {"type": "http.request", "body": piece, "more_body": True} for piece in (pieces or [body])
        ]
        arriving[-1]["more_body"] = cut
        answer = Answer()

        async def receive() -> MutableMapping[str, Any]:
            return arriving.pop(0) if arriving else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {key.decode(): value.decode() for key, value in message["headers"]}
                answer.texts_at_answer, answer.replies_at_answer = self.count(Inbound), self.count(Outbox)
            else:
                answer.body += message["body"]

        await self.hooks(scope, receive, send)
        return answer

    async def twilio(self, sid: str, text: str = "JOIN", **more: Any) -> Answer:
        body, headers = twilio(sid, text)
        return await self.call("POST", "/channels/main/inbound", body, headers, **more)

    def count(self, model: type) -> int:
        if not self._reachable:
            return 0
        return int(self.store.read(lambda c: c.execute(select(func.count()).select_from(table(model))).scalar_one()))

    def rows(self, model: type) -> list[dict[str, Any]]:
        found = table(model)
        return [dict(row._mapping) for row in self.store.read(lambda c: c.execute(select(found).order_by("id")).all())]


def twilio(sid: str, text: str = "JOIN", *, number: str = NUMBER) -> tuple[bytes, dict[str, str]]:
    form = twilio_message(number, text, sid=sid)
    signature = twilio_signature("12345", f"{PUBLIC}/channels/main/inbound", form)
    return urlencode(form).encode(), {"x-twilio-signature": signature}


@pytest.fixture(scope="module")
def bot() -> Callable[[], Bot]:
    engine = blueprint(Settings()).engine
    return lambda: Bot(engine)


@pytest.fixture
def door(store: Store, bot: Callable[[], Bot]) -> Door:
    store.write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
    return Door(store, bot())


@pytest.fixture
async def closed(bot: Callable[[], Bot]) -> AsyncIterator[Door]:
    """Whose database is away."""
    store = Store("postgresql://nobody@127.0.0.1:1/nothing", key=b"k" * 32)
    store.start()
    yield Door(store, bot(), reachable=False)
    store.close()


SIGNED_BODY, SIGNATURE = twilio("SM1")
JSON = {"content-type": "application/json"}
WITH_TOKEN = "?" + urlencode({"token": TOKEN})

REFUSED = [
    ("unknown channel", "POST", "/channels/nobody/inbound", SIGNED_BODY, SIGNATURE, 404),
    ("unknown address", "POST", "/channels/main/elsewhere", SIGNED_BODY, SIGNATURE, 404),
    ("no address", "POST", "/channels/main", SIGNED_BODY, SIGNATURE, 404),
    ("a gateway without webhooks", "POST", "/channels/simulator/inbound", b"", {}, 404),
    ("another method", "PUT", "/channels/main/inbound", SIGNED_BODY, SIGNATURE, 405),
    ("no signature", "POST", "/channels/main/inbound", SIGNED_BODY, {}, 403),
    ("a signature of another body", "POST", "/channels/main/inbound", SIGNED_BODY + b"x", SIGNATURE, 403),
    ("a signature of another address", "POST", "/channels/main/status", SIGNED_BODY, SIGNATURE, 403),
    ("a Host that lies is not asked", "POST", "/channels/main/inbound", SIGNED_BODY,
     {"host": "sms.example.ge", "x-twilio-signature": twilio_signature("12345", "http://sms.example.ge/", {})}, 403),
    ("no token", "GET", "/channels/box/inbound?id=1&from=555000001&text=JOIN", b"", {}, 403),
    ("an empty token", "GET", "/channels/box/inbound?id=1&from=555000001&token=", b"", {"x-webhook-token": ""}, 403),
    ("a wrong token", "GET", "/channels/box/inbound?id=1&from=555000001&token=a", b"", {}, 403),
    ("a wrong token in the header", "POST", "/channels/plain/inbound", b"{}", JSON | {"x-webhook-token": "\xff"}, 403),
    ("no id", "GET", f"/channels/box/inbound{WITH_TOKEN}&from=555000001&text=JOIN", b"", {}, 400),
    ("no sender", "GET", f"/channels/box/inbound{WITH_TOKEN}&id=1&text=JOIN", b"", {}, 400),
    ("no JSON", "POST", f"/channels/plain/inbound{WITH_TOKEN}", b"{", JSON, 400),
    ("JSON without fields", "POST", f"/channels/plain/inbound{WITH_TOKEN}", b"[1, 2]", JSON, 400),
    ("deep JSON", "POST", f"/channels/plain/inbound{WITH_TOKEN}", b"[" * 100_000, JSON, 400),
    ("a batch of which none has a sender", "POST", f"/channels/plain/inbound{WITH_TOKEN}",
     b'[{"id": "1", "text": "JOIN"}, {"id": "2", "text": "JOIN"}]', JSON, 400),
    ("a large body", "POST", "/channels/main/inbound", b"x" * (BODY_LIMIT + 1), SIGNATURE, 413),
]  # fmt: skip


async def test_what_is_refused_leaves_nothing_behind(door: Door) -> None:
    answers = {
        name: await door.call(method, target, body, headers) for name, method, target, body, headers, _ in REFUSED
    }
    assert {name: answer.status for name, answer in answers.items()} == {case[0]: case[5] for case in REFUSED}
    for answer in answers.values():
        assert answer.headers["content-length"] == str(len(answer.body))
        assert (answer.body == b"") == (answer.status == 403)  # no detail
    assert (door.count(Inbound), door.count(Outbox)) == (0, 0)


async def test_a_body_in_pieces_is_put_together_and_one_that_grows_too_large_is_refused(door: Door) -> None:
    body, headers = twilio("SM1")
    pieces = [body[:7], b"", body[7:]]
    assert (await door.call("POST", "/channels/main/inbound", headers=headers, pieces=pieces)).status == 200
    large = [b"x" * 100_000] * 11
    assert (await door.call("POST", "/channels/main/inbound", headers=headers, pieces=large)).status == 413
    assert door.count(Inbound) == 1


async def test_half_a_webhook_is_none(door: Door) -> None:
    """Whoever hangs up in the middle sends again; what came of the text may mean something else than the whole."""
    half = b"id=1&from=555000001&text=STOP"  # the landfill in Likhauri
    answer = await door.call("POST", f"/channels/plain/inbound{WITH_TOKEN}", pieces=[half], cut=True)
    assert answer.status is None
    assert door.count(Inbound) == 0


async def test_the_acknowledgement_is_the_gateway_s_own_and_everything_is_committed_by_then(door: Door) -> None:
    answer = await door.twilio("SM1")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"<Response/>", "text/xml")
    assert (answer.texts_at_answer, answer.replies_at_answer) == (1, 1)
    again = await door.twilio("SM1")
    assert (again.status, again.body) == (200, b"<Response/>")
    assert (again.texts_at_answer, again.replies_at_answer) == (1, 1)


async def test_no_acknowledgement_before_the_commit(door: Door) -> None:
    """Every writer is kept busy: nothing is answered, until they are let go."""
    release, busy = threading.Event(), threading.Semaphore(0)
    writers = 1 if door.store.sqlite else WRITERS_POSTGRESQL

    def hold(_connection: Connection) -> None:
        busy.release()
        assert release.wait(60)

    held = [asyncio.create_task(door.store.run(hold)) for _ in range(writers)]
    try:
        for _ in range(writers):
            assert await asyncio.to_thread(busy.acquire, timeout=60)
        webhooks = [asyncio.create_task(door.twilio(f"SM{n}")) for n in range(5)]
        report = asyncio.create_task(door.call("GET", f"/channels/box/status{WITH_TOKEN}&id=out-1&type=1"))
        for _ in range(5):  # a round trip through the threads that a hasty answer would need
            await door.store.look(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
        assert not any(task.done() for task in (*webhooks, report))
        assert door.count(Inbound) == 0
    finally:
        release.set()
    answers = await asyncio.gather(*webhooks)
    assert [(answer.status, answer.texts_at_answer >= 1) for answer in answers] == [(200, True)] * 5
    assert (await report).status == 200
    assert door.count(Inbound) == 5
    await asyncio.gather(*held)


async def test_a_batch_of_texts_and_reports_is_taken_whole(door: Door) -> None:
    batch = [
        {"id": "1", "from": "555000001", "text": "JOIN"},
        {"id": "2", "from": "555000001", "text": "1 3"},
        {"id": "SM9", "status": "delivered"},
        {"id": "3", "from": "555000002", "text": "გამოწერა"},
        {"id": "1", "from": "555000001", "text": "JOIN"},
        {"id": "SM9", "status": "teleported"},
    ]
    answer = await door.call("POST", f"/channels/plain/inbound{WITH_TOKEN}", json.dumps(batch).encode(), JSON)
    assert (answer.status, answer.texts_at_answer, answer.replies_at_answer) == (200, 3, 3)
    assert [(row["external_id"], row["text"]) for row in door.rows(Inbound)] == [
        ("1", "JOIN"),
        ("2", "1 3"),
        ("3", "გამოწერა"),
    ]


async def test_reports_reach_their_message_at_either_address_and_only_move_forward(door: Door) -> None:
    where = f"{WITH_TOKEN}&from=555000001&text=JOIN&id=1"
    assert (await door.call("GET", f"/channels/box/inbound{where}")).status == 200
    (row,) = door.rows(Outbox)
    door.store.write(lambda c: c.execute(update(table(Outbox)).values(status="sending")))  # a dispatcher has it
    for address, kind, status in (("status", "8", "sent"), ("inbound", "1", "delivered"), ("status", "8", "delivered")):
        answer = await door.call("GET", f"/channels/box/{address}{WITH_TOKEN}&id=out-{row['id']}&type={kind}")
        assert answer.status == 200
        assert door.rows(Outbox)[0]["status"] == status


@pytest.mark.parametrize("given", ["query", "header"])
async def test_the_token_may_stand_in_the_query_or_in_a_header(door: Door, given: str) -> None:
    body = b'{"id": "1", "from": "555000001", "text": "JOIN"}'
    target, headers = "/channels/plain/inbound", dict(JSON)
    if given == "query":
        target += WITH_TOKEN
    else:
        headers["x-webhook-token"] = TOKEN
    assert (await door.call("POST", target, body, headers)).status == 200
    assert door.count(Inbound) == 1


@pytest.mark.parametrize(("proof", "status"), [
    ({"token": TOKEN}, 200), ({"key": TOKEN}, 200), ({"key": "a"}, 403), ({"key": ""}, 403), ({}, 403),
])  # fmt: skip
async def test_a_provider_may_write_the_token_under_its_own_name(
    door: Door, proof: dict[str, str], status: int
) -> None:
    told = urlencode({"event": "sms.delivery.updated", "smsID": "4711", "statusID": "1"} | proof)
    assert (await door.call("GET", f"/channels/ubill/status?{told}")).status == status
    assert (await door.call("GET", f"/channels/box/inbound?id=1&from=555000001&key={TOKEN}")).status == 403


async def test_while_the_database_is_away_the_gateway_is_asked_to_try_again(closed: Door) -> None:
    batch = b'[{"id": "1", "from": "555000001", "text": "JOIN"}, {"id": "SM9", "status": "delivered"}]'
    answers = [
        await closed.twilio("SM1"),
        await closed.call("GET", f"/channels/box/status{WITH_TOKEN}&id=out-1&type=1"),
        await closed.call("POST", f"/channels/plain/inbound{WITH_TOKEN}", batch, JSON),
        await closed.call("POST", "/channels/main/inbound", SIGNED_BODY),  # who lies learns nothing
    ]
    assert [answer.status for answer in answers] == [503, 503, 503, 403]


def vonage_part(text: str, number: int) -> str:
    fields = {
        "token": TOKEN, "msisdn": NUMBER[1:], "to": "2200", "text": text, "type": "text", "messageId": f"v{number}",
        "concat": "true", "concat-ref": "54", "concat-total": "2", "concat-part": str(number),
    }  # fmt: skip
    return f"/channels/pieces/inbound?{urlencode(fields)}"


async def test_rule_19_parts_of_a_text_are_acknowledged_one_by_one_and_answered_once(door: Door) -> None:
    for text, number, rows in (("GET", 2, 0), ("GET", 2, 0), ("BUD", 1, 1), ("BUD", 1, 1)):
        answer = await door.call("GET", vonage_part(text, number))
        assert (answer.status, answer.texts_at_answer, answer.replies_at_answer) == (200, rows, rows)
    (row,) = door.rows(Inbound)
    assert (row["text"], row["number"], row["intent"]) == ("BUDGET", NUMBER, "topic")


async def test_rule_19_a_part_that_cannot_be_kept_is_asked_for_again(closed: Door) -> None:
    assert (await closed.call("GET", vonage_part("BUD", 1))).status == 503


async def test_a_storm_of_webhooks_without_a_database_fills_no_log(
    closed: Door, logged: list[MutableMapping[str, Any]]
) -> None:
    now = [1_000_000]
    closed.hooks._clock = lambda: now[0]
    for serial in range(20):
        assert (await closed.twilio(f"SM{serial}")).status == 503
    now[0] += 1_000
    assert (await closed.twilio("SM20")).status == 503
    assert [line["n"] for line in logged if line["event"] == "webhooks not taken: no database answers"] == [1, 20]
