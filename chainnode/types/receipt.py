"""What became of a transaction, and what a block did by itself.

    Receipt       [tag 5, tx_id, height, index, code, failed_operation, info, events]
    BlockReceipt  [tag 10, height, events]
    Event         [name, {attribute: scalar}]

Code ``ok`` means every operation applied. Any other code means none did: the
receipt names the operation at fault (``failed_operation``; -1 when the transaction as a
whole was refused, for example its signatures), and has no events.

The results tree of a block has its own receipt as leaf 0 and the receipt of transaction i as leaf i + 1. So it always
has ``tx_count + 1`` leaves, whether or not opening the block did anything: a verifier knows the tree's size from the
header, and no prover can choose it. The two kinds differ in their tag and in their place.
"""

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.types.block import Hash
from chainnode.types.transaction import Height

RECEIPT_TAG: Final = 5
BLOCK_RECEIPT_TAG: Final = 10
OK: Final = "ok"
Scalar = str | int | bool | bytes | None
_SCALARS: Final = frozenset((str, int, bool, bytes, type(None)))
if TYPE_CHECKING:
    _Attribute = Scalar
else:
    # msgspec takes no union of str and bytes; Event checks the types itself.
    _Attribute = Any


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something that happened on the ledger, for subscribers, sinks and relayers."""

    name: Annotated[str, msgspec.Meta(max_length=64)]
    """``<contract>.<fact>`` in the past tense, such as ``asset.registered``."""
    attributes: dict[str, _Attribute]

    def __post_init__(self) -> None:
        """Runs on decoding too. Raises TypeError, in decoding a malformed Event: a value is no scalar."""
        values = self.attributes.values()
        if not _SCALARS.issuperset(map(type, values)):
            surplus = next(type(value).__name__ for value in values if type(value) not in _SCALARS)
            raise TypeError(f"an event's attribute is a scalar, not {surplus}")


class Receipt(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=RECEIPT_TAG):
    """The certified outcome of one transaction; leaf of the next header's ``prev_results_root``."""

    tx_id: Hash
    height: Height
    index: Annotated[int, msgspec.Meta(ge=0, lt=limits.BLOCK_TRANSACTIONS_MAX)]
    code: Annotated[str, msgspec.Meta(max_length=64)]
    failed_operation: Annotated[int, msgspec.Meta(ge=-1, lt=limits.OPERATIONS_MAX)]
    info: Annotated[str, msgspec.Meta(max_length=512)]
    events: Annotated[tuple[Event, ...], msgspec.Meta(max_length=limits.EVENTS_PER_TRANSACTION_MAX)]


class BlockReceipt(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=BLOCK_RECEIPT_TAG):
    """What opening a block did before its first transaction; leaf 0 of the next header's ``prev_results_root``."""

    height: Height
    events: Annotated[tuple[Event, ...], msgspec.Meta(max_length=limits.EVENTS_PER_BLOCK_MAX)]


decode_receipt: Final = Decoder(Receipt, limits.MIB)
decode_block_receipt: Final = Decoder(BlockReceipt, limits.MIB)


def silent_block_receipt(height: int) -> bytes:
    """Canonical bytes of the receipt of a block that did nothing by itself: most blocks, and never stored."""
    return encode(BlockReceipt(height, ()))
