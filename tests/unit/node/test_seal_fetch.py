"""Seals of others: checked against this node's own blocks, whoever serves them."""

from collections.abc import Sequence

import pytest

from chainnode.codec.canonical import encode
from chainnode.crypto import bls
from chainnode.errors import RequestFailed
from chainnode.node import seal_fetch
from chainnode.node.seal_fetch import SealFetch
from chainnode.node.seal_worker import SealWorker
from chainnode.types.block import block_hash
from chainnode.types.seal import Seal, seal_bytes, signers_bitmap
from chainnode.types.validator_set import seal_key_of
from tests.support.local_chain import CONSENSUS_KEYS, LocalChain

PEER = b"p" * 32


class _Fetching:
    """A node that asks one peer for the seals of its chain."""

    def __init__(self, heights: int = 4) -> None:
        self.chain = LocalChain()
        self.chain.grow(heights)
        self.store = self.chain.ledger.store
        self.answers: list[bytes] = []
        self.asked = 0
        self.reported: list[str] = []
        self.fetched = 0
        self.fetch = SealFetch(self.store, self, SealWorker(), self._note)

    def _note(self) -> None:
        self.fetched += 1

    def sources(self, first: Sequence[int]) -> list[bytes]:
        return [PEER]

    async def request(self, node_key: bytes, kind: int, payload: bytes, timeout_ms: int) -> bytes:
        self.asked += 1
        if not self.answers:
            raise RequestFailed("no-link", "gone")
        return self.answers.pop(0)

    def report(self, node_key: bytes, code: str) -> None:
        self.reported.append(code)

    def seal(self, height: int, signers: Sequence[int] = (0, 1, 2)) -> bytes:
        header = self.store.header(height)
        assert header is not None
        hash_ = block_hash(header)
        members = self.chain.ledger.surroundings.validators
        message = seal_bytes(self.chain.ledger.chain_id, 0, members.hash, height, hash_)
        total = bls.aggregate([seal_key_of(CONSENSUS_KEYS[index]).sign(message) for index in signers])
        assert total is not None
        return encode(Seal(0, height, hash_, signers_bitmap(signers), total))

    async def take(self, *seals: bytes) -> None:
        self.answers.append(encode(list(seals)))
        await self.fetch._ask(PEER)


async def test_seals_are_checked_and_kept_and_asked_for_once() -> None:
    """What is here already is passed over; what is above the tip waits."""
    node = _Fetching()
    tip = node.store.tip().height
    node.store.keep_seal(2, node.seal(2))
    above = encode(Seal(0, tip + 1, bytes(32), b"\1", bytes(96)))
    await node.take(node.seal(1), node.seal(2), node.seal(3, (1, 2, 3)), above)
    assert node.fetched == 2
    assert node.store.seal(3) == node.seal(3, (1, 2, 3))
    assert node.fetch._next == 4
    assert node.reported == []
    again = SealFetch(node.store, node, SealWorker(), lambda: None)
    assert again._next == 4


@pytest.mark.parametrize(
    ("case", "code"),
    [("few", "seal-no-quorum"), ("forged", "seal-signature"), ("order", "seal-order"), ("bytes", "malformed")],
)
async def test_peer_that_serves_what_no_correct_peer_has_is_reported(case: str, code: str) -> None:
    """Correct nodes keep verified seals only."""
    node = _Fetching()
    forged = encode(Seal(0, 1, block_hash(node.store.header(1) or b""), b"\x07", bytes(96)))
    served = {
        "few": [node.seal(1, (0, 1))], "forged": [forged], "order": [node.seal(2), node.seal(1)], "bytes": [b"\xc0"]
    }[case]
    await node.take(*served)
    assert node.reported == [code]
    assert node.store.seal(1) is None


async def test_peer_that_does_not_answer_is_left_alone() -> None:
    """Another is asked the next time."""
    node = _Fetching()
    await node.fetch._ask(PEER)
    assert (node.asked, node.reported, node.fetch._next) == (1, [], 1)


async def test_one_peer_is_asked_so_often_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can keep the thread busy with seals that are here already."""
    node = _Fetching()
    monkeypatch.setattr(seal_fetch, "SEALS_PER_ANSWER_MAX", 0)
    node.answers = [encode([])] * 10
    await node.fetch._ask(PEER)
    assert node.asked == seal_fetch.ANSWERS_MAX
