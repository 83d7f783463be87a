"""Parameters of the whole chain: on the ledger, never a node's own setting.

What affects the group's timing or decides validity must be equal everywhere, so
it lives in state under ``governance/parameters`` and changes only by governance.
"""

from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder
from consensus.timers import TimerConfig

PARAMETERS_TAG: Final = 7


class ChainParameters(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=PARAMETERS_TAG):
    """Times in milliseconds, sizes in bytes, windows in blocks."""

    batch_wait_ms: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 10
    idle_block_ms: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)] = 10_000
    """Empty block after this much silence; 0 = only the proof block after a non-empty one."""
    view_timeout_ms: Annotated[int, msgspec.Meta(ge=50, le=60_000)] = 2_000
    view_timeout_max_ms: Annotated[int, msgspec.Meta(ge=50, le=600_000)] = 30_000
    resend_ms: Annotated[int, msgspec.Meta(ge=50, le=60_000)] = 1_000
    validity_window: Annotated[int, msgspec.Meta(ge=10, le=100_000)] = 1_000
    """A transaction names an expiry height at most this many blocks ahead; bounds the replay index."""
    block_transactions_max: Annotated[int, msgspec.Meta(ge=1, le=limits.BLOCK_TRANSACTIONS_MAX)] = 2_000
    block_bytes_max: Annotated[int, msgspec.Meta(ge=limits.ENVELOPE_BYTES_MAX, le=limits.BLOCK_BYTES_MAX)] = (
        2 * limits.MIB
    )
    block_work_max: Annotated[int, msgspec.Meta(ge=limits.TRANSACTION_WORK_MAX, le=1_000_000)] = 10_000
    """In usual operations. A node commits some ten thousand in a second, and answers nobody meanwhile."""
    clock_ahead_ms: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)] = 2_000
    """A fresh proposal's time may be this much after a voter's clock."""
    clock_behind_ms: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)] = 10_000
    """... and this much before it."""
    epoch_blocks: Annotated[int, msgspec.Meta(ge=4, le=1_000_000)] = 100
    """The validator set changes only after blocks whose height is a multiple of this."""

    def timer_config(self) -> TimerConfig:
        """The part the agreement core needs."""
        return TimerConfig(
            batch_wait_ms=self.batch_wait_ms,
            idle_block_ms=self.idle_block_ms,
            view_timeout_ms=self.view_timeout_ms,
            view_timeout_max_ms=self.view_timeout_max_ms,
            resend_ms=self.resend_ms,
        )


decode_parameters: Final = Decoder(ChainParameters, 4 * limits.KIB)
