"""Transactions applied to the state: all operations or none, and a receipt either way.

Whatever a client sends ends in a receipt. An exception that is not a refusal is a bug in
a contract; it is not caught, because a node that guesses on would sign a state that
others do not have. The same transaction halts every node at the same height.
"""

from typing import Final

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import ZERO_HASH
from chainnode.errors import ConfigError, Rejected
from chainnode.limits import EVENTS_PER_TRANSACTION_MAX, TRANSACTION_STATE_BYTES, TRANSACTION_STATE_FACTOR
from chainnode.state.overlay import Overlay
from chainnode.state.view import State
from chainnode.types.genesis import Genesis
from chainnode.types.parameters import ChainParameters
from chainnode.types.receipt import OK, Event, Receipt
from chainnode.types.transaction import Transaction
from contracts.governance.administration import leave_offices
from contracts.governance.opening import BlockFacts, found_consortium
from contracts.governance.opening import open_block as open_records
from contracts.governance.ordering import expire_orders
from contracts.governance.record import OBSERVERS_KEY, PARAMETERS_KEY, ObserverList
from contracts.identity.operations import DeactivateIdentity
from contracts.kernel.authentication import authenticate
from contracts.kernel.context import Context
from contracts.kernel.electorate import suffices_alone
from contracts.kernel.enactment import DEFAULT_RULES, open_proposals
from contracts.kernel.operation import Operation, OperationSpec
from contracts.kernel.outcome import INFO_CHARS_MAX, OperationFailed
from contracts.kernel.policy import COLLECTIVE, authorise, check_feature, read_policies, standing_of
from contracts.kernel.registry import SPEC_OF, decode_operation, decode_operations

EVENT_BYTES: Final = 256
"""What an event counts for beside state values: with its index it is kept as they are. A distribution among 64 payees
takes 110 bytes to ask for and keeps 19 KB, most of it events."""
WHOLE: int = -1
"""``failed_operation`` of a transaction that was refused before its first operation."""


def open_block(facts: BlockFacts, *, chain_id: str, time_ms: int, overlay: Overlay) -> list[Event]:
    """Do what the block brings by itself, before its first transaction: its receipt's events.

    Leaders, proofs of equivocation, presence and epochs first, then orders whose time is over, then proposals: a
    proposal is counted and carried out on the records of the block in which it happens.
    """
    context = Context(
        chain_id=chain_id, height=facts.height, time_ms=time_ms, tx_id=ZERO_HASH, index=0, sender="", signers=()
    )
    for event in open_records(facts, overlay):
        context.emit(event)
    expire_orders(context, overlay)
    proposed = open_proposals(chain_id=chain_id, height=facts.height, time_ms=time_ms, overlay=overlay)
    return context.events + proposed


def execute_transaction(
    transaction: Transaction, *, chain_id: str, height: int, time_ms: int, index: int, overlay: Overlay
) -> Receipt:
    """Apply ``transaction`` on ``overlay`` as number ``index`` of block ``height`` (at least 1).

    Its signatures must have been verified. Afterwards the overlay holds the effects of
    every operation, or none. Depends on the arguments and the overlay's content alone.
    """
    failed = WHOLE
    overlay.begin()
    try:
        if transaction.payload.chain_id != chain_id:
            raise OperationFailed("wrong-chain", "the transaction is for another chain")
        if not transaction.operations:
            decode_operations(transaction)
        authenticate(transaction, overlay, height)
        context = Context(
            chain_id=chain_id,
            height=height,
            time_ms=time_ms,
            tx_id=transaction.tx_id,
            index=index,
            sender=transaction.payload.sender,
            signers=transaction.signers,
            default_rules=DEFAULT_RULES,
        )
        authority = _Authority(overlay, context.sender)
        most = TRANSACTION_STATE_BYTES + TRANSACTION_STATE_FACTOR * len(transaction.envelope)
        put_bytes_before = overlay.put_bytes
        for operation in transaction.operations:
            failed += 1
            spec = SPEC_OF[type(operation)]  # type: ignore[index]  # decode_operations filled in nothing else
            most += spec.state_bytes
            _apply(spec, operation, context, authority, overlay)
            written = overlay.put_bytes - put_bytes_before + EVENT_BYTES * len(context.events)
            if written > most:
                raise OperationFailed("too-much-state", f"a transaction of this size may write {most} bytes")
    except Rejected as refusal:
        overlay.discard()
        at_fault = refusal.details.get("operation", failed)
        number = at_fault if isinstance(at_fault, int) else failed
        info = refusal.message[:INFO_CHARS_MAX]
        return Receipt(transaction.tx_id, height, index, refusal.code, number, info, ())
    overlay.commit()
    return Receipt(transaction.tx_id, height, index, OK, WHOLE, "", tuple(context.events))


class _Authority:
    """What the sender may do, read and found out once for a transaction."""

    __slots__ = ("_allowed", "_ended", "_policies", "_standing", "_state")

    def __init__(self, state: State, sender: str) -> None:
        self._state = state
        self._ended = False
        self.refresh(sender)

    def refresh(self, sender: str) -> None:
        """Read again: an operation of the same transaction may have changed it."""
        self._standing = standing_of(self._state, sender)
        self._policies = read_policies(self._state)
        self._allowed: set[str] = set()
        """Operations that were found allowed by a rule that only governance changes."""

    def end(self) -> None:
        """The sender was deactivated: nothing of the same transaction may follow."""
        self._ended = True
        self._allowed.clear()

    def check(self, spec: OperationSpec, context: Context) -> None:
        """Check that the sender may do this now.

        Raises:
            OperationFailed: ``sender-deactivated``, ``sender-suspended``, ``feature-inactive`` or as ``authorise``.
        """
        name, sender = spec.name, context.sender
        if name in self._allowed:
            return
        if self._ended:
            raise OperationFailed("sender-deactivated", f"{sender} was deactivated by this transaction")
        orders = self._standing.suspended_by
        if orders and spec.rule.kind != "SELF":
            raise OperationFailed("sender-suspended", f"order {orders[0].hex()} suspends {sender}")
        check_feature(name, spec.feature, context.height, self._state)
        rule = self._policies.get(name, spec.rule)
        if rule.kind in COLLECTIVE and suffices_alone(rule, sender, self._state):
            return
        authorise(rule, name, sender, self._standing.roles)
        self._allowed.add(name)


def _apply(spec: OperationSpec, operation: object, context: Context, authority: _Authority, state: State) -> None:
    authority.check(spec, context)
    spec.apply(operation, context, state)
    if len(context.events) > EVENTS_PER_TRANSACTION_MAX:
        raise OperationFailed("too-many-events", f"more than {EVENTS_PER_TRANSACTION_MAX} events")
    if spec.family == "governance":
        authority.refresh(context.sender)
    if spec.type is DeactivateIdentity:
        leave_offices(context, state)
        authority.end()


def apply_genesis(genesis: Genesis, overlay: Overlay) -> None:
    """Write the founders' agreement into the empty state.

    Raises:
        ConfigError: ``genesis-operation``: an operation is unknown, malformed, refused, not meant for
            genesis, or gives a rule to an operation that does not exist; the message names it.
    """
    overlay.put(PARAMETERS_KEY, encode(ChainParameters()))
    found_consortium(overlay, genesis.validators)
    overlay.put(OBSERVERS_KEY, encode(ObserverList(genesis.observers)))
    context = Context(
        chain_id=genesis.chain_id,
        height=0,
        time_ms=genesis.time_ms,
        tx_id=ZERO_HASH,
        index=0,
        sender="",
        signers=(),
        default_rules=DEFAULT_RULES,
    )
    for number, raw in enumerate(genesis.operations):
        try:
            _apply_at_genesis(decode_operation(bytes(raw)), context, overlay)
        except Rejected as refusal:
            raise ConfigError(
                "genesis-operation",
                f"genesis operation {number} is refused ({refusal.code}): {refusal.message}",
                operation=number,
                reason=refusal.code,
            ) from refusal


def _apply_at_genesis(operation: Operation, context: Context, state: State) -> None:
    spec = SPEC_OF[type(operation)]
    if spec.genesis == "never":
        raise OperationFailed("not-at-genesis", f"{spec.name} needs a sender")
    spec.apply(operation, context, state)
