"""Assets of two holders, one made from the other, and what they earn."""

from contracts.assets.description import AssetDescription, Parent
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import AssetRecord, asset_id_of, read_asset
from contracts.governance.operations import SetPolicy
from contracts.income.operations import DistributeIncome, SetIncomeRule
from contracts.income.record import Share
from contracts.kernel.operation import Operation
from contracts.kernel.policy import EVERYONE
from tests.unit.contracts.world import World, did_of, founding_operations

HOLDER, OTHER, THIRD = did_of("exchange"), did_of("member"), did_of("governor")


def ok(world: World, name: str, operation: Operation) -> None:
    receipt = world.submit(name, operation)
    assert receipt.code == "ok", (receipt.code, receipt.info)


def founded() -> World:
    return World([*founding_operations(), SetPolicy("asset.register", EVERYONE)])


def asset(world: World, name: str, *parents: tuple[bytes, int], holder: str = "") -> bytes:
    """Register an asset of the exchange, made from ``parents`` with their shares in basis points."""
    edges = tuple(Parent(parent, "derived-from", share) for parent, share in parents)
    ok(world, "exchange", RegisterAsset(name, AssetDescription("dataset", name, parents=edges), holder))
    return asset_id_of(HOLDER, name)


def record(world: World, asset_id: bytes) -> AssetRecord:
    found = read_asset(world.overlay, asset_id)
    assert found is not None
    return found


def rule(world: World, asset_id: bytes, *shares: tuple[str, int], name: str = "exchange") -> None:
    ok(world, name, SetIncomeRule(asset_id, tuple(Share(payee, points) for payee, points in shares)))


def distribute(world: World, asset_id: bytes, amount: int, reference: str = "r") -> None:
    ok(world, "exchange", DistributeIncome(reference, asset_id, amount, "CNY"))
