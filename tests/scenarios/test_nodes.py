"""What needs whole nodes: real sockets, files and signatures in one process. S14, S48."""

import asyncio
from pathlib import Path

from chainnode.net.channel import Channel
from consensus.certificates import PREPARE, make_certificate
from consensus.messages import ViewChange, encode_message
from tests.support.cluster import Cluster, cluster, until

NAMES = [f"validator-{number}" for number in range(4)]


async def _commit(net: Cluster, name: str, number: int) -> None:
    node = net.nodes[name]
    (answer,) = await node.service.submit([net.envelope(number)])
    places = await node.service.wait_committed([answer.tx_id], 20_000)
    assert None not in places.values()


async def _linked(net: Cluster) -> None:
    await until(lambda: all(len(node.service.status().peers) == len(net.nodes) - 1 for node in net.nodes.values()))


async def test_message_that_names_strangers_stops_no_node(tmp_path: Path) -> None:
    """S14 forged_hash_field, at the wire: one message with an impossible signer, for an old and for the current height.

    It used to end the network of every node that it reached.
    """
    async with cluster(tmp_path) as net:
        await _linked(net)
        await _commit(net, NAMES[0], 1)
        liar, honest = net.nodes[NAMES[3]], [net.nodes[name] for name in NAMES[:3]]
        validators = honest[0].ledger.surroundings.validators
        votes = [(index, b"x" * 64) for index in (0, 1, 120)]
        for height in range(1, honest[0].ledger.tip.height + 3):
            strange = make_certificate(PREPARE, votes, epoch=0, height=height, view=0, block_hash=b"b" * 32)
            asked = ViewChange(
                "test-chain", validators.epoch, validators.hash, height, 1, 3, 0, b"b" * 32, b"x" * 64, strange
            )
            liar._network.broadcast(Channel.CONSENSUS, encode_message(asked), "validators")
        await until(lambda: all(node._gate.filtered["certificate_unknown_signer"] >= 3 for node in honest))

        for number, name in enumerate(NAMES[:3], 2):
            await _commit(net, name, number)
        assert all(len(node.service.status().peers) == 3 and node.service.halted is None for node in honest)


async def test_network_whose_nodes_return_one_by_one_goes_on(tmp_path: Path) -> None:
    """S48 whole_network_restart: Besu #611, #6457, polygon-edge #185 (three of seven restarted: stuck).

    All stop with a transaction in flight; they return in another order, with pauses in which some time out alone. The
    same with SIGKILL and processes: tests/integration/test_kill.py.
    """
    async with cluster(tmp_path) as net:
        await _linked(net)
        await _commit(net, NAMES[0], 1)
        await net.nodes[NAMES[1]].service.submit([net.envelope(2)])
        await net.stop_all()
        for name in (NAMES[2], NAMES[0], NAMES[3]):
            await net.start(name)
            await asyncio.sleep(0.3)
        await _commit(net, NAMES[2], 3)
        late = await net.start(NAMES[1])
        await _commit(net, NAMES[1], 4)
        await until(lambda: len({node.ledger.tip.block_hash for node in net.nodes.values()}) == 1)
        assert late.service.halted is None
