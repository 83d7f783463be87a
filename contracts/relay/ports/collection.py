"""What was told to other chains and by them, as readers list it."""

from typing import Final

from contracts.kernel.collection import Collection, Filter
from contracts.kernel.text import ShortName
from contracts.relay.ports.outcome import (
    AssetAnnounced,
    AssetMirrored,
    ForeignOrderPlaced,
    ListingMirrored,
    OrderSent,
)
from contracts.relay.ports.record import (
    ANNOUNCEMENT,
    RECOGNITION,
    AnnouncementRecord,
    Audience,
    MirroredAsset,
    MirroredListing,
    RecognisedAccreditation,
)
from contracts.relay.ports.record_evidence import CHECKPOINT, AnchorRecord, CheckpointRecord
from contracts.relay.ports.record_trade import FOREIGN_ORDER, ORDER, ForeignOrder, OrderRecord

COLLECTIONS: Final = (
    Collection(
        name="announcements",
        namespace=("relay-announced",),
        ids=("client_id", "subject_id"),
        record=AnnouncementRecord,
        summary="Assets and listings that other chains were told of.",
        filters=(
            Filter("subject_id", ((AssetAnnounced, "subject_id"),)),
            Filter("status", choices=ANNOUNCEMENT.statuses()),
        ),
    ),
    Collection(
        name="mirrored-assets",
        namespace=("relay-mirror-asset",),
        ids=("client_id", "asset_id"),
        record=MirroredAsset,
        summary="Assets of other chains, with origin and proof.",
        filters=(
            Filter("asset_id", ((AssetMirrored, "asset_id"),)),
            Filter("chain_id", ((AssetMirrored, "chain_id"),)),
            Filter("asset.holder"),
            Filter("asset.kind"),
            Filter("asset.status"),
        ),
    ),
    Collection(
        name="mirrored-listings",
        namespace=("relay-mirror-listing",),
        ids=("client_id", "listing_id"),
        record=MirroredListing,
        summary="Offers on other chains, which relay.order orders from.",
        filters=(
            Filter("listing_id", ((ListingMirrored, "listing_id"),)),
            Filter("listing.asset_id", ((ListingMirrored, "asset_id"),)),
            Filter("chain_id", ((ListingMirrored, "chain_id"),)),
            Filter("listing.seller"),
            Filter("listing.status"),
        ),
    ),
    Collection(
        name="accreditation-audiences",
        namespace=("relay-audience",),
        ids=("did", "kind", "scope"),
        record=Audience,
        summary="Which other chains were told of an accreditation, and of its end.",
        filters=(Filter("told.client_id"), Filter("told.status", choices=ANNOUNCEMENT.statuses())),
        id_types={"scope": ShortName},
    ),
    Collection(
        name="recognised-accreditations",
        namespace=("relay-recognised",),
        ids=("client_id", "did", "kind", "scope"),
        record=RecognisedAccreditation,
        summary="Accreditations of other chains; the scope is the credential type of an issuer, else a hyphen.",
        filters=(
            Filter("chain_id"),
            Filter("credential_type"),
            Filter("accredited_by"),
            Filter("status", choices=RECOGNITION.statuses()),
        ),
        id_types={"scope": ShortName},
    ),
    Collection(
        name="relay-checkpoints",
        namespace=("relay-checkpoint",),
        ids=("client_id", "sequence"),
        record=CheckpointRecord,
        summary="Headers of this chain that others were asked to keep.",
        filters=(Filter("status", choices=CHECKPOINT.statuses()), Filter("sent_by")),
    ),
    Collection(
        name="relay-anchors",
        namespace=("relay-anchor",),
        ids=("client_id", "height"),
        record=AnchorRecord,
        summary="Headers of other chains that this one keeps for ever.",
        filters=(Filter("chain_id"),),
    ),
    Collection(
        name="relay-orders",
        namespace=("relay-order",),
        ids=("order_id",),
        record=OrderRecord,
        summary="Orders of this chain's buyers on other chains.",
        filters=(
            Filter("buyer", ((OrderSent, "buyer"),)),
            Filter("listing_id", ((OrderSent, "listing_id"),)),
            Filter("client_id", ((OrderSent, "client_id"),)),
            Filter("status", choices=ORDER.statuses()),
        ),
    ),
    Collection(
        name="foreign-orders",
        namespace=("relay-foreign-order",),
        ids=("client_id", "order_id"),
        record=ForeignOrder,
        summary="Orders of other chains' buyers on this one's listings.",
        filters=(
            Filter("order_id", ((ForeignOrderPlaced, "order_id"),)),
            Filter("listing_id", ((ForeignOrderPlaced, "listing_id"),)),
            Filter("seller", ((ForeignOrderPlaced, "seller"),)),
            Filter("buyer", ((ForeignOrderPlaced, "buyer"),)),
            Filter("status", choices=FOREIGN_ORDER.statuses()),
            Filter("telling"),
        ),
    ),
)
