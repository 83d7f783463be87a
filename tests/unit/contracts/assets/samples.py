"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable

from contracts.assets.description import AssetDescription, Distribution, Parent, Valuation
from contracts.assets.operations import RegisterAsset
from contracts.kernel.operation import Operation

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

REFUSALS: dict[str, Callable[[], str]] = {}
"""Code -> a run that ends in it, and returns the code of the receipt."""
