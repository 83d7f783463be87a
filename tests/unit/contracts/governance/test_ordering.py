"""Lawful orders: what they hold, who may issue and lift them, and when they end by themselves."""

from collections.abc import Callable
from typing import Any

import pytest

from chainnode.types.receipt import Event
from contracts.assets.measures import release_asset
from contracts.assets.record import ORDERS_MAX, read_asset
from contracts.evidence.operations import RecordEvidence
from contracts.governance import ordering, suspension
from contracts.governance.opening import BlockFacts
from contracts.governance.operations import GrantRole, SetPolicy
from contracts.governance.operations_order import EvidenceOfOrder, IssueOrder, LiftOrder
from contracts.governance.order import OrderRecord, order_of, read_calendar, read_order
from contracts.identity.operations import DeactivateIdentity, UpdateIdentity
from contracts.kernel.context import Context
from contracts.kernel.execution import open_block
from contracts.kernel.policy import Rule, role_record
from tests.unit.contracts.governance.council import Council
from tests.unit.contracts.market.trading import ASSET, TRADE_ID, Trading
from tests.unit.contracts.rights.granted import granted, record_of, terms, world_with_asset
from tests.unit.contracts.world import CHAIN, World, did_of

DOCUMENT = b"d" * 32


def order_id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def against(target: Any, target_id: bytes = b"", number: int = 1, did: str = "", **fields: Any) -> IssueOrder:
    """An order with everything that it needs."""
    return IssueOrder(order_id(number), target, "Data Security Act, s. 24", DOCUMENT, target_id, did, **fields)


def with_regulator(world: World) -> World:
    """The world, in which ``governor`` is regulator too, because it is there everywhere."""
    assert world.submit("governor", GrantRole(did_of("governor"), "regulator")).code == "ok"
    return world


def issue(world: World, operation: IssueOrder) -> str:
    return world.submit("governor", operation).code


def named(number: int = 1) -> bytes:
    return order_of(did_of("governor"), order_id(number))


def lift(world: World, number: int = 1) -> str:
    return world.submit("governor", LiftOrder(named(number), "granted on appeal", DOCUMENT)).code


def opened(world: World, time_ms: int) -> list[Event]:
    """What opening a block of this time does."""
    world.height += 1
    world.time_ms = time_ms
    facts = BlockFacts(world.height, bytes(32), None, ())
    return open_block(facts, chain_id=CHAIN, time_ms=time_ms, overlay=world.overlay)


def found(world: World, number: int = 1) -> OrderRecord:
    return read_order(world.overlay, named(number))


def asset_world() -> World:
    return with_regulator(world_with_asset())


def asset_status(world: World) -> str:
    record = read_asset(world.overlay, ASSET)
    assert record is not None
    return record.status


def test_asset_is_frozen_and_released_and_both_stand_on_record() -> None:
    """Every use is a record + event."""
    world = asset_world()
    before = asset_status(world)
    receipt = world.submit("governor", against("asset", ASSET, reason="suspected leak"))
    assert [event.name for event in receipt.events] == ["governance.order_issued", "asset.frozen"]
    assert (asset_status(world), found(world).status, found(world).reason) == ("FROZEN", "IN_FORCE", "suspected leak")
    receipt = world.submit("governor", LiftOrder(named(), "unfounded", DOCUMENT))
    assert [event.name for event in receipt.events] == ["asset.released", "governance.order_ended"]
    record = found(world)
    assert (asset_status(world), record.status, record.ending_reason, record.ended_by) == (
        before, "LIFTED", "unfounded", did_of("governor"),
    )  # fmt: skip


def test_right_is_frozen_and_released() -> None:
    world = asset_world()
    right = granted(world, "exchange", "member", terms())
    before = record_of(world, right).status
    assert issue(world, against("right", right)) == "ok"
    assert record_of(world, right).status == "FROZEN"
    assert lift(world) == "ok"
    assert record_of(world, right).status == before


def test_trade_is_held_and_goes_on() -> None:
    trading = Trading().reach("AGREED")
    world = with_regulator(trading.world)
    assert issue(world, against("trade", TRADE_ID)) == "ok"
    assert trading.trade().held_by == (named(),)
    assert lift(world) == "ok"
    assert trading.trade().held_by == ()


def test_suspended_identity_does_nothing_but_look_after_its_keys() -> None:
    world = with_regulator(World())
    assert issue(world, against("identity", did=did_of("member"))) == "ok"
    evidence = RecordEvidence(bytes(16), "file", "sha256", bytes(32))
    receipt = world.submit("member", evidence)
    assert (receipt.code, named().hex() in receipt.info) == ("sender-suspended", True)
    assert world.submit("member", UpdateIdentity()).code == "ok"
    assert lift(world) == "ok"
    assert world.submit("member", evidence).code == "ok"


def test_identity_without_roles_is_suspended_too_and_others_orders_keep_holding() -> None:
    world = with_regulator(World())
    for number in (1, 2):
        assert issue(world, against("identity", number=number, did=did_of("stranger"))) == "ok"
    assert lift(world) == "ok"
    record = role_record(world.overlay, did_of("stranger"))
    assert record is not None
    assert record.suspended_by == (named(2),)
    assert world.submit("governor", GrantRole(did_of("stranger"), "member")).code == "ok"
    receipt = world.submit("stranger", RecordEvidence(bytes(16), "file", "sha256", bytes(32)))
    assert receipt.code == "sender-suspended"


def test_order_ends_in_the_first_block_at_its_time() -> None:
    """The first block of this time or later lifts it by itself: not a millisecond earlier."""
    world = asset_world()
    until_ms = world.time_ms + 5_000
    assert issue(world, against("asset", ASSET, until_ms=until_ms)) == "ok"
    assert opened(world, until_ms - 1) == []
    assert asset_status(world) == "FROZEN"
    events = opened(world, until_ms)
    assert [event.name for event in events] == ["asset.released", "governance.order_ended"]
    assert events[-1].attributes["status"] == "EXPIRED"
    record = found(world)
    assert (asset_status(world) != "FROZEN", record.status, record.ended_by, record.ended_ms) == (
        True, "EXPIRED", "", until_ms,
    )  # fmt: skip
    assert read_calendar(world.overlay) == ()
    assert lift(world) == "order-status"


def test_orders_end_soonest_first_and_only_so_many_in_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "EXPIRIES_MAX", 2)
    world = with_regulator(World())
    start = world.time_ms
    for number, after in ((1, 300), (2, 100), (3, 200)):
        code = issue(world, against("identity", number=number, did=did_of("member"), until_ms=start + after))
        assert code == "ok"
    opened(world, start + 1_000)
    assert [found(world, number).status for number in (1, 2, 3)] == ["IN_FORCE", "EXPIRED", "EXPIRED"]
    opened(world, start + 1_001)
    assert found(world).status == "EXPIRED"


def test_lifted_order_leaves_the_calendar() -> None:
    world = asset_world()
    issue(world, against("asset", ASSET, until_ms=world.time_ms + 5_000))
    assert lift(world) == "ok"
    assert read_calendar(world.overlay) == ()
    assert opened(world, world.time_ms + 10_000) == []


def test_order_ends_even_if_what_it_held_has_come_free() -> None:
    """What was held has ended by another way: the order ends all the same."""
    world = asset_world()
    issue(world, against("asset", ASSET))
    context = Context(chain_id=CHAIN, height=1, time_ms=1, tx_id=bytes(32), index=0, sender="x", signers=())
    release_asset(ASSET, named(), context, world.overlay)
    receipt = world.submit("governor", LiftOrder(named(), "r", DOCUMENT))
    assert receipt.events[-1].attributes["released"] is False
    assert found(world).status == "LIFTED"


def test_consortium_can_order_and_lift_by_vote() -> None:
    """Under ANY one holder's approval is enough: here a majority of the governors is asked for."""
    majority = Rule("MAJORITY", ("governor",))
    council = Council(SetPolicy("governance.issue_order", majority), SetPolicy("governance.lift_order", majority))
    number = council.approved([against("identity", did=did_of("exchange"))])
    council.open()
    order = order_of(f"proposal:{number}", order_id(1))
    assert read_order(council.overlay, order).status == "IN_FORCE"
    assert council.submit("regulator", LiftOrder(order, "r", DOCUMENT)).code == "role-missing"
    assert council.submit("g1", LiftOrder(order, "r", DOCUMENT)).code == "approval-required"
    council.approved([LiftOrder(order, "r", DOCUMENT)])
    council.open()
    assert read_order(council.overlay, order).status == "LIFTED"


def test_only_regulators_order() -> None:
    """Who may lift: any regulator, or the consortium by a vote."""
    world = asset_world()
    assert world.submit("member", against("asset", ASSET)).code == "role-missing"
    issue(world, against("asset", ASSET))
    assert world.submit("exchange", LiftOrder(named(), "r", DOCUMENT)).code == "role-missing"
    assert world.submit("governor", GrantRole(did_of("member"), "regulator")).code == "ok"
    assert world.submit("member", LiftOrder(named(), "r", DOCUMENT)).code == "ok"


def _twice() -> str:
    world = asset_world()
    issue(world, against("asset", ASSET))
    return issue(world, against("asset", ASSET))


def _lifted_twice() -> str:
    world = asset_world()
    issue(world, against("asset", ASSET))
    lift(world)
    return lift(world)


def _full(module: object, limit: str, operation: Callable[[], IssueOrder]) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, limit, 0)
        return issue(with_regulator(World()), operation())


def _suspended() -> str:
    world = with_regulator(World())
    issue(world, against("identity", did=did_of("member")))
    return world.submit("member", RecordEvidence(bytes(16), "file", "sha256", bytes(32))).code


MEMBER = did_of("member")
REFUSALS: dict[str, Callable[[], str]] = {
    "sender-suspended": _suspended,
    "order-target": lambda: issue(with_regulator(World()), against("identity", ASSET)),
    "order-exists": _twice,
    "order-until": lambda: issue(asset_world(), against("asset", ASSET, until_ms=1)),
    "order-evidence-unknown": lambda: issue(
        asset_world(), against("asset", ASSET, evidence=EvidenceOfOrder(MEMBER, bytes(16)))
    ),
    "order-calendar-full": lambda: _full(
        ordering, "CALENDAR_MAX", lambda: against("identity", did=MEMBER, until_ms=2**53)
    ),
    "order-identity-unknown": lambda: issue(asset_world(), against("identity", did="did:web:example.org")),
    "order-target-governs": lambda: issue(asset_world(), against("identity", did=did_of("governor"))),
    "order-suspensions-full": lambda: _full(
        suspension, "SUSPENSIONS_MAX", lambda: against("identity", did=MEMBER)
    ),
    "order-unknown": lambda: lift(asset_world()),
    "order-status": _lifted_twice,
}
"""Code -> a run that ends in it."""


@pytest.mark.parametrize("code", REFUSALS)
def test_refusal_has_its_code(code: str) -> None:
    assert REFUSALS[code]() == code


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (against("asset", bytes(32)), "asset-unknown"),
        (against("right", bytes(32)), "right-unknown"),
        (against("trade", bytes(32)), "trade-unknown"),
        (against("asset", ASSET, did=MEMBER), "order-target"),
        (against("asset"), "order-target"),
        (against("identity", did=did_of("nobody")), "order-identity-unknown"),
    ],
)
def test_refusal_of_the_target_is_told_as_its_own(operation: IssueOrder, code: str) -> None:
    world = asset_world()
    before = world.content()
    assert (issue(world, operation), world.content()) == (code, before)


def test_asset_takes_only_so_many_orders() -> None:
    world = asset_world()
    codes = [issue(world, against("asset", ASSET, number)) for number in range(ORDERS_MAX + 1)]
    assert codes == ["ok"] * ORDERS_MAX + ["asset-orders-full"]


def test_deactivated_identity_cannot_be_suspended() -> None:
    world = with_regulator(World())
    world.submit("member", DeactivateIdentity())
    assert issue(world, against("identity", did=MEMBER)) == "order-identity-unknown"


SAMPLES = (
    against("asset", bytes(32), until_ms=9, reason="why", evidence=EvidenceOfOrder(MEMBER, bytes(16))),
    LiftOrder(bytes(32), "on appeal", DOCUMENT),
)
