from chainnode.state.overlay import Overlay
from contracts.identity.credential import (
    issuance_key,
    read_issuance,
    read_schema,
    read_status_list,
    schema_key,
    status_list_key,
)
from tests.unit.contracts.world import did_of

DID = did_of("member")


def test_records_of_different_owners_and_kinds_never_meet() -> None:
    """Ids are their owner's own choice and unique under its name."""
    other = did_of("exchange")
    keys = {
        status_list_key(DID, "a"),
        status_list_key(other, "a"),
        schema_key(DID, "a", 1),
        schema_key(DID, "a", 2),
        issuance_key(DID, b"a" * 32),
        issuance_key(other, b"a" * 32),
    }
    assert len(keys) == 6


def test_names_that_cannot_exist_are_absent() -> None:
    overlay = Overlay(lambda _key: None)
    for did in ("", "did:web:x", "x" * 600):
        assert read_status_list(overlay, did, "a") is None
        assert read_schema(overlay, did, "a", 1) is None
        assert read_issuance(overlay, did, b"a" * 32) is None
    assert read_schema(overlay, DID, "a", -1) is None
    assert read_status_list(overlay, DID, "") is None
    assert read_issuance(overlay, DID, b"") is None
