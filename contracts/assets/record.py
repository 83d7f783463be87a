"""What the ledger holds about one registered asset.

    asset/<id in hex>            AssetRecord
    asset-serial/<registrar>     registrations made by this registrar so far

The id follows from registrar and external identifier, so a registrar cannot register
one catalogue entry twice, and anyone who knows both can compute where to look.
"""

from functools import lru_cache
from typing import Annotated, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.transaction import Did, Height
from contracts.assets.description import AssetDescription
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.text import Hash32, Name

LIFECYCLE: Final = Lifecycle("asset", "asset-status", {(None, "register"): "REGISTERED"})
"""The fast path only; the reviewed path adds its lines here."""

Identifier = Name
_asset_hash = tagged_hash("asset")


class AssetRecord(msgspec.Struct, frozen=True, array_like=True):
    """One asset as registered."""

    asset_id: Hash32
    identifier: Identifier
    """The registrar's own name for it, such as the ``identifier`` of its catalogue."""
    registrar: Did
    holder: Did
    status: str
    certificate: Annotated[str, msgspec.Meta(max_length=64)]
    description: AssetDescription
    registered_height: Height
    registered_ms: int
    updated_height: Height
    updated_ms: int


decode_asset = msgspec.msgpack.Decoder(AssetRecord).decode


def asset_id_of(registrar: str, identifier: str) -> bytes:
    """The 32-byte id of what ``registrar`` calls ``identifier``."""
    return _asset_hash(encode((registrar, identifier)))


def asset_key(asset_id: bytes) -> bytes:
    """State key of a record."""
    return key("asset", asset_id)


@lru_cache(256)
def serial_key(registrar: str) -> bytes:
    """State key of a registrar's count of registrations."""
    return key("asset-serial", registrar)


def read_asset(state: State, asset_id: bytes) -> AssetRecord | None:
    """The record under ``asset_id``."""
    stored = state.get(asset_key(asset_id))
    return None if stored is None else decode_asset(stored)


RECORDS: Final = (
    ("asset", 2, "", AssetRecord),
    ("asset-serial", 2, "", int),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
