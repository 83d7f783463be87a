"""What every block does to the consortium's records before its first transaction.

No transaction asks for it: leaders that were silent lose their turns (R12), equivocation proved in the body costs the
right to lead (R10), signers of the parent's certificate are noted as present, and after an epoch's last block the
next set takes over (E1, E2). All of it follows from the block and the state below it, so every node, restarted or
synced, has the same.

Source: consensus/SPEC.md R10, R12, Epochs.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from chainnode.types.validator_set import ObserverNode, Validator, ValidatorList
from consensus.certificates import QuorumCertificate
from consensus.equivocation import Equivocation, encode_equivocation
from consensus.leader import Leadership
from contracts.governance.outcome import EpochBegan, EquivocationProved, LeaderReturned, LeaderSuspended
from contracts.governance.queries import (
    next_validators,
    read_checkpoints,
    read_epoch,
    read_leadership,
    read_observers,
    read_presence,
    read_succession,
    read_validators,
)
from contracts.governance.record import (
    CHECKPOINT_STEP,
    CHECKPOINTS_KEY,
    CHECKPOINTS_MAX,
    LEADERSHIP_KEY,
    OBSERVERS_KEY,
    OBSERVERS_MAX,
    PRESENCE_KEY,
    SUCCESSION_KEY,
    VALIDATORS_KEY,
    Checkpoint,
    Checkpoints,
    EpochRecord,
    MisbehaviourRecord,
    ObserverList,
    Presence,
    epoch_key,
    misbehaviour_key,
)
from contracts.kernel.event import TypedEvent

_MESSAGES: Final = {1: "PRE_PREPARE", 2: "PREPARE", 3: "COMMIT"}


class BlockFacts(NamedTuple):
    """What a block says besides its transactions; voters have checked every part of it."""

    height: int
    parent_hash: bytes
    certificate: QuorumCertificate | None
    """Of the parent; None for the first block."""
    equivocations: Sequence[Equivocation]


def found_consortium(state: State, validators: ValidatorList) -> None:
    """Write the records that every later block continues, for the set of the genesis document."""
    size = len(validators.validators)
    state.put(VALIDATORS_KEY, encode(validators))
    state.put(epoch_key(validators.epoch), encode(EpochRecord(0, validators)))
    state.put(LEADERSHIP_KEY, encode(Leadership.fresh(size)))
    state.put(PRESENCE_KEY, encode(Presence((0,) * size)))


def open_block(facts: BlockFacts, state: State) -> list[TypedEvent]:
    """Apply what the block at ``facts.height`` brings by itself, on the state of its parent; says what happened."""
    events: list[TypedEvent] = []
    validators = read_validators(state)
    certificate = facts.certificate
    if certificate is not None and certificate.epoch != validators.epoch:
        # E3: the first block of an epoch certifies the last one of another set, whose indexes mean nothing here.
        certificate = None
    before = read_leadership(state)
    table = before.after(facts.height, None if certificate is None else certificate.view)
    for equivocation in facts.equivocations:
        index = _accused(equivocation, validators, state)
        table = table.excluding(index)
        events.append(_record(equivocation, validators.validators[index], facts.height, state))
    if table != before:
        state.put(LEADERSHIP_KEY, encode(table))
        events += _changed_leaders(before, table, validators)
    if certificate is not None:
        _note_presence(certificate, state)
    if (facts.height - 1) % CHECKPOINT_STEP == 0:
        recent = read_checkpoints(state).checkpoints[1 - CHECKPOINTS_MAX :]
        checkpoint = Checkpoint(facts.height - 1, facts.parent_hash)
        state.put(CHECKPOINTS_KEY, encode(Checkpoints((*recent, checkpoint))))
    following = next_validators(state, facts.height)
    if following is not None:
        _hand_over(validators, following, facts.height, state)
        events.append(EpochBegan(following.epoch, facts.height + 1, len(following.validators)))
    return events


def _changed_leaders(before: Leadership, after: Leadership, validators: ValidatorList) -> list[TypedEvent]:
    """R12: who loses its turns, and who has them again."""
    until = {item.validator: item.until_height for item in after.suspensions}
    events: list[TypedEvent] = []
    for index, member in enumerate(validators.validators):
        if index in after.suspended and index not in before.suspended:
            last = 0 if index in after.excluded else until.get(index, 0)
            events.append(LeaderSuspended(member.name, member.did, member.consensus_key, last))
        elif index in before.suspended and index not in after.suspended:
            events.append(LeaderReturned(member.name, member.did, member.consensus_key))
    return events


def _accused(equivocation: Equivocation, validators: ValidatorList, state: State) -> int:
    """Place in the present set of who equivocated, perhaps in the epoch before; voters checked that it has one."""
    record = None if equivocation.epoch == validators.epoch else read_epoch(state, equivocation.epoch)
    if record is None:
        return equivocation.accused
    key = record.validators.validators[equivocation.accused].consensus_key
    return [member.consensus_key for member in validators.validators].index(key)


def _record(equivocation: Equivocation, accused: Validator, height: int, state: State) -> EquivocationProved:
    record = MisbehaviourRecord(
        consensus_key=accused.consensus_key,
        name=accused.name,
        did=accused.did,
        epoch=equivocation.epoch,
        height=equivocation.height,
        view=equivocation.view,
        message=_MESSAGES[equivocation.type],
        reported_height=height,
        proof_digest=sha256(encode_equivocation(equivocation)).digest(),
    )
    state.put(misbehaviour_key(accused.consensus_key, equivocation.height), encode(record))
    return EquivocationProved(
        accused.name, accused.did, accused.consensus_key, record.epoch, record.height, record.view, record.message,
        record.proof_digest,
    )


def _note_presence(certificate: QuorumCertificate, state: State) -> None:
    before = read_presence(state)
    signed_before = list(before.signed_before)
    step = (certificate.height // CHECKPOINT_STEP + 1) * CHECKPOINT_STEP
    for index in certificate.signer_indexes():
        signed_before[index] = step
    after = Presence(tuple(signed_before))
    if after != before:
        state.put(PRESENCE_KEY, encode(after))


def _joined_before(consensus_key: bytes, height: int, state: State) -> int:
    """E7: who has shown lately that it holds the chain is within reach; a proposal's joiner may not have."""
    planned = read_succession(state)
    fresh = planned is not None and consensus_key in planned.joined
    return (height // CHECKPOINT_STEP + 1) * CHECKPOINT_STEP if fresh else 0


def _hand_over(old: ValidatorList, new: ValidatorList, height: int, state: State) -> None:
    """E2: the set ``new`` agrees from ``height + 1`` on; who left follows, who joined is no observer any more."""
    places = {validator.consensus_key: index for index, validator in enumerate(old.validators)}
    old_indexes = tuple(places.get(validator.consensus_key) for validator in new.validators)
    presence = read_presence(state).signed_before
    noted = tuple(
        _joined_before(validator.consensus_key, height, state) if index is None else presence[index]
        for validator, index in zip(new.validators, old_indexes, strict=True)
    )
    members = {validator.node_key for validator in new.validators}
    observers = [node for node in read_observers(state) if node.node_key not in members]
    observers += [
        ObserverNode(validator.name, validator.did, validator.node_key)
        for validator in old.validators
        if validator.node_key not in members
    ]
    state.put(VALIDATORS_KEY, encode(new))
    state.put(epoch_key(new.epoch), encode(EpochRecord(height + 1, new)))
    state.put(LEADERSHIP_KEY, encode(read_leadership(state).handed_over(old_indexes)))
    state.put(PRESENCE_KEY, encode(Presence(noted)))
    state.put(OBSERVERS_KEY, encode(ObserverList(tuple(observers[:OBSERVERS_MAX]))))
    state.delete(SUCCESSION_KEY)
