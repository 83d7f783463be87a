"""How much history a node serves: enough for anybody who catches up, never so much that votes wait."""

import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import Rejected
from chainnode.mempool.pool import Pool
from chainnode.sync.budget import PEERS_MAX, ServingBudget
from chainnode.sync.server import SyncServer
from chainnode.sync.wire import (
    GET_BLOCK,
    GET_BLOCKS,
    SERVED_BYTES_PER_S_MAX,
    SERVED_BYTES_PER_S_PER_PEER_MAX,
    BlocksWanted,
    BlockWanted,
)
from tests.support.local_chain import LocalChain


class _Time:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_peer_in_debt_waits_and_others_do_not() -> None:
    """An answer is charged once its size is known; each peer has its own allowance."""
    time = _Time()
    budget = ServingBudget(time)
    assert budget.open(b"a")
    budget.charge(b"a", SERVED_BYTES_PER_S_PER_PEER_MAX * 3 // 2)
    assert not budget.open(b"a")
    assert budget.open(b"b")
    time.now_s = 0.6
    assert budget.open(b"a")


def test_all_peers_together_are_bounded() -> None:
    """Many who catch up cannot keep a validator from voting."""
    budget = ServingBudget(_Time())
    for number in range(4):
        budget.charge(bytes([number]), SERVED_BYTES_PER_S_MAX // 3)
    assert not budget.open(b"another")


def test_memory_for_peers_is_bounded() -> None:
    """Peers whose use is remembered; there are no more links."""
    budget = ServingBudget(_Time())
    for number in range(2 * PEERS_MAX):
        budget.charge(number.to_bytes(4, "big"), 0)
    assert len(budget._peers) == PEERS_MAX


def test_server_says_busy_for_history_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a block under discussion lacks is always served."""
    chain = LocalChain()
    chain.grow(2)
    server = SyncServer(chain.ledger.store, Pool(), list, now_s=_Time())
    monkeypatch.setattr(server._budget, "open", lambda node_key: False)
    with pytest.raises(Rejected) as refused:
        server.answer(GET_BLOCKS, encode(BlocksWanted(1, 2)), b"peer")
    assert refused.value.code == "busy"
    assert server.answer(GET_BLOCK, encode(BlockWanted(chain.ledger.tip.block_hash)), b"peer")
