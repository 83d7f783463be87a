"""Messages of validators that say what the script wants: with their own keys, and with whatever was seen on the wire.

A Byzantine validator can sign anything in its own name and repeat anything it heard; it cannot sign for the honest.
``Adversary`` can do exactly that: certificates and justifications for others are put together from recorded messages.
"""

from collections.abc import Sequence

import msgspec

from consensus.certificates import CertificateKind, QuorumCertificate, make_certificate
from consensus.messages import (
    NOTHING_PREPARED,
    Commit,
    Decided,
    Justification,
    Message,
    Prepare,
    PrePrepare,
    Signed,
    Status,
    ViewChange,
)
from consensus.signing import SignedT, signed_bytes, with_signature
from tests.simulation.host import CHAIN_ID
from tests.simulation.keys import Keys

VOTES: dict[CertificateKind, type[Prepare] | type[Commit]] = {
    CertificateKind.PREPARE: Prepare,
    CertificateKind.COMMIT: Commit,
}


class Adversary:
    """Hears every message, and speaks for ``byzantine`` members."""

    def __init__(self, keys: Keys, byzantine: tuple[int, ...]) -> None:
        self._keys = keys
        self._byzantine = byzantine
        self._heard: dict[tuple[type, int, int, int], list[Signed]] = {}

    def hear(self, message: Message) -> None:
        if not isinstance(message, Decided | Status):
            place = (type(message), message.height, message.view, message.sender)
            known = self._heard.setdefault(place, [])
            if message not in known:
                known.append(message)

    def said(self, kind: type, height: int, view: int, sender: int) -> list[Signed]:
        """What ``sender`` signed for one place; more than one only from a Byzantine member."""
        return self._heard.get((kind, height, view, sender), [])

    def sign(self, message: SignedT, key: int) -> SignedT:
        """``message`` signed with the key of ``key``, whatever sender it names."""
        if key not in self._byzantine:
            raise ValueError(f"the script cannot sign for {key}, which is honest")
        return with_signature(message, self._keys.sign(key, signed_bytes(message)))

    def _fields(self, height: int, view: int, sender: int) -> tuple[str, int, bytes, int, int, int]:
        validators = self._keys.validators
        return CHAIN_ID, validators.epoch, validators.hash, height, view, sender

    def vote(self, kind: CertificateKind, height: int, view: int, sender: int, block_hash: bytes) -> Prepare | Commit:
        return VOTES[kind](*self._fields(height, view, sender), block_hash)

    def certificate(
        self, kind: CertificateKind, height: int, view: int, block_hash: bytes, signers: Sequence[int]
    ) -> QuorumCertificate:
        """Of own votes and recorded ones; ``ValueError`` if an honest signer never voted so."""
        votes = []
        for signer in sorted(signers):
            wanted = self.vote(kind, height, view, signer, block_hash)
            if signer in self._byzantine:
                votes.append((signer, self.sign(wanted, signer).signature))
                continue
            heard = [vote.signature for vote in self.said(VOTES[kind], height, view, signer)
                     if with_signature(vote, b"") == wanted]  # fmt: skip
            if not heard:
                raise ValueError(f"{signer} never sent {kind.name} for this block in view {view}")
            votes.append((signer, heard[0]))
        return make_certificate(
            kind, votes, epoch=self._keys.validators.epoch, height=height, view=view, block_hash=block_hash
        )

    def view_change(self, height: int, view: int, sender: int, prepared: QuorumCertificate | None) -> ViewChange:
        prepared_view, prepared_hash = NOTHING_PREPARED, b""
        if prepared is not None:
            prepared_view, prepared_hash = prepared.view, prepared.block_hash
        return ViewChange(*self._fields(height, view, sender), prepared_view, prepared_hash, certificate=prepared)

    def justification(
        self, height: int, view: int, senders: Sequence[int], certificate: QuorumCertificate | None
    ) -> Justification:
        """Of recorded VIEW_CHANGEs, in the order given; a Byzantine member that asked for nothing claims nothing."""
        items = []
        for sender in senders:
            heard = [item for item in self.said(ViewChange, height, view, sender) if isinstance(item, ViewChange)]
            item = heard[-1] if heard else self.sign(self.view_change(height, view, sender, None), sender)
            items.append(msgspec.structs.replace(item, certificate=None))
        return Justification(tuple(items), certificate)

    def proposal(
        self, height: int, view: int, sender: int, block: tuple[bytes, bytes], reason: Justification | None
    ) -> PrePrepare:
        """``block``: the hash that is stated, and the bytes that are sent."""
        return PrePrepare(*self._fields(height, view, sender), *block, reason)
