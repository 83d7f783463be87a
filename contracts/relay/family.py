"""The relay as the registry lists it."""

from typing import Final

from chainnode.lightclient.client_state import ConsensusState
from chainnode.types.validator_set import ValidatorList
from contracts.kernel.family import Family
from contracts.relay import client, misbehaviour, receiving, settling, updating
from contracts.relay.collection import COLLECTIONS
from contracts.relay.outcome import EVENTS
from contracts.relay.outcome_refusal import CODES
from contracts.relay.record import CLIENT, RECORDS

FAMILY: Final = Family(
    name="relay",
    operations=(
        *client.OPERATIONS,
        *updating.OPERATIONS,
        *misbehaviour.OPERATIONS,
        *receiving.OPERATIONS,
        *settling.OPERATIONS,
    ),
    events=EVENTS,
    codes=CODES,
    records=(
        *RECORDS,
        ("relay-consensus", 3, "", ConsensusState),
        ("relay-validators", 3, "", ValidatorList),
    ),
    lifecycles=(CLIENT,),
    collections=COLLECTIONS,
)
"""Chains that recognise each other."""
