"""One transaction of a relayer, and what became of it.

Nothing is split here: what was at fault is named, and the next round asks the chains what is still due. So a batch
that another relayer has delivered costs one transaction, not one for each packet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chainnode.errors import Rejected
from chainnode.relayer.chain import Chain
from chainnode.sdk.batching import pack
from contracts.kernel.operation import Operation, encode_operation

TIMEOUT_MS: Final = 20_000
SETTLED_BY_OTHERS: Final = frozenset(
    {"relay-packet-received", "relay-packet-unknown", "relay-update-known", "relay-packet-late"}
)
"""Refusals that say: not due any more. The next round finds out what is."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was said about a transaction."""

    code: str
    """``ok`` or why none of it applied."""
    count: int
    """Operations of the transaction: the first so many of what was asked for."""
    operation: int = -1
    """The one at fault; -1: the transaction as a whole."""
    info: str = ""
    height: int = 0


async def submit(chain: Chain, operations: Sequence[Operation]) -> Verdict:
    """Put as many of ``operations`` as one transaction holds on the ledger, all or none of them.

    Raises:
        Unavailable, Unsettled: nobody said in time what became of it; it is safe to ask the chain and go on.
    """
    encoded = [encode_operation(operation) for operation in operations]
    fits = next(pack(encoded))
    chosen = [encoded[at] for at in fits]
    try:
        signed = await chain.wallet.transaction(chain.client, chosen)
        done = await chain.client.submit(signed.envelope, wait="committed", timeout_ms=TIMEOUT_MS)
    except Rejected as error:
        at = error.details.get("operation")
        named = at if isinstance(at, int) and not isinstance(at, bool) and 0 <= at < len(chosen) else -1
        return Verdict(error.code, len(chosen), named, error.message)
    receipt = done.receipt
    if receipt is None or receipt.code == "ok":
        return Verdict("ok", len(chosen), height=done.height or 0)
    at = receipt.failed_operation
    return Verdict(receipt.code, len(chosen), at if 0 <= at < len(chosen) else -1, receipt.info, done.height or 0)
