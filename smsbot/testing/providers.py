"""How the world's providers sign what they send, written from their documentation and not from our verifying code."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def vonage_sig(fields: Mapping[str, str], secret: str, method: str) -> str:
    """`sig` of a webhook of Vonage's SMS API."""
    joined = ""
    for name in sorted(fields):
        joined += "&" + name + "=" + fields[name].replace("&", "_").replace("=", "_")
    if method == "md5hash":
        return hashlib.md5((joined + secret).encode(), usedforsecurity=False).hexdigest()
    return hmac.new(secret.encode(), joined.encode(), method).hexdigest()


def jwt(claims: Mapping[str, object], secret: str, algorithm: str = "HS256") -> str:
    """A token of RFC 7519 in the compact form. *algorithm* `none`: without a signature."""
    head = _base64url(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    signed = f"{head}.{_base64url(json.dumps(dict(claims)).encode())}"
    if algorithm == "none":
        return signed + "."
    return f"{signed}.{_base64url(hmac.new(secret.encode(), signed.encode(), 'sha' + algorithm[2:]).digest())}"


def messagebird_claims(url: str, body: bytes, at_s: int) -> dict[str, object]:
    """What MessageBird's token says of a request to *url* at *at_s*."""
    claims: dict[str, object] = {
        "iss": "MessageBird", "nbf": at_s, "exp": at_s + 60, "jti": "j-1",
        "url_hash": hashlib.sha256(url.encode()).hexdigest(),
    }  # fmt: skip
    return claims | ({"payload_hash": hashlib.sha256(body).hexdigest()} if body else {})


def sinch_headers(body: bytes, secret: str, *, nonce: str = "01ABC", timestamp: str = "1700000000") -> dict[str, str]:
    signed = body + b"." + nonce.encode() + b"." + timestamp.encode()
    return {
        "content-type": "application/json",
        "x-sinch-webhook-signature": b64encode(hmac.new(secret.encode(), signed, "sha256").digest()).decode(),
        "x-sinch-webhook-signature-nonce": nonce,
        "x-sinch-webhook-signature-timestamp": timestamp,
    }


def telnyx_headers(body: bytes, key: Ed25519PrivateKey, at_s: int) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "telnyx-timestamp": str(at_s),
        "telnyx-signature-ed25519": b64encode(key.sign(f"{at_s}|".encode() + body)).decode(),
    }


def plivo_headers(url: str, fields: Mapping[str, str], token: str, *, nonce: str = "12345") -> dict[str, str]:
    """Version 3 of the signature of a posted form."""
    parts = urlsplit(url)
    query = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True)))
    base = f"{parts.scheme}://{parts.netloc}{parts.path}?{query}" + ("." if query else "")
    signed = base + "".join(name + fields[name] for name in sorted(fields)) + "." + nonce
    proof = b64encode(hmac.new(token.encode(), signed.encode(), "sha256").digest()).decode()
    return {"x-plivo-signature-v3": proof, "x-plivo-signature-v3-nonce": nonce}


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
