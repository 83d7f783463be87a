"""The words that catalogues are written in: DCAT's own, and a vocabulary for what DCAT cannot say.

A term of ours is ``asset`` and the field's name, so that it differs from every DCAT term
even where a reader knows properties by the last part of their names alone.
"""

from typing import Any, Final, Literal

from contracts.assets.description import AssetDescription

Profile = Literal["dcat-3", "dcat-us"]
PROFILES: Final[tuple[Profile, ...]] = ("dcat-3", "dcat-us")
NAMESPACE: Final = "urn:x-chainnode:asset#"
PREFIX: Final = "cnode"
ASSET_URN: Final = "urn:x-chainnode:asset:"
"""Begins the address of an asset as a resource; its id in hex follows."""
REGISTRATION: Final = "assetRegistration"
"""What the register says: everything of the record beside identifier and description."""
IDENTIFIER: Final = "assetIdentifier"
"""Only where DCAT's own identifier would not read back the same."""
CURSOR: Final = "assetCatalogueNext"
"""Where a page of a catalogue goes on."""


def term_of(field: str) -> str:
    """The local name for a field of a description: ``assetGeneralLevel`` for ``general_level``."""
    return "asset" + "".join(part.capitalize() for part in field.split("_"))


FIELD_TERMS: Final[dict[str, str]] = {field: term_of(field) for field in AssetDescription.__struct_fields__}
_STRUCTURED: Final = (
    "period", "space", "volume", "fields", "source", "processing", "quality", "compliance", "personal_basis",
    "valuation", "parents", "distributions", "publication",
)  # fmt: skip
"""Fields whose values are objects: in JSON-LD they are JSON literals, which a processor carries along unchanged."""

CONTEXT: Final[dict[str, Any]] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "prov": "http://www.w3.org/ns/prov#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    PREFIX: NAMESPACE,
    **{
        f"{PREFIX}:{FIELD_TERMS[field]}": {"@id": f"{NAMESPACE}{FIELD_TERMS[field]}", "@type": "@json"}
        for field in _STRUCTURED
        if field in FIELD_TERMS
    },
    f"{PREFIX}:{REGISTRATION}": {"@id": f"{NAMESPACE}{REGISTRATION}", "@type": "@json"},
}
US_CONTEXT: Final = "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld"
US_SCHEMA: Final = "https://project-open-data.cio.gov/v1.1/schema"
