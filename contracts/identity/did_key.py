"""Identities that are nothing but a key: ``did:key:<multikey>``, read-only and without a ledger.

Source: The did:key Method (W3C Credentials Community Group), sections 3.1 and 4; no key agreement
key is derived from an Ed25519 key, as is the default there.
"""

from typing import Any, Final

from contracts.identity.multikey import read_multikey

METHOD: Final = "did:key:"
CONTEXTS: Final = ("https://www.w3.org/ns/did/v1.1", "https://w3id.org/security/multikey/v1")
_SIGNING: Final = ("authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation")
_RELATIONSHIPS: Final = {"ed25519": _SIGNING, "x25519": ("keyAgreement",), "p256": _SIGNING}
_P256_PRIME: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_P256_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def key_document(did: str) -> dict[str, Any] | None:
    """The DID document that follows from ``did``; None where it names no key of a known algorithm.

    Ed25519, X25519 and P-256 (compressed) are known.
    """
    text = did.removeprefix(METHOD)
    found = read_multikey(text) if did.startswith(METHOD) else None
    if found is None:
        return None
    algorithm, public_key = found
    if algorithm == "p256" and not _on_p256(public_key):
        return None
    name = f"{did}#{text}"
    method = {"id": name, "type": "Multikey", "controller": did, "publicKeyMultibase": text}
    document: dict[str, Any] = {"@context": list(CONTEXTS), "id": did, "verificationMethod": [method]}
    for relationship in _RELATIONSHIPS[algorithm]:
        document[relationship] = [name]
    return document


def _on_p256(public_key: bytes) -> bool:
    """Whether a compressed point lies on the curve: y^2 = x^3 - 3x + b has a root."""
    x = int.from_bytes(public_key[1:], "big")
    if public_key[0] not in (2, 3) or x >= _P256_PRIME:
        return False
    square = (x * x * x - 3 * x + _P256_B) % _P256_PRIME
    root = pow(square, (_P256_PRIME + 1) // 4, _P256_PRIME)
    return root * root % _P256_PRIME == square
