"""A block's transactions, run through the contracts on an overlay.

Nothing touches the disk here: a block that is prepared but never decided leaves no
trace. The same block on the same state gives the same bytes on every machine.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chainnode.chain.candidate import Candidate
from chainnode.chain.certificate import open_certificate
from chainnode.codec.canonical import encode
from chainnode.proofs.merkle import leaf_hash
from chainnode.proofs.merkle import root as merkle_root
from chainnode.state.overlay import Overlay
from chainnode.types.receipt import BlockReceipt, Receipt
from consensus.equivocation import decode_equivocation
from contracts.governance.opening import BlockFacts
from contracts.kernel.execution import execute_transaction, open_block


@dataclass(slots=True, frozen=True)
class Execution:
    """What a block does to the state on which it was run."""

    block_hash: bytes
    receipts: list[Receipt]
    receipt_bytes: list[bytes]
    """Canonical encodings, in block order: the leaves of the results tree after the block's own."""
    block_receipt: BlockReceipt
    """What opening the block did."""
    block_receipt_bytes: bytes
    """The first leaf of the results tree."""
    results_root: bytes
    changes: dict[bytes, bytes | None]
    """State keys written, in key order; None = removed."""


def execute_block(candidate: Candidate, read: Callable[[bytes], bytes | None]) -> Execution:
    """Run ``candidate`` on the state that ``read`` shows.

    Never fails for what a client wrote: a transaction that cannot apply gets a receipt
    that says why. Anything else that goes wrong is a defect and propagates.
    """
    header = candidate.header
    overlay = Overlay(read)
    events = open_block(_facts(candidate), chain_id=header.chain_id, time_ms=header.time_ms, overlay=overlay)
    opened = BlockReceipt(header.height, tuple(events))
    receipts = [
        execute_transaction(
            transaction, chain_id=header.chain_id, height=header.height, time_ms=header.time_ms,
            index=index, overlay=overlay,
        )
        for index, transaction in enumerate(candidate.transactions)
    ]
    receipt_bytes = [encode(receipt) for receipt in receipts]
    opened_bytes = encode(opened)
    results_root = merkle_root([leaf_hash(data) for data in (opened_bytes, *receipt_bytes)])
    return Execution(
        candidate.block_hash, receipts, receipt_bytes, opened, opened_bytes, results_root, overlay.changes()
    )


def _facts(candidate: Candidate) -> BlockFacts:
    """What the block says by itself; whoever voted for it has verified certificate and proofs."""
    certificate = candidate.last_certificate
    return BlockFacts(
        candidate.header.height,
        candidate.header.parent_hash,
        open_certificate(certificate) if certificate else None,
        [decode_equivocation(item) for item in candidate.misbehaviour],
    )
