"""Catching up (SPEC R9): certified blocks from anybody, claims from nobody."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from chainnode.chain.candidate import Candidate, open_stored
from chainnode.chain.ledger import LedgerDiverged
from chainnode.codec.canonical import encode
from chainnode.errors import StoreError
from chainnode.sync import catch_up as catch_up_module
from chainnode.sync.catch_up import IDLE_ROUNDS_MAX
from chainnode.sync.wire import BLOCKS_PER_ANSWER_MAX, decode_blocks, decode_blocks_wanted
from chainnode.types.block import StoredBlock, decode_stored_block
from consensus.certificates import encode_certificate
from tests.support.local_chain import LocalChain, certificate_of
from tests.unit.sync.follower import Follower, server_of
from tests.unit.sync.sources import Answer, silent


@pytest.fixture(autouse=True)
def _quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catch_up_module, "ROUND_PAUSE_SECONDS", 0.001)

@pytest.fixture(scope="module")
def source() -> LocalChain:
    made = LocalChain()
    made.grow(7, transactions=2)
    return made


async def test_follower_reaches_the_tip_with_the_same_bytes(source: LocalChain) -> None:
    """Each block once, in order; afterwards both stores hold the same."""
    follower = Follower(peer=server_of(source))
    await follower.run(7)
    assert follower.applied == list(range(1, 8))
    assert follower.chain.ledger.tip == source.ledger.tip
    assert dict(follower.chain.engine.iterate()) == dict(source.engine.iterate())
    assert follower.sources.first[0] == (1, 2)
    assert not follower.sources.reported


async def test_what_was_verified_here_is_not_checked_again(source: LocalChain) -> None:
    """A validator that falls behind under load got the transactions as gossip: twice the work would keep it behind."""
    held = [open_stored(source.queries.block(height)).transactions for height in range(1, 8)]
    first = Follower(peer=server_of(source))
    await first.run(7)
    assert first.verification.checked == 14
    second = Follower(peer=server_of(source))
    second.pool.add(held[0][0])
    assert await second.verification.check([held[0][1], *held[5]]) == [True] * 3
    await second.run(7)
    assert (second.height, second.verification.checked) == (7, 13)


async def test_follower_goes_beyond_its_target(source: LocalChain) -> None:
    """The target is what some quorum has decided *at least*."""
    follower = Follower(peer=server_of(source))
    await follower.run(3)
    assert follower.height == 7
    # What an answer held beyond the target was applied, not fetched twice.
    assert [decode_blocks_wanted(payload).first for _, _, payload in follower.sources.asked][:2] == [1, 8]


async def test_more_blocks_than_one_answer_holds() -> None:
    """BLOCKS_PER_ANSWER_MAX at a time."""
    chain = LocalChain()
    for _ in range(BLOCKS_PER_ANSWER_MAX + 5):
        chain.extend()
    follower = Follower(peer=server_of(chain))
    await follower.run(chain.ledger.tip.height)
    assert follower.height == BLOCKS_PER_ANSWER_MAX + 5


async def test_nobody_else_is_asked_once_the_target_is_reached(source: LocalChain) -> None:
    """A silent peer must not keep a validator from voting that knows enough."""
    follower = Follower(peer=server_of(source), later=silent)
    await follower.run(7)
    assert {name for name, _, _ in follower.sources.asked} == {b"peer"}


async def test_run_ends_when_nobody_answers() -> None:
    """It must end: voting may resume at the tip, and a later certificate starts anew."""
    for peers in ({}, {"quiet": silent}, {"empty": lambda kind, payload: encode([])}):
        follower = Follower(**peers)
        await follower.run(9)
        assert follower.height == 0
        assert len(follower.sources.first) == IDLE_ROUNDS_MAX


async def test_pieces_from_several_peers_are_joined(source: LocalChain) -> None:
    """Peers that have pruned or lag give what they have."""

    def only(low: int, high: int) -> Answer:
        def answer(kind: int, payload: bytes) -> bytes:
            wanted = decode_blocks_wanted(payload)
            blocks = [source.queries.block(h) for h in range(wanted.first, high + 1) if low <= wanted.first]
            return encode([encode(block) for block in blocks])

        return answer

    follower = Follower(late=only(5, 7), early=only(1, 4))
    await follower.run(7)
    assert follower.height == 7


def _altering(source: LocalChain, change: Callable[[StoredBlock], StoredBlock], at: int) -> Answer:
    """A peer that serves block ``at`` altered."""
    honest = server_of(source)

    def answer(kind: int, payload: bytes) -> bytes:
        first = decode_blocks_wanted(payload).first
        blocks = list(decode_blocks(honest(kind, payload)))
        if first <= at < first + len(blocks):
            blocks[at - first] = encode(change(decode_stored_block(blocks[at - first])))
        return encode(blocks)

    return answer


def _rival(height: int) -> LocalChain:
    chain = LocalChain()
    chain.extend(77_777)
    chain.grow(height)
    return chain


LIES: dict[str, tuple[str, Callable[[LocalChain], Answer]]] = {
    "no-certificate": (
        "certificate-malformed", lambda s: _altering(s, lambda b: msgspec.structs.replace(b, certificate=b""), 1)
    ),
    "other-certificate": (
        "certificate-mismatch",
        lambda s: _altering(s, lambda b: msgspec.structs.replace(b, certificate=s.queries.certificate(2)), 1),
    ),
    "too-few": ("certificate-no-quorum", lambda s: _altering(s, lambda b: _certified(b, (0, 1)), 1)),
    "other-body": (
        "tx-root", lambda s: _altering(s, lambda b: msgspec.structs.replace(b, body=s.queries.block(2).body), 1)
    ),
    "other-block": (
        "certificate-mismatch",
        lambda s: _altering(s, lambda b: StoredBlock(*_parts(_rival(1).queries.block(1)), b.certificate), 1),
    ),
    "other-height": ("sync-height", lambda s: lambda kind, payload: encode([encode(s.queries.block(3))])),
    "genesis": ("sync-height", lambda s: lambda kind, payload: encode([encode(s.queries.block(0))])),
    "reordered": (
        "sync-height", lambda s: lambda kind, payload: encode([encode(s.queries.block(n)) for n in (2, 1)])
    ),
    "gap": ("sync-height", lambda s: lambda kind, payload: encode([encode(s.queries.block(n)) for n in (1, 3)])),
    "truncated": ("malformed", lambda s: lambda kind, payload: encode([encode(s.queries.block(1))[:-1]])),
    "garbage": ("malformed", lambda s: lambda kind, payload: b"\xff" * 100),
    "junk-blocks": ("malformed", lambda s: lambda kind, payload: encode([b"junk"])),
}


def _parts(stored: StoredBlock) -> tuple[bytes, bytes]:
    return stored.header, stored.body


def _certified(block: StoredBlock, signers: tuple[int, ...]) -> StoredBlock:
    certificate = encode_certificate(certificate_of(open_stored(block), signers=signers))
    return msgspec.structs.replace(block, certificate=certificate)


@pytest.mark.parametrize("lie", LIES)
async def test_lying_peer_is_reported_and_passed_over(source: LocalChain, lie: str) -> None:
    """A peer that serves anything else is reported and passed over; nothing of its answer is applied."""
    code, make = LIES[lie]
    follower = Follower(liar=make(source))
    await follower.run(7)
    assert follower.height == 0
    assert follower.sources.reported[0] == (b"liar", code)
    both = Follower(liar=make(source), honest=server_of(source))
    await both.run(7)
    assert both.height == 7
    assert {name for name, _ in both.sources.reported} == {b"liar"}


async def test_true_beginning_of_a_false_answer_is_not_applied_but_served_again(source: LocalChain) -> None:
    """An answer counts whole or not at all: its blocks come again from a peer that tells the truth."""
    lie = _altering(source, lambda block: msgspec.structs.replace(block, certificate=b""), 4)
    follower = Follower(liar=lie)
    await follower.run(7)
    assert (follower.height, follower.applied) == (0, [])


async def test_interrupted_run_continues_from_the_tip(source: LocalChain) -> None:
    """Interrupted anywhere, it goes on from the tip."""
    follower = Follower(peer=server_of(source))

    def stop(candidate: Candidate) -> None:
        if candidate.header.height == 4:
            task.cancel()

    follower.before_apply = stop
    task = asyncio.create_task(follower.run(7))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 3 <= follower.height < 7
    follower.before_apply = lambda candidate: None
    await follower.run(7)
    assert follower.applied == list(range(1, 8))


async def test_blocks_decided_here_meanwhile_are_not_applied_twice(source: LocalChain) -> None:
    """The node's own agreement may have decided some of them meanwhile."""
    follower = Follower()
    honest = server_of(source)

    def slow(kind: int, payload: bytes) -> bytes:
        answer = honest(kind, payload)
        if follower.height < 2:
            for height in (1, 2):
                stored = source.queries.block(height)
                follower.chain.ledger.commit(open_stored(stored), stored.certificate)
        return answer

    follower.sources.peers[b"peer"] = slow
    await follower.run(7)
    assert follower.applied == [3, 4, 5, 6, 7]


async def test_certified_block_that_contradicts_our_state_ends_the_run(source: LocalChain) -> None:
    """The next header's roots must equal what executing it here gave; else we diverged: no peer is to blame."""
    follower = Follower(peer=server_of(_rival(3)))
    follower.chain.extend(1)
    with pytest.raises(LedgerDiverged):
        await follower.run(3)
    assert not follower.sources.reported


async def test_failed_disk_ends_the_run(source: LocalChain) -> None:
    """StoreError propagates: the driver halts and says why."""
    follower = Follower(peer=server_of(source))
    follower.before_apply = lambda candidate: follower.chain.engine.close()
    with pytest.raises(StoreError):
        await follower.run(7)
