from contracts.kernel.registry import OPERATIONS
from contracts.rights.measures import FREEZING, RELEASING, REVOKING
from contracts.rights.refusal import CODES


def test_every_refusal_belongs_to_an_operation_or_a_measure() -> None:
    declared = {code for spec in OPERATIONS.values() if spec.family == "right" for code in spec.codes}
    measures = {*FREEZING, *RELEASING, *REVOKING}
    assert set(CODES) - declared == measures - declared
    assert set(CODES) <= declared | measures
