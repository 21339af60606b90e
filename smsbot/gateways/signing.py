"""How providers prove that a webhook is theirs. Pure; every comparison takes constant time."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256

DEFAULT_PORTS = {"https": "443", "http": "80"}


def same(given: str, expected: str) -> bool:
    """Equal, in constant time? *given* comes from the network and may hold anything."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("ascii"))


def hmac_base64(key: bytes, message: bytes, algorithm: str) -> str:
    return b64encode(hmac.digest(key, message, algorithm)).decode("ascii")


def hmac_hex(key: bytes, message: bytes, algorithm: str) -> str:
    return hmac.digest(key, message, algorithm).hex()


def sha256_hex(body: bytes) -> str:
    return sha256(body).hexdigest()


def joined_parameters(pairs: Iterable[tuple[str, str]]) -> str:
    """Name and value of each parameter in order of name, then value; a repeat of the same pair counts once."""
    return "".join([name + value for name, value in sorted(set(pairs))])


def with_other_port(url: str) -> str:
    """*url* with the scheme's default port written out, or without its port where it has one.

    Providers disagree, even with themselves, on whether the port is part of what they sign.
    """
    scheme, separator, rest = url.partition("://")
    cut = next((at for at, letter in enumerate(rest) if letter in "/?#"), len(rest))
    authority, tail = rest[:cut], rest[cut:]
    host, colon, port = authority.rpartition(":")
    if colon and port.isdigit():
        return f"{scheme}{separator}{host}{tail}"
    return f"{scheme}{separator}{authority}:{DEFAULT_PORTS.get(scheme, '443')}{tail}"
