from __future__ import annotations

from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsbot.gateways import signing
from smsbot.testing.providers import jwt


@pytest.mark.parametrize(
    "url, other",
    [
        ("https://a.example/x?y=1", "https://a.example:443/x?y=1"),
        ("http://a.example", "http://a.example:80"),
        ("http://a.example?x=a:1", "http://a.example:80?x=a:1"),
        ("https://a.example:8443/x", "https://a.example/x"),
        ("http://[::1]/x", "http://[::1]:80/x"),
        ("http://[::1]:8000/x", "http://[::1]/x"),
        ("https://user:word@a.example/x", "https://user:word@a.example:443/x"),
    ],
)
def test_the_port_is_added_or_taken_away(url: str, other: str) -> None:
    assert signing.with_other_port(url) == other


def test_credentials_are_written_as_rfc_7617_shows() -> None:
    assert signing.basic("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert signing.basic("test", "123\u00a3") == "Basic dGVzdDoxMjPCow=="


def test_a_signature_of_strange_letters_is_compared_without_a_fault() -> None:
    assert not signing.same("ხელმოწერა\ud800", "abc")
    assert not signing.same("", "abc")
    assert signing.same("abc", "abc")


def test_known_digests() -> None:
    # RFC 4231 §4.3 and RFC 2202 §3, test case 2
    key, message = b"Jefe", b"what do ya want for nothing?"
    assert signing.hmac_hex(key, message, "sha256").startswith("5bdcc146bf60754e6a042426089575c7")
    assert signing.hmac_hex(key, message, "sha1") == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    assert b64decode(signing.hmac_base64(key, message, "sha1")).hex() == signing.hmac_hex(key, message, "sha1")


KEY = "key of thirty-two octets, or more"
NOW_MS = 1_700_000_000_000


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_token_gives_its_claims_to_who_has_the_key(algorithm: str) -> None:
    token = jwt({"iss": "A", "n": 1}, KEY, algorithm)
    assert signing.jwt_claims(token, KEY.encode(), at_ms=NOW_MS) == {"iss": "A", "n": 1}
    assert signing.jwt_claims(token, b"another", at_ms=NOW_MS) == {}
    assert signing.jwt_claims(token, KEY.encode(), at_ms=NOW_MS, needed=("iss", "exp")) == {}


def test_the_token_of_the_standard_is_read() -> None:
    # RFC 7515 §A.1; it ended on 22 March 2011
    key = urlsafe_b64decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==")
    token = (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    assert signing.jwt_claims(token, key, at_ms=1_300_819_380_000)["iss"] == "joe"
    assert signing.jwt_claims(token, key, at_ms=NOW_MS) == {}
    assert signing.jwt_claims(token[:-1] + "l", key, at_ms=1_300_819_380_000) == {}, (
        "the same octets, written otherwise"
    )


@pytest.mark.parametrize(
    "claims, holds",
    [
        ({}, True),
        ({"nbf": 1_700_000_010}, True),
        ({"nbf": 1_700_000_011}, False),
        ({"exp": 1_699_999_991}, True),
        ({"exp": 1_699_999_990}, False),
        ({"exp": 1_699_999_990.5}, True),
        ({"exp": "1800000000"}, False),
        ({"nbf": "1600000000"}, False),
        ({"exp": float("nan")}, False),
        ({"nbf": float("inf")}, False),
        ({"exp": 10**4000}, True),
        ({"exp": None}, False),
    ],
)
def test_a_token_holds_from_its_beginning_to_its_end(claims: dict[str, object], holds: bool) -> None:
    token = jwt({"iss": "A"} | claims, KEY)
    assert bool(signing.jwt_claims(token, KEY.encode(), at_ms=NOW_MS)) is holds


@given(st.text(alphabet="eyJ0.-_=ქA\ud800 ", max_size=40) | st.text())
def test_whatever_is_no_token_has_no_claims(token: str) -> None:
    assert signing.jwt_claims(token, KEY.encode(), at_ms=NOW_MS) == {}


@pytest.mark.parametrize("algorithm", ["none", "HS1", "RS256", "ES256", "hs256"])
def test_a_token_cannot_choose_another_way_of_signing(algorithm: str) -> None:
    signed = jwt({"iss": "A"}, KEY).split(".")[1:]
    for head in (urlsafe_b64encode(f'{{"alg":"{algorithm}"}}'.encode()).rstrip(b"=").decode(),):
        assert signing.jwt_claims(f"{head}.{'.'.join(signed)}", KEY.encode(), at_ms=NOW_MS) == {}
        assert signing.jwt_claims(f"{head}.{signed[0]}.", KEY.encode(), at_ms=NOW_MS) == {}
