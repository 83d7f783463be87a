"""Identity records as W3C DID documents.

A deactivated identity resolves to its bare id with ``deactivated`` in the metadata, so
that no reader goes on using its keys.

Source: DID Core 1.1, section 5; DID Resolution 1.0, section 5 (metadata).
"""

from typing import Any, Final

from chainnode.types.ids import did_chain
from contracts.identity.multikey import multikey
from contracts.identity.record import IdentityRecord, VerificationMethod
from contracts.kernel.calendar import date_time

CONTEXTS: Final = ("https://www.w3.org/ns/did/v1.1", "https://w3id.org/security/multikey/v1")
CONTENT_TYPE: Final = "application/did"
RELATIONSHIPS: Final = (
    ("authentication", "authentication"),
    ("assertion", "assertionMethod"),
    ("agreement", "keyAgreement"),
)
"""Purpose of a key in records, and the property of the document that lists it."""


def did_document(record: IdentityRecord) -> dict[str, Any]:
    """The DID document of one version; only the id of a deactivated identity."""
    did = record.did
    document: dict[str, Any] = {"@context": list(CONTEXTS), "id": did}
    if record.deactivated:
        return document
    if record.also_known_as:
        document["alsoKnownAs"] = list(record.also_known_as)
    if record.controllers:
        document["controller"] = [did, *record.controllers]
    document["verificationMethod"] = [_method(did, method) for method in record.methods]
    for purpose, relationship in RELATIONSHIPS:
        listed = [f"{did}#{method.fragment}" for method in record.methods if purpose in method.purposes]
        if listed:
            document[relationship] = listed
    if record.services:
        document["service"] = [
            {"id": f"{did}#{service.fragment}", "type": service.type, "serviceEndpoint": service.endpoint}
            for service in record.services
        ]
    return document


def document_metadata(record: IdentityRecord, latest: IdentityRecord) -> dict[str, Any]:
    """Metadata of version ``record``, given the ``latest`` version of the same identity."""
    metadata: dict[str, Any] = {
        "created": date_time(record.created_ms),
        "updated": date_time(record.updated_ms),
        "versionId": str(record.version),
    }
    if record.version < latest.version:
        metadata["nextVersionId"] = str(record.version + 1)
    if latest.deactivated:
        metadata["deactivated"] = True
    return metadata


def resolution_result(record: IdentityRecord, latest: IdentityRecord) -> dict[str, Any]:
    """The whole answer of a resolver."""
    return {
        "didDocument": did_document(record),
        "didResolutionMetadata": {"contentType": CONTENT_TYPE},
        "didDocumentMetadata": document_metadata(record, latest),
    }


def resolution_error(did: str) -> dict[str, Any]:
    """The answer where there is no document: ``NOT_FOUND``, or ``INVALID_DID`` for what cannot be a name."""
    kind, title = ("NOT_FOUND", "no such identity") if did_chain(did) else ("INVALID_DID", "not a DID of this method")
    error = {"type": f"https://www.w3.org/ns/did#{kind}", "title": title}
    return {"didDocument": None, "didResolutionMetadata": {"error": error}, "didDocumentMetadata": {}}


def _method(did: str, method: VerificationMethod) -> dict[str, str]:
    return {
        "id": f"{did}#{method.fragment}",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": multikey(method.algorithm, method.public_key),
    }
