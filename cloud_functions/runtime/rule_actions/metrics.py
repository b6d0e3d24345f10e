"""Metrics that rules count, in memory, for `/metrics` and `/_local/metrics`."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cloud_functions.errors import TooLarge
from cloud_functions.rules.deeds import PutMetric

MAX_SERIES: Final = 1000

_Name: TypeAlias = tuple[str, str, str]
"""Namespace, name, unit."""
_LABELS: Final = ("namespace", "name", "unit")


class Series(msgspec.Struct):
    """What was counted under one name."""

    count: int
    sum: float
    least: float
    most: float
    last: float
    at_ms: int

    def add(self, value: float, at_ms: int) -> None:
        """One more value."""
        self.count += 1
        self.sum += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        if at_ms >= self.at_ms:
            self.last, self.at_ms = value, at_ms


class RuleMetrics(Collector):
    """Statistics by namespace, name and unit."""

    def __init__(self) -> None:
        self._series: dict[_Name, Series] = {}

    def count(self, deed: PutMetric) -> None:
        """Count a value.  Raises TooLarge for one name too many."""
        name = (deed.namespace, deed.name, deed.unit)
        series = self._series.get(name)
        if series is not None:
            series.add(deed.value, deed.at_ms)
            return
        if len(self._series) >= MAX_SERIES:
            raise TooLarge(f"{MAX_SERIES} metrics are the most: {deed.name} is one too many")
        value = deed.value
        self._series[name] = Series(1, value, value, value, value, deed.at_ms)

    def as_json(self) -> Sequence[dict[str, Any]]:
        """All of it, for `GET /_local/metrics`."""
        return [
            {
                "namespace": namespace,
                "name": name,
                "unit": unit,
                "sampleCount": series.count,
                "sum": series.sum,
                "minimum": series.least,
                "maximum": series.most,
                "last": series.last,
                "timestamp": series.at_ms,
            }
            for (namespace, name, unit), series in sorted(self._series.items())
        ]

    def collect(self) -> Iterable[Metric]:
        """All of it, for a Prometheus scrape."""
        last = GaugeMetricFamily(
            "robofleet_rule_metric", "last value a rule counted", labels=_LABELS
        )
        total = CounterMetricFamily(
            "robofleet_rule_metric_sum", "sum of what rules counted", labels=_LABELS
        )
        count = CounterMetricFamily(
            "robofleet_rule_metric_samples", "values that rules counted", labels=_LABELS
        )
        for name, series in self._series.items():
            last.add_metric(name, series.last)
            total.add_metric(name, series.sum)
            count.add_metric(name, series.count)
        return [last, total, count]
