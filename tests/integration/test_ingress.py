"""Each node checks each signature once, whichever ways a transaction comes in."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from chainnode.mempool.verifier import InlineVerifier
from chainnode.node import inbound
from chainnode.node.wiring import Node
from tests.support.cluster import Cluster, cluster

TRANSACTIONS = 480
PART = 40
WORKERS = 8
CHECKS_PER_TRANSACTION_MAX = 1.1
"""A validator that falls far behind lets go of what it verified; where each way checks for itself it is 1.4."""
BUSY_SECONDS = 0.15


@pytest.mark.parametrize("grace_seconds", [inbound.GRACE_SECONDS, 0.0], ids=["waits", "fetches"])
async def test_loaded_network_checks_each_signature_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grace_seconds: float
) -> None:
    """Clients, gossip and proposals bring the same transactions at the same time, and every validator checks all.

    Verdicts come late, as on a busy machine, so that proposals arrive before them. Without a grace, bodies are
    fetched as well.
    """
    check = InlineVerifier.check

    async def late(self: InlineVerifier, records: Sequence[bytes]) -> bytes:
        await asyncio.sleep(BUSY_SECONDS)
        return await check(self, records)

    monkeypatch.setattr(InlineVerifier, "check", late)
    monkeypatch.setattr(inbound, "GRACE_SECONDS", grace_seconds)
    async with cluster(tmp_path) as network:
        parts = [
            [network.envelope(number) for number in range(first, first + PART)]
            for first in range(1, TRANSACTIONS + 1, PART)
        ]
        async with asyncio.timeout(120):
            await asyncio.gather(*(_worker(network, number, parts) for number in range(WORKERS)))
            await network.until_equal(60)
        for name, node in network.nodes.items():
            committed = _count(node, "chainnode_transactions_committed_total")
            checked = _count(node, "chainnode_transaction_signatures_total", code="checked")
            assert committed == TRANSACTIONS
            assert TRANSACTIONS <= checked <= CHECKS_PER_TRANSACTION_MAX * TRANSACTIONS, name


async def _worker(network: Cluster, number: int, parts: list[list[bytes]]) -> None:
    """Closed loop: the next part when the one before is durable."""
    service = network.nodes[network.names[number % 4]].service
    while parts:
        answers = await service.submit(parts.pop())
        assert {answer.outcome for answer in answers} == {"accepted"}
        places = await service.wait_committed([answer.tx_id for answer in answers], 60_000)
        assert None not in places.values()


def _count(node: Node, name: str, **labels: str) -> float:
    found = node.service.metrics.get_sample_value(name, labels)
    assert found is not None
    return found
