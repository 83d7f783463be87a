"""A node's data: made once, opened whole, and a key that votes only when its memories agree."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from chainnode.chain.candidate import Candidate
from chainnode.chain.ledger import Ledger
from chainnode.errors import DecodeError, StoreCorrupt, StoreError
from chainnode.node.data_directory import DataDirectory, Votes, initialise_data
from chainnode.node.vote_signer import VoteSigner
from chainnode.store.leveldb import LevelDBOptions
from chainnode.store.sign_state import PAGE_BYTES
from consensus.certificates import encode_certificate
from consensus.journal import JournalRecord, PersistBlock, ProposalAccepted
from consensus.messages import Signed
from consensus.tip import Tip
from tests.support.local_chain import CONSENSUS_KEYS, GENESIS, GENESIS_HASH, LocalChain, certificate_of, make_genesis
from tests.unit.node.votes import commit, pre_prepare, prepare, signed, view_change

OPTIONS = LevelDBOptions()
ONE, OTHER = b"\x01" * 32, b"\x02" * 32


class _Validator:
    """Validator 0 on a data directory: commits blocks and votes above its tip."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.exists():
            initialise_data(folder, GENESIS)
        self.data = DataDirectory.open(folder, GENESIS_HASH, OPTIONS)
        self.ledger = Ledger(self.data.store, tree_cache_bytes=1 << 20, proof_heights=8)
        self.votes = self.read_votes()
        self.signer = VoteSigner(
            CONSENSUS_KEYS[0], self.data.journal, self.data.sign_state, self.votes.silent_height
        )

    def read_votes(self, own_index: int | None = 0) -> Votes:
        tip = self.ledger.tip
        return self.data.read_votes(
            Tip(tip.height, tip.block_hash), self.ledger.surroundings.validators, own_index
        )

    def vote(self, *messages: Signed, records: Sequence[JournalRecord] = ()) -> list[Signed]:
        return self.signer.perform(records, messages)

    def apply(self, candidate: Candidate) -> None:
        self.ledger.commit(candidate, encode_certificate(certificate_of(candidate)))
        self.signer.start_height(candidate.header.height)

    def save(self, name: str, *parts: str) -> None:
        """Copy parts of the directory aside, as a backup of a stopped node would."""
        for part in parts:
            source, target = self.folder / part, self.folder.parent / f"{name}-{part}"
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)

    def close(self) -> None:
        self.data.close()

    def restart(self, restore: tuple[str, Sequence[str]] = ("", ())) -> "_Validator":
        self.close()
        name, parts = restore
        for part in parts:
            source, target = self.folder.parent / f"{name}-{part}", self.folder / part
            shutil.rmtree(target) if target.is_dir() else target.unlink()
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        return _Validator(self.folder)


def test_height_that_a_rotten_slot_forgot_stays_known_after_it_was_repaired(
    tmp_path: Path, chain: LocalChain
) -> None:
    """Restart: the journal's mark outlives the doubt; a later start must not take the file for an old copy."""
    validator = _Validator(tmp_path / "data")
    for height in (1, 2, 3):
        candidate = chain.extend(height)
        if height != 2:
            validator.vote(commit(chain, candidate.block_hash, height=height))
        validator.apply(candidate)
    validator.data.journal.sync()
    assert validator.data.journal.height == 3
    validator.close()
    path = tmp_path / "data" / "sign-state"
    data = bytearray(path.read_bytes())
    newest = max((0, 1), key=lambda page: data[page * PAGE_BYTES + 4 : page * PAGE_BYTES + 12])
    data[newest * PAGE_BYTES] ^= 1
    path.write_bytes(data)
    for _ in range(2):
        validator = _Validator(tmp_path / "data")
        assert validator.votes.refusal is None
        assert validator.data.sign_state.last.position[1] == 3
        assert not validator.vote(prepare(chain, ONE, height=3))
        validator.close()
    validator = _Validator(tmp_path / "data")
    assert validator.vote(prepare(chain, ONE, height=4))
    validator.close()


@pytest.fixture
def chain() -> LocalChain:
    return LocalChain()


def test_directory_is_made_once_and_opened_by_one(tmp_path: Path) -> None:
    """``data-exists``, ``data-in-use``: nothing is overwritten, nothing is shared."""
    folder = tmp_path / "data"
    initialise_data(folder, GENESIS)
    with pytest.raises(StoreError) as caught:
        initialise_data(folder, GENESIS)
    assert caught.value.code == "data-exists"
    opened = DataDirectory.open(folder, GENESIS_HASH, OPTIONS)
    assert opened.store.tip().height == 0
    for again in (lambda: DataDirectory.open(folder, GENESIS_HASH, OPTIONS), lambda: initialise_data(folder, GENESIS)):
        with pytest.raises(StoreError) as caught:
            again()
        assert caught.value.code == "data-in-use"
    opened.close()
    DataDirectory.open(folder, GENESIS_HASH, OPTIONS).close()


def test_start_creates_nothing(tmp_path: Path) -> None:
    """``data-missing``: explicit ``init`` creates, ``start`` never does."""
    with pytest.raises(StoreError) as caught:
        DataDirectory.open(tmp_path / "data", GENESIS_HASH, OPTIONS)
    assert caught.value.code == "data-missing"
    assert not (tmp_path / "data").exists()


def test_interrupted_initialisation_is_begun_anew(tmp_path: Path) -> None:
    """The ledger comes last: a directory without one is not initialised, whatever else it holds."""
    folder = tmp_path / "data"
    initialise_data(folder, GENESIS)
    shutil.rmtree(folder / "ledger")
    (folder / "sign-state").write_bytes(b"cut short")
    (folder / "ledger.partial").mkdir()
    initialise_data(folder, GENESIS)
    DataDirectory.open(folder, GENESIS_HASH, OPTIONS).close()


@pytest.mark.parametrize("damage", [None, b"\xff" * 8192])
def test_memory_of_a_key_that_voted_is_never_overwritten(
    tmp_path: Path, chain: LocalChain, damage: bytes | None
) -> None:
    """Who deletes a ledger to fetch it anew must not lose with it what the key has signed."""
    node = _Validator(tmp_path / "data")
    assert node.vote(prepare(chain, ONE))
    node.close()
    shutil.rmtree(tmp_path / "data" / "ledger")
    if damage is not None:
        (tmp_path / "data" / "sign-state").write_bytes(damage)
    before = (tmp_path / "data" / "sign-state").read_bytes()
    with pytest.raises(StoreError) as caught:
        initialise_data(tmp_path / "data", GENESIS)
    assert caught.value.code == ("data-exists" if damage is None else "sign-state-missing")
    assert (tmp_path / "data" / "sign-state").read_bytes() == before


def test_genesis_that_cannot_be_used_makes_nothing(tmp_path: Path) -> None:
    """A data directory is there whole or not at all."""
    with pytest.raises(DecodeError):
        initialise_data(tmp_path / "data", b"junk")
    assert not (tmp_path / "data").exists()


def _remove(*names: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        for name in names:
            found = folder / name
            shutil.rmtree(found) if found.is_dir() else found.unlink()

    return act


def _empty_journal(folder: Path) -> None:
    for path in (folder / "journal").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (_remove("sign-state"), "sign-state-missing"),
        (lambda folder: (folder / "sign-state").write_bytes(b""), "sign-state-missing"),
        (lambda folder: (folder / "sign-state").write_bytes(bytes(8192)), "sign-state-missing"),
        (_empty_journal, "journal-missing"),
        (_remove("journal"), "journal-missing"),
        (_remove("ledger"), "data-missing"),
        (_remove("ledger/CURRENT"), "data-corrupt"),
    ],
    ids=["no-sign-state", "empty", "zeros", "no-records", "no-journal", "no-ledger", "no-current"],
)
def test_directory_that_lost_a_part_is_refused_and_released(
    tmp_path: Path, damage: Callable[[Path], None], code: str
) -> None:
    """C9, C10: start refuses; never silently re-inits; the lock is free again afterwards."""
    folder = tmp_path / "data"
    initialise_data(folder, GENESIS)
    damage(folder)
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            DataDirectory.open(folder, GENESIS_HASH, OPTIONS)
        assert caught.value.code == code


def test_directory_of_another_chain_is_refused(tmp_path: Path) -> None:
    """``data-of-other-chain``, naming both."""
    initialise_data(tmp_path / "data", make_genesis("elsewhere"))
    with pytest.raises(StoreError) as caught:
        DataDirectory.open(tmp_path / "data", GENESIS_HASH, OPTIONS)
    assert caught.value.code == "data-of-other-chain"
    assert caught.value.details["expected"] == GENESIS_HASH.hex()


def test_ledger_older_than_the_journal_is_refused(tmp_path: Path, chain: LocalChain) -> None:
    """C7: ``data-rolled-back``: the tip is below what the journal proves was durable."""
    node = _Validator(tmp_path / "data")
    node.close()
    node.save("old", "ledger")
    node = _Validator(tmp_path / "data")
    for number in (1, 2):
        node.apply(chain.extend(number))
        node.vote(prepare(chain, ONE))
    node.close()
    shutil.rmtree(tmp_path / "data" / "ledger")
    shutil.copytree(tmp_path / "old-ledger", tmp_path / "data" / "ledger")
    with pytest.raises(StoreCorrupt) as caught:
        _Validator(tmp_path / "data")
    assert caught.value.code == "data-rolled-back"


def test_votes_and_bodies_come_back_after_a_restart(tmp_path: Path, chain: LocalChain) -> None:
    """C2: identical bytes are sent again; the bodies of what was voted for are at hand."""
    node = _Validator(tmp_path / "data")
    candidate = chain.build(1)
    proposal = signed(pre_prepare(chain, candidate))
    body = msgspec.msgpack.encode(candidate.stored(b""))
    records: list[JournalRecord] = [PersistBlock(1, candidate.block_hash, body), ProposalAccepted(proposal)]
    sent = node.vote(prepare(chain, candidate.block_hash), records=records)
    again = node.restart()
    assert again.votes.refusal is None
    assert again.votes.recovered is not None
    assert again.votes.recovered.sent == tuple(sent)
    assert again.votes.recovered.accepted == proposal
    assert [kept.body_bytes() for kept in again.votes.bodies] == [candidate.body_bytes()]
    assert again.vote(prepare(chain, OTHER)) == []
    assert again.read_votes(None).refusal is None
    again.close()


def test_records_of_decided_heights_bring_nothing_back(tmp_path: Path, chain: LocalChain) -> None:
    """Records of heights up to the tip are settled."""
    node = _Validator(tmp_path / "data")
    candidate = chain.build(1)
    body = msgspec.msgpack.encode(candidate.stored(b""))
    node.vote(prepare(chain, candidate.block_hash), records=[PersistBlock(1, candidate.block_hash, body)])
    node.apply(candidate)
    again = node.restart()
    assert (again.votes.refusal, list(again.votes.bodies), again.votes.silent_height) == (None, [], 0)
    assert again.votes.recovered is not None
    assert again.votes.recovered.sent == ()
    again.close()


def test_crash_between_journal_and_sign_state_raises_the_cell(tmp_path: Path, chain: LocalChain) -> None:
    """A journal that is ahead by a crash supplies what the cell lacks: no other payload there."""
    node = _Validator(tmp_path / "data")
    node.close()
    node.save("old", "sign-state")
    node = _Validator(tmp_path / "data")
    (sent,) = node.vote(view_change(chain, 3))
    again = node.restart(("old", ["sign-state"]))
    assert again.votes.refusal is None
    assert again.data.sign_state.last.signature == sent.signature
    assert again.vote(prepare(chain, ONE, view=2)) == []
    again.close()


def test_journal_behind_the_sign_state_means_follow_only(tmp_path: Path, chain: LocalChain) -> None:
    """Synced records are gone, among them perhaps the lock, and voting must stop."""
    node = _Validator(tmp_path / "data")
    node.vote(prepare(chain, ONE))
    node.close()
    node.save("old", "journal")
    node = _Validator(tmp_path / "data")
    node.vote(commit(chain, ONE))
    again = node.restart(("old", ["journal"]))
    assert (again.votes.recovered, again.votes.refusal) == (None, "journal-behind-sign-state")
    again.close()


def test_sign_state_ahead_of_the_store_means_follow_only(tmp_path: Path, chain: LocalChain) -> None:
    """A vote needs the block below it durable first, so a store that lacks it has lost something."""
    node = _Validator(tmp_path / "data")
    node.vote(prepare(chain, ONE, height=5))
    again = node.restart()
    assert again.votes.refusal in {"sign-state-ahead-of-store", "journal-ahead-of-store"}
    again.close()


def test_other_payload_at_the_position_of_the_cell_means_follow_only(tmp_path: Path, chain: LocalChain) -> None:
    """``sign-state-regression``: two memories of one vote that differ."""
    first = _Validator(tmp_path / "one")
    first.vote(prepare(chain, ONE))
    first.close()
    second = _Validator(tmp_path / "two")
    second.vote(prepare(chain, OTHER))
    first.save("mixed", "sign-state")
    again = second.restart(("mixed", ["sign-state"]))
    assert again.votes.refusal == "sign-state-regression"
    again.close()


def test_old_copies_of_journal_and_sign_state_do_not_vote_where_they_may_have(
    tmp_path: Path, chain: LocalChain
) -> None:
    """C21: both memories restored from one backup fit each other; the store shows that they are old."""
    node = _Validator(tmp_path / "data")
    for number in (1, 2):
        node.vote(prepare(chain, ONE))
        node.apply(chain.extend(number))
    node.vote(prepare(chain, ONE))
    node.close()
    node.save("old", "journal", "sign-state")
    node = _Validator(tmp_path / "data")
    for number in (3, 4, 5):
        node.apply(chain.extend(number))
        assert node.vote(prepare(chain, ONE))
    again = node.restart(("old", ["journal", "sign-state"]))
    for _ in range(2):
        assert again.votes.silent_height == 6
        assert again.vote(prepare(chain, OTHER)) == []
        again = again.restart()
    again.apply(chain.extend(6))
    assert len(again.vote(prepare(chain, OTHER))) == 1
    again = again.restart()
    assert again.votes.silent_height == 0
    again.close()


def test_validator_that_caught_up_without_voting_may_vote_after_a_restart(tmp_path: Path, chain: LocalChain) -> None:
    """It writes the mark of its height by itself, so its own journal is not taken for an old copy."""
    node = _Validator(tmp_path / "data")
    for number in range(1, 8):
        node.apply(chain.extend(number))
        node = node.restart()
        assert node.votes.silent_height == 0, number
    for number in range(8, 13):
        node.apply(chain.extend(number))
    node = node.restart()
    assert node.votes.silent_height == 0
    assert len(node.vote(prepare(chain, ONE))) == 1
    node.close()


def test_unreadable_journal_record_is_corruption(tmp_path: Path) -> None:
    """StoreCorrupt ``journal-corrupt``: damage is never taken for the end."""
    node = _Validator(tmp_path / "data")
    node.data.journal.append([b"no record"])
    node.data.journal.sync()
    with pytest.raises(StoreCorrupt) as caught:
        node.read_votes()
    assert caught.value.code == "journal-corrupt"
    node.close()


def test_ledger_that_was_being_replaced_when_the_node_ended_is_put_in_place(tmp_path: Path) -> None:
    """A snapshot's ledger takes the present one's place by two renames; a crash between them loses nothing."""
    initialise_data(tmp_path / "data", GENESIS)
    ledger = tmp_path / "data" / "ledger"
    shutil.copytree(ledger, tmp_path / "data" / "ledger.incoming")
    ledger.rename(tmp_path / "data" / "ledger.replaced")
    data = DataDirectory.open(tmp_path / "data", GENESIS_HASH, OPTIONS)
    assert data.store.tip().height == 0
    data.close()
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"ledger", "journal", "sign-state", "lock"}
