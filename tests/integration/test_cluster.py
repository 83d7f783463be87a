"""Four validators and an observer in one process, over real TLS and LevelDB: what they agree on, and on what not."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from chainnode.mempool.admission import Admission
from chainnode.net.channel import Channel
from chainnode.node.wiring import Node
from chainnode.proofs.verifier import verify_bundle
from tests.support.cluster import Cluster, cluster, until

FIRST = "validator-0"


async def _submit(node: Node, envelopes: Sequence[bytes], timeout_ms: int = 20_000) -> list[Admission]:
    """Submit and wait until everything accepted is durable at this node."""
    answers = await node.service.submit(envelopes)
    accepted = [answer.tx_id for answer in answers if answer.outcome == "accepted"]
    places = await node.service.wait_committed(accepted, timeout_ms)
    assert None not in places.values()
    return answers


async def _linked(net: Cluster) -> None:
    await until(lambda: all(len(node.service.status().peers) == len(net.nodes) - 1 for node in net.nodes.values()))


def _roots(net: Cluster) -> set[tuple[int, bytes, bytes]]:
    return {(n.ledger.tip.height, n.ledger.tip.block_hash, n.ledger.tip.state_root) for n in net.nodes.values()}


async def _agree(net: Cluster, seconds: float = 15.0) -> None:
    """Every node at the same height, block and state root, and the results of every transaction certified."""
    nodes = net.nodes.values()
    await until(lambda: len(_roots(net)) == 1 and not any(n.ledger.tip.proof_due for n in nodes), seconds)


async def test_cluster_agrees_under_load_from_every_side(tmp_path: Path) -> None:
    """All nodes hold the same state root at the same height; every accepted transaction is on every node, once."""
    async with cluster(tmp_path, observers=1) as net:
        await _linked(net)
        jobs = [
            _submit(node, [net.envelope(10_000 * (place + 1) + number) for number in range(150)])
            for place, node in enumerate(net.nodes.values())
        ]
        answers = [answer for answered in await asyncio.gather(*jobs) for answer in answered]
        assert {answer.outcome for answer in answers} == {"accepted"}
        await _agree(net)
        ids = [answer.tx_id for answer in answers]
        for node in net.nodes.values():
            assert all(node.service.queries.receipt(tx_id).code == "ok" for tx_id in ids)
            assert node.service.status().pool_transactions == 0
            assert node.service.status().halted is None
        await until(lambda: all(check.ok for node in net.nodes.values() for check in node.service.health()))
        _check_blocks(net, set(ids))
        _check_proof(net, ids[0])
        metrics = {family.name for family in net.nodes[FIRST].service.metrics.collect()}
        assert {"chainnode_height", "chainnode_peers_reported", "chainnode_network"} <= metrics
        assert not any(node._links.reported for node in net.nodes.values())


def _check_blocks(net: Cluster, expected: set[bytes]) -> None:
    """The same blocks everywhere, no transaction twice; the last one certifies the results of the others."""
    queries = [node.service.queries for node in net.nodes.values()]
    tip = queries[0].tip()
    seen: list[bytes] = []
    for height in range(1, tip.height + 1):
        assert len({one.block(height).header + one.block(height).body for one in queries}) == 1
        seen += [receipt.tx_id for receipt in queries[0].receipts(height)]
    assert len(seen) == len(set(seen))
    assert set(seen) == expected
    assert not tip.proof_due


def _check_proof(net: Cluster, tx_id: bytes) -> None:
    """An observer's proof convinces somebody who has the genesis hash only."""
    observer = net.nodes["observer-0"].service
    bundle = observer.queries.prove_transaction(tx_id)
    found = verify_bundle(bundle, genesis_hash=bytes.fromhex(net.manifest.genesis_hash))
    assert (found.tx_id, found.validators_signed) == (tx_id, 3)


async def test_same_transaction_through_every_node_commits_once(tmp_path: Path) -> None:
    """T17: a client that retries elsewhere: idempotent by id, on every node."""
    async with cluster(tmp_path, observers=1) as net:
        await _linked(net)
        data = net.envelope(1)
        answers = await asyncio.gather(*(_submit(node, [data, data]) for node in net.nodes.values()))
        assert {answer.outcome for pair in answers for answer in pair} <= {"accepted", "duplicate", "committed"}
        await _agree(net)
        tx_id = answers[0][0].tx_id
        assert len({node.service.queries.locate(tx_id) for node in net.nodes.values()}) == 1
        _check_blocks(net, {tx_id})


async def test_bodies_that_gossip_did_not_bring_are_fetched(tmp_path: Path) -> None:
    """Compact proposals: ids travel, missing bodies are fetched from who has them."""
    async with cluster(tmp_path) as net:
        await _linked(net)
        for node in net.nodes.values():
            # The wire between client's node and the others is cut for transactions only.
            node._outbox._send = lambda batch: None
        jobs = [
            _submit(node, [net.envelope(1_000 * (place + 1) + number) for number in range(40)])
            for place, node in enumerate(net.nodes.values())
        ]
        answers = [answer for answered in await asyncio.gather(*jobs) for answer in answered]
        await _agree(net)
        _check_blocks(net, {answer.tx_id for answer in answers})
        # Each transaction stood in one pool only: its block was proposed there, and the three others fetched.
        proposers = {net.nodes[FIRST].ledger.store.header(height) for height in range(1, net.heights()[FIRST] + 1)}
        assert len(proposers) >= len(net.nodes)


async def test_transaction_given_to_an_observer_commits(tmp_path: Path) -> None:
    """An observer passes on what clients give it, follows, and never votes."""
    async with cluster(tmp_path, observers=1) as net:
        await _linked(net)
        observer = net.nodes["observer-0"]
        (answer,) = await _submit(observer, [net.envelope(1)])
        await _agree(net)
        assert observer.service.queries.receipt(answer.tx_id).code == "ok"
        assert observer.service.status().role == "observer"
        assert observer._data.sign_state.last.position == (0, 0, 0, 0)
        assert list(observer._outbox.unsettled()) == []


async def test_expired_transaction_is_refused_with_the_valid_range(tmp_path: Path) -> None:
    """A pending one that expires is dropped and told; a new one is refused with the range valid now."""
    async with cluster(tmp_path, start=["validator-0", "validator-1", "validator-2", "validator-3"]) as net:
        await _linked(net)
        node = net.nodes[FIRST]
        await _submit(node, [net.envelope(1)])
        await until(lambda: node.ledger.tip_height >= 2)
        tip = node.ledger.tip_height
        late = net.envelope(2, valid_for=0)
        (answer,) = await node.service.submit([late])
        assert (answer.code, answer.retryable) == ("expired", False)
        assert answer.details == {"valid_from": tip + 1, "valid_to": tip + node.ledger.validity_window}
        (far,) = await node.service.submit([net.envelope(3, valid_for=node.ledger.validity_window + 5)])
        assert far.code == "expiry-too-far"


async def test_flood_is_refused_with_a_retryable_code_and_memory_stays_bounded(tmp_path: Path) -> None:
    """T15: a pool that is full refuses; nothing accepted is lost; queues stay within their bounds."""
    async with cluster(tmp_path) as net:
        await _linked(net)
        node = net.nodes[FIRST]
        node._pool._transactions_max, node._pool._sender_percent = 100, 100
        flood = [net.envelope(number) for number in range(1, 601)]
        answers = await node.service.submit(flood)
        accepted = [answer for answer in answers if answer.outcome == "accepted"]
        refused = [answer for answer in answers if answer.outcome == "rejected"]
        assert len(accepted) == 100
        assert {(answer.code, answer.retryable) for answer in refused} == {("pool-full", True)}
        places = await node.service.wait_committed([answer.tx_id for answer in accepted], 20_000)
        assert None not in places.values()
        retried = await _submit(node, flood[100:200])
        assert {answer.outcome for answer in retried} == {"accepted"}
        await _agree(net)
        assert (len(node._pool), len(node._pool._expiring)) == (0, 0)
        assert not node.service._admitted_ms
        assert list(node._outbox.unsettled()) == []


async def test_peer_that_sends_garbage_is_cut_off_and_the_chain_goes_on(tmp_path: Path) -> None:
    """A faulty validator's malformed votes and transactions close its link; three others decide without it."""
    async with cluster(tmp_path) as net:
        await _linked(net)
        faulty = net.nodes["validator-3"]
        network = faulty._network
        network.broadcast(Channel.CONSENSUS, b"\xff\xff\xff", "validators")
        honest = [net.nodes[name] for name in ("validator-0", "validator-1", "validator-2")]
        key = faulty._network._own_key
        await until(lambda: all(key in node._network.banned() for node in honest))
        await _submit(honest[0], [net.envelope(number) for number in range(1, 20)])
        await until(lambda: len({node.ledger.tip.block_hash for node in honest}) == 1)
        assert all(node.service.halted is None for node in honest)


async def test_bad_transactions_of_a_peer_are_its_offence(tmp_path: Path) -> None:
    """Refusals that no correct node lets through to others: the peer itself is at fault."""
    async with cluster(tmp_path, observers=1) as net:
        await _linked(net)
        observer, target = net.nodes["observer-0"], net.nodes[FIRST]
        data = net.envelope(1)
        observer._links.gossip(b"\x91\xc5" + len(data).to_bytes(2, "big") + data[:-1] + bytes([data[-1] ^ 1]))
        await until(lambda: target._links.reported["bad-signature"] == 1)
        assert observer._network._own_key in target._network.banned()
        assert target.service.status().pool_transactions == 0
