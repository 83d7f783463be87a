"""What can be found against a credential, each with a code that never changes its meaning."""

from typing import Final, Literal, NamedTuple

Severity = Literal["error", "note"]


class Kind(NamedTuple):
    """What is always true of one code."""

    severity: Severity
    """An error makes the credential worth nothing here; a note is for a person to weigh."""
    meaning: str


class Finding(NamedTuple):
    """One thing found against one credential."""

    code: str
    severity: Severity
    detail: str


CODES: Final[dict[str, Kind]] = {
    "credential-form": Kind("error", "It is not a credential of the Data Model 2.0, or a part has an unfit form."),
    "credential-proof-missing": Kind("error", "Nobody signed it."),
    "credential-proof-suite": Kind("error", "It is signed by a suite that is not read here (eddsa-jcs-2022 is)."),
    "credential-proof-purpose": Kind("error", "It is signed for another purpose than making assertions."),
    "credential-proof-form": Kind("error", "A part of the proof is missing or has an unfit form."),
    "credential-proof-expired": Kind("error", "The proof itself has expired."),
    "credential-proof": Kind("error", "The signature is not of this document by this key: one of them was changed."),
    "credential-signed-in-future": Kind("error", "It claims to have been signed after the moment of checking."),
    "credential-issuer-unknown": Kind("error", "Its issuer does not exist, or did not when it was signed."),
    "credential-issuer-deactivated": Kind("error", "Its issuer was deactivated: nobody answers for it any more."),
    "credential-key-not-issuers": Kind("error", "It is signed by a key of somebody else than its issuer."),
    "credential-key-unknown": Kind("error", "The key was not the issuer's for assertions when it claims to be signed."),
    "credential-key-rotated": Kind(
        "error", "The key was replaced since, and nothing shows that the credential is older."
    ),
    "credential-key-rotated-since": Kind("note", "The key was replaced since; the issuance log is older."),
    "credential-not-yet-valid": Kind("error", "It is not valid yet."),
    "credential-expired": Kind("error", "It is not valid any more."),
    "credential-revoked": Kind("error", "Its issuer revoked it."),
    "credential-suspended": Kind("error", "Its issuer suspended it."),
    "credential-status-message": Kind("note", "Its issuer says something else about it by its status list."),
    "credential-status-form": Kind("error", "Its status entry has an unfit form, or one that is not read here."),
    "credential-status-unavailable": Kind("error", "The status list that it names was not given, so nobody knows."),
    "credential-status-list": Kind("error", "The status list is unreadable, another's, or for another purpose."),
    "credential-status-stale": Kind("error", "The status list is not the one that the ledger says is in force."),
    "credential-status-unanchored": Kind("note", "The status list is signed by the issuer, but the ledger knows none."),
    "credential-schema-unknown": Kind("error", "The ledger knows no such schema."),
    "credential-schema-mismatch": Kind("error", "The schema is not the one that the ledger holds the digest of."),
    "credential-issuer-not-accredited": Kind("error", "Its issuer was not accredited for any of its types then."),
    "credential-accreditation-ended": Kind(
        "error", "The accreditation ended since, and nothing shows that the credential is older."
    ),
    "credential-not-logged": Kind("note", "The issuer's issuance log does not hold it."),
}


def finding(code: str, detail: str) -> Finding:
    """A finding of a known code."""
    return Finding(code, CODES[code].severity, detail)
