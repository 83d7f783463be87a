"""Blocks under discussion: built, judged, completed, fetched, and gone when the height is."""

import asyncio
from collections.abc import Iterator, Sequence

import msgspec
import pytest

from chainnode.chain.candidate import CANDIDATES_MAX, Candidate, Held, open_proposal
from chainnode.codec.canonical import encode
from chainnode.mempool.pool import Pool
from chainnode.mempool.verification import Verification
from chainnode.mempool.verifier import InlineVerifier
from chainnode.node.proposal_desk import ProposalDesk
from chainnode.sync import body_fetcher as body_fetcher_module
from chainnode.sync.body_fetcher import BodyFetcher
from chainnode.sync.server import SyncServer
from chainnode.sync.wire import GET_BLOCK, GET_TRANSACTIONS, decode_transactions_wanted
from chainnode.types.block import block_hash
from consensus.inputs import BlockBuilt, BlockFetched, BuildFailed, Input, ProposalChecked
from consensus.outputs import BuildBlock, CheckProposal, FetchBlock
from tests.support.cluster import until
from tests.support.local_chain import LocalChain, transaction
from tests.unit.node.clock import StillClock
from tests.unit.sync.sources import Answer, LateAnswer, Sources, silent


@pytest.fixture(autouse=True)
def _quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_fetcher_module, "ROUND_PAUSE_SECONDS", 0.001)


class _Desk:
    """A desk on a real ledger, its peers scripted."""

    def __init__(self, **peers: Answer) -> None:
        self.chain = LocalChain()
        self.chain.extend(1)
        self.pool = Pool()
        self.sources = Sources(**peers)
        self.answers: list[Input] = []
        self.defects: list[BaseException] = []
        self.desk = ProposalDesk(
            self.chain.ledger, self.pool,
            BodyFetcher(self.sources, Verification(InlineVerifier()), self.pool.by_leaf),
            StillClock(self.chain.now_ms), self.answers.append, self.defects.append, self._bring,
        )
        self.on_its_way: asyncio.Event | None = None
        """Set once what gossip brings has come; None when nothing is on its way."""

    async def _bring(self, leaf_hashes: Sequence[bytes], held: Held) -> None:
        assert leaf_hashes
        assert not any(map(held, leaf_hashes))
        if self.on_its_way is not None:
            await self.on_its_way.wait()

    def check(self, candidate: Candidate, *, view: int = 0, fresh: bool = True, proposer: int = 0) -> None:
        self.desk.check(
            CheckProposal(
                candidate.header.height, view, candidate.block_hash, candidate.proposal_bytes(), fresh, proposer
            )
        )

    def holder(self, *candidates: Candidate) -> None:
        self.sources.peers[b"holder"] = SyncServer(self.chain.ledger.store, Pool(), lambda: list(candidates)).answer

    def build(self, *, empty_allowed: bool = False, parent: bytes | None = None) -> Input:
        tip = self.chain.ledger.tip
        self.desk.build(BuildBlock(tip.height + 1, 0, parent or tip.block_hash, empty_allowed), 2)
        return self.answers.pop()

    async def settled(self) -> Input:
        await until(lambda: self.answers, 2)
        return self.answers.pop()


@pytest.fixture
def place() -> Iterator[_Desk]:
    made = _Desk()
    yield made
    assert made.defects == []


def _verdict(candidate: Candidate, code: str | None = None, view: int = 0) -> ProposalChecked:
    return ProposalChecked(candidate.header.height, view, candidate.block_hash, code)


def test_oldest_pending_transactions_become_a_block(place: _Desk) -> None:
    """R1: the leader's block is fresh, names it, and is held from then on."""
    sent = [transaction(number) for number in (7, 5, 6)]
    for item in sent:
        place.pool.add(item)
    built = place.build()
    assert isinstance(built, BlockBuilt)
    candidate = place.desk.candidate(built.block_hash)
    assert candidate is not None
    assert candidate.transactions == sent
    assert candidate.header.proposer == 2
    assert open_proposal(built.block_hash, built.proposal).header == candidate.header
    assert place.chain.ledger.fresh_fault(candidate, 2, place.chain.now_ms) is None


def test_nothing_pending_is_a_block_only_where_an_empty_one_is_wanted(place: _Desk) -> None:
    """BuildFailed when there is nothing; an empty block is never a failure when it is allowed."""
    assert place.build() == BuildFailed(2, 0)
    assert isinstance(place.build(empty_allowed=True), BlockBuilt)
    place.pool.add(transaction(5, valid_until=1))
    assert place.build() == BuildFailed(2, 0)


def test_request_for_another_parent_builds_nothing(place: _Desk) -> None:
    """The tip moved on: what was asked for is no longer wanted."""
    place.pool.add(transaction(5))
    assert place.build(parent=bytes(32)) == BuildFailed(2, 0)
    assert place.desk.candidates() == []


def test_proposal_is_judged_at_once_when_every_body_is_here(place: _Desk) -> None:
    """What the pool already has is completed at once."""
    candidate = place.chain.build(5, 6)
    for item in candidate.transactions:
        place.pool.add(item)
    place.check(candidate)
    assert place.answers == [_verdict(candidate)]
    assert [held.block_hash for held in place.desk.candidates()] == [candidate.block_hash]
    assert not place.sources.asked


def test_proposal_that_no_correct_leader_sends_is_refused_by_code(place: _Desk) -> None:
    """Answer a code only for what no correct leader could have sent; such a block is not kept."""
    candidate, other = place.chain.build(), place.chain.build(proposer=1)
    cases = [
        (CheckProposal(2, 0, candidate.block_hash, b"junk", True, 0), "malformed"),
        (CheckProposal(2, 0, other.block_hash, candidate.proposal_bytes(), True, 0), "block-hash"),
        (CheckProposal(2, 0, other.block_hash, other.proposal_bytes(), True, 0), "header-proposer"),
    ]
    for request, code in cases:
        place.desk.check(request)
        assert place.answers.pop() == ProposalChecked(2, 0, request.block_hash, code)
    assert place.desk.candidates() == []


def test_reproposal_is_compared_with_its_hash_only(place: _Desk) -> None:
    """R2: no time rule, no proposer rule: q validators checked it when it was fresh."""
    candidate = place.chain.build()
    header = msgspec.structs.replace(candidate.header, time_ms=1, proposer=3)
    data = encode(header)
    old = Candidate(block_hash(data), data, header, [], candidate.last_certificate)
    place.check(old)
    assert place.answers.pop() == _verdict(old, "header-proposer")
    place.check(old, view=4, fresh=False, proposer=1)
    assert place.answers.pop() == _verdict(old, view=4)


async def test_missing_bodies_are_fetched_first(place: _Desk) -> None:
    """If something is missing *here*, answer later; the proposer is asked first."""
    candidate = place.chain.build(5, 6)
    place.pool.add(candidate.transactions[0])
    place.holder(candidate)
    place.check(candidate)
    assert place.answers == []
    assert await place.settled() == _verdict(candidate)
    assert place.sources.first == [(0,)]
    assert place.desk.candidate(candidate.block_hash) is not None


async def test_what_is_on_its_way_is_not_fetched(place: _Desk) -> None:
    """A proposal overtakes gossip; what that brings completes it, and only the rest is fetched."""
    candidate, other = place.chain.build(5, 6), place.chain.build(7, 8)
    place.on_its_way = asyncio.Event()
    place.check(candidate)
    await asyncio.sleep(0.005)
    for item in (*candidate.transactions, other.transactions[1]):
        place.pool.add(item)
    place.on_its_way.set()
    assert await place.settled() == _verdict(candidate)
    assert not place.sources.asked
    place.holder(other)
    place.check(other)
    assert await place.settled() == _verdict(other)
    ((_, _, wanted),) = place.sources.asked
    assert decode_transactions_wanted(wanted).leaf_hashes == other.transactions[0].leaf_hash


async def test_decided_block_is_not_fetched_while_its_proposal_is_completed(place: _Desk) -> None:
    """The others were faster: what is on its way completes the block here, and both questions are answered."""
    candidate = place.chain.build(5, 6)
    place.on_its_way = asyncio.Event()
    place.check(candidate)
    place.desk.fetch(FetchBlock(2, candidate.block_hash, (1, 2)))
    await asyncio.sleep(0.005)
    for item in candidate.transactions:
        place.pool.add(item)
    place.on_its_way.set()
    await until(lambda: len(place.answers) == 2, 2)
    assert set(place.answers) == {
        _verdict(candidate), BlockFetched(candidate.block_hash, candidate.proposal_bytes()),
    }
    await asyncio.sleep(0.005)
    assert (len(place.answers), place.sources.asked, place.desk._fetches, place.desk._open) == (2, [], {}, {})


async def test_proposal_that_is_completed_ends_the_fetch_of_the_same_block(place: _Desk) -> None:
    """Nobody has the whole block to give, and it is here: the core is told, once."""
    candidate = place.chain.build(5)
    place.desk.fetch(FetchBlock(2, candidate.block_hash, (1, 2)))
    await asyncio.sleep(0.005)
    place.holder(candidate)
    place.sources.peers[b"holder"] = _transactions_only(place.sources.peers.pop(b"holder"))
    place.check(candidate)
    await until(lambda: len(place.answers) == 2, 2)
    assert place.answers == [BlockFetched(candidate.block_hash, candidate.proposal_bytes()), _verdict(candidate)]
    await asyncio.sleep(0.005)
    assert (len(place.answers), place.desk._fetches) == (2, {})


async def test_decided_block_is_fetched_though_its_proposal_cannot_be_completed(place: _Desk) -> None:
    """Its leader withholds bodies that the holders have."""
    candidate = place.chain.build(5)
    place.holder(candidate)
    place.sources.peers[b"holder"] = _blocks_only(place.sources.peers.pop(b"holder"))
    place.check(candidate)
    place.desk.fetch(FetchBlock(2, candidate.block_hash, (1, 2)))
    assert await place.settled() == BlockFetched(candidate.block_hash, candidate.proposal_bytes())
    place.desk.close()


def _transactions_only(answer: Answer | LateAnswer) -> Answer:
    return lambda kind, payload: answer(kind, payload) if kind == GET_TRANSACTIONS else b""  # type: ignore[return-value]


def _blocks_only(answer: Answer | LateAnswer) -> Answer:
    return lambda kind, payload: answer(kind, payload) if kind == GET_BLOCK else b""  # type: ignore[return-value]


async def test_block_proposed_again_is_answered_for_the_later_view(place: _Desk) -> None:
    """The same block proposed again in a later view must be answered for that view, once."""
    candidate = place.chain.build(5)
    place.sources.peers[b"slow"] = silent
    place.check(candidate, view=0)
    await asyncio.sleep(0.005)
    place.check(candidate, view=3, fresh=False, proposer=3)
    place.holder(candidate)
    assert await place.settled() == _verdict(candidate, view=3)
    await asyncio.sleep(0.01)
    assert place.answers == []
    place.check(candidate, view=4, fresh=False)
    assert place.answers == [_verdict(candidate, view=4)]


async def test_decision_ends_every_fetch(place: _Desk) -> None:
    """Those tasks end when the height does; nothing of it is under discussion any more."""
    first, second = place.chain.build(5), place.chain.build(6)
    place.sources.peers[b"slow"] = silent
    place.check(first)
    place.desk.fetch(FetchBlock(2, second.block_hash, (1, 2)))
    tasks = list(place.desk._fetches.values())
    await asyncio.sleep(0.005)
    place.desk.advance()
    await asyncio.wait(tasks, timeout=1)
    assert all(task.cancelled() for task in tasks)
    assert (place.desk.candidates(), place.desk._fetches, place.answers) == ([], {}, [])


async def test_block_is_fetched_whole_from_its_holders(place: _Desk) -> None:
    """FetchBlock: look at home, then ask the holders until one delivers."""
    candidate = place.chain.build(5)
    place.holder(candidate)
    request = FetchBlock(2, candidate.block_hash, (1, 3))
    place.desk.fetch(request)
    place.desk.fetch(request)
    assert await place.settled() == BlockFetched(candidate.block_hash, candidate.proposal_bytes())
    assert len(place.sources.asked) == 1
    place.desk.fetch(request)
    assert place.answers == [BlockFetched(candidate.block_hash, candidate.proposal_bytes())]
    assert len(place.sources.asked) == 1


async def test_proposal_of_invalid_transactions_costs_its_leader_the_view(place: _Desk) -> None:
    """Bodies that hash right and are no valid transactions are the leader's fault."""
    good = transaction(5)
    good.envelope = good.envelope[:-1] + bytes([good.envelope[-1] ^ 1])
    forged = type(good)(good.envelope, good.signatures, good.payload, good.tx_id)
    candidate = place.chain.ledger.build(0, [forged], place.chain.now_ms)
    place.holder(candidate)
    place.check(candidate)
    assert await place.settled() == _verdict(candidate, "bad-signature")


async def test_defect_in_a_fetch_is_reported() -> None:
    """``on_defect``: what no peer could have caused must not die silently in a task."""

    def broken(kind: int, payload: bytes) -> bytes:
        raise ZeroDivisionError

    place = _Desk(broken=broken)
    place.check(place.chain.build(5))
    await until(lambda: place.defects, 2)
    assert isinstance(place.defects[0], ZeroDivisionError)
    assert not place.desk._fetches


def test_candidates_are_bounded_and_the_locked_one_stays(place: _Desk) -> None:
    """The oldest goes; never the block that is prepared here."""
    locked = place.chain.build(1_000)
    place.pool.add(locked.transactions[0])
    place.check(locked)
    place.desk.lock(locked.block_hash)
    for number in range(CANDIDATES_MAX + 5):
        for item in (candidate := place.chain.build(2_000 + number)).transactions:
            place.pool.add(item)
        place.check(candidate)
    assert len(place.desk.candidates()) == CANDIDATES_MAX
    assert place.desk.candidate(locked.block_hash) is not None
    place.desk.advance()
    assert place.desk.candidates() == []


def test_restored_lock_stays_however_many_bodies_the_journal_kept(place: _Desk) -> None:
    """A height of many views: the lock is the oldest body, and this node may have to propose it again."""
    bodies = [place.chain.build(2_000 + number) for number in range(CANDIDATES_MAX + 5)]
    place.desk.restore(bodies, bodies[0].block_hash)
    assert place.desk.candidates() == [bodies[0], *bodies[-CANDIDATES_MAX + 1 :]]


async def test_decided_block_is_fetched_though_proposals_took_every_place(place: _Desk) -> None:
    """R4: the core asks for it once; were it refused, this node would stay at the height for good."""
    place.sources.peers[b"slow"] = silent
    for number in range(2 * CANDIDATES_MAX):
        place.check(place.chain.build(3_000 + number))
    await asyncio.sleep(0)
    decided = place.chain.build(5_000)
    place.sources.peers.clear()
    place.holder(decided)
    place.desk.fetch(FetchBlock(decided.header.height, decided.block_hash, ()))
    assert await place.settled() == BlockFetched(decided.block_hash, decided.proposal_bytes())
    place.desk.close()


async def test_number_of_fetches_is_bounded(place: _Desk) -> None:
    """More proposals than a height can honestly have are not worked for."""
    place.sources.peers[b"slow"] = silent
    for number in range(3 * CANDIDATES_MAX):
        place.check(place.chain.build(3_000 + number))
    assert len(place.desk._fetches) == 2 * CANDIDATES_MAX
    tasks = list(place.desk._fetches.values())
    place.desk.close()
    await asyncio.wait(tasks, timeout=1)
    assert place.desk._fetches == {}
