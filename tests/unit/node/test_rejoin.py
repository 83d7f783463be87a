"""When a validator that lost its votes may speak again, and how it finds out that it lost them."""

import shutil
from pathlib import Path

import pytest

from chainnode.node.data_directory import DataDirectory, initialise_data
from chainnode.node.rejoin import Rejoin, forgotten_height
from chainnode.store.leveldb import LevelDBOptions
from consensus.certificates import encode_certificate
from tests.support.local_chain import CONSENSUS_KEYS, GENESIS, GENESIS_HASH, LocalChain, certificate_of

OPTIONS = LevelDBOptions()
OWN, A, B, C = b"own", b"a", b"b", b"c"
FOUR = [A, OWN, B, C]


def test_validator_speaks_once_q_others_are_reached() -> None:
    """Rejoin: q validators other than itself, then from tip + 3."""
    rejoin = Rejoin(OWN)
    assert rejoin.speak_above(10, 3, FOUR, {A: 10, B: 9}) is None
    assert rejoin.speak_above(10, 3, FOUR, {A: 10, B: 9, OWN: 3}) is None
    assert rejoin.speak_above(10, 3, FOUR, {A: 10, B: 9, C: 4}) == 12


def test_claim_that_was_never_reached_does_not_count() -> None:
    """Rejoin: a tip nobody can prove; the liar, beside the one that lost its state, is beyond f."""
    rejoin = Rejoin(OWN)
    assert rejoin.speak_above(10, 3, FOUR, {A: 10, B: 10, C: 10**9}) is None
    assert rejoin.speak_above(11, 3, FOUR, {A: 11, B: 11, C: 11}) == 13


def test_peer_counts_also_after_it_went_on_or_away() -> None:
    """Rejoin: what matters is that its tip of that moment was reached."""
    rejoin = Rejoin(OWN)
    assert rejoin.speak_above(10, 3, FOUR, {A: 10}) is None
    assert rejoin.speak_above(12, 3, FOUR, {A: 15, B: 12}) is None
    assert rejoin.speak_above(15, 3, FOUR, {C: 14}) == 17


@pytest.mark.parametrize(("members", "quorum", "heard", "found"), [
    ([OWN, A], 2, {A: 5}, 7), ([OWN, A], 2, {}, None), ([OWN], 1, {}, None), ([OWN, A, B], 2, {A: 5}, None),
])
def test_small_sets_learn_from_whom_there_is(
    members: list[bytes], quorum: int, heard: dict[bytes, int], found: int | None
) -> None:
    """Rejoin: of two the other one is enough; alone there is nobody to learn from."""
    assert Rejoin(OWN).speak_above(5, quorum, members, heard) == found


def test_observers_and_strangers_do_not_count() -> None:
    """Rejoin: only members of the present set."""
    assert Rejoin(OWN).speak_above(10, 3, FOUR, {A: 1, B: 1, b"observer": 1}) is None


def test_own_signature_above_the_sign_state_is_found() -> None:
    """Rejoin, looking back: the newest one within 64 heights."""
    chain = LocalChain()
    for signers in ((0, 1, 2), (0, 1, 3), (0, 1, 2), (1, 2, 3)):
        candidate = chain.build()
        chain.ledger.commit(candidate, encode_certificate(certificate_of(candidate, signers=signers)))
    third = CONSENSUS_KEYS[3].public_key
    assert forgotten_height(chain.ledger, third, 0) == 4
    assert forgotten_height(chain.ledger, third, 3) == 4
    assert forgotten_height(chain.ledger, third, 4) is None
    assert forgotten_height(chain.ledger, CONSENSUS_KEYS[0].public_key, 3) is None
    assert forgotten_height(chain.ledger, bytes(32), 0) is None


def test_doubted_votes_stay_doubted_through_restarts_until_the_key_has_voted(tmp_path: Path) -> None:
    """SPEC, Rejoin: a restart on the way is told nothing, and must be as silent."""
    folder = tmp_path / "data"
    initialise_data(folder, GENESIS)
    found = []
    for doubted in (False, True, False, False):
        data = DataDirectory.open(folder, GENESIS_HASH, OPTIONS, doubt_votes=doubted)
        found.append(data.rejoins)
        if len(found) == 3:
            data.trust_votes()
            found.append(data.rejoins)
        data.close()

    assert found == [False, True, True, False, False]


def test_setting_aside_that_was_interrupted_is_finished_by_the_next_start(tmp_path: Path) -> None:
    """SPEC, Rejoin: the mark stands before anything is moved."""
    folder = tmp_path / "data"
    initialise_data(folder, GENESIS)
    DataDirectory.open(folder, GENESIS_HASH, OPTIONS, doubt_votes=True).close()
    shutil.rmtree(folder / "journal")

    data = DataDirectory.open(folder, GENESIS_HASH, OPTIONS)

    assert data.rejoins
    data.close()
