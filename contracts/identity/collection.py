"""Identities as readers list them; many begin at genesis, so no event finds them."""

from typing import Final

from contracts.identity.accreditation import LIFECYCLE, AccreditationRecord
from contracts.identity.record import LIFECYCLE as IDENTITY
from contracts.identity.record import IdentityRecord
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
)
