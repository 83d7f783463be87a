"""Answering those who lack something: what is held, in order, within bounds."""

import msgspec
import pytest

from chainnode.chain.candidate import Candidate, open_stored
from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError, PeerError, Rejected
from chainnode.mempool.pool import Pool
from chainnode.sync import server as server_module
from chainnode.sync.server import SyncServer
from chainnode.sync.wire import (
    BLOCKS_PER_ANSWER_MAX,
    GET_BLOCK,
    GET_BLOCKS,
    GET_HEADERS,
    GET_RECEIPTS,
    GET_SEALS,
    GET_TRANSACTIONS,
    BlocksWanted,
    BlockWanted,
    ReceiptsWanted,
    SealsWanted,
    TransactionsWanted,
    decode_blocks,
    decode_envelopes,
    decode_headers,
    decode_receipts,
    decode_seals,
)
from chainnode.types.block import decode_header, decode_stored_block
from tests.support.local_chain import LocalChain, transaction
from tests.unit.node.clock import StillClock


class _Served:
    """A server over a real store, a pool and a desk."""

    def __init__(self, blocks: int = 3) -> None:
        self.chain = LocalChain()
        self.chain.grow(blocks)
        self.pool = Pool()
        self.candidates: list[Candidate] = []
        self.server = SyncServer(self.chain.ledger.store, self.pool, lambda: self.candidates)

    def transactions(self, *leaves: bytes) -> tuple[bytes, ...]:
        return decode_envelopes(self.server.answer(GET_TRANSACTIONS, encode(TransactionsWanted(b"".join(leaves)))))

    def heights(self, first: int, last: int) -> list[int]:
        answer = decode_blocks(self.server.answer(GET_BLOCKS, encode(BlocksWanted(first, last))))
        return [decode_header(decode_stored_block(data).header).height for data in answer]


def test_transactions_are_answered_as_a_prefix() -> None:
    """Envelopes, in order, as many as are here: the first that is missing ends the answer."""
    served = _Served()
    held = [transaction(number) for number in range(500, 504)]
    for item in held:
        served.pool.add(item)
    leaves = [item.leaf_hash for item in held]
    assert served.transactions(*leaves[::-1]) == tuple(item.envelope for item in held[::-1])
    assert served.transactions(leaves[0], bytes(32), leaves[1]) == (held[0].envelope,)
    assert served.transactions(bytes(32), leaves[0]) == ()
    assert served.transactions() == ()


def test_bodies_of_a_block_under_discussion_are_served_after_the_pool_let_go() -> None:
    """Bodies the pool has let go may still stand in a block under discussion."""
    served = _Served()
    served.candidates.append(served.chain.build(700, 701))
    for item in served.candidates[0].transactions:
        assert served.transactions(item.leaf_hash) == (item.envelope,)


def test_bodies_of_blocks_no_longer_under_discussion_are_let_go() -> None:
    """What the server keeps beside pool and store lasts as long as the discussion."""
    served = _Served()
    first, second = served.chain.build(700), served.chain.build(701)
    served.candidates[:] = [first, second]
    assert served.transactions(second.transactions[0].leaf_hash) == (second.transactions[0].envelope,)
    served.candidates[:] = [second]
    assert served.transactions(first.transactions[0].leaf_hash) == ()
    assert list(served.server._proposed) == [second.block_hash]


def test_odd_bytes_after_the_last_leaf_are_ignored() -> None:
    """31 bytes are no leaf hash."""
    served = _Served()
    item = transaction(500)
    served.pool.add(item)
    assert served.transactions(item.leaf_hash, bytes(31)) == (item.envelope,)


def test_answer_is_bounded_in_bytes_but_never_empty_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded before it is built; one envelope or block is always served, or nobody could ever go on."""
    served = _Served()
    held = [transaction(number) for number in range(500, 504)]
    for item in held:
        served.pool.add(item)
    leaves = [item.leaf_hash for item in held]
    monkeypatch.setattr(server_module, "ANSWER_BYTES_MAX", len(held[0].envelope) * 2)
    assert len(served.transactions(*leaves)) == 2
    monkeypatch.setattr(server_module, "ANSWER_BYTES_MAX", 1)
    assert len(served.transactions(*leaves)) == 1
    assert served.heights(1, 3) == [1]


def test_block_is_found_decided_or_not() -> None:
    """One StoredBlock, undecided ones included; empty if not held."""
    served = _Served()
    decided = served.chain.queries.block(2)
    assert served.server.answer(GET_BLOCK, encode(BlockWanted(_hash(served, 2)))) == encode(decided)
    candidate = served.chain.build(800)
    wanted = encode(BlockWanted(candidate.block_hash))
    assert served.server.answer(GET_BLOCK, wanted) == b""
    served.candidates.append(candidate)
    stored = decode_stored_block(served.server.answer(GET_BLOCK, wanted))
    assert stored.certificate == b""
    assert open_stored(stored).block_hash == candidate.block_hash


def _hash(served: _Served, height: int) -> bytes:
    following = served.chain.queries.block(height + 1) if height < served.chain.ledger.tip.height else None
    assert following is not None
    return decode_header(following.header).parent_hash


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (1, 3, [1, 2, 3]),
        (2, 2**53, [2, 3]),
        (0, 1, [0, 1]),
        (4, 9, []),
        (3, 2, []),
        (2**53, 2**53, []),
    ],
)
def test_blocks_are_served_up_to_the_tip(first: int, last: int, expected: list[int]) -> None:
    """Whatever is asked for, only what is durable here."""
    assert _Served().heights(first, last) == expected


def test_number_of_blocks_in_one_answer_is_bounded() -> None:
    """BLOCKS_PER_ANSWER_MAX, however many are asked for."""
    served = _Served(0)
    for _ in range(BLOCKS_PER_ANSWER_MAX + 3):
        served.chain.extend()
    assert served.heights(1, 2**53) == list(range(1, BLOCKS_PER_ANSWER_MAX + 1))


def test_receipts_are_answered_as_a_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    """By block, the block's own first (empty where it has no events); within the bytes of an answer, at least one."""
    served = _Served()
    store = served.chain.ledger.store

    def receipts(first: int, last: int, skipped: int = 0) -> list[tuple[bytes, ...]]:
        wanted = encode(ReceiptsWanted(first, last, skipped))
        return list(decode_receipts(served.server.answer(GET_RECEIPTS, wanted)))

    whole = [(store.block_receipt(height) or b"", *store.receipts(height)) for height in (1, 2, 3)]
    assert all(len(outcomes) == 2 for outcomes in whole)
    assert receipts(1, 9) == whole
    assert receipts(2, 2) == whole[1:2]
    assert receipts(0, 1) == whole[:1]
    assert receipts(4, 9) == []
    assert receipts(1, 2, 1) == [whole[0][1:], whole[1]]
    monkeypatch.setattr(server_module, "ANSWER_BYTES_MAX", len(whole[0][1]))
    assert receipts(1, 3) == whole[:1]
    monkeypatch.setattr(server_module, "ANSWER_BYTES_MAX", 1)
    assert receipts(1, 3) == [whole[0][:1]]
    assert receipts(1, 3, 1) == [whole[0][1:]]
    assert receipts(1, 3, 2) == []


def test_receipts_read_for_nothing_are_paid_from_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for what lies behind a block's last receipt costs the asker little, and would cost this node the block."""
    monkeypatch.setattr(server_module, "HISTORY_BYTES_PER_S_MAX", 10)
    served = _Served()
    server = SyncServer(served.chain.ledger.store, served.pool, list, clock=StillClock())
    assert decode_receipts(server.answer(GET_RECEIPTS, encode(ReceiptsWanted(1, 1, 10_000)))) == ()
    with pytest.raises(Rejected, match="enough was served"):
        server.answer(GET_RECEIPTS, encode(ReceiptsWanted(1, 1, 10_000)))


@pytest.mark.parametrize("kind", [0, 9, 65_535])
def test_unknown_request_is_the_peers_fault(kind: int) -> None:
    """PeerError ``request-kind``: no such request."""
    with pytest.raises(PeerError) as caught:
        _Served().server.answer(kind, b"")
    assert caught.value.code == "request-kind"


@pytest.mark.parametrize("kind", [GET_TRANSACTIONS, GET_BLOCK, GET_BLOCKS])
@pytest.mark.parametrize("payload", [b"", b"\xc0", b"\x91\x01", msgspec.msgpack.encode([bytes(40), 1, 2])])
def test_malformed_request_is_refused(kind: int, payload: bytes) -> None:
    """DecodeError: the request is malformed."""
    with pytest.raises(DecodeError):
        _Served(1).server.answer(kind, payload)


def test_seals_are_answered_from_a_height_on() -> None:
    """As many as an answer holds, lowest first."""
    served = _Served(3)
    for height in range(1, 80):
        served.chain.ledger.store.keep_seal(height, b"seal %d" % height)
    found = decode_seals(served.server.answer(GET_SEALS, encode(SealsWanted(3))))
    assert list(found) == [b"seal %d" % height for height in range(3, 67)]
    assert decode_seals(served.server.answer(GET_SEALS, encode(SealsWanted(80)))) == ()


def test_history_is_served_within_a_budget_for_all_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many who catch up cannot keep a validator from voting; what a block under discussion lacks is always served."""
    monkeypatch.setattr(server_module, "HISTORY_BYTES_PER_S_MAX", 1_000)
    chain = LocalChain()
    chain.grow(3)
    clock = StillClock()
    server = SyncServer(chain.ledger.store, Pool(), list, clock=clock)
    wanted = encode(BlocksWanted(1, 3))
    spent = len(server.answer(GET_BLOCKS, wanted))
    assert spent > 1_000
    with pytest.raises(Rejected) as refused:
        server.answer(GET_BLOCKS, wanted)
    assert refused.value.code == "busy"
    assert server.answer(GET_BLOCK, encode(BlockWanted(chain.ledger.tip.block_hash)))
    clock.monotonic += spent
    assert server.answer(GET_BLOCKS, wanted)


def test_headers_are_served_in_order_as_far_as_they_go() -> None:
    """Headers from ``first`` on, as many as fit."""
    served = _Served(3)
    headers = decode_headers(served.server.answer(GET_HEADERS, encode(BlocksWanted(2, 9))))
    assert [decode_header(data).height for data in headers] == [2, 3]
    assert decode_headers(served.server.answer(GET_HEADERS, encode(BlocksWanted(9, 9)))) == ()
