"""``chainnode dispute``: complaints and disputes, from filing to the end of their measures."""

from chainnode.cli.operation import Verb, operation_group, verbs_of
from contracts.disputes.operations import FileDispute
from contracts.disputes.record import dispute_id_of


def _dispute_id(operation: FileDispute, did: str) -> dict[str, str]:
    """What every later step of the case names."""
    return {"dispute_id": dispute_id_of(did, operation.identifier).hex()}


command = operation_group(
    "dispute",
    "File, answer, decide and enforce disputes.",
    verbs_of("dispute", file=Verb("dispute.file", arguments=("identifier", "respondent"), about=_dispute_id)),
)
