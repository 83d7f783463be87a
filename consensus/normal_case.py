"""R1 to R3: propose, accept, prepare.

    leader     BuildBlock -> BlockBuilt -> PRE_PREPARE + own PREPARE
    others     PRE_PREPARE -> CheckProposal -> ProposalChecked -> own PREPARE
    everybody  q PREPAREs -> own COMMIT; q COMMITs -> ``decision``

A replica prepares at most one proposal in a view, and what it prepares is durable before anybody hears of it.
"""

from consensus import decision, limits, misbehaviour
from consensus.certificates import PREPARE
from consensus.inputs import BlockBuilt, BuildFailed, ProposalChecked
from consensus.journal import BlockPrepared, PersistBlock, ProposalAccepted
from consensus.messages import Commit, Prepare, PrePrepare, Vote
from consensus.outputs import BuildBlock, CheckProposal, Outputs, PrepareExecution, SetTimer, ViewChanged
from consensus.state import Phase, State
from consensus.timers import Timer, TimerKind
from consensus.vote_book import CONFLICT


def consider_proposing(state: State, out: Outputs) -> None:
    """R1: give view 0 its time, and propose if this replica leads it, as soon as something is due.

    Nothing due, nothing armed: an idle chain never changes view. Validators that do not lead arm the view timer too,
    which is how a silent leader is noticed.
    """
    if state.phase != Phase.NEW_HEIGHT or state.candidate is not None or not state.can_vote:
        return
    if not (state.pending or state.tip.proof_due or state.idle_due):
        return
    due_ms = _due_ms(state)
    state.give_time_from(max(state.now_ms, due_ms), out)
    if not state.leads() or state.building == state.view:
        return
    if due_ms <= state.now_ms:
        build(state, out)
    elif state.batch_due_ms is None or due_ms < state.batch_due_ms:
        state.batch_due_ms = due_ms
        out.add_timer(SetTimer(Timer(TimerKind.BATCH, state.height, state.view), due_ms - state.now_ms))


def _due_ms(state: State) -> int:
    """R1: when to propose what is due now; in the past for a leader that was idle, or busy, for long enough."""
    if state.idle_due:
        return state.now_ms
    waits = 1 if state.pending else limits.PROOF_WAITS
    return state.proposed_at_ms + waits * state.timers.batch_wait_ms


def on_batch_timer(state: State, out: Outputs) -> None:
    """R1: the batch wait is over."""
    state.batch_due_ms = None
    due = state.pending or state.tip.proof_due
    if state.phase == Phase.NEW_HEIGHT and due and state.building < 0 and state.can_vote and state.leads():
        build(state, out)


def build(state: State, out: Outputs) -> None:
    """Ask for a fresh block in the current view. Above view 0 an empty one is wanted too, or the view would be lost."""
    state.building = state.view
    empty_allowed = state.view > 0 or state.tip.proof_due or state.idle_due
    out.add_request(BuildBlock(state.height, state.view, state.tip.block_hash, empty_allowed))


def on_block_built(state: State, answer: BlockBuilt, out: Outputs) -> None:
    """R1, R7: propose what the host built, if it is still wanted."""
    if answer.height != state.height or answer.view != state.view or state.building != state.view:
        return
    state.building = -1
    if state.can_vote and state.accepted is None:
        propose(state, answer.block_hash, answer.proposal, out)


def on_build_failed(state: State, answer: BuildFailed, out: Outputs) -> None:
    """R1: what was due turned out to be nothing, so view 0 goes back to waiting without a view change."""
    if answer.height != state.height or answer.view != state.view or state.building != state.view:
        return
    state.building = -1
    if state.view == 0 and not state.tip.proof_due and not state.idle_due:
        state.pending = 0
        state.due_at_ms = None
        state.cancel_timers(out)


def propose(state: State, block_hash: bytes, proposal: bytes, out: Outputs) -> None:
    """R1, R7: sign PRE_PREPARE and own PREPARE; body and both messages become durable with one sync."""
    message = PrePrepare(
        state.chain_id,
        state.validators.epoch,
        state.validators.hash,
        state.height,
        state.view,
        state.own,
        block_hash,
        proposal,
        state.justification,
    )
    out.add_record(PersistBlock(state.height, block_hash))
    out.add_signature(message)
    _prepare(state, message, out)


def on_pre_prepare(state: State, message: PrePrepare, out: Outputs) -> None:
    """R2: take the first proposal of the current view, or of a later one whose justification is valid, to be judged.

    The filter has established leader, view and justification.
    """
    if message.view == state.view:
        known = state.accepted or state.candidate
        if known is not None:
            misbehaviour.accuse(state, known, message, out)
            return
    else:
        state.set_view(message.view, out)
        out.add_event(ViewChanged(state.height, message.view, "justified"))
    state.candidate = message
    # A justification is itself q VIEW_CHANGEs, so above view 0 the timer may run as well (R6).
    state.arm_view_timer(out)
    justification = message.justification
    fresh = justification is None or justification.certificate is None
    out.add_request(
        CheckProposal(message.height, message.view, message.block_hash, message.proposal, fresh, message.sender)
    )


def on_proposal_checked(state: State, answer: ProposalChecked, out: Outputs) -> bool:
    """R2: prepare a proposal that the host found valid and holds.

    Returns:
        False if the leader proposed something invalid, so that the view must be left (R6).
    """
    message = state.candidate
    if (
        message is None
        or answer.height != message.height
        or answer.view != message.view
        or answer.block_hash != message.block_hash
        or not state.can_vote
    ):
        return True
    state.candidate = None
    if answer.code is not None:
        return False
    out.add_record(PersistBlock(state.height, message.block_hash))
    out.add_record(ProposalAccepted(message))
    _prepare(state, message, out)
    return True


def _prepare(state: State, message: PrePrepare, out: Outputs) -> None:
    state.accepted = message
    state.proposed_at_ms = state.now_ms
    state.candidate = None
    state.phase = Phase.PREPARING
    state.arm_view_timer(out)
    sign_prepare(state, out)
    consider_committing(state, out)


def sign_prepare(state: State, out: Outputs) -> None:
    """Ask for the own PREPARE of the accepted proposal."""
    if state.accepted is not None:
        out.add_signature(
            Prepare(
                state.chain_id,
                state.validators.epoch,
                state.validators.hash,
                state.height,
                state.view,
                state.own,
                state.accepted.block_hash,
            )
        )


def on_vote(state: State, message: Vote, out: Outputs) -> bool:
    """Count a PREPARE or COMMIT; True if it was new."""
    known = state.book.known(message)
    count = state.book.add(message)
    if count == CONFLICT:
        if known is not None:
            misbehaviour.accuse(state, known, message, out)
        return False
    if type(message) is Commit:
        decision.on_commit(state, message, count, out)
    elif message.view == state.view:
        consider_committing(state, out)
    return count > 0


def consider_committing(state: State, out: Outputs) -> None:
    """R3: with q PREPAREs for the accepted proposal, make their certificate durable and sign COMMIT."""
    accepted = state.accepted
    if state.phase != Phase.PREPARING or accepted is None or not state.can_vote:
        return
    if state.book.prepare_count(state.view, accepted.block_hash) < state.validators.quorum:
        return
    vote = state.book.any_prepare(state.view, accepted.block_hash)
    if vote is None:
        return
    certificate = state.book.certificate(PREPARE, state.validators.epoch, state.height, vote)
    state.prepared = certificate
    state.prepared_proposal = accepted.proposal
    state.phase = Phase.COMMITTING
    out.add_record(BlockPrepared(certificate))
    sign_commit(state, out)
    out.add_request(PrepareExecution(accepted.block_hash))


def sign_commit(state: State, out: Outputs) -> None:
    """Ask for the own COMMIT of the accepted proposal, whose PREPARE certificate is held."""
    if state.accepted is not None:
        out.add_signature(
            Commit(
                state.chain_id,
                state.validators.epoch,
                state.validators.hash,
                state.height,
                state.view,
                state.own,
                state.accepted.block_hash,
            )
        )
