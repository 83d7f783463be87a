"""The shape of an operation, and what the kernel must know about each kind.

Wire form: canonical MessagePack array ``[name, field, ...]``; every field is present.
Fields are only ever appended, under a feature with an activation height, so that old
blocks read the same for ever.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from chainnode import limits
from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.policy import Rule

OPERATION_BYTES_MAX: Final = 64 * limits.KIB
"""Leaves every record made from an operation far below the bound of a state value."""


class Operation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of every operation; subclasses set ``tag="<family>.<verb>"``."""

    def check(self) -> None:
        """Refuse what is wrong in any state and at any height.

        Types and bounds of fields are checked when the bytes are read; this adds what
        concerns several fields.

        Raises:
            OperationFailed: with a code of the operation's family.
        """


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """One line of the table of operations."""

    type: type[Operation]
    apply: Callable[[Any, Context, State], None]
    """Reads and writes the state, or raises OperationFailed; sees an operation that passed ``check``."""
    rule: Rule
    """Who may, unless the consortium's policy says otherwise."""
    codes: tuple[str, ...]
    """Refusals that ``check`` and ``apply`` can raise, beside the kernel's own."""
    genesis: Literal["never", "also"] = "never"
    by_proposal: bool = False
    """Whether a proposal may carry it: it changes the consortium's affairs, and nobody acts in another's name by it."""
    state_bytes: int = 0
    """State values that it may write beyond what its transaction may by its size: lists that the consortium shares, and
    that something else rations, such as one vote for each member and proposal."""
    work: int = 1
    """As many usual operations as it costs at worst: values read, written and hashed, records decoded; 1 to
    ``limits.OPERATION_WORK_MAX``. A block holds ``block_work_max`` of it."""
    feature: str | None = None
    """Feature that must have reached its activation height; None = from the first block."""
    name: str = field(init=False)
    """``<family>.<verb>``, the tag of ``type``."""
    family: str = field(init=False)

    def __post_init__(self) -> None:
        name = str(self.type.__struct_config__.tag)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "family", name.partition(".")[0])


def encode_operation(operation: Operation) -> bytes:
    """Canonical bytes of ``operation``, as payloads hold them.

    Does not check it; ``contracts.kernel.registry.checked_operation`` does.
    """
    return encode(operation)
