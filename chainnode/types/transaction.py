"""What a client signs and sends.

    Envelope  [payload: bytes, signatures: [[scheme, public_key, signature], ...]]
    Payload   [tag 1, version, chain_id, sender, nonce, valid_until, operations, memo]

``tx_id = H("tx", [payload, [[scheme, public_key], ...]])``; signatures are over ``H-domain("tx-signature") ||
tx_id``. So a signature cannot change the id, the same request signed again is one transaction, and
who signs is part of what is signed: nobody can pass the payload on under other keys, have it
refused on the chain, and so use up the id of the true one. The leaf of a block's
transaction tree is the whole envelope.

Operations stay raw bytes here: ``contracts.kernel`` knows what they mean.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.crypto.ed25519 import SCHEME_ED25519, SigningKey
from chainnode.crypto.hashing import domain, tagged_hash
from chainnode.errors import DecodeError

PAYLOAD_TAG: Final = 1
VERSION: Final = 1
SIGNATURE_DOMAIN: Final = domain("tx-signature")

_tx_hash = tagged_hash("tx")

Height = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Did = Annotated[str, msgspec.Meta(max_length=limits.DID_BYTES_MAX)]


class Signature(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One key's agreement to a payload."""

    scheme: Annotated[int, msgspec.Meta(ge=0, le=255)]
    public_key: Annotated[bytes, msgspec.Meta(max_length=256)]
    signature: Annotated[bytes, msgspec.Meta(max_length=256)]


class Envelope(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A payload and the signatures over its id."""

    payload: Annotated[bytes, msgspec.Meta(max_length=limits.PAYLOAD_BYTES_MAX)]
    signatures: Annotated[
        tuple[Signature, ...], msgspec.Meta(min_length=1, max_length=limits.SIGNATURES_MAX)
    ]


class Payload(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=PAYLOAD_TAG):
    """What the sender asks for; all operations apply or none."""

    version: int
    chain_id: Annotated[str, msgspec.Meta(max_length=limits.CHAIN_ID_BYTES_MAX)]
    sender: Did
    """DID whose keys must have signed when the block executes."""
    nonce: Annotated[bytes, msgspec.Meta(min_length=limits.NONCE_BYTES, max_length=limits.NONCE_BYTES)]
    """16 random bytes: two equal requests are two transactions."""
    valid_until: Height
    """Last height at which this may be included."""
    operations: Annotated[
        tuple[msgspec.Raw, ...], msgspec.Meta(min_length=1, max_length=limits.OPERATIONS_MAX)
    ]
    memo: Annotated[str, msgspec.Meta(max_length=limits.MEMO_BYTES_MAX)] = ""


_decode_envelope = Decoder(Envelope, limits.ENVELOPE_BYTES_MAX)
_decode_payload = Decoder(Payload, limits.PAYLOAD_BYTES_MAX)


class Transaction:
    """A decoded envelope: decoded once, hashed once, carried through the node.

    Decoding checks form only. Chain, expiry, signatures, operations and
    permissions are checked where their context is known.
    """

    __slots__ = ("envelope", "leaf_hash", "operations", "payload", "signatures", "signers", "tx_id", "work")

    def __init__(
        self,
        envelope: bytes,
        signatures: tuple[Signature, ...],
        payload: Payload,
        tx_id: bytes,
        leaf_hash: bytes | None = None,
    ) -> None:
        self.envelope = envelope
        """Canonical bytes as received."""
        self.signatures = signatures
        self.signers = tuple([signature.public_key for signature in signatures])
        """The keys, in the order of the signatures; distinct."""
        self.payload = payload
        self.tx_id = tx_id
        self.leaf_hash = sha256(b"\x00" + envelope).digest() if leaf_hash is None else leaf_hash
        """RFC 6962 leaf of the transaction tree; names this exact envelope in proposals."""
        self.operations: tuple[object, ...] = ()
        """Typed operations, filled by ``contracts.kernel.registry`` at admission."""
        self.work = 0
        """What they cost at most, in usual operations; filled with them."""

    @property
    def signed_bytes(self) -> bytes:
        """What each signature covers."""
        return SIGNATURE_DOMAIN + self.tx_id


def decode_transaction(envelope: bytes, leaf_hash: bytes | None = None) -> Transaction:
    """Read and form-check one envelope, whose ``leaf_hash`` the caller may know already.

    Raises:
        DecodeError: ``too-large``, ``malformed``, ``not-canonical``, ``version`` or
            ``duplicate-signer``.
    """
    outer = _decode_envelope(envelope)
    payload = _decode_payload(outer.payload)
    if payload.version != VERSION:
        raise DecodeError("version", f"transaction version {payload.version} is unknown", expected=VERSION)
    signers = [(signature.scheme, signature.public_key) for signature in outer.signatures]
    if len(signers) > 1 and len({public_key for _, public_key in signers}) != len(signers):
        raise DecodeError("duplicate-signer", "one key signed the same transaction twice")
    return Transaction(envelope, outer.signatures, payload, _id_of(outer.payload, signers), leaf_hash)


def build_payload(
    chain_id: str, sender: str, nonce: bytes, valid_until: int, operations: Sequence[bytes], memo: str = ""
) -> bytes:
    """Canonical payload bytes around already encoded operations."""
    raws = tuple(msgspec.Raw(operation) for operation in operations)
    return encode(Payload(VERSION, chain_id, sender, nonce, valid_until, raws, memo))


def sign_payload(payload: bytes, keys: Sequence[SigningKey]) -> bytes:
    """Canonical envelope bytes: ``payload`` signed by each of ``keys`` (1-16, distinct)."""
    message = SIGNATURE_DOMAIN + tx_id_of(payload, [key.public_key for key in keys])
    signatures = tuple(Signature(SCHEME_ED25519, key.public_key, key.sign(message)) for key in keys)
    return encode(Envelope(payload, signatures))


def tx_id_of(payload: bytes, public_keys: Sequence[bytes]) -> bytes:
    """The id of the transaction with these payload bytes that these Ed25519 keys sign, in this order."""
    return _id_of(payload, [(SCHEME_ED25519, public_key) for public_key in public_keys])


def _id_of(payload: bytes, signers: Sequence[tuple[int, bytes]]) -> bytes:
    return _tx_hash(encode((payload, signers)))
