"""The table of gateways and behaviours, as Markdown between two marks of a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from smsbot.gateways import registry
from smsbot.gateways.base import Balanced, Capabilities, HttpGateway, Link, Polled, Probed
from smsbot.testing.conformance.kit import BEHAVIOURS, Behaviour, Outcome
from smsbot.testing.conformance.sample import Sample

Outcomes = Mapping[tuple[str, Behaviour], Outcome]
"""By the gateway's name and the behaviour."""


def covered(samples: Mapping[str, Sample]) -> dict[str, Sample]:
    """*samples* in the order of the registry. Raises LookupError that names every gateway without one."""
    missing = [name for name in registry.known() if name not in samples]
    if missing:
        raise LookupError(f"These gateways have no sample for the conformance kit: {', '.join(missing)}.")
    return {name: samples[name] for name in registry.known()}


def tried(samples: Mapping[str, Sample]) -> Outcomes:
    """Every behaviour of every gateway. Raises LookupError as `covered` does."""
    return {
        (name, behaviour): behaviour.outcome(sample)
        for name, sample in covered(samples).items()
        for behaviour in BEHAVIOURS
    }


def conformance(names: Iterable[str], outcomes: Outcomes) -> str:
    """A row for each gateway, a column for each behaviour; below it what the columns mean and why a cell is empty."""
    lines = [
        "| | " + " | ".join(behaviour.title for behaviour in BEHAVIOURS) + " |",
        "|---" * (len(BEHAVIOURS) + 1) + "|",
    ]
    reasons: dict[str, list[str]] = {}
    for name in names:
        cells = []
        for behaviour in BEHAVIOURS:
            outcome = outcomes[name, behaviour]
            cells.append(outcome.mark)
            if outcome.inapplicable:
                said = reasons.setdefault(f"{name}: {outcome.inapplicable}", [])
                said.append(behaviour.title)
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    lines += ["", *(f"- **{behaviour.title}**: {behaviour.promise}" for behaviour in BEHAVIOURS)]
    lines += ["", "Where a cell is empty (–):", ""]
    lines += [f"- {reason} ({', '.join(titles)})." for reason, titles in reasons.items()]
    return "\n".join(lines)


def abilities(samples: Mapping[str, Sample], pages: Mapping[str, str]) -> str:
    """One line for each gateway with what it can, from its class alone. *pages*: the address of a gateway's page."""
    lines = [
        "| gateway | people can write | reports | signs its calls | repeats are removed | parts | can be asked for |"
    ]
    lines.append("|---" * 7 + "|")
    for name, sample in covered(samples).items():
        kind = registry.gateway_class(name)
        can: Capabilities = kind.capabilities
        gateway = sample.channel().gateway
        asked = [
            word
            for shape, word in ((Polled, "fates"), (Balanced, "the balance"), (Probed, "whether the key is right"))
            if isinstance(gateway, shape)
        ]
        if isinstance(gateway, Link):
            asked.append("its connection")
        comes = sample.report is not None or isinstance(gateway, Link)
        reports = "come" if comes else "asked for" if can.reports else "none"
        signs = _yes(can.signed) if isinstance(gateway, HttpGateway) and sample.wires() else "–"
        title = f"[`{name}`]({pages[name]})" if name in pages else f"`{name}`"
        row = (
            title, _yes(can.inbound), reports, signs, _yes(can.removes_duplicates), str(can.max_parts or "any"),
            ", ".join(asked) or "–",
        )  # fmt: skip
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def _yes(so: bool) -> str:
    return "yes" if so else "no"


def between(page: str, mark: str, content: str) -> str:
    """*page* with *content* between its marks `<!-- MARK: begin … -->` and `<!-- MARK: end -->`.

    Raises LookupError if the page has no such marks.
    """
    begin, end = page.find(f"<!-- {mark}: begin"), page.find(f"<!-- {mark}: end -->")
    if not 0 <= begin < end:
        raise LookupError(f"The page has no marks `<!-- {mark}: begin -->` and `<!-- {mark}: end -->`.")
    start = page.index("-->", begin) + len("-->")
    return f"{page[:start]}\n{content}\n{page[end:]}"
