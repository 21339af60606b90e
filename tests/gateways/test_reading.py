from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways import forms, reading
from smsbot.gateways.base import Balance, Hook, Received, Response, StatusChange


@given(
    st.binary(max_size=200) | st.lists(st.sampled_from(list("a&=+%C3A9ფ")), max_size=40).map("".join).map(str.encode)
)
def test_a_form_is_read_as_the_standard_library_reads_it(body: bytes) -> None:
    expected = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    assert forms.pairs(body) == expected


PIECES = st.text(st.characters(exclude_categories=("Cs",))) | st.text("+=&%?:/. aZ09", max_size=12)


@given(st.lists(st.tuples(PIECES, PIECES)))
def test_a_form_is_written_as_the_standard_library_writes_it(fields: list[tuple[str, str]]) -> None:
    assert forms.encoded(fields) == urlencode(fields)


@given(st.text())
def test_what_was_cleaned_can_be_stored(text: str) -> None:
    cleaned = reading.clean(text + "\0\ud800x")
    assert "\0" not in cleaned
    cleaned.encode("utf-8")
    assert cleaned.endswith("\ufffdx")


@pytest.mark.parametrize(
    "written, instant",
    [
        ("1700000000", 1_700_000_000_000),
        ("1700000000123", 1_700_000_000_123),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000),
        ("2023-11-15T02:13:20+04:00", 1_700_000_000_000),
        ("2023-11-14 22:13:20", 1_700_000_000_000),
        ("2016-10-06T09:28:39.220+0000", 1_475_746_119_220),
        ("", None),
        ("yesterday", None),
        ("99999999999999999999999999", None),
        ("-5", None),
        ("%T", None),
    ],
)
def test_a_time_is_read_in_every_spelling(written: str, instant: int | None) -> None:
    assert reading.instant_ms(written) == instant


@pytest.mark.parametrize(
    "headers, wait_s",
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "999999999"}, 3_600.0),
        ({"retry-after": "Wed, 01 Jan 2025 00:00:30 GMT", "date": "Wed, 01 Jan 2025 00:00:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 01 Jan 2025 00:00:00 GMT", "date": "Wed, 01 Jan 2025 00:00:30 GMT"}, 0.0),
        ({"retry-after": "Wed, 01 Jan 2025 00:00:30 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], wait_s: float | None) -> None:
    assert reading.retry_after_s(Response(429, headers, b"")) == wait_s


@pytest.mark.parametrize(
    "status, kind",
    [
        (302, Misconfigured),
        (400, Refused),
        (401, Misconfigured),
        (403, Misconfigured),
        (404, Refused),
        (429, Throttled),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_an_http_status_alone_already_tells_something(status: int, kind: type[GatewayError]) -> None:
    error = reading.by_http_status(Response(status, {}, b""))
    assert type(error) is kind
    assert error.code == str(status)


@pytest.mark.parametrize(
    "url, expected",
    [
        ("http://a/s", "http://a/s?id=m-1&token=a%2Bb"),
        ("http://a/s?x=1", "http://a/s?x=1&id=m-1&token=a%2Bb"),
        ("http://a/s?token=z", "http://a/s?token=z&id=m-1"),
    ],
)
def test_our_id_and_token_join_the_query_once(url: str, expected: str) -> None:
    assert reading.with_query(url, {"id": "m-1", "token": "a+b"}) == expected


@pytest.mark.parametrize("body", [b"", b"[1", b"\xff\xfe", b"[" * 100_000, b'"text"', b"[]", b"null"])
def test_what_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(HookMalformed):
        reading.json_object(body)


@pytest.mark.parametrize(
    "value, text", [(True, "true"), (7, "7"), (1.5, "1.5"), ("a\0", "a"), (None, ""), ([], ""), ({}, "")]
)
def test_a_scalar_of_json_becomes_text(value: object, text: str) -> None:
    assert reading.word(value) == text


def test_a_number_too_long_to_write_is_no_text() -> None:
    assert reading.word(10**5000) == ""


def hook(method: str, query: str, body: bytes, content_type: str = "application/x-www-form-urlencoded") -> Hook:
    return Hook(method, f"https://x.ge/?{query}", {"content-type": content_type}, parse_qsl(query), body)


@pytest.mark.parametrize(
    "given_hook, told",
    [
        (hook("GET", "a=1&b=2&a=3&token=t&message_id=out-1", b""), {"a": "1", "b": "2"}),
        (hook("GET", "a=1", b"a=2"), {"a": "1"}),
        (hook("POST", "a=1&b=2&token=t", b"a=3&c=4"), {"a": "3", "c": "4"}),
        (hook("POST", "a=1&token=t", b""), {"a": "1"}),
        (hook("POST", "", b"token=theirs"), {"token": "theirs"}),
        (hook("POST", "b=2", b'{"a": 1, "c": true, "d": null, "e": {"f": 1}}', "application/json; charset=utf-8"),
         {"a": "1", "c": "true", "d": "", "e": ""}),
        (hook("POST", "", b'{"a": "x\\u0000y"}', ""), {"a": "xy"}),
        (hook("POST", "", b""), {}),
    ],
)  # fmt: skip
def test_what_a_provider_told_is_read_however_it_came(given_hook: Hook, told: dict[str, str]) -> None:
    assert reading.told(given_hook) == told


def test_a_body_that_says_json_and_is_none_is_malformed() -> None:
    with pytest.raises(HookMalformed):
        reading.told(hook("POST", "", b"a=1", "application/json"))


@pytest.mark.parametrize(
    "steps, found",
    [(("a", 0, "b"), 1), (("a", 1), None), (("a", "b"), None), (("x",), None), ((0,), None), ((), {"a": [{"b": 1}]})],
)
def test_the_way_into_a_document_ends_where_it_leads_nowhere(steps: tuple[str | int, ...], found: object) -> None:
    assert reading.inside({"a": [{"b": 1}]}, *steps) == found


def test_a_batch_goes_on_without_what_cannot_be_read() -> None:
    def read(item: object) -> Received:
        if item == "bad":
            raise HookMalformed("The webhook lacks `from`.")
        return Received("+995555000001", str(item), str(item))

    unreadable = StatusChange(None, external_id="unreadable", raw="unreadable: The webhook lacks `from`.")
    assert reading.batch(["a", "bad"], read) == [read("a"), unreadable]
    assert reading.batch([], read) == []
    with pytest.raises(HookMalformed, match="from"):
        reading.batch(["bad", "bad"], read)


@pytest.mark.parametrize(
    "status, amount, expected",
    [
        (200, 9.2, Balance(9.2, "EUR")),
        (200, "300.00", Balance(300.0, "EUR")),
        (200, "KES 1785.50", Balance(1785.5, "KES")),
        (200, -3, Balance(-3.0, "EUR")),
        (200, "much", Unavailable),
        (200, "nan", Unavailable),
        (200, None, Unavailable),
        (200, {"a": 1}, Unavailable),
        (401, 9.2, Misconfigured),
        (429, 9.2, Throttled),
        (500, 9.2, Unavailable),
    ],
)
def test_a_balance_is_a_number_or_an_error(status: int, amount: object, expected: Balance | type[GatewayError]) -> None:
    found = reading.balance(Response(status, {}, b""), amount, "EUR")
    assert found == expected or type(found) is expected
