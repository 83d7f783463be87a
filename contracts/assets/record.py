"""What the ledger holds about one registered asset.

    asset/<id in hex>                       AssetRecord, as it is now
    asset-version/<id in hex>/<version>     AssetVersion: each earlier description, written when it is replaced
    asset-serial/<registrar>                certificates issued by this registrar so far

The id follows from the identifier and whoever chose it (the registrar on the fast path, the
applicant on the reviewed one): nobody can register one catalogue entry twice or take
another's name, and anyone who knows both can compute where to look.

A record exists from registration on: what is only applied for is kept elsewhere
(``contracts.assets.application_record``), so whatever is found here is registered.

Source: kinds of registration after the rules of Chinese provinces and of the interim measures
for public data resources of 2025; see contracts/assets/README.md.
"""

from functools import lru_cache
from typing import Annotated, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.state.keys import key, key_below, prefix
from chainnode.state.view import State
from chainnode.types.transaction import Did, Height
from contracts.assets.description import AssetDescription
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.text import AnyDid, Hash32, Name, Time

ORDERS_MAX: Final = 8
"""Orders that hold one asset at the same time: several authorities and disputes, and an end to it."""

LIFECYCLE: Final = Lifecycle(
    "asset",
    "asset-status",
    {
        (None, "register"): "CERTIFIED",
        (None, "certify"): "CERTIFIED",
        ("CERTIFIED", "propose-change"): "CHANGING",
        ("CERTIFIED", "offer-transfer"): "TRANSFERRING",
        ("CERTIFIED", "request-renewal"): "RENEWING",
        ("CHANGING", "approve"): "CERTIFIED",
        ("CHANGING", "refuse"): "CERTIFIED",
        ("CHANGING", "retract"): "CERTIFIED",
        ("TRANSFERRING", "accept"): "TRANSFERRING",
        ("TRANSFERRING", "complete"): "CERTIFIED",
        ("TRANSFERRING", "approve"): "CERTIFIED",
        ("TRANSFERRING", "refuse"): "CERTIFIED",
        ("TRANSFERRING", "retract"): "CERTIFIED",
        ("RENEWING", "approve"): "CERTIFIED",
        ("RENEWING", "refuse"): "CERTIFIED",
        ("RENEWING", "retract"): "CERTIFIED",
        ("CERTIFIED", "cancel"): "CANCELLED",
        **{
            (status, action): after
            for status in ("CERTIFIED", "CHANGING", "TRANSFERRING", "RENEWING")
            for action, after in (
                ("freeze", "FROZEN"),
                ("award", "CERTIFIED"),
                ("revoke", "REVOKED"),
                ("expire", "EXPIRED"),
            )
        },
        ("FROZEN", "freeze"): "FROZEN",
        ("FROZEN", "award"): "FROZEN",
        ("FROZEN", "revoke"): "REVOKED",
        ("FROZEN", "release"): "FROZEN",
        ("FROZEN", "release-certified"): "CERTIFIED",
        ("FROZEN", "release-changing"): "CHANGING",
        ("FROZEN", "release-transferring"): "TRANSFERRING",
        ("FROZEN", "release-renewing"): "RENEWING",
        ("REVOKED", "release"): "REVOKED",
    },
)
"""From registration on.

``approve``, ``refuse`` and ``retract`` end what the holder asked for; a transfer ends with the
new holder's consent (``complete``) or waits for the registrar after it (``accept``);
``award`` gives the asset to another holder by a ruling. Of several orders that freeze an asset the last one
lifted gives back the status that the first one found (``release-<status>``).
"""

Identifier = Name
Order = Annotated[bytes, msgspec.Meta(min_length=16, max_length=32)]
"""Id of what holds an asset: a regulator's order, a dispute."""
_asset_hash = tagged_hash("asset")
_description_hash = tagged_hash("asset-description")


class AssetRecord(msgspec.Struct, frozen=True, array_like=True):
    """One asset as it stands in the register."""

    asset_id: Hash32
    identifier: Identifier
    """The applicant's own name for it, such as the ``identifier`` of its catalogue."""
    applicant: AnyDid
    """Whose identifier it is, if the asset took the reviewed path; empty = the registrar's, on the fast one."""
    registrar: Did
    holder: Did
    status: str
    certificate: Annotated[str, msgspec.Meta(max_length=64)]
    description: AssetDescription
    version: int
    """Of the description: 1 at registration, one more with each approved change."""
    valid_until_ms: Time
    """The certificate holds before this block time; 0 = without end."""
    frozen_by: Annotated[tuple[Order, ...], msgspec.Meta(max_length=ORDERS_MAX)]
    """Orders that hold the asset, oldest first."""
    resumes: str
    """Status that returns when the last order is lifted; empty while none holds it."""
    registered_height: Height
    registered_ms: int
    updated_height: Height
    updated_ms: int

    def is_expired(self, time_ms: int) -> bool:
        """Whether the certificate no longer holds at ``time_ms``, whatever the status still says."""
        return 0 < self.valid_until_ms <= time_ms


class AssetVersion(msgspec.Struct, frozen=True, array_like=True):
    """A description that was replaced."""

    asset_id: Hash32
    version: int
    description: AssetDescription
    replaced_height: Height
    replaced_ms: int


# Values were encoded by this package; equal bytes mean an equal record, whatever an overlay discards.
decode_asset = lru_cache(256)(msgspec.msgpack.Decoder(AssetRecord).decode)
_ASSETS: Final = prefix("asset")
_decode_version = msgspec.msgpack.Decoder(AssetVersion).decode


def asset_id_of(applicant: str, identifier: str) -> bytes:
    """The 32-byte id of what ``applicant`` (on the fast path the registrar) calls ``identifier``."""
    return _asset_hash(encode((applicant, identifier)))


def description_hash(description: AssetDescription) -> bytes:
    """The 32 bytes by which a description is named while it waits for a decision."""
    return _description_hash(encode(description))


def asset_key(asset_id: bytes) -> bytes:
    """State key of a record."""
    return key_below(_ASSETS, asset_id)


def asset_version_key(asset_id: bytes, version: int) -> bytes:
    """State key of an earlier description."""
    return key("asset-version", asset_id, version)


@lru_cache(256)
def serial_key(registrar: str) -> bytes:
    """State key of a registrar's count of registrations."""
    return key("asset-serial", registrar)


def read_asset(state: State, asset_id: bytes) -> AssetRecord | None:
    """The record under ``asset_id``."""
    stored = state.get(asset_key(asset_id))
    return None if stored is None else decode_asset(stored)


def read_description(state: State, asset_id: bytes, version: int) -> AssetDescription | None:
    """The description of ``asset_id`` in ``version``, the present one or an earlier."""
    record = read_asset(state, asset_id)
    if record is None or record.version == version:
        return None if record is None else record.description
    if not 0 < version < record.version:
        return None
    stored = state.get(asset_version_key(asset_id, version))
    return None if stored is None else _decode_version(stored).description


RECORDS: Final = (
    ("asset", 2, "", AssetRecord),
    ("asset-version", 3, "", AssetVersion),
    ("asset-serial", 2, "", int),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
