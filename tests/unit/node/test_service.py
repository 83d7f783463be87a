"""One running node, as its users see it; with ``status`` and ``metrics``, which say it."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from prometheus_client import generate_latest

from chainnode.mempool.admission import Admitter
from chainnode.mempool.gossip import Outbox
from chainnode.mempool.pool import Pool
from chainnode.mempool.verification import Verification
from chainnode.mempool.verifier import InlineVerifier
from chainnode.node.links import MessageGate
from chainnode.node.service import NodeService
from chainnode.types.transaction import Transaction
from chainnode.types.validator_set import ValidatorList
from consensus.messages import Status, encode_message
from consensus.outputs import ViewChanged
from tests.support.local_chain import CHAIN_ID, GENESIS, GENESIS_HASH, LocalChain, envelope
from tests.unit.node.clock import StillClock
from tests.unit.node.wire import KEYS, Wire, make_links, make_replica, peer


class _Place:
    """A service on a real ledger, told of blocks by hand."""

    def __init__(self, role: str = "validator", own_index: int | None = 0) -> None:
        self.chain = LocalChain()
        self.clock = StillClock(wall_ms=10_000, monotonic_ms=1_000)
        self.pool = Pool()
        self.wire = Wire()
        links = make_links(self.chain, self.wire)
        replica = make_replica(self.chain, own_index)
        self.flushes: list[Callable[[], None]] = []
        self.outbox = Outbox(self.flushes.append, links.gossip)
        self.gate = MessageGate(CHAIN_ID, replica, links, lambda event: None)
        admitter = Admitter(self.chain.ledger, self.pool, Verification(InlineVerifier()), self._admitted)
        self.counts = {"peers_reported": {"tx-root": 3}, "network": {}}
        self.service = NodeService(
            name="node-x", node_key=KEYS[0 if role == "validator" else 4], replica=replica,
            queries=self.chain.queries, genesis_hash=GENESIS_HASH,
            membership=links._membership, pool=self.pool, admitter=admitter, outbox=self.outbox, gate=self.gate,
            clock=self.clock, counts=lambda: self.counts,
        )
        self.service.network = self.wire

    def _admitted(self, transactions: list[Transaction], local: bool) -> None:
        self.service.on_admitted(transactions, local=local)

    def commit_pending(self) -> None:
        """Everything in the pool becomes a durable block, as the driver would do it."""
        candidate = self.chain.ledger.build(0, list(self.pool.transactions()), self.chain.now_ms)
        receipts = self.chain.commit(candidate) or []
        self.pool.remove([item.tx_id for item in candidate.transactions])
        self.service.on_block(candidate, receipts)


async def test_submitted_transaction_is_passed_on_and_followed_to_its_place() -> None:
    """Submit, wait, read: told after it is durable and never before."""
    place = _Place()
    first, second = await place.service.submit([envelope(1), envelope(2)])
    assert place.service.is_pending(first.tx_id)
    assert len(place.flushes) == 1
    waiting = asyncio.create_task(place.service.wait_committed([second.tx_id, first.tx_id, bytes(32)], 50))
    await asyncio.sleep(0)
    place.clock.monotonic += 40
    place.commit_pending()
    assert await waiting == {first.tx_id: (1, 0), second.tx_id: (1, 1), bytes(32): None}
    assert not place.service.is_pending(first.tx_id)
    assert list(place.outbox.unsettled()) == []
    assert place.service.status().finality_ms.p50 == 40.0
    assert not place.service._admitted_ms
    assert await place.service.wait_committed([first.tx_id], 0) == {first.tx_id: (1, 0)}


async def test_transaction_of_a_peer_is_neither_passed_on_nor_measured() -> None:
    """``local`` marks what clients gave to this node."""
    place = _Place()
    await place.service._admitter.submit([envelope(1)], local=False)
    place.commit_pending()
    assert place.flushes == []
    assert place.service.status().finality_ms.p50 is None
    assert place.service.status().committed_transactions == 1


async def test_expired_transaction_that_was_committed_long_ago_is_told_so() -> None:
    """A transaction that expired may have been committed long ago: then that is the truth about it."""
    place = _Place()
    data = envelope(1, valid_until=1)
    await place.service.submit([data])
    place.commit_pending()
    place.chain.extend()
    place.chain.ledger.surroundings.replay._height_of.clear()
    (answer,) = await place.service.submit([data])
    assert (answer.outcome, answer.height, answer.code) == ("committed", 1, "ok")
    (never,) = await place.service.submit([envelope(2, valid_until=1)])
    assert (never.outcome, never.code) == ("rejected", "expired")


async def test_expiry_settles_what_waited() -> None:
    """Pending transactions passed their last height: nothing is repeated or measured any more."""
    place = _Place()
    (answer,) = await place.service.submit([envelope(1, valid_until=1)])
    place.service.on_expired(place.pool.expire(1))
    assert not place.service._admitted_ms
    assert list(place.outbox.unsettled()) == []
    assert not place.service.is_pending(answer.tx_id)


async def test_status_shows_one_moment_of_the_node() -> None:
    """Height, root, view, leader, peers and what they said, pool, rates."""
    place = _Place()
    await place.service.submit([envelope(1)])
    place.gate.receive(peer(2), encode_message(Status(CHAIN_ID, 2, 9, bytes(32), 0, 0, 0)))
    place.clock.monotonic += 500
    status = place.service.status()
    tip = place.chain.ledger.tip
    assert (status.name, status.role, status.chain_id, status.genesis_hash) == (
        "node-x", "validator", CHAIN_ID, GENESIS_HASH,
    )
    assert (status.height, status.block_hash, status.state_root) == (0, tip.block_hash, tip.state_root)
    assert (status.validators, status.quorum, status.pool_transactions, status.uptime_ms) == (4, 3, 1, 500)
    assert status.pool_bytes == len(envelope(1))
    assert status.leader in {f"validator-{number}" for number in range(4)}
    assert [(one.name, one.role, one.height) for one in status.peers] == [
        ("validator-1", "validator", None), ("validator-2", "validator", 9), ("validator-3", "validator", None),
        ("observer-0", "observer", None),
    ]
    assert msgspec.json.decode(msgspec.json.encode(status))["halted"] is None
    place.service.network = None
    assert place.service.status().peers == []
    assert place.service.genesis == GENESIS


def test_status_names_no_leader_while_ledger_and_core_stand_in_different_epochs() -> None:
    """The core hears of a new set a moment after the ledger; an index of the old one may not exist in it."""
    place = _Place()
    members = place.chain.ledger.validators
    following = ValidatorList(members.epoch + 1, members.validators[:1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place.service.queries, "validators", lambda: following)
        assert place.service.status().leader is None
    assert place.service.status().leader is not None


def test_view_changes_and_halt_are_shown() -> None:
    """Signing stopped for good; reads go on."""
    place = _Place()
    place.service.on_view_changed(ViewChanged(1, 1, "timeout"))
    place.service.on_halt("disk-full", {"message": "no space"})
    status = place.service.status()
    assert (status.view_changes, status.halted) == (1, "disk-full")
    assert place.service.queries.block(0).certificate == b""
    checks = {check.name: check for check in place.service.health()}
    assert not checks["signing"].ok
    assert checks["signing"].info == "disk-full"


@pytest.mark.parametrize(
    ("role", "own_index", "up", "ok"),
    [
        ("validator", 0, [1, 2], True),
        ("validator", 0, [1, 4], False),
        ("validator", 0, [], False),
        ("observer", None, [3], True),
        ("observer", None, [4], False),
    ],
)
def test_readiness_needs_a_quorum_in_reach(role: str, own_index: int | None, up: list[int], ok: bool) -> None:
    """A validator counts itself; an observer needs one validator to follow; observers count for nobody."""
    place = _Place(role, own_index)
    place.wire.up = up
    assert {check.name: check.ok for check in place.service.health()}["quorum"] is ok


def test_certificate_that_ends_soon_or_has_ended_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """N21: own-certificate expiry alarm 30 days ahead; ended is not ready."""
    place = _Place()
    day = 24 * 3600 * 1000
    for left, ok, words in ((31 * day, True, "31 days"), (29 * day, True, "renew"), (-1, False, "renew")):
        monkeypatch.setattr(place.wire, "certificate_not_after_ms", lambda left=left: place.clock.wall + left)
        check = {check.name: check for check in place.service.health()}["tls-certificate"]
        assert check.ok is ok
        assert words in check.info


def test_metrics_name_every_number_once() -> None:
    """``chainnode_<thing>_<unit>``: gauges, counters by code, nothing that is not known."""
    place = _Place()
    place.service.on_view_changed(ViewChanged(1, 1, "timeout"))
    text = generate_latest(place.service.metrics).decode()
    assert "chainnode_height 0.0" in text
    assert "chainnode_peers 4.0" in text
    assert "chainnode_validator_peers 3.0" in text
    assert "chainnode_view_changes_total 1.0" in text
    assert 'chainnode_peers_reported_total{code="tx-root"} 3.0' in text
    assert "chainnode_halted 0.0" in text
    assert "finality" not in text
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
    place.service.on_halt("fork", {})
    assert KEYS[0].hex() not in text
    assert "chainnode_halted 1.0" in generate_latest(place.service.metrics).decode()
