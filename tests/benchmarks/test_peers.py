"""The comparison with other software at the smallest size: what goes in comes out, and what is missing is told."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import loops, machine, peer_jasmin, peer_rapidsms, peers, report
from benchmarks.load import ANSWERED, Line, drive, texted
from benchmarks.suite import SQLITE, Bench, Goal, Row


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, divisor=10_000, runs=2)
    yield made
    made.close()


@pytest.mark.kannel
def test_each_text_is_answered_once_by_kannel_and_once_by_us(bench: Bench) -> None:
    row = peers.compare(bench, peers.PAIRS[0])
    assert row.value is not None
    assert row.value > 0
    assert row.goal == Goal(0.7, at_least=True)
    assert row.values["surplus"] == [0]  # of Kannel's; one reply too many of ours, or a text not kept, is an error
    sides = ("ratio", "ours_per_s", "theirs_per_s", "our_cpu_us", "their_cpu_us")
    assert {name: len(row.values[name]) for name in sides} == dict.fromkeys(sides, 2)


def test_each_text_is_answered_once_over_http(bench: Bench) -> None:
    with loops.by_http(bench, SQLITE) as loop:
        assert loop.drive(200) > 0
        assert loop.drive(100) > 0
        assert loop.surplus() == 0
        assert loop.cpu_s() > 0


def test_a_peer_that_is_not_installed_has_a_row_that_says_what_to_do(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(peer_jasmin.VARIABLE, raising=False)
    monkeypatch.delenv(peer_rapidsms.VARIABLE, raising=False)
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    rows = [peers.compare(bench, pair) for pair in peers.PAIRS[1:]]
    assert [row.value for row in rows] == [None, None, None]
    assert all(row.note.startswith("not installed here: ") for row in rows)
    assert peer_jasmin.VARIABLE in rows[0].note
    assert peer_rapidsms.VARIABLE in rows[1].note
    assert report.line(rows[0], judged=True) == (rows[0].name, rows[0].note, "≥ 5", "not measured")
    file = report.save(rows, machine.facts(None), judged=True, runs=2)
    assert json.loads(file.read_text(encoding="utf-8"))["rows"][0]["value"] is None
    assert f"| {rows[0].name} | {rows[0].note} | ≥ 5 | not measured |" in report.markdown(file)
    report.show([*rows, Row("Measured", 1.0, "", Goal(2), {})], judged=True)
    assert "psycopg[binary]" in capsys.readouterr().out  # square brackets are no colours


def test_everybody_writes_all_texts_in_their_order_and_nobody_twice_in_a_row() -> None:
    said = list(texted(40, 7))
    assert len({number for number, _ in said}) == 10
    assert said[0] == ("995500000007", "JOIN")
    for number in {number for number, _ in said}:
        assert tuple(text for writer, text in said if writer == number) == ANSWERED
    assert all(one != other for (one, _), (other, _) in itertools.pairwise(said))


async def test_the_load_connects_anew_where_a_server_ends_the_connection() -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nOK")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        outcome = await drive(port, [b"GET / HTTP/1.1\r\n\r\n"] * 30, connections=4)
    assert outcome.statuses == {200: 30}
    assert connections == 30


async def test_a_line_reads_answers_in_pieces_to_their_end() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nSuc\r\n4\r\ncess\r\n0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        line = await Line.open(server.sockets[0].getsockname()[1])
        assert [(await line.call(b"GET / HTTP/1.1\r\n\r\n"))[0] for _ in range(2)] == [200, 200]
        await line.close()
