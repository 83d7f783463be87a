from hashlib import sha256

import pytest

from chainnode.errors import Misuse
from chainnode.proofs.evidence import BatchItem, find_evidence
from chainnode.proofs.merkle import verify_inclusion
from chainnode.types.transaction import Payload
from contracts.evidence.batch import Batch
from contracts.kernel.registry import checked_operation
from tests.unit.contracts.world import CHAIN, World, did_of, key_of

DIGESTS = [sha256(bytes((number,))).digest() for number in range(11)]


@pytest.mark.parametrize("count", [1, 2, 3, 8, 11])
def test_each_item_is_provable_on_its_own(count: int) -> None:
    """Batch: one operation anchors a Merkle root of up to 2^20 digests; each item is provable on its own."""
    batch = Batch(DIGESTS[:count])
    for index in range(count):
        verify_inclusion(batch.leaf_hashes[index], index, count, batch.path(index), batch.root)


def test_offline_verifier_finds_an_item_in_the_operation() -> None:
    batch = Batch(DIGESTS)
    world = World()
    raw = checked_operation(batch.operation(bytes(16), "file", title="eleven"))
    payload: Payload = world.transaction(did_of("member"), [raw], [key_of("member")], CHAIN).payload
    found = find_evidence(payload, 0, DIGESTS[4], BatchItem(4, tuple(batch.path(4))))
    assert found.evidence_id == bytes(16)
    assert world.submit("member", raw).code == "ok"


def test_batch_of_nothing_or_of_other_digests_is_misuse() -> None:
    with pytest.raises(Misuse):
        Batch([])
    with pytest.raises(Misuse):
        Batch([bytes(32), bytes(31)])
    assert Batch([bytes(64)], "sha512").operation(bytes(16), "file").algorithm == "sha512"
