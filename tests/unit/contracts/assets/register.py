"""A register at work: the world of the other tests with a registrar, reviewers and providers in it."""

from collections.abc import Callable
from typing import Any

from chainnode.types.receipt import Receipt
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import AssetRecord, asset_id_of, read_asset
from contracts.assets.registrar import RegistrarPolicy, SetRegistrarPolicy
from contracts.governance.operations import GrantRole
from contracts.identity.operations import CreateIdentity
from contracts.kernel.context import Context
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import Role
from tests.unit.contracts.world import CHAIN, World, did_of, founding_operations, key_of

DAY_MS = 86_400_000
ORDER = b"order-number-one"
PEOPLE: dict[str, Role] = {
    "registrar": "registrar",
    "alice": "member",
    "bob": "member",
    "rita": "evaluator",
    "ravi": "evaluator",
    "rosa": "evaluator",
    "reto": "evaluator",
    "carol": "notary",
}
POLICY = RegistrarPolicy(
    reviewers=3,
    approvals=2,
    announcement_ms=10 * DAY_MS,
    validity_ms=365 * DAY_MS,
    correction_ms=30 * DAY_MS,
    review_ms=20 * DAY_MS,
    renewal_ms=60 * DAY_MS,
)
ASSET = asset_id_of(did_of("exchange"), "a")


def register_world(policy: RegistrarPolicy | None = POLICY) -> World:
    created: list[Operation] = [CreateIdentity(key_of(name).public_key) for name in PEOPLE]
    granted = [GrantRole(did_of(name), role) for name, role in PEOPLE.items()]
    world = World([*founding_operations(), *created, *granted])
    if policy is not None:
        accepted(world, "registrar", SetRegistrarPolicy(policy))
    return world


def registered(**fields: Any) -> World:
    """A world in which the exchange has registered ``ASSET`` for alice, valid for a year."""
    world = register_world()
    accepted(world, "exchange", SetRegistrarPolicy(POLICY))
    accepted(world, "exchange", RegisterAsset("a", AssetDescription("dataset", "A", **fields), did_of("alice")))
    return world


def accepted(world: World, name: str, *operations: Operation) -> Receipt:
    receipt = world.submit(name, *operations)
    assert (receipt.code, receipt.info) == ("ok", "")
    return receipt


def refused(world: World, name: str, operation: Operation) -> str:
    """The code of a refusal; the state is as it was before."""
    before = world.content()
    code = world.submit(name, operation).code
    assert code == "ok" or world.content() == before
    return code


def asset_of(world: World, asset_id: bytes = ASSET) -> AssetRecord:
    record = read_asset(world.overlay, asset_id)
    assert record is not None
    return record


def context_of(world: World) -> Context:
    return Context(
        chain_id=CHAIN,
        height=world.height,
        time_ms=world.time_ms,
        tx_id=bytes(32),
        index=0,
        sender=did_of("governor"),
        signers=(),
    )


def code_of(run: Callable[[], object]) -> str:
    """The code with which a measure is refused; ``ok`` if it is not."""
    try:
        run()
    except OperationFailed as failure:
        return failure.code
    return "ok"
