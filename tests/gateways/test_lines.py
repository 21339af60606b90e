"""HTTP as providers speak it, in scripted octets over real sockets: what is sent, what is read, what is kept."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from smsbot.gateways import lines
from smsbot.gateways.lines import BODY_CAP, Cut, Lines, NoAddress, NotReached, Unwritable, origin, written

PATIENCE_S = 20.0
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@dataclass
class Provider:
    """Answers each request with the next of *script*; after None it hangs up. *seen*: the heads, by connection."""

    script: list[bytes | None]
    port: int = 0
    seen: list[list[str]] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # a connection has

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine: list[str] = []
        self.seen.append(mine)
        self.writers.append(writer)
        with contextlib.suppress(ConnectionError):
            while head := await _head(reader):
                mine.append(head)
                answer = self.script.pop(0)
                if answer is not None:
                    writer.write(answer)
                if answer is None or self.script[:1] == [None]:
                    break
        if self.script[:1] == [None]:
            self.script.pop(0)
        writer.close()
        self.ended.set()


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return ""
    for line in head.split("\r\n"):
        name, _, value = line.partition(": ")
        if name == "content-length":
            await reader.readexactly(int(value))
    return head


@contextlib.asynccontextmanager
async def provider(*script: bytes | None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Provider]:
    made = Provider(list(script))
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    for writer in made.writers:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@pytest.fixture
async def client() -> AsyncIterator[Lines]:
    made = Lines(timeout_s=PATIENCE_S, connect_s=PATIENCE_S, limit=8)
    yield made
    await made.aclose()


async def ask(client: Lines, to: Provider, path: str = "/x") -> tuple[int, dict[str, str], bytes]:
    return await client.exchange("GET", f"http://127.0.0.1:{to.port}{path}", {}, b"")


READ: Sequence[tuple[str, bytes, int, bytes, bool]] = (
    # what it is, the answer, its status and body, whether the connection is kept
    ("a length", OK, 200, b"hi", True),
    ("no body", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    ("chunks", CHUNKED + b"1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", 200, b"hi", True),
    ("chunks and a trailer", CHUNKED + b"2\r\nhi\r\n0\r\nA: b\r\n\r\n", 200, b"hi", True),
    ("Connection: close", b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", False),
    ("HTTP/1.0", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", False),
    ("a hundred first", b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"hi", True),
    ("early hints first", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK, 200, b"hi", True),
    ("more than is read", b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 200_000, 200, b"x" * BODY_CAP,
     False),
)  # fmt: skip


@pytest.mark.parametrize("case", READ, ids=[row[0] for row in READ])
async def test_an_answer_is_read_to_its_end_and_the_connection_kept_if_it_may_be(
    client: Lines, case: tuple[str, bytes, int, bytes, bool]
) -> None:
    _, answer, status, body, kept = case
    async with provider(answer, OK) as there:
        got = await ask(client, there)
        assert (got[0], got[2]) == (status, body)
        assert (await ask(client, there))[0] == 200
    assert [len(heads) for heads in there.seen] == ([2] if kept else [1, 1])


async def test_an_answer_may_end_with_the_connection(client: Lines) -> None:
    async with provider(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nhi", None) as there:
        assert await ask(client, there) == (200, {"a": "b"}, b"hi")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
        CHUNKED + b"2\r\nhi\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
async def test_one_that_ends_too_early_is_cut(client: Lines, answer: bytes) -> None:
    async with provider(answer, None) as there:
        with pytest.raises(Cut):
            await ask(client, there)


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"and more",
    ],
)
async def test_what_is_no_http_is_cut(client: Lines, answer: bytes) -> None:
    async with provider(answer) as there:
        with pytest.raises(Cut):
            await ask(client, there)


async def test_what_comes_unasked_ends_the_connection_and_is_nobodys_answer(client: Lines) -> None:
    async with provider(OK, None, OK) as there:
        await ask(client, there)
        await asyncio.wait_for(there.ended.wait(), PATIENCE_S)
        assert (await ask(client, there))[0] == 200
    assert [len(heads) for heads in there.seen] == [1, 1]


async def test_a_connection_that_was_idle_for_long_is_closed_and_not_used(
    client: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with provider(OK, OK) as there:
        await ask(client, there)
        monkeypatch.setattr(lines, "KEEP_IDLE_S", 0.0)
        await ask(client, there)
        assert [len(heads) for heads in there.seen] == [1, 1]


async def test_idle_connections_are_closed_by_themselves(client: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "KEEP_IDLE_S", 0.0)
    async with provider(OK) as there:
        await ask(client, there)
        await asyncio.wait_for(there.ended.wait(), PATIENCE_S)


async def test_one_connection_serves_one_request_at_a_time(client: Lines) -> None:
    async with provider(*[OK] * 6) as there:
        await asyncio.gather(*(ask(client, there, f"/{n}") for n in range(3)))
        await asyncio.gather(*(ask(client, there, f"/{n}") for n in range(3)))
    assert sorted(len(heads) for heads in there.seen) == [2, 2, 2]


async def test_who_is_given_up_takes_the_connection_along(client: Lines) -> None:
    async with provider(b"", OK) as there:
        asked = asyncio.create_task(ask(client, there))
        async with asyncio.timeout(PATIENCE_S):
            while not (there.seen and there.seen[0]):  # noqa: ASYNC110  # no event tells it
                await asyncio.sleep(0)
        asked.cancel()
        await asyncio.wait([asked])
        assert (await ask(client, there))[2] == b"hi"
    assert [len(heads) for heads in there.seen] == [1, 1]


ORIGINS = [
    ("http://a.example", (False, "a.example", 80, "a.example", None)),
    ("HTTPS://A.example", (True, "a.example", 443, "a.example", None)),
    ("https://a.example:443", (True, "a.example", 443, "a.example", None)),
    ("https://a.example:80", (True, "a.example", 80, "a.example:80", None)),
    ("http://[::1]:8080", (False, "::1", 8080, "[::1]:8080", None)),
    ("http://me:p%40ss@a.example", (False, "a.example", 80, "a.example", "Basic bWU6cEBzcw==")),
    ("http://me@a.example", (False, "a.example", 80, "a.example", "Basic bWU6")),
    ("http://bücher.example", (False, "xn--bcher-kva.example", 80, "xn--bcher-kva.example", None)),
]


@pytest.mark.parametrize("base, wanted", ORIGINS)
def test_where_a_url_leads(base: str, wanted: tuple[bool, str, int, str, str | None]) -> None:
    made = origin(base)
    assert (made.tls, made.host, made.port, made.host_header, made.authorization) == wanted


@pytest.mark.parametrize(
    "base", ["http://", "http://:80", "http://a:0", "http://a:99999", "http://[::1", "http://a b", "http://a..\u10d0"]
)
def test_or_does_not(base: str) -> None:
    with pytest.raises(NoAddress):
        origin(base)


@pytest.mark.parametrize("url", ["ftp://a.example/", "a.example", "", "file:///etc/passwd"])
async def test_only_http_is_spoken(client: Lines, url: str) -> None:
    with pytest.raises(NoAddress):
        await client.exchange("GET", url, {}, b"")


def test_a_request_as_it_is_written() -> None:
    here = origin("http://me:pw@a.example:81")
    assert (
        written("POST", "/a?b", here, {"X-Key": "ბ", "User-Agent": "other"}, b"body")
        == (
            "POST /a?b HTTP/1.1\r\naccept-encoding: identity\r\nuser-agent: other\r\nx-key: ბ\r\nhost: a.example:81\r\n"
            "authorization: Basic bWU6cHc=\r\ncontent-length: 4\r\n\r\nbody"
        ).encode()
    )
    assert written("GET", "", here, {"authorization": "mine", "host": "b"}, b"") == (
        b"GET / HTTP/1.1\r\naccept-encoding: identity\r\nuser-agent: smsbot\r\nauthorization: mine\r\nhost: b\r\n\r\n"
    )
    assert b"POST /?q HTTP/1.1" in (empty := written("POST", "?q", here, {}, b""))
    assert b"content-length: 0\r\n" in empty


@pytest.mark.parametrize(
    "target, headers",
    [
        ("/a b", {}),
        ("/a\r\nX: y", {}),
        ("/", {"x": "a\r\nY: b"}),
        ("/", {"x": "a\nb"}),
        ("/", {"x\r\ny": "a"}),
        ("/", {"x": "a\x00"}),
    ],
)
def test_what_would_break_a_request_apart_is_not_written(target: str, headers: dict[str, str]) -> None:
    with pytest.raises(Unwritable):
        written("GET", target, origin("http://a.example"), headers, b"")


# TLS


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's side for 127.0.0.1, and the file to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    began = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    host = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))])
    made = (
        x509.CertificateBuilder().subject_name(called).issuer_name(called).public_key(key.public_key())
        .serial_number(1).not_valid_before(began).not_valid_after(began.replace(year=2120))
        .add_extension(host, critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    public, private = folder / f"{name}.pem", folder / f"{name}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


@pytest.mark.parametrize(
    "case", [("127.0.0.1", "trusted", "reached"), ("127.0.0.1", "", ""), ("127.0.0.2", "trusted", "")]
)
async def test_tls_needs_a_certificate_that_is_trusted_and_of_that_name(
    client: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, str]
) -> None:
    name, trusted, reached = case
    context, public = certificate(tmp_path, name)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
    async with provider(OK, OK, tls=context) as there:
        url = f"https://127.0.0.1:{there.port}/"
        if reached:
            assert (await client.exchange("GET", url, {}, b""))[2] == b"hi"
            assert (await client.exchange("GET", url, {}, b""))[2] == b"hi"
            assert [len(heads) for heads in there.seen] == [2]
        else:
            with pytest.raises(NotReached):
                await client.exchange("GET", url, {}, b"")
            assert not any(there.seen)


async def test_of_several_addresses_one_that_answers_is_enough(client: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "ADDRESS_S", 0.05)
    loop = asyncio.get_running_loop()
    async with provider(OK, OK) as there:
        with socket.socket() as full, socket.socket() as filler, socket.socket() as other:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            for each in (filler, other):  # fill the queue of connections that nobody takes
                each.setblocking(False)
                each.connect_ex(full.getsockname())
            for first in (full.getsockname()[1], 9):  # one hangs, one refuses
                monkeypatch.setattr(loop, "getaddrinfo", _resolver(first, there.port))
                assert (await client.exchange("GET", f"http://localhost:{first}/", {}, b""))[2] == b"hi"


def _resolver(*ports: int) -> Callable[..., object]:
    async def resolve(*_asked: object, **_more: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

    return resolve
