"""The state root by its definition: recursive, slow, sharing no code with the tree."""

from collections.abc import Mapping
from hashlib import sha256


def naive_root(content: Mapping[bytes, bytes]) -> bytes:
    """Root of the compact sparse Merkle tree over ``content``."""
    leaves = [
        (f"{int.from_bytes(sha256(key).digest(), 'big'):0256b}", sha256(key).digest() + sha256(value).digest())
        for key, value in content.items()
    ]
    return _root(leaves, 0)


def _root(leaves: list[tuple[str, bytes]], depth: int) -> bytes:
    if not leaves:
        return bytes(32)
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0][1]).digest()
    left = _root([leaf for leaf in leaves if leaf[0][depth] == "0"], depth + 1)
    right = _root([leaf for leaf in leaves if leaf[0][depth] == "1"], depth + 1)
    return sha256(b"\x01" + left + right).digest()
