"""Turns real messages into the facts of ``rules.py``: fields by name, signatures checked by bytes built here.

The signed bytes are put together from SPEC.md, Signatures, with another MessagePack library than the core's.
"""

from collections.abc import Callable
from hashlib import sha256

import msgpack  # type: ignore[import-untyped]
import msgspec

from consensus.certificates import QuorumCertificate
from consensus.messages import Commit, Decided, Prepare, PrePrepare, Signed, ViewChange
from tests.model import rules

Verify = Callable[[int, bytes, bytes], bool]
"""Whether the signature (third) by the member with this index over these bytes is good."""

_TAGS: dict[type, bytes] = {
    PrePrepare: b"pre-prepare", Prepare: b"prepare", Commit: b"commit", ViewChange: b"view-change",
}  # fmt: skip
_STEPS: dict[type, rules.Step] = {
    ViewChange: rules.Step.VIEW_CHANGE,
    PrePrepare: rules.Step.PRE_PREPARE,
    Prepare: rules.Step.PREPARE,
    Commit: rules.Step.COMMIT,
}


class Reader:
    """Reads messages as a member of one set on one chain would."""

    def __init__(self, chain_id: str, epoch: int, validators_hash: bytes, size: int, verify: Verify) -> None:
        self.size = size
        self._place = (chain_id, epoch, validators_hash)
        self._verify = verify

    def _tagged(self, kind: type, height: int, view: int, *added: object) -> bytes:
        return b"chainnode/consensus/" + _TAGS[kind] + b"/v1\0" + msgpack.packb([*self._place, height, view, *added])

    def payload(self, message: Signed) -> bytes:
        """The bytes under the signature."""
        added: tuple[object, ...]
        match message:
            case Prepare() | Commit():
                added = (message.block_hash,)
            case ViewChange():
                added = (message.prepared_view, message.prepared_hash)
            case PrePrepare():
                reason = message.justification
                digest = b"" if reason is None else sha256(msgspec.msgpack.encode(reason)).digest()
                added = (message.block_hash, sha256(message.proposal).digest(), digest)
        return self._tagged(type(message), message.height, message.view, *added)

    def authentic(self, message: Signed) -> bool:
        """Of this chain, epoch and set, by a member, and signed by it."""
        return (
            (message.chain_id, message.epoch, message.validators_hash) == self._place
            and 0 <= message.sender < self.size
            and self._verify(message.sender, self.payload(message), message.signature)
        )

    def signed(self, message: Signed) -> rules.Signed:
        """As an entry of its sender's history."""
        step = _STEPS[type(message)]
        return rules.Signed(message.epoch, message.height, message.view, step, self.payload(message))

    def vote(self, message: Prepare | Commit) -> rules.Vote:
        return rules.Vote(_STEPS[type(message)], message.view, message.sender, message.block_hash)

    def claim(self, message: ViewChange, height: int) -> rules.Claim:
        at_home = message.height == height and self.authentic(message)
        return rules.Claim(message.view, message.sender, message.prepared_view, message.prepared_hash, at_home)

    def certificate(self, certificate: QuorumCertificate | None) -> rules.Certificate | None:
        if certificate is None:
            return None
        kind = {1: Prepare, 2: Commit}.get(int(certificate.kind), Prepare)
        bits = "".join(f"{byte:08b}"[::-1] for byte in certificate.signers)
        signers = tuple(index for index, bit in enumerate(bits) if bit == "1")
        signed = self._tagged(kind, certificate.height, certificate.view, certificate.block_hash)
        in_form = (
            certificate.scheme == 1
            and certificate.epoch == self._place[1]
            and "1" in bits[-8:]
            and len(signers) == len(certificate.signatures)
            and all(index < self.size for index in signers)
            and all(map(self._verify, signers, [signed] * len(signers), certificate.signatures))
        )
        view, block = certificate.view, certificate.block_hash
        return rules.Certificate(_STEPS[kind], certificate.height, view, block, signers, in_form)

    def proposal(self, message: PrePrepare) -> rules.Proposal:
        reason = message.justification
        claims = certificate = None
        if reason is not None:
            claims = tuple(
                self.claim(item, message.height)._replace(at_home=item.certificate is None
                           and self.claim(item, message.height).at_home)
                for item in reason.view_changes
            )  # fmt: skip
            certificate = self.certificate(reason.certificate)
        view, sender = message.view, message.sender
        return rules.Proposal(message.height, view, sender, message.block_hash, claims, certificate)

    def valid(self, message: Signed | Decided, suspended: tuple[int, ...] = ()) -> bool:
        """Whether a message is good in itself, whatever its receiver knows."""
        if isinstance(message, Decided):
            certificate = self.certificate(message.certificate)
            return (
                certificate is not None
                and message.chain_id == self._place[0]
                and (certificate.height, certificate.block) == (message.height, message.block_hash)
                and rules.certificate_holds(certificate, rules.Step.COMMIT, self.size)
            )
        if not self.authentic(message):
            return False
        if isinstance(message, ViewChange):
            certificate = self.certificate(message.certificate)
            return rules.valid_view_change(
                self.claim(message, message.height), certificate, message.height, self.size
            )
        if isinstance(message, PrePrepare):
            return rules.valid_proposal(self.proposal(message), self.size, suspended)
        return True
