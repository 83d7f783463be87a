"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable

import pytest

from contracts.assets import lineage
from contracts.assets.description import AssetDescription, Distribution, Grade, Parent, Valuation
from contracts.assets.operations import RegisterAsset
from contracts.kernel.operation import Operation
from tests.unit.contracts.assets.family_tree import change, parent, register
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
)



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
}
"""Code -> a run that ends in it, and returns the code of the receipt."""
