"""The offline verifier: what it shows, and that it refuses everything else."""

from dataclasses import dataclass
from hashlib import sha256

import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import Misuse
from chainnode.proofs import document, merkle
from chainnode.proofs.bundle import Bundle, StateAbsent, StatePresent, encode_bundle, without_authority
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.evidence import BatchItem
from chainnode.proofs.verifier import verify_bundle
from chainnode.types.block import block_hash
from chainnode.types.receipt import Event, silent_block_receipt
from chainnode.types.transaction import decode_transaction
from tests.support.small_chain import CHAIN_ID, TIME_MS, SmallChain, envelope, key_of, validator_list

DIGEST = sha256(b"a contract").digest()
ITEMS = [sha256(b"item %d" % number).digest() for number in range(5)]
LEAVES = [merkle.leaf_hash(item) for item in ITEMS]
RECORD_ID = b"record-0-of-16-b"
BATCH_ID = b"batch-00-of-16-b"
RECORD = ["evidence.record", RECORD_ID, "file", "sha256", DIGEST, True, 12, "text/plain"]
BATCH = ["evidence.record_batch", BATCH_ID, "file", "sha256", merkle.root(LEAVES), len(ITEMS), True]


@dataclass
class Made:
    """A chain with one busy block at height 2 and state written there."""

    chain: SmallChain
    evidence: Bundle
    batch: Bundle
    included: Bundle
    ordered: Bundle
    present: Bundle
    absent: Bundle
    opened: Bundle


def make(validators: int) -> Made:
    chain = SmallChain(validators)
    chain.extend()
    envelopes = [envelope([RECORD, BATCH]), envelope([RECORD], signers=("client", "partner"), nonce=1)]
    chain.extend(envelopes, {b"asset/1": b"record", b"asset/2": b"other"})
    chain.extend()
    chain.extend()
    item = BatchItem(3, tuple(merkle.inclusion_path(LEAVES, 3)))
    return Made(
        chain,
        chain.evidence(2, 0, RECORD_ID, DIGEST),
        chain.evidence(2, 0, BATCH_ID, ITEMS[3], operation=1, item=item),
        chain.included(2, 1),
        chain.included(2, 1, receipt=False),
        chain.state_at(2, b"asset/1", b"record"),
        chain.state_at(2, b"asset/3", None),
        chain.opened_at(2),
    )


@pytest.fixture(scope="module")
def made() -> Made:
    return make(4)


@pytest.fixture(scope="module")
def smallest() -> Made:
    return make(1)


def refused(bundle: Bundle, chain: SmallChain) -> str:
    """The code with which both forms of ``bundle`` are refused."""
    codes = set()
    for form in (encode_bundle(bundle), document.render(bundle)):
        with pytest.raises(ProofInvalid) as caught:
            verify_bundle(form, genesis_hash=chain.genesis_hash)
        codes.add(caught.value.code)
    assert len(codes) == 1
    return codes.pop()


def changed(bundle: Bundle, **claim: object) -> Bundle:
    return msgspec.structs.replace(bundle, claim=msgspec.structs.replace(bundle.claim, **claim))


def reauthorised(bundle: Bundle, **authority: object) -> Bundle:
    assert bundle.authority is not None
    return msgspec.structs.replace(bundle, authority=msgspec.structs.replace(bundle.authority, **authority))


def test_verifier_reports_evidence_with_time_sender_and_keys(made: Made) -> None:
    """Evidence existed at time T: digest, id, block time, who asked, whose keys signed."""
    for form in (encode_bundle(made.evidence), document.render(made.evidence), document.render(made.evidence).encode()):
        found = verify_bundle(form, genesis_hash=made.chain.genesis_hash)
        assert (found.kind, found.chain_id) == ("evidence-existed", CHAIN_ID)
        assert (found.height, found.time_ms) == (2, TIME_MS + 2_000)
        assert found.block_hash == block_hash(made.chain.headers[2])
        assert found.validators_signed == 3
        transaction = decode_transaction(made.chain.envelopes[2][0])
        assert (found.tx_id, found.sender) == (transaction.tx_id, transaction.payload.sender)
        assert found.signers == (key_of("client").public_key,)
        assert found.evidence is not None
        assert (found.evidence.evidence_id, found.evidence.digest) == (RECORD_ID, DIGEST)
        assert (found.evidence.kind, found.evidence.algorithm, found.evidence.batch_items) == ("file", "sha256", None)


def test_verifier_finds_an_item_of_a_batch(made: Made) -> None:
    """Batch by Merkle root with per-item path (RFC 6962 over item digests)."""
    found = verify_bundle(encode_bundle(made.batch), genesis_hash=made.chain.genesis_hash)
    assert found.evidence is not None
    assert (found.evidence.digest, found.evidence.batch_items) == (ITEMS[3], 5)


def test_verifier_reports_a_transaction_with_and_without_its_receipt(made: Made) -> None:
    """Ordered is not applied: the receipt is None where only inclusion is shown."""
    found = verify_bundle(encode_bundle(made.included), genesis_hash=made.chain.genesis_hash)
    assert found.receipt is not None
    assert found.receipt.code == "ok"
    assert found.signers == (key_of("client").public_key, key_of("partner").public_key)
    assert verify_bundle(encode_bundle(made.ordered), genesis_hash=made.chain.genesis_hash).receipt is None


def test_verifier_reports_state_after_the_block_before_the_header(made: Made) -> None:
    """Header H+1 commits to the state after H."""
    found = verify_bundle(encode_bundle(made.present), genesis_hash=made.chain.genesis_hash)
    assert (found.kind, found.height, found.key, found.value) == ("state-present", 2, b"asset/1", b"record")
    assert found.time_ms == TIME_MS + 3_000
    found = verify_bundle(encode_bundle(made.absent), genesis_hash=made.chain.genesis_hash)
    assert (found.kind, found.height, found.key, found.value) == ("state-absent", 2, b"asset/3", None)


def test_verifier_follows_history_to_a_later_certified_header(made: Made) -> None:
    """Any old block is provable from any later header."""
    claim = made.evidence.claim
    bundle = made.chain.bundle(claim, (2, 3), later=4)
    assert verify_bundle(encode_bundle(bundle), genesis_hash=made.chain.genesis_hash).height == 2
    assert bundle.history is not None
    wrong = msgspec.structs.replace(bundle.history, path=bundle.history.path[:-1])
    assert refused(msgspec.structs.replace(bundle, history=wrong), made.chain) == "path-length"
    unrelated = msgspec.structs.replace(bundle, headers=(made.chain.headers[1], made.chain.headers[2]))
    assert refused(unrelated, made.chain) in {"root-mismatch", "path-length"}


def test_verifier_follows_the_validator_sets_through_epochs() -> None:
    """Each set's hash is certified by the set before it."""
    chain = SmallChain(4)
    chain.extend()
    chain.extend(next_set=validator_list(4, 1))
    chain.extend(next_set=validator_list(5, 2))
    chain.extend([envelope([RECORD])], {b"k": b"v"})
    chain.extend()
    bundle = chain.evidence(4, 0, RECORD_ID, DIGEST)
    assert bundle.authority is not None
    assert len(bundle.authority.links) == 2
    assert verify_bundle(encode_bundle(bundle), genesis_hash=chain.genesis_hash).validators_signed == 4
    links = bundle.authority.links
    assert refused(reauthorised(bundle, links=links[1:]), chain) == "validators-hash"
    assert refused(reauthorised(bundle, links=links[:1]), chain) == "validators-hash"
    assert refused(reauthorised(bundle, links=(links[0], links[0])), chain) == "epoch-link"
    impostors = msgspec.structs.replace(links[0], validators=encode(validator_list(5, 1)))
    assert refused(reauthorised(bundle, links=(impostors, links[1])), chain) == "validators-hash"
    old_set = chain.certify(chain.headers[5], chain.sets[1])
    assert refused(reauthorised(bundle, certificate=old_set), chain) == "certificate-epoch"


def test_verifier_refuses_a_forged_authority(made: Made) -> None:
    """Only q valid COMMIT signatures of the named set over this very block count."""
    chain, bundle = made.chain, made.evidence
    header = chain.headers[3]
    two_votes = chain.certify(header, chain.sets[0], 2)
    assert refused(reauthorised(bundle, certificate=two_votes), chain) == "certificate-no-quorum"
    assert refused(reauthorised(bundle, certificate=chain.certificates[2]), chain) == "certificate-block"
    assert refused(reauthorised(bundle, certificate=b""), chain) == "certificate-malformed"
    strangers = validator_list(4, 7)
    assert refused(reauthorised(bundle, genesis_validators=encode(strangers)), chain) == "validators-hash"
    other = SmallChain(4)
    other_headers = (other.headers[0], made.chain.headers[3])
    assert refused(msgspec.structs.replace(bundle, headers=other_headers), chain) == "header-parent"
    with pytest.raises(ProofInvalid) as caught:
        verify_bundle(encode_bundle(bundle), genesis_hash=bytes(32))
    assert caught.value.code == "genesis-hash"
    one_bad = bytearray(chain.certificates[3])
    one_bad[-1] ^= 1
    assert refused(reauthorised(bundle, certificate=bytes(one_bad)), chain) == "certificate-signature"


def test_verifier_accepts_a_trusted_header_instead_of_genesis(made: Made) -> None:
    """Alternative trust root: the hash of the bundle's last header; unbound bytes are not tolerated beside it."""
    trusted = block_hash(made.chain.headers[3])
    bare = encode_bundle(without_authority(made.evidence))
    assert verify_bundle(bare, trusted_header_hash=trusted).validators_signed is None
    full = encode_bundle(made.evidence)
    both = verify_bundle(full, genesis_hash=made.chain.genesis_hash, trusted_header_hash=trusted)
    assert both.validators_signed == 3
    for data, roots, code in (
        (full, {"trusted_header_hash": trusted}, "authority-unbound"),
        (bare, {"genesis_hash": made.chain.genesis_hash}, "authority-missing"),
        (bare, {"trusted_header_hash": block_hash(made.chain.headers[2])}, "trusted-header"),
    ):
        with pytest.raises(ProofInvalid) as caught:
            verify_bundle(data, **roots)
        assert caught.value.code == code
    with pytest.raises(Misuse):
        verify_bundle(bare)


def test_verifier_refuses_evidence_that_was_ordered_but_not_applied() -> None:
    """Ordered is not applied: the receipt's code must be ok."""
    chain = SmallChain(1)
    chain.extend([envelope([RECORD])], code="evidence-exists")
    chain.extend()
    assert refused(chain.evidence(1, 0, RECORD_ID, DIGEST), chain) == "not-applied"
    found = verify_bundle(encode_bundle(chain.included(1, 0)), genesis_hash=chain.genesis_hash)
    assert found.receipt is not None
    assert found.receipt.code == "evidence-exists"


def test_verifier_refuses_each_claim_that_its_proof_does_not_show(made: Made) -> None:
    """The claim is bound to the transaction, the receipt and the state in every field."""
    chain = made.chain
    hidden = StateAbsent(b"asset/1", sha256(b"asset/1").digest(), chain.tree.prove(2, b"asset/1"))
    for bundle, code in (
        (changed(made.evidence, digest=bytes(32)), "evidence-digest"),
        (changed(made.evidence, evidence_id=bytes(16)), "evidence-id"),
        (changed(made.evidence, operation=1), "evidence-item"),
        (changed(made.evidence, operation=2), "operation-index"),
        (changed(made.evidence, index=1), "root-mismatch"),
        (changed(made.batch, digest=ITEMS[2]), "root-mismatch"),
        (changed(made.batch, item=None), "evidence-item"),
        (changed(made.evidence, receipt=chain.receipt(2, 1)), "path-length"),
        (changed(made.included, receipt=None), "header-count"),
        (changed(made.ordered, receipt=chain.receipt(2, 1)), "header-count"),
        (changed(made.included, path=()), "path-length"),
        (changed(chain.opened_at(2), path=()), "path-length"),
        (changed(chain.opened_at(2), receipt=chain.opened[1]), "root-mismatch"),
        (changed(chain.opened_at(2), receipt=chain.receipts[2][0]), "root-mismatch"),
        (chain.bundle(chain.opened_at(2).claim, (2,)), "header-count"),
        (changed(made.present, value=b"other"), "root-mismatch"),
        (changed(made.present, key=b"asset/2"), "root-mismatch"),
        (chain.bundle(hidden, (3,)), "root-mismatch"),
        (changed(made.absent, key=b"asset/4"), "key-hash"),
        (chain.bundle(StatePresent(b"asset/3", b"record", chain.tree.prove(2, b"asset/3")), (3,)), "proof-kind"),
        (chain.bundle(made.present.claim, (2,)), "root-mismatch"),
        (chain.bundle(made.present.claim, (2, 3)), "header-count"),
        (msgspec.structs.replace(made.present, version=2), "bundle-version"),
    ):
        assert refused(bundle, chain) == code


def test_verifier_reports_what_a_block_did_by_itself() -> None:
    """block-opened: the block's own receipt is the first leaf of its results, whether or not it did anything."""
    chain = SmallChain(1)
    chain.extend([envelope([RECORD])], events=(Event("governance.epoch_began", {"epoch": 1}),))
    chain.extend()
    chain.extend()
    found = verify_bundle(encode_bundle(chain.opened_at(1)), genesis_hash=chain.genesis_hash)
    assert (found.kind, found.height, found.tx_id, found.receipt) == ("block-opened", 1, None, None)
    assert found.opened is not None
    assert [event.name for event in found.opened.events] == ["governance.epoch_began"]
    silent = verify_bundle(encode_bundle(chain.opened_at(2)), genesis_hash=chain.genesis_hash).opened
    assert silent is not None
    assert silent.events == ()
    assert refused(chain.bundle(chain.opened_at(1).claim, (0, 1)), chain) == "header-height"


def test_verifier_takes_no_receipt_of_a_transaction_for_the_blocks_own() -> None:
    """A leaf is read by its kind and its place: certified results in a false order show nothing."""
    chain = SmallChain(1)
    chain.extend([envelope([RECORD])])
    chain.opened[1], chain.receipts[1][0] = chain.receipts[1][0], chain.opened[1]
    chain.extend()
    assert refused(chain.opened_at(1), chain) == "malformed"
    assert refused(chain.included(1, 0), chain) == "malformed"
    chain = SmallChain(1)
    chain.extend([envelope([RECORD])])
    chain.opened[1] = silent_block_receipt(7)
    chain.extend()
    assert refused(chain.opened_at(1), chain) == "receipt-block"


def test_verifier_checks_the_senders_signatures(made: Made) -> None:
    """A transaction ordered with a wrong signature is on the chain, but shows nothing about its signer."""
    broken = bytearray(envelope([RECORD]))
    broken[-1] ^= 1
    foreign = envelope([RECORD], signers=("client",)).replace(b"\xa5small", b"\xa5smell")
    for data, code in ((bytes(broken), "transaction-signature"), (foreign, "chain-id")):
        chain = SmallChain(1)
        chain.extend([data])
        chain.extend()
        assert refused(chain.included(1, 0), chain) == code


def test_verifier_checks_what_a_quorum_certified_against_itself() -> None:
    """Certified headers that contradict each other or the receipts show nothing."""
    foreign = {"chain_id": "other"}
    chain = SmallChain(1)
    chain.extend([envelope([RECORD]), envelope([RECORD], nonce=1)])
    chain.receipts[1].reverse()
    chain.extend()
    assert refused(chain.included(1, 0), chain) == "receipt-transaction"

    chain = SmallChain(1)
    chain.extend([envelope([RECORD])])
    chain.receipts[1] = [b"\xc0"]
    chain.extend()
    assert refused(chain.included(1, 0), chain) == "malformed"

    chain = SmallChain(1)
    chain.extend([envelope([RECORD])])
    chain.extend(forged=foreign)
    assert refused(chain.included(1, 0), chain) == "chain-id"
    assert refused(chain.bundle(chain.included(1, 0, receipt=False).claim, (1,), later=2), chain) == "chain-id"

    chain = SmallChain(1)
    chain.extend([envelope([RECORD])])
    chain.extend(forged={"height": 5})
    assert refused(chain.included(1, 0), chain) == "header-parent"

    chain = SmallChain(1)
    chain.extend(next_set=validator_list(1, 5))
    chain.extend(changes={b"k": b"v"})
    chain.extend()
    assert refused(chain.state_at(2, b"k", b"v"), chain) == "validators-hash"

    chain = SmallChain(1)
    chain.extend(next_set=validator_list(1, 1), forged={**foreign, "next_validators_hash": bytes(32)})
    chain.extend(changes={b"k": b"v"})
    chain.extend()
    assert refused(chain.state_at(2, b"k", b"v"), chain) == "chain-id"


def test_verifier_refuses_parts_that_are_not_what_they_should_be(made: Made) -> None:
    """Strangers' bytes inside a well-formed bundle get a code, too."""
    chain = made.chain
    assert refused(changed(made.included, envelope=b"\xc0"), chain) == "malformed"
    assert refused(reauthorised(made.included, genesis_validators=b"\xc0"), chain) == "malformed"
    assert refused(msgspec.structs.replace(made.ordered, headers=(b"\xc0",)), chain) == "malformed"
    at_genesis = without_authority(chain.bundle(made.absent.claim, (0,)))
    with pytest.raises(ProofInvalid) as caught:
        verify_bundle(encode_bundle(at_genesis), trusted_header_hash=chain.genesis_hash)
    assert caught.value.code == "header-height"


@pytest.mark.parametrize("name", ["evidence", "batch", "included", "present", "absent", "opened"])
def test_verifier_refuses_every_single_bit_change_of_the_bytes(smallest: Made, name: str) -> None:
    """Each single-bit change of a bundle is rejected: MessagePack form."""
    data = encode_bundle(getattr(smallest, name))
    assert _accepted_flips(data, smallest.chain.genesis_hash) == []


def test_verifier_refuses_every_single_bit_change_of_history_and_epochs() -> None:
    """Each single-bit change of a bundle is rejected: also in the later header, its path and the sets' hand-over."""
    chain = SmallChain(1)
    chain.extend(changes={b"k": b"v"}, next_set=validator_list(1, 1))
    chain.extend()
    chain.extend()
    bundle = chain.bundle(chain.state_at(1, b"k", b"v").claim, (2,), later=3)
    assert _accepted_flips(encode_bundle(bundle), chain.genesis_hash) == []


@pytest.mark.parametrize("name", ["evidence", "absent"])
def test_verifier_refuses_every_single_bit_change_of_the_text(smallest: Made, name: str) -> None:
    """Each single-bit change of a bundle is rejected: JSON form, so also a changed case of hex and white space."""
    data = document.render(getattr(smallest, name)).encode()
    assert _accepted_flips(data, smallest.chain.genesis_hash) == []


def _accepted_flips(data: bytes, genesis_hash: bytes) -> list[tuple[int, int]]:
    verify_bundle(data, genesis_hash=genesis_hash)
    accepted = []
    changing = bytearray(data)
    for at in range(len(data)):
        for bit in range(8):
            changing[at] ^= 1 << bit
            try:
                verify_bundle(bytes(changing), genesis_hash=genesis_hash)
            except ProofInvalid:
                pass
            else:
                accepted.append((at, bit))
            changing[at] ^= 1 << bit
    return accepted


def test_verifier_refuses_a_bundle_cut_or_lengthened_anywhere(smallest: Made) -> None:
    """Nothing but the whole bundle is the bundle."""
    for data in (encode_bundle(smallest.evidence), document.render(smallest.evidence).encode()):
        for cut in range(0, len(data), 7):
            with pytest.raises(ProofInvalid):
                verify_bundle(data[:cut], genesis_hash=smallest.chain.genesis_hash)
        for more in (b"\x00", b"\n", b" ", b"}", b"\xc0"):
            with pytest.raises(ProofInvalid):
                verify_bundle(data + more, genesis_hash=smallest.chain.genesis_hash)
            with pytest.raises(ProofInvalid):
                verify_bundle(more + data, genesis_hash=smallest.chain.genesis_hash)
