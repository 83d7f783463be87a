"""The relay as the registry lists it."""

from typing import Final

from chainnode.lightclient.client_state import ConsensusState
from chainnode.types.validator_set import ValidatorList
from contracts.kernel.family import Family
from contracts.relay import client, misbehaviour, receiving, settling, updating
from contracts.relay.collection import COLLECTIONS
from contracts.relay.outcome import EVENTS
from contracts.relay.outcome_refusal import CODES
from contracts.relay.ports import collection as port_collection
from contracts.relay.ports import outcome as port_outcome
from contracts.relay.ports import outcome_refusal as port_refusal
from contracts.relay.ports import parts
from contracts.relay.record import CLIENT, RECORDS

FAMILY: Final = Family(
    name="relay",
    operations=(
        *client.OPERATIONS,
        *updating.OPERATIONS,
        *misbehaviour.OPERATIONS,
        *receiving.OPERATIONS,
        *settling.OPERATIONS,
        *parts.OPERATIONS,
    ),
    events=(*EVENTS, *port_outcome.EVENTS),
    codes={**CODES, **port_refusal.CODES},
    records=(
        *RECORDS,
        ("relay-consensus", 3, "", ConsensusState),
        ("relay-validators", 3, "", ValidatorList),
        *parts.RECORDS,
    ),
    lifecycles=(CLIENT, *parts.LIFECYCLES),
    collections=(*COLLECTIONS, *port_collection.COLLECTIONS),
)
"""Chains that recognise each other."""
