"""Whatever comes in, a problem with a sentence goes out, and never a trace."""

from __future__ import annotations

import logging

import pytest

from smsbot.store.database import Store
from tests.web.composition import ALICE, Client, Composition, is_problem


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"", 400, None),
        (b"{", 400, None),
        (b"\xff\xfe", 400, None),
        (b'{"to": NaN}', 400, None),
        (b"[" * 100_000, 400, None),
        (b'{"to": "+995599123456", "text": "\\ud800"}', 400, None),
        (b"[]", 422, None),
        (b"null", 422, None),
        (b"{}", 422, "to"),
        (b'{"to": "+995599123456", "text": "x", "colour": 1}', 422, "colour"),
        (b'{"to": "+995599123456", "text": ""}', 422, "text"),
        (b'{"to": "+995599123456", "text": "   \\n "}', 422, "text"),
        (b'{"to": "+995599123456", "text": 5}', 422, "text"),
        (b'{"to": "+995599123456", "text": "a\\u0000b"}', 422, "text"),
        (b'{"to": "mayor", "text": "x"}', 422, "to"),
        (b'{"to": "12", "text": "x"}', 422, "to"),
        (b'{"to": null, "text": "x"}', 422, "to"),
        (b'{"to": "+995599123456", "text": "' + b"x" * 2000 + b'"}', 422, "text"),
    ],
)
async def test_a_message_that_cannot_be_sent_is_refused_with_its_field(
    api: Client, body: bytes, status: int, field: str | None
) -> None:
    problem = is_problem(await api.post("/api/messages", content=body), status)
    assert problem.get("field") == field
    if field:
        assert field in str(problem["errors"])
    assert "pydantic" not in str(problem)


@pytest.mark.parametrize(
    "path",
    [
        "/api/messages?limit=0", "/api/messages?limit=1001", "/api/messages?limit=x", "/api/messages?cursor=1",
        "/api/messages?cursor=%00", "/api/messages?number=mayor", "/api/messages?direction=up",
        "/api/messages?colour=red", "/api/messages?limit=1&limit=2", "/api/topics?cursor=-1",
        "/api/inbox?cursor=open.x", "/api/inbox?state=lost", "/simulator/messages",
    ],
)  # fmt: skip
async def test_a_bad_parameter_is_422_and_named(api: Client, path: str) -> None:
    assert is_problem(await api.get(path), 422)["field"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/api/topics/", 404),
        ("PUT", "/api/topics", 405),
        ("PATCH", "/api/topics/no-such", 404),
        ("PATCH", "/api/topics/%00", 404),
        ("POST", "/api/inbox/99999999999999999999999/answered", 404),
        ("POST", "/healthz", 405),
        ("DELETE", "/", 405),
    ],
)
async def test_wrong_addresses_and_methods_are_problems_too(api: Client, method: str, path: str, status: int) -> None:
    body = {"active": False} if method == "PATCH" else None
    answer = await api.request(method, path, json=body)
    is_problem(answer, status)
    if status == 405:
        assert "GET" in answer.headers["allow"]


async def test_a_body_over_a_mebibyte_is_413_announced_or_streamed(api: Client) -> None:
    is_problem(await api.post("/api/messages", content=b"x" * (1024 * 1024 + 1)), 413)

    async def stream():  # type: ignore[no-untyped-def]
        for _ in range(17):
            yield b"x" * 65_536

    is_problem(await api.post("/api/messages", content=stream()), 413)


async def test_head_answers_like_get_without_key_confusion(api: Client) -> None:
    assert (await api.head("/api/topics")).status_code == 200
    assert (await api.head("/healthz")).status_code == 200


async def test_what_nobody_foresaw_is_a_500_with_a_reference_and_no_word_of_it(
    api: Client, service: Composition, caplog: pytest.LogCaptureFixture
) -> None:
    async def explode(number: str, text: str, by: str) -> object:
        raise RuntimeError(f"{number} wrote {text}")

    service.queue_personal = explode  # type: ignore[method-assign,assignment]
    with caplog.at_level(logging.ERROR):
        answer = await api.post("/api/messages", json={"to": ALICE, "text": "a private matter"})
    problem = is_problem(answer, 500)
    assert str(problem["reference"]) in caplog.text
    assert "RuntimeError" in caplog.text
    assert "555000001" not in caplog.text + answer.text
    assert "private" not in caplog.text + answer.text
    assert "Traceback" not in caplog.text + answer.text


async def test_a_database_that_is_gone_is_503_with_a_sentence(service: Composition, store: Store) -> None:
    async with Client(service) as client:
        store.write(lambda on: on.exec_driver_sql("DROP TABLE staff"))
        store.write(lambda on: on.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
        problem = is_problem(await client.get("/readyz"), 503)
        assert "newer version" in str(problem["detail"])
        assert (await client.get("/healthz")).status_code == 200


async def test_webhooks_never_meet_the_router(service: Composition) -> None:
    async with Client(service, key=None) as client:
        await client.post("/channels/main/inbound", content=b"x" * (2 * 1024 * 1024))
    assert service.hook_paths == ["/channels/main/inbound"]


async def test_every_answer_carries_the_security_headers(api: Client) -> None:
    for path in ("/", "/docs", "/simulator", "/api/topics", "/api/nothing", "/static/phone.js", "/openapi.json"):
        headers = (await api.get(path)).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
