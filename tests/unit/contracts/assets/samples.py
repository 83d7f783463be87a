"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable
from typing import Any

import pytest

from contracts.assets import lineage
from contracts.assets.description import AssetDescription, Distribution, Field, Grade, Parent, PersonalBasis, Valuation
from contracts.assets.measures import freeze_asset, release_asset
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import ORDERS_MAX
from contracts.assets.registrar import RegistrarPolicy, SetRegistrarPolicy
from contracts.kernel.operation import Operation
from tests.unit.contracts.assets.family_tree import change, parent, register
from tests.unit.contracts.assets.refusals import (
    APPLICATION_REFUSALS,
    APPLICATION_SAMPLES,
    REQUEST_REFUSALS,
    REQUEST_SAMPLES,
)
from tests.unit.contracts.assets.register import ASSET, ORDER, POLICY, code_of, context_of, register_world, registered
from tests.unit.contracts.world import World

SAMPLES: tuple[Operation, ...] = (
    RegisterAsset(
        "x-1",
        AssetDescription(
            "dataset",
            "A",
            distributions=(Distribution("t", "https://example.org/a.csv"),),
            valuation=Valuation("cost", 5, "CNY"),
            parents=(Parent(bytes(32), "derived-from"),),
        ),
    ),
    SetRegistrarPolicy(POLICY),
    *APPLICATION_SAMPLES,
    *REQUEST_SAMPLES,
)


def described(**fields: Any) -> str:
    return World().submit("exchange", RegisterAsset("a", AssetDescription("dataset", "A", **fields))).code


def frozen(orders: int = 1) -> World:
    world = registered()
    for number in range(orders):
        freeze_asset(ASSET, ORDER + bytes((number,)), context_of(world), world.overlay)
    return world


def freezing(world: World, order: bytes) -> str:
    return code_of(lambda: freeze_asset(ASSET, order, context_of(world), world.overlay))


def _changed(*parents: str) -> str:
    """The code of making ``a``, above which ``b`` stands already, a child of ``parents``."""
    world = World()
    for name, above in (("a", ()), ("b", ("a",)), ("c", ())):
        register(world, name, *above)
    return change(world, "a", *parents)


def _with_bound(name: str, bound: int, run: Callable[[], str]) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lineage, name, bound)
        return run()


def _below(grade: Grade, holder: str = "exchange") -> str:
    """The code of registering a general asset under one of ``grade``."""
    world = World()
    register(world, "a", grade=grade, holder=holder)
    return register(world, "b", "a")


REFUSALS: dict[str, Callable[[], str]] = {
    "asset-parent-shares": lambda: register(World(), "b", parent("a", share=6_000), parent("c", share=6_000)),
    "asset-lineage-cycle": lambda: _changed("b"),
    "asset-lineage-too-deep": lambda: _with_bound("GENERATIONS_MAX", 0, lambda: _changed("c")),
    "asset-lineage-too-large": lambda: _with_bound("ANCESTORS_LOOKED_AT_MAX", 0, lambda: _changed("c")),
    "asset-derivation-right": lambda: _below("general", "member"),
    "asset-grade-lowered": lambda: _below("important"),
    "asset-compliance-missing": lambda: described(grade="important"),
    "asset-basis-missing": lambda: described(personal_information="personal"),
    "asset-assessment-missing": lambda: described(
        personal_information="sensitive", personal_basis=PersonalBasis("consent", bytes(32))
    ),
    "asset-too-large": lambda: described(fields=tuple(Field("f" * 60, description="d" * 240) for _ in range(100))),
    "asset-policy-contradicts": lambda: (
        register_world().submit("registrar", SetRegistrarPolicy(RegistrarPolicy(reviewers=2, approvals=3))).code
    ),
    "asset-order-held": lambda: freezing(frozen(), ORDER + bytes(1)),
    "asset-orders-full": lambda: freezing(frozen(ORDERS_MAX), ORDER),
    "asset-order-unknown": lambda: code_of(
        lambda: release_asset(ASSET, ORDER, context_of(world := registered()), world.overlay)
    ),
    **APPLICATION_REFUSALS,
    **REQUEST_REFUSALS,
}
"""Code -> a run that ends in it, and returns the code of the receipt."""
