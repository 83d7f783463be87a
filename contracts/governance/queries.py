"""Reading the consortium's state: parameters, validators, observers, roles."""

import msgspec

from chainnode.errors import StoreCorrupt
from chainnode.state.view import State
from chainnode.types.parameters import ChainParameters, decode_parameters
from chainnode.types.validator_set import ObserverNode, ValidatorList, decode_validators
from contracts.governance.record import OBSERVERS_KEY, PARAMETERS_KEY, VALIDATORS_KEY, ObserverList
from contracts.kernel.policy import role_record, roles_of

__all__ = ["read_node_names", "read_observers", "read_parameters", "read_validators", "role_record", "roles_of"]

_decode_observers = msgspec.msgpack.Decoder(ObserverList).decode


def read_parameters(state: State) -> ChainParameters:
    """The chain's parameters in force.

    Raises:
        StoreCorrupt: ``state-incomplete``: genesis was never applied to this state.
    """
    return decode_parameters(_present(state, PARAMETERS_KEY))


def read_validators(state: State) -> ValidatorList:
    """Who agrees in the current epoch.

    Raises:
        StoreCorrupt: ``state-incomplete``.
    """
    return decode_validators(_present(state, VALIDATORS_KEY))


def read_observers(state: State) -> tuple[ObserverNode, ...]:
    """Nodes that may connect and follow without voting.

    Raises:
        StoreCorrupt: ``state-incomplete``.
    """
    return _decode_observers(_present(state, OBSERVERS_KEY)).observers


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
