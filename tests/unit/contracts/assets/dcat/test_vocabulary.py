from contracts.assets.dcat.vocabulary import CONTEXT, FIELD_TERMS, NAMESPACE, term_of
from contracts.assets.description import AssetDescription
from contracts.kernel.document import to_document


def test_every_field_has_its_own_term_that_no_dcat_term_equals() -> None:
    assert set(FIELD_TERMS) == set(AssetDescription.__struct_fields__)
    assert len(set(FIELD_TERMS.values())) == len(FIELD_TERMS)
    assert all(term.startswith("asset") and term[5].isupper() for term in FIELD_TERMS.values())
    assert term_of("general_level") == "assetGeneralLevel"


def test_fields_that_hold_objects_are_json_literals_in_the_context() -> None:
    """A JSON-LD processor carries a JSON literal along unchanged."""
    literals = {name for name, found in CONTEXT.items() if isinstance(found, dict)}
    assert all(CONTEXT[name] == {"@id": NAMESPACE + name.partition(":")[2], "@type": "@json"} for name in literals)
    empty = to_document(AssetDescription("dataset", "Set"))
    optional = {f"cnode:{FIELD_TERMS[name]}" for name, value in empty.items() if value is None}
    assert optional - literals == {"cnode:assetSchemaHash", "cnode:assetSampleHash"}
