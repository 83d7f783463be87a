"""Proposals carried out: operations with the authority of the consortium, while a block opens or for trial.

All operations of a proposal apply or none does; a refusal is written down with its code and never stops the chain.
A defect propagates, as in a transaction: every node halts at the same height.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from chainnode.crypto.hashing import tagged_hash
from chainnode.errors import Rejected
from chainnode.limits import TRANSACTION_STATE_BYTES, TRANSACTION_STATE_FACTOR
from chainnode.state.overlay import Overlay
from chainnode.types.receipt import OK, Event
from contracts.governance.docket import close_votes, due_proposals, record_enactment
from contracts.governance.outcome_proposal import ProposalEnacted
from contracts.governance.proposal import read_proposal
from contracts.kernel.context import Context
from contracts.kernel.electorate import Count, count
from contracts.kernel.outcome import INFO_CHARS_MAX, OperationFailed
from contracts.kernel.policy import Rule, check_feature
from contracts.kernel.registry import OPERATIONS, SPEC_OF, decode_operation

ENACTED_EVENTS_MAX: Final = 128
"""Of one proposal; with ``ENACTMENTS_MAX`` and everything else it stays below what a block's receipt can hold."""
DEFAULT_RULES: Final[Mapping[str, Rule]] = MappingProxyType({name: spec.rule for name, spec in OPERATIONS.items()})
"""Who may, unless the consortium's policy says otherwise, by operation."""
WHOLE: Final = -1
_proposal_hash = tagged_hash("proposal")


class Enacted(NamedTuple):
    """What carrying out a list of operations did."""

    code: str
    """``ok``, or that of the first refusal; then nothing has changed."""
    failed_operation: int
    """-1 when all applied."""
    info: str
    events: tuple[Event, ...]


class Simulated(NamedTuple):
    """What a proposal would do if it were carried out on the state of now."""

    outcome: Enacted
    counts: tuple[Count, ...]
    """Whose agreement each operation needs; without votes, unless the proposal has some."""
    changes: tuple[tuple[bytes, bytes | None, bytes | None], ...]
    """State keys that would change, with value before and after, in key order."""


def consortium_context(
    *, chain_id: str, height: int, time_ms: int, number: int, default_rules: Mapping[str, Rule] = DEFAULT_RULES
) -> Context:
    """The context of a proposal's operations: nobody sends them, the consortium stands behind them."""
    return Context(
        chain_id=chain_id,
        height=height,
        time_ms=time_ms,
        tx_id=_proposal_hash(number.to_bytes(8, "big")),
        index=0,
        sender=f"proposal:{number}",
        signers=(),
        default_rules=default_rules,
        proposal=number,
    )


def carry_out(operations: Sequence[bytes], context: Context, overlay: Overlay) -> Enacted:
    """Apply encoded ``operations`` in order, all or none."""
    failed = WHOLE
    overlay.begin()
    most = TRANSACTION_STATE_BYTES + TRANSACTION_STATE_FACTOR * sum(len(raw) for raw in operations)
    put_bytes_before = overlay.put_bytes
    try:
        for raw in operations:
            failed += 1
            operation = decode_operation(raw)
            spec = SPEC_OF[type(operation)]
            if not spec.by_proposal:
                raise OperationFailed("proposal-operation-unfit", f"{spec.name} acts in somebody's own name")
            check_feature(spec.name, spec.feature, context.height, overlay)
            most += spec.state_bytes
            spec.apply(operation, context, overlay)
            if len(context.events) > ENACTED_EVENTS_MAX:
                raise OperationFailed("too-many-events", f"a proposal emits at most {ENACTED_EVENTS_MAX} events")
            if overlay.put_bytes > put_bytes_before + most:
                raise OperationFailed("too-much-state", f"a proposal of this size may write {most} bytes")
    except Rejected as refusal:
        overlay.discard()
        return Enacted(refusal.code, failed, refusal.message[:INFO_CHARS_MAX], ())
    overlay.commit()
    return Enacted(OK, WHOLE, "", tuple(context.events))


def open_proposals(*, chain_id: str, height: int, time_ms: int, overlay: Overlay) -> list[Event]:
    """Count the votes whose time is over and carry out what is due, before the transactions of the block ``height``."""
    events = [decided.to_event() for decided in close_votes(overlay, height, time_ms, DEFAULT_RULES)]
    for record in due_proposals(overlay, height):
        number = record.number
        if read_proposal(overlay, number).status != "APPROVED":
            continue  # one carried out before it has annulled it
        context = consortium_context(chain_id=chain_id, height=height, time_ms=time_ms, number=number)
        done = carry_out(record.operations, context, overlay)
        failure = record_enactment(overlay, number, height, done.code, done.failed_operation, done.info)
        if failure is None:
            enacted = ProposalEnacted(number, len(record.operations), len(done.events))
            events += [enacted.to_event(), *done.events]
        else:
            events.append(failure.to_event())
    return events


def simulate(
    operations: Sequence[bytes],
    read: Callable[[bytes], bytes | None],
    *,
    chain_id: str,
    height: int,
    time_ms: int,
    votes: Sequence[tuple[str, bool]] = (),
) -> Simulated:
    """What ``operations`` would do in the block at ``height``, on the state that ``read`` shows; writes nothing.

    The outcome when they are carried out later may differ: the state will have moved on.

    Raises:
        OperationFailed: as ``contracts.kernel.registry.decode_operation``: an operation does not read.
    """
    names = [SPEC_OF[type(decode_operation(raw))].name for raw in operations]
    overlay = Overlay(read)
    context = consortium_context(chain_id=chain_id, height=height, time_ms=time_ms, number=0)
    outcome = carry_out(operations, context, overlay)
    changed = tuple((key, read(key), value) for key, value in overlay.changes().items())
    counts = count(names, votes, Overlay(read), DEFAULT_RULES)
    return Simulated(outcome, counts, tuple(item for item in changed if item[1] != item[2]))
