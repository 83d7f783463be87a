"""A registered asset whose holder asks for something."""

from collections.abc import Callable
from typing import Any

import msgspec

from contracts.assets.description import AssetDescription
from contracts.assets.measures import freeze_asset, revoke_asset
from contracts.assets.operations import RegisterAsset
from contracts.assets.operations_request import (
    AcceptTransfer,
    ApproveRequest,
    CancelAsset,
    ExpireAsset,
    OfferTransfer,
    ProposeChange,
    RefuseRequest,
    RequestRenewal,
    RetractRequest,
    RevokeAsset,
)
from contracts.assets.record import description_hash
from contracts.assets.registrar import RegistrarPolicy, SetRegistrarPolicy
from tests.unit.contracts.assets.register import ASSET, ORDER, POLICY, accepted, asset_of, context_of, register_world
from tests.unit.contracts.world import World, did_of

PRESENT = AssetDescription("dataset", "A")
NEXT = AssetDescription("dataset", "B", keywords=("new",))
HASH = b"h" * 32
CONFIRMING = msgspec.structs.replace(POLICY, transfer_confirmation=True)

CHANGE = ProposeChange(ASSET, NEXT)
OFFER = OfferTransfer(ASSET, did_of("bob"), 1_000, HASH)
TAKE = AcceptTransfer(ASSET)
RENEW = RequestRenewal(ASSET)
RETRACT = RetractRequest(ASSET)
REFUSE = RefuseRequest(ASSET, HASH)
APPROVE_CHANGE = ApproveRequest(ASSET, "change", description_hash(NEXT))
APPROVE_TRANSFER = ApproveRequest(ASSET, "transfer", None, did_of("bob"))
APPROVE_RENEWAL = ApproveRequest(ASSET, "renewal")
CANCEL = CancelAsset(ASSET, HASH)
REVOKE = RevokeAsset(ASSET, HASH)
EXPIRE = ExpireAsset(ASSET)


def registered_under(policy: RegistrarPolicy | None = POLICY, **fields: Any) -> World:
    """A world in which the exchange has registered ``ASSET`` for alice under ``policy``."""
    world = register_world()
    if policy is not None:
        accepted(world, "exchange", SetRegistrarPolicy(policy))
    accepted(world, "exchange", RegisterAsset("a", PRESENT, did_of("alice")))
    return world


def renewable(world: World) -> None:
    """Let time pass until a renewal can be asked for."""
    world.time_ms = asset_of(world).valid_until_ms - POLICY.renewal_ms


def changing(world: World) -> None:
    accepted(world, "alice", CHANGE)


def transferring(world: World) -> None:
    accepted(world, "alice", OFFER)


def renewing(world: World) -> None:
    renewable(world)
    accepted(world, "alice", RENEW)


def frozen(world: World) -> None:
    freeze_asset(ASSET, ORDER, context_of(world), world.overlay)


def cancelled(world: World) -> None:
    accepted(world, "alice", CANCEL)


def revoked(world: World) -> None:
    revoke_asset(ASSET, HASH, context_of(world), world.overlay)


def expired(world: World) -> None:
    world.time_ms = asset_of(world).valid_until_ms
    accepted(world, "carol", EXPIRE)


BROUGHT: dict[str, Callable[[World], None]] = {
    "CERTIFIED": lambda world: None,
    "CHANGING": changing,
    "TRANSFERRING": transferring,
    "RENEWING": renewing,
    "FROZEN": frozen,
    "CANCELLED": cancelled,
    "REVOKED": revoked,
    "EXPIRED": expired,
}
"""Status -> how a registered asset gets there."""


def asset_in(status: str, policy: RegistrarPolicy = POLICY) -> World:
    """A register with alice's asset in ``status``."""
    world = registered_under(policy)
    BROUGHT[status](world)
    assert asset_of(world).status == status
    return world
