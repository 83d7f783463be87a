from contracts.evidence.public_data.operations import CataloguePublicData
from tests.unit.contracts.world import World


def test_asset_reference_of_wrong_length_names_nothing() -> None:
    wrong = CataloguePublicData(bytes(16), "Trees", bytes(16), b"a")
    assert World().submit("member", wrong).code == "evidence-reference"
