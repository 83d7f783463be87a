"""The promise of the demo as numbers, and whether it was kept.

``Summary`` is the machine-readable last line. ``Finding`` s say which condition did not hold; without any the demo ends
with status 0.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from chainnode.cli.demo.report import Report


class Finality(msgspec.Struct, frozen=True):
    """Milliseconds from handing a transaction to a node until it is reported durable, as the client sees it."""

    p50: float
    p99: float


class Summary(msgspec.Struct, frozen=True):
    """The last line of ``demo --json``; the names and their order are an interface."""

    validators: int
    observers: int
    height: int
    transactions: int
    """Committed and applied."""
    operations: int
    assets_registered: int
    assets_refused: int
    evidence_items: int
    tx_per_s: float
    finality_ms: Finality
    view_changes: int
    state_roots_equal: bool
    proof_verified_offline: bool
    seconds: float
    """The whole run, from making keys to the last proof."""

    def line(self) -> str:
        """Compact JSON."""
        return msgspec.json.encode(self).decode()


class Agreement(NamedTuple):
    """What all nodes said about their state when they stood at one height."""

    height: int
    state_roots: dict[str, str]
    """By node."""
    view_changes: int
    missing: int
    """Acknowledged transactions that the asked node did not have."""

    @property
    def is_equal(self) -> bool:
        """All at one height with one state root."""
        return self.height >= 0 and len(set(self.state_roots.values())) == 1


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of all are not above (nearest rank); 0 for none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summarise(
    report: Report,
    agreement: Agreement,
    *,
    validators: int,
    observers: int,
    work_s: float,
    total_s: float,
    proved: bool,
) -> Summary:
    """Everything that was measured, in one place."""
    committed = [entry for entry in report.entries if entry.is_committed]
    latencies = [entry.latency_ms for entry in committed if entry.latency_ms is not None]
    transactions = len({entry.tx_id for entry in committed})
    return Summary(
        validators=validators,
        observers=observers,
        height=agreement.height,
        transactions=transactions,
        operations=sum(entry.operations for entry in committed),
        assets_registered=report.count("asset", "registered", "adapted"),
        assets_refused=report.count("asset", "refused"),
        evidence_items=report.count("evidence", "recorded"),
        tx_per_s=round(transactions / work_s, 1) if work_s > 0 else 0.0,
        finality_ms=Finality(round(percentile(latencies, 0.5), 1), round(percentile(latencies, 0.99), 1)),
        view_changes=agreement.view_changes,
        state_roots_equal=agreement.is_equal,
        proof_verified_offline=proved,
        seconds=round(total_s, 1),
    )


def broken_promises(report: Report, agreement: Agreement, summary: Summary, proof_failures: Sequence[str]) -> list[str]:
    """Why this run must not end with status 0; empty when every condition held."""
    unsettled = [entry.name for entry in report.entries if entry.result == "unsettled"]
    found = []
    if unsettled:
        found.append(f"{len(unsettled)} submitted items are neither committed nor refused: {_some(unsettled)}")
    if agreement.missing:
        found.append(f"{agreement.missing} acknowledged transactions are not on the node that was asked for them")
    if not agreement.is_equal:
        roots = ", ".join(f"{node} {root[:16]}" for node, root in agreement.state_roots.items())
        found.append(f"the nodes do not hold the same state at one height: {roots or 'some gave no answer'}")
    if not summary.transactions:
        found.append("nothing was committed at all")
    return found + list(proof_failures)


def _some(names: Sequence[str], shown_max: int = 5) -> str:
    return ", ".join(names[:shown_max]) + (" ..." if len(names) > shown_max else "")
