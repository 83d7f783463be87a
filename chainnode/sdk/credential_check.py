"""Checking credentials: everything that can be found against one, each by its code, in one pass.

    verdict = await check_credential(credential, LedgerTrust(client), at_ms=now_ms, status_lists={uri: list_credential})
    if not verdict.holds: ...

Signature and form are checked here; who the issuer was, which keys it had when, what it was accredited for, which
status list is in force and what the issuance log holds is asked of the ledger. A key that was replaced, or an
accreditation that ended, invites backdating: then only the issuance log counts.

Source: VC Data Model 2.0, sections 4 and 7.1; VC Data Integrity 1.0, section 4.4; Bitstring Status List 1.0, 3.2.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from chainnode.errors import Rejected
from chainnode.limits import DID_BYTES_MAX
from chainnode.sdk.credential import BASE_TYPE, credential_digest, digest_sri, read_schema_id, time_of_text
from chainnode.sdk.credential_finding import Finding, finding
from chainnode.sdk.credential_status import check_status
from chainnode.sdk.credential_trust import Trust
from chainnode.sdk.data_integrity import PROOF_TYPE, SUITE, assertion_key, proof_holds
from chainnode.sdk.status_list import CREDENTIALS_CONTEXT
from contracts.identity.credential import IssuanceRecord
from contracts.kernel.calendar import date_time

Json = dict[str, Any]


class Verdict(NamedTuple):
    """What was found."""

    findings: tuple[Finding, ...]
    issuer: str
    """Empty where the credential names none."""
    types: tuple[str, ...]
    signed_ms: int | None
    """When it claims to have been signed."""
    logged_ms: int | None
    """When the issuance log says that it existed; None where it does not hold it."""

    @property
    def holds(self) -> bool:
        """Whether nothing was found that makes it worth nothing."""
        return all(found.severity != "error" for found in self.findings)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of what was found, in order."""
        return tuple(found.code for found in self.findings)


class _Parts(NamedTuple):
    """A credential whose form has been checked."""

    document: Json
    issuer: str
    types: tuple[str, ...]
    proof: Json
    method: str
    signed_ms: int
    """Where the proof tells whole seconds, the last moment of that second."""


async def check_credential(
    credential: Any,
    trust: Trust,
    *,
    at_ms: int,
    status_lists: Mapping[str, Any] | None = None,
    schemas: Mapping[str, bytes] | None = None,
    needs_accreditation: bool = True,
) -> Verdict:
    """Everything found against ``credential`` (as ``parse_json`` reads it) at the moment ``at_ms``.

    Args:
        credential: a secured credential.
        trust: where facts come from.
        at_ms: moment of checking, in milliseconds since 1970.
        status_lists: status list credentials by their address; fetching them is the caller's, who knows its network.
        schemas: content of schemas by their id, to be held against the ledger's digests.
        needs_accreditation: whether the issuer must be accredited for one of the types.

    Raises:
        Unavailable: the ledger could not be asked. Whatever is wrong with the credential is a finding.
    """
    found: list[Finding] = []
    parts = _parts(credential, found)
    if parts is None:
        return Verdict(tuple(found), "", (), None, None)
    logged = await trust.issuance(parts.issuer, credential_digest(parts.document))
    if time_of_text(parts.proof["created"]) > at_ms:
        found.append(finding("credential-signed-in-future", f"signed at {parts.proof['created']}"))
    await _check_key(parts, trust, logged, found)
    _check_period(parts, at_ms, found)
    if needs_accreditation:
        await _check_accreditation(parts, trust, logged, at_ms, found)
    await check_status(parts.document, parts.issuer, trust, status_lists or {}, found)
    await _check_schemas(parts.document, trust, schemas or {}, found)
    if logged is None:
        found.append(finding("credential-not-logged", "nothing but the proof says when it was made"))
    logged_ms = None if logged is None else logged.logged_ms
    return Verdict(tuple(found), parts.issuer, parts.types, parts.signed_ms, logged_ms)


def _parts(credential: Any, found: list[Finding]) -> _Parts | None:
    """The parts of a credential in fit form; else None and what is wrong."""
    if not isinstance(credential, dict):
        found.append(finding("credential-form", "a credential is a JSON object"))
        return None
    contexts, types, issuer = credential.get("@context"), credential.get("type"), credential.get("issuer")
    listed = [types] if isinstance(types, str) else types if isinstance(types, list) else []
    name = issuer.get("id") if isinstance(issuer, dict) else issuer
    faults = {
        "its first context is not that of credentials": not isinstance(contexts, list)
        or contexts[:1] != [CREDENTIALS_CONTEXT],
        f"its types do not include {BASE_TYPE}": not all(isinstance(one, str) for one in listed)
        or BASE_TYPE not in listed,
        "its issuer is not named by a DID": not isinstance(name, str)
        or not name.startswith("did:")
        or len(name.encode()) > DID_BYTES_MAX,
        "it claims nothing about anybody": not isinstance(credential.get("credentialSubject"), dict | list)
        or not credential["credentialSubject"],
    }
    found += [finding("credential-form", fault) for fault, present in faults.items() if present]
    proof = credential.get("proof")
    if not proof:
        found.append(finding("credential-proof-missing", "it has no proof"))
    elif not isinstance(proof, dict):
        found.append(finding("credential-proof-form", "one proof is read here, not a set or chain of them"))
    if found or not isinstance(proof, dict):
        return None
    return _with_proof(credential, str(name), tuple(one for one in listed if one != BASE_TYPE), proof, found)


def _with_proof(
    credential: Json, issuer: str, types: tuple[str, ...], proof: Json, found: list[Finding]
) -> _Parts | None:
    if proof.get("type") != PROOF_TYPE or proof.get("cryptosuite") != SUITE:
        suite = f"{proof.get('type')!s:.40} {proof.get('cryptosuite')!s:.40}"
        found.append(finding("credential-proof-suite", f"signed by {suite}"))
    elif proof.get("proofPurpose") != "assertionMethod":
        found.append(finding("credential-proof-purpose", f"signed for {proof.get('proofPurpose')!s:.40}"))
    method, created = proof.get("verificationMethod"), proof.get("created")
    if not isinstance(method, str) or not isinstance(created, str):
        found.append(finding("credential-proof-form", "a proof names its key and the time of signing"))
        return None
    try:
        # A time in whole seconds means any moment of that second, and the issuer's key may be as young.
        signed_ms = time_of_text(created) + (0 if "." in created else 999)
    except Rejected as error:
        found.append(finding("credential-proof-form", error.message))
        return None
    return None if found else _Parts(credential, issuer, types, proof, method, signed_ms)


async def _check_key(parts: _Parts, trust: Trust, logged: IssuanceRecord | None, found: list[Finding]) -> None:
    """The key was the issuer's for assertions when the proof was made, and its signature holds."""
    issuer, method = parts.issuer, parts.method
    if method.partition("#")[0] != issuer:
        found.append(finding("credential-key-not-issuers", f"{method} is no key of {issuer}"))
        return
    now = await trust.issuer(issuer, None)
    then = now if issuer.startswith("did:key:") else await trust.issuer(issuer, _second(parts.signed_ms))
    if now.document is None or then.document is None:
        found.append(finding("credential-issuer-unknown", f"{issuer} at {parts.proof['created']}"))
        return
    if now.deactivated:
        found.append(finding("credential-issuer-deactivated", issuer))
    public_key = assertion_key(then.document, method)
    if public_key is None:
        found.append(finding("credential-key-unknown", f"{method} at {parts.proof['created']}"))
        return
    if not proof_holds(parts.document, parts.proof, public_key):
        found.append(finding("credential-proof", f"not signed by {method}"))
    if assertion_key(now.document, method) == public_key or now.deactivated:
        return
    if logged is not None:
        at_log = await trust.issuer(issuer, _second(logged.logged_ms))
        if at_log.document is not None and assertion_key(at_log.document, method) == public_key:
            found.append(finding("credential-key-rotated-since", f"logged at {date_time(logged.logged_ms)}"))
            return
    found.append(finding("credential-key-rotated", method))


def _check_period(parts: _Parts, at_ms: int, found: list[Finding]) -> None:
    """``validFrom`` is the first moment, ``validUntil`` and the proof's ``expires`` the first one no more."""
    ends = (
        ("validFrom", parts.document.get("validFrom"), "credential-not-yet-valid"),
        ("validUntil", parts.document.get("validUntil"), "credential-expired"),
        ("expires", parts.proof.get("expires"), "credential-proof-expired"),
    )
    for name, text, code in ends:
        if text is None:
            continue
        try:
            end_ms = time_of_text(text if isinstance(text, str) else "")
        except Rejected as error:
            found.append(finding("credential-form", f"{name}: {error.message}"))
            continue
        if (at_ms < end_ms) == (name == "validFrom"):
            found.append(finding(code, f"{name} {text}"))


async def _check_accreditation(
    parts: _Parts, trust: Trust, logged: IssuanceRecord | None, at_ms: int, found: list[Finding]
) -> None:
    """For one of its types at least the log shows that the issuer was accredited, or it was then and still is."""
    if logged is not None and logged.accredited and logged.credential_type in parts.types:
        return
    ended = ""
    for credential_type in parts.types:
        record = await trust.accreditation(parts.issuer, credential_type) if len(credential_type) <= 64 else None
        if record is None or not record.holds_at(parts.signed_ms):
            continue
        if record.holds_at(at_ms):
            return
        ended = credential_type
    if ended:
        found.append(finding("credential-accreditation-ended", f"for {ended}"))
    else:
        found.append(finding("credential-issuer-not-accredited", f"{parts.issuer} for {', '.join(parts.types)}"))


async def _check_schemas(document: Json, trust: Trust, schemas: Mapping[str, bytes], found: list[Finding]) -> None:
    """Schemas of the ledger have the digest that the ledger holds; others are not judged here."""
    listed = document.get("credentialSchema")
    for entry in listed if isinstance(listed, list) else [listed] if listed else []:
        identifier = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(identifier, str):
            found.append(finding("credential-form", "a schema is named by its id"))
            continue
        place = read_schema_id(identifier)
        if place is None:
            continue
        record = await trust.schema(*place)
        if record is None:
            found.append(finding("credential-schema-unknown", identifier))
            continue
        digests = [entry["digestSRI"]] if "digestSRI" in entry else []
        if identifier in schemas:
            digests.append(digest_sri(sha256(schemas[identifier]).digest()))
        if any(digest != digest_sri(record.digest) for digest in digests):
            found.append(finding("credential-schema-mismatch", identifier))


def _second(time_ms: int) -> str:
    """The exact moment as the resolver reads it."""
    return f"{date_time(time_ms)[:-1]}.{time_ms % 1_000:03d}Z"
