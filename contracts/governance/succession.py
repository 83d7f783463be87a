"""How the validator set changes, and who may connect.

A change waits for the end of the epoch (E1); until then it can be cancelled. Whether it would leave a set that can
decide is judged when it is asked for, by what the chain itself has seen: a change after which those lately seen to
sign would be no quorum of the new set is refused, because it could not be undone: nobody would decide the next change.

Source: consensus/SPEC.md, Epochs.
"""

from typing import Final, NamedTuple

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import verify
from chainnode.crypto.hashing import domain
from chainnode.limits import VALIDATORS_MAX
from chainnode.state.view import State
from chainnode.types.validator_set import Validator, check_seal_proof
from consensus.quorum import faults_max, quorum_of
from contracts.governance.operations import (
    AddValidator,
    AdmitNode,
    CancelChange,
    DismissNode,
    JoinProof,
    ReadmitLeader,
    RemoveValidator,
    ReplaceValidator,
)
from contracts.governance.outcome import (
    ChangeCancelled,
    LeaderReadmitted,
    NodeAdmitted,
    NodeDismissed,
    ValidatorAdded,
    ValidatorRemoved,
)
from contracts.governance.queries import (
    read_checkpoints,
    read_leadership,
    read_observers,
    read_presence,
    read_succession,
    read_validators,
)
from contracts.governance.record import (
    LEADERSHIP_KEY,
    OBSERVERS_KEY,
    OBSERVERS_MAX,
    PRESENCE_HEIGHTS,
    SUCCESSION_KEY,
    ObserverList,
    Succession,
)
from contracts.identity.record import read_active
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import BY_VOTE

_JOIN: Final = domain("governance/join")


def join_bytes(chain_id: str, height: int, block_hash: bytes, entry: Validator) -> bytes:
    """What a joiner signs with its consensus key: it holds the chain up to this checkpoint, and will be ``entry``."""
    return _JOIN + encode((chain_id, height, block_hash, entry))


def changes_max(size: int) -> int:
    """E5: validators of a set of ``size`` that may change in one epoch: f of them, and one where f is none.

    Two thirds of the next set then were in the last one. A set of fewer than four tolerates no fault at all; one
    change at a time is how it grows to where it does.
    """
    return max(1, faults_max(size))


def add_validator(operation: AddValidator, context: Context, state: State) -> None:
    """Let a synced observer vote from the next epoch on.

    Raises:
        OperationFailed: a code of ``_check_joiner``, ``_change``, or ``validators-full``.
    """
    entry = operation.entry
    planned = _planned(state)
    if len(planned.validators) >= VALIDATORS_MAX:
        raise OperationFailed("validators-full", f"a set has at most {VALIDATORS_MAX} validators")
    fresh = _check_joiner(entry, operation.proof, planned.validators, context, state)
    _change(planned, (*planned.validators, entry), (*planned.joined, *fresh), context, state)
    context.emit(ValidatorAdded(entry.name, entry.did, entry.consensus_key, _effective_epoch(state)))


def remove_validator(operation: RemoveValidator, context: Context, state: State) -> None:
    """Take a validator out of the next epoch's set; its node goes on as an observer.

    Raises:
        OperationFailed: ``validator-unknown``, ``validator-last`` or a code of ``_change``.
    """
    planned = _planned(state)
    leaving = _member(planned, operation.consensus_key)
    remaining = tuple(validator for validator in planned.validators if validator is not leaving)
    if not remaining:
        raise OperationFailed("validator-last", "the last validator cannot leave: nobody would decide anything")
    joined = tuple(key for key in planned.joined if key != leaving.consensus_key)
    _change(planned, remaining, joined, context, state)
    context.emit(ValidatorRemoved(leaving.name, leaving.did, leaving.consensus_key, _effective_epoch(state)))


def replace_validator(operation: ReplaceValidator, context: Context, state: State) -> None:
    """Put a synced observer, or a new consensus key of the same node, in a validator's place.

    Raises:
        OperationFailed: ``validator-unknown``, or a code of ``_check_joiner`` or ``_change``.
    """
    entry = operation.entry
    planned = _planned(state)
    leaving = _member(planned, operation.consensus_key)
    others = tuple(validator for validator in planned.validators if validator is not leaving)
    same_node = leaving.node_key == entry.node_key and leaving.did == entry.did
    fresh = _check_joiner(entry, operation.proof, others, context, state, same_node=same_node)
    after = tuple(entry if validator is leaving else validator for validator in planned.validators)
    joined = (*(key for key in planned.joined if key != leaving.consensus_key), *fresh)
    _change(planned, after, joined, context, state)
    epoch = _effective_epoch(state)
    context.emit(ValidatorRemoved(leaving.name, leaving.did, leaving.consensus_key, epoch))
    context.emit(ValidatorAdded(entry.name, entry.did, entry.consensus_key, epoch))


def cancel_change(_operation: CancelChange, context: Context, state: State) -> None:
    """Keep the present set: drop every change that waits.

    Raises:
        OperationFailed: ``change-none``.
    """
    planned = read_succession(state)
    if planned is None:
        raise OperationFailed("change-none", "no change of the validator set waits")
    state.delete(SUCCESSION_KEY)
    context.emit(ChangeCancelled(planned.changes, context.sender))


def readmit_leader(operation: ReadmitLeader, context: Context, state: State) -> None:
    """Let a validator lead again that was proved to have equivocated, or was silent.

    Raises:
        OperationFailed: ``validator-unknown`` or ``leader-not-suspended``.
    """
    members = read_validators(state).validators
    index = next((i for i, member in enumerate(members) if member.consensus_key == operation.consensus_key), None)
    if index is None:
        raise OperationFailed("validator-unknown", "no validator of the present set has this consensus key")
    table = read_leadership(state)
    if index not in table.suspended:
        raise OperationFailed("leader-not-suspended", f"{members[index].name} leads in its turn")
    state.put(LEADERSHIP_KEY, encode(table.readmitting(index)))
    context.emit(LeaderReadmitted(members[index].name, operation.consensus_key))


def admit_node(operation: AdmitNode, context: Context, state: State) -> None:
    """Let a node connect and follow.

    Raises:
        OperationFailed: ``node-known``, ``node-did-unknown`` or ``nodes-full``.
    """
    entry = operation.entry
    observers = read_observers(state)
    known = [validator.node_key for validator in read_validators(state).validators]
    if entry.node_key in known or any(node.node_key == entry.node_key for node in observers):
        raise OperationFailed("node-known", "a node with this key may connect already")
    _check_active(entry.did, state)
    # Room is kept for validators that leave.
    if len(observers) >= OBSERVERS_MAX - VALIDATORS_MAX:
        raise OperationFailed("nodes-full", f"at most {OBSERVERS_MAX - VALIDATORS_MAX} observers may be admitted")
    state.put(OBSERVERS_KEY, encode(ObserverList((*observers, entry))))
    context.emit(NodeAdmitted(entry.name, entry.did, entry.node_key))


def dismiss_node(operation: DismissNode, context: Context, state: State) -> None:
    """Let an observer connect no more.

    Raises:
        OperationFailed: ``node-unknown`` or ``node-joins``.
    """
    observers = read_observers(state)
    leaving = next((node for node in observers if node.node_key == operation.node_key), None)
    if leaving is None:
        raise OperationFailed("node-unknown", "no observer has this node key")
    planned = read_succession(state)
    if planned is not None and any(entry.node_key == leaving.node_key for entry in planned.validators):
        raise OperationFailed("node-joins", f"{leaving.name} becomes a validator with the next epoch")
    state.put(OBSERVERS_KEY, encode(ObserverList(tuple(node for node in observers if node is not leaving))))
    context.emit(NodeDismissed(leaving.name, leaving.did, leaving.node_key))


class _Planned(NamedTuple):
    """The next set as it stands."""

    validators: tuple[Validator, ...]
    joined: tuple[bytes, ...]
    changes: int


def _planned(state: State) -> _Planned:
    found = read_succession(state)
    if found is None:
        return _Planned(read_validators(state).validators, (), 0)
    return _Planned(found.validators, found.joined, found.changes)


def _effective_epoch(state: State) -> int:
    return read_validators(state).epoch + 1


def _member(planned: _Planned, consensus_key: bytes) -> Validator:
    for validator in planned.validators:
        if validator.consensus_key == consensus_key:
            return validator
    raise OperationFailed("validator-unknown", "no validator of the next set has this consensus key")


def _check_active(did: str, state: State) -> None:
    if read_active(state, did) is None:
        raise OperationFailed("node-did-unknown", f"{did} is no active identity of this chain")


def _check_joiner(
    entry: Validator,
    proof: JoinProof,
    others: tuple[Validator, ...],
    context: Context,
    state: State,
    *,
    same_node: bool = False,
) -> tuple[bytes, ...]:
    """E6: a stranger to the next set, a node that follows the chain, and a key that has shown that it holds it.

    Returns:
        The joiner's key if it showed so lately; empty where a proposal took so long that its proof, checked when it
        was made, is of an older block. Then the joiner may join, but does not count as within reach (E7).

    Raises:
        OperationFailed: ``validator-known``, ``node-unknown``, ``seal-proof``, ``join-proof-height`` or
            ``join-proof-signature``.
    """
    for member in others:
        same = entry.consensus_key == member.consensus_key or entry.node_key == member.node_key
        if same or (entry.seal_key and entry.seal_key == member.seal_key):
            raise OperationFailed("validator-known", f"{member.name} of the next set has one of these keys")
        if entry.name == member.name:
            raise OperationFailed("validator-known", f"the next set has a {member.name} already")
    nodes = [(node.node_key, node.did) for node in read_observers(state)]
    if not same_node and (entry.node_key, entry.did) not in nodes:
        raise OperationFailed("node-unknown", "the joiner's node must follow the chain first, for the same institution")
    _check_active(entry.did, state)
    if not check_seal_proof(entry):
        raise OperationFailed("seal-proof", "nothing shows that the joiner holds its seal key")
    if context.proposal and _checkpoint_hash(proof.height, state) is None:
        return ()
    check_join_proof(entry, proof, context, state)
    return (entry.consensus_key,)


def check_join_proof(entry: Validator, proof: JoinProof, context: Context, state: State) -> None:
    """E6: the joiner's key signed a recent checkpoint and exactly this entry.

    Raises:
        OperationFailed: ``join-proof-height`` or ``join-proof-signature``.
    """
    block_hash = _checkpoint_hash(proof.height, state)
    if block_hash is None:
        raise OperationFailed("join-proof-height", f"{proof.height} is the height of no recent checkpoint")
    signed = join_bytes(context.chain_id, proof.height, block_hash, entry)
    if not verify(entry.consensus_key, signed, proof.signature):
        raise OperationFailed("join-proof-signature", "the joiner's key did not sign this block and entry")


def _checkpoint_hash(height: int, state: State) -> bytes | None:
    for checkpoint in read_checkpoints(state).checkpoints:
        if checkpoint.height == height:
            return checkpoint.block_hash
    return None


def _change(
    planned: _Planned, after: tuple[Validator, ...], joined: tuple[bytes, ...], context: Context, state: State
) -> None:
    """Let ``after`` take over when the epoch ends.

    Raises:
        OperationFailed: ``change-limit`` or ``change-breaks-quorum``.
    """
    present_set = read_validators(state).validators
    changes = planned.changes + 1
    if changes > changes_max(len(present_set)):
        raise OperationFailed(
            "change-limit", f"at most {changes_max(len(present_set))} validators change in one epoch"
        )
    signed_before = read_presence(state).signed_before
    seen = {
        member.consensus_key
        for member, until in zip(present_set, signed_before, strict=True)
        if until and context.height < until + PRESENCE_HEIGHTS
    }
    reachable = sum(member.consensus_key in seen or member.consensus_key in joined for member in after)
    if reachable < quorum_of(len(after)):
        raise OperationFailed(
            "change-breaks-quorum",
            f"{reachable} of the next {len(after)} validators were seen lately, {quorum_of(len(after))} must decide",
        )
    state.put(SUCCESSION_KEY, encode(Succession(changes, joined, after)))


OPERATIONS: Final = (
    OperationSpec(
        AddValidator,
        add_validator,
        BY_VOTE,
        ("validators-full", "validator-known", "node-unknown", "node-did-unknown", "seal-proof",
         "join-proof-height", "join-proof-signature", "change-limit", "change-breaks-quorum"),
        by_proposal=True,
        work=32,
    ),
    OperationSpec(
        RemoveValidator,
        remove_validator,
        BY_VOTE,
        ("validator-unknown", "validator-last", "change-limit", "change-breaks-quorum"),
        by_proposal=True,
    ),
    OperationSpec(
        ReplaceValidator,
        replace_validator,
        BY_VOTE,
        ("validator-unknown", "validator-known", "node-unknown", "node-did-unknown", "seal-proof",
         "join-proof-height", "join-proof-signature", "change-limit", "change-breaks-quorum"),
        by_proposal=True,
        work=32,
    ),
    OperationSpec(CancelChange, cancel_change, BY_VOTE, ("change-none",), by_proposal=True),
    OperationSpec(
        ReadmitLeader, readmit_leader, BY_VOTE, ("validator-unknown", "leader-not-suspended"), by_proposal=True
    ),
    OperationSpec(
        AdmitNode, admit_node, BY_VOTE, ("node-known", "node-did-unknown", "nodes-full"), by_proposal=True
    ),
    OperationSpec(DismissNode, dismiss_node, BY_VOTE, ("node-unknown", "node-joins"), by_proposal=True),
)  # fmt: skip
