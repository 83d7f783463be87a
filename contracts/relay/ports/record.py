"""What the ledger holds about assets and accreditations that were told to other chains, and that they told.

    relay-announced/<client>/<id>                   AnnouncementRecord: an asset or listing of ours, told elsewhere
    relay-mirror-asset/<client>/<asset>             MirroredAsset: an asset of another chain
    relay-mirror-listing/<client>/<listing>         MirroredListing: an offer on another chain
    relay-audience/<did>/<kind>/<scope>             Audience: where an accreditation of ours was told
    relay-recognised/<client>/<did>/<kind>/<scope>  RecognisedAccreditation: one of another chain

What comes from elsewhere stands below the client through which it came: two chains, or two clients of one, never meet
under one key, and nothing of ours is ever written by a packet.
"""

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.transaction import Did, Height
from contracts.identity.accreditation import CredentialType, Jurisdiction, Kind
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.text import Hash32, Line, Time
from contracts.relay.packet import SEQUENCE_MAX, ClientId
from contracts.relay.ports.message import AssetView, ForeignDid, ListingView
from contracts.relay.record import ChainName

AUDIENCE_MAX: Final = 8
"""Clients to which one accreditation is told: its end is told to all of them at once."""

ANNOUNCEMENT: Final = Lifecycle(
    "announcement",
    "relay-announcement-status",
    {
        (None, "announce"): "SENT",
        ("SENT", "announce"): "SENT",
        ("SENT", "hear"): "KNOWN",
        ("SENT", "fail"): "FAILED",
        (None, "fail"): "FAILED",
        ("KNOWN", "announce"): "SENT",
        ("KNOWN", "fail"): "FAILED",
        ("FAILED", "announce"): "SENT",
        ("FAILED", "fail"): "FAILED",
    },
)
"""``fail``: refused there, timed out, or, for the end of an accreditation, it could not even be sent."""
RECOGNITION: Final = Lifecycle(
    "recognised accreditation",
    "relay-message-overtaken",
    {
        (None, "recognise"): "STANDING",
        ("STANDING", "recognise"): "STANDING",
        ("ENDED", "recognise"): "STANDING",
        (None, "end"): "ENDED",
        ("STANDING", "end"): "ENDED",
        ("ENDED", "end"): "ENDED",
    },
)
"""An end that overtook its announcement is written down, so that the announcement comes too late. No step is
ever refused by this table: whatever is newer counts."""
Sequence = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
BY_PROOF: Final = SEQUENCE_MAX
"""In the place of a packet's sequence where a proof of the state showed something: the last word of its height."""


class AnnouncementRecord(msgspec.Struct, frozen=True, array_like=True):
    """An asset or listing of this chain that another one was told of."""

    client_id: ClientId
    subject_id: Hash32
    """Of the asset, or of the listing."""
    subject: Literal["asset", "listing"]
    status: str
    sequence: Sequence
    """Of the last packet that told it; answers to earlier ones change nothing."""
    digest: Hash32
    """Of what was told last, without the height."""
    announced_by: Did
    announced_height: Height
    announced_ms: int


class MirroredAsset(msgspec.Struct, frozen=True, array_like=True):
    """An asset that another chain has registered."""

    client_id: ClientId
    asset_id: Hash32
    chain_id: ChainName
    """Where it comes from."""
    asset: AssetView
    origin_height: Height
    """When it stood so on its own chain."""
    sequence: Sequence
    """Of the packet, and ``proof_height`` of the header that proved it."""
    proof_height: Height
    mirrored_height: Height
    """First seen here; ``updated_height`` last."""
    mirrored_ms: int
    updated_height: Height
    updated_ms: int


class MirroredListing(msgspec.Struct, frozen=True, array_like=True):
    """An offer on another chain."""

    client_id: ClientId
    listing_id: Hash32
    chain_id: ChainName
    listing: ListingView
    origin_height: Height
    sequence: Sequence
    proof_height: Height
    mirrored_height: Height
    mirrored_ms: int
    updated_height: Height
    updated_ms: int


class Told(msgspec.Struct, frozen=True, array_like=True):
    """One chain that an accreditation was told to."""

    client_id: ClientId
    status: str
    """Of the announcement."""
    sequence: Sequence
    """Of the last packet; 0 = it could not be sent."""
    ended: bool
    """Whether it told the end."""
    told_height: Height


class Audience(msgspec.Struct, frozen=True, array_like=True):
    """Where an accreditation of this chain was told: its end follows there."""

    did: Did
    kind: Kind
    credential_type: CredentialType
    told: Annotated[tuple[Told, ...], msgspec.Meta(max_length=AUDIENCE_MAX)]


class RecognisedAccreditation(msgspec.Struct, frozen=True, array_like=True):
    """An accreditation of another chain, as it stood there when it was last shown."""

    client_id: ClientId
    did: ForeignDid
    kind: Kind
    credential_type: CredentialType
    chain_id: ChainName
    jurisdiction: Jurisdiction
    status: str
    valid_from_ms: Time
    valid_until_ms: Time
    """First moment at which it no longer holds; 0 = until it is ended."""
    ended_ms: Time
    accredited_by: ForeignDid
    reason: Line
    origin_height: Height
    sequence: Sequence
    """Of the packet; the largest number where a proof of the state showed it."""
    proof_height: Height
    recognised_height: Height
    recognised_ms: int
    updated_height: Height
    updated_ms: int

    def holds_at(self, time_ms: int) -> bool:
        """Whether it holds at ``time_ms``, as far as this chain knows."""
        until_ms = self.valid_until_ms
        return self.status == "STANDING" and self.valid_from_ms <= time_ms and (not until_ms or time_ms < until_ms)


_decode_announcement = msgspec.msgpack.Decoder(AnnouncementRecord).decode
_decode_mirrored_asset = msgspec.msgpack.Decoder(MirroredAsset).decode
_decode_mirrored_listing = msgspec.msgpack.Decoder(MirroredListing).decode
_decode_audience = msgspec.msgpack.Decoder(Audience).decode
_decode_recognised = lru_cache(256)(msgspec.msgpack.Decoder(RecognisedAccreditation).decode)


def announcement_key(client_id: str, subject_id: bytes) -> bytes:
    """State key of what was told of an asset or listing; their ids are hashes under different tags."""
    return key("relay-announced", client_id, subject_id)


def read_announcement(state: State, client_id: str, subject_id: bytes) -> AnnouncementRecord | None:
    """What was told of an asset or listing through ``client_id``; None where nothing was."""
    stored = state.get(announcement_key(client_id, subject_id))
    return None if stored is None else _decode_announcement(stored)


def write_announcement(state: State, record: AnnouncementRecord) -> None:
    """Put it under its key."""
    state.put(announcement_key(record.client_id, record.subject_id), encode(record))


def mirrored_asset_key(client_id: str, asset_id: bytes) -> bytes:
    """State key of another chain's asset."""
    return key("relay-mirror-asset", client_id, asset_id)


def read_mirrored_asset(state: State, client_id: str, asset_id: bytes) -> MirroredAsset | None:
    """The asset that came through ``client_id``."""
    stored = state.get(mirrored_asset_key(client_id, asset_id))
    return None if stored is None else _decode_mirrored_asset(stored)


def mirrored_listing_key(client_id: str, listing_id: bytes) -> bytes:
    """State key of another chain's listing."""
    return key("relay-mirror-listing", client_id, listing_id)


def read_mirrored_listing(state: State, client_id: str, listing_id: bytes) -> MirroredListing | None:
    """The listing that came through ``client_id``."""
    stored = state.get(mirrored_listing_key(client_id, listing_id))
    return None if stored is None else _decode_mirrored_listing(stored)


def audience_key(did: str, kind: str, credential_type: str) -> bytes:
    """State key of where an accreditation was told."""
    return key("relay-audience", did, kind, credential_type or "-")


def read_audience(state: State, did: str, kind: Kind, credential_type: str) -> Audience:
    """Where an accreditation was told; nowhere, where there is no record."""
    stored = state.get(audience_key(did, kind, credential_type))
    return Audience(did, kind, credential_type, ()) if stored is None else _decode_audience(stored)


def write_audience(state: State, record: Audience) -> None:
    """Put it under its key."""
    state.put(audience_key(record.did, record.kind, record.credential_type), encode(record))


def recognised_key(client_id: str, did: str, kind: str, credential_type: str) -> bytes:
    """State key of another chain's accreditation."""
    return key("relay-recognised", client_id, did, kind, credential_type or "-")


def read_recognised(
    state: State, client_id: str, did: str, kind: str, credential_type: str = ""
) -> RecognisedAccreditation | None:
    """The accreditation that came through ``client_id``; whether it holds, ``ports.recognition`` says."""
    stored = state.get(recognised_key(client_id, did, kind, credential_type))
    return None if stored is None else _decode_recognised(stored)


RECORDS: Final = (
    ("relay-announced", 3, "", AnnouncementRecord),
    ("relay-mirror-asset", 3, "", MirroredAsset),
    ("relay-mirror-listing", 3, "", MirroredListing),
    ("relay-audience", 4, "", Audience),
    ("relay-recognised", 5, "", RecognisedAccreditation),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
