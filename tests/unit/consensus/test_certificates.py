"""Quorum certificates: shape, claims, canonical bytes."""

from typing import Any

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest

from consensus import limits
from consensus.certificates import (
    COMMIT,
    PREPARE,
    CertificateKind,
    MalformedCertificate,
    certificate_claims,
    check_certificate,
    decode_certificate,
    encode_certificate,
    vote_bytes,
)
from consensus.signing import signed_bytes
from tests.unit.consensus.rig import CHAIN, HEIGHT, SET_HASH, A, B, certificate, commit, prepare, signature, validators


def check(wrong, kind=PREPARE, size=4, chain_id=CHAIN):
    return check_certificate(wrong, validators(size), kind=kind, chain_id=chain_id)


def altered(**changes):
    return msgspec.structs.replace(certificate(), **changes)


@pytest.mark.parametrize("signers", [(0, 1, 2), (0, 1, 3), (1, 2, 3), (0, 1, 2, 3)])
def test_certificate_of_a_quorum_has_the_right_shape(signers):
    """Certificates: at least q signers of the set."""
    assert check(certificate(signers=signers)) is None
    assert certificate(signers=signers).signer_indexes() == signers


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (certificate(COMMIT), "certificate_kind"),
        (altered(scheme=2), "certificate_scheme"),
        (altered(epoch=1), "certificate_epoch"),
        (altered(block_hash=b"short"), "certificate_block_hash"),
        (altered(signers=b""), "certificate_bitmap"),
        (altered(signers=b"\0"), "certificate_bitmap"),
        (altered(signers=b"\x07\0"), "certificate_bitmap"),
        (altered(signers=b"\x13"), "certificate_unknown_signer"),
        (altered(signers=b"\x07\x01"), "certificate_unknown_signer"),
        (altered(signers=b"\x0f"), "certificate_signature_count"),
        (altered(signatures=(signature(0), signature(1))), "certificate_signature_count"),
        (certificate(signers=(0, 1)), "certificate_no_quorum"),
        (altered(signatures=(b"short", signature(1), signature(2))), "certificate_signature_length"),
    ],
)
def test_certificate_is_refused_for(wrong, code):
    """Certificates: unknown, padded, miscounted or too few signers and other kinds make it invalid (S42, S43)."""
    assert check(wrong) == code


@pytest.mark.parametrize("chain_id", ["", "c" * (limits.CHAIN_ID_CHARS_MAX + 1)])
def test_certificate_is_refused_for_an_impossible_chain(chain_id):
    """Certificates: what was signed names a chain within bounds."""
    assert check(certificate(), chain_id=chain_id) == "certificate_chain_id"


def test_claims_are_those_of_the_votes_it_was_made_of():
    """Certificates: each signature is checked over the very bytes of the vote."""
    members = validators()
    claims = certificate_claims(certificate(COMMIT, B, view=3, signers=(0, 2, 3)), members, CHAIN)

    assert [claim.public_key for claim in claims] == [members.public_keys[index] for index in (0, 2, 3)]
    assert [claim.signature for claim in claims] == [signature(index) for index in (0, 2, 3)]
    assert {claim.signed_bytes for claim in claims} == {signed_bytes(commit(0, B, view=3))}


def test_vote_bytes_differ_in_every_field():
    """Signatures: nothing can be replayed across chains, epochs, sets, heights, views, blocks or kinds."""
    fields: dict[str, Any] = {
        "kind": PREPARE, "chain_id": CHAIN, "epoch": 0, "validators_hash": SET_HASH,
        "height": HEIGHT, "view": 0, "block_hash": A,
    }
    others = {
        "kind": COMMIT, "chain_id": "other", "epoch": 1, "validators_hash": A, "height": HEIGHT + 1, "view": 1,
        "block_hash": B,
    }

    def signed(**changes):
        chosen = fields | changes
        return vote_bytes(chosen.pop("kind"), **chosen)

    distinct = {signed(), *(signed(**{name: value}) for name, value in others.items())}
    assert len(distinct) == 1 + len(others)
    assert signed() == signed_bytes(prepare(3))


def test_certificate_bytes_are_canonical_and_belong_to_no_library():
    """The wire form is an array any MessagePack decoder reads."""
    data = encode_certificate(certificate())

    assert decode_certificate(data) == certificate()
    assert msgpack.unpackb(data)[:6] == [CertificateKind.PREPARE, 1, 0, HEIGHT, 0, A]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "certificate_malformed"),
        (b"\xc0", "certificate_malformed"),
        (msgpack.packb([9, *msgpack.unpackb(encode_certificate(certificate()))[1:]]), "certificate_malformed"),
        (encode_certificate(certificate()) + b"\0", "certificate_malformed"),
        (encode_certificate(certificate()).replace(b"\x98\x01\x01", b"\x98\xcc\x01\x01"), "certificate_not_canonical"),
        (b"\0" * (limits.CERTIFICATE_BYTES_MAX + 1), "certificate_too_large"),
    ],
)
def test_certificate_bytes_are_refused_as(data, code):
    """Only canonical bytes are a certificate."""
    with pytest.raises(MalformedCertificate) as caught:
        decode_certificate(data)

    assert caught.value.code == code
