"""A consortium with arbitrators, a registered asset, and a case about it."""

from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import AssetRecord, asset_id_of, read_asset
from contracts.disputes.operations import AcceptDispute, DecideDispute, FileDispute
from contracts.disputes.record import DisputeRecord, Measure, Ruling, Subject, dispute_id_of, read_dispute
from contracts.governance.operations import GrantRole
from contracts.identity.operations import CreateIdentity
from contracts.kernel.operation import Operation
from tests.unit.contracts.world import World, did_of, founding_operations, key_of

ARBITERS = ("arbiter-1", "arbiter-2", "arbiter-3", "arbiter-4", "arbiter-5", "arbiter-6", "arbiter-7")
FORUM = "leader"
"""Leads the cases, and so judges none."""
CLAIMANT, HOLDER = did_of("member"), did_of("exchange")
ASSET = asset_id_of(HOLDER, "a")
ABOUT = Subject("asset", ASSET)
CASE = dispute_id_of(CLAIMANT, "case")
CLAIM = FileDispute("case", HOLDER, ABOUT, "Not what was promised", bytes(32))
FREEZE = Measure("freeze", ABOUT)
UPHELD = Ruling("upheld", b"r" * 32, (FREEZE,))
FIRST = tuple(did_of(name) for name in ARBITERS[:3])


def founded() -> World:
    """Arbitrators exist, and the exchange has registered the asset ``a``."""
    arbiters: list[Operation] = []
    for name in (*ARBITERS, FORUM):
        arbiters += [CreateIdentity(key_of(name).public_key), GrantRole(did_of(name), "arbitrator")]
    world = World([*founding_operations(), *arbiters])
    ok(world, "exchange", RegisterAsset("a", AssetDescription("dataset", "A")))
    return world


def ok(world: World, name: str, operation: Operation) -> None:
    receipt = world.submit(name, operation)
    assert receipt.code == "ok", (receipt.code, receipt.info)


def filed() -> World:
    world = founded()
    ok(world, "member", CLAIM)
    return world


def heard(*, appeal_ms: int = 0, answer_by_ms: int = 0, hold: bool = False) -> World:
    """The case is in its first hearing: two of three arbitrators decide."""
    world = filed()
    ok(world, FORUM, AcceptDispute(CASE, FIRST, 2, answer_by_ms, appeal_ms, hold))
    return world


def ruled(ruling: Ruling = UPHELD, *, appeal_ms: int = 0, hold: bool = False) -> World:
    world = heard(appeal_ms=appeal_ms, hold=hold)
    for name in ARBITERS[:2]:
        ok(world, name, DecideDispute(CASE, ruling))
    return world


def case(world: World) -> DisputeRecord:
    found = read_dispute(world.overlay, CASE)
    assert found is not None
    return found


def asset(world: World) -> AssetRecord:
    found = read_asset(world.overlay, ASSET)
    assert found is not None
    return found
