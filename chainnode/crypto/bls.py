"""BLS signatures over BLS12-381 with small keys, whose sum is one signature of many.

Keys have 48 bytes, signatures 96. Signatures by different keys over the same message add up to one signature that a
single pairing check verifies under the sum of the keys. That is sound only where every key came with a proof of
possession (a signature over the key itself): otherwise somebody could choose a key that cancels the keys of others.
Points of the wrong subgroup, the identity, and every other encoding of a point than its one are refused.

Arkworks does the work; where it has no wheel py-ecc does, with the same verdicts and some hundred times slower.
``tests/vectors/test_bls.py`` holds both to them.

Source: draft-irtf-cfrg-bls-signature-05, ciphersuite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_; RFC 9380.
"""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Protocol

from chainnode.errors import Misuse

try:
    from chainnode.crypto.bls_arkworks import BACKEND as FOUND
except ImportError:
    from chainnode.crypto.bls_ecc import BACKEND as FOUND  # type: ignore[assignment]

PUBLIC_KEY_BYTES: Final = 48
SIGNATURE_BYTES: Final = 96
SEED_BYTES: Final = 32
SIGNATURE_TAG: Final = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
POSSESSION_TAG: Final = b"BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
_ORDER: Final = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
_OKM_BYTES: Final = 48


class Backend(Protocol):
    """One library; every method judges bytes of any origin. Secrets are between 1 and the group's order."""

    @property
    def name(self) -> str:
        """Of the library, for people."""
        ...

    def public_key(self, secret: int) -> bytes:
        """The public key of a secret."""
        ...

    def sign(self, secret: int, message: bytes, tag: bytes) -> bytes:
        """A signature over ``message`` hashed to the curve under ``tag``."""
        ...

    def aggregate(self, signatures: Sequence[bytes]) -> bytes | None:
        """The sum of at least one signature; None if one of them is no point of the group."""
        ...

    def verify(self, public_keys: Sequence[bytes], message: bytes, signature: bytes, tag: bytes) -> bool:
        """Whether ``signature`` is the sum of one over ``message`` by each of ``public_keys``, at least one."""
        ...


BACKEND: Final[Backend] = FOUND
"""The library in use."""


class SealKey:
    """A private key. Its ``repr`` shows only the public half."""

    __slots__ = ("_secret", "public_key")

    def __init__(self, seed: bytes) -> None:
        """Derive the key pair from at least 32 bytes of entropy (KeyGen of the draft, section 2.3).

        Raises:
            Misuse: ``seed`` is shorter.
        """
        if len(seed) < SEED_BYTES:
            raise Misuse("seed-length", f"a BLS seed has at least {SEED_BYTES} bytes", found=len(seed))
        self._secret = secret_of(seed)
        self.public_key = BACKEND.public_key(self._secret)

    def sign(self, message: bytes) -> bytes:
        """The 96-byte signature of ``message``; deterministic."""
        return BACKEND.sign(self._secret, message, SIGNATURE_TAG)

    def prove_possession(self) -> bytes:
        """96 bytes that show that whoever presents ``public_key`` has its private half."""
        return BACKEND.sign(self._secret, self.public_key, POSSESSION_TAG)

    def __repr__(self) -> str:
        return f"SealKey(public_key={self.public_key.hex()})"


def secret_of(seed: bytes, info: bytes = b"") -> int:
    """The secret scalar of a seed: KeyGen of the draft, section 2.3 (HKDF with SHA-256)."""
    salt = b"BLS-SIG-KEYGEN-SALT-"
    secret = 0
    while secret == 0:
        salt = sha256(salt).digest()
        prk = hmac.digest(salt, seed + b"\x00", "sha256")
        okm, block = b"", b""
        for number in (1, 2):
            block = hmac.digest(prk, block + info + _OKM_BYTES.to_bytes(2, "big") + bytes((number,)), "sha256")
            okm += block
        secret = int.from_bytes(okm[:_OKM_BYTES], "big") % _ORDER
    return secret


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` over ``message`` is valid under ``public_key``; wrong lengths are an invalid signature."""
    return verify_aggregate((public_key,), message, signature)


def verify_possession(public_key: bytes, proof: bytes) -> bool:
    """Whether ``proof`` shows that ``public_key``, a valid one, was presented by its holder."""
    if len(public_key) != PUBLIC_KEY_BYTES or len(proof) != SIGNATURE_BYTES:
        return False
    return BACKEND.verify((public_key,), public_key, proof, POSSESSION_TAG)


def verify_aggregate(public_keys: Sequence[bytes], message: bytes, signature: bytes) -> bool:
    """Whether all of ``public_keys`` signed ``message`` (FastAggregateVerify of the draft, section 3.3.4).

    Sound only for keys whose proofs of possession were verified. No keys at all signed nothing.
    """
    if not public_keys or len(signature) != SIGNATURE_BYTES:
        return False
    if any(len(key) != PUBLIC_KEY_BYTES for key in public_keys):
        return False
    return BACKEND.verify(public_keys, message, signature, SIGNATURE_TAG)


def aggregate(signatures: Sequence[bytes]) -> bytes | None:
    """The sum of signatures; None where there is none, or one of them is no point of the group.

    The sum is valid only if each part is: nothing of that is checked here.
    """
    if not signatures or any(len(signature) != SIGNATURE_BYTES for signature in signatures):
        return None
    return BACKEND.aggregate(signatures)
