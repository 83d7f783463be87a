"""Many independent operations in few atomic transactions, with one outcome for each.

A transaction applies as a whole or not at all. So when one operation of a batch is at fault, the receipt names it, it
is set aside with its code, and the others go again in a new transaction. That is safe: a committed transaction with a
refusal has had no effect, and one that expired unseen never will have.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chainnode.codec.canonical import encode
from chainnode.errors import Rejected
from chainnode.limits import KIB, OPERATIONS_MAX, PAYLOAD_BYTES_MAX
from chainnode.sdk.answer import Submission
from chainnode.sdk.client import Client
from chainnode.sdk.errors import Unsettled
from chainnode.sdk.wallet import Operation, SignedTransaction, Wallet

OPERATION_ROOM_BYTES: Final = PAYLOAD_BYTES_MAX - 4 * KIB
"""What operations may take of a payload; the rest of it, memo included, stays far below 4 KiB."""
_SIGNINGS_MAX: Final = 4
"""Times one batch is signed anew because it expired before any node took it."""
_ABOUT_THE_SENDER: Final = frozenset(
    {"role-missing", "operation-forbidden", "approval-required", "feature-inactive"}
)
"""Refusals that meet every operation of the same kind alike."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one operation."""

    code: str
    """``ok``; or the code it was refused with; or ``not-yet-committed``: nobody could tell in time."""
    info: str = ""
    tx_id: str = ""
    height: int | None = None

    @property
    def is_ok(self) -> bool:
        """It took effect."""
        return self.code == "ok"


def pack(
    operations: Sequence[Operation], *, operations_max: int = OPERATIONS_MAX, bytes_max: int = OPERATION_ROOM_BYTES
) -> Iterator[range]:
    """Consecutive runs of operations that fit one transaction each.

    One operation larger than ``bytes_max`` makes a run of its own, for the nodes to refuse by name.
    """
    start = size = 0
    for at, operation in enumerate(operations):
        operation_bytes = len(operation if isinstance(operation, bytes) else encode(operation))
        if at > start and (at - start == operations_max or size + operation_bytes > bytes_max):
            yield range(start, at)
            start, size = at, 0
        size += operation_bytes
    if start < len(operations):
        yield range(start, len(operations))


async def apply_batch(
    client: Client, wallet: Wallet, operations: Sequence[Operation], *, timeout_ms: int = 60_000
) -> list[Applied]:
    """Put up to 128 independent operations of one kind on the ledger; one result each, in order.

    The time counts anew for each transaction that a refusal makes necessary.

    Raises:
        Unavailable: no node answered.
        Rejected: ``wrong-chain``: the nodes belong to another chain.
    """
    results: dict[int, Applied] = {}
    left = list(range(len(operations)))
    while left:
        chosen = [operations[at] for at in left]
        fault = await _attempt(client, wallet, chosen, timeout_ms)
        if fault.operation is None:
            results |= dict.fromkeys(left, fault.applied)
            break
        results[left.pop(fault.operation)] = fault.applied
    return [results[at] for at in range(len(operations))]


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What was said about a transaction: about one of its operations, or (None) about them all."""

    applied: Applied
    operation: int | None = None


async def _attempt(client: Client, wallet: Wallet, operations: Sequence[Operation], timeout_ms: int) -> _Verdict:
    for _ in range(_SIGNINGS_MAX):
        try:
            signed = await wallet.transaction(client, operations)
            done = await client.submit(signed.envelope, wait="committed", timeout_ms=timeout_ms)
        except Rejected as error:
            if error.code == "expired":
                continue
            if error.code == "wrong-chain":
                raise
            return _refused(error, len(operations))
        except Unsettled as error:
            return _Verdict(Applied(error.code, error.message, str(error.details.get("tx_id", ""))))
        return _committed(done, signed, len(operations))
    return _Verdict(Applied("expired", f"the transaction expired {_SIGNINGS_MAX} times before a block took it"))


def _refused(error: Rejected, count: int) -> _Verdict:
    """A refusal before any block: of one operation, where its details name one."""
    applied = Applied(error.code, error.message, str(error.details.get("tx_id", "")))
    operation = error.details.get("operation")
    if isinstance(operation, int) and 0 <= operation < count and count > 1:
        return _Verdict(applied, operation)
    return _Verdict(applied)


def _committed(done: Submission, signed: SignedTransaction, count: int) -> _Verdict:
    receipt = done.receipt
    tx_id = signed.tx_id.hex()
    if receipt is None or receipt.code == "ok":
        return _Verdict(Applied("ok", "", tx_id, done.height))
    applied = Applied(receipt.code, receipt.info, tx_id, done.height)
    if receipt.code in _ABOUT_THE_SENDER or not 0 <= receipt.failed_operation < count:
        return _Verdict(applied)
    return _Verdict(applied, receipt.failed_operation)
