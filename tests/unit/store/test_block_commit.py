"""One block, one batch."""

from dataclasses import replace

import pytest

from chainnode.errors import Misuse
from chainnode.store import layout
from chainnode.store.block_commit import Tip, batch_of, tip_of
from chainnode.store.layout import seal
from tests.unit.store.chain_builder import chain

GENESIS, FIRST, SECOND = chain(2)


def test_tip_names_the_block_and_its_results() -> None:
    before = tip_of(GENESIS, None)
    assert tip_of(FIRST, before) == Tip(1, FIRST.block_hash, FIRST.state_root, FIRST.results_root, 1_001)


@pytest.mark.parametrize(
    ("commit", "code"),
    [
        (SECOND, "commit-order"),
        (GENESIS, "commit-order"),
        (replace(FIRST, block_hash=bytes(32)), "commit-inconsistent"),
        (replace(FIRST, stored=SECOND.stored), "commit-order"),
        (replace(SECOND, height=1), "commit-order"),
        (replace(FIRST, receipts=FIRST.receipts[:-1]), "commit-inconsistent"),
        (replace(chain(1, chain_id="test-other")[1]), "commit-order"),
    ],
)
def test_block_that_does_not_extend_the_tip_is_our_own_bug(commit, code: str) -> None:
    with pytest.raises(Misuse) as caught:
        tip_of(commit, tip_of(GENESIS, None))
    assert caught.value.code == code


def test_every_value_is_sealed_under_its_own_key_but_what_names_itself() -> None:
    operations = batch_of(SECOND, tip_of(SECOND, tip_of(FIRST, tip_of(GENESIS, None)))).operations
    bare = (layout.INDEX,)
    sealed = [(key, value) for key, value in operations if value is not None and not key.startswith(bare)]
    assert all(value == seal(key, value[:-4]) for key, value in sealed)
    assert {key[:1] for key, _ in operations} - {key[:1] for key, _ in sealed} == set(bare)
    assert [key for key, value in operations if value is None] == [layout.STATE + b"k/000001/000000"]
    assert operations[-1][0] == layout.TIP_KEY


def test_receipts_are_written_in_records_of_sixteen() -> None:
    big = chain(1, transactions=34)
    keys = [key for key, _ in batch_of(big[1], tip_of(big[1], tip_of(big[0], None))).operations]
    assert sum(key.startswith(layout.RECEIPTS) for key in keys) == 3
    assert len(set(keys)) == len(keys)
