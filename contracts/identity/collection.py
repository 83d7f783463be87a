"""Identities as readers list them; many begin at genesis, so no event finds them."""

from typing import Final

from contracts.identity.record import IdentityRecord
from contracts.kernel.collection import Collection, Filter

COLLECTIONS: Final = (
    Collection(
        name="identities",
        namespace=("identity",),
        ids=("did",),
        record=IdentityRecord,
        summary="Current versions of identities.",
        filters=(Filter("controllers"), Filter("deactivated")),
        missing="identity-not-found",
    ),
)
