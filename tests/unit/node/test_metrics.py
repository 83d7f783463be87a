"""Numbers for Prometheus, read at each scrape from those who own them."""

import msgspec
from prometheus_client import generate_latest

from chainnode.node.metrics import node_registry
from chainnode.node.status import Finality, NodeStatus

STATUS = NodeStatus(
    name="n", role="validator", version="1", chain_id="c", genesis_hash=bytes(32), height=7, block_hash=bytes(32),
    state_root=bytes(32), block_time_ms=1_500, epoch=0, view=2, phase="preparing", leader=None, syncing=True,
    halted=None, history_from=1, peers=[], pool_transactions=3, pool_bytes=900, view_changes=4, validators=4, quorum=3,
    committed_transactions=11, transactions_per_second=2.5, finality_ms=Finality(12.0, 80.0), uptime_ms=9_000,
)  # fmt: skip


def test_each_scrape_reads_anew() -> None:
    """Nothing is counted twice and the hot path pays nothing."""
    now = [STATUS]
    counts = {"network": {"idle": 1}}
    registry = node_registry(lambda: now[0], lambda: counts)
    first = generate_latest(registry).decode()
    now[0] = msgspec.structs.replace(STATUS, height=8, halted="fork")
    counts["network"]["idle"] = 2
    second = generate_latest(registry).decode()
    for text, height, halted, idle in ((first, 7, 0, 1), (second, 8, 1, 2)):
        assert f"chainnode_height {height}.0" in text
        assert f"chainnode_halted {halted}.0" in text
        assert f'chainnode_network_total{{code="idle"}} {idle}.0' in text


def test_times_are_in_seconds() -> None:
    """Prometheus counts in base units."""
    text = generate_latest(node_registry(lambda: STATUS, dict)).decode()
    for line in (
        "chainnode_block_time_seconds 1.5", "chainnode_finality_p50_seconds 0.012",
        "chainnode_finality_p99_seconds 0.08", "chainnode_uptime_seconds 9.0", "chainnode_syncing 1.0",
        "chainnode_transactions_committed_total 11.0", "chainnode_history_from_height 1.0",
    ):
        assert line in text


def test_code_of_a_peer_cannot_break_the_format() -> None:
    """Codes are ours, yet a label is escaped whatever it holds."""
    text = generate_latest(node_registry(lambda: STATUS, lambda: {"x": {'a"b\n': 1}})).decode()
    assert 'chainnode_x_total{code="a\\"b\\n"} 1.0' in text
