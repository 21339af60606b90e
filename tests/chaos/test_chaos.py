"""One round of each fault, side by side. `make chaos` plays many at length and writes `docs/reliability.md`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.chaos.faults import CASES, Case
from tests.chaos.play import impossible, missing, once
from tests.chaos.world import Outcome, Size
from tests.components import lack

SEED = 20_261_125
AT_ONCE = 3
SMALL = Size(people=40, leavers=12, texts=4, broadcasts=2, rate_per_s=40.0, pause_s=2.0)


@pytest.fixture(scope="module")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory, attempts_to_leave: list[str]
) -> Iterator[dict[Case, Future[Outcome]]]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            case: pool.submit(once, case, tmp_path_factory.mktemp("chaos"), SMALL, random.Random(SEED + n), number=n)
            for n, case in enumerate(CASES)
            if not (impossible(case) or missing(case))
        }


@pytest.mark.parametrize("case", CASES, ids=[f"{case.engine}-{case.name}" for case in CASES])
def test_nothing_is_lost_nothing_is_doubled_and_nobody_is_texted_after_stop(
    outcomes: dict[Case, Future[Outcome]], case: Case
) -> None:
    barred = impossible(case)
    if barred:
        pytest.skip(reason=barred)
    lacking = missing(case)
    if lacking:
        lack(lacking)
    outcome = outcomes[case].result()
    assert outcome.clean, outcome
    assert case.doubles or outcome.doubled == 0, outcome
    assert outcome.acknowledged > SMALL.people
