"""R8 and R9: help those behind, notice that we are behind ourselves, and move to the next height.

Help is one message at most each ``HELP_INTERVAL_MS`` and peer: DECIDED, which proves itself. Sync starts on proof only:
a COMMIT certificate of a later height, or f + 1 verified COMMITs above ours, of which one is honest.
"""

from consensus import decision, misbehaviour, normal_case, view_change
from consensus.certificates import QuorumCertificate
from consensus.inputs import BlockApplied
from consensus.messages import Decided, Signed, Status
from consensus.outputs import Outputs, SetTimer, StartSync
from consensus.state import Phase, State
from consensus.timers import Timer, TimerKind
from consensus.tip import Tip

OBSERVER: int = -1
"""``Status.sender`` of a node that is not in the validator set."""


def arm_periodic(state: State, out: Outputs) -> None:
    """Start the next period of re-sending."""
    out.add_timer(SetTimer(Timer(TimerKind.RESEND, state.height, state.view), state.timers.resend_ms))


def arm_idle(state: State, out: Outputs) -> None:
    """R1: start the idle interval of this height."""
    if state.timers.idle_block_ms and state.own_index is not None:
        out.add_timer(SetTimer(Timer(TimerKind.IDLE, state.height, 0), state.timers.idle_block_ms))


def on_tick(state: State, out: Outputs) -> None:
    """R6, R8: repeat what has led nowhere for a whole period, and say where we stand."""
    arm_periodic(state, out)
    place = (state.height, state.view)
    if state.ticked == place and not state.syncing:
        for message in state.sent:
            out.add_send(message, None)
        decision.ask_to_apply(state, out)
        view_change.ask_for_body(state, out)
        consider_syncing(state, out)
    state.ticked = place
    out.add_send(status(state), None)


def status(state: State) -> Status:
    """Where this replica stands; the host fills in the lowest height that its store still has."""
    sender = OBSERVER if state.own_index is None else state.own_index
    phase = Phase.SYNCING if state.syncing else state.phase
    return Status(state.chain_id, sender, state.tip.height, state.tip.block_hash, state.view, phase, 0)


def on_status(state: State, message: Status, out: Outputs) -> None:
    """R8: a peer whose tip is below ours is shown a certificate; what it claims is believed in nothing else.

    The filter has established that help is due.
    """
    help_peer(state, message.sender, out)


def on_old_message(state: State, message: Signed, out: Outputs) -> None:
    """R8: answer a message of a decided height; the filter has established that help is due."""
    help_peer(state, message.sender, out)


def help_peer(state: State, peer: int, out: Outputs) -> None:
    """R8: send the certificate of the tip. One block behind, the peer decides by it; further behind, it starts sync.

    Of the tip and not of a decision still being applied: DECIDED is said only of what is durable.
    """
    certificate = state.tip.certificate
    if certificate is not None:
        state.helped_at_ms[peer] = state.now_ms
        out.add_send(Decided(state.chain_id, certificate.height, certificate.block_hash, certificate), peer)


def on_decided(state: State, message: Decided, out: Outputs) -> None:
    """R5, R9, R11: a verified certificate decides our height, shows a later one, or contradicts our tip."""
    if message.height == state.height:
        decision.commit(state, message.certificate, out)
    elif message.height > state.height:
        start_sync(state, message.height, message.certificate, message.certificate.signer_indexes(), out)
    else:
        details = f"height {message.height}: {state.tip.block_hash.hex()} and {message.block_hash.hex()}"
        misbehaviour.halt(state, "fork", details, out)


def on_early_message(state: State, message: Signed, out: Outputs) -> None:
    """F0, R9: keep a message of the next height; f + 1 COMMITs among them prove that ours is decided."""
    known = state.next_height.known(message)
    if known is None or known.view < message.view:
        state.next_height.add(message)
        consider_syncing(state, out)


def consider_syncing(state: State, out: Outputs) -> None:
    """R9: start sync when f + 1 verified senders have committed above us and we have nothing to decide by."""
    if state.syncing or state.phase == Phase.DECIDED:
        return
    senders = state.next_height.commit_senders()
    if len(senders) >= state.validators.weak:
        start_sync(state, state.height, None, senders, out)


def start_sync(
    state: State, height: int, certificate: QuorumCertificate | None, hints: tuple[int, ...], out: Outputs
) -> None:
    """R9: stop voting and let the host fetch certified blocks up to ``height`` at least.

    Not while the host applies our own decision: that ends in ``BlockApplied``, and the proof comes again (R8).
    """
    if state.decide_asked or (state.syncing and height <= state.sync_height):
        return
    state.syncing = True
    state.sync_height = height
    state.candidate = None
    state.building = -1
    state.cancel_timers(out)
    holders = tuple(index for index in hints if index != state.own_index)
    out.add_request(StartSync(height, certificate, holders))


def on_sync_finished(state: State, out: Outputs) -> None:
    """R9: votes may flow again, from exactly the state that sync left or led to.

    A sync that brought nothing changes nothing: what was accepted, prepared and asked for at this height still binds.
    """
    if not state.syncing:
        return
    state.syncing = False
    if state.phase == Phase.DECIDED:
        decision.ask_to_apply(state, out)
    elif state.phase == Phase.NEW_HEIGHT:
        normal_case.consider_proposing(state, out)
        view_change.reconsider(state, out)
    elif state.phase == Phase.VIEW_CHANGING:
        view_change.reconsider(state, out)
    elif state.can_vote:
        state.arm_view_timer(out)
        normal_case.consider_committing(state, out)
        view_change.reconsider(state, out)


def on_block_applied(state: State, applied: BlockApplied, out: Outputs) -> list[Signed]:
    """R5: the block is durable; work on the next height.

    Returns:
        Messages that arrived early for the new height, to be handled now.
    """
    if applied.height < state.height:
        if applied.height == state.tip.height and applied.block_hash != state.tip.block_hash:
            details = f"height {applied.height}: {state.tip.block_hash.hex()} and {applied.block_hash.hex()}"
            misbehaviour.halt(state, "fork", details, out)
        return []
    certificate = applied.certificate
    is_current = applied.height == state.height
    if is_current and state.committed is not None:
        if state.committed.block_hash != applied.block_hash:
            details = f"height {applied.height}: {state.committed.block_hash.hex()} and {applied.block_hash.hex()}"
            misbehaviour.halt(state, "fork", details, out)
            return []
        certificate = certificate or state.committed
    else:
        # Applied by sync; a decision of our own has set this at the time of the decision.
        state.decided_at_ms = state.now_ms
    early = state.next_height.in_order() if is_current else []
    state.cancel_timers(out)
    if applied.validators is not None:
        state.set_validators(applied.validators, applied.own_index)
    if applied.timers is not None:
        state.timers = applied.timers
    state.suspended = applied.suspended
    state.set_height(Tip(applied.height, applied.block_hash, applied.proof_due, certificate))
    arm_idle(state, out)
    normal_case.consider_proposing(state, out)
    return early
