from chainnode.state.keys import key
from contracts.assets.description import AssetDescription
from contracts.assets.pending import (
    drop_pending,
    pending_key,
    proposal_key,
    put_proposal,
    read_pending,
    read_proposal,
)
from tests.unit.contracts.assets.register import ASSET, register_world


def test_proposal_reads_back_until_it_is_dropped() -> None:
    state = register_world().overlay
    assert read_proposal(state, ASSET) is None
    put_proposal(ASSET, AssetDescription("dataset", "A"), state)
    assert read_proposal(state, ASSET) == AssetDescription("dataset", "A")
    drop_pending(ASSET, state)
    assert (read_proposal(state, ASSET), read_pending(state, ASSET)) == (None, None)
    drop_pending(ASSET, state)


def test_keys_are_those_of_any_state_value() -> None:
    assert pending_key(ASSET) == key("asset-pending", ASSET)
    assert proposal_key(ASSET) == key("asset-proposal", ASSET)
