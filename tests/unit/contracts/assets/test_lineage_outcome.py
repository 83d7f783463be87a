from contracts.assets.lineage_outcome import CODES, EVENTS, LINKING, RELINKING


def test_every_refusal_of_linking_is_explained() -> None:
    """A change can be refused for whatever a registration can, and for what only a walk finds."""
    assert set(LINKING) < set(RELINKING)
    assert set(RELINKING) | {"asset-parent-shares"} == set(CODES) | {"asset-frozen"}


def test_events_can_be_found_from_either_end() -> None:
    assert all(event.INDEXED == ("asset_id", "parent_id") for event in EVENTS)
