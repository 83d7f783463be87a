"""State proofs written as ICS-23 ``CommitmentProof`` messages, for verifiers of other chains.

Only ``SmtSpec`` is spoken: SHA-256 everywhere, hashed keys and values, no length prefix,
leaf prefix 0x00, inner prefix 0x01, empty child 32 zero bytes. The messages are
protobuf, written by hand: fields in order, default values left out.

ICS-23 shows absence by the two neighbours of the hashed key, *with their keys and
values*. The state tree holds hashes only: ``StateTree.neighbours`` names the two, and whoever
holds their keys and values (the store) can export. Our own ``StateProof`` needs neither.

Source: cosmos/ics23, proto/cosmos/ics23/v1/proofs.proto and SmtSpec.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from chainnode.errors import Misuse
from chainnode.proofs.sparse import INNER_PREFIX, LEAF_PREFIX, StateProof

_HASH_SHA256: Final = 1
_VARINT: Final = 0
_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A present key next to an absent one."""

    key: bytes
    value: bytes
    proof: StateProof


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _data(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(value)) + value


_LEAF_OP: Final = b"".join(
    (_number(1, _HASH_SHA256), _number(2, _HASH_SHA256), _number(3, _HASH_SHA256), _data(5, LEAF_PREFIX))
)


def _inner_op(sibling: bytes, *, sibling_left: bool) -> bytes:
    head = _number(1, _HASH_SHA256)
    if sibling_left:
        return head + _data(2, INNER_PREFIX + sibling)
    return head + _data(2, INNER_PREFIX) + _data(3, sibling)


def _existence(key: bytes, value: bytes, proof: StateProof) -> bytes:
    if proof.other is not None:
        raise Misuse("proof-kind", "a proof of absence cannot be written as existence")
    path = int.from_bytes(sha256(key).digest(), "big") >> (256 - len(proof.siblings))
    steps: list[bytes] = []
    for sibling in proof.siblings:
        steps.append(_data(4, _inner_op(sibling, sibling_left=bool(path & 1))))
        path >>= 1
    return b"".join((_data(1, key), _data(2, value), _data(3, _LEAF_OP), *steps))


def existence_to_ics23(key: bytes, value: bytes, proof: StateProof) -> bytes:
    """``CommitmentProof`` with ``exist``: ``key`` has ``value``.

    Raises:
        Misuse: ``proof-kind``: ``proof`` shows absence.
    """
    return _data(1, _existence(key, value, proof))


def absence_to_ics23(key: bytes, left: Neighbour | None, right: Neighbour | None) -> bytes:
    """``CommitmentProof`` with ``nonexist``: nothing stands between ``left`` and ``right``, the neighbours of ``key``.

    Raises:
        Misuse: ``no-neighbour`` (ICS-23 cannot show absence in an empty tree) or ``proof-kind``.
    """
    if left is None and right is None:
        raise Misuse("no-neighbour", "ICS-23 shows absence only beside a present key")
    parts = [_data(1, key)]
    for field, neighbour in ((2, left), (3, right)):
        if neighbour is not None:
            parts.append(_data(field, _existence(neighbour.key, neighbour.value, neighbour.proof)))
    return _data(2, b"".join(parts))
