from contracts.assets.description import DESCRIPTION_BYTES_MAX, AssetDescription
from contracts.assets.pending import (
    check_size,
    draft_key,
    drop_pending,
    pending_key,
    put_draft,
    read_draft,
    read_pending,
)
from tests.unit.contracts.assets.register import ASSET, code_of, register_world


def test_draft_reads_back_until_it_is_dropped() -> None:
    state = register_world().overlay
    assert read_draft(state, ASSET) is None
    put_draft(ASSET, AssetDescription("dataset", "A"), state)
    assert read_draft(state, ASSET) == AssetDescription("dataset", "A")
    drop_pending(ASSET, state)
    assert (read_draft(state, ASSET), read_pending(state, ASSET)) == (None, None)
    drop_pending(ASSET, state)


def test_description_of_exactly_the_bound_is_taken() -> None:
    assert code_of(lambda: check_size(DESCRIPTION_BYTES_MAX)) == "ok"
    assert code_of(lambda: check_size(DESCRIPTION_BYTES_MAX + 1)) == "asset-too-large"


def test_keys_do_not_meet() -> None:
    assert pending_key(ASSET) != draft_key(ASSET)
