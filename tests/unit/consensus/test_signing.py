"""What is signed, and which signatures are asked for."""

import msgspec
import pytest

from consensus.signing import required, signed_bytes, signed_digest, with_signature
from tests.unit.consensus.rig import (
    A,
    B,
    certificate,
    commit,
    decided,
    justification,
    pre_prepare,
    prepare,
    signature,
    status,
    validators,
    view_change,
)

SIGNED = [
    prepare(0),
    commit(0),
    view_change(0, prepared=certificate()),
    pre_prepare(view=1, reason=justification(prepared=certificate())),
]
CHANGES = {"chain_id": "other", "epoch": 1, "validators_hash": B, "height": 9, "view": 2, "block_hash": B,
           "prepared_view": 5, "prepared_hash": B, "proposal": b"other", "justification": None}


@pytest.mark.parametrize("message", SIGNED, ids=lambda message: type(message).__name__)
def test_signature_covers_every_field_that_means_something(message):
    """Signatures: nothing can be replayed or altered; a PRE_PREPARE's proposal and justification included."""
    fields = [name for name in message.__struct_fields__ if name in CHANGES]
    variants = [msgspec.structs.replace(message, **{name: CHANGES[name]}) for name in fields]

    assert len({signed_bytes(variant) for variant in [message, *variants]}) == 1 + len(fields)


def test_signed_bytes_of_different_types_differ():
    """Signatures: a PREPARE relabelled as COMMIT does not verify."""
    assert signed_bytes(prepare(0)) != signed_bytes(commit(0))
    assert signed_digest(prepare(0)) != signed_digest(commit(0))


def test_signature_and_attached_certificate_are_not_signed():
    """Signatures: a justification carries VIEW_CHANGEs without certificates, and they must still verify."""
    full = view_change(0, prepared=certificate())

    assert signed_bytes(full) == signed_bytes(msgspec.structs.replace(full, certificate=None, signature=b""))


def test_with_signature_changes_nothing_else():
    """The host signs a copy."""
    unsigned = prepare(2, signature=b"")

    assert with_signature(unsigned, signature(2)) == prepare(2)
    assert unsigned.signature == b""


@pytest.mark.parametrize(
    ("message", "signers"),
    [
        (prepare(2), [2]),
        (commit(1), [1]),
        (view_change(3), [3]),
        (view_change(3, prepared=certificate(signers=(0, 1, 2))), [3, 0, 1, 2]),
        (pre_prepare(), [0]),
        (pre_prepare(view=1, reason=justification(senders=(0, 2, 3))), [1, 0, 2, 3]),
        (
            pre_prepare(view=1, reason=justification(senders=(0, 2, 3), prepared=certificate(signers=(1, 2, 3)))),
            [1, 0, 2, 3, 1, 2, 3],
        ),
        (decided(signers=(0, 1, 3)), [0, 1, 3]),
        (status(1, 5), []),
    ],
)
def test_required_lists_every_signature_a_message_rests_on(message, signers):
    """F0: the sender's, the justification's and the certificates', each by its owner's key."""
    members = validators()
    claims = required(message, members)

    assert [claim.public_key for claim in claims] == [members.public_keys[index] for index in signers]
    assert [claim.signature for claim in claims] == [signature(index) for index in signers]


def test_required_checks_a_certificate_over_prepare_votes():
    """R2: the lock in a VIEW_CHANGE is a certificate of PREPAREs for the prepared block and view."""
    claims = required(view_change(3, view=4, prepared=certificate(block_hash=A, view=2)), validators())

    assert {claim.signed_bytes for claim in claims[1:]} == {signed_bytes(prepare(0, A, view=2))}
