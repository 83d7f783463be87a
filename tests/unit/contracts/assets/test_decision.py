import pytest

from contracts.assets.description import AssetDescription, Field
from contracts.assets.measures import freeze_asset, release_asset, tradable_asset
from contracts.assets.operations_request import ApproveRequest, ProposeChange
from contracts.assets.pending import read_pending, read_proposal
from contracts.assets.record import asset_key, description_hash, read_description
from contracts.identity.operations import DeactivateIdentity
from tests.unit.contracts.assets.register import ASSET, ORDER, POLICY, accepted, asset_of, code_of, context_of, refused
from tests.unit.contracts.assets.requests import (
    APPROVE_CHANGE,
    APPROVE_RENEWAL,
    APPROVE_TRANSFER,
    CANCEL,
    CONFIRMING,
    EXPIRE,
    HASH,
    NEXT,
    PRESENT,
    REFUSE,
    RENEW,
    REVOKE,
    TAKE,
    asset_in,
    registered_under,
)
from tests.unit.contracts.world import did_of


def test_approved_change_is_a_new_version_and_the_earlier_one_stays_provable() -> None:
    """History of versions provable."""
    world = asset_in("CHANGING")
    receipt = accepted(world, "exchange", APPROVE_CHANGE)
    record = asset_of(world)
    assert (record.status, record.version, record.description) == ("CERTIFIED", 2, NEXT)
    assert receipt.events[0].attributes["version"] == 2
    assert read_description(world.overlay, ASSET, 1) == PRESENT
    assert read_description(world.overlay, ASSET, 2) == NEXT
    assert read_description(world.overlay, ASSET, 3) is None
    assert (read_pending(world.overlay, ASSET), read_proposal(world.overlay, ASSET)) == (None, None)


def test_registrar_grants_what_it_read_and_nothing_else() -> None:
    world = asset_in("CHANGING")
    for other in (ApproveRequest(ASSET, "change", HASH), APPROVE_RENEWAL, APPROVE_TRANSFER):
        assert refused(world, "exchange", other) == "asset-request-changed"
    assert refused(world, "registrar", APPROVE_CHANGE) == "asset-not-registrar"
    assert refused(world, "alice", APPROVE_CHANGE) == "role-missing"


@pytest.mark.parametrize("status", ["CHANGING", "TRANSFERRING", "RENEWING"])
def test_refused_request_leaves_the_asset_as_it_was(status: str) -> None:
    world = asset_in(status)
    receipt = accepted(world, "exchange", REFUSE)
    assert receipt.events[0].attributes["reason_hash"] == HASH
    assert (asset_of(world).status, asset_of(world).version, asset_of(world).holder) == (
        "CERTIFIED",
        1,
        did_of("alice"),
    )
    assert refused(world, "exchange", REFUSE) == "asset-status"


def test_transfer_is_confirmed_after_the_new_holders_consent() -> None:
    world = asset_in("TRANSFERRING", CONFIRMING)
    assert refused(world, "exchange", APPROVE_TRANSFER) == "asset-consent-missing"
    accepted(world, "bob", TAKE)
    accepted(world, "exchange", APPROVE_TRANSFER)
    assert (asset_of(world).holder, asset_of(world).status) == (did_of("bob"), "CERTIFIED")


def test_transfer_to_a_holder_that_left_is_not_confirmed() -> None:
    world = asset_in("TRANSFERRING", CONFIRMING)
    accepted(world, "bob", TAKE)
    accepted(world, "bob", DeactivateIdentity())
    assert refused(world, "exchange", APPROVE_TRANSFER) == "asset-holder-unknown"


def test_renewal_counts_from_the_old_end_and_is_granted_until_the_millisecond_its_time_ends() -> None:
    world = asset_in("RENEWING")
    end_ms = asset_of(world).valid_until_ms
    world.time_ms = end_ms + POLICY.renewal_ms
    assert refused(world, "exchange", APPROVE_RENEWAL) == "asset-renewal-late"
    world.time_ms -= 1
    accepted(world, "exchange", APPROVE_RENEWAL)
    assert asset_of(world).valid_until_ms == end_ms + POLICY.validity_ms
    assert tradable_asset(world.overlay, ASSET, world.time_ms).status == "CERTIFIED"


def test_asset_is_not_traded_between_its_end_and_a_late_renewal() -> None:
    world = asset_in("RENEWING")
    world.time_ms = asset_of(world).valid_until_ms
    assert code_of(lambda: tradable_asset(world.overlay, ASSET, world.time_ms)) == "asset-expired"


def test_change_and_transfer_are_not_granted_after_the_end() -> None:
    world = asset_in("CHANGING")
    world.time_ms = asset_of(world).valid_until_ms
    assert refused(world, "exchange", APPROVE_CHANGE) == "asset-expired"


def test_request_waits_while_an_order_holds_the_asset() -> None:
    """The status before the first freeze returns when the last order is lifted, with what the holder asked for."""
    world = asset_in("CHANGING")
    freeze_asset(ASSET, ORDER, context_of(world), world.overlay)
    assert refused(world, "exchange", APPROVE_CHANGE) == "asset-frozen"
    assert refused(world, "alice", CANCEL) == "asset-frozen"
    release_asset(ASSET, ORDER, context_of(world), world.overlay)
    assert asset_of(world).status == "CHANGING"
    accepted(world, "exchange", APPROVE_CHANGE)


def test_holder_cancels_and_the_record_stays() -> None:
    world = registered_under()
    accepted(world, "alice", CANCEL)
    assert asset_of(world).status == "CANCELLED"
    assert refused(world, "alice", CANCEL) == "asset-status"
    assert code_of(lambda: tradable_asset(world.overlay, ASSET, world.time_ms)) == "asset-status"


@pytest.mark.parametrize("status", ["CERTIFIED", "CHANGING", "TRANSFERRING", "RENEWING", "FROZEN"])
def test_registrar_revokes_with_whatever_waited(status: str) -> None:
    world = asset_in(status)
    assert refused(world, "registrar", REVOKE) == "asset-not-registrar"
    receipt = accepted(world, "exchange", REVOKE)
    assert receipt.events[0].attributes["ground"] == HASH
    assert asset_of(world).status == "REVOKED"
    assert read_pending(world.overlay, ASSET) is None


def test_end_is_noted_from_its_millisecond_on() -> None:
    world = registered_under()
    end_ms = asset_of(world).valid_until_ms
    world.time_ms = end_ms - 1
    assert refused(world, "carol", EXPIRE) == "asset-not-expired"
    world.time_ms = end_ms
    accepted(world, "carol", EXPIRE)
    assert asset_of(world).status == "EXPIRED"
    assert refused(world, "alice", RENEW) == "asset-renewal-late"


def test_asset_whose_renewal_may_still_be_decided_does_not_expire() -> None:
    world = asset_in("RENEWING")
    end_ms = asset_of(world).valid_until_ms + POLICY.renewal_ms
    world.time_ms = end_ms - 1
    assert refused(world, "carol", EXPIRE) == "asset-not-expired"
    world.time_ms = end_ms
    accepted(world, "carol", EXPIRE)
    assert read_pending(world.overlay, ASSET) is None


def test_certificate_without_end_does_not_expire() -> None:
    world = registered_under(None)
    world.time_ms *= 2
    assert refused(world, "carol", EXPIRE) == "asset-not-expired"


def test_status_change_of_the_largest_asset_fits_a_small_transaction() -> None:
    """A transaction may write 48 KiB of state and a little for its own size; an order must always fit."""
    def largest(name: str) -> AssetDescription:
        return AssetDescription("dataset", name, fields=(Field("f" * 60, description="d" * 245),) * 78)

    world = registered_under()
    for name in ("first", "second"):
        accepted(world, "alice", ProposeChange(ASSET, largest(name)))
        accepted(world, "exchange", ApproveRequest(ASSET, "change", description_hash(largest(name))))
    stored = world.overlay.get(asset_key(ASSET))
    assert stored is not None
    assert len(stored) > 24_000
    accepted(world, "alice", CANCEL)
