"""What the families bring for the tests of the kernel: ``samples.py`` in the folder of each."""

import importlib
from collections.abc import Callable

from contracts.kernel.operation import Operation
from contracts.kernel.registry import FAMILIES

_MODULES = tuple(importlib.import_module(f"tests.unit.contracts.{family.name}.samples") for family in FAMILIES)

SAMPLES: tuple[Operation, ...] = tuple(sample for module in _MODULES for sample in module.SAMPLES)
REFUSALS: dict[str, Callable[[], str]] = {code: run for module in _MODULES for code, run in module.REFUSALS.items()}
