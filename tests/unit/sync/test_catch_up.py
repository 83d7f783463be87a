"""Catching up (SPEC R9): certified blocks from anybody, claims from nobody."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from chainnode.chain.candidate import Candidate, open_stored
from chainnode.chain.certificate import require_certificate
from chainnode.chain.ledger import LedgerDiverged
from chainnode.codec.canonical import encode
from chainnode.errors import RequestFailed, StoreError
from chainnode.mempool.pool import Pool
from chainnode.mempool.verifier import InlineVerifier
from chainnode.sync import catch_up as catch_up_module
from chainnode.sync import stripe as stripe_module
from chainnode.sync.catch_up import IDLE_ROUNDS_MAX, CatchUp
from chainnode.sync.certified_range import RangeVerifier, TrustedBlock
from chainnode.sync.server import SyncServer
from chainnode.sync.stripe import SPAN_START
from chainnode.sync.wire import BLOCKS_PER_ANSWER_MAX, GET_BLOCKS, BlocksWanted, decode_blocks, decode_blocks_wanted
from chainnode.types.block import Header, StoredBlock, block_hash, decode_header, decode_stored_block
from chainnode.types.validator_set import ValidatorList, voting_set
from consensus.certificates import QuorumCertificate, encode_certificate
from tests.support.local_chain import LocalChain, certificate_of
from tests.unit.sync.sources import Answer, LateAnswer, Sources, silent


@pytest.fixture(autouse=True)
def _quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catch_up_module, "ROUND_PAUSE_SECONDS", 0.001)


def _server(chain: LocalChain) -> Answer:
    return SyncServer(chain.ledger.store, Pool(), list).answer


class _Follower:
    """A ledger that catches up."""

    def __init__(self, **peers: Answer | LateAnswer) -> None:
        self.chain = LocalChain()
        self.sources = Sources(**peers)
        self.applied: list[int] = []
        self.before_apply: Callable[[Candidate], None] = lambda candidate: None
        self.catch_up = CatchUp(self.chain.ledger, self.sources, InlineVerifier(), self._apply)

    @property
    def height(self) -> int:
        return self.chain.ledger.tip.height

    def _apply(self, candidate: Candidate, data: bytes, certificate: QuorumCertificate) -> None:
        self.before_apply(candidate)
        assert encode_certificate(certificate) == data
        self.chain.ledger.commit(candidate, data)
        self.applied.append(candidate.header.height)

    async def run(self, target: int) -> None:
        async with asyncio.timeout(5):
            await self.catch_up.run(target, (1, 2))


@pytest.fixture(scope="module")
def source() -> LocalChain:
    made = LocalChain()
    made.grow(7, transactions=2)
    return made


async def test_follower_reaches_the_tip_with_the_same_bytes(source: LocalChain) -> None:
    """Each block once, in order; afterwards both stores hold the same."""
    follower = _Follower(peer=_server(source))
    await follower.run(7)
    assert follower.applied == list(range(1, 8))
    assert follower.chain.ledger.tip == source.ledger.tip
    assert dict(follower.chain.engine.iterate()) == dict(source.engine.iterate())
    assert follower.sources.first[0] == (1, 2)
    assert not follower.sources.reported


async def test_follower_goes_beyond_its_target(source: LocalChain) -> None:
    """The target is what some quorum has decided *at least*."""
    follower = _Follower(peer=_server(source))
    await follower.run(3)
    assert follower.height == 7


async def test_more_blocks_than_one_answer_holds() -> None:
    """BLOCKS_PER_ANSWER_MAX at a time."""
    chain = LocalChain()
    for _ in range(BLOCKS_PER_ANSWER_MAX + 5):
        chain.extend()
    follower = _Follower(peer=_server(chain))
    await follower.run(chain.ledger.tip.height)
    assert follower.height == BLOCKS_PER_ANSWER_MAX + 5


async def test_nobody_else_is_asked_once_the_target_is_reached(source: LocalChain) -> None:
    """A silent peer must not keep a validator from voting that knows enough."""
    follower = _Follower(peer=_server(source), later=silent)
    await follower.run(7)
    assert {name for name, _, _ in follower.sources.asked} == {b"peer"}


async def test_run_ends_when_nobody_answers() -> None:
    """It must end: voting may resume at the tip, and a later certificate starts anew."""
    for peers in ({}, {"quiet": silent}, {"empty": lambda kind, payload: encode([])}):
        follower = _Follower(**peers)
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

    follower = _Follower(late=only(5, 7), early=only(1, 4))
    await follower.run(7)
    assert follower.height == 7


def _altering(source: LocalChain, change: Callable[[StoredBlock], StoredBlock], at: int) -> Answer:
    """A peer that serves block ``at`` altered."""
    honest = _server(source)

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
    follower = _Follower(liar=make(source))
    await follower.run(7)
    assert follower.height == 0
    assert follower.sources.reported[0] == (b"liar", code)
    both = _Follower(liar=make(source), honest=_server(source))
    await both.run(7)
    assert both.height == 7
    assert {name for name, _ in both.sources.reported} == {b"liar"}


async def test_true_beginning_of_a_false_answer_is_not_applied_but_served_again(source: LocalChain) -> None:
    """An answer counts whole or not at all: its blocks come again from a peer that tells the truth."""
    lie = _altering(source, lambda block: msgspec.structs.replace(block, certificate=b""), 4)
    follower = _Follower(liar=lie)
    await follower.run(7)
    assert (follower.height, follower.applied) == (0, [])


async def test_interrupted_run_continues_from_the_tip(source: LocalChain) -> None:
    """Interrupted anywhere, it goes on from the tip."""
    follower = _Follower(peer=_server(source))

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
    follower = _Follower()
    honest = _server(source)

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
    follower = _Follower(peer=_server(_rival(3)))
    follower.chain.extend(1)
    with pytest.raises(LedgerDiverged):
        await follower.run(3)
    assert not follower.sources.reported


async def test_failed_disk_ends_the_run(source: LocalChain) -> None:
    """StoreError propagates: the driver halts and says why."""
    follower = _Follower(peer=_server(source))
    follower.before_apply = lambda candidate: follower.chain.engine.close()
    with pytest.raises(StoreError):
        await follower.run(7)


@pytest.fixture(scope="module")
def long_source() -> LocalChain:
    made = LocalChain()
    for _ in range(5 * SPAN_START):
        made.extend()
    return made


async def test_ranges_are_asked_of_all_peers_at_once(long_source: LocalChain) -> None:
    """Several outstanding ranges from different peers; verified while others are fetched."""
    under_way = most = 0

    def counting(kind: int, payload: bytes) -> Awaitable[bytes]:
        async def answer() -> bytes:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.005)
            under_way -= 1
            return _server(long_source)(kind, payload)

        return answer()

    follower = _Follower(a=counting, b=counting, c=counting)
    await follower.run(5 * SPAN_START)
    assert follower.applied == list(range(1, 5 * SPAN_START + 1))
    assert most >= 3
    assert {name for name, _, _ in follower.sources.asked} == {b"a", b"b", b"c"}


async def _never() -> bytes:
    await asyncio.sleep(3600)
    return b""


@pytest.mark.parametrize("staller", ["first", "last"])
async def test_stalling_peer_is_named_and_does_not_hold_the_others_up(
    long_source: LocalChain, staller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow and stalling peers are dropped from the stripe and named; stalling breaks no rule, so no report."""
    monkeypatch.setattr(stripe_module, "HEDGE_SECONDS", 0.02)
    monkeypatch.setattr(catch_up_module, "HEDGE_SECONDS", 0.02)
    peers: dict[str, Answer | LateAnswer] = {name: _server(long_source) for name in ("first", "b", "last")}
    peers[staller] = lambda kind, payload: _never()
    follower = _Follower(**peers)
    await follower.run(5 * SPAN_START)
    assert follower.height == 5 * SPAN_START
    assert (staller.encode(), "sync-slow") in follower.sources.slow
    assert not follower.sources.reported


async def test_peer_that_never_answers_is_named_when_alone(
    long_source: LocalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends, having asked for less each time: a network too slow for long answers is not given up on."""
    monkeypatch.setattr(catch_up_module, "REQUEST_TIMEOUT_MS", 10)
    follower = _Follower(alone=lambda kind, payload: _never())
    await follower.run(5)
    assert {code for _, code in follower.sources.slow} == {"sync-stalled"}
    assert not follower.sources.reported


async def test_busy_peer_is_passed_over_without_blame(long_source: LocalChain) -> None:
    """Serving is bounded: who has served enough says so."""

    def busy(kind: int, payload: bytes) -> bytes:
        raise RequestFailed("peer-error", "the peer refused the request", answer="busy")

    follower = _Follower(busy=busy, other=_server(long_source))
    await follower.run(5 * SPAN_START)
    assert follower.height == 5 * SPAN_START
    assert (b"busy", "sync-busy") in follower.sources.slow
    assert not follower.sources.reported


async def test_more_blocks_than_asked_are_a_lie(long_source: LocalChain) -> None:
    """An endless answer is cut by the frame's bound; a surplus within it is refused whole."""

    def surplus(kind: int, payload: bytes) -> bytes:
        first = decode_blocks_wanted(payload).first
        return encode([encode(long_source.queries.block(first + n)) for n in range(BLOCKS_PER_ANSWER_MAX)])

    follower = _Follower(liar=surplus)
    await follower.run(5)
    assert follower.sources.reported[0] == (b"liar", "sync-surplus")
    assert follower.height == 0


async def test_replayed_old_answer_is_a_lie(long_source: LocalChain) -> None:
    """An honest answer to another question proves nothing about this one."""
    old = _server(long_source)(GET_BLOCKS, encode(BlocksWanted(1, 8)))
    follower = _Follower(liar=lambda kind, payload: old)
    await follower.run(20)
    assert follower.height == 8
    assert (b"liar", "sync-height") in follower.sources.reported


async def test_chain_without_the_trusted_block_is_not_followed(source: LocalChain) -> None:
    """A block an operator vouches for: a chain that has another one at its height is not followed."""
    for trusted, height in ((TrustedBlock(5, bytes(32)), 0), (_trusted(source, 5), 7)):
        follower = _Follower(peer=_server(source))
        ledger = follower.chain.ledger
        follower.catch_up = CatchUp(ledger, follower.sources, InlineVerifier(), follower._apply, trusted=trusted)
        await follower.run(7)
        assert follower.height == height
        assert (b"peer", "sync-untrusted") in follower.sources.reported or height == 7


def _trusted(chain: LocalChain, height: int) -> TrustedBlock:
    return TrustedBlock(height, block_hash(chain.queries.header(height)))


async def test_blocks_of_a_later_epoch_wait_for_its_validators(
    source: LocalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose certificates count is known when the epoch before has ended; until then it is nobody's lie."""
    follower = _Follower(peer=_server(source))
    around = follower.chain.ledger.surroundings
    later = voting_set(ValidatorList(1, follower.chain.ledger.validators.validators))
    def header(data: bytes) -> Header:
        found = decode_header(data)
        return msgspec.structs.replace(found, validators_hash=later.hash) if found.height > 4 else found

    monkeypatch.setattr("chainnode.sync.certified_range.decode_header", header)
    current = {"set": around.validators}
    follower.catch_up._ranges = RangeVerifier(around.chain_id, lambda: current["set"], InlineVerifier())
    await follower.run(4)
    assert follower.height == 4
    assert follower.sources.reported == [(b"peer", "header-validators")]


async def test_certificate_bound_by_the_next_header_is_not_verified_again(
    source: LocalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Headers come first: one certificate proves a range, the rest is bound by hashes."""
    checked: list[int] = []

    def counting(certificate: QuorumCertificate, **options: object) -> None:
        checked.append(certificate.height)
        require_certificate(certificate, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("chainnode.sync.certified_range.require_certificate", counting)
    follower = _Follower(peer=_server(source))
    await follower.run(7)
    assert follower.height == 7
    assert checked == [7]
