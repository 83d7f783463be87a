"""RFC 6962 trees over lists."""

from hashlib import sha256

import pytest

from chainnode.errors import Misuse
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.merkle import (
    EMPTY_ROOT,
    inclusion_path,
    leaf_hash,
    node_hash,
    root,
    root_from_path,
    verify_inclusion,
)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(count)]


def split_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word: split at the largest power of two below n."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha256(b"\x01" + split_root(hashes[:k]) + split_root(hashes[k:])).digest()


def test_hashes_are_those_of_the_standard() -> None:
    """RFC 6962, section 2.1: leaf 0x00, node 0x01, empty tree SHA-256 of nothing."""
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


def test_root_follows_the_standards_split_at_every_size() -> None:
    """RFC 6962, section 2.1, definition of MTH."""
    assert root([]) == EMPTY_ROOT
    for size in range(1, 70):
        assert root(leaves(size)) == split_root(leaves(size))


def test_path_leads_to_the_root_from_every_leaf() -> None:
    """RFC 9162, section 2.1.3.2: the inclusion check accepts exactly the honest path."""
    for size in range(1, 34):
        hashes = leaves(size)
        for index in range(size):
            verify_inclusion(hashes[index], index, size, inclusion_path(hashes, index), root(hashes))


def test_path_fits_no_other_place() -> None:
    """Index and size fix length and sides, so one path fits one position only."""
    hashes = leaves(11)
    for index in range(11):
        path = inclusion_path(hashes, index)
        for other in range(14):
            if other != index:
                with pytest.raises(ProofInvalid):
                    verify_inclusion(hashes[index], other, 11, path, root(hashes))


@pytest.mark.parametrize(
    ("leaf", "index", "size", "path", "code"),
    [
        (bytes(32), 0, 0, [], "leaf-index"),
        (bytes(32), 3, 3, [], "leaf-index"),
        (bytes(32), -1, 3, [], "leaf-index"),
        (bytes(31), 0, 1, [], "hash-length"),
        (bytes(32), 0, 2, [bytes(33)], "hash-length"),
        (bytes(32), 0, 2, [bytes(32)] * 65, "hash-length"),
        (bytes(32), 0, 2, [], "path-length"),
        (bytes(32), 0, 2, [bytes(32)] * 2, "path-length"),
        (bytes(32), 0, 2, [bytes(32)], "root-mismatch"),
    ],
)
def test_check_names_what_is_wrong(leaf: bytes, index: int, size: int, path: list[bytes], code: str) -> None:
    """The first failed check is the one reported."""
    with pytest.raises(ProofInvalid) as caught:
        verify_inclusion(leaf, index, size, path, bytes(32))
    assert caught.value.code == code


def test_root_from_path_of_a_single_leaf_is_the_leaf() -> None:
    """A tree of one leaf has that leaf as root."""
    assert root_from_path(bytes(32), 0, 1, []) == bytes(32)


def test_path_of_a_missing_leaf_is_our_own_mistake() -> None:
    """Misuse: a caller broke the contract."""
    with pytest.raises(Misuse):
        inclusion_path(leaves(3), 3)
