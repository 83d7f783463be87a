from contracts.evidence.public_data.record import (
    LIFECYCLE,
    authorisation_key,
    public_data_key,
    read_authorisation,
    read_public_data,
    step_key,
)
from tests.unit.contracts.world import World, did_of


def test_withdrawn_is_final_and_use_needs_opening_or_authorisation() -> None:
    assert LIFECYCLE.actions("WITHDRAWN") == ()
    assert LIFECYCLE.after("CATALOGUED", "use") is None
    assert LIFECYCLE.after("OPENED", "authorise") == "OPENED"


def test_keys_of_a_resource_lie_below_its_custodian() -> None:
    custodian = did_of("member")
    below = public_data_key(custodian, bytes(16))
    assert step_key(custodian, bytes(16), 1) == below + b"/0000000000000001"
    assert authorisation_key(custodian, bytes(16), "did:web:x").startswith(b"public-authorisation/")
    empty = World().overlay
    assert read_public_data(empty, custodian, bytes(16)) is None
    assert read_authorisation(empty, custodian, bytes(16), custodian) is None
