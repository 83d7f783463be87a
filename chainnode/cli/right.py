"""``chainnode right``: who may do what with an asset."""

from chainnode.cli.operation import Verb, operation_group, verbs_of
from contracts.rights.operations import GrantRight
from contracts.rights.record import right_id_of


def _right_id(operation: GrantRight, did: str) -> dict[str, str]:
    return {"right_id": right_id_of(did, operation.asset_id, operation.parent, operation.salt).hex()}


command = operation_group(
    "right",
    "Grant, use and end rights in assets.",
    verbs_of(
        "right",
        grant=Verb("right.grant", arguments=("asset_id", "grantee"), fresh=("salt",), about=_right_id),
    ),
)
