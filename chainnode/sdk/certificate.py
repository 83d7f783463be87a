"""Certificates of registration: checked by their number, and written as credentials.

    found = await check_certificate(client, "0001-20261122-00000042-23")
    print(found.code, found.holder)

    document = certificate_credential(await client.asset(asset_id), chain_id)
    secured = secure(document, key, method=f"{registrar}#key-1", created=now_text())  # by the registrar

A number with a wrong digit is found without asking anybody. Whether a certificate holds is what the asset's record
says at the newest block; a credential about it is compared with the record, because the record goes on after the
credential was signed.

Source: VC Data Model 2.0, section 4.
"""

from typing import Any, Final

import msgspec

from chainnode.errors import NotFound, Rejected
from chainnode.sdk.answer import Document
from chainnode.sdk.client import Client
from chainnode.sdk.credential import build_credential
from chainnode.sdk.status_list import CREDENTIALS_CONTEXT
from contracts.assets.certificate import is_certificate_number
from contracts.assets.description import AssetDescription
from contracts.assets.record import description_hash
from contracts.kernel.calendar import date_time
from contracts.kernel.document import from_document

UNDEFINED_TERMS: Final = "https://www.w3.org/ns/credentials/undefined-terms/v2"
"""What the standard offers for terms that only the issuer explains."""
CONTEXTS: Final = (CREDENTIALS_CONTEXT, UNDEFINED_TERMS)
"""Of every certificate that the ledger's records can be written as."""
CREDENTIAL_TYPE: Final = "DataAssetRegistrationCertificate"
CODES: Final = {
    "CERTIFIED": "ok",
    "CHANGING": "ok",
    "TRANSFERRING": "ok",
    "RENEWING": "ok",
    "FROZEN": "certificate-frozen",
    "CANCELLED": "certificate-cancelled",
    "REVOKED": "certificate-revoked",
    "EXPIRED": "certificate-expired",
}
"""Status of an asset -> what becomes of its certificate."""


class CertificateFinding(msgspec.Struct, frozen=True):
    """What the ledger says about a certificate."""

    number: str
    code: str
    """``ok``, or why it does not hold: a value of ``CODES``."""
    asset_id: str
    name: str
    holder: str
    registrar: str
    status: str
    registered_ms: int
    valid_until_ms: int
    """0 = without end."""
    block_time_ms: int
    """When this was true."""


async def check_certificate(client: Client, number: str) -> CertificateFinding:
    """Look a certificate up by its number, and say whether it holds at the newest block.

    Raises:
        Rejected: ``certificate-number``: not the form of a number, or its check digits disagree.
        NotFound: ``certificate-unknown``: the number is well formed and was never issued here.
    """
    if not is_certificate_number(number):
        raise Rejected("certificate-number", f"{number[:40]!r} is no certificate number, or a digit of it is wrong")
    page = await client.collection("assets", limit=1, certificate=number)
    if not page.items:
        raise NotFound("certificate-unknown", f"no certificate {number} was issued here")
    time_ms = (await client.status()).block_time_ms
    return _finding(page.items[0], time_ms)


def _finding(asset: Document, time_ms: int) -> CertificateFinding:
    code = CODES[asset["status"]]
    if code == "ok" and 0 < asset["valid_until_ms"] <= time_ms:
        code = "certificate-expired"
    return CertificateFinding(
        number=asset["certificate"],
        code=code,
        asset_id=asset["asset_id"],
        name=asset["description"]["name"],
        holder=asset["holder"],
        registrar=asset["registrar"],
        status=asset["status"],
        registered_ms=asset["registered_ms"],
        valid_until_ms=asset["valid_until_ms"],
        block_time_ms=time_ms,
    )


def certificate_credential(asset: Document, chain_id: str) -> dict[str, Any]:
    """The certificate of a registered asset as a credential without proof, for its registrar to sign.

    Args:
        asset: the record, as ``Client.asset`` gives it.
        chain_id: of the ledger that holds it.

    Raises:
        Rejected: ``certificate-not-issued``: the asset is no longer certified.
    """
    if CODES[asset["status"]] != "ok":
        raise Rejected("certificate-not-issued", f"the asset is {asset['status']}")
    described = from_document(AssetDescription, asset["description"])
    end_ms = asset["valid_until_ms"]
    document = build_credential(
        {
            "id": asset["holder"],
            "certificate": asset["certificate"],
            "asset": {
                "assetId": asset["asset_id"],
                "identifier": asset["identifier"],
                "kind": described.kind,
                "name": described.name,
                "grade": described.grade,
                "version": asset["version"],
                "descriptionHash": description_hash(described).hex(),
            },
        },
        types=[CREDENTIAL_TYPE],
        issuer=asset["registrar"],
        identifier=f"{asset['registrar']}/certificates/{asset['certificate']}",
        valid_from=date_time(asset["registered_ms"]),
        valid_until=date_time(end_ms) if end_ms else "",
        contexts=[UNDEFINED_TERMS],
    )
    document["evidence"] = {
        "type": "LedgerRecord",
        "chain": chain_id,
        "stateKey": asset["state_key"],
        "registeredHeight": asset["registered_height"],
    }
    return document


def differences(credential: Document, asset: Document, chain_id: str) -> tuple[str, ...]:
    """Where a credential about a certificate no longer says what the asset's record says, by names of its members.

    Empty when it does. The proof, and what the verifier checks of any credential, is not looked at here.

    Raises:
        Rejected: ``certificate-not-issued``: the asset is no longer certified.
    """
    expected = certificate_credential(asset, chain_id)
    return tuple(_differing(expected, credential, ""))


def _differing(expected: Document, found: Any, path: str) -> list[str]:
    names: list[str] = []
    for name, value in expected.items():
        given = found.get(name) if isinstance(found, dict) else None
        if isinstance(value, dict):
            names += _differing(value, given, f"{path}{name}.")
        elif given != value:
            names.append(f"{path}{name}")
    return names
