"""Identity records as W3C DID documents, and the answers of a resolver.

A deactivated identity resolves to its bare id with ``deactivated`` in the metadata, so
that no reader goes on using its keys; its earlier versions can still be asked for by
number or time, with the same word in their metadata.

Source: DID Core 1.1, section 5; DID Resolution 1.0, sections 4 (resolution) and 5 (metadata), 10 (errors).
"""

import re
from typing import Any, Final, Literal, NamedTuple

from chainnode.state.view import State
from chainnode.types.ids import DID_METHOD, did_chain
from contracts.identity.did_key import METHOD as KEY_METHOD
from contracts.identity.did_key import key_document
from contracts.identity.multikey import multikey
from contracts.identity.record import (
    IdentityRecord,
    VerificationMethod,
    read_identity,
    read_identity_at,
    read_identity_version,
)
from contracts.kernel.calendar import date_time, time_of

CONTEXTS: Final = ("https://www.w3.org/ns/did/v1.1", "https://w3id.org/security/multikey/v1")
CONTENT_TYPE: Final = "application/did"
RELATIONSHIPS: Final = (
    ("authentication", "authentication"),
    ("assertion", "assertionMethod"),
    ("agreement", "keyAgreement"),
)
"""Purpose of a key in records, and the property of the document that lists it."""

Problem = Literal[
    "INVALID_DID",
    "INVALID_DID_URL",
    "INVALID_OPTIONS",
    "NOT_FOUND",
    "REPRESENTATION_NOT_SUPPORTED",
    "METHOD_NOT_SUPPORTED",
    "FEATURE_NOT_SUPPORTED",
]
TITLES: Final[dict[Problem, str]] = {
    "INVALID_DID": "not a DID",
    "INVALID_DID_URL": "not a DID URL",
    "INVALID_OPTIONS": "options that cannot be",
    "NOT_FOUND": "no such identity or part of it",
    "REPRESENTATION_NOT_SUPPORTED": "none of the media types asked for",
    "METHOD_NOT_SUPPORTED": "a DID method that is not resolved here",
    "FEATURE_NOT_SUPPORTED": "something that this resolver does not do",
}
"""Errors of the standard, and what each means here."""
_DID: Final = re.compile(r"did:[a-z0-9]+:(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2}|:)*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,15}")


class Resolution(NamedTuple):
    """What came of resolving a DID: a document with its metadata, or a problem."""

    document: dict[str, Any] | None
    metadata: dict[str, Any]
    """Of the document."""
    problem: Problem | None = None
    detail: str = ""

    @property
    def deactivated(self) -> bool:
        """Whether the identity was ended."""
        return bool(self.metadata.get("deactivated"))


def resolve(state: State, did: str, *, version_id: str | None = None, version_time: str | None = None) -> Resolution:
    """The document of ``did``: the current version, that of a number, or that of a moment.

    DIDs of this method are looked up in ``state``; ``did:key`` follows from the DID itself and has no versions.

    Args:
        state: where identities are kept.
        did: of any method, as a stranger wrote it.
        version_id: number of a version.
        version_time: XML dateTime in UTC; the version in force at the end of that second.
    """
    if _DID.fullmatch(did) is None:
        return _problem("INVALID_DID", "a DID is did:<method>:<id>")
    versioned = version_id is not None or version_time is not None
    if version_id is not None and version_time is not None:
        return _problem("INVALID_OPTIONS", "versionId and versionTime exclude each other")
    if did.startswith(KEY_METHOD):
        return _resolve_key(did, versioned=versioned)
    if not did.startswith(DID_METHOD):
        return _problem("METHOD_NOT_SUPPORTED", "did:cnode and did:key are resolved here")
    if did_chain(did) is None:
        return _problem("INVALID_DID", "a DID of this method is did:cnode:<chain>:<32 letters>")
    latest = read_identity(state, did)
    if latest is None:
        return _problem("NOT_FOUND", "no such identity on this chain")
    record: IdentityRecord | None = latest
    if version_id is not None:
        number = int(version_id) if _VERSION.fullmatch(version_id) else 0
        record = read_identity_version(state, did, number)
    elif version_time is not None:
        time_ms = time_of(version_time)
        if time_ms is None:
            return _problem("INVALID_OPTIONS", "versionTime is an XML dateTime in UTC, such as 2026-11-22T08:00:00Z")
        record = read_identity_at(state, did, time_ms)
    if record is None:
        return _problem("NOT_FOUND", "the identity has no such version")
    following = read_identity_version(state, did, record.version + 1) if record.version < latest.version else None
    return Resolution(did_document(record), document_metadata(record, latest, following))


def _resolve_key(did: str, *, versioned: bool) -> Resolution:
    if versioned:
        return _problem("FEATURE_NOT_SUPPORTED", "did:key has no versions")
    document = key_document(did)
    if document is None:
        return _problem("INVALID_DID", "not a did:key of an Ed25519, X25519 or P-256 public key")
    return Resolution(document, {})


def _problem(problem: Problem, detail: str) -> Resolution:
    return Resolution(None, {}, problem, detail)


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


def document_metadata(
    record: IdentityRecord, latest: IdentityRecord, following: IdentityRecord | None = None
) -> dict[str, Any]:
    """Metadata of version ``record``, given the ``latest`` version and the one ``following`` it, if any."""
    metadata: dict[str, Any] = {
        "created": date_time(record.created_ms),
        "updated": date_time(record.updated_ms),
        "versionId": str(record.version),
    }
    if following is not None:
        metadata["nextUpdate"] = date_time(following.updated_ms)
        metadata["nextVersionId"] = str(following.version)
    if latest.deactivated:
        metadata["deactivated"] = True
    return metadata


def resolution_result(found: Resolution) -> dict[str, Any]:
    """The whole answer of a resolver."""
    metadata: dict[str, Any] = {"contentType": CONTENT_TYPE}
    if found.problem is not None:
        metadata = {"error": error_object(found.problem, found.detail)}
    return {
        "didDocument": found.document,
        "didResolutionMetadata": metadata,
        "didDocumentMetadata": found.metadata,
    }


def error_object(problem: Problem, detail: str) -> dict[str, str]:
    """A problem as the standard writes it."""
    return {"type": f"https://www.w3.org/ns/did#{problem}", "title": TITLES[problem], "detail": detail}


def _method(did: str, method: VerificationMethod) -> dict[str, str]:
    return {
        "id": f"{did}#{method.fragment}",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": multikey(method.algorithm, method.public_key),
    }
