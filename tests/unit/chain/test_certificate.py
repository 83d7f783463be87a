"""A certificate counts only when its shape is right and every one of its signatures verifies (SPEC, Certificates)."""

from dataclasses import replace

import msgspec
import pytest

from chainnode.chain.candidate import Candidate
from chainnode.chain.certificate import open_certificate, require_certificate
from chainnode.crypto.signature_memory import SignatureMemory
from chainnode.errors import DecodeError, Rejected
from consensus.certificates import CertificateKind, QuorumCertificate, certificate_claims, encode_certificate
from tests.support.local_chain import LocalChain, certificate_of


@pytest.fixture(scope="module")
def chain() -> LocalChain:
    return LocalChain()


@pytest.fixture(scope="module")
def candidate(chain: LocalChain) -> Candidate:
    return chain.build(1)


def _refusal(chain: LocalChain, candidate: Candidate, certificate: QuorumCertificate, **changes: object) -> str:
    around = chain.ledger.surroundings
    wanted: dict[str, object] = {
        "chain_id": around.chain_id, "validators": around.validators,
        "height": candidate.header.height, "block_hash": candidate.block_hash,
    }
    try:
        require_certificate(certificate, **(wanted | changes))  # type: ignore[arg-type]
    except Rejected as error:
        return error.code
    return "ok"


def test_certificate_of_any_quorum_is_accepted(chain: LocalChain, candidate: Candidate) -> None:
    """Three of four; who they are does not matter, and more of them do no harm."""
    for signers in ((0, 1, 2), (1, 2, 3), (0, 1, 2, 3)):
        assert _refusal(chain, candidate, certificate_of(candidate, signers=signers)) == "ok"
    assert _refusal(chain, candidate, certificate_of(candidate, view=7)) == "ok"


def test_signatures_seen_before_cost_no_check(chain: LocalChain, candidate: Candidate) -> None:
    """A certificate is made of votes that came before; only those that did not are checked again."""
    memory = SignatureMemory()
    seen, other = (certificate_of(candidate, signers=signers) for signers in ((0, 1, 2), (1, 2, 3)))
    assert _refusal(chain, candidate, seen, verify_signature=memory.verify) == "ok"
    around = chain.ledger.surroundings
    known = [
        memory.knows(claim.public_key, claim.signed_bytes, claim.signature)
        for claim in certificate_claims(other, around.validators, around.chain_id)
    ]
    assert known == [True, True, False]
    assert _refusal(chain, candidate, other, verify_signature=memory.verify) == "ok"
    false = msgspec.structs.replace(other, signatures=(*other.signatures[:2], bytes(64)))
    assert _refusal(chain, candidate, false, verify_signature=memory.verify) == "certificate-signature"


def test_certificate_below_quorum_or_of_prepares_is_refused(chain: LocalChain, candidate: Candidate) -> None:
    """At least q, and COMMITs: a PREPARE certificate is a lock, not a decision."""
    assert _refusal(chain, candidate, certificate_of(candidate, signers=(0, 1))) == "certificate-no-quorum"
    prepared = certificate_of(candidate, kind=CertificateKind.PREPARE)
    assert _refusal(chain, candidate, prepared) == "certificate-kind"
    relabelled = msgspec.structs.replace(prepared, kind=CertificateKind.COMMIT)
    assert _refusal(chain, candidate, relabelled) == "certificate-signature"


def test_certificate_of_another_block_height_chain_or_set_is_refused(chain: LocalChain, candidate: Candidate) -> None:
    """Nothing can be replayed across chains, sets, heights or blocks."""
    certificate = certificate_of(candidate)
    assert _refusal(chain, candidate, certificate, height=2) == "certificate-mismatch"
    assert _refusal(chain, candidate, certificate, block_hash=bytes(32)) == "certificate-mismatch"
    assert _refusal(chain, candidate, certificate, chain_id="other-chain") == "certificate-signature"
    validators = chain.ledger.surroundings.validators
    assert _refusal(chain, candidate, certificate, validators=replace(validators, hash=bytes(32))) == (
        "certificate-signature"
    )
    assert _refusal(chain, candidate, certificate, validators=replace(validators, epoch=1)) == "certificate-epoch"


def test_one_bad_signature_among_enough_good_ones_makes_it_invalid(chain: LocalChain, candidate: Candidate) -> None:
    """Otherwise nodes that check differently would judge it differently."""
    good = certificate_of(candidate, signers=(0, 1, 2, 3))
    for position in range(4):
        signatures = list(good.signatures)
        signatures[position] = bytes([signatures[position][0] ^ 1]) + signatures[position][1:]
        bad = msgspec.structs.replace(good, signatures=tuple(signatures))
        assert _refusal(chain, candidate, bad) == "certificate-signature"


def test_swapped_signatures_are_refused(chain: LocalChain, candidate: Candidate) -> None:
    """Signatures stand in ascending order of signer."""
    good = certificate_of(candidate)
    swapped = msgspec.structs.replace(good, signatures=good.signatures[::-1])
    assert _refusal(chain, candidate, swapped) == "certificate-signature"


def test_certificate_bytes_are_read_in_canonical_form_only(candidate: Candidate) -> None:
    """Three codes, none of them a crash."""
    data = encode_certificate(certificate_of(candidate))
    assert open_certificate(data) == certificate_of(candidate)
    for bad, code in (
        (b"", "certificate-malformed"),
        (data[:-1], "certificate-malformed"),
        (data + b"\x00", "certificate-malformed"),
        (bytes([data[0]]) + b"\xcc\x02" + data[2:], "certificate-not-canonical"),
        (b"\x00" * 100_000, "certificate-too-large"),
    ):
        with pytest.raises(DecodeError) as caught:
            open_certificate(bad)
        assert caught.value.code == code
