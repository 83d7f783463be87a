"""Cheap signatures for simulations: the core never verifies, so a keyed hash that a host can check is as good."""

from hashlib import sha256

from consensus.quorum import ValidatorSet
from consensus.signing import SignatureClaim


class Keys:
    """Secrets of a validator set; the public key of each is the hash of its secret."""

    def __init__(self, size: int) -> None:
        self._secrets = [sha256(b"simulation key %d" % index).digest() for index in range(size)]
        self._by_public = {sha256(secret).digest(): secret for secret in self._secrets}
        self.validators = ValidatorSet(0, sha256(b"set of %d" % size).digest(), tuple(self._by_public))

    def sign(self, index: int, data: bytes) -> bytes:
        return self._signature(self._secrets[index], data)

    def verifies(self, claim: SignatureClaim) -> bool:
        secret = self._by_public.get(claim.public_key)
        return secret is not None and self._signature(secret, claim.signed_bytes) == claim.signature

    @staticmethod
    def _signature(secret: bytes, data: bytes) -> bytes:
        return sha256(secret + data).digest() * 2
