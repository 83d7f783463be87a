"""Signatures inside JSON documents: Data Integrity proofs of the suite ``eddsa-jcs-2022``.

What is signed is SHA-256 of the proof's own options, then SHA-256 of the document without its proof, both in
canonical JSON; the signature is Ed25519. The options carry the document's ``@context``.

Source: Data Integrity EdDSA Cryptosuites 1.0, section 3.3; VC Data Integrity 1.0, sections 2.1 and 4.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from chainnode.crypto.ed25519 import SigningKey, verify
from chainnode.errors import Rejected
from chainnode.sdk.canonical_json import canonical_bytes
from contracts.identity.multikey import base58btc, base58btc_bytes, read_multikey

SUITE: Final = "eddsa-jcs-2022"
PROOF_TYPE: Final = "DataIntegrityProof"
Json = dict[str, Any]


def signed_digest(document: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """The 64 bytes that are signed for ``document`` (its ``proof`` is left out) under the proof ``options``.

    Raises:
        Rejected: as ``canonical_bytes``.
    """
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    bare = {name: value for name, value in options.items() if name != "proofValue"}
    return sha256(canonical_bytes(bare)).digest() + sha256(canonical_bytes(unsecured)).digest()


def secure(
    document: Mapping[str, Any], key: SigningKey, *, method: str, created: str, purpose: str = "assertionMethod"
) -> Json:
    """``document`` with a proof by ``key``.

    Args:
        document: without a proof.
        key: private half of the key that ``method`` names.
        method: DID URL of the verification method.
        created: XML dateTime of the signature, in UTC.
        purpose: verification relationship under which the key is listed.

    Raises:
        Rejected: ``credential-secured``: it has a proof; or as ``canonical_bytes``.
    """
    if "proof" in document:
        raise Rejected("credential-secured", "the document has a proof; sign it without one")
    options: Json = {
        "type": PROOF_TYPE,
        "cryptosuite": SUITE,
        "created": created,
        "verificationMethod": method,
        "proofPurpose": purpose,
    }
    if "@context" in document:
        options = {"@context": document["@context"], **options}
    value = "z" + base58btc(key.sign(signed_digest(document, options)))
    return {**document, "proof": {**options, "proofValue": value}}


def proof_holds(document: Mapping[str, Any], proof: Mapping[str, Any], public_key: bytes) -> bool:
    """Whether ``proof`` is the signature of ``document`` by the Ed25519 ``public_key`` (32 bytes).

    False also where type, suite or form are not this suite's, or where the proof's context is not the
    beginning of the document's.
    """
    if proof.get("type") != PROOF_TYPE or proof.get("cryptosuite") != SUITE:
        return False
    if not _context_agrees(document.get("@context"), proof.get("@context")):
        return False
    value = proof.get("proofValue")
    signature = base58btc_bytes(value[1:]) if isinstance(value, str) and value.startswith("z") else None
    if signature is None:
        return False
    checked = dict(document)
    if "@context" in proof:
        checked["@context"] = proof["@context"]
    try:
        return verify(public_key, signed_digest(checked, proof), signature)
    except Rejected:
        return False


def assertion_key(document: Mapping[str, Any], method: str) -> bytes | None:
    """The Ed25519 key ``method`` that ``document`` lists for assertions."""
    if method not in document.get("assertionMethod", ()):
        return None
    for entry in document.get("verificationMethod", ()):
        if isinstance(entry, dict) and entry.get("id") == method:
            key = read_multikey(str(entry.get("publicKeyMultibase", "")))
            return key[1] if key is not None and key[0] == "ed25519" else None
    return None


def _context_agrees(of_document: Any, of_proof: Any) -> bool:
    """Contexts may have been added to a document after it was signed, but none before those that were signed."""
    if of_proof is None:
        return True
    listed, signed = (found if isinstance(found, list) else [found] for found in (of_document, of_proof))
    return bool(listed[: len(signed)] == signed)
