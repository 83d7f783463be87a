"""New keys for an identity whose own are lost: who asked for which, who agreed, and from when they count.

    recovery/<did>/<proposer>

Each guardian may have one open proposal, so a guardian that goes astray blocks no other. A proposal
belongs to one version of the document: whoever still writes versions has not lost the keys, so every
later version voids it, and nothing needs to be cleaned up.

Source: social recovery with a delay as in EIP-2429 and Argent's guardians; KERI's recovery for the limits.
"""

from functools import lru_cache
from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.ids import did_chain
from chainnode.types.transaction import Did
from contracts.identity.record import Guardians, Methods, NextKeyHashes, Threshold, VerificationMethod
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.text import Hash32, Time

LIFECYCLE: Final = Lifecycle(
    "recovery",
    "recovery-status",
    {
        (None, "propose"): "PROPOSED",
        ("PROPOSED", "propose"): "PROPOSED",
        ("PROPOSED", "approve"): "PROPOSED",
        ("PROPOSED", "agree"): "WAITING",
        ("PROPOSED", "cancel"): "CANCELLED",
        ("WAITING", "cancel"): "CANCELLED",
        ("WAITING", "complete"): "COMPLETED",
        ("CANCELLED", "propose"): "PROPOSED",
        ("COMPLETED", "propose"): "PROPOSED",
    },
)


class RecoveryRecord(msgspec.Struct, frozen=True, array_like=True):
    """One guardian's proposal of new keys."""

    did: Did
    """Of the identity to be recovered."""
    proposer: Did
    version: int
    """Of the document that it is to replace; any later version voids the proposal."""
    methods: Methods
    threshold: Threshold
    next_key_hashes: NextKeyHashes
    digest: Hash32
    """Over all of the above: what guardians agree to."""
    approvals: Guardians
    """Guardians that agreed, the proposer first."""
    status: str
    proposed_ms: Time
    ready_ms: Time
    """First moment at which it can be completed; 0 = not agreed yet."""


    def is_void(self, version: int) -> bool:
        """Whether the identity's present ``version`` shows that its keys are not lost."""
        return self.version != version and self.status != "COMPLETED"


_hash = tagged_hash("recovery")
_decode = lru_cache(64)(msgspec.msgpack.Decoder(RecoveryRecord).decode)


def recovery_digest(
    did: str,
    version: int,
    methods: tuple[VerificationMethod, ...],
    threshold: int,
    next_key_hashes: tuple[bytes, ...],
) -> bytes:
    """What a guardian agrees to: these keys, for this version of this document."""
    return _hash(encode([did, version, methods, threshold, next_key_hashes]))


def recovery_key(did: str, proposer: str) -> bytes:
    """State key of one guardian's proposal."""
    return key("recovery", did, proposer)


def read_recovery(state: State, did: str, proposer: str) -> RecoveryRecord | None:
    """The latest proposal of ``proposer`` for ``did``, void or not."""
    if did_chain(did) is None or did_chain(proposer) is None:
        return None
    stored = state.get(recovery_key(did, proposer))
    return None if stored is None else _decode(stored)


RECORDS: Final = (("recovery", 3, "", RecoveryRecord),)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
