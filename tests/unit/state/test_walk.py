"""Reading the tree: proofs and neighbours."""

from hashlib import sha256

import pytest

from chainnode.errors import StoreCorrupt
from chainnode.proofs.sparse import EMPTY, verify_absent, verify_present
from chainnode.state.batch import Batch, hashed_changes
from chainnode.state.page import BLANK, NOTHING, Page, Subtree, page_key
from chainnode.state.walk import neighbours, prove


def built(count: int) -> tuple[Subtree, dict[bytes, Page]]:
    nothing: dict[bytes, Page] = {}
    batch = Batch(nothing.__getitem__, 1, hashed_changes([(b"key %d" % number, b"v") for number in range(count)]))
    return batch.apply(NOTHING), batch.pages


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 40, 600])
def test_every_key_is_proved_present_or_absent(count: int) -> None:
    """Of presence if the tree holds it, else of absence."""
    root, pages = built(count)
    for number in range(count + 60):
        key = b"key %d" % number
        proof = prove(root, pages.__getitem__, key)
        if number < count:
            verify_present(root[0], key, b"v", proof)
        else:
            verify_absent(root[0], key, proof)


@pytest.mark.parametrize("count", [0, 1, 5, 40, 600])
def test_neighbours_are_those_of_the_sorted_list(count: int) -> None:
    """The keys next below and next above, whether or not the key is present."""
    root, pages = built(count)
    hashes = sorted(sha256(b"key %d" % number).digest() for number in range(count))
    for number in range(count + 60):
        own = sha256(b"key %d" % number).digest()
        lower = max((found for found in hashes if found < own), default=None)
        upper = min((found for found in hashes if found > own), default=None)
        assert neighbours(root, pages.__getitem__, b"key %d" % number) == (lower, upper)


def test_tree_that_does_not_hash_to_its_root_proves_nothing() -> None:
    """No false proof leaves here."""
    root, pages = built(40)
    with pytest.raises(StoreCorrupt):
        prove((EMPTY, root[1]), pages.__getitem__, b"key 1")


def test_leaf_stored_twice_is_damage_not_an_endless_way() -> None:
    """A list whose leaves never part is deeper than its keys are long."""
    leaf = sha256(b"key").digest() + bytes(32)
    nothing: dict[bytes, Page] = {}
    with pytest.raises(StoreCorrupt):
        prove((EMPTY, leaf + leaf), nothing.__getitem__, b"key")


def test_empty_page_is_damage() -> None:
    """A page holds more than four leaves, so one without any was damaged."""
    root, pages = built(600)
    whole = pages[page_key(root[1], 0, bytes(32))]
    hollow = {**dict.fromkeys(pages, BLANK), page_key(root[1], 0, bytes(32)): whole}
    with pytest.raises(StoreCorrupt):
        neighbours(root, hollow.__getitem__, b"key 1")
