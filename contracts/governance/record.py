"""What the ledger holds about the consortium.

Keys and what they hold:

    governance/parameters        ChainParameters
    governance/validators        ValidatorList of the current epoch
    governance/observers         nodes that follow without voting
    governance/policies          rules that differ from the defaults beside the operations
    governance/features          activation heights of later features
    governance/roles/<did>       the roles of one identity
    governance/registrar-count   registrar numbers given so far
"""

from typing import Annotated, Final

import msgspec

from chainnode.state.keys import key
from chainnode.types.parameters import ChainParameters
from chainnode.types.validator_set import ObserverNode, ValidatorList
from contracts.kernel.policy import Features, Policies, RoleRecord

PARAMETERS_KEY: Final = key("governance", "parameters")
VALIDATORS_KEY: Final = key("governance", "validators")
OBSERVERS_KEY: Final = key("governance", "observers")
REGISTRAR_COUNT_KEY: Final = key("governance", "registrar-count")
REGISTRARS_MAX: Final = 9_999
"""Registrar numbers have four digits inside certificate numbers."""


class ObserverList(msgspec.Struct, frozen=True, array_like=True):
    """Nodes that may connect and follow."""

    observers: Annotated[tuple[ObserverNode, ...], msgspec.Meta(max_length=1_000)]


RECORDS: Final = (
    ("governance", 2, "parameters", ChainParameters),
    ("governance", 2, "validators", ValidatorList),
    ("governance", 2, "observers", ObserverList),
    ("governance", 2, "policies", Policies),
    ("governance", 2, "features", Features),
    ("governance", 2, "registrar-count", int),
    ("governance", 3, "roles", RoleRecord),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
