"""Identities as readers list them; many begin at genesis, so no event finds them."""

from typing import Final

from contracts.identity.accreditation import LIFECYCLE, AccreditationRecord
from contracts.identity.credential import IssuanceRecord, SchemaRecord, StatusListRecord
from contracts.identity.outcome_recovery import RecoveryProposed
from contracts.identity.outcome_registry import IssuanceLogged, SchemaRegistered
from contracts.identity.record import LIFECYCLE as IDENTITY
from contracts.identity.record import IdentityRecord
from contracts.identity.recovery import LIFECYCLE as RECOVERY
from contracts.identity.recovery import RecoveryRecord
from contracts.kernel.collection import Collection, Filter
from contracts.kernel.text import ShortName

COLLECTIONS: Final = (
    Collection(
        name="identities",
        namespace=("identity",),
        ids=("did",),
        record=IdentityRecord,
        summary="Current versions of identities.",
        filters=(Filter("controllers"), Filter("status", choices=IDENTITY.statuses())),
        missing="identity-not-found",
    ),
    Collection(
        name="accreditations",
        namespace=("accreditation",),
        ids=("did", "kind", "scope"),
        record=AccreditationRecord,
        summary="Who is trusted with what; the scope is the credential type of an issuer, else a hyphen.",
        filters=(
            Filter("kind"),
            Filter("credential_type"),
            Filter("accredited_by"),
            Filter("status", choices=LIFECYCLE.statuses()),
        ),
        id_types={"scope": ShortName},
    ),
    Collection(
        name="recoveries",
        namespace=("recovery",),
        ids=("did", "proposer"),
        record=RecoveryRecord,
        summary="Proposals of new keys for identities whose own are lost.",
        filters=(
            Filter("proposer", indexes=((RecoveryProposed, "proposer"),)),
            Filter("status", choices=RECOVERY.statuses()),
        ),
    ),
    Collection(
        name="status-lists",
        namespace=("credential-status",),
        ids=("issuer", "list_id"),
        record=StatusListRecord,
        summary="Status lists of credentials in force.",
        filters=(Filter("purpose"),),
    ),
    Collection(
        name="credential-schemas",
        namespace=("credential-schema",),
        ids=("author", "schema_id", "version"),
        record=SchemaRecord,
        summary="Schemas of credentials, each version for ever as it is.",
        filters=(Filter("digest", indexes=((SchemaRegistered, "digest"),)), Filter("schema_id")),
    ),
    Collection(
        name="issuances",
        namespace=("credential-issuance",),
        ids=("issuer", "digest"),
        record=IssuanceRecord,
        summary="Credentials that were logged when they were issued, by their salted digests.",
        filters=(
            Filter("digest", indexes=((IssuanceLogged, "digest"),)),
            Filter("subject", indexes=((IssuanceLogged, "subject"),)),
            Filter("credential_type"),
            Filter("accredited"),
        ),
    ),
)
