"""ICS-23 SmtSpec: their proofs convince our verifier, ours convince a verifier written from the specification."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.ics23 import Neighbour, absence_to_ics23, existence_to_ics23
from chainnode.proofs.sparse import EMPTY, OtherLeaf, StateProof, verify_absent, verify_present
from chainnode.state.tree import StateTree
from tests.support.ics23_reader import (
    Existence,
    Refused,
    read_absence,
    read_existence,
    verify_membership,
    verify_non_membership,
)
from tests.support.shared import shared

NAMES = [f"{kind}_{where}" for kind in ("exist", "nonexist") for where in ("left", "middle", "right")]


def case_of(name: str) -> dict[str, bytes]:
    path: Path = shared("vectors", "ics23", "smt", f"{name}.json")
    return {field: bytes.fromhex(text) for field, text in json.loads(path.read_text()).items()}


def siblings(found: Existence) -> list[bytes]:
    """From the bottom up."""
    return [suffix or prefix[1:] for _, prefix, suffix in found.path]


def state_proof_of_absence(key: bytes, neighbours: list[Existence]) -> StateProof:
    """Our form of absence, from the neighbours: what stands where the key would be."""
    hashed = int.from_bytes(sha256(key).digest(), "big")
    candidates = []
    for found in neighbours:
        common = 256 - (hashed ^ int.from_bytes(sha256(found.key).digest(), "big")).bit_length()
        candidates.append((common, found))
    common, nearest = max(candidates, key=lambda item: item[0])
    path = siblings(nearest)
    if len(path) <= common:
        return StateProof(tuple(path), OtherLeaf(sha256(nearest.key).digest(), sha256(nearest.value).digest()))
    # The neighbour leaves the key's way above its own leaf: the key's side there is an empty subtree.
    assert path[len(path) - 1 - common] == EMPTY
    running = sha256(b"\x00" + sha256(nearest.key).digest() + sha256(nearest.value).digest()).digest()
    for _, prefix, suffix in nearest.path[: len(path) - 1 - common]:
        running = sha256(prefix + running + suffix).digest()
    return StateProof((running, *path[len(path) - common :]))


@pytest.mark.parametrize("name", NAMES)
def test_reader_accepts_the_vectors(name: str) -> None:
    """The independent verifier itself stands on the vectors."""
    case = case_of(name)
    if name.startswith("exist"):
        verify_membership(case["root"], case["key"], case["value"], case["proof"])
    else:
        verify_non_membership(case["root"], case["key"], case["proof"])


@pytest.mark.parametrize("name", NAMES[:3])
def test_our_verifier_accepts_their_existence(name: str) -> None:
    """Existence proofs of a compact sparse Merkle tree."""
    case = case_of(name)
    found = read_existence(case["proof"])
    proof = StateProof(tuple(siblings(found)))
    verify_present(case["root"], case["key"], case["value"], proof)
    assert existence_to_ics23(case["key"], case["value"], proof) == case["proof"]
    with pytest.raises(ProofInvalid):
        verify_present(case["root"], case["key"], case["value"] + b"0", proof)
    with pytest.raises(ProofInvalid):
        verify_absent(case["root"], case["key"], proof)


@pytest.mark.parametrize("name", NAMES[3:])
def test_our_verifier_accepts_their_absence(name: str) -> None:
    """Non-existence proofs of a compact sparse Merkle tree."""
    case = case_of(name)
    shown, left, right = read_absence(case["proof"])
    key = case["key"]
    neighbours = [found for found in (left, right) if found is not None]
    verify_absent(case["root"], key, state_proof_of_absence(key, neighbours))
    for found in neighbours:
        with pytest.raises(ProofInvalid):
            verify_absent(case["root"], found.key, state_proof_of_absence(key, neighbours))
    # Written back in their form, byte for byte.
    exported = absence_to_ics23(
        shown,
        *(
            Neighbour(found.key, found.value, StateProof(tuple(siblings(found)))) if found else None
            for found in (left, right)
        ),
    )
    assert exported == case["proof"]


def test_ics23_verifier_accepts_our_proofs() -> None:
    """Any ICS-23 verifier checks our existence and non-existence proofs."""
    content = {b"key/%d" % number: b"value %d" % number for number in range(300)}
    nodes: dict[bytes, bytes] = {}
    tree = StateTree(nodes)
    update = tree.update(None, 1, content)
    nodes.update(update.writes)
    by_hash = {sha256(key).digest(): key for key in content}
    for key in list(content)[:100]:
        verify_membership(update.root, key, content[key], existence_to_ics23(key, content[key], tree.prove(1, key)))

    def neighbour(key_hash: bytes | None) -> Neighbour | None:
        if key_hash is None:
            return None
        key = by_hash[key_hash]
        return Neighbour(key, content[key], tree.prove(1, key))

    edges = set()
    for number in range(3_000):
        key = b"absent/%d" % number
        lower, upper = tree.neighbours(1, key)
        edges.add((lower is None, upper is None))
        if number % 20 and lower and upper:
            continue
        verify_non_membership(update.root, key, absence_to_ics23(key, neighbour(lower), neighbour(upper)))
        if lower:
            with pytest.raises(Refused):
                verify_non_membership(update.root, key, absence_to_ics23(key, None, neighbour(upper or lower)))
    assert edges == {(False, False), (True, False), (False, True)}, "keys beyond both ends were tried"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (bytes.fromhex("120101"), bytes.fromhex("12020101")),  # a longer inner prefix
        (bytes.fromhex("2a0100"), bytes.fromhex("2a020000")),  # a longer leaf prefix
        (bytes.fromhex("1801"), bytes.fromhex("1800")),  # values not hashed
    ],
)
def test_prefix_and_length_games_have_no_counterpart_in_ours(old: bytes, new: bytes) -> None:
    """CVE-type issues all came from prefix/length malleability: our form has no field to play them with."""
    case = case_of("exist_left")
    assert old in case["proof"]
    with pytest.raises(Refused):
        verify_membership(case["root"], case["key"], case["value"], case["proof"].replace(old, new, 1))
    for wrong in (b"", bytes(31), bytes(33), b"\x01" + bytes(32)):
        with pytest.raises(ProofInvalid):
            verify_present(case["root"], case["key"], case["value"], StateProof((wrong,)))
