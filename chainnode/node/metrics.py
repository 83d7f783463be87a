"""The node's numbers for Prometheus.

Read when asked for, from the objects that own them: nothing is counted twice and the
hot path pays nothing. Names follow ``chainnode_<thing>_<unit>``.
"""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chainnode.node.status import NodeStatus

Counts = Callable[[], Mapping[str, Mapping[str, int]]]
"""Counters by name, each by its label ``code``."""


class NodeCollector(Collector):
    """Turns a status and counters into metric families at each scrape."""

    def __init__(self, status: Callable[[], NodeStatus], counts: Counts) -> None:
        self._status = status
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        """All families of this node."""
        status = self._status()
        yield from _gauges(status)
        for name, value, text in (
            ("chainnode_view_changes", status.view_changes, "View changes since the node started."),
            ("chainnode_transactions_committed", status.committed_transactions, "Transactions committed since start."),
        ):
            counter = CounterMetricFamily(name, text)
            counter.add_metric([], value)
            yield counter
        for name, by_code in self._counts().items():
            counter = CounterMetricFamily(f"chainnode_{name}", "By stable code.", labels=["code"])
            for code, value in by_code.items():
                counter.add_metric([code], value)
            yield counter


def _gauges(status: NodeStatus) -> Iterable[Metric]:
    values: tuple[tuple[str, float | None, str], ...] = (
        ("height", status.height, "Last durable block."),
        ("history_from_height", status.history_from, "Lowest height of which everything is here; 1 when whole."),
        ("epoch", status.epoch, "Current epoch."),
        ("view", status.view, "Current view at the height being agreed on."),
        ("validators", status.validators, "Validators of the epoch."),
        ("quorum", status.quorum, "Votes that decide."),
        ("peers", len(status.peers), "Links that are up."),
        ("validator_peers", sum(peer.role == "validator" for peer in status.peers), "Links to validators."),
        ("pool_transactions", status.pool_transactions, "Transactions waiting for a block."),
        ("pool_bytes", status.pool_bytes, "Their envelopes' bytes."),
        ("syncing", status.syncing, "1 while catching up."),
        ("halted", status.halted is not None, "1 when this node signs nothing for good."),
        ("block_time_seconds", status.block_time_ms / 1000, "Time of the last block."),
        ("transactions_per_second", status.transactions_per_second, "Committed, over the last ten seconds."),
        ("finality_p50_seconds", _seconds(status.finality_ms.p50), "Admission to durable, median."),
        ("finality_p99_seconds", _seconds(status.finality_ms.p99), "Admission to durable, 99th percentile."),
        ("uptime_seconds", status.uptime_ms / 1000, "Since start."),
    )
    for name, value, text in values:
        if value is not None:
            gauge = GaugeMetricFamily(f"chainnode_{name}", text)
            gauge.add_metric([], float(value))
            yield gauge


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def node_registry(status: Callable[[], NodeStatus], counts: Counts) -> CollectorRegistry:
    """A registry that reports one node."""
    registry = CollectorRegistry()
    registry.register(NodeCollector(status, counts))
    return registry
