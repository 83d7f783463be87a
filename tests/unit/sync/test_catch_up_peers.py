"""Catching up from several peers (SPEC R9): striped, bounded, whoever stalls is named, whoever lies reported."""

import asyncio
from collections.abc import Awaitable

import msgspec
import pytest

from chainnode.chain.certificate import require_certificate
from chainnode.codec.canonical import encode
from chainnode.errors import RequestFailed
from chainnode.mempool.verification import Verification
from chainnode.mempool.verifier import InlineVerifier
from chainnode.sync import catch_up as catch_up_module
from chainnode.sync import stripe as stripe_module
from chainnode.sync.catch_up import CatchUp
from chainnode.sync.certified_range import RangeVerifier, TrustedBlock
from chainnode.sync.stripe import SPAN_START
from chainnode.sync.wire import BLOCKS_PER_ANSWER_MAX, GET_BLOCKS, BlocksWanted, decode_blocks_wanted
from chainnode.types.block import Header, block_hash, decode_header
from chainnode.types.validator_set import ValidatorList, voting_set
from consensus.certificates import QuorumCertificate
from tests.support.local_chain import LocalChain
from tests.unit.sync.follower import Follower, server_of
from tests.unit.sync.sources import Answer, LateAnswer


@pytest.fixture(autouse=True)
def _quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catch_up_module, "ROUND_PAUSE_SECONDS", 0.001)

@pytest.fixture(scope="module")
def source() -> LocalChain:
    made = LocalChain()
    made.grow(7, transactions=2)
    return made


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
            return server_of(long_source)(kind, payload)

        return answer()

    follower = Follower(a=counting, b=counting, c=counting)
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
    peers: dict[str, Answer | LateAnswer] = {name: server_of(long_source) for name in ("first", "b", "last")}
    peers[staller] = lambda kind, payload: _never()
    follower = Follower(**peers)
    await follower.run(5 * SPAN_START)
    assert follower.height == 5 * SPAN_START
    assert (staller.encode(), "sync-slow") in follower.sources.slow
    assert not follower.sources.reported


async def test_peer_that_never_answers_is_named_when_alone(
    long_source: LocalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends, having asked for less each time: a network too slow for long answers is not given up on."""
    monkeypatch.setattr(catch_up_module, "REQUEST_TIMEOUT_MS", 10)
    follower = Follower(alone=lambda kind, payload: _never())
    await follower.run(5)
    assert {code for _, code in follower.sources.slow} == {"sync-stalled"}
    assert not follower.sources.reported


async def test_busy_peer_is_passed_over_without_blame(long_source: LocalChain) -> None:
    """Serving is bounded: who has served enough says so."""

    def busy(kind: int, payload: bytes) -> bytes:
        raise RequestFailed("peer-error", "the peer refused the request", answer="busy")

    follower = Follower(busy=busy, other=server_of(long_source))
    await follower.run(5 * SPAN_START)
    assert follower.height == 5 * SPAN_START
    assert (b"busy", "sync-busy") in follower.sources.slow
    assert not follower.sources.reported


async def test_more_blocks_than_asked_are_a_lie(long_source: LocalChain) -> None:
    """An endless answer is cut by the frame's bound; a surplus within it is refused whole."""

    def surplus(kind: int, payload: bytes) -> bytes:
        first = decode_blocks_wanted(payload).first
        return encode([encode(long_source.queries.block(first + n)) for n in range(BLOCKS_PER_ANSWER_MAX)])

    follower = Follower(liar=surplus)
    await follower.run(5)
    assert follower.sources.reported[0] == (b"liar", "sync-surplus")
    assert follower.height == 0


async def test_replayed_old_answer_is_a_lie(long_source: LocalChain) -> None:
    """An honest answer to another question proves nothing about this one."""
    old = server_of(long_source)(GET_BLOCKS, encode(BlocksWanted(1, 8)))
    follower = Follower(liar=lambda kind, payload: old)
    await follower.run(20)
    assert follower.height == 8
    assert (b"liar", "sync-height") in follower.sources.reported


async def test_chain_without_the_trusted_block_is_not_followed(source: LocalChain) -> None:
    """A block an operator vouches for: a chain that has another one at its height is not followed."""
    for trusted, height in ((TrustedBlock(5, bytes(32)), 0), (_trusted(source, 5), 7)):
        follower = Follower(peer=server_of(source))
        ledger = follower.chain.ledger
        follower.catch_up = CatchUp(
            ledger, follower.sources, Verification(InlineVerifier()), follower._apply, trusted=trusted
        )
        await follower.run(7)
        assert follower.height == height
        assert (b"peer", "sync-untrusted") in follower.sources.reported or height == 7


def _trusted(chain: LocalChain, height: int) -> TrustedBlock:
    return TrustedBlock(height, block_hash(chain.queries.header(height)))


async def test_blocks_of_a_later_epoch_wait_for_its_validators(
    source: LocalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose certificates count is known when the epoch before has ended; until then it is nobody's lie."""
    follower = Follower(peer=server_of(source))
    around = follower.chain.ledger.surroundings
    later = voting_set(ValidatorList(1, follower.chain.ledger.validators.validators))
    def header(data: bytes) -> Header:
        found = decode_header(data)
        return msgspec.structs.replace(found, validators_hash=later.hash) if found.height > 4 else found

    monkeypatch.setattr("chainnode.sync.certified_range.decode_header", header)
    current = {"set": around.validators}
    follower.catch_up._ranges = RangeVerifier(around.chain_id, lambda: current["set"], Verification(InlineVerifier()))
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
    follower = Follower(peer=server_of(source))
    await follower.run(7)
    assert follower.height == 7
    assert checked == [7]
