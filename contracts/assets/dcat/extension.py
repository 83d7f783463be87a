"""What our own vocabulary adds to an entry, read back: fields that DCAT lacks, and what the register said.

An entry can be written by anyone, so all of it is checked like any operation; it proves
nothing by itself.
"""

from typing import Any

from chainnode.codec.canonical import encode
from chainnode.errors import Rejected
from contracts.assets.dcat.adapter import Adapter
from contracts.assets.dcat.linked_data import Node
from contracts.assets.dcat.vocabulary import FIELD_TERMS, IDENTIFIER, REGISTRATION
from contracts.assets.description import AssetDescription, check_description
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import AssetRecord
from contracts.kernel.document import from_document, to_document
from contracts.kernel.operation import OPERATION_BYTES_MAX
from contracts.kernel.outcome import OperationFailed


def extended(description: AssetDescription, adapter: Adapter) -> AssetDescription:
    """``description`` with each field that the entry states in our vocabulary; what cannot be read is noted."""
    given = {field: term for field, term in FIELD_TERMS.items() if term in adapter.node}
    if not given:
        return description
    document = to_document(description)
    for field, term in given.items():
        try:
            changed = {**document, field: _value(adapter.node[term])}
            description = from_document(AssetDescription, changed)
            document = changed
        except Rejected:
            adapter.note(term, "is no value that a record can hold; left out")
    return _without_contradiction(description, adapter)


def _without_contradiction(description: AssetDescription, adapter: Adapter) -> AssetDescription:
    try:
        check_description(description)
    except OperationFailed as failure:
        adapter.note("asset terms", f"contradict each other ({failure.code}); the ledger will refuse the entry")
    return description


def stated_text(node: Node, term: str) -> str:
    """A text that the entry states in our vocabulary; empty where there is none."""
    found = _value(node.get(term))
    return found if isinstance(found, str) else ""


def stated_identifier(node: Node) -> str:
    """The identifier, where DCAT's own would not read back the same; empty where none stands that a record can hold."""
    found = stated_text(node, IDENTIFIER)
    try:
        from_document(RegisterAsset, {"identifier": found, "description": {"kind": "dataset", "name": "name"}})
    except Rejected:
        return ""
    return found


def check_size(operation: RegisterAsset, node: Node) -> None:
    """Refuse what our own terms made too large for one operation; what DCAT says was cut to fit already.

    Raises:
        Rejected: ``entry-asset-terms``.
    """
    if any(term in node for term in FIELD_TERMS.values()) and len(encode(operation)) > OPERATION_BYTES_MAX:
        raise Rejected("entry-asset-terms", "the entry is too large for one operation")


def stated_record(node: Node, identifier: str, description: AssetDescription) -> AssetRecord | None:
    """The record that the entry was exported from; None where it says nothing of a registration.

    Raises:
        Rejected: ``operation-malformed``: it does, but no record can be like this.
    """
    found = _value(node.get(REGISTRATION))
    if not isinstance(found, dict):
        return None
    return from_document(
        AssetRecord, {**found, "identifier": identifier, "description": to_document(description)}
    )


def _value(found: Any) -> Any:
    """The value of a JSON literal, expanded or not."""
    return found["@value"] if isinstance(found, dict) and "@value" in found else found
