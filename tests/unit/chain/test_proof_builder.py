"""Bundles from the store: a stranger with the genesis hash alone can check each of them."""

import pytest

from chainnode.errors import NotFound, Rejected
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.verifier import verify_bundle
from chainnode.types.ids import did_of_key
from contracts.evidence.operations import RecordEvidenceBatch
from contracts.identity.record import identity_key
from tests.support.local_chain import CHAIN_ID, CLIENT, GENESIS_HASH, LocalChain, evidence, key_of

BATCH_ID = b"batch".rjust(16, b"0")


@pytest.fixture(scope="module")
def chain() -> LocalChain:
    made = LocalChain(proof_heights=4)
    made.extend(1, 2, 3)
    made.extend(4, operations=[evidence(41), evidence(42)])
    made.extend(5, operations=[RecordEvidenceBatch(BATCH_ID, "file", "sha256", b"\x05" * 32, 10)])
    made.extend(6, signer="civic-notary")
    made.extend()
    return made


def test_every_certified_transaction_is_proved_with_its_outcome(chain: LocalChain) -> None:
    """Transaction included: envelope, path, receipt and its path, two headers, certificate."""
    for height in range(1, 5):
        for receipt in chain.queries.receipts(height):
            found = verify_bundle(chain.queries.prove_transaction(receipt.tx_id), genesis_hash=GENESIS_HASH)
            assert (found.kind, found.tx_id, found.height, found.receipt) == (
                "transaction-included", receipt.tx_id, height, receipt,
            )
            assert found.validators_signed == 3


def test_outcome_at_the_tip_is_pending() -> None:
    """A block's results are certified by the next header: ``proof-pending`` until it is there."""
    chain = LocalChain()
    candidate = chain.extend(1)
    for prove in (
        lambda: chain.queries.prove_transaction(candidate.transactions[0].tx_id),
        lambda: chain.queries.prove_evidence(evidence(1).evidence_id, None),
        lambda: chain.queries.prove_state(b"a/key", 1),
    ):
        with pytest.raises(Rejected) as caught:
            prove()
        assert caught.value.code == "proof-pending"
    chain.extend()
    assert verify_bundle(
        chain.queries.prove_transaction(candidate.transactions[0].tx_id), genesis_hash=GENESIS_HASH
    ).height == 1


def test_evidence_is_proved_by_id_and_by_digest(chain: LocalChain) -> None:
    """Evidence existed at time T: the record of that operation, in a transaction that applied."""
    for evidence_id, digest in ((evidence(42).evidence_id, None), (None, evidence(42).digest)):
        found = verify_bundle(chain.queries.prove_evidence(evidence_id, digest), genesis_hash=GENESIS_HASH)
        assert found.evidence is not None
        assert (found.kind, found.height, found.evidence.digest) == ("evidence-existed", 2, evidence(42).digest)


@pytest.mark.parametrize(
    ("evidence_id", "digest"), [(bytes(16), None), (None, bytes(32)), (evidence(6).evidence_id, None)]
)
def test_evidence_that_was_never_recorded_is_not_found(
    chain: LocalChain, evidence_id: bytes | None, digest: bytes | None
) -> None:
    """Also not that of a transaction which was refused: it recorded nothing."""
    with pytest.raises(NotFound) as caught:
        chain.queries.prove_evidence(evidence_id, digest)
    assert caught.value.code == "evidence-not-found"


def test_batch_is_proved_by_its_holder(chain: LocalChain) -> None:
    """``evidence-is-batch``: an item of a batch is proved with its own path in the batch."""
    with pytest.raises(Rejected) as caught:
        chain.queries.prove_evidence(BATCH_ID, None)
    assert caught.value.code == "evidence-is-batch"


def test_present_and_absent_state_is_proved(chain: LocalChain) -> None:
    """State value at height H; state value absent at height H."""
    key = identity_key(did_of_key(CHAIN_ID, key_of(CLIENT).public_key))
    value = chain.queries.state(key)
    for height in (None, 3, 4):
        found = verify_bundle(chain.queries.prove_state(key, height), genesis_hash=GENESIS_HASH)
        assert (found.kind, found.key, found.value) == ("state-present", key, value)
        assert found.height == (height or 4)
        absent = verify_bundle(chain.queries.prove_state(b"identity/nobody", height), genesis_hash=GENESIS_HASH)
        assert (absent.kind, absent.key, absent.value) == ("state-absent", b"identity/nobody", None)


def test_value_written_later_was_absent_before() -> None:
    """Created after that height: then it was absent, and that is what is proved."""
    chain = LocalChain()
    chain.grow(2)
    before = {key for key, _ in chain.queries.state_range(b"", None, 1_000)}
    chain.extend(9)
    chain.extend()
    created = [key for key, _ in chain.queries.state_range(b"", None, 1_000) if key not in before]
    assert created
    for key in created:
        assert verify_bundle(chain.queries.prove_state(key, 2), genesis_hash=GENESIS_HASH).kind == "state-absent"
        assert verify_bundle(chain.queries.prove_state(key, 3), genesis_hash=GENESIS_HASH).kind == "state-present"


def test_newest_block_that_changed_the_value_makes_it_pending_or_absent() -> None:
    """By default the newest *certified* state: a value of the tip itself is one block too young."""
    chain = LocalChain()
    before = {key for key, _ in chain.queries.state_range(b"", None, 1_000)}
    chain.extend(9)
    created = next(key for key, _ in chain.queries.state_range(b"", None, 1_000) if key not in before)
    found = verify_bundle(chain.queries.prove_state(created, None), genesis_hash=GENESIS_HASH)
    assert (found.kind, found.height) == ("state-absent", 0)


@pytest.mark.parametrize("height", [-1, 5, 6, 2**53])
def test_state_outside_the_certified_past_is_pending(chain: LocalChain, height: int) -> None:
    """``proof-pending``: the block that certifies that state is not there yet."""
    with pytest.raises(Rejected) as caught:
        chain.queries.prove_state(b"identity/nobody", height)
    assert caught.value.code == "proof-pending"


def test_genesis_state_waits_for_the_first_block() -> None:
    """At height 0 no validator has certified anything."""
    with pytest.raises(Rejected) as caught:
        LocalChain().queries.prove_state(b"identity/nobody", None)
    assert caught.value.code == "proof-pending"


def test_pruned_state_is_named_as_such() -> None:
    """``state-version``: that height is no longer kept."""
    chain = LocalChain(proof_heights=2)
    chain.grow(6)
    while chain.ledger.prune():
        pass
    with pytest.raises(NotFound) as caught:
        chain.queries.prove_state(b"identity/nobody", 1)
    assert caught.value.code == "state-version"


def test_bundle_is_of_this_chain_only(chain: LocalChain) -> None:
    """Another genesis hash refuses it."""
    tx_id = chain.queries.receipts(1)[0].tx_id
    bundle = chain.queries.prove_transaction(tx_id)
    with pytest.raises(ProofInvalid) as caught:
        verify_bundle(bundle, genesis_hash=bytes(32))
    assert caught.value.code == "genesis-hash"
