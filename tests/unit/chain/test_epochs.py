"""A ledger across two epochs: what headers name, who certifies, and what a stranger can verify."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import msgspec
import pytest

from chainnode.chain.candidate import Candidate
from chainnode.chain.epochs import boundary_of, epoch_links, validators_at
from chainnode.chain.ledger import Ledger, LedgerDiverged
from chainnode.codec.canonical import encode
from chainnode.proofs.verifier import verify_bundle
from chainnode.types.block import block_hash, decode_header
from chainnode.types.transaction import Transaction
from chainnode.types.validator_set import ValidatorList, validators_hash
from consensus.certificates import COMMIT, encode_certificate, make_certificate, vote_bytes
from consensus.equivocation import encode_equivocation, make_equivocation
from consensus.messages import Prepare
from consensus.signing import signed_bytes, with_signature
from contracts.governance.operations import RemoveValidator
from contracts.governance.queries import read_epoch
from tests.support.local_chain import (
    CHAIN_ID,
    CONSENSUS_KEYS,
    GENESIS_HASH,
    LocalChain,
    consortium_transaction,
    transaction,
)

BOUNDARY = 100


def _certificate(candidate: Candidate, members: ValidatorList, signers: Sequence[int]) -> bytes:
    """By members of the set that is in force, whatever their index was before."""
    keys = {key.public_key: key for key in CONSENSUS_KEYS}
    header = candidate.header
    signed = vote_bytes(
        COMMIT, chain_id=CHAIN_ID, epoch=members.epoch, validators_hash=validators_hash(members),
        height=header.height, view=0, block_hash=candidate.block_hash,
    )
    votes = [(index, keys[members.validators[index].consensus_key].sign(signed)) for index in signers]
    return encode_certificate(
        make_certificate(
            COMMIT, votes, epoch=members.epoch, height=header.height, view=0, block_hash=candidate.block_hash
        )
    )


def _extend(ledger: Ledger, transactions: Sequence[Transaction] = (), signers: Sequence[int] = (0, 1, 2)) -> Candidate:
    candidate = ledger.build(0, transactions, ledger.tip.time_ms + 1_000)
    assert ledger.fresh_fault(candidate, 0, ledger.tip.time_ms + 1_000) is None
    ledger.commit(candidate, _certificate(candidate, ledger.validators, signers))
    return candidate


@pytest.fixture(scope="module")
def chain() -> LocalChain:
    """Validator 1 leaves with block 100; evidence before and after."""
    made = LocalChain()
    for height in range(1, BOUNDARY + 6):
        chosen = []
        if height in {3, BOUNDARY + 2}:
            chosen = [transaction(height, valid_until=height + 10)]
        if height == 50:
            chosen = [consortium_transaction(RemoveValidator(CONSENSUS_KEYS[1].public_key), valid_until=60)]
        _extend(made.ledger, chosen)
    return made


def test_last_header_of_the_epoch_names_the_next_set(chain: LocalChain) -> None:
    """E1: certified by the old set; the next block is of the new one."""
    ledger = chain.ledger
    headers = {height: ledger.store.header(height) for height in (BOUNDARY - 1, BOUNDARY, BOUNDARY + 1)}
    old, new = read_epoch(ledger.surroundings.state, 0), read_epoch(ledger.surroundings.state, 1)
    assert old is not None
    assert new is not None
    assert new.first_height == BOUNDARY + 1
    for height, data in headers.items():
        assert data is not None
        header = decode_header(data)
        names = (header.epoch, header.validators_hash, header.next_validators_hash)
        first, second = validators_hash(old.validators), validators_hash(new.validators)
        expected = {BOUNDARY - 1: (0, first, first), BOUNDARY: (0, first, second), BOUNDARY + 1: (1, second, second)}
        assert names == expected[height]
    assert [member.name for member in ledger.validators.validators] == ["validator-0", "validator-2", "validator-3"]
    assert validators_at(ledger.surroundings.state, BOUNDARY).epoch == 0
    assert validators_at(ledger.surroundings.state, BOUNDARY + 1).epoch == 1


def _offence(accused: int, height: int, *, epoch: int, set_hash: bytes, key: int | None = None) -> bytes:
    """Two PREPAREs at one place, by the set of ``epoch``, where the accused has that index."""
    votes = []
    for name in (b"one", b"other"):
        vote = Prepare(CHAIN_ID, epoch, set_hash, height, 0, accused, sha256(name).digest())
        signer = CONSENSUS_KEYS[accused if key is None else key]
        votes.append(with_signature(vote, signer.sign(signed_bytes(vote))))
    found = make_equivocation(*votes)
    assert found is not None
    return encode_equivocation(found)


def test_offence_of_the_epoch_before_is_proved_against_whoever_is_still_a_member() -> None:
    """R10: nobody is free to equivocate in the last blocks of an epoch; the accused is found by its key."""
    made = LocalChain()
    ledger = made.ledger
    old = ledger.validators
    for height in range(1, BOUNDARY + 3):
        leaving = RemoveValidator(CONSENSUS_KEYS[1].public_key)
        _extend(ledger, [consortium_transaction(leaving, valid_until=60)] if height == 50 else [])
    set_hash = validators_hash(old)
    late = _offence(3, BOUNDARY, epoch=0, set_hash=set_hash)
    faults = {
        "equivocation-left": _offence(1, BOUNDARY, epoch=0, set_hash=set_hash),
        "equivocation-signature": _offence(3, BOUNDARY, epoch=0, set_hash=set_hash, key=2),
        "equivocation-validators": _offence(3, BOUNDARY, epoch=0, set_hash=bytes(32)),
        "equivocation-epoch": _offence(3, BOUNDARY, epoch=2, set_hash=set_hash),
    }
    assert [ledger.misbehaviour_fault((item,)) for item in faults.values()] == list(faults)
    assert ledger.misbehaviour_fault((late,)) is None
    candidate = ledger.build(0, [], ledger.tip.time_ms + 1_000, (late,))
    ledger.commit(candidate, _certificate(candidate, ledger.validators, (0, 1, 2)))
    assert ledger.validators.validators[2].consensus_key == CONSENSUS_KEYS[3].public_key
    assert ledger.surroundings.leadership.excluded == (2,)
    assert ledger.misbehaviour_fault((late,)) == "equivocation-known"
    record = ledger.store.state_range(b"governance/misbehaviour/")
    assert [CONSENSUS_KEYS[3].public_key.hex() in key.decode() for key, _ in record] == [True]
    assert made.reopened().surroundings.leadership.excluded == (2,)


def test_offence_of_an_epoch_too_long_ago_is_not_admitted() -> None:
    """R10: one epoch back and no further."""
    made = LocalChain()
    ledger = made.ledger
    item = _offence(3, 3, epoch=0, set_hash=validators_hash(ledger.validators))
    for height in range(1, 2 * BOUNDARY + 2):
        leaving = {50: 1, 150: 0}.get(height)
        chosen = []
        if leaving is not None:
            removal = RemoveValidator(CONSENSUS_KEYS[leaving].public_key)
            chosen = [consortium_transaction(removal, valid_until=height + 10)]
        size = len(ledger.validators.validators)
        signers = range(size) if size < 4 else (0, 2, 3)
        if height <= BOUNDARY + 1:
            assert ledger.misbehaviour_fault((item,)) == (None if height > 2 else "equivocation-age")
        _extend(ledger, chosen, tuple(signers))
    assert ledger.validators.epoch == 2
    assert ledger.misbehaviour_fault((item,)) == "equivocation-epoch"


def test_restarted_ledger_stands_where_the_running_one_does(chain: LocalChain) -> None:
    """E2: everything is in the state."""
    one, other = chain.ledger.surroundings, chain.reopened().surroundings
    for name in ("tip", "validators", "tip_validators", "members", "next_validators_hash", "leadership", "parameters"):
        assert getattr(one, name) == getattr(other, name)


def test_first_block_of_the_epoch_carries_a_certificate_of_the_old_set() -> None:
    """E3: verified by the set that made it, here and by every voter; another valid one is accepted too."""
    made = LocalChain()
    for height in range(1, BOUNDARY + 1):
        removal = consortium_transaction(RemoveValidator(CONSENSUS_KEYS[1].public_key), valid_until=60)
        _extend(made.ledger, [removal] if height == 50 else [])
    around = made.ledger.surroundings
    assert (around.tip_validators.epoch, around.validators.epoch) == (0, 1)
    ours = made.ledger.build(0, [], made.now_ms)
    made.ledger.surroundings = replace(around, tip_certificate=b"another")
    assert made.ledger.fresh_fault(ours, 0, made.now_ms) is None


def test_proofs_from_both_epochs_need_the_genesis_hash_only(chain: LocalChain) -> None:
    """Proof bundles carry one link for each change of the set."""
    for height, links in ((3, 0), (BOUNDARY + 2, 1)):
        tx_id = chain.ledger.store.transaction_ids(height)[0]
        found = verify_bundle(chain.queries.prove_transaction(tx_id), genesis_hash=GENESIS_HASH)
        assert found.tx_id == tx_id
        assert len(epoch_links(chain.ledger.surroundings.state, chain.ledger.store, height)) == links


def test_peer_of_an_earlier_epoch_is_shown_its_end(chain: LocalChain) -> None:
    """E4: a certificate of the set it knows; nothing for those who know the present one."""
    end = boundary_of(chain.ledger, 7)
    assert end is not None
    assert (end.height, end.certificate.epoch) == (BOUNDARY, 0)
    assert boundary_of(chain.ledger, BOUNDARY) == end
    assert boundary_of(chain.ledger, BOUNDARY + 1) is None
    assert boundary_of(chain.ledger, 10**9) is None


def test_block_of_the_old_set_above_the_boundary_diverges(chain: LocalChain) -> None:
    """E4: an old set can certify nothing above its last block."""
    made = LocalChain()
    for height in range(1, BOUNDARY + 1):
        removal = consortium_transaction(RemoveValidator(CONSENSUS_KEYS[1].public_key), valid_until=60)
        _extend(made.ledger, [removal] if height == 50 else [])
    ours = made.ledger.build(0, [], made.now_ms)
    old = validators_at(made.ledger.surroundings.state, 1)
    header = msgspec.structs.replace(
        ours.header, epoch=0, validators_hash=validators_hash(old), next_validators_hash=validators_hash(old)
    )
    data = encode(header)
    forged = replace(ours, header=header, header_bytes=data, block_hash=block_hash(data))
    with pytest.raises(LedgerDiverged) as caught:
        made.ledger.commit(forged, _certificate(forged, old, (0, 1, 2)))
    assert caught.value.reason == "header-epoch"


def test_consortium_needs_a_quorum_of_operators() -> None:
    """Nobody governs alone: two of four are too few."""
    made = LocalChain()
    operation = RemoveValidator(CONSENSUS_KEYS[1].public_key)
    made.extend()
    for operators, code in (((0, 1), "threshold-not-met"), ((0, 1, 3), "ok")):
        change = consortium_transaction(operation, valid_until=60 + len(operators), operators=operators)
        candidate = made.ledger.build(0, [change], made.now_ms)
        receipts = made.commit(candidate)
        assert receipts is not None
        assert receipts[0].code == code
