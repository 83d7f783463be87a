"""The ICS-23 export; the vectors of cosmos/ics23 are held in tests/vectors/test_smt.py."""

from hashlib import sha256

import pytest

from chainnode.errors import Misuse
from chainnode.proofs.ics23 import Neighbour, absence_to_ics23, existence_to_ics23
from chainnode.proofs.sparse import OtherLeaf, StateProof
from chainnode.state.tree import StateTree
from tests.support.ics23_reader import read_existence, verify_membership, verify_non_membership


def test_existence_is_written_field_by_field() -> None:
    """Protobuf CommitmentProof with exist; sides follow the bits of the hashed key."""
    high = next(b"%d" % number for number in range(99) if sha256(b"%d" % number).digest()[0] & 0x80)
    found = read_existence(existence_to_ics23(high, b"value", StateProof((b"s" * 32,))))
    assert (found.key, found.value) == (high, b"value")
    assert found.path == [(1, b"\x01" + b"s" * 32, b"")]
    low = next(b"%d" % number for number in range(99) if not sha256(b"%d" % number).digest()[0] & 0x80)
    assert read_existence(existence_to_ics23(low, b"value", StateProof((b"s" * 32,)))).path == [(1, b"\x01", b"s" * 32)]


def test_long_values_have_their_length_in_varints() -> None:
    """Protobuf lengths of more than one byte."""
    value = b"v" * 70_000
    root = StateTree({}).update(None, 1, {b"k": value}).root
    verify_membership(root, b"k", value, existence_to_ics23(b"k", value, StateProof(())))


def test_absence_beside_a_single_leaf() -> None:
    """One neighbour is enough where nothing stands on the other side."""
    root = StateTree({}).update(None, 1, {b"k": b"v"}).root
    only = Neighbour(b"k", b"v", StateProof(()))
    for key in (b"a", b"b", b"c"):
        left = sha256(b"k").digest() < sha256(key).digest()
        verify_non_membership(root, key, absence_to_ics23(key, only if left else None, None if left else only))


def test_export_refuses_what_ics23_cannot_say() -> None:
    """Absence in an empty tree, and existence from a proof of absence."""
    with pytest.raises(Misuse):
        absence_to_ics23(b"k", None, None)
    with pytest.raises(Misuse):
        existence_to_ics23(b"k", b"v", StateProof((), OtherLeaf(bytes(32), bytes(32))))
