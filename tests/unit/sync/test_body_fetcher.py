"""Missing bodies: whoever has them may give them, and nobody is believed."""

import asyncio
import dataclasses

import msgspec
import pytest

from chainnode.chain.candidate import Candidate, open_proposal
from chainnode.codec.canonical import encode
from chainnode.errors import Rejected
from chainnode.mempool.admission import Admitter
from chainnode.mempool.pool import Pool
from chainnode.mempool.verification import Verification
from chainnode.mempool.verifier import InlineVerifier
from chainnode.sync import body_fetcher as body_fetcher_module
from chainnode.sync.body_fetcher import BodyFetcher, check_signatures
from chainnode.sync.server import SyncServer
from chainnode.sync.wire import GET_TRANSACTIONS, decode_transactions_wanted
from chainnode.types.block import block_hash
from chainnode.types.transaction import Transaction, build_payload, decode_transaction, sign_payload
from tests.support.local_chain import LocalChain, envelope, key_of, transaction
from tests.unit.sync.sources import Answer, Sources, silent


@pytest.fixture(autouse=True)
def _quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_fetcher_module, "ROUND_PAUSE_SECONDS", 0.001)


def _block(count: int = 4) -> tuple[LocalChain, Candidate]:
    chain = LocalChain()
    chain.extend(1)
    return chain, chain.build(*range(100, 100 + count))


def _holder(chain: LocalChain, candidate: Candidate) -> Answer:
    """A correct peer that holds the candidate whole."""
    return SyncServer(chain.ledger.store, Pool(), lambda: [candidate]).answer


async def _complete(sources: Sources, candidate: Candidate, held: list[Transaction] | None = None) -> Candidate:
    proposal = open_proposal(candidate.block_hash, candidate.proposal_bytes())
    known = {item.leaf_hash: item for item in held or []}
    async with asyncio.timeout(5):
        return await BodyFetcher(sources, Verification(InlineVerifier())).complete(proposal, known, (2,))


async def test_missing_bodies_are_fetched_and_the_block_is_whole() -> None:
    """Asked first is who should have them; decoded operations are ready to execute."""
    chain, candidate = _block()
    sources = Sources(leader=_holder(chain, candidate))
    found = await _complete(sources, candidate, candidate.transactions[1:2])
    assert found.body_bytes() == candidate.body_bytes()
    assert all(item.operations for item in found.transactions)
    assert sources.first == [(2,)]
    wanted = decode_transactions_wanted(sources.asked[0][2]).leaf_hashes
    assert wanted == b"".join(candidate.transactions[position].leaf_hash for position in (0, 2, 3))


async def test_complete_proposal_asks_nobody() -> None:
    """What the pool already has is completed at once."""
    _, candidate = _block()
    sources = Sources()
    await _complete(sources, candidate, candidate.transactions)
    assert not sources.asked


async def test_partial_answers_are_joined() -> None:
    """As many as fit: a prefix is progress, the rest is asked for again."""
    chain, candidate = _block()
    holder = _holder(chain, candidate)

    def one_at_a_time(kind: int, payload: bytes) -> bytes:
        leaves = decode_transactions_wanted(payload).leaf_hashes
        return holder(kind, encode([leaves[:32]]))

    sources = Sources(slow=one_at_a_time)
    assert (await _complete(sources, candidate)).body_bytes() == candidate.body_bytes()
    assert len(sources.asked) == 4


async def test_stingy_peer_is_not_asked_again_and_again() -> None:
    """One that gives a single body at a time cannot make us ask thousands of times: the next turn begins elsewhere."""
    chain, candidate = _block(40)
    holder = _holder(chain, candidate)

    def one_at_a_time(kind: int, payload: bytes) -> bytes:
        return holder(kind, encode([decode_transactions_wanted(payload).leaf_hashes[:32]]))

    sources = Sources(stingy=one_at_a_time, honest=holder)
    assert (await _complete(sources, candidate)).body_bytes() == candidate.body_bytes()
    assert [name for name, _, _ in sources.asked] == [b"stingy", b"honest"]


@pytest.mark.parametrize(
    "lie",
    [
        silent,
        lambda kind, payload: b"",
        lambda kind, payload: b"\xff\xff",
        lambda kind, payload: encode([]),
        lambda kind, payload: encode([b"junk"] * 4),
        lambda kind, payload: encode([envelope(999)]),
        lambda kind, payload: encode([b""] * 10_000),
        lambda kind, payload: bytes(9 * 1024 * 1024),
    ],
    ids=["silent", "empty", "garbage", "nothing", "junk", "other", "many", "huge"],
)
async def test_lying_peer_only_wastes_one_request(lie: Answer) -> None:
    """Every answer is checked against the hash that was asked for."""
    chain, candidate = _block()
    sources = Sources(liar=lie, honest=_holder(chain, candidate))
    assert (await _complete(sources, candidate)).body_bytes() == candidate.body_bytes()
    assert [name for name, _, _ in sources.asked] == [b"liar", b"honest"]


async def test_answer_with_a_false_middle_gives_only_what_is_true() -> None:
    """Each envelope is matched with its own leaf; the false one is asked for again."""
    chain, candidate = _block()
    envelopes = [item.envelope for item in candidate.transactions]
    half = Sources(
        liar=lambda kind, payload: encode([envelopes[0], b"junk", envelopes[2], envelopes[3]]),
        honest=_holder(chain, candidate),
    )
    assert (await _complete(half, candidate)).body_bytes() == candidate.body_bytes()


async def test_rounds_repeat_until_somebody_has_it() -> None:
    """Rounds repeat with a pause until the caller gives up."""
    chain, candidate = _block()
    holder, rounds = _holder(chain, candidate), 0

    def later(kind: int, payload: bytes) -> bytes:
        nonlocal rounds
        rounds += 1
        return holder(kind, payload) if rounds > 3 else encode([])

    assert (await _complete(Sources(peer=later), candidate)).block_hash == candidate.block_hash
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await _complete(Sources(peer=silent), candidate)


async def test_proposal_that_commits_to_an_invalid_signature_is_refused() -> None:
    """No correct leader proposes bytes that are no valid transaction: the leader pays, not the peer that served."""
    chain = LocalChain()
    good = transaction(100)
    payload = decode_transaction(good.envelope)
    forged = decode_transaction(_forged(good.envelope))
    assert forged.tx_id == payload.tx_id
    candidate = chain.ledger.build(0, [forged], chain.now_ms)
    with pytest.raises(Rejected) as caught:
        await _complete(Sources(peer=_holder(chain, candidate)), candidate)
    assert caught.value.code == "bad-signature"


async def test_proposal_that_commits_to_an_unreadable_operation_is_refused() -> None:
    """Bytes with the right hash and the wrong meaning."""
    chain = LocalChain()
    strange = decode_transaction(
        sign_payload(build_payload("local-chain", "did:x", bytes(16), 50, [encode(["no.such", 1])]), [key_of("x")])
    )
    candidate = chain.ledger.build(0, [strange], chain.now_ms)
    with pytest.raises(Rejected) as caught:
        await _complete(Sources(peer=_holder(chain, candidate)), candidate)
    assert caught.value.code == "unknown-operation"


async def test_whole_block_is_fetched_by_hash_from_whoever_has_it() -> None:
    """Liars, the silent and the ignorant are passed over; every signature of the block is verified."""
    chain, candidate = _block()
    other = chain.build(999)
    bad = chain.ledger.build(0, [decode_transaction(_forged(envelope(7)))], chain.now_ms)
    sources = Sources(
        silent=silent,
        ignorant=lambda kind, payload: b"",
        garbage=lambda kind, payload: b"\xff",
        other=lambda kind, payload: encode(other.stored(b"")),
        mixed=lambda kind, payload: encode([candidate.header_bytes, other.body_bytes(), b""]),
        honest=_holder(chain, candidate),
    )
    fetcher = BodyFetcher(sources, Verification(InlineVerifier()))
    async with asyncio.timeout(5):
        found = await fetcher.block(candidate.block_hash, (1, 2))
    assert found.body_bytes() == candidate.body_bytes()
    assert [name for name, _, _ in sources.asked][-1] == b"honest"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            fetcher = BodyFetcher(Sources(peer=_holder(chain, bad)), Verification(InlineVerifier()))
            await fetcher.block(bad.block_hash, ())


async def test_whole_block_takes_from_here_what_is_here() -> None:
    """Known by its exact bytes: neither decoded nor checked again; a copy with another signature is not it."""
    chain, candidate = _block()
    here = {item.leaf_hash: item for item in candidate.transactions[:3]}
    verification = Verification(InlineVerifier())
    fetcher = BodyFetcher(Sources(peer=_holder(chain, candidate)), verification, here.get)
    found = await fetcher.block(candidate.block_hash, ())
    assert found.body_bytes() == candidate.body_bytes()
    assert all(found.transactions[place] is candidate.transactions[place] for place in range(3))
    assert verification.checked == 1
    forged = chain.ledger.build(0, [decode_transaction(_forged(envelope(100)))], chain.now_ms)
    fetcher = BodyFetcher(Sources(peer=_holder(chain, forged)), verification, here.get)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await fetcher.block(forged.block_hash, ())


async def test_fetched_body_is_not_checked_again_when_its_gossip_comes() -> None:
    """What was fetched is verified through the same owner as everything else."""
    chain, candidate = _block()
    verification = Verification(InlineVerifier())
    proposal = open_proposal(candidate.block_hash, candidate.proposal_bytes())
    await BodyFetcher(Sources(peer=_holder(chain, candidate)), verification).complete(proposal, {}, ())
    pool = Pool()
    admitter = Admitter(chain.ledger, pool, verification, lambda transactions, local: None)
    answers = await admitter.submit([item.envelope for item in candidate.transactions], local=False)
    assert {answer.outcome for answer in answers} == {"accepted"}
    assert verification.checked == len(pool) == 4


async def test_signatures_are_checked_together() -> None:
    """Raises Rejected ``bad-signature`` when one of many is false."""
    good = [transaction(number) for number in range(1, 40)]
    verification = Verification(InlineVerifier())
    await check_signatures(good, verification)
    await check_signatures([], verification)
    with pytest.raises(Rejected) as caught:
        await check_signatures([*good, decode_transaction(_forged(envelope(99)))], verification)
    assert caught.value.code == "bad-signature"
    assert GET_TRANSACTIONS == 1


def _forged(data: bytes) -> bytes:
    """The envelope with the last bit of its only signature changed: it still decodes."""
    return data[:-1] + bytes([data[-1] ^ 1])


async def test_bodies_larger_than_the_header_says_are_not_collected() -> None:
    """A leader may commit to 10,000 of the largest envelopes: 2.6 GB to fetch before a voter could refuse."""
    chain, candidate = _block()
    header = msgspec.structs.replace(candidate.header, body_bytes=len(candidate.transactions[0].envelope))
    data = encode(header)
    larger = dataclasses.replace(candidate, block_hash=block_hash(data), header_bytes=data, header=header)
    sources = Sources(leader=_holder(chain, larger))
    with pytest.raises(Rejected) as caught:
        await _complete(sources, larger)
    assert caught.value.code == "block-bytes"
