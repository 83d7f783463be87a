"""What the network hands to the node: to its owners, bounded, and offences named."""

import asyncio
import dataclasses
from collections.abc import Callable

import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError, PeerError, Rejected
from chainnode.mempool.admission import Admitter
from chainnode.mempool.gossip import Outbox, decode_batch
from chainnode.mempool.pool import Pool
from chainnode.mempool.verification import Verification
from chainnode.mempool.verifier import InlineVerifier
from chainnode.net.channel import Channel
from chainnode.node import inbound as inbound_module
from chainnode.node.inbound import (
    ENVELOPE_COST_BYTES,
    RANGE_COST_BYTES,
    SERVED_BYTES_PER_S_MAX,
    WAITING_BYTES_MAX,
    WAITING_BYTES_OF_PEER_MAX,
    InboundGossip,
    NodeInbound,
)
from chainnode.node.links import MessageGate
from chainnode.node.seal_worker import SealWorker
from chainnode.node.sealer import Sealer
from chainnode.sync.server import SyncServer
from chainnode.sync.wire import GET_BLOCKS, BlocksWanted, decode_blocks
from consensus.messages import Status, encode_message
from tests.support.cluster import until
from tests.support.local_chain import CHAIN_ID, LocalChain, envelope, evidence, forged, transaction
from tests.unit.node.clock import StillClock
from tests.unit.node.wire import KEYS, Wire, make_links, make_replica, peer


class _Inbound:
    """A node's inbound side on a real ledger."""

    def __init__(self, pool: Pool | None = None) -> None:
        self.chain = LocalChain()
        self.chain.extend(900)
        self.pool = Pool() if pool is None else pool
        self.wire = Wire()
        links = make_links(self.chain, self.wire)
        self.links = links
        self.gate = MessageGate(CHAIN_ID, make_replica(self.chain), links, lambda event: None)
        self.verification = Verification(InlineVerifier())
        admitter = Admitter(self.chain.ledger, self.pool, self.verification, lambda transactions, local: None)
        self.gossip = InboundGossip(admitter, self.verification, links.report)
        self.flushes: list[Callable[[], None]] = []
        self.outbox = Outbox(self.flushes.append, links.gossip)
        server = SyncServer(self.chain.ledger.store, self.pool, list)
        self.clock = StillClock()
        sealer = Sealer(self.chain.ledger.store, None, SealWorker(), lambda payload: None, self.clock)
        self.inbound = NodeInbound(self.gate, self.gossip, server, self.outbox, links, sealer, self.clock)

    def blamed(self) -> bool:
        return bool(self.wire.penalised)

    async def admit(self, holds: Callable[[], bool]) -> None:
        """Run the gossip task until ``holds()``."""
        task = asyncio.create_task(self.gossip.run())
        await until(holds, 2)
        task.cancel()


def _batch(*envelopes: bytes) -> bytes:
    return encode(list(envelopes))


async def test_transactions_of_peers_are_admitted_and_not_passed_on() -> None:
    """Validators are fully meshed: what arrived from a peer is not passed on."""
    node = _Inbound()
    for number in (1, 2):
        node.inbound.on_message(peer(number), Channel.TRANSACTIONS, _batch(envelope(number), envelope(number + 10)))
    await node.admit(lambda: len(node.pool) == 4)
    assert list(node.outbox.unsettled()) == []
    assert node.wire.broadcasts == []
    assert node.wire.penalised == []


async def test_peer_that_passes_on_what_it_must_have_refused_is_named() -> None:
    """Refusals that no correct node lets through to others: once for each batch."""
    for data, code in (
        (b"junk", "malformed"),
        (envelope(1, chain_id="elsewhere"), "wrong-chain"),
        (envelope(1)[:-1] + bytes([envelope(1)[-1] ^ 1]), "bad-signature"),
    ):
        node = _Inbound()
        node.inbound.on_message(peer(3), Channel.TRANSACTIONS, _batch(data, data, envelope(5)))
        await node.admit(node.blamed)
        assert node.wire.penalised == [(KEYS[3], code)]


async def test_peer_is_not_blamed_for_what_only_we_know() -> None:
    """Full, expired, committed, a key rotated since: a correct peer may pass these on."""
    node = _Inbound(Pool(transactions_max=1))
    old = node.chain.extend(7).transactions[0].envelope
    harmless = [old, envelope(1, valid_until=1), envelope(2, signer="civic-notary"), envelope(3), envelope(4)]
    node.inbound.on_message(peer(3), Channel.TRANSACTIONS, _batch(*harmless))
    await node.admit(lambda: len(node.pool) == 1)
    assert node.wire.penalised == []


async def test_gossip_that_nobody_admits_is_bounded_and_counted() -> None:
    """What waits is bounded in bytes; more is dropped: the sender repeats what stays unsettled."""
    node = _Inbound()
    large = envelope(1, memo="x" * 256, operations=[evidence(number) for number in range(100)])
    copies = [large + bytes([number]) for number in range(20)]
    cost = sum(map(len, copies)) + ENVELOPE_COST_BYTES * 21
    fits_one, fits_all = WAITING_BYTES_OF_PEER_MAX // cost, WAITING_BYTES_MAX // cost
    for number in range(fits_all + 8):
        sender = dataclasses.replace(peer(1), node_key=bytes([number % 8]) * 32)
        node.inbound.on_message(sender, Channel.TRANSACTIONS, encode(copies))
    assert 8 <= node.gossip.dropped <= 10
    assert fits_all * cost * 0.99 < node.gossip.waiting_bytes <= WAITING_BYTES_MAX < 5 * fits_one * cost
    await node.admit(lambda: not node.gossip.waiting_bytes)
    assert not node.gossip._waiting_of
    assert not node.gossip._batch_of


async def test_flood_of_one_peer_leaves_room_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flooding peer fills its own share only."""
    node = _Inbound()
    batch = _batch(envelope(1))
    monkeypatch.setattr(inbound_module, "WAITING_BYTES_OF_PEER_MAX", 16 * (len(batch) + 2 * ENVELOPE_COST_BYTES))
    for number in range(48):
        node.inbound.on_message(peer(1), Channel.TRANSACTIONS, _batch(envelope(number + 1)))
    assert node.gossip.dropped == 32
    node.inbound.on_message(peer(2), Channel.TRANSACTIONS, _batch(envelope(500)))
    await node.admit(lambda: len(node.pool) == 17)


def test_many_small_batches_are_as_welcome_as_a_large_one() -> None:
    """A peer gossips every two milliseconds: what it sends while a block is written is not dropped."""
    node = _Inbound()
    for number in range(200):
        node.inbound.on_message(peer(1), Channel.TRANSACTIONS, _batch(envelope(number + 1)))
    assert node.gossip.dropped == 0


async def test_what_a_proposal_names_is_admitted_first() -> None:
    """It waits behind the gossip of others; the rest keeps its place."""
    node = _Inbound()
    first, last = [transaction(number) for number in range(1, 300)], [transaction(number) for number in range(300, 310)]
    node.inbound.on_message(peer(1), Channel.TRANSACTIONS, _batch(*(item.envelope for item in first)))
    node.inbound.on_message(peer(2), Channel.TRANSACTIONS, _batch(*(item.envelope for item in last)))
    wanted = [item.leaf_hash for item in (*last[3:], *first[100:110])]
    await node.gossip.bring(wanted, node.pool.by_leaf)
    assert {item.leaf_hash for item in node.pool.transactions()} == set(wanted)
    await node.admit(lambda: len(node.pool) == 309)
    assert node.verification.checked == 309
    assert not node.gossip._batch_of


async def test_what_is_being_verified_already_is_waited_for() -> None:
    """A proposal names what the gossip before it brought: it is neither fetched nor checked twice."""
    node = _Inbound()
    items = [transaction(number) for number in range(1, 101)]
    task = asyncio.create_task(node.gossip.run())
    node.inbound.on_message(peer(1), Channel.TRANSACTIONS, _batch(*(item.envelope for item in items)))
    while not node.verification.under_way:  # noqa: ASYNC110 - every turn of the loop is looked at
        await asyncio.sleep(0)
    await node.gossip.bring([item.leaf_hash for item in items], node.pool.by_leaf)
    assert len(node.pool) == node.verification.checked == 100
    task.cancel()


async def test_gossip_that_a_proposal_overtook_is_waited_for_a_moment() -> None:
    """It arrives a few milliseconds later and nobody is asked; what does not arrive is not waited for."""
    node = _Inbound()
    item, never = transaction(1), transaction(2)
    call = asyncio.create_task(node.gossip.bring([item.leaf_hash], node.pool.by_leaf))
    await asyncio.sleep(0.002)
    assert not call.done()
    node.inbound.on_message(peer(1), Channel.TRANSACTIONS, _batch(envelope(50)))
    node.inbound.on_message(peer(1), Channel.TRANSACTIONS, _batch(item.envelope))
    await call
    assert node.pool.by_leaf(item.leaf_hash) is not None
    async with asyncio.timeout(1):
        await node.gossip.bring([never.leaf_hash], node.pool.by_leaf)


async def test_peer_that_repeats_what_a_proposal_names_does_not_prolong_the_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is refused each time arrives each time: the moment is over nevertheless, and the block is fetched."""
    monkeypatch.setattr(inbound_module, "WAITING_BYTES_MAX", 2**40)
    monkeypatch.setattr(inbound_module, "WAITING_BYTES_OF_PEER_MAX", 2**40)
    node = _Inbound()
    operations = [evidence(number) for number in range(90)]
    late = [transaction(number, valid_until=1, operations=operations) for number in range(1, 9)]

    async def repeat() -> None:
        while True:
            node.inbound.on_message(peer(1), Channel.TRANSACTIONS, _batch(*(item.envelope for item in late)))
            await asyncio.sleep(0)

    task = asyncio.create_task(repeat())
    try:
        async with asyncio.timeout(1):
            await node.gossip.bring([item.leaf_hash for item in late], node.pool.by_leaf)
    finally:
        task.cancel()
    assert not len(node.pool)


async def test_peer_is_named_also_for_what_a_proposal_brought_forward() -> None:
    """Refusals that no correct node lets through to others."""
    node = _Inbound()
    bad = forged(transaction(1))
    node.inbound.on_message(peer(3), Channel.TRANSACTIONS, _batch(envelope(2), bad.envelope))
    await node.gossip.bring([bad.leaf_hash], node.pool.by_leaf)
    assert node.wire.penalised == [(KEYS[3], "bad-signature")]


async def test_repeated_gossip_waits_once() -> None:
    """Two peers may pass on the same bytes; a copy with another signature is something else."""
    node = _Inbound()
    node.inbound.on_message(peer(3), Channel.TRANSACTIONS, _batch(forged(transaction(1)).envelope))
    for number in (1, 2):
        node.inbound.on_message(peer(number), Channel.TRANSACTIONS, _batch(envelope(1), envelope(1)))
    assert len(node.gossip._batch_of) == 2
    await node.admit(lambda: len(node.pool) == 1)
    assert node.wire.penalised == [(KEYS[3], "bad-signature")]
    assert node.verification.checked == 2
    assert [item.envelope for item in node.pool.transactions()] == [envelope(1)]


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x91\x01", encode([b"x"] * 1_001)])
def test_malformed_batch_closes_the_link(data: bytes) -> None:
    """DecodeError out of ``on_message``: the network closes and bans."""
    with pytest.raises(DecodeError):
        _Inbound().inbound.on_message(peer(1), Channel.TRANSACTIONS, data)


@pytest.mark.parametrize("channel", [Channel.BLOCKS, Channel.CONTROL])
def test_message_on_a_channel_without_messages_is_the_peers_fault(channel: Channel) -> None:
    """Blocks and control travel as answers and requests only."""
    with pytest.raises(PeerError) as caught:
        _Inbound().inbound.on_message(peer(1), channel, b"x")
    assert caught.value.code == "channel"


def test_consensus_messages_go_to_the_gate() -> None:
    """Dispatch by channel."""
    node = _Inbound()
    status = Status(CHAIN_ID, 2, 5, bytes(32), 0, 0, 0)
    node.inbound.on_message(peer(2), Channel.CONSENSUS, encode_message(status))
    assert node.gate.peer_heights == {KEYS[2]: 5}
    node.inbound.on_disconnected(peer(2), "idle")
    assert node.gate.peer_heights == {}
    with pytest.raises(PeerError):
        node.inbound.on_message(peer(2), Channel.CONSENSUS, b"junk")


def test_new_link_is_greeted_and_a_validator_gets_what_it_may_have_missed() -> None:
    """Local transactions are sent again to a peer that (re)connects; observers keep none."""
    node = _Inbound()
    waiting = [transaction(1), transaction(2)]
    node.outbox.add(waiting)
    node.inbound.on_connected(peer(1))
    node.inbound.on_connected(peer(4))
    channels = [(key, channel) for key, channel, _ in node.wire.sent]
    assert channels == [
        (KEYS[1], Channel.CONSENSUS), (KEYS[1], Channel.TRANSACTIONS), (KEYS[4], Channel.CONSENSUS),
    ]
    assert decode_batch(node.wire.sent[1][2]) == tuple(item.envelope for item in waiting)


def test_requests_go_to_the_server() -> None:
    """Answered from the store; unknown ones are the peer's fault."""
    node = _Inbound()
    answer = node.inbound.on_request(peer(4), GET_BLOCKS, encode(BlocksWanted(1, 9)))
    assert isinstance(answer, bytes)
    assert len(decode_blocks(answer)) == 1
    with pytest.raises(PeerError):
        node.inbound.on_request(peer(4), 99, b"")


def test_requests_of_one_peer_cost_a_bounded_share() -> None:
    """20 bytes ask for 64 blocks: a peer that asks without end is refused by code, others are served."""
    node = _Inbound()
    wanted = encode(BlocksWanted(1, 9))
    served = 0
    with pytest.raises(Rejected) as caught:
        while served < 10_000:
            node.inbound.on_request(peer(4), GET_BLOCKS, wanted)
            served += 1
    assert caught.value.code == "peer-share"
    assert 0 < served <= SERVED_BYTES_PER_S_MAX // RANGE_COST_BYTES
    assert node.inbound.on_request(peer(1), GET_BLOCKS, wanted)
    node.clock.monotonic += 100
    assert node.inbound.on_request(peer(4), GET_BLOCKS, wanted)


def test_repeating_ends_where_the_queue_of_the_peer_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that comes and goes must not make us encode the whole outbox each time."""
    node = _Inbound()
    asked = 0

    def full(node_key: bytes, channel: Channel, payload: bytes) -> bool:
        nonlocal asked
        asked += channel is Channel.TRANSACTIONS
        return False

    monkeypatch.setattr(node.outbox, "unsettled", lambda: iter([b"first", b"second"]))
    monkeypatch.setattr(node.wire, "send", full)
    node.inbound.on_connected(peer(1))
    assert asked == 1
