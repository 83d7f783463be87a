"""A final ruling carried out on the ledger, and its freezes lifted again."""

from typing import Final

import msgspec

from chainnode.limits import KIB
from chainnode.state.view import State
from contracts.disputes.casework import known_dispute, move
from contracts.disputes.hearing import FORUM, check_final, check_forum
from contracts.disputes.operations import EnforceRuling, LiftMeasures
from contracts.disputes.outcome import MeasureEnforced
from contracts.disputes.record import LIFECYCLE, MEASURES_MAX, Measure, measure_order
from contracts.disputes.subject import CARRYING_OUT, carry_out, lift_freeze, release_subject
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.policy import ANY_MEMBER


def enforce(operation: EnforceRuling, context: Context, state: State) -> None:
    """Release the hold and carry out every measure, all or none.

    Raises:
        OperationFailed: ``dispute-unknown``, ``dispute-status``, ``dispute-too-early``, or the code with which
            an asset, right or trade refuses a measure: then the forum may close the case.
    """
    record = known_dispute(operation.dispute_id, state)
    status = LIFECYCLE.step(record.status, "enforce")
    check_final(record, context.time_ms)
    released = release_subject(record, context, state)
    measures: tuple[Measure, ...] = () if record.ruling is None else record.ruling.measures
    for number, measure in enumerate(measures):
        carry_out(measure, measure_order(record.dispute_id, number), context, state)
        subject = measure.subject
        context.emit(
            MeasureEnforced(
                record.dispute_id, number, measure.kind, subject.kind, subject.id, measure.party, measure.amount
            )
        )
    move(msgspec.structs.replace(released, status=status), "enforce", f"{len(measures)} measures", context, state)


def lift(operation: LiftMeasures, context: Context, state: State) -> None:
    """Release everything that the ruling froze.

    Raises:
        OperationFailed: ``dispute-unknown``, ``dispute-status`` or ``dispute-not-forum``.
    """
    record = known_dispute(operation.dispute_id, state)
    status = LIFECYCLE.step(record.status, "lift")
    check_forum(record, context.sender, state)
    measures: tuple[Measure, ...] = () if record.ruling is None else record.ruling.measures
    for number, measure in enumerate(measures):
        if measure.kind == "freeze":
            lift_freeze(measure.subject, measure_order(record.dispute_id, number), context, state)
    move(msgspec.structs.replace(record, status=status), "lift", operation.reason, context, state)


STATE_BYTES: Final = (MEASURES_MAX + 1) * 32 * KIB
"""The subject released, each measure on the largest asset, and the case itself; once for each case."""

OPERATIONS: Final = (
    OperationSpec(
        EnforceRuling,
        enforce,
        ANY_MEMBER,
        ("dispute-unknown", "dispute-status", "dispute-too-early", *CARRYING_OUT),
        state_bytes=STATE_BYTES,
        work=8,
    ),
    OperationSpec(
        LiftMeasures,
        lift,
        FORUM,
        ("dispute-unknown", "dispute-status", "dispute-not-forum"),
        state_bytes=STATE_BYTES,
        work=8,
    ),
)
