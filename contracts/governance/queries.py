"""Reading the consortium's state: parameters, validators, observers, roles."""

from functools import lru_cache

import msgspec

from chainnode.errors import StoreCorrupt
from chainnode.state.view import State
from chainnode.types.parameters import ChainParameters, decode_parameters
from chainnode.types.validator_set import ObserverNode, ValidatorList, decode_validators
from consensus.leader import Leadership
from contracts.governance.record import (
    CHECKPOINTS_KEY,
    LEADERSHIP_KEY,
    OBSERVERS_KEY,
    PARAMETERS_KEY,
    PRESENCE_KEY,
    SUCCESSION_KEY,
    VALIDATORS_KEY,
    Checkpoints,
    EpochRecord,
    ObserverList,
    Presence,
    Succession,
    epoch_key,
    misbehaviour_key,
)
from contracts.kernel.policy import role_record, roles_of

__all__ = ["read_node_names", "read_observers", "read_parameters", "read_validators", "role_record", "roles_of"]

# Every block reads most of these and changes few; equal bytes mean an equal record, whatever an overlay discards.
_decode_parameters = lru_cache(8)(decode_parameters)
_decode_validators = lru_cache(8)(decode_validators)
_decode_observers = msgspec.msgpack.Decoder(ObserverList).decode
_decode_epoch = lru_cache(8)(msgspec.msgpack.Decoder(EpochRecord).decode)
_decode_succession = lru_cache(8)(msgspec.msgpack.Decoder(Succession).decode)
_decode_leadership = lru_cache(8)(msgspec.msgpack.Decoder(Leadership).decode)
_decode_presence = lru_cache(8)(msgspec.msgpack.Decoder(Presence).decode)
_decode_checkpoints = msgspec.msgpack.Decoder(Checkpoints).decode


def read_parameters(state: State) -> ChainParameters:
    """The chain's parameters in force.

    Raises:
        StoreCorrupt: ``state-incomplete``: genesis was never applied to this state.
    """
    return _decode_parameters(_present(state, PARAMETERS_KEY))


def read_validators(state: State) -> ValidatorList:
    """Who agrees in the current epoch.

    Raises:
        StoreCorrupt: ``state-incomplete``.
    """
    return _decode_validators(_present(state, VALIDATORS_KEY))


def read_observers(state: State) -> tuple[ObserverNode, ...]:
    """Nodes that may connect and follow without voting.

    Raises:
        StoreCorrupt: ``state-incomplete``.
    """
    return _decode_observers(_present(state, OBSERVERS_KEY)).observers


def read_epoch(state: State, epoch: int) -> EpochRecord | None:
    """The set of ``epoch`` and its first height; None for an epoch that has not begun."""
    stored = state.get(epoch_key(epoch))
    return None if stored is None else _decode_epoch(stored)


def epoch_of_height(state: State, height: int) -> EpochRecord:
    """The epoch to which ``height`` belongs; a height above the tip counts to the present one.

    Raises:
        StoreCorrupt: ``state-incomplete``.
    """
    low, high = 0, read_validators(state).epoch
    while low < high:
        middle = (low + high + 1) // 2
        if _needed_epoch(state, middle).first_height <= height:
            low = middle
        else:
            high = middle - 1
    return _needed_epoch(state, low)


def _needed_epoch(state: State, epoch: int) -> EpochRecord:
    found = read_epoch(state, epoch)
    if found is None:
        raise StoreCorrupt("state-incomplete", f"epoch {epoch} is missing from the state")
    return found


def read_succession(state: State) -> Succession | None:
    """The change of the set that waits for the end of the epoch."""
    stored = state.get(SUCCESSION_KEY)
    return None if stored is None else _decode_succession(stored)


def next_validators(state: State, height: int) -> ValidatorList | None:
    """The set that takes over after the block at ``height``, by the state below it; None where the present one stays.

    Source: consensus/SPEC.md, E1.
    """
    if height % read_parameters(state).epoch_blocks:
        return None
    succession = read_succession(state)
    return None if succession is None else ValidatorList(read_validators(state).epoch + 1, succession.validators)


def read_leadership(state: State) -> Leadership:
    """Who does not lead at the next height.

    Raises:
        StoreCorrupt: ``state-incomplete``.
    """
    return _decode_leadership(_present(state, LEADERSHIP_KEY))


def read_presence(state: State) -> Presence:
    """When each validator was last seen to sign.

    Raises:
        StoreCorrupt: ``state-incomplete``.
    """
    return _decode_presence(_present(state, PRESENCE_KEY))


def read_checkpoints(state: State) -> Checkpoints:
    """Recent blocks that a joiner may sign."""
    stored = state.get(CHECKPOINTS_KEY)
    return Checkpoints() if stored is None else _decode_checkpoints(stored)


def is_proved(state: State, consensus_key: bytes, height: int) -> bool:
    """Whether equivocation of this key at ``height`` is on the chain already."""
    return state.get(misbehaviour_key(consensus_key, height)) is not None


def read_node_names(state: State) -> dict[bytes, str]:
    """Names of every node that may connect, by node key: validators in voting order, then observers.

    Raises:
        StoreCorrupt: ``state-incomplete``.
    """
    named = {validator.node_key: validator.name for validator in read_validators(state).validators}
    return named | {observer.node_key: observer.name for observer in read_observers(state)}


def _present(state: State, state_key: bytes) -> bytes:
    stored = state.get(state_key)
    if stored is None:
        raise StoreCorrupt("state-incomplete", f"{state_key.decode()} is missing from the state")
    return stored
