"""``chainnode income``: who gets which part of what an asset earns."""

from chainnode.cli.operation import Verb, operation_group, verbs_of
from contracts.income.operations import DistributeIncome
from contracts.income.record import distribution_id_of


def _distribution_id(operation: DistributeIncome, did: str) -> dict[str, str]:
    """What a reversal names, and what a recount finds the parts by."""
    return {"distribution_id": distribution_id_of(did, operation.reference).hex()}


command = operation_group(
    "income",
    "Set rules of income, and distribute what came in.",
    verbs_of(
        "income",
        distribute=Verb(
            "income.distribute", arguments=("reference", "asset_id", "amount", "currency"), about=_distribution_id
        ),
        acknowledge=Verb("income.acknowledge", arguments=("distributor", "amount", "currency")),
    ),
)
