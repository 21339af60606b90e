"""The benchmarks at the smallest size: they work and count what they sent; nobody looks at a clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import fanout, machine, profile, report, scale, smpp, town, turns
from benchmarks.__main__ import BENCHMARKS, ON_DEMAND, main, measure
from benchmarks.suite import SQLITE, Bench, Broken, Goal, Row, count, expect
from smsbot.store import months
from smsbot.store.database import Store

SMALLEST = 10_000


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, divisor=SMALLEST, runs=1)
    yield made
    made.close()


def test_turns_reach_the_provider_and_are_compared_with_the_bare_route(bench: Bench) -> None:
    row = turns.compare(bench, SQLITE, delivered=True)
    assert row.value > 0
    assert row.goal == Goal(0.25, at_least=True)
    assert {name: len(values) for name, values in row.values.items()} == {
        "ratio": 1, "turns_per_s": 1, "bare_per_s": 1, "p99_ms": 1, "cpu_us": 1, "bare_cpu_us": 1,
    }  # fmt: skip


def test_a_broadcast_is_written_out_while_strangers_join(bench: Bench) -> None:
    rows = list(fanout.compare(bench, SQLITE))
    assert [row.unit for row in rows] == ["s", "s", "", "ms", ""]
    assert min(row.value for row in rows) > 0


def test_messages_are_handed_over_by_smpp_and_their_receipts_come_back(bench: Bench) -> None:
    assert smpp.alone(bench) > 0
    assert smpp.delivered(bench, SQLITE, 50) > 0


def test_a_town_has_a_year_of_messages_each_month_in_its_part(bench: Bench) -> None:
    url = town.build(bench, 1_000, 2_400, lambda _: None)
    assert count(url, "contact") == 1_000
    assert (count(url, "outbox"), count(url, "inbound")) == (12 * 160, 12 * 40)
    store = Store(url)
    try:
        for table in months.TABLES:
            parts = store.read(lambda c, table=table: months.parts(c, table))
            assert len(parts) == 13
            assert count(url, f"{parts[-1].name} WHERE id BETWEEN ? AND ?", (parts[-1].low, parts[-1].high)) > 0
        assert store.read(lambda c: months.recent(c, "outbox")) == f" AND id >= {parts[-1].low}"
    finally:
        store.close()
    bench.drop(url)


def test_the_hot_path_is_compared_between_a_large_and_a_small_town(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale, "ROUNDS", 4)
    rows = list(scale.run(bench))
    compared = [row for row in rows if row.goal is not None]
    assert [row.name.partition(":")[0] for row in compared] == [
        "A turn by HTTP, people in shared_buffers of 4GB", "Looking for repeats of 50 texts", "Queueing 200 replies",
        "Claiming 200 messages",
        "Settling 200", "200 delivery reports by the gateway's id", "A page of the inbox",
        "The messages of one number", "A piece of 5,000 of a broadcast",
    ]  # fmt: skip
    assert min(row.value for row in rows) > 0
    dropped = [row.name for row in rows if "dropping a month" in row.name]
    assert dropped == ["Counting and dropping a month of outbox", "Counting and dropping a month of inbound"]


def test_what_breaks_is_told_and_the_others_still_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_: Bench) -> list[Row]:
        expect("rows", 1, 2)
        return []

    monkeypatch.setattr(
        "benchmarks.__main__.BENCHMARKS", {"lost": lost, "kept": lambda _: [Row("kept", 1.0, "s", Goal(2), {})]}
    )
    told: list[str] = []
    rows, broken = measure(bench, ["lost", "kept"], told.append)
    assert ([row.name for row in rows], broken) == (["kept"], ["lost"])
    assert any("rows: 1 instead of 2" in line for line in told)
    with pytest.raises(Broken):
        lost(bench)


def test_rows_are_kept_as_json_and_shown_as_markdown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    rows = [
        Row("Fast enough", 1_600.4, "a second", Goal(1_500, at_least=True), {"per_s": [1_600.4]}, "of 3,000"),
        Row("Too slow", 3.14, "s", Goal(3), {"seconds": [3.14]}),
        Row("Only told", 0.5, "", None, {}),
    ]
    file = report.save(rows, machine.facts(None), judged=True, runs=5)
    assert json.loads(file.read_text(encoding="utf-8"))["rows"][1]["values"] == {"seconds": [3.14]}
    (tmp_path / "9999.json").write_text(json.dumps({"judged": True, "whole": False}))  # newer, of a single benchmark
    assert report.latest(tmp_path) == file
    table = report.markdown(file).splitlines()
    assert table[:5] == [
        "| What | Measured | Goal | Met |",
        "|---|---|---|---|",
        "| Fast enough | 1,600 a second (of 3,000) | ≥ 1,500 a second | yes |",
        "| Too slow | 3.14 s | < 3 s | no |",
        "| Only told | 0.50 |  |  |",
    ]
    assert table[-1].startswith("Medians of 5 runs on ")


def test_every_benchmark_is_listed_with_what_it_measures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*BENCHMARKS, *ON_DEMAND]
    assert all(len(line.split()) > 4 for line in lines)


def test_a_profile_counts_a_function_once_a_sample_however_deep_it_calls_itself() -> None:
    raw = "main;serve (serve.py:1);step (a.py:3) 5\nmain;serve (serve.py:2);step (a.py:4);step (a.py:4) 1\n"
    alone, inclusive, total = profile.shares(raw)
    assert alone == {"step (a.py)": 6}
    assert inclusive == {"serve (serve.py)": 6, "step (a.py)": 6}
    assert total == 6
