"""`python -m smsbot.testing.conformance`: try every gateway and show the table; `--write` puts it into a page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from smsbot.testing.conformance.sample import Sample
from smsbot.testing.conformance.table import abilities, between, conformance, covered, tried

ABILITIES, CONFORMANCE = "abilities", "conformance"


def written(page: str, samples: Mapping[str, Sample], table: str, pages: Path) -> str:
    """*page* with both tables; *pages* is the folder with one file a gateway."""
    known = {name: f"{name}.md" for name in samples if (pages / f"{name}.md").exists()}
    return between(between(page, ABILITIES, abilities(samples, known)), CONFORMANCE, table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m smsbot.testing.conformance", description=__doc__)
    parser.add_argument("--samples", default="tests.gateways.samples", help="the module with SAMPLES, name → sample")
    parser.add_argument("--write", action="store_true", help="put the tables into the page")
    parser.add_argument("--page", type=Path, default=Path("docs/gateways/README.md"), help="which page")
    chosen = parser.parse_args()
    sys.path.insert(0, str(Path.cwd()))
    samples: Mapping[str, Sample] = import_module(chosen.samples).SAMPLES
    outcomes = tried(samples)
    table = conformance(covered(samples), outcomes)
    if chosen.write:
        page = chosen.page.read_text(encoding="utf-8")
        chosen.page.write_text(written(page, samples, table, chosen.page.parent), encoding="utf-8")
    else:
        sys.stdout.write(table + "\n")
    failures = [f"{name}: {each.promise} But: {outcome.failure}.\n" for (name, each), outcome in outcomes.items()
                if outcome.failure]  # fmt: skip
    sys.stderr.writelines(failures)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
