"""What the ledger holds about one resource of public data.

public-data/<custodian>/<id in hex>                           PublicData
public-data/<custodian>/<id in hex>/<n>                       Step, n from 1
public-authorisation/<custodian>/<id in hex>/<operator>       Authorisation
"""

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.transaction import Did, Height
from contracts.evidence.record import AssetId, EvidenceId
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.text import Name, Time, Uri

ResourceId = Annotated[bytes, msgspec.Meta(min_length=16, max_length=32)]
OpenMode = Literal["unconditional", "conditional"]

LIFECYCLE: Final = Lifecycle(
    "public data",
    "public-status",
    {
        (None, "catalogue"): "CATALOGUED",
        ("CATALOGUED", "open"): "OPENED",
        ("CATALOGUED", "authorise"): "AUTHORISED",
        ("CATALOGUED", "withdraw"): "WITHDRAWN",
        ("AUTHORISED", "open"): "OPENED",
        ("AUTHORISED", "authorise"): "AUTHORISED",
        ("AUTHORISED", "end"): "AUTHORISED",
        ("AUTHORISED", "use"): "AUTHORISED",
        ("AUTHORISED", "withdraw"): "WITHDRAWN",
        ("OPENED", "open"): "OPENED",
        ("OPENED", "authorise"): "OPENED",
        ("OPENED", "end"): "OPENED",
        ("OPENED", "use"): "OPENED",
        ("OPENED", "withdraw"): "WITHDRAWN",
    },
)
"""AUTHORISED: not open, but at least one operator was ever let in."""


class PublicData(msgspec.Struct, frozen=True, array_like=True):
    """One resource."""

    custodian: Did
    resource_id: ResourceId
    title: Name
    related_asset: AssetId
    status: str
    mode: str
    """How it is open; empty where it is not."""
    conditions_uri: Uri
    steps: int
    updated_height: Height
    updated_ms: int


class Step(msgspec.Struct, frozen=True, array_like=True):
    """One thing that happened to a resource, and the evidence of it."""

    number: int
    action: str
    """As in the table of the life cycle."""
    actor: Did
    evidence_id: EvidenceId
    """Of the actor."""
    operator: str
    """Whom an authorisation is about; empty for other steps."""
    purpose: str
    height: Height
    time_ms: int


class Authorisation(msgspec.Struct, frozen=True, array_like=True):
    """What one operator may do with a resource."""

    operator: Did
    purpose: Name
    from_ms: int
    until_ms: Time
    """Inclusive; the end of an authorisation sets it to the millisecond before."""
    uses: int


decode_public_data = lru_cache(64)(msgspec.msgpack.Decoder(PublicData).decode)
_decode_authorisation = lru_cache(64)(msgspec.msgpack.Decoder(Authorisation).decode)


def public_data_key(custodian: str, resource_id: bytes) -> bytes:
    """State key of a resource."""
    return key("public-data", custodian, resource_id)


def step_key(custodian: str, resource_id: bytes, number: int) -> bytes:
    """State key of one step, from 1."""
    return key("public-data", custodian, resource_id, number)


def authorisation_key(custodian: str, resource_id: bytes, operator: str) -> bytes:
    """State key of what one operator may do."""
    return key("public-authorisation", custodian, resource_id, operator)


def read_public_data(state: State, custodian: str, resource_id: bytes) -> PublicData | None:
    """The resource, or None."""
    stored = state.get(public_data_key(custodian, resource_id))
    return None if stored is None else decode_public_data(stored)


def read_authorisation(state: State, custodian: str, resource_id: bytes, operator: str) -> Authorisation | None:
    """What ``operator`` may do; None where it was never let in."""
    stored = state.get(authorisation_key(custodian, resource_id, operator))
    return None if stored is None else _decode_authorisation(stored)


RECORDS: Final = (
    ("public-data", 3, "", PublicData),
    ("public-data", 4, "", Step),
    ("public-authorisation", 4, "", Authorisation),
)
