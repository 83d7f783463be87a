from chainnode.limits import STATE_VALUE_BYTES_MAX
from contracts.evidence.operations import RecordEvidence
from contracts.identity.operations import DeactivateIdentity
from contracts.kernel.operation import OPERATION_BYTES_MAX, OperationSpec, encode_operation
from contracts.kernel.policy import SELF


def test_wire_form_is_an_array_that_begins_with_the_name() -> None:
    """Wire form: canonical MessagePack array ``[name, field, ...]``."""
    assert encode_operation(DeactivateIdentity()) == b"\x91\xb3identity.deactivate"


def test_spec_takes_name_and_family_from_the_type() -> None:
    spec = OperationSpec(RecordEvidence, lambda _operation, _context, _state: None, SELF, ())
    assert (spec.name, spec.family) == ("evidence.record", "evidence")


def test_record_made_from_the_largest_operation_fits_a_state_value() -> None:
    assert 2 * OPERATION_BYTES_MAX < STATE_VALUE_BYTES_MAX
