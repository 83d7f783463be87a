"""Port registry: an asset registered on one chain stands in the catalogue of another, with its origin and its proof.

The mirror is never an asset of the chain that shows it: no right can be granted in it, and no certificate given. What
it says is what the other chain's ledger said at ``origin_height``.
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.state.view import State
from contracts.assets.entry import known_asset
from contracts.assets.measures import TRADABLE, tradable_asset
from contracts.assets.record import AssetRecord, description_hash
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.market.record import LISTING, ListingRecord, read_board, read_listing
from contracts.relay.port import Arrival, Departure
from contracts.relay.ports.message import (
    DONE,
    AssetMessage,
    AssetView,
    ListingView,
    check_certificate,
    check_height,
    check_names,
    check_newer,
    read_message,
)
from contracts.relay.ports.operations import AnnounceAsset
from contracts.relay.ports.outcome import AnnouncementSettled, AssetAnnounced, AssetMirrored, ListingMirrored
from contracts.relay.ports.record import (
    ANNOUNCEMENT,
    AnnouncementRecord,
    MirroredAsset,
    MirroredListing,
    mirrored_asset_key,
    mirrored_listing_key,
    read_announcement,
    read_mirrored_asset,
    read_mirrored_listing,
    write_announcement,
)
from contracts.relay.ports.telling import telling_port
from contracts.relay.sending import SENDING_CODES, send

_decode = msgspec.msgpack.Decoder(AssetMessage).decode
_told_hash = tagged_hash("relay-announced")
_terms_hash = tagged_hash("relay-terms")


def announce(operation: AnnounceAsset, context: Context, state: State) -> None:
    """Send the asset as it stands, and the listing.

    Raises:
        OperationFailed: one of the codes beside ``AnnounceAsset`` in ``OPERATIONS``.
    """
    asset = known_asset(state, operation.asset_id)
    listing = read_listing(state, operation.listing_id) if operation.listing_id else None
    if listing is not None and listing.asset_id != asset.asset_id:
        raise OperationFailed("relay-listing-of-another", f"listing {listing.listing_id.hex()} offers another asset")
    subject_id = operation.listing_id or asset.asset_id
    before = read_announcement(state, operation.client_id, subject_id)
    if before is None:
        _check_first(asset, listing, context, state)
    shown = _asset_view(asset)
    offered = None if listing is None else _listing_view(listing, state)
    digest = _told_hash(encode((shown, offered)))
    if before is not None and before.status != "FAILED" and before.digest == digest:
        raise OperationFailed("relay-announcement-same", f"{operation.client_id} was told this by {before.sequence}")
    status = ANNOUNCEMENT.step(None if before is None else before.status, "announce")
    message = AssetMessage(context.height, shown, offered)
    packet = send(operation.client_id, PORT, encode(message), operation.timeout_s, context, state)
    write_announcement(
        state,
        AnnouncementRecord(
            client_id=operation.client_id,
            subject_id=subject_id,
            subject="asset" if listing is None else "listing",
            status=status,
            sequence=packet.sequence,
            digest=digest,
            announced_by=context.sender,
            announced_height=context.height,
            announced_ms=context.time_ms,
        ),
    )
    context.emit(
        AssetAnnounced(operation.client_id, subject_id, asset.asset_id, packet.sequence, context.sender)
    )


def _check_first(asset: AssetRecord, listing: ListingRecord | None, context: Context, state: State) -> None:
    """What is new elsewhere is in order here, and shown by those whose it is."""
    tradable_asset(state, asset.asset_id, context.time_ms)
    allowed: tuple[str, ...] = (asset.holder, asset.registrar)
    if listing is not None:
        LISTING.step(listing.status, "order")
        allowed = (*allowed, listing.seller, read_board(state, listing.board_id).operator)
    if context.sender not in allowed:
        raise OperationFailed("relay-announce-not-yours", f"this is for {' or '.join(dict.fromkeys(allowed))}")


def _asset_view(asset: AssetRecord) -> AssetView:
    return AssetView(
        asset_id=asset.asset_id,
        kind=asset.description.kind,
        name=asset.description.name,
        registrar=asset.registrar,
        holder=asset.holder,
        certificate=asset.certificate,
        status=asset.status,  # type: ignore[arg-type]  # a test holds the literal to the lifecycle
        version=asset.version,
        description_hash=description_hash(asset.description),
        valid_until_ms=asset.valid_until_ms,
    )


def _listing_view(listing: ListingRecord, state: State) -> ListingView:
    board = read_board(state, listing.board_id)
    return ListingView(
        listing_id=listing.listing_id,
        asset_id=listing.asset_id,
        operator=board.operator,
        seller=listing.seller,
        currency=board.currency,
        price_mode=listing.price_mode,
        price=listing.price,
        unit=listing.unit,
        quantity=listing.quantity,
        delivery_mode=listing.delivery_mode,
        right_kind=listing.terms.kind,
        terms_hash=_terms_hash(encode(listing.terms)),
        offer_hash=listing.offer_hash,
        expires_ms=listing.expires_ms,
        status=listing.status,  # type: ignore[arg-type]  # a test holds the literal to the lifecycle
    )


def receive(arrival: Arrival, context: Context, state: State) -> bytes:
    """Show another chain's asset here, and its listing.

    Raises:
        OperationFailed: ``relay-value-malformed``, ``relay-name-foreign``, ``relay-message-height``,
            ``relay-listing-of-another`` or ``relay-message-overtaken``.
    """
    message: AssetMessage = read_message(_decode, arrival.payload.value)
    check_height(message.height, arrival)
    asset, listing = message.asset, message.listing
    check_certificate(asset)
    check_names(arrival, asset.registrar, asset.holder)
    if listing is not None:
        check_names(arrival, listing.operator, listing.seller)
        if listing.asset_id != asset.asset_id:
            raise OperationFailed("relay-listing-of-another", "the listing offers another asset than the message tells")
        _mirror_listing(listing, message.height, arrival, context, state)
    _mirror_asset(asset, message.height, arrival, context, state, must_be_newer=listing is None)
    return DONE


def _mirror_asset(
    asset: AssetView, height: int, arrival: Arrival, context: Context, state: State, *, must_be_newer: bool
) -> None:
    """Write the mirror; an asset that comes along with a listing is left as it is where something newer is known."""
    client_id, sequence = arrival.client_id, arrival.packet.sequence
    before = read_mirrored_asset(state, client_id, asset.asset_id)
    known = None if before is None else (before.origin_height, before.sequence)
    if known is not None and (height, sequence) <= known and not must_be_newer:
        return
    check_newer(height, sequence, known)
    record = MirroredAsset(
        client_id=client_id,
        asset_id=asset.asset_id,
        chain_id=arrival.chain_id,
        asset=asset,
        origin_height=height,
        sequence=sequence,
        proof_height=arrival.proof_height,
        mirrored_height=context.height if before is None else before.mirrored_height,
        mirrored_ms=context.time_ms if before is None else before.mirrored_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )
    state.put(mirrored_asset_key(client_id, asset.asset_id), encode(record))
    context.emit(AssetMirrored(client_id, asset.asset_id, arrival.chain_id, asset.name, asset.holder, asset.status))


def _mirror_listing(listing: ListingView, height: int, arrival: Arrival, context: Context, state: State) -> None:
    client_id, sequence = arrival.client_id, arrival.packet.sequence
    before = read_mirrored_listing(state, client_id, listing.listing_id)
    if before is not None and before.listing.asset_id != listing.asset_id:
        raise OperationFailed("relay-listing-of-another", f"{listing.listing_id.hex()} offered another asset before")
    check_newer(height, sequence, None if before is None else (before.origin_height, before.sequence))
    record = MirroredListing(
        client_id=client_id,
        listing_id=listing.listing_id,
        chain_id=arrival.chain_id,
        listing=listing,
        origin_height=height,
        sequence=sequence,
        proof_height=arrival.proof_height,
        mirrored_height=context.height if before is None else before.mirrored_height,
        mirrored_ms=context.time_ms if before is None else before.mirrored_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )
    state.put(mirrored_listing_key(client_id, listing.listing_id), encode(record))
    context.emit(
        ListingMirrored(
            client_id, listing.listing_id, listing.asset_id, arrival.chain_id, listing.seller, listing.status
        )
    )


def is_tradable(mirror: MirroredAsset, time_ms: int) -> bool:
    """Whether the asset was traded on its own chain when it was last announced, and its certificate still holds."""
    asset = mirror.asset
    return asset.status in TRADABLE and not 0 < asset.valid_until_ms <= time_ms


def _settle(departure: Departure, action: str, context: Context, state: State) -> None:
    message: AssetMessage = read_message(_decode, departure.payload.value)
    subject_id = message.asset.asset_id if message.listing is None else message.listing.listing_id
    record = read_announcement(state, departure.client_id, subject_id)
    if record is None or record.sequence != departure.packet.sequence:
        return  # a newer packet is under way, and its answer counts
    status = ANNOUNCEMENT.step(record.status, action)
    write_announcement(state, msgspec.structs.replace(record, status=status))
    context.emit(AnnouncementSettled(departure.client_id, subject_id, record.sequence, status))


PORT: Final = telling_port("registry", "registry-1", receive, _settle)

OPERATIONS: Final = (
    OperationSpec(
        AnnounceAsset,
        announce,
        EVERYONE,
        (
            "asset-unknown",
            "listing-unknown",
            "relay-listing-of-another",
            "asset-frozen",
            "asset-expired",
            "asset-status",
            "listing-status",
            "relay-announce-not-yours",
            "relay-announcement-same",
            *SENDING_CODES,
        ),
        work=4,
    ),
)
