import pytest

from chainnode.errors import Rejected
from contracts.assets.description import AssetDescription
from contracts.assets.operations_request import OfferTransfer, ProposeChange
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.registry import checked_operation


def test_proposed_description_meets_the_rules_of_class_and_grade() -> None:
    with pytest.raises(OperationFailed) as found:
        ProposeChange(bytes(32), AssetDescription("dataset", "A", personal_information="personal")).check()
    assert found.value.code == "asset-basis-missing"


def test_offer_names_somebody() -> None:
    with pytest.raises(Rejected) as found:
        checked_operation(OfferTransfer(bytes(32), ""))
    assert found.value.code == "operation-malformed"
