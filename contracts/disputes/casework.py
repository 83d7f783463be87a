"""What every step of a dispute needs: finding it, writing it, taking evidence in."""

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.disputes.outcome import DisputeMoved
from contracts.disputes.record import DisputeRecord, EvidenceReference, dispute_key, read_dispute
from contracts.evidence.record import read_evidence
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed

CASE_EVIDENCE_MAX = 64
"""Of both sides together: the record of a case is written at every step."""


def known_dispute(dispute_id: bytes, state: State) -> DisputeRecord:
    """The case that an operation speaks of.

    Raises:
        OperationFailed: ``dispute-unknown``.
    """
    found = read_dispute(state, dispute_id)
    if found is None:
        raise OperationFailed("dispute-unknown", f"no dispute {dispute_id.hex()}")
    return found


def append_evidence(
    before: tuple[EvidenceReference, ...], added: tuple[EvidenceReference, ...], state: State
) -> tuple[EvidenceReference, ...]:
    """The references of a case with ``added``, each of which must be on the ledger; one twice counts once.

    Raises:
        OperationFailed: ``dispute-evidence``.
    """
    for reference in added:
        if read_evidence(state, reference.submitter, reference.evidence_id) is None:
            raise OperationFailed(
                "dispute-evidence", f"{reference.submitter} never recorded {reference.evidence_id.hex()}"
            )
    together = tuple(dict.fromkeys((*before, *added)))
    if len(together) > CASE_EVIDENCE_MAX:
        raise OperationFailed(
            "dispute-evidence", f"{len(together)} pieces of evidence, {CASE_EVIDENCE_MAX} can be held"
        )
    return together


def write(record: DisputeRecord, context: Context, state: State) -> None:
    """Put ``record`` as changed now."""
    changed = msgspec.structs.replace(record, updated_height=context.height, updated_ms=context.time_ms)
    state.put(dispute_key(record.dispute_id), encode(changed))


def move(record: DisputeRecord, action: str, detail: str, context: Context, state: State) -> None:
    """Write ``record`` and tell what was done; ``detail`` has at most 256 characters."""
    write(record, context, state)
    context.emit(DisputeMoved(record.dispute_id, action, record.status, context.sender, detail))
