"""How providers prove that a webhook is theirs, and we that a request is ours. Pure; every comparison takes constant
time."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType

DEFAULT_PORTS = {"https": "443", "http": "80"}

JWT_DIGESTS: Mapping[str, str] = MappingProxyType({"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"})
"""RFC 7518 §3.2. `none` and the algorithms with key pairs are not taken, whatever a token says of itself."""

JWT_LEEWAY_MS = 10_000
"""How far the provider's clock and ours may disagree; MessageBird's tokens live for a minute."""


def same(given: str, expected: str) -> bool:
    """Equal, in constant time? *given* comes from the network and may hold anything."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("ascii"))


def basic(user: str, password: str) -> str:
    """The value of an `Authorization` header with these credentials, RFC 7617 §2, in UTF-8."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")


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


def jwt_claims(token: str, key: bytes, *, at_ms: int, needed: Sequence[str] = ()) -> dict[str, object]:
    """The claims of a JSON Web Token that *key* signed and that holds at *at_ms*; empty for any other.

    `nbf` and `exp` count where they are present; *needed* names the claims that must be. RFC 7515 §3.1, RFC 7519 §4.1.
    """
    head, _, rest = token.partition(".")
    body, _, given = rest.partition(".")
    digest = JWT_DIGESTS.get(str(_jwt_object(head).get("alg")))
    if digest is None:
        return {}
    expected = hmac.digest(key, f"{head}.{body}".encode("utf-8", "replace"), digest)
    if not same(given, urlsafe_b64encode(expected).rstrip(b"=").decode("ascii")):
        return {}
    claims = _jwt_object(body)
    if any(claims.get(name) is None for name in needed):
        return {}
    early, late = claims.get("nbf", 0), claims.get("exp", float("inf"))
    if not (isinstance(early, int | float) and isinstance(late, int | float)):
        return {}
    holds = early * 1_000 <= at_ms + JWT_LEEWAY_MS and late * 1_000 > at_ms - JWT_LEEWAY_MS
    return claims if holds else {}


def _jwt_object(part: str) -> dict[str, object]:
    try:
        value = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):  # no base64, no UTF-8, no JSON
        return {}
    return value if isinstance(value, dict) else {}
