"""An ICS-23 verifier for ``SmtSpec``, written from its specification and sharing no code with ours.

It reads protobuf ``CommitmentProof`` messages and applies every rule of the specification: the operations
must be the spec's, prefixes and suffixes must have its lengths, and neighbours must leave no room between them.

Source: cosmos/ics23, proofs.proto, ops.go and proof.go.
"""

from dataclasses import dataclass
from hashlib import sha256

EMPTY_CHILD = bytes(32)
Fields = dict[int, list[int | bytes]]


class Refused(Exception):
    """The proof breaks a rule of ICS-23."""


@dataclass
class Existence:
    """An ExistenceProof: key, value, leaf operation, inner operations from the bottom up."""

    key: bytes
    value: bytes
    leaf: dict[int, int | bytes]
    path: list[tuple[int, bytes, bytes]]

    def root(self) -> bytes:
        """The root this proof calculates, once its operations are found to be those of SmtSpec."""
        if not self.key or not self.value:
            raise Refused("key and value must not be empty")
        if self.leaf != {1: 1, 2: 1, 3: 1, 5: b"\x00"}:
            raise Refused("leaf operation is not the spec's")
        if len(self.path) > 256:
            raise Refused("too deep")
        running = sha256(b"\x00" + sha256(self.key).digest() + sha256(self.value).digest()).digest()
        for operation, prefix, suffix in self.path:
            if operation != 1 or not prefix.startswith(b"\x01"):
                raise Refused("inner operation is not the spec's")
            if (len(prefix), len(suffix)) not in {(1, 32), (33, 0)}:
                raise Refused("lengths leave room for malleability")
            running = sha256(prefix + running + suffix).digest()
        return running


def message(data: bytes) -> Fields:
    """The fields of one protobuf message."""
    fields: Fields = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        value: int | bytes
        if tag & 7 == 0:
            value, at = _varint(data, at)
        elif tag & 7 == 2:
            length, at = _varint(data, at)
            value = data[at : at + length]
            if len(value) != length:
                raise Refused("truncated")
            at += length
        else:
            raise Refused("unknown wire type")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _varint(data: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        if at >= len(data):
            raise Refused("truncated")
        result |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return result, at
        shift += 7


def _bytes(fields: Fields, number: int) -> bytes:
    value = fields.get(number, [b""])[-1]
    if not isinstance(value, bytes):
        raise Refused("not bytes")
    return value


def _existence(data: bytes) -> Existence:
    fields = message(data)
    leaf = {number: values[-1] for number, values in message(_bytes(fields, 3)).items()}
    path = []
    for item in fields.get(4, []):
        inner = message(item if isinstance(item, bytes) else b"")
        operation = inner.get(1, [0])[-1]
        path.append((int(operation) if isinstance(operation, int) else 0, _bytes(inner, 2), _bytes(inner, 3)))
    return Existence(_bytes(fields, 1), _bytes(fields, 2), leaf, path)


def read_existence(proof: bytes) -> Existence:
    """The ``exist`` part of a CommitmentProof."""
    return _existence(_bytes(message(proof), 1))


def read_absence(proof: bytes) -> tuple[bytes, Existence | None, Existence | None]:
    """Key, left and right neighbour of the ``nonexist`` part of a CommitmentProof."""
    fields = message(_bytes(message(proof), 2))
    left = _existence(_bytes(fields, 2)) if 2 in fields else None
    right = _existence(_bytes(fields, 3)) if 3 in fields else None
    return _bytes(fields, 1), left, right


def verify_membership(root: bytes, key: bytes, value: bytes, proof: bytes) -> None:
    """ICS-23 VerifyMembership."""
    found = read_existence(proof)
    if (found.key, found.value) != (key, value) or found.root() != root:
        raise Refused("does not show this value")


def verify_non_membership(root: bytes, key: bytes, proof: bytes) -> None:
    """ICS-23 VerifyNonMembership; keys are compared by their hashes, as SmtSpec asks.

    The key inside the message is not looked at: the neighbours show a range (the vectors put its hash there).
    """
    _, left, right = read_absence(proof)
    hashed = sha256(key).digest()
    if left is None and right is None:
        raise Refused("shows nothing")
    for neighbour in (left, right):
        if neighbour is not None and neighbour.root() != root:
            raise Refused("a neighbour is not in this tree")
    if left is not None and sha256(left.key).digest() >= hashed:
        raise Refused("left neighbour is not left")
    if right is not None and sha256(right.key).digest() <= hashed:
        raise Refused("right neighbour is not right")
    if left is None and right is not None:
        _edge(right.path, on_the_left=True)
    elif right is None and left is not None:
        _edge(left.path, on_the_left=False)
    elif left is not None and right is not None:
        _adjacent(left.path, right.path)


def _is_left(step: tuple[int, bytes, bytes]) -> bool:
    return len(step[1]) == 1


def _edge(path: list[tuple[int, bytes, bytes]], *, on_the_left: bool) -> None:
    """Every step is on the outer side, or its outer sibling is empty (ensureLeftMost, ensureRightMost)."""
    for step in path:
        sibling = step[2] if _is_left(step) else step[1][1:]
        if _is_left(step) != on_the_left and sibling != EMPTY_CHILD:
            raise Refused("something stands further out")


def _adjacent(left: list[tuple[int, bytes, bytes]], right: list[tuple[int, bytes, bytes]]) -> None:
    """Above a common node the paths agree; there they part; below they hug each other (ensureLeftNeighbor)."""
    left, right = list(left), list(right)
    while left[-1] == right[-1]:
        left.pop()
        right.pop()
    if not _is_left(left.pop()) or _is_left(right.pop()):
        raise Refused("the paths do not part side by side")
    _edge(left, on_the_left=False)
    _edge(right, on_the_left=True)
