"""Issuing credentials: W3C Verifiable Credentials 2.0, signed where the key is.

    credential = build_credential({"id": did, "kind": "supplier"}, types=["DataMerchantCredential"], issuer=wallet.did)
    secured = secure(credential, key, method=f"{wallet.did}#key-1", created=now_text())
    await wallet.submit(client, [LogIssuance(credential_digest(secured), "DataMerchantCredential")])

Nothing of a credential goes to the ledger but the digest of the secured form. It needs no salt of its own: it covers
the signature, which nobody who guesses the rest can make.

Source: VC Data Model 2.0, section 4.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from chainnode.errors import Rejected
from chainnode.sdk.canonical_json import canonical_bytes
from chainnode.sdk.status_list import CREDENTIALS_CONTEXT
from chainnode.types.ids import did_chain

BASE_TYPE: Final = "VerifiableCredential"
_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
_SCHEMA_ID: Final = re.compile(r"(did:cnode:[^/]+)/schemas/([A-Za-z0-9._-]{1,64})/([1-9][0-9]{0,6})")
_DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


def build_credential(
    subject: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    types: Sequence[str],
    issuer: str,
    identifier: str = "",
    valid_from: str = "",
    valid_until: str = "",
    contexts: Sequence[str] = (),
    status: Sequence[Mapping[str, Any]] = (),
    schema: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A credential without proof.

    Args:
        subject: what is claimed, of one or several subjects.
        types: beside ``VerifiableCredential``; at least one.
        issuer: DID.
        identifier: URI of the credential.
        valid_from: XML dateTime with time zone, as is ``valid_until``, the first moment at which it is not valid.
        valid_until: see ``valid_from``.
        contexts: beside that of the standard.
        status: entries of status lists (``status_list.status_entry``).
        schema: what it can be held against (``schema_reference``).

    Raises:
        Rejected: ``credential-form``: a type or time of no fit form, no subject, or an end before its beginning.
    """
    if not types or any(_TYPE.fullmatch(name) is None for name in types):
        raise Rejected("credential-form", "a credential has at least one type, a word of letters, digits, . _ and -")
    if not subject:
        raise Rejected("credential-form", "a credential claims something about somebody")
    begin_ms, end_ms = (None if not text else time_of_text(text) for text in (valid_from, valid_until))
    if begin_ms is not None and end_ms is not None and end_ms <= begin_ms:
        raise Rejected("credential-form", "the credential ends before it begins")
    document: dict[str, Any] = {
        "@context": [CREDENTIALS_CONTEXT, *contexts],
        "type": [BASE_TYPE, *types],
        "issuer": issuer,
        "credentialSubject": subject,
    }
    entries = [dict(entry) for entry in status]
    optional = {
        "id": identifier,
        "validFrom": valid_from,
        "validUntil": valid_until,
        "credentialStatus": entries[0] if len(entries) == 1 else entries,
        "credentialSchema": schema,
    }
    document |= {name: value for name, value in optional.items() if value}
    canonical_bytes(document)
    return document


def credential_digest(secured: Mapping[str, Any]) -> bytes:
    """What the issuance log holds for a secured credential: SHA-256 of its canonical form, proof included.

    Raises:
        Rejected: ``credential-unsecured``: without a proof the digest could be guessed.
    """
    if not secured.get("proof"):
        raise Rejected("credential-unsecured", "only a signed credential has a digest that nobody guesses")
    return sha256(canonical_bytes(dict(secured))).digest()


def schema_id(author: str, name: str, version: int) -> str:
    """How credentials name a schema of the ledger: a DID URL below its author."""
    return f"{author}/schemas/{name}/{version}"


def read_schema_id(text: str) -> tuple[str, str, int] | None:
    """Author, name and version of a schema of the ledger; None for any other name."""
    found = _SCHEMA_ID.fullmatch(text)
    return None if found is None or did_chain(found[1]) is None else (found[1], found[2], int(found[3]))


def schema_reference(author: str, name: str, version: int, digest: bytes) -> dict[str, str]:
    """The ``credentialSchema`` of credentials held against a schema of the ledger."""
    return {"id": schema_id(author, name, version), "type": "JsonSchema", "digestSRI": digest_sri(digest)}


def digest_sri(digest: bytes) -> str:
    """A SHA-256 digest as Subresource Integrity writes it."""
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def time_of_text(text: str) -> int:
    """Milliseconds since 1970 of an XML dateTime that names its time zone.

    Raises:
        Rejected: ``credential-form``.
    """
    try:
        if _DATE_TIME.fullmatch(text) is None:
            raise ValueError(text)
        found = datetime.fromisoformat(text)
        return (found - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    except (ValueError, OverflowError) as error:
        raise Rejected("credential-form", f"{text[:40]!a} is not a date and time with a time zone") from error
