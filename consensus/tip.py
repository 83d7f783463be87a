"""The last durable block, on which the next height builds."""

import msgspec

from consensus.certificates import QuorumCertificate


class Tip(msgspec.Struct, frozen=True):
    """What a replica must know of the chain below the height it works on."""

    height: int
    """0 for the genesis block, which everybody has by definition."""
    block_hash: bytes
    proof_due: bool = False
    """The block held transactions whose result no later header certifies yet."""
    certificate: QuorumCertificate | None = None
    """Its COMMIT certificate, for helping peers that are one block behind (SPEC.md R8)."""
