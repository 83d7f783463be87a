"""The replica: ``step(input, now_ms) -> Outputs``. Dispatch only; each rule lives in the module that is named after it.

    normal_case   R1 propose, R2 accept, R3 prepare          view_change   R6 leave a view, R7 lead the next
    decision      R4 commit, R5 decide                       catch_up      R8 help, R9 sync, entering a height
    misbehaviour  R10 evidence, R11 halt                     recovery      restart from the journal

Read the host's duties in README.md before driving one.
"""

from consensus import catch_up, decision, message_filter, misbehaviour, normal_case, recovery, view_change
from consensus.certificates import QuorumCertificate
from consensus.inputs import (
    BlockApplied,
    BlockBuilt,
    BlockFetched,
    BuildFailed,
    Halted,
    Input,
    MessageReceived,
    ProposalChecked,
    Started,
    SyncFinished,
    TimerFired,
    TransactionsPending,
)
from consensus.messages import Commit, Decided, Message, Prepare, PrePrepare, Signed, Status, ViewChange
from consensus.outputs import Outputs
from consensus.quorum import ValidatorSet
from consensus.recovery import Recovered
from consensus.state import Phase, State
from consensus.timers import Timer, TimerConfig, TimerKind
from consensus.tip import Tip


class Replica:
    """One validator, or an observer, of one chain.

    Deterministic: the same inputs at the same times give the same outputs. Not thread-safe; one step at a time.
    """

    __slots__ = ("_recovered", "_state")

    def __init__(
        self,
        chain_id: str,
        validators: ValidatorSet,
        own_index: int | None,
        *,
        tip: Tip,
        timers: TimerConfig,
        suspended: tuple[int, ...] = (),
        recovered: Recovered | None = None,
    ) -> None:
        """Stand above ``tip``; ``own_index`` is ``None`` for an observer, which never votes.

        A validator that has ever run must pass what ``recovery.recover`` made of its journal.
        """
        self._state = State(chain_id, validators, own_index, tip, timers, suspended)
        self._recovered = recovered
        if recovered is not None:
            recovery.restore(self._state, recovered)

    @property
    def height(self) -> int:
        """The height being agreed on: one above the tip."""
        return self._state.height

    @property
    def view(self) -> int:
        """Current view; 0 at the start of every height."""
        return self._state.view

    @property
    def phase(self) -> Phase:
        """How far the height is, or ``SYNCING`` or ``HALTED``."""
        if self._state.halt is not None:
            return Phase.HALTED
        return Phase.SYNCING if self._state.syncing else self._state.phase

    @property
    def leader(self) -> int:
        """Index of the leader of the current view."""
        return self._state.leader_of(self._state.view)

    @property
    def prepared(self) -> QuorumCertificate | None:
        """The lock: the highest PREPARE certificate formed at this height."""
        return self._state.prepared

    @property
    def tip(self) -> Tip:
        """The last durable block."""
        return self._state.tip

    @property
    def validators(self) -> ValidatorSet:
        """The set whose votes count."""
        return self._state.validators

    @property
    def own_index(self) -> int | None:
        """Own place in the set; ``None`` for an observer."""
        return self._state.own_index

    def filter(self, message: Message) -> str | None:
        """F0: why ``message`` deserves no signature check, or ``None``. Changes nothing.

        Returns:
            A code of ``rejection.py`` or ``certificates.py``. The message is dropped and counted.
        """
        return message_filter.check(self._state, message)

    def step(self, event: Input, now_ms: int) -> Outputs:
        """Take one event and say what must follow.

        ``now_ms`` comes from a clock that never goes back; it only spaces out help (R8). A halted replica answers
        nothing.

        Raises:
            InvariantBroken: the program contradicts itself; the node must stop.
        """
        state = self._state
        out = Outputs()
        if state.halt is not None:
            return out
        state.now_ms = max(now_ms, state.now_ms)
        if isinstance(event, MessageReceived):
            self._on_message(event.message, out)
        elif isinstance(event, TimerFired):
            self._on_timer(event.timer, out)
        else:
            self._on_host(event, out)
        return out

    def _on_host(self, event: Input, out: Outputs) -> None:
        state = self._state
        match event:
            case BlockApplied():
                for message in catch_up.on_block_applied(state, event, out):
                    self._on_message(message, out)
            case TransactionsPending(count=count):
                state.pending = count
                normal_case.consider_proposing(state, out)
            case BlockBuilt():
                normal_case.on_block_built(state, event, out)
            case BuildFailed():
                normal_case.on_build_failed(state, event, out)
            case ProposalChecked():
                # R6: an invalid proposal costs its leader the view.
                if not normal_case.on_proposal_checked(state, event, out):
                    view_change.start(state, state.view + 1, "invalid_proposal", out)
            case BlockFetched():
                decision.on_block_fetched(state, event, out)
                view_change.on_block_fetched(state, event, out)
            case SyncFinished():
                catch_up.on_sync_finished(state, out)
            case Halted(reason=reason):
                misbehaviour.halt(state, reason, "reported by the host", out)
            case Started():
                self._on_started(out)

    def _on_started(self, out: Outputs) -> None:
        state = self._state
        catch_up.arm_periodic(state, out)
        catch_up.arm_idle(state, out)
        if self._recovered is not None and state.own_index is not None:
            recovery.resume(state, self._recovered, out)
            self._recovered = None
        normal_case.consider_proposing(state, out)
        out.add_send(catch_up.status(state), None)

    def _on_timer(self, timer: Timer, out: Outputs) -> None:
        state = self._state
        if timer.kind == TimerKind.RESEND:
            catch_up.on_tick(state, out)
        elif timer.height != state.height:
            return
        elif timer.kind == TimerKind.IDLE:
            state.idle_due = True
            normal_case.consider_proposing(state, out)
        elif timer.view != state.view:
            return
        elif timer.kind == TimerKind.VIEW and state.view_timer_armed:
            view_change.on_timer(state, out)
        elif timer.kind == TimerKind.BATCH and state.batch_due_ms is not None:
            normal_case.on_batch_timer(state, out)

    def _on_message(self, message: Message, out: Outputs) -> None:
        state = self._state
        if isinstance(message, PrePrepare) and self._is_own_proposal(message):
            return
        code = message_filter.check(state, message)
        if code is not None:
            sender = -1 if isinstance(message, Decided) else message.sender
            if sender != state.own_index:
                out.add_rejection(code, sender)
        elif isinstance(message, Decided):
            catch_up.on_decided(state, message, out)
        elif isinstance(message, Status):
            catch_up.on_status(state, message, out)
        elif message.height == state.height and state.phase != Phase.DECIDED:
            self._on_current(message, out)
        elif message.height > state.height:
            catch_up.on_early_message(state, message, out)
        else:
            catch_up.on_old_message(state, message, out)

    def _on_current(self, message: Signed, out: Outputs) -> None:
        state = self._state
        # An own message is repeated only from here, so only once it is durable and still of this view.
        if message.sender == state.own_index and message.view == state.view and self._is_new(message):
            state.sent.append(message)
        if isinstance(message, Prepare | Commit):
            normal_case.on_vote(state, message, out)
        elif isinstance(message, ViewChange):
            view_change.on_view_change(state, message, out)
        else:
            normal_case.on_pre_prepare(state, message, out)

    def _is_new(self, message: Signed) -> bool:
        if isinstance(message, Prepare | Commit):
            return self._state.book.known(message) is None
        return isinstance(message, ViewChange)

    def _is_own_proposal(self, message: PrePrepare) -> bool:
        """An own PRE_PREPARE that came back durable: it was accepted when it was made, so it is only remembered."""
        state = self._state
        accepted = state.accepted
        if (
            message.sender != state.own_index
            or accepted is None
            or (message.height, message.view) != (state.height, state.view)
            or message.block_hash != accepted.block_hash
        ):
            return False
        if not accepted.signature:
            state.accepted = message
            state.sent.append(message)
        return True
