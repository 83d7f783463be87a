"""The one place that signs votes: durable first, never two for one position."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from chainnode.crypto.ed25519 import verify
from chainnode.crypto.signature_memory import SignatureMemory
from chainnode.errors import StoreError
from chainnode.node.vote_signer import VoteSigner
from chainnode.store.journal import Journal
from chainnode.store.sign_state import SignStateFile
from consensus.journal import MessageSigned, PersistBlock, decode_record, sign_position
from consensus.messages import Signed
from consensus.signing import signed_bytes
from tests.support.local_chain import CONSENSUS_KEYS, LocalChain
from tests.unit.node.votes import commit, prepare, view_change

KEY = CONSENSUS_KEYS[0]
CHAIN = LocalChain()
ONE, OTHER = b"\x01" * 32, b"\x02" * 32


class _Disk:
    """A signer's two files, and how often each was written."""

    def __init__(self, folder: Path) -> None:
        (folder / "journal").mkdir()
        self.folder = folder
        self.journal = Journal.create(folder / "journal")
        self.sign_state = SignStateFile.create(folder / "sign-state")
        self.signer = VoteSigner(KEY, self.journal, self.sign_state)

    def records(self) -> list[object]:
        return [decode_record(data) for data in self.journal.read()]

    def close(self) -> None:
        self.journal.close()
        self.sign_state.close()

    def reopen(self) -> None:
        self.close()
        self.journal = Journal.open(self.folder / "journal")
        self.sign_state = SignStateFile.open(self.folder / "sign-state")
        self.signer = VoteSigner(KEY, self.journal, self.sign_state)


def test_new_key_signs_its_epoch_and_nothing_of_an_earlier_one(tmp_path: Path) -> None:
    """E2: a vote of the old set under the new key would be a false signature; under the old one it is too late."""
    disk = _Disk(tmp_path)
    (before,) = disk.signer.perform([], [prepare(CHAIN, ONE)])
    disk.signer.enter_epoch(1, CONSENSUS_KEYS[1])
    assert disk.signer.perform([], [commit(CHAIN, ONE)]) == []
    next_epoch = msgspec.structs.replace(commit(CHAIN, ONE, height=9), epoch=1)
    (after,) = disk.signer.perform([], [next_epoch])
    assert verify(KEY.public_key, signed_bytes(before), before.signature)
    assert verify(CONSENSUS_KEYS[1].public_key, signed_bytes(after), after.signature)
    assert disk.sign_state.last.position[0] == 1
    # Both keys share one memory: what the new one said cannot be said otherwise.
    assert disk.signer.perform([], [msgspec.structs.replace(next_epoch, block_hash=OTHER)]) == []
    disk.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[_Disk]:
    made = _Disk(tmp_path)
    yield made
    made.close()


def test_message_leaves_signed_journalled_and_remembered(disk: _Disk) -> None:
    """Records and signed messages go to the journal, then the sign-state cell, then the caller sends."""
    kept = PersistBlock(1, ONE, b"body")
    (sent,) = disk.signer.perform([kept], [prepare(CHAIN, ONE)])
    assert verify(KEY.public_key, signed_bytes(sent), sent.signature)
    assert disk.records() == [kept, MessageSigned(sent)]
    assert disk.sign_state.last.position == tuple(sign_position(sent))
    disk.reopen()
    assert disk.records() == [kept, MessageSigned(sent)]
    assert disk.sign_state.last.signature == sent.signature


def test_steps_of_one_view_are_signed_in_their_order(disk: _Disk) -> None:
    """VIEW_CHANGE < PRE_PREPARE < PREPARE < COMMIT within a view; views and heights only grow."""
    both = disk.signer.perform([], [prepare(CHAIN, ONE), commit(CHAIN, ONE)])
    assert len(both) == 2
    assert len(disk.signer.perform([], [view_change(CHAIN, 1)])) == 1
    assert len(disk.signer.perform([], [prepare(CHAIN, OTHER, view=1)])) == 1
    assert len(disk.signer.perform([], [prepare(CHAIN, ONE, height=2)])) == 1


def test_one_step_writes_the_sign_state_once(disk: _Disk) -> None:
    """Positions only grow, so the last one stands for all of the step; what it stands for is refused afterwards."""
    before = disk.sign_state._sequence
    disk.signer.perform([], [prepare(CHAIN, ONE), commit(CHAIN, ONE)])
    assert disk.sign_state._sequence == before + 1
    assert disk.sign_state.last.position[3] == 3
    assert disk.signer.perform([], [prepare(CHAIN, OTHER)]) == []


def test_own_signature_is_known_when_it_comes_back(disk: _Disk) -> None:
    """What is signed is told to ``signatures``: it comes back in the others' certificates."""
    memory = SignatureMemory()
    signer = VoteSigner(KEY, disk.journal, disk.sign_state, signatures=memory)
    (sent,) = signer.perform([], [commit(CHAIN, ONE)])
    assert memory.knows(KEY.public_key, signed_bytes(sent), sent.signature)


def test_one_step_never_journals_two_payloads_for_one_position(disk: _Disk) -> None:
    """Even if the core were wrong: the cell is written after the journal, and a restart sends what that holds."""
    sent = disk.signer.perform([], [prepare(CHAIN, ONE), prepare(CHAIN, OTHER), commit(CHAIN, OTHER)])
    assert len(sent) == 1
    assert disk.records() == [MessageSigned(sent[0])]
    assert disk.signer.perform([], [view_change(CHAIN, 2), view_change(CHAIN, 1)])[1:] == []
    disk.reopen()
    assert len(disk.records()) == 2


@pytest.mark.parametrize(
    "second",
    [
        prepare(CHAIN, OTHER),
        prepare(CHAIN, ONE, height=1, view=0, sender=0).__class__(
            "other-chain", *[getattr(prepare(CHAIN, ONE), name) for name in prepare(CHAIN, ONE).__struct_fields__[1:]]
        ),
        view_change(CHAIN, 0),
    ],
    ids=["other-block", "other-chain", "earlier-step"],
)
def test_second_payload_at_or_below_a_position_is_never_signed(disk: _Disk, second: Signed) -> None:
    """That file outranks the core: no second payload is signed at a position, and positions only grow."""
    (first,) = disk.signer.perform([], [prepare(CHAIN, ONE)])
    assert disk.signer.perform([], [second]) == []
    assert disk.records() == [MessageSigned(first)]
    disk.reopen()
    disk.sign_state.confirm(None)
    assert disk.signer.perform([], [second]) == []


def test_refused_message_takes_those_after_it_with_it(disk: _Disk) -> None:
    """Refuse: drop this and all later messages of the list; the step's records stay."""
    disk.signer.perform([], [prepare(CHAIN, ONE)])
    kept = PersistBlock(1, OTHER, b"")
    assert disk.signer.perform([kept], [prepare(CHAIN, OTHER), commit(CHAIN, OTHER)]) == []
    assert disk.records()[-1] == kept
    assert disk.sign_state.last.position[3] == 2


def test_same_payload_again_gets_the_same_signature(disk: _Disk) -> None:
    """Reuse: the very payload signed last, hand out the stored signature."""
    first = disk.signer.perform([], [prepare(CHAIN, ONE)])
    assert disk.signer.perform([], [prepare(CHAIN, ONE)]) == first


def test_nothing_is_returned_when_the_journal_cannot_be_written(disk: _Disk) -> None:
    """Raises StoreError: stop signing (SPEC R11); the sign-state has not moved, so nothing was signed for sending."""
    disk.journal.close()
    with pytest.raises(StoreError):
        disk.signer.perform([], [prepare(CHAIN, ONE)])
    assert disk.sign_state.last.position == (0, 0, 0, 0)


def test_nothing_is_returned_when_the_sign_state_cannot_be_written(disk: _Disk) -> None:
    """The journal is ahead then, which a restart accepts: the same bytes would be signed again."""
    disk.sign_state.close()
    with pytest.raises(StoreError) as caught:
        disk.signer.perform([], [prepare(CHAIN, ONE)])
    assert caught.value.code == "store-closed"
    assert len(disk.records()) == 1


def test_doubtful_sign_state_stops_signing(disk: _Disk) -> None:
    """``sign-state-doubtful`` is no refusal of one message but of all: it propagates and halts the node."""
    disk.sign_state._doubtful = True
    with pytest.raises(StoreError) as caught:
        disk.signer.perform([], [prepare(CHAIN, ONE)])
    assert caught.value.code == "sign-state-doubtful"
    assert disk.records() == []


def test_observer_keeps_records_and_signs_nothing(disk: _Disk) -> None:
    """``key`` None: an observer, whose core never asks for a signature."""
    signer = VoteSigner(None, disk.journal, disk.sign_state)
    assert signer.perform([PersistBlock(1, ONE, b"")], [prepare(CHAIN, ONE)]) == []
    assert disk.records() == [PersistBlock(1, ONE, b"")]
    assert disk.sign_state.last.position == (0, 0, 0, 0)


def test_step_without_consequences_touches_no_disk(disk: _Disk) -> None:
    """Nothing to persist, nothing to sign, no sync."""
    disk.journal.close()
    assert disk.signer.perform([], []) == []


def test_next_height_drops_what_was_journalled_for_the_last(disk: _Disk) -> None:
    """The block is durable in the store: what was journalled for it may go, with the next sync."""
    disk.signer.perform([], [prepare(CHAIN, ONE)])
    disk.signer.start_height(1)
    (second,) = disk.signer.perform([], [prepare(CHAIN, OTHER, height=2)])
    assert disk.records() == [MessageSigned(second)]
    assert disk.journal.height == 1


def test_height_that_may_hold_forgotten_votes_is_passed_in_silence(disk: _Disk) -> None:
    """Sign nothing up to ``silent_height``; every later height is safe again."""
    signer = VoteSigner(KEY, disk.journal, disk.sign_state, silent_height=1)
    assert signer.perform([], [prepare(CHAIN, ONE), view_change(CHAIN, 5)]) == []
    assert signer.perform([], [view_change(CHAIN, 5)]) == []
    assert len(signer.perform([], [prepare(CHAIN, ONE, height=2)])) == 1


def test_height_passed_without_a_vote_is_marked_at_the_latest_with_the_next(disk: _Disk) -> None:
    """A journal further behind than one block is known to be an old copy; one of an observer is never asked."""
    for height in range(1, 6):
        disk.signer.start_height(height)
        assert disk.journal.height >= height - 1
    observer = VoteSigner(None, disk.journal, disk.sign_state)
    observer.start_height(9)
    assert disk.journal.height < 8


def test_journal_of_a_height_that_lasts_is_rewritten(disk: _Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Views without end write a bounded journal, and what binds the validator stays in it."""
    monkeypatch.setattr("chainnode.node.vote_signer.JOURNAL_BYTES_MAX", 6 * 2**20)
    for view in range(1, 12):
        disk.signer.perform([PersistBlock(1, bytes([view]) * 32, bytes(2**20))], [view_change(CHAIN, view)])
    assert disk.journal.live_bytes < 8 * 2**20
    disk.reopen()
    newest = disk.records()[-1]
    assert isinstance(newest, MessageSigned)
    assert newest.message.view == 11
