from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways import forms, reading
from smsbot.gateways.base import Response


@given(
    st.binary(max_size=200) | st.lists(st.sampled_from(list("a&=+%C3A9ფ")), max_size=40).map("".join).map(str.encode)
)
def test_a_form_is_read_as_the_standard_library_reads_it(body: bytes) -> None:
    expected = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    assert forms.pairs(body) == expected


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
