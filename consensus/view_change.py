"""R6 and R7: leave a view whose leader does not deliver, and lead the next one.

A view above 0 is *asked for* by VIEW_CHANGE and runs its timer only once q validators ask for it or for more. So a
replica whose peers are content, cut off or behind waits where it is instead of running ahead through views that nobody
shares, and the lowest honest replica always catches up: views meet again after any disturbance.

Source: SPEC.md R6, R7; Castro & Liskov 1999, section 4.5.2 (the timer starts with 2f + 1 VIEW-CHANGEs).
"""

from consensus import limits, normal_case
from consensus.inputs import BlockFetched
from consensus.invariant import invariant
from consensus.justification import make_justification
from consensus.messages import NOTHING_PREPARED, ViewChange
from consensus.outputs import FetchBlock, Outputs, ViewChanged
from consensus.state import Phase, State


def start(state: State, view: int, reason: str, out: Outputs) -> None:
    """R6: ask for ``view``. From here on this replica signs no PREPARE and no COMMIT of a lower view."""
    invariant(view > state.view, "a view is only left for a higher one")
    if view > limits.VIEW_MAX:
        return
    state.set_view(view, out)
    prepared = state.prepared
    out.add_signature(
        ViewChange(
            state.chain_id,
            state.validators.epoch,
            state.validators.hash,
            state.height,
            view,
            state.own,
            NOTHING_PREPARED if prepared is None else prepared.view,
            b"" if prepared is None else prepared.block_hash,
            certificate=prepared,
        )
    )
    out.add_event(ViewChanged(state.height, view, reason))
    consider_leading(state, out)


def on_timer(state: State, out: Outputs) -> None:
    """R6: the leader of the current view had its time."""
    state.view_timer_armed = False
    if state.can_vote:
        start(state, state.view + 1, "timeout", out)


def on_view_change(state: State, message: ViewChange, out: Outputs) -> bool:
    """R6, R7: keep the highest VIEW_CHANGE of each sender and act on what they ask for; True if it was new."""
    if not state.book.add_view_change(message):
        return False
    reconsider(state, out)
    return True


def reconsider(state: State, out: Outputs) -> None:
    """R6: join a higher view that f + 1 senders ask for, else see whether the current one can begin."""
    if not state.can_vote:
        return
    view = state.book.view_to_join(state.validators.weak)
    if view > state.view:
        start(state, view, "joined", out)
    else:
        consider_leading(state, out)


def consider_leading(state: State, out: Outputs) -> None:
    """R6, R7: with q validators in the view run its timer; with q VIEW_CHANGEs for exactly it, its leader proposes."""
    if state.phase != Phase.VIEW_CHANGING or not state.can_vote:
        return
    quorum = state.validators.quorum
    if state.book.asking_count(state.view) < quorum:
        return
    state.arm_view_timer(out)
    if state.justification is not None or not state.leads():
        return
    view_changes = state.book.view_changes_to(state.view)
    if len(view_changes) >= quorum:
        justification = make_justification(view_changes)
        state.justification = justification
        if justification.certificate is None:
            normal_case.build(state, out)
        else:
            _propose_again(state, justification.certificate.block_hash, out)


def _propose_again(state: State, block_hash: bytes, out: Outputs) -> None:
    # R7: the block of the highest certificate may be one this leader never saw; its signers hold it durably (R2).
    proposal = state.proposal_of(block_hash)
    if proposal is not None:
        normal_case.propose(state, block_hash, proposal, out)
        return
    state.fetching = block_hash
    ask_for_body(state, out)


def ask_for_body(state: State, out: Outputs) -> None:
    """R7: fetch, or go on fetching, the block that must be proposed again."""
    justification = state.justification
    if state.fetching is None or justification is None or justification.certificate is None:
        return
    holders = tuple(index for index in justification.certificate.signer_indexes() if index != state.own_index)
    out.add_request(FetchBlock(state.height, state.fetching, holders))


def on_block_fetched(state: State, answer: BlockFetched, out: Outputs) -> None:
    """R7: the body is here; propose it if this replica still leads the view that needs it."""
    if state.fetching != answer.block_hash or state.accepted is not None or not state.can_vote:
        return
    state.fetching = None
    state.fetched = (answer.block_hash, answer.proposal)
    normal_case.propose(state, answer.block_hash, answer.proposal, out)
