"""Records as a DCAT catalogue that others' tools read, and that the importer reads back without loss.

Each entry says in DCAT's words what they can say. It is then read back as the importer
would, and every field that came back different is added in our own vocabulary: so
nothing is lost by construction, and nothing is said twice.
"""

from collections.abc import Iterable
from typing import Any, Final

from contracts.assets.dcat.adapter import Adapter
from contracts.assets.dcat.entry import describe_entry, entry_identifier
from contracts.assets.dcat.linked_data import plain
from contracts.assets.dcat.standard_entry import dcat_3_entry, dcat_us_entry
from contracts.assets.dcat.vocabulary import (
    ASSET_URN,
    CONTEXT,
    FIELD_TERMS,
    IDENTIFIER,
    PREFIX,
    REGISTRATION,
    US_CONTEXT,
    US_SCHEMA,
    Profile,
)
from contracts.assets.description import AssetDescription
from contracts.assets.record import AssetRecord
from contracts.kernel.calendar import date_time
from contracts.kernel.document import to_document

Node = dict[str, Any]
TITLE: Final = "Registered data assets"


def export_catalogue(records: Iterable[AssetRecord], profile: Profile = "dcat-3", *, title: str = TITLE) -> Node:
    """A catalogue of ``records`` in their order, as a JSON-LD document."""
    return catalogue_of([export_entry(record, profile) for record in records], profile, title=title)


def catalogue_of(entries: list[Node], profile: Profile, *, title: str = TITLE) -> Node:
    """Entries that were exported one by one, under one head."""
    if profile == "dcat-us":
        return {
            "@context": US_CONTEXT,
            "@type": "dcat:Catalog",
            "conformsTo": US_SCHEMA,
            "describedBy": f"{US_SCHEMA}/catalog.json",
            "dataset": entries,
        }
    services = [entry for entry in entries if entry["@type"] == "dcat:DataService"]
    datasets = [entry for entry in entries if entry["@type"] != "dcat:DataService"]
    found: Node = {"@context": CONTEXT, "@type": "dcat:Catalog", "dct:title": title, "dcat:dataset": datasets}
    return found | ({"dcat:service": services} if services else {})


def export_entry(record: AssetRecord, profile: Profile = "dcat-3") -> Node:
    """One record as an entry of a catalogue, with what the register says of it."""
    entry = describe_in_words(record.identifier, record.description, profile, record)
    registration = to_document(record)
    del registration["identifier"], registration["description"]
    return {"@id": f"{ASSET_URN}{record.asset_id.hex()}", **entry, f"{PREFIX}:{REGISTRATION}": registration}


def describe_in_words(
    identifier: str, description: AssetDescription, profile: Profile, record: AssetRecord | None = None
) -> Node:
    """An entry that the importer reads back as exactly this identifier and description."""
    if profile == "dcat-us":
        registrar = record.registrar if record is not None else "unknown"
        day = date_time(record.updated_ms)[:10] if record is not None else "1970-01-01"
        entry = dcat_us_entry(identifier, description, registrar=registrar, registered=day)
    else:
        entry = dcat_3_entry(identifier, description)
    return entry | _remainder(identifier, description, entry)


def _remainder(identifier: str, description: AssetDescription, entry: Node) -> Node:
    """What reading the entry back does not give."""
    node = plain(entry)
    adapter = Adapter(node, {}, [])
    back = to_document(describe_entry(node, {}, adapter.line("title"), []))
    wanted = to_document(description)
    found = {
        f"{PREFIX}:{FIELD_TERMS[field]}": wanted[field] for field in wanted if wanted[field] != back[field]
    }
    if entry_identifier(node, adapter) != identifier:
        found[f"{PREFIX}:{IDENTIFIER}"] = identifier
    return found
