"""Proofs of the state tree: a key has this value, or a key is absent.

The tree is the compact binary sparse Merkle tree of ICS-23's ``SmtSpec`` over
``SHA-256(key)``, most significant bit first:

    leaf   SHA-256(0x00 || SHA-256(key) || SHA-256(value))
    inner  SHA-256(0x01 || left || right)
    empty  32 zero bytes

A subtree with one leaf *is* that leaf, whatever its depth. Both preimages have 65
bytes and differ in the first, every part has a fixed length, and a bit of the hashed
key decides each side: nothing in a proof has a second reading.

Absence is shown by what stands where the key would be: an empty subtree, or the leaf
of another key. It names that leaf by hashes only, so a proof tells nothing about the
neighbour. ``proofs.ics23`` writes the same facts in ICS-23's own form.

Source: cosmos/ics23, SmtSpec; celestiaorg/smt.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from chainnode.codec.canonical import Decoder
from chainnode.limits import KIB
from chainnode.proofs.errors import ProofInvalid

EMPTY: Final = bytes(32)
"""Root of an empty tree, and hash of an empty subtree."""
DEPTH_MAX: Final = 256
LEAF_PREFIX: Final = b"\x00"
INNER_PREFIX: Final = b"\x01"

_Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class OtherLeaf(msgspec.Struct, frozen=True, array_like=True):
    """The leaf found where an absent key would be."""

    key_hash: _Hash
    value_hash: _Hash


class StateProof(msgspec.Struct, frozen=True, array_like=True):
    """The way from a leaf or an empty subtree to the root."""

    siblings: Annotated[tuple[_Hash, ...], msgspec.Meta(max_length=DEPTH_MAX)]
    """From the bottom up; an empty sibling is 32 zero bytes."""
    other: OtherLeaf | None = None
    """For absence: the leaf in the way; None where the place is empty, and in every proof of presence."""


decode_state_proof: Final = Decoder(StateProof, 16 * KIB)
"""256 siblings of 34 bytes take 8.5 KiB."""


def leaf_hash(key_hash: bytes, value_hash: bytes) -> bytes:
    """The hash of one leaf."""
    return sha256(LEAF_PREFIX + key_hash + value_hash).digest()


def root_above(running: bytes, key_hash: bytes, siblings: Sequence[bytes]) -> bytes:
    """The root, if the node with hash ``running`` stands at depth ``len(siblings)`` on the way to ``key_hash``.

    Raises:
        ProofInvalid: ``path-length``: more than 256 siblings, or one that is not 32 bytes long.
    """
    depth = len(siblings)
    if depth > DEPTH_MAX or any(len(sibling) != 32 for sibling in siblings):
        raise ProofInvalid("path-length", "a state path has at most 256 hashes of 32 bytes", hashes=depth)
    path = int.from_bytes(key_hash, "big") >> (DEPTH_MAX - depth)
    for sibling in siblings:
        pair = sibling + running if path & 1 else running + sibling
        running = sha256(INNER_PREFIX + pair).digest()
        path >>= 1
    return running


def verify_present(root: bytes, key: bytes, value: bytes, proof: StateProof) -> None:
    """Check that the tree with ``root`` holds ``value`` under ``key``.

    Raises:
        ProofInvalid: ``proof-kind`` (this is a proof of absence), ``path-length``, ``path-form``
            (the leaf should stand higher) or ``root-mismatch``.
    """
    if proof.other is not None:
        raise ProofInvalid("proof-kind", "a proof of absence cannot show a value")
    if proof.siblings and proof.siblings[0] == EMPTY:
        raise ProofInvalid("path-form", "a leaf without a sibling stands one level higher")
    key_hash = sha256(key).digest()
    if root_above(leaf_hash(key_hash, sha256(value).digest()), key_hash, proof.siblings) != root:
        raise ProofInvalid("root-mismatch", "the path does not lead to the state root")


def verify_absent(root: bytes, key: bytes, proof: StateProof) -> None:
    """Check that the tree with ``root`` holds nothing under ``key``.

    Raises:
        ProofInvalid: ``key-present`` (the leaf is the key's own), ``other-path`` (the other leaf
            belongs elsewhere), ``path-length``, ``path-form`` or ``root-mismatch``.
    """
    key_hash = sha256(key).digest()
    other = proof.other
    if proof.siblings and proof.siblings[0] == EMPTY:
        raise ProofInvalid("path-form", "a node without a sibling stands one level higher")
    if other is None:
        found = root_above(EMPTY, key_hash, proof.siblings)
    else:
        if other.key_hash == key_hash:
            raise ProofInvalid("key-present", "the leaf in the way is the key's own")
        below = DEPTH_MAX - len(proof.siblings)
        if below < 0 or (int.from_bytes(other.key_hash, "big") ^ int.from_bytes(key_hash, "big")) >> below:
            raise ProofInvalid("other-path", "the other leaf does not stand where the key would be")
        found = root_above(leaf_hash(other.key_hash, other.value_hash), key_hash, proof.siblings)
    if found != root:
        raise ProofInvalid("root-mismatch", "the path does not lead to the state root")
