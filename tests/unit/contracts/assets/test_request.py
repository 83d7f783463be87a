import msgspec
import pytest

from contracts.assets.operations_request import OfferTransfer, ProposeChange
from contracts.assets.pending import read_pending, read_proposal
from contracts.assets.record import LIFECYCLE, description_hash
from contracts.assets.registrar import RegistrarPolicy, SetRegistrarPolicy
from contracts.assets.request import own_asset, waiting
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from tests.unit.contracts.assets.register import ASSET, POLICY, accepted, asset_of, context_of, refused
from tests.unit.contracts.assets.requests import (
    APPROVE_RENEWAL,
    BROUGHT,
    CANCEL,
    CHANGE,
    CONFIRMING,
    NEXT,
    OFFER,
    PRESENT,
    RENEW,
    RETRACT,
    TAKE,
    asset_in,
    registered_under,
    renewable,
)
from tests.unit.contracts.world import World, did_of

HOLDERS = (CHANGE, OFFER, RENEW, CANCEL)


def test_every_status_of_the_table_is_reached() -> None:
    assert set(BROUGHT) == set(LIFECYCLE.statuses())


@pytest.mark.parametrize("operation", HOLDERS, ids=lambda found: type(found).__name__)
def test_only_the_holder_asks(operation: Operation) -> None:
    world = registered_under()
    renewable(world)
    assert refused(world, "bob", operation) == "asset-not-holder"
    assert refused(world, "exchange", operation) == "asset-not-holder"


@pytest.mark.parametrize("operation", HOLDERS, ids=lambda found: type(found).__name__)
@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("CHANGING", "asset-status"),
        ("TRANSFERRING", "asset-status"),
        ("RENEWING", "asset-status"),
        ("FROZEN", "asset-frozen"),
        ("CANCELLED", "asset-status"),
        ("REVOKED", "asset-status"),
        ("EXPIRED", "asset-expired"),
    ],
)
def test_one_request_at_a_time_and_none_that_an_order_or_the_end_forbids(
    operation: Operation, status: str, code: str
) -> None:
    world = asset_in(status)
    if status == "EXPIRED" and operation is RENEW:
        code = "asset-renewal-late"
    assert refused(world, "alice", operation) == code


def test_proposed_change_leaves_the_description_as_it_is_until_decided() -> None:
    world = asset_in("CHANGING")
    assert asset_of(world).description == PRESENT
    assert read_proposal(world.overlay, ASSET) == NEXT
    pending = read_pending(world.overlay, ASSET)
    assert pending is not None
    assert (pending.procedure, pending.description_hash) == ("change", description_hash(NEXT))


def test_change_must_change_something() -> None:
    assert refused(registered_under(), "alice", ProposeChange(ASSET, PRESENT)) == "asset-change-empty"


def test_accepted_transfer_makes_a_new_holder_at_once_where_nobody_confirms() -> None:
    """Transfer: offered by the holder, accepted by the new holder."""
    world = asset_in("TRANSFERRING")
    assert refused(world, "carol", TAKE) == "asset-not-party"
    receipt = accepted(world, "bob", TAKE)
    assert receipt.events[0].name == "asset.transferred"
    assert (asset_of(world).holder, asset_of(world).status) == (did_of("bob"), "CERTIFIED")
    assert read_pending(world.overlay, ASSET) is None
    assert refused(world, "alice", CHANGE) == "asset-not-holder"


def test_offer_holds_until_the_millisecond_it_ends() -> None:
    world = asset_in("TRANSFERRING")
    offered_ms = world.time_ms
    world.time_ms = offered_ms + OFFER.accept_within_ms
    assert refused(world, "bob", TAKE) == "asset-transfer-late"
    world.time_ms -= 1
    accepted(world, "bob", TAKE)


def test_accepted_transfer_waits_for_the_registrar_where_its_rules_say_so() -> None:
    world = asset_in("TRANSFERRING", CONFIRMING)
    receipt = accepted(world, "bob", TAKE)
    assert receipt.events[0].name == "asset.transfer_accepted"
    assert (asset_of(world).holder, asset_of(world).status) == (did_of("alice"), "TRANSFERRING")
    assert refused(world, "bob", TAKE) == "asset-transfer-accepted"


@pytest.mark.parametrize(("name", "code"), [("nobody", "asset-holder-unknown"), ("alice", "asset-holder-same")])
def test_asset_is_offered_to_another_active_identity(name: str, code: str) -> None:
    assert refused(registered_under(), "alice", OfferTransfer(ASSET, did_of(name))) == code


def test_renewal_is_asked_for_from_the_first_millisecond_of_its_time_to_the_last() -> None:
    """Renew too early or late: each its own code."""
    world = registered_under()
    end_ms = asset_of(world).valid_until_ms
    world.time_ms = end_ms - POLICY.renewal_ms - 1
    assert refused(world, "alice", RENEW) == "asset-renewal-early"
    world.time_ms = end_ms
    assert refused(world, "alice", RENEW) == "asset-renewal-late"
    world.time_ms = end_ms - POLICY.renewal_ms
    accepted(world, "alice", RENEW)
    pending = read_pending(world.overlay, ASSET)
    assert pending is not None
    assert pending.ends_ms == end_ms + POLICY.renewal_ms


def test_last_millisecond_for_a_renewal_is_the_one_before_the_end() -> None:
    world = registered_under()
    world.time_ms = asset_of(world).valid_until_ms - 1
    accepted(world, "alice", RENEW)


def test_renewals_do_not_pile_up_where_the_rules_set_no_time_for_them() -> None:
    """A certificate reaches two periods ahead at most: no sequence of renewals leaves the bound of a time."""
    world = registered_under(RegistrarPolicy(validity_ms=1_000))
    accepted(world, "alice", RENEW)
    accepted(world, "exchange", APPROVE_RENEWAL)
    end_ms = asset_of(world).valid_until_ms
    assert end_ms == world.time_ms + 2_000
    assert refused(world, "alice", RENEW) == "asset-renewal-early"
    world.time_ms = end_ms - 1_000
    accepted(world, "alice", RENEW)


def test_certificate_is_renewed_without_end_where_the_rules_say_so() -> None:
    world = registered_under(RegistrarPolicy(validity_ms=1_000))
    accepted(world, "exchange", SetRegistrarPolicy(RegistrarPolicy()))
    accepted(world, "alice", RENEW)
    accepted(world, "exchange", APPROVE_RENEWAL)
    assert asset_of(world).valid_until_ms == 0


def test_certificate_without_end_needs_no_renewal() -> None:
    assert refused(registered_under(None), "alice", RENEW) == "asset-renewal-endless"
    assert refused(registered_under(RegistrarPolicy()), "alice", RENEW) == "asset-renewal-endless"


@pytest.mark.parametrize("status", ["CHANGING", "TRANSFERRING", "RENEWING"])
def test_request_is_taken_back_by_who_made_it(status: str) -> None:
    world = asset_in(status)
    before = asset_of(world)
    assert refused(world, "carol", RETRACT) == "asset-not-party"
    accepted(world, "alice", RETRACT)
    after = asset_of(world)
    assert after == msgspec.structs.replace(before, status="CERTIFIED", updated_ms=after.updated_ms)
    assert (read_pending(world.overlay, ASSET), read_proposal(world.overlay, ASSET)) == (None, None)
    assert refused(world, "alice", RETRACT) == "asset-status"


def test_transfer_is_declined_by_whom_it_was_offered_to() -> None:
    world = asset_in("TRANSFERRING")
    receipt = accepted(world, "bob", RETRACT)
    assert receipt.events[0].attributes["by"] == did_of("bob")
    assert asset_of(world).status == "CERTIFIED"


def test_request_under_way_is_found_and_a_holder_recognised() -> None:
    world = asset_in("CHANGING")
    assert waiting(asset_of(world), world.overlay).procedure == "change"
    with pytest.raises(OperationFailed) as found:
        own_asset(ASSET, context_of(world), World().overlay)
    assert found.value.code == "asset-unknown"


def test_rules_of_a_request_are_those_of_its_moment() -> None:
    world = asset_in("TRANSFERRING")
    accepted(world, "exchange", SetRegistrarPolicy(CONFIRMING))
    accepted(world, "bob", TAKE)
    assert asset_of(world).holder == did_of("bob")
