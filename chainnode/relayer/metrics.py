"""A relayer's numbers for Prometheus: what each lane carried, refused and still has before it.

A lane is one chain and its client; ``chainnode_relayer_<thing>_<unit>{lane=...}``.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CODES_MAX: Final = 64
"""Labels come from codes that chains send: a hostile one must not fill the memory."""


@dataclass(slots=True)
class LaneCount:
    """What one lane did and sees."""

    carried: Counter[str] = field(default_factory=Counter)
    """Packets by kind, and client updates, that this process got committed."""
    failures: Counter[str] = field(default_factory=Counter)
    """By code."""
    pending: int = 0
    """Packets under way that this lane may have to do something for."""
    lag_blocks: int = 0
    """Between the newest header of the followed chain and the one that the client knows."""
    client_age_ms: int = 0
    client_expires_ms: int = 0
    """What is left until the client expires, by the host's time."""
    last_ok_ms: int = 0
    """Unix time of the last round without a failure."""

    def failed(self, code: str) -> None:
        """Count a failure; past ``CODES_MAX`` different ones all others are one."""
        known = code in self.failures or len(self.failures) < CODES_MAX
        self.failures[code if known else "other"] += 1


class RelayerCollector(Collector):
    """Turns the counts into metric families at each scrape."""

    def __init__(self, lanes: Mapping[str, LaneCount]) -> None:
        self._lanes = lanes

    def collect(self) -> Iterable[Metric]:
        """All families."""
        carried = CounterMetricFamily("chainnode_relayer_carried", "Committed, by kind.", labels=["lane", "kind"])
        failures = CounterMetricFamily("chainnode_relayer_failures", "By stable code.", labels=["lane", "code"])
        for lane, count in self._lanes.items():
            for kind, number in sorted(count.carried.items()):
                carried.add_metric([lane, kind], number)
            for code, number in sorted(count.failures.items()):
                failures.add_metric([lane, code], number)
        yield carried
        yield failures
        yield self._gauge("pending_packets", "Packets under way.", {n: c.pending for n, c in self._lanes.items()})
        yield self._gauge("lag_blocks", "Headers not yet shown.", {n: c.lag_blocks for n, c in self._lanes.items()})
        ages = {name: count.client_age_ms / 1_000 for name, count in self._lanes.items()}
        yield self._gauge("client_age_seconds", "Since the newest header that the client knows.", ages)
        left = {name: count.client_expires_ms / 1_000 for name, count in self._lanes.items()}
        yield self._gauge("client_expires_seconds", "Until the client expires.", left)
        times = {name: count.last_ok_ms / 1_000 for name, count in self._lanes.items()}
        yield self._gauge("last_success_timestamp_seconds", "Last round without a failure.", times)

    @staticmethod
    def _gauge(name: str, text: str, values: Mapping[str, float]) -> Metric:
        found = GaugeMetricFamily(f"chainnode_relayer_{name}", text, labels=["lane"])
        for lane, value in values.items():
            found.add_metric([lane], value)
        return found


def render(lanes: Mapping[str, LaneCount]) -> bytes:
    """Everything in Prometheus' text form."""
    registry = CollectorRegistry()
    registry.register(RelayerCollector(lanes))
    return generate_latest(registry)
