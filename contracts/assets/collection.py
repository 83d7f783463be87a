"""Assets as readers list them."""

from typing import Final

from contracts.assets.application_record import LIFECYCLE as APPLICATION
from contracts.assets.application_record import ApplicationRecord
from contracts.assets.description import AssetDescription
from contracts.assets.lineage import Edge, LineageRecord
from contracts.assets.outcome import AssetFrozen, AssetRegistered, AssetTransferred
from contracts.assets.outcome_application import (
    ApplicationDrafted,
    ApplicationSubmitted,
    ObjectionRaised,
    ReviewerAssigned,
)
from contracts.assets.pending import PendingRecord
from contracts.assets.record import LIFECYCLE, AssetRecord, AssetVersion
from contracts.assets.registrar import RegistrarPolicy
from contracts.kernel.collection import Collection, Filter
from contracts.kernel.text import AnyDid, Hash32

_ASSET_ID: Final = {"asset_id": Hash32}

COLLECTIONS: Final = (
    Collection(
        name="assets",
        namespace=("asset",),
        ids=("asset_id",),
        record=AssetRecord,
        summary="Registered assets.",
        filters=(
            Filter("certificate", ((AssetRegistered, "certificate"),)),
            Filter("identifier", ((AssetRegistered, "identifier"),)),
            Filter("holder", ((AssetRegistered, "holder"), (AssetTransferred, "holder"))),
            Filter("applicant", ((AssetRegistered, "applicant"),)),
            Filter("frozen_by", ((AssetFrozen, "order"),)),
            Filter("registrar", ((AssetRegistered, "registrar"),)),
            Filter("status", choices=LIFECYCLE.statuses()),
            Filter("description.kind"),
            Filter("description.grade"),
            Filter("description.industry"),
            Filter("description.keywords"),
        ),
        missing="asset-not-found",
    ),
    Collection(
        name="asset-versions",
        namespace=("asset-version",),
        ids=("asset_id", "version"),
        record=AssetVersion,
        summary="Earlier descriptions of assets, each replaced by an approved change.",
    ),
    Collection(
        name="asset-applications",
        namespace=("asset-application",),
        ids=("asset_id",),
        record=ApplicationRecord,
        summary="Applications for registration, open and finished.",
        filters=(
            Filter("identifier", ((ApplicationDrafted, "identifier"),)),
            Filter("applicant", ((ApplicationDrafted, "applicant"),)),
            Filter("reviews.reviewer", ((ReviewerAssigned, "reviewer"),)),
            Filter("registrar", ((ApplicationDrafted, "registrar"), (ApplicationSubmitted, "registrar"))),
            Filter("status", choices=APPLICATION.statuses()),
            Filter("objections.objector", ((ObjectionRaised, "objector"),)),
        ),
    ),
    Collection(
        name="asset-drafts",
        namespace=("asset-draft",),
        ids=("asset_id",),
        record=AssetDescription,
        summary="Descriptions applied for, until the application ends.",
        id_types=_ASSET_ID,
    ),
    Collection(
        name="asset-requests",
        namespace=("asset-pending",),
        ids=("asset_id",),
        record=PendingRecord,
        summary="What holders asked for and registrars have not decided.",
        filters=(Filter("new_holder"), Filter("procedure")),
        id_types=_ASSET_ID,
    ),
    Collection(
        name="asset-proposals",
        namespace=("asset-proposal",),
        ids=("asset_id",),
        record=AssetDescription,
        summary="Descriptions proposed by requests for a change.",
        id_types=_ASSET_ID,
    ),
    Collection(
        name="registrar-policies",
        namespace=("asset-registrar",),
        ids=("registrar",),
        record=RegistrarPolicy,
        summary="Rules by which registrars decide.",
        id_types={"registrar": AnyDid},
    ),
    Collection(
        name="lineage",
        namespace=("lineage",),
        ids=("asset_id",),
        record=LineageRecord,
        summary="From what each asset was made.",
        filters=(Filter("generation"), Filter("edges.parent_id"), Filter("edges.relation")),
    ),
    Collection(
        name="lineage-children",
        namespace=("lineage-child",),
        ids=("parent_id", "child_id"),
        record=Edge,
        summary="What was made from an asset, as the child states it.",
        filters=(Filter("relation"),),
        id_types={"child_id": Hash32},
    ),
)
