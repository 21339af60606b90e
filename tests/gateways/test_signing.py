from __future__ import annotations

from base64 import b64decode

import pytest

from smsbot.gateways import signing


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
