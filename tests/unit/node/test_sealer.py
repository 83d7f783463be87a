"""The sealer beside a ledger: what it takes of peers, and how little that may cost."""

import asyncio

import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.net.peer import OBSERVER, Peer, PeerRole
from chainnode.node.seal_worker import SealingEnded, SealWorker
from chainnode.node.sealer import EARLY_OF_PEER_MAX, ROUNDS_MAX, SHARES_SAVED, SUSPECT_MS, Sealer
from chainnode.node.voting_keys import VotingKeys
from chainnode.store.ledger_store import LedgerStore
from chainnode.types.block import block_hash
from chainnode.types.seal import SEAL_INTERVAL, SealShare, decode_seal, seal_bytes
from chainnode.types.validator_set import seal_key_of
from tests.support.cluster import until
from tests.support.local_chain import CONSENSUS_KEYS, LocalChain
from tests.unit.node.clock import StillClock

CHAIN = LocalChain()
CHAIN.extend(900)


class _Sealing:
    """The sealer of validator 0 on a small chain."""

    def __init__(self) -> None:
        self.store: LedgerStore = CHAIN.ledger.store
        self.members = CHAIN.ledger.validators
        self.clock = StillClock()
        self.worker = SealWorker()
        self.sent: list[bytes] = []
        keys = VotingKeys(CONSENSUS_KEYS[0], self.members.validators[0].node_key)
        self.sealer = Sealer(self.store, keys, self.worker, self.sent.append, self.clock)
        self.sealer._begun = 0

    def peer(self, index: int, *, observer: bool = False) -> Peer:
        role = OBSERVER if observer else PeerRole(index)
        return Peer(self.members.validators[index].node_key, role, "127.0.0.1:1", True, 0, 0, "")

    def share(self, index: int, height: int = 1, *, right: bool = True) -> bytes:
        header = self.store.header(height) or self.store.header(1)
        assert header is not None
        hash_ = block_hash(header)
        message = seal_bytes(CHAIN.ledger.chain_id, 0, CHAIN.ledger.surroundings.validators.hash, height, hash_)
        key = seal_key_of(CONSENSUS_KEYS[index])
        return encode(SealShare(0, height, hash_, index, key.sign(message if right else b"other")))

    def code(self, index: int, payload: bytes, *, observer: bool = False) -> str:
        before = self.sealer.shares.copy()
        self.sealer.receive(self.peer(index, observer=observer), payload)
        (code,) = self.sealer.shares - before
        return code


async def test_only_due_blocks_begin_a_round() -> None:
    """The hot path pays one comparison; the queue of what is due is bounded."""
    made = _Sealing()
    for height in range(1, SEAL_INTERVAL * (ROUNDS_MAX + 5)):
        made.sealer.note_block(height, last_of_set=False)
    assert list(made.sealer._due) == [SEAL_INTERVAL * number for number in range(5, ROUNDS_MAX + 5)]
    observer = Sealer(made.store, None, made.worker, made.sent.append, made.clock)
    observer.note_block(SEAL_INTERVAL, last_of_set=True)
    assert not observer._due
    await observer.run()


async def test_shares_before_and_after_the_own_commit_make_a_seal() -> None:
    """A share may come before this node has the block."""
    made = _Sealing()
    assert made.code(1, made.share(1)) == "taken"
    task = asyncio.create_task(made.sealer.run())
    made.sealer.note_block(1, last_of_set=True)
    await until(lambda: made.sent)
    assert made.code(2, made.share(2)) == "taken"
    await until(lambda: made.store.seal(1) is not None)
    seal = made.store.seal(1)
    assert seal is not None
    assert decode_seal(seal).signer_indexes() == (0, 1, 2)
    assert made.code(3, made.share(3)) == "late"
    assert made.sealer.seals == {"made": 1}
    task.cancel()


async def test_liar_is_not_heard_for_a_while() -> None:
    """A wrong block costs nothing to find out; what follows is not even looked at."""
    made = _Sealing()
    await made.sealer._begin(0, VotingKeys(CONSENSUS_KEYS[0], made.members.validators[0].node_key))
    wrong = encode(SealShare(0, 0, bytes(32), 1, bytes(96)))
    assert made.sealer._take(SealShare(0, 0, bytes(32), 1, bytes(96)), made.peer(1).node_key) == "block"
    assert made.code(1, wrong) == "suspect"
    made.clock.monotonic += SUSPECT_MS
    made.sealer.receive(made.peer(1), wrong)
    assert made.sealer.shares == {"sent": 1, "wrong": 2, "block": 1, "suspect": 1}


async def test_what_one_peer_may_send_is_bounded() -> None:
    """Early shares, shares a second, and malformed bytes."""
    made = _Sealing()
    for height in range(2, 20):
        assert made.code(1, encode(SealShare(0, height, bytes(32), 1, bytes(96)))) == "taken"
    (waiting,) = made.sealer._early.values()
    assert list(waiting) == [*range(20 - EARLY_OF_PEER_MAX, 20)]
    codes = [made.code(2, encode(SealShare(0, 2, bytes(32), 2, bytes(96)))) for _ in range(SHARES_SAVED + 1)]
    assert codes == ["taken"] * SHARES_SAVED + ["peer-share"]
    assert made.code(3, made.share(3), observer=True) == "unwanted"
    with pytest.raises(DecodeError):
        made.sealer.receive(made.peer(1), b"\xc0")


async def test_worker_that_failed_does_nothing_more() -> None:
    """Whatever its library does, and also a panic that is no Exception."""

    class Panic(BaseException):
        pass

    def panic() -> None:
        raise Panic("gone")

    def refuse() -> None:
        raise DecodeError("malformed", "an answer, no failure")

    worker = SealWorker()
    with pytest.raises(DecodeError):
        await worker.run(refuse)
    assert await worker.run(lambda: 7) == 7
    for _ in range(2):
        with pytest.raises(SealingEnded):
            await worker.run(panic)
    assert worker.failure == "Panic: gone"
    worker.close()
