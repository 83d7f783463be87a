"""The status of a credential: its bits in the issuer's status lists, of which the ledger says which is in force."""

from collections.abc import Mapping
from typing import Any, Final, cast

from chainnode.errors import Rejected
from chainnode.sdk.credential_finding import Finding, finding
from chainnode.sdk.credential_trust import Trust
from chainnode.sdk.data_integrity import assertion_key, proof_holds
from chainnode.sdk.status_list import ENTRY, LIST_CREDENTIAL, LIST_SUBJECT, StatusList, list_digest
from contracts.identity.credential import StatusPurpose

ENTRIES_MAX: Final = 16
_CODES: Final[dict[str, str]] = {
    "revocation": "credential-revoked",
    "suspension": "credential-suspended",
    "refresh": "credential-status-message",
    "message": "credential-status-message",
}
Json = dict[str, Any]


async def check_status(
    document: Json, issuer: str, trust: Trust, status_lists: Mapping[str, Any], found: list[Finding]
) -> None:
    """Look up every status entry of a credential; add what is found to ``found``.

    A list is that of the issuer when its digest is the one that the ledger holds; where the ledger knows none under
    that address, when the issuer signed it by a key of now.
    """
    listed = document.get("credentialStatus")
    entries = listed if isinstance(listed, list) else [listed] if listed else []
    if len(entries) > ENTRIES_MAX:
        found.append(finding("credential-status-form", f"{len(entries)} entries, at most {ENTRIES_MAX} are looked up"))
        return
    for entry in entries:
        place = _place(entry)
        if place is None:
            found.append(finding("credential-status-form", "not an entry of a status list of single bits"))
            continue
        await _check_entry(*place, issuer, trust, status_lists, found)


def _place(entry: Any) -> tuple[StatusPurpose, int, str] | None:
    """Purpose, index and list of an entry; None for what is none of the kind that is read here."""
    if not isinstance(entry, dict) or entry.get("type") != ENTRY or entry.get("statusSize", 1) != 1:
        return None
    purpose, index, uri = (entry.get(name) for name in ("statusPurpose", "statusListIndex", "statusListCredential"))
    if purpose not in _CODES or not isinstance(uri, str):
        return None
    text = index if isinstance(index, str) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return None
    return cast("StatusPurpose", purpose), int(text), uri


async def _check_entry(
    purpose: StatusPurpose,
    index: int,
    uri: str,
    issuer: str,
    trust: Trust,
    status_lists: Mapping[str, Any],
    found: list[Finding],
) -> None:
    published = status_lists.get(uri)
    if published is None:
        found.append(finding("credential-status-unavailable", uri))
        return
    try:
        encoded = _encoded_list(published, purpose, issuer, uri)
        values = StatusList.decode(encoded)
        flagged = values.get(index)
    except Rejected as error:
        found.append(finding("credential-status-list", f"{uri}: {error.message}"))
        return
    record = await trust.status_list(issuer, uri, purpose)
    if record is None:
        if not await _signed_by(published, issuer, trust):
            found.append(finding("credential-status-list", f"{uri}: neither on the ledger nor signed by {issuer}"))
            return
        found.append(finding("credential-status-unanchored", uri))
    elif record.digest != list_digest(encoded) or record.length != len(values):
        found.append(finding("credential-status-stale", f"{uri}: number {record.sequence} is in force"))
        return
    if flagged:
        found.append(finding(_CODES[purpose], f"bit {index} of {uri}"))


def _encoded_list(published: Any, purpose: str, issuer: str, uri: str) -> str:
    """The ``encodedList`` of a status list credential that is the issuer's, under this address, for this purpose."""
    subject = published.get("credentialSubject") if isinstance(published, dict) else None
    if not isinstance(subject, dict) or subject.get("type") != LIST_SUBJECT:
        raise Rejected("status-list-form", "not a status list credential")
    types = published.get("type")
    purposes = subject.get("statusPurpose")
    if not isinstance(types, list) or LIST_CREDENTIAL not in types:
        raise Rejected("status-list-form", "not a status list credential")
    if published.get("issuer") != issuer or published.get("id", uri) != uri:
        raise Rejected("status-list-form", "the list of another issuer, or of another address")
    if purpose not in (purposes if isinstance(purposes, list) else [purposes]):
        raise Rejected("status-list-form", f"not a list of {purpose}")
    encoded = subject.get("encodedList")
    if not isinstance(encoded, str):
        raise Rejected("status-list-form", "a status list credential without a list")
    return encoded


async def _signed_by(published: Json, issuer: str, trust: Trust) -> bool:
    proof = published.get("proof")
    now = await trust.issuer(issuer, None)
    if not isinstance(proof, dict) or now.document is None or now.deactivated:
        return False
    public_key = assertion_key(now.document, str(proof.get("verificationMethod")))
    if public_key is None or proof.get("proofPurpose") != "assertionMethod":
        return False
    return proof_holds(published, proof, public_key)
