"""A replica rebuilt from its journal: where it was, what binds it, what it may send again.

Only records of the height above the tip matter; everything below is decided. The replica resumes in the same view with
the same lock and re-sends the bytes it had signed. What it had not made durable it has not sent either, so forgetting
it is safe.

Source: SPEC.md, Restart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from consensus import normal_case, view_change
from consensus.certificates import QuorumCertificate
from consensus.journal import (
    NOTHING_SIGNED,
    BlockPrepared,
    JournalRecord,
    MessageSigned,
    PersistBlock,
    SignPosition,
    SignState,
    sign_position,
)
from consensus.messages import Commit, Prepare, PrePrepare, Signed, ViewChange
from consensus.outputs import Outputs
from consensus.quorum import ValidatorSet
from consensus.state import Phase, State
from consensus.tip import Tip


class RecoveryRefused(Exception):
    """Journal, sign-state and store contradict each other: one of them was lost or restored from a backup.

    Signing on could be the second vote of this key for one place, so the node must not vote (SPEC.md, Restart).
    ``code`` is ``journal_ahead_of_store``, ``sign_state_ahead_of_store`` or ``sign_state_behind_journal``.
    """

    def __init__(self, code: str, details: str) -> None:
        super().__init__(f"{code}: {details}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Recovered:
    """What binds a validator at the height above its tip."""

    view: int = 0
    accepted: PrePrepare | None = None
    """Proposal prepared in ``view``."""
    prepared: QuorumCertificate | None = None
    """Highest PREPARE certificate, of any view."""
    prepared_proposal: bytes = b""
    sent: tuple[Signed, ...] = ()
    """Own signed messages of ``view``, in the order of signing."""
    signed_unrecorded: bool = False
    """The sign-state is ahead of the journal. Where it is written first, a crash fell between the two and the message
    signed last was lost before it was sent: the replica asks for the next view, the first place where it is certain to
    be free to sign. Where it is written last, records are lost, and the host must not let the replica vote."""


def recover(
    records: Sequence[JournalRecord],
    tip: Tip,
    validators: ValidatorSet,
    own_index: int | None,
    signed: SignState | None = None,
) -> Recovered:
    """Replay ``records``, oldest first, as far as they concern the height above ``tip``.

    ``signed`` is the sign-state of the validator's key; without it a crash between sign-state and journal is survived
    only by the guard's refusal.

    Raises:
        RecoveryRefused: the three memories contradict each other.
    """
    if own_index is None:
        return Recovered()
    height = tip.height + 1
    ahead = max((record.height for record in records), default=0)
    if ahead > height:
        raise RecoveryRefused("journal_ahead_of_store", f"record of height {ahead}, tip {tip.height}")
    if signed is not None and _is_unrecorded(signed.position, records, tip, validators):
        found = _replay(records, height)
        return Recovered(
            max(found.view, signed.position.view), None, found.prepared, found.prepared_proposal, (), True
        )
    return _replay(records, height)


def _replay(records: Sequence[JournalRecord], height: int) -> Recovered:
    view = 0
    accepted: PrePrepare | None = None
    prepared: QuorumCertificate | None = None
    proposals: dict[bytes, bytes] = {}
    sent: list[Signed] = []
    for record in records:
        if record.height < height or isinstance(record, PersistBlock):
            continue
        if isinstance(record, BlockPrepared):
            if prepared is None or record.certificate.view > prepared.view:
                prepared = record.certificate
            continue
        message = record.message
        if isinstance(message, PrePrepare):
            proposals[message.block_hash] = message.proposal
        if message.view > view:
            view, accepted, sent = message.view, None, []
        if message.view == view:
            if isinstance(message, PrePrepare):
                accepted = message
            if isinstance(record, MessageSigned):
                sent.append(message)
    proposal = b"" if prepared is None else proposals.get(prepared.block_hash, b"")
    return Recovered(view, accepted, prepared, proposal, tuple(sent))


def live_records(records: Sequence[JournalRecord], height: int) -> list[JournalRecord]:
    """Those of ``records`` that still bind a replica at ``height``, in their order: ``recover`` finds the same in them.

    A height that lasts (no quorum for hours) adds records with every view. What is kept is bounded: the lock with its
    proposal and body, and everything of the last view.
    """
    found = _replay(records, height)
    locked = b"" if found.prepared is None else found.prepared.block_hash
    bodies = {locked, b"" if found.accepted is None else found.accepted.block_hash}
    proposal_of_lock = None
    kept: list[JournalRecord] = []
    for record in records:
        if record.height < height:
            continue
        if isinstance(record, PersistBlock):
            if record.block_hash in bodies:
                bodies.remove(record.block_hash)
                kept.append(record)
        elif isinstance(record, BlockPrepared):
            if record.certificate == found.prepared:
                kept.append(record)
        elif record.message.view == found.view:
            kept.append(record)
        elif isinstance(record.message, PrePrepare) and record.message.block_hash == locked:
            proposal_of_lock = record
    if proposal_of_lock is not None:
        kept.insert(0, proposal_of_lock)
    return kept


def _is_unrecorded(
    signed: SignPosition, records: Sequence[JournalRecord], tip: Tip, validators: ValidatorSet
) -> bool:
    if signed.epoch > validators.epoch or signed.height > tip.height + 1:
        # A vote needs the block below it durable first, so a store that lacks it has lost something.
        raise RecoveryRefused("sign_state_ahead_of_store", f"signed at height {signed.height}, tip {tip.height}")
    positions = [sign_position(record.message) for record in records if isinstance(record, MessageSigned)]
    recorded = max(positions, default=NOTHING_SIGNED.position)
    if recorded > signed:
        raise RecoveryRefused("sign_state_behind_journal", f"journal {recorded}, sign-state {signed}")
    return signed > recorded and signed.height == tip.height + 1


def restore(state: State, recovered: Recovered) -> None:
    """Put a new replica where the old one was; nothing is asked of the host yet."""
    if recovered.view:
        state.view = recovered.view
        state.phase = Phase.VIEW_CHANGING
        state.book.enter_view(recovered.view)
    state.prepared = recovered.prepared
    state.prepared_proposal = recovered.prepared_proposal
    state.accepted = recovered.accepted
    if recovered.accepted is not None:
        is_prepared = recovered.prepared is not None and recovered.prepared.view == recovered.view
        state.phase = Phase.COMMITTING if is_prepared else Phase.PREPARING
    for message in recovered.sent:
        state.sent.append(message)
        if isinstance(message, ViewChange):
            state.book.add_view_change(message)
        elif isinstance(message, Prepare | Commit):
            state.book.add(message)


def resume(state: State, recovered: Recovered, out: Outputs) -> None:
    """Send the stored bytes again, and sign what the crash cut off between the proposal's record and the vote's."""
    if recovered.signed_unrecorded:
        view_change.start(state, state.view + 1, "recovered", out)
        return
    for message in recovered.sent:
        out.add_send(message, None)
    if state.accepted is not None:
        state.arm_view_timer(out)
        if not any(isinstance(message, Prepare) for message in recovered.sent):
            normal_case.sign_prepare(state, out)
        if state.phase == Phase.COMMITTING and not any(isinstance(message, Commit) for message in recovered.sent):
            normal_case.sign_commit(state, out)
    view_change.reconsider(state, out)
