"""A node's data on disk: made once by ``initialise``, opened whole or not at all.

    data/ledger/       the LevelDB of blocks, state and indexes
    data/journal/      what this validator is about to say, durable before it is said
    data/sign-state    the last thing its key signed
    data/snapshots/    snapshots this node offers to others
    data/joining/      parts of a snapshot on their way here, until the ledger is built from them
    data/rejoining     there while what this key has voted is forgotten (SPEC, Rejoin)
    data/LOCK          held while a node runs on it

Observers have no votes, yet the same files: a data directory does not say what it may
be used for. Opening checks that the three memories do not contradict each other; where
they do, the node runs without voting and says why (``Votes.refusal``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from chainnode.chain.candidate import Candidate, open_stored
from chainnode.chain.genesis import genesis_commit
from chainnode.errors import StoreCorrupt, StoreError
from chainnode.store.durable_file import create_file, disk_error, fsync_directory
from chainnode.store.journal import Journal
from chainnode.store.ledger_store import LedgerStore, initialise, open_ledger
from chainnode.store.leveldb import LevelDBOptions
from chainnode.store.lock import DirectoryLock
from chainnode.store.sign_state import NOTHING_SIGNED, PAGE_BYTES, SignStateFile
from chainnode.store.sign_state import Signed as SignedCell
from chainnode.store.snapshot_import import READY, settle_replacement
from chainnode.types.block import decode_stored_block
from consensus.journal import (
    JournalRecord,
    MalformedRecord,
    MessageSigned,
    PersistBlock,
    SignPosition,
    SignState,
    decode_record,
    sign_position,
)
from consensus.quorum import ValidatorSet
from consensus.recovery import Recovered, RecoveryRefused, recover
from consensus.signing import signed_digest
from consensus.tip import Tip as ConsensusTip

LEDGER: Final = "ledger"
JOURNAL: Final = "journal"
SIGN_STATE: Final = "sign-state"
SNAPSHOTS: Final = "snapshots"
JOINING: Final = "joining"
REJOINING: Final = "rejoining"
"""Stands for as long as votes are forgotten: from the operator's word until the key has voted again."""
JOURNAL_BEHIND_MAX: Final = 1
"""Blocks: the mark of the last height goes to disk with the first vote of the next."""
_MODE: Final = 0o700


def initialise_data(directory: Path, genesis: bytes) -> None:
    """Make the data of a node that has seen nothing but the genesis document.

    Raises:
        StoreError: ``data-exists``: something is there already: a ledger, or the memory of a key
            that has voted; ``disk-full``, ``disk-error``.
        DecodeError, ConfigError: the genesis document is unusable.
    """
    first = genesis_commit(genesis)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=_MODE)
        (directory / JOURNAL).mkdir(exist_ok=True, mode=_MODE)
    except OSError as error:
        raise disk_error(error, f"cannot create {directory}") from error
    with DirectoryLock.acquire(directory):
        # The ledger comes last: a directory without one is not initialised, whatever else it holds.
        if (directory / LEDGER).exists():
            raise StoreError("data-exists", f"{directory} holds a ledger already")
        _check_never_signed(directory / SIGN_STATE)
        for leftover in (directory / JOURNAL).iterdir():
            leftover.unlink()
        (directory / SIGN_STATE).unlink(missing_ok=True)
        Journal.create(directory / JOURNAL).close()
        SignStateFile.create(directory / SIGN_STATE).close()
        initialise(directory / LEDGER, genesis, first)


def _check_never_signed(path: Path) -> None:
    # Somebody who deletes a ledger to fetch it anew must not lose with it what the key has signed.
    try:
        cell = SignStateFile.open(path)
    except StoreCorrupt:
        # Cut short while it was made: such a file never held a signature. A whole one that rotted has its size.
        if path.stat().st_size >= 2 * PAGE_BYTES:
            raise
        return
    except StoreError as error:
        if error.code == "sign-state-missing":
            return
        raise
    signed = cell.last != NOTHING_SIGNED
    cell.close()
    if signed:
        raise StoreError("data-exists", f"{path} remembers votes of this validator's key; move it away on purpose")


def _doubt_votes(directory: Path, *, ordered: bool) -> bool:
    """Whether this key's votes are forgotten: by the operator's word, now (``ordered``) or at a start before.

    The mark comes first and goes last, so that no crash on the way lets the key vote, whatever it is started with.
    """
    mark = directory / REJOINING
    if ordered:
        if not mark.exists():
            create_file(mark, b"")
        _set_aside(directory)
    elif mark.exists():
        try:
            Journal.open(directory / JOURNAL).close()
            SignStateFile.open(directory / SIGN_STATE).close()
        except StoreError:
            # Setting aside was interrupted.
            _set_aside(directory)
    return mark.exists()


def _set_aside(directory: Path) -> None:
    """SPEC, Rejoin: begin a journal, and where needed a sign-state, that remember nothing."""
    if (directory / JOURNAL).exists():
        _move_aside(directory / JOURNAL)
    (directory / JOURNAL).mkdir(mode=_MODE)
    Journal.create(directory / JOURNAL).close()
    try:
        SignStateFile.open(directory / SIGN_STATE).close()
    except StoreError:
        if (directory / SIGN_STATE).exists():
            _move_aside(directory / SIGN_STATE)
        SignStateFile.create(directory / SIGN_STATE).close()


def _move_aside(path: Path) -> None:
    number = 1
    while (aside := path.with_name(f"{path.name}.doubted-{number}")).exists():
        number += 1
    path.rename(aside)


@dataclass(slots=True)
class Votes:
    """What a validator remembers of its own words at the height above its tip."""

    recovered: Recovered | None
    bodies: Sequence[Candidate]
    """Blocks the journal kept."""
    refusal: str | None
    """Why this key must not vote (SPEC, Restart); None when it may."""
    silent_height: int = 0
    """At this height and below nothing is signed: what was said there is not certain to be remembered."""


class DataDirectory:
    """The open data of one running node."""

    def __init__(
        self, lock: DirectoryLock, store: LedgerStore, journal: Journal, sign_state: SignStateFile,
        rejoining: Path | None = None,
    ) -> None:
        """``rejoining``: the mark of forgotten votes, if it stands."""
        self._lock = lock
        self._rejoining = rejoining
        self.store: Final = store
        self.journal: Final = journal
        self.sign_state: Final = sign_state

    @classmethod
    def open(
        cls, directory: Path, genesis_hash: bytes, options: LevelDBOptions, *, doubt_votes: bool = False
    ) -> Self:
        """Open what ``initialise_data`` made.

        With ``doubt_votes`` the journal begins anew and so does a sign-state that cannot be read; what was there is
        moved aside, never deleted. A sign-state that can be read stays: it still forbids what it knows of. Later starts
        know of it (``rejoins``), until ``trust_votes``.

        Raises:
            StoreError: ``data-missing``, ``data-in-use``, ``data-of-other-chain``, ``format-unknown``,
                ``journal-missing``, ``sign-state-missing``, ``disk-error``.
            StoreCorrupt: ``data-corrupt``, ``data-rolled-back``, ``journal-corrupt``, ``sign-state-missing``.
        """
        if not (directory / LEDGER).exists() and not (directory / (LEDGER + READY)).exists():
            raise StoreError("data-missing", f"{directory} was never initialised")
        lock = DirectoryLock.acquire(directory)
        journal: Journal | None = None
        sign_state: SignStateFile | None = None
        try:
            settle_replacement(directory / LEDGER)
            rejoins = _doubt_votes(directory, ordered=doubt_votes)
            journal = Journal.open(directory / JOURNAL)
            sign_state = SignStateFile.open(directory / SIGN_STATE)
            store = open_ledger(directory / LEDGER, genesis_hash, journal.height, options)
        except BaseException:
            if journal is not None:
                journal.close()
            if sign_state is not None:
                sign_state.close()
            lock.release()
            raise
        return cls(lock, store, journal, sign_state, directory / REJOINING if rejoins else None)

    @property
    def rejoins(self) -> bool:
        """Whether what this key has voted is forgotten: it must be silent until nothing of it can be contradicted."""
        return self._rejoining is not None

    def trust_votes(self) -> None:
        """Remove the mark: the key has voted again, and its memory is whole from there on.

        Raises:
            StoreError: ``disk-error``, ``disk-full``.
        """
        if self._rejoining is None:
            return
        try:
            self._rejoining.unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(error, f"cannot remove {self._rejoining}") from error
        fsync_directory(self._rejoining.parent)
        self._rejoining = None

    def read_votes(self, tip: ConsensusTip, validators: ValidatorSet, own_index: int | None) -> Votes:
        """Rebuild what binds this validator, or say why it must not vote.

        The journal is written before the sign-state cell (``vote_signer``). So a journal
        that is ahead by a crash raises the cell; a cell ahead of the journal means that
        synced records are gone, among them perhaps the lock, and voting must stop.

        A validator's journal names the store's height at most one block late. One that is further
        behind was restored from a copy, perhaps with a sign-state that fits it, and votes given since
        then would be in neither. They can only be at the height above the tip, which is passed in silence.

        Raises:
            StoreCorrupt: ``journal-corrupt``: a record is unreadable.
        """
        encoded = self.journal.read()
        records = [_read_record(data) for data in encoded]
        silent_height = 0
        marked_height, doubtful = self.journal.height, self.sign_state.doubtful
        if own_index is not None and self.journal.height < tip.height - JOURNAL_BEHIND_MAX:
            # Not marked either: until the height is over, the next restart must come to the same conclusion.
            silent_height = tip.height + 1
        elif self.journal.height < tip.height:
            # The mark of the last height was still waiting for a sync when the node ended.
            live = [data for data, record in zip(encoded, records, strict=True) if record.height > tip.height]
            self.journal.start_height(tip.height, carry=live)
            self.journal.sync()
        bodies = [
            open_stored(decode_stored_block(record.body))
            for record in records
            if isinstance(record, PersistBlock) and record.height == tip.height + 1
        ]
        try:
            self.sign_state.confirm(_newest_signature(records))
            if doubtful:
                # Nothing was lost with the slot: the journal was here when its marked height ended. Every later start
                # must know that too, when the slot has long been repaired.
                self.sign_state.pass_height(marked_height)
            last = self.sign_state.last
            cell = SignState(SignPosition(*last.position), last.digest, last.signature)
            recovered = recover(records, tip, validators, own_index, cell)
        except RecoveryRefused as error:
            return Votes(None, bodies, error.code.replace("_", "-"))
        except StoreError as error:
            return Votes(None, bodies, error.code)
        if recovered.signed_unrecorded:
            return Votes(None, bodies, "journal-behind-sign-state")
        return Votes(recovered, bodies, None, silent_height)

    def close(self) -> None:
        """Close everything; what was synced stays."""
        self.store.close()
        self.journal.close()
        self.sign_state.close()
        self._lock.release()


def _read_record(data: bytes) -> JournalRecord:
    try:
        return decode_record(data)
    except MalformedRecord as error:
        raise StoreCorrupt("journal-corrupt", f"a journal record is unreadable: {error}") from error


def _newest_signature(records: Sequence[JournalRecord]) -> SignedCell | None:
    signed = [record.message for record in records if isinstance(record, MessageSigned)]
    if not signed:
        return None
    newest = max(signed, key=sign_position)
    position = sign_position(newest)
    place = (position.epoch, position.height, position.view, position.step)
    return SignedCell(place, signed_digest(newest), newest.signature)


