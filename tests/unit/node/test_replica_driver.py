"""The impure loop around the core: durable before sent, one writer, and a halt that holds."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from chainnode.chain.candidate import Candidate, open_stored
from chainnode.errors import InvariantBroken, StoreError
from chainnode.mempool.pool import Pool
from chainnode.mempool.verification import Verification
from chainnode.mempool.verifier import InlineVerifier
from chainnode.node import replica_driver as replica_driver_module
from chainnode.node.proposal_desk import ProposalDesk
from chainnode.node.replica_driver import ReplicaDriver
from chainnode.node.vote_signer import VoteSigner
from chainnode.store.journal import Journal
from chainnode.store.sign_state import SignStateFile
from chainnode.sync.body_fetcher import BodyFetcher
from chainnode.sync.server import SyncServer
from chainnode.types.parameters import ChainParameters
from chainnode.types.receipt import Receipt
from chainnode.types.transaction import Transaction
from consensus.certificates import encode_certificate
from consensus.inputs import BuildFailed, Input, MessageReceived
from consensus.journal import MessageSigned, PersistBlock, decode_record, sign_position
from consensus.messages import Commit, Decided, Message, Prepare, PrePrepare, Signed, Status, ViewChange, decode_message
from consensus.outputs import Outputs, ViewChanged
from consensus.replica import Replica
from consensus.state import Phase
from contracts.governance.operations import ActivateFeature, SetParameters
from tests.support.cluster import until
from tests.support.local_chain import CONSENSUS_KEYS, LocalChain, certificate_of, consortium_proposal, transaction
from tests.unit.node.clock import StillClock
from tests.unit.node.votes import commit, prepare, signed
from tests.unit.node.wire import make_replica
from tests.unit.sync.sources import Sources


class _Driven:
    """The leader of height 2, its driver, and everything it says."""

    def __init__(self, folder: Path) -> None:
        self.chain = LocalChain()
        self.chain.extend()
        own = make_replica(self.chain, 0).leader
        self.own = own
        self.others = [index for index in range(4) if index != own]
        self.replica = make_replica(self.chain, own)
        (folder / "journal").mkdir()
        self.journal = Journal.create(folder / "journal")
        self.sign_state = SignStateFile.create(folder / "sign-state")
        self.pool = Pool()
        self.said: list[Message] = []
        self.to_peers: list[tuple[int, Message]] = []
        self.to_followers: list[Message] = []
        self.durable_first: list[bool] = []
        self.blocks: list[tuple[Candidate, list[Receipt]]] = []
        self.views: list[ViewChanged] = []
        self.halts: list[tuple[str, dict[str, str]]] = []
        self.syncs: list[tuple[int, Sequence[int]]] = []
        self.heights: list[int] = []
        clock = StillClock(self.chain.now_ms)
        self.driver = ReplicaDriver(
            replica=self.replica, ledger=self.chain.ledger,
            signer=VoteSigner(CONSENSUS_KEYS[own], self.journal, self.sign_state),
            links=self, clock=clock, listener=self, pending_count=lambda: len(self.pool),
            after_commit=self._after_commit, catch_up=lambda height, hints: self.syncs.append((height, hints)),
            on_progress=lambda: self.heights.append(self.replica.tip.height),
        )
        self.sources = Sources()
        fetcher = BodyFetcher(self.sources, Verification(InlineVerifier()))
        self.desk = ProposalDesk(
            self.chain.ledger, self.pool, fetcher, clock, self.driver.feed, self.driver.fail, self._bring
        )
        self.driver.desk = self.desk
        self.task = asyncio.get_running_loop().create_task(self.driver.run())

    # The links and the listener.

    def to_validators(self, payload: bytes) -> None:
        message = decode_message(payload)
        self.said.append(message)
        if not isinstance(message, Status | Decided):
            records = [decode_record(data) for data in self.journal.read()]
            recorded = MessageSigned(message) in records
            self.durable_first.append(recorded and self.sign_state.last.position >= tuple(sign_position(message)))

    def to_validator(self, index: int, payload: bytes) -> None:
        self.to_peers.append((index, decode_message(payload)))

    def to_observers(self, payload: bytes) -> None:
        self.to_followers.append(decode_message(payload))

    def on_block(self, candidate: Candidate, receipts: Sequence[Receipt]) -> None:
        assert self.chain.ledger.tip.block_hash == candidate.block_hash
        self.blocks.append((candidate, list(receipts)))

    def on_view_changed(self, event: ViewChanged) -> None:
        self.views.append(event)

    def on_halt(self, reason: str, details: dict[str, str]) -> None:
        self.halts.append((reason, details))

    def _after_commit(self, transactions: Sequence[Transaction]) -> None:
        self.pool.remove([item.tx_id for item in transactions])

    async def _bring(self, leaf_hashes: Sequence[bytes], held: object) -> None:
        """Nothing is on its way."""

    # What a test does.

    def hear(self, *messages: Message) -> None:
        for message in messages:
            self.driver.feed(MessageReceived(message))

    def of(self, kind: type[Signed]) -> list[Signed]:
        return [message for message in self.said if isinstance(message, kind)]

    async def proposed(self, *numbers: int) -> Candidate:
        """Let it propose a block of these transactions."""
        for number in numbers:
            self.pool.add(transaction(number))
        self.driver.note_pending()
        await until(lambda: self.of(Prepare), 2)
        candidate = self.desk.candidate(self.of(PrePrepare)[0].block_hash)  # type: ignore[union-attr]
        assert candidate is not None
        return candidate

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})
        self.journal.close()
        self.sign_state.close()


@pytest.fixture
async def node(tmp_path: Path) -> "_Driven":  # type: ignore[misc]
    made = _Driven(tmp_path)
    yield made
    await made.close()


def _votes(node: _Driven, kind: object, block_hash: bytes) -> list[Signed]:
    return [signed(kind(node.chain, block_hash, sender=index)) for index in node.others[:2]]  # type: ignore[operator]


async def test_block_is_proposed_prepared_committed_and_decided(node: _Driven) -> None:
    """R1 to R5 with two peers' votes: everything said was durable before, body included."""
    candidate = await node.proposed(5, 6)
    assert node.chain.ledger.tip.height == 1
    kept = [decode_record(data) for data in node.journal.read()]
    bodies = [record for record in kept if isinstance(record, PersistBlock)]
    assert [len(record.body) > 100 for record in bodies] == [True]
    node.hear(*_votes(node, prepare, candidate.block_hash))
    await until(lambda: node.of(Commit), 2)
    node.hear(*_votes(node, commit, candidate.block_hash))
    await until(lambda: node.blocks, 2)
    ((decided, receipts),) = node.blocks
    assert decided.block_hash == candidate.block_hash
    assert [receipt.code for receipt in receipts] == ["ok", "ok"]
    assert node.durable_first and all(node.durable_first)
    (shown,) = node.to_followers
    assert isinstance(shown, Decided)
    assert (shown.height, shown.block_hash) == (2, candidate.block_hash)
    assert len(node.pool) == 0
    await until(lambda: node.replica.height == 3, 2)
    assert node.heights == [2]
    assert node.halts == []


async def test_commit_leaves_before_the_block_is_executed(node: _Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    """R3: execution while the COMMITs travel; what a link was given leaves in the event loop's next turn."""
    loop = asyncio.get_running_loop()
    order: list[str] = []
    say, execute = node.to_validators, node.chain.ledger.prepare

    def to_validators(payload: bytes) -> None:
        loop.call_soon(order.append, type(decode_message(payload)).__name__)
        say(payload)

    def ahead(candidate: Candidate) -> None:
        order.append("executed")
        execute(candidate)

    monkeypatch.setattr(node, "to_validators", to_validators)
    monkeypatch.setattr(node.chain.ledger, "prepare", ahead)
    candidate = await node.proposed(5, 6)
    node.hear(*_votes(node, prepare, candidate.block_hash), *_votes(node, commit, candidate.block_hash))
    await until(lambda: node.blocks, 2)
    assert order[-2:] == ["Commit", "executed"]


async def test_who_waits_for_a_block_is_answered_before_the_next_height(
    node: _Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waited for a block is answered before more work is begun: the next leader has a proposal to write."""
    loop = asyncio.get_running_loop()
    order: list[str] = []
    tell, step = node.on_block, Replica.step

    def on_block(block: Candidate, receipts: Sequence[Receipt]) -> None:
        loop.call_soon(order.append, "answered")
        tell(block, receipts)

    def stepped(replica: Replica, event: Input, now_ms: int) -> Outputs:
        order.append(type(event).__name__)
        return step(replica, event, now_ms)

    monkeypatch.setattr(node, "on_block", on_block)
    candidate = await node.proposed(5, 6)
    monkeypatch.setattr(Replica, "step", stepped)
    node.hear(*_votes(node, prepare, candidate.block_hash), *_votes(node, commit, candidate.block_hash))
    await until(lambda: node.replica.height == 3, 2)
    assert order.index("answered") < order.index("BlockApplied")


async def test_decided_block_whose_body_was_let_go_is_fetched_again(node: _Driven) -> None:
    """Decided in an old view whose body this node has let go: its signers have it durably."""
    candidate = await node.proposed(5, 6)
    server = SyncServer(node.chain.ledger.store, Pool(), lambda: [candidate])
    node.desk._candidates.clear()
    node.hear(*_votes(node, prepare, candidate.block_hash), *_votes(node, commit, candidate.block_hash))
    await asyncio.sleep(0.02)
    assert (node.blocks, node.halts) == ([], [])
    node.sources.peers[b"signer"] = server.answer
    await until(lambda: node.blocks, 2)
    assert node.blocks[0][0].block_hash == candidate.block_hash
    await until(lambda: node.replica.height == 3, 2)


async def test_block_that_others_decided_is_fetched_and_applied(node: _Driven) -> None:
    """R4: q COMMITs decide whatever this replica has; the missing body comes from the signers."""
    other = node.chain.build(8, proposer=node.own)
    node.hear(Decided(node.chain.ledger.chain_id, 2, other.block_hash, certificate_of(other)))
    node.sources.peers[b"signer"] = SyncServer(node.chain.ledger.store, Pool(), lambda: [other]).answer
    await until(lambda: node.blocks, 2)
    assert node.blocks[0][0].block_hash == other.block_hash
    assert not node.of(Commit)


async def test_failed_journal_halts_before_anything_is_said(node: _Driven) -> None:
    """R11: after a failed write nothing may be signed; the node says so once, reads go on, the loop lives."""
    node.journal._failure = StoreError("disk-full", "no space")
    node.pool.add(transaction(5))
    node.driver.note_pending()
    await until(lambda: node.halts, 2)
    assert [reason for reason, _ in node.halts] == ["disk-full"]
    assert node.driver.halted == "disk-full"
    await until(lambda: node.replica.phase is Phase.HALTED, 2)
    assert not any(isinstance(message, PrePrepare | Prepare | Commit | ViewChange) for message in node.said)
    node.hear(*_votes(node, commit, b"\x01" * 32))
    node.driver.halt("again", {})
    await asyncio.sleep(0.01)
    assert len(node.halts) == 1
    assert not node.task.done()
    assert node.chain.queries.block(1).certificate


async def test_failed_sign_state_halts_before_anything_is_said(node: _Driven) -> None:
    """The message is in the journal, yet it never left."""
    node.sign_state.close()
    node.pool.add(transaction(5))
    node.driver.note_pending()
    await until(lambda: node.halts, 2)
    assert not node.of(PrePrepare)


async def test_decision_that_contradicts_our_state_halts_with_a_diagnosis(node: _Driven) -> None:
    """Own root unlike the certified one: stop, keep serving, and tell the operator what differs."""
    candidate = await node.proposed(5)
    node.chain.ledger._prepared = None
    tip = node.chain.ledger.tip
    object.__setattr__(tip, "state_root", b"\x07" * 32)
    node.hear(*_votes(node, prepare, candidate.block_hash), *_votes(node, commit, candidate.block_hash))
    await until(lambda: node.halts, 2)
    reason, details = node.halts[0]
    assert reason == "header-state-root"
    assert details["own_state_root"] == "07" * 32
    assert node.blocks == []


async def test_synced_block_moves_the_replica(node: _Driven) -> None:
    """``commit_block`` for catch-up: the ledger, the replica, the listeners and the followers move together."""
    ahead = LocalChain()
    ahead.extend()
    candidate = ahead.extend(7)
    certificate = certificate_of(candidate)
    node.driver.apply_synced(candidate, encode_certificate(certificate), certificate)
    await until(lambda: node.replica.height == 3, 2)
    assert node.chain.ledger.tip.height == 2
    assert len(node.blocks) == len(node.to_followers) == 1
    node.driver.apply_synced(candidate, encode_certificate(certificate), certificate)
    assert len(node.blocks) == 1


async def test_synced_block_that_cannot_be_written_halts_and_ends_the_sync(node: _Driven) -> None:
    """Catch-up runs outside a step: failures halt here and are raised there."""
    ahead = LocalChain()
    ahead.extend()
    candidate = ahead.extend(7)
    certificate = certificate_of(candidate)
    node.chain.engine.close()
    with pytest.raises(StoreError):
        node.driver.apply_synced(candidate, encode_certificate(certificate), certificate)
    assert [reason for reason, _ in node.halts] == ["store-closed"]


async def test_timers_of_the_chain_change_without_a_restart(node: _Driven) -> None:
    """Timers of consensus read on-chain parameters: running nodes pick up new values."""
    ahead = LocalChain()
    ahead.extend()
    consortium_proposal(ahead, SetParameters(ChainParameters(view_timeout_ms=5_000)))
    for height in (2, 3):
        candidate = open_stored(ahead.queries.block(height))
        certificate = certificate_of(candidate)
        node.driver.apply_synced(candidate, encode_certificate(certificate), certificate)
    await until(lambda: node.replica.height == 4, 2)
    assert node.replica._state.timers.view_timeout_ms == 5_000


async def test_node_halts_before_a_feature_that_it_does_not_know(node: _Driven) -> None:
    """Nodes that do not know a feature must halt with a clear diagnosis before its height."""
    ahead = LocalChain()
    ahead.extend()
    consortium_proposal(ahead, ActivateFeature("lanes", 13))
    ahead.grow(9, 0)
    for height in range(2, 13):
        assert node.halts == []
        candidate = open_stored(ahead.queries.block(height))
        certificate = certificate_of(candidate)
        node.driver.apply_synced(candidate, encode_certificate(certificate), certificate)
    ((reason, details),) = node.halts
    assert (reason, details["feature"], details["height"]) == ("upgrade-needed", "lanes", "13")
    assert node.chain.ledger.tip.height == 12


async def test_later_certificate_starts_a_sync(node: _Driven) -> None:
    """R9 starts on a valid COMMIT certificate of a later height, and voting resumes when it ends."""
    ahead = LocalChain()
    ahead.extend()
    ahead.extend(7)
    far = ahead.extend(8)
    node.hear(Decided(ahead.ledger.chain_id, 3, far.block_hash, certificate_of(far)))
    await until(lambda: node.syncs, 2)
    assert node.syncs == [(3, tuple(index for index in (0, 1, 2) if index != node.own))]
    assert node.replica.phase is Phase.SYNCING
    node.driver.sync_finished()
    await until(lambda: node.replica.phase is not Phase.SYNCING, 2)


async def test_messages_beyond_the_bound_are_dropped_and_answers_never(
    node: _Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Peers' messages beyond the bound are dropped (loss is tolerated), answers never are."""
    monkeypatch.setattr(replica_driver_module, "INPUTS_MAX", 3)
    await asyncio.sleep(0)
    vote = signed(prepare(node.chain, b"\x01" * 32, sender=node.others[0]))
    node.hear(*[vote] * 10)
    for _ in range(10):
        node.driver.feed(BuildFailed(2, 0))
    assert node.driver.rejected["driver_queue_full"] == 7
    assert len(node.driver._inputs) == 13


async def test_defect_of_a_helper_ends_the_loop(node: _Driven) -> None:
    """A defect found in a task that works for the driver must end the node, not vanish."""
    node.driver.fail(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await node.task


async def test_contradiction_of_the_program_ends_the_loop(node: _Driven) -> None:
    """InvariantBroken is nobody's to catch."""
    node.driver.desk = None
    node.pool.add(transaction(5))
    node.driver.note_pending()
    with pytest.raises((InvariantBroken, RuntimeError)):
        async with asyncio.timeout(2):
            await node.task
