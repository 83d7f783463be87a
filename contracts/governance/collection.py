"""What readers list of the consortium; roles are given at genesis too, so no event finds them."""

from typing import Final

from contracts.governance.record import MisbehaviourRecord
from contracts.kernel.collection import Collection, Filter
from contracts.kernel.policy import RoleRecord

COLLECTIONS: Final = (
    Collection(
        name="roles",
        namespace=("governance", "roles"),
        ids=("did",),
        record=RoleRecord,
        summary="Who holds which roles, since when and from whom.",
        filters=(Filter("grants.role"), Filter("registrar_number")),
    ),
    Collection(
        name="misbehaviour",
        namespace=("governance", "misbehaviour"),
        ids=("consensus_key", "height"),
        record=MisbehaviourRecord,
        summary="Validators that were proved to have signed two things for one place.",
        filters=(Filter("did"), Filter("epoch")),
    ),
)
