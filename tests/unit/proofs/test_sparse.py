"""State proofs: what is shown, and what is refused."""

from hashlib import sha256

import msgpack  # type: ignore[import-untyped]
import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.sparse import (
    EMPTY,
    OtherLeaf,
    StateProof,
    decode_state_proof,
    leaf_hash,
    root_above,
    verify_absent,
    verify_present,
)


def digest(data: bytes) -> bytes:
    return sha256(data).digest()


def bits(key: bytes) -> str:
    return f"{int.from_bytes(digest(key), 'big'):0256b}"


def keys_starting(prefix: str, count: int) -> list[bytes]:
    found = (b"key %d" % number for number in range(10**6))
    return [key for _, key in zip(range(count), (k for k in found if bits(k).startswith(prefix)), strict=False)]


# A hand-made tree: two leaves under 00, one under 01, nothing under 1.
A, = keys_starting("000", 1)
B, = keys_starting("001", 1)
C, D = keys_starting("01", 2)
E, = keys_starting("1", 1)
LEAF_A, LEAF_B, LEAF_C = (leaf_hash(digest(key), digest(b"value")) for key in (A, B, C))
UNDER_00 = digest(b"\x01" + LEAF_A + LEAF_B)
UNDER_0 = digest(b"\x01" + UNDER_00 + LEAF_C)
ROOT = digest(b"\x01" + UNDER_0 + EMPTY)
OTHER_C = OtherLeaf(digest(C), digest(b"value"))


def test_leaf_is_that_of_ics23() -> None:
    """Leaf: SHA-256(0x00 || SHA-256(key) || SHA-256(value))."""
    assert leaf_hash(digest(b"k"), digest(b"v")) == digest(b"\x00" + digest(b"k") + digest(b"v"))


def test_present_key_is_shown_at_its_own_depth() -> None:
    """A subtree with one leaf is that leaf, whatever its depth."""
    verify_present(ROOT, A, b"value", StateProof((LEAF_B, LEAF_C, EMPTY)))
    verify_present(ROOT, C, b"value", StateProof((UNDER_00, EMPTY)))
    verify_present(leaf_hash(digest(A), digest(b"value")), A, b"value", StateProof(()))


def test_absent_key_is_shown_by_an_empty_place_or_another_leaf() -> None:
    """Absence is shown by what stands where the key would be."""
    verify_absent(ROOT, E, StateProof((UNDER_0,)))
    verify_absent(ROOT, D, StateProof((UNDER_00, EMPTY), OTHER_C))
    verify_absent(EMPTY, A, StateProof(()))


@pytest.mark.parametrize(
    ("key", "value", "proof", "code"),
    [
        (A, b"value", StateProof((LEAF_B, LEAF_C, EMPTY), OTHER_C), "proof-kind"),
        (A, b"values", StateProof((LEAF_B, LEAF_C, EMPTY)), "root-mismatch"),
        (D, b"value", StateProof((UNDER_00, EMPTY)), "root-mismatch"),
        (A, b"value", StateProof((LEAF_C, LEAF_B, EMPTY)), "root-mismatch"),
        (A, b"value", StateProof((LEAF_B, LEAF_C)), "root-mismatch"),
        (A, b"value", StateProof((EMPTY, LEAF_B, LEAF_C, EMPTY)), "path-form"),
        (A, b"value", StateProof((LEAF_B[:31], LEAF_C, EMPTY)), "path-length"),
        (A, b"value", StateProof((LEAF_B,) * 257), "path-length"),
    ],
)
def test_present_refuses_what_is_not_so(key: bytes, value: bytes, proof: StateProof, code: str) -> None:
    """Every part has one reading; the first failed check is reported."""
    with pytest.raises(ProofInvalid) as caught:
        verify_present(ROOT, key, value, proof)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("key", "proof", "code"),
    [
        (C, StateProof((UNDER_00, EMPTY), OTHER_C), "key-present"),
        (A, StateProof((UNDER_00, EMPTY), OTHER_C), "other-path"),
        (E, StateProof((UNDER_00, EMPTY), OTHER_C), "other-path"),
        (D, StateProof((UNDER_00, EMPTY)), "root-mismatch"),
        (D, StateProof((UNDER_00, EMPTY), OtherLeaf(digest(C), digest(b"v"))), "root-mismatch"),
        (A, StateProof((LEAF_B, LEAF_C, EMPTY)), "root-mismatch"),
        (E, StateProof((EMPTY, UNDER_0)), "path-form"),
        (E, StateProof((UNDER_0,) * 257), "path-length"),
        (D, StateProof((UNDER_0,) * 257, OTHER_C), "other-path"),
    ],
)
def test_absent_refuses_what_is_not_so(key: bytes, proof: StateProof, code: str) -> None:
    """No present key can be shown absent, and no place can stand for another."""
    with pytest.raises(ProofInvalid) as caught:
        verify_absent(ROOT, key, proof)
    assert caught.value.code == code


def test_inner_node_cannot_pose_as_a_leaf() -> None:
    """Both preimages have 65 bytes and differ in the first."""
    posing = OtherLeaf(UNDER_00, LEAF_C)
    with pytest.raises(ProofInvalid):
        verify_absent(ROOT, D, StateProof((EMPTY,), posing))
    assert leaf_hash(UNDER_00, LEAF_C) != UNDER_0


def test_root_above_no_sibling_is_the_node_itself() -> None:
    """A proof of depth 0."""
    assert root_above(b"node", digest(A), ()) == b"node"


def test_proof_has_one_canonical_form() -> None:
    """StateProof [siblings, [key_hash, value_hash] | nil]; hashes of 32 bytes only."""
    proof = StateProof((UNDER_00, EMPTY), OTHER_C)
    plain = [[UNDER_00, EMPTY], [OTHER_C.key_hash, OTHER_C.value_hash]]
    assert msgpack.unpackb(encode(proof)) == plain
    assert msgpack.packb(plain) == encode(proof)
    assert decode_state_proof(encode(proof)) == proof
    wrongs: list[list[object]] = [[[b"short"], None], [[], [b"x", b"y"]], [[EMPTY] * 257, None], [[]], [[], None, None]]
    for wrong in wrongs:
        with pytest.raises(DecodeError):
            decode_state_proof(msgpack.packb(wrong))
