"""F0: what is worth a signature check, decided by comparing fields with the state. Changes nothing.

The host calls it before verifying; the core calls it again at the step, because the state may have moved between. It
lets through what only a verified signature can make useful: new votes, conflicting votes (evidence), a peer's message
of an old height if help is due to it, and certificates that may decide, start sync or prove a fork.

Source: SPEC.md F0.
"""

from consensus import limits, rejection
from consensus.certificates import COMMIT, check_certificate
from consensus.justification import check_justification, check_view_change
from consensus.messages import Commit, Decided, Message, Prepare, PrePrepare, Signed, Status, ViewChange, Vote
from consensus.state import Phase, State


def check(state: State, message: Message) -> str | None:
    """Why ``message`` is of no use now, or ``None``."""
    if state.halt is not None:
        return rejection.HALTED
    if message.chain_id != state.chain_id:
        return rejection.WRONG_CHAIN
    if isinstance(message, Decided):
        return _check_decided(state, message)
    if isinstance(message, Status):
        return _check_status(state, message)
    return _check_signed(state, message)


def _check_signed(state: State, message: Signed) -> str | None:
    if state.own_index is None:
        return rejection.NOT_VALIDATOR
    validators = state.validators
    if message.epoch != validators.epoch:
        return rejection.WRONG_EPOCH
    if message.validators_hash != validators.hash:
        return rejection.WRONG_VALIDATORS
    if message.sender >= validators.size or message.sender < 0:
        return rejection.UNKNOWN_SENDER
    if not message.signature:
        return rejection.UNSIGNED
    height = state.height
    if message.height == height:
        return _check_current(state, message)
    if message.height == height + 1:
        return _check_next(state, message)
    if message.height > height:
        return rejection.FUTURE_HEIGHT
    return _check_shape(state, message) if help_is_due(state, message) else rejection.OLD_HEIGHT


def _check_shape(state: State, message: Signed) -> str | None:
    # Of a message that passes, the host looks up every signer it names, also where nothing but its sender matters.
    if isinstance(message, ViewChange):
        return check_view_change(message, state.validators)
    if isinstance(message, PrePrepare):
        return check_justification(message, state.validators)
    return None


def _check_current(state: State, message: Signed) -> str | None:
    if state.phase == Phase.DECIDED:
        return rejection.DECIDED
    if isinstance(message, Prepare | Commit):
        return _check_vote(state, message)
    if isinstance(message, ViewChange):
        known = state.book.view_changes[message.sender]
        if known is not None and known.view >= message.view:
            return rejection.DUPLICATE
        return check_view_change(message, state.validators)
    return _check_pre_prepare(state, message)


def _check_vote(state: State, message: Vote) -> str | None:
    view = state.view
    if message.view > view + limits.VIEWS_AHEAD_MAX:
        return rejection.VIEW_TOO_HIGH
    if message.view < view - limits.VIEWS_KEPT_MAX:
        return rejection.STALE_VIEW
    if state.book.is_outranked(message):
        return rejection.DUPLICATE
    known = state.book.known(message)
    if known is None:
        return None
    if known.block_hash == message.block_hash:
        return rejection.DUPLICATE
    return _check_accusation(state, message)


def _check_pre_prepare(state: State, message: PrePrepare) -> str | None:
    if state.syncing:
        return rejection.SYNCING
    if message.view > state.view + limits.VIEWS_AHEAD_MAX:
        return rejection.VIEW_TOO_HIGH
    if message.view < state.view:
        return rejection.STALE_VIEW
    if message.sender != state.leader_of(message.view):
        return rejection.NOT_LEADER
    if message.view == state.view:
        known = state.accepted or state.candidate
        if known is not None:
            if known.block_hash == message.block_hash:
                return rejection.DUPLICATE
            return _check_accusation(state, message) or _check_shape(state, message)
    return _check_shape(state, message)


def _check_accusation(state: State, message: Signed) -> str | None:
    # R10: one pair for each sender and height is proof enough; more of them would only buy signature checks.
    return rejection.ACCUSED if state.accused[message.sender] == message.height else None


def _check_next(state: State, message: Signed) -> str | None:
    known = state.next_height.known(message)
    if known is not None and known.view >= message.view:
        return rejection.DUPLICATE
    if isinstance(message, ViewChange):
        return check_view_change(message, state.validators)
    if message.view > limits.VIEWS_AHEAD_MAX:
        return rejection.VIEW_TOO_HIGH
    if isinstance(message, PrePrepare):
        # Two are kept, so they must be of those that can be accepted first; others are sent again.
        if message.view != 0:
            return rejection.VIEW_TOO_HIGH
        return check_justification(message, state.validators)
    return None


def _check_decided(state: State, message: Decided) -> str | None:
    certificate = message.certificate
    if certificate.height != message.height or certificate.block_hash != message.block_hash:
        return "certificate_mismatch"
    if message.height < state.height:
        # R11: another block with a quorum at the tip's height would be a fork, worth every check. Older heights are
        # for the host to compare with its store.
        if message.height < state.tip.height or message.block_hash == state.tip.block_hash:
            return rejection.OLD_HEIGHT
    elif message.height == state.height:
        committed = state.committed
        if committed is not None and committed.block_hash == message.block_hash:
            return rejection.DUPLICATE
    elif state.syncing and message.height <= state.sync_height:
        return rejection.DUPLICATE
    return check_certificate(certificate, state.validators, kind=COMMIT, chain_id=state.chain_id)


def _check_status(state: State, message: Status) -> str | None:
    if not -1 <= message.sender < state.validators.size:
        return rejection.UNKNOWN_SENDER
    # R8. All others change nothing, and cost nothing to make: none may take the place of a vote before the core.
    calls = message.sender >= 0 and message.height < state.tip.height
    return None if calls and help_is_due(state, message) else rejection.NO_HELP_DUE


def help_is_due(state: State, message: Signed | Status) -> bool:
    """Whether the sender of a message of a decided height may be answered with DECIDED now (R8).

    A VIEW_CHANGE is always a call for help. A vote or STATUS usually is not: it was under way when we decided, so it
    counts as one only when it comes a while after the decision, which means that it was sent again.
    """
    if message.sender == state.own_index or state.tip.certificate is None:
        return False
    helped_at_ms = state.helped_at_ms[message.sender]
    if helped_at_ms is not None and state.now_ms - helped_at_ms < limits.HELP_INTERVAL_MS:
        return False
    return isinstance(message, ViewChange) or late(state)


def late(state: State) -> bool:
    """The last decision is so long ago that messages of its height were sent again rather than under way."""
    return state.now_ms - state.decided_at_ms >= state.timers.resend_ms // 2
