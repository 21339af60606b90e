"""What this process has taken in, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from smsbot.inbound.reports import Reports
from smsbot.inbound.turns import Turns


class PipelineCollector(Collector):
    def __init__(self, turns: Turns, reports: Reports) -> None:
        self._turns = turns
        self._reports = reports

    def collect(self) -> Iterable[CounterMetricFamily]:
        counters = self._turns.counters
        for name, told, value in (
            ("smsbot_turns", "Texts taken in by this process, repeats included", counters.turns),
            ("smsbot_turn_parts", "Parts of longer texts among them", counters.parts),
            ("smsbot_turn_duplicates", "Texts that had been taken before", counters.duplicates),
            ("smsbot_turn_groups", "Transactions they were committed in", counters.groups),
            ("smsbot_turn_groups_failed", "Groups done again one by one", counters.isolated),
            ("smsbot_turn_seconds", "From arrival to commit, summed over texts", counters.seconds),
            ("smsbot_reports", "Delivery reports merged by this process", self._reports.merged),
            ("smsbot_reports_unknown", "Delivery reports with a status that nobody knows", self._reports.unknown),
            ("smsbot_reports_dropped", "Delivery reports that could not be taken in", self._reports.dropped),
        ):
            yield CounterMetricFamily(name, told, value=value)
        silenced = CounterMetricFamily(
            "smsbot_silenced", "Senders answered with silence: loops, machines, echoes", labels=("reason",)
        )
        for reason, count in self._turns.alarms.counts.items():
            silenced.add_metric((reason,), count)
        yield silenced
