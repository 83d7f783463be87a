"""What a family of operations brings: one value that names all that the kernel, readers and the reference need."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.kernel.collection import Collection
from contracts.kernel.event import TypedEvent
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import Code

Record = tuple[str, int, str, Any]
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type of the value."""


@dataclass(frozen=True, slots=True)
class Family:
    """One folder of contracts, as ``contracts.kernel.registry`` lists it."""

    name: str
    """Of the folder."""
    operations: tuple[OperationSpec, ...]
    events: tuple[type[TypedEvent], ...]
    codes: Mapping[str, Code]
    records: tuple[Record, ...]
    lifecycles: tuple[Lifecycle, ...] = ()
    collections: tuple[Collection, ...] = ()
    """What readers can list and filter."""
