"""How evidence is recorded: the wire forms and their form rules.

The offline verifier (``chainnode.proofs.evidence``) reads the first fields of both forms by
position; they never move.
"""

from typing import Annotated

import msgspec

from contracts.evidence.digest import DIGEST_BYTES, Algorithm
from contracts.evidence.record import (
    BATCH_ITEMS_MAX,
    SIGNERS_MAX,
    AssetId,
    Digest,
    EvidenceId,
    Kind,
    MediaType,
    PreviousId,
    Size,
    Token,
)
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, Hash32, Line, Name, Time, Uri


class RecordEvidence(Operation, frozen=True, array_like=True, tag="evidence.record"):
    """Put one digest on the ledger."""

    evidence_id: EvidenceId
    kind: Kind
    algorithm: Algorithm
    digest: Digest
    salted: bool = True
    """Whether ``digest`` is keyed with a salt, so that guessing finds nothing."""
    size: Size = 0
    """Of the content in bytes; 0 = not told."""
    media_type: MediaType = ""
    title: Line = ""
    captured_at_ms: Time = 0
    """When the submitter says the content was captured; 0 = not told."""
    previous: PreviousId = b""
    """Own earlier evidence of which this is the next version; empty = none."""
    related_asset: AssetId = b""
    """Registered asset this belongs to; empty = none."""
    storage_uri: Uri = ""
    """Where the content lies, for those who may have it."""
    timestamp_token: Token = b""
    """RFC 3161 token over the digest, kept as it is; the chain does not judge it."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``evidence-digest-length`` or ``evidence-reference``.
        """
        check_digest(self.algorithm, self.digest)
        check_references(self.evidence_id, self.previous, self.related_asset)


class RecordEvidenceBatch(Operation, frozen=True, array_like=True, tag="evidence.record_batch"):
    """Put the Merkle root over up to 2^20 digests on the ledger.

    The tree is that of RFC 6962 with SHA-256; its leaves are the items' digests in
    order. Each item is provable alone (``contracts.evidence.batch``).
    """

    evidence_id: EvidenceId
    kind: Kind
    algorithm: Algorithm
    """Of the items' digests."""
    root: Hash32
    count: Annotated[int, msgspec.Meta(ge=1, le=BATCH_ITEMS_MAX)]
    salted: bool = True
    """Whether every item's digest is keyed with a salt of its own."""
    size: Size = 0
    """Of all items together in bytes; 0 = not told."""
    media_type: MediaType = ""
    title: Line = ""
    captured_at_ms: Time = 0
    previous: PreviousId = b""
    related_asset: AssetId = b""
    storage_uri: Uri = ""
    timestamp_token: Token = b""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``evidence-reference``.
        """
        check_references(self.evidence_id, self.previous, self.related_asset)


class RevokeEvidence(Operation, frozen=True, array_like=True, tag="evidence.revoke"):
    """Take back the sender's own evidence: the record stays, and says so from now on."""

    evidence_id: EvidenceId
    reason: Name
    """Everybody can read it for ever."""


class AppendEvidence(Operation, frozen=True, array_like=True, tag="evidence.append"):
    """Add an entry to the log that belongs to a piece of evidence.

    The submitter may, and whoever has countersigned it.
    """

    submitter: AnyDid
    """Whose evidence it is."""
    evidence_id: EvidenceId
    algorithm: Algorithm
    digest: Digest
    """Of what is added, such as a delivery note or a judgement."""
    salted: bool = True
    title: Line = ""
    storage_uri: Uri = ""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``evidence-digest-length``.
        """
        check_digest(self.algorithm, self.digest)


class RequestSignatures(Operation, frozen=True, array_like=True, tag="evidence.request_signatures"):
    """Name who is to countersign the sender's own evidence, and how many of them suffice.

    Can be asked once for a record: a court must not find that the signers were chosen until it fitted.
    """

    evidence_id: EvidenceId
    signers: Annotated[tuple[AnyDid, ...], msgspec.Meta(min_length=1, max_length=SIGNERS_MAX)]
    threshold: Annotated[int, msgspec.Meta(ge=1, le=SIGNERS_MAX)]
    sign_by_ms: Time = 0
    """Last block time at which a signature counts; 0 = no limit."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``evidence-signers``.
        """
        if len(dict.fromkeys(self.signers)) != len(self.signers) or "" in self.signers:
            raise OperationFailed("evidence-signers", "each signer is named once, by its DID")
        if self.threshold > len(self.signers):
            raise OperationFailed(
                "evidence-signers", f"{self.threshold} signatures are asked of {len(self.signers)} signers"
            )


class Countersign(Operation, frozen=True, array_like=True, tag="evidence.countersign"):
    """Stand by somebody's evidence, as one of the signers it names."""

    submitter: AnyDid
    evidence_id: EvidenceId
    digest: Digest
    """That of the record, so that nobody signs what it has not seen."""
    statement: Line = ""
    """What the signature means, such as *witnessed* or *received in good order*."""


class WithdrawSignature(Operation, frozen=True, array_like=True, tag="evidence.withdraw_signature"):
    """Stop standing by somebody's evidence; that one once did remains to be read."""

    submitter: AnyDid
    evidence_id: EvidenceId
    reason: Name


def check_digest(algorithm: Algorithm, digest: bytes) -> None:
    """Refuse a digest that its algorithm cannot have made.

    Raises:
        OperationFailed: ``evidence-digest-length``.
    """
    wanted = DIGEST_BYTES[algorithm]
    if len(digest) != wanted:
        raise OperationFailed("evidence-digest-length", f"a {algorithm} digest has {wanted} bytes, not {len(digest)}")


def check_references(evidence_id: bytes, previous: bytes, related_asset: bytes) -> None:
    """Refuse references that cannot name anything.

    Raises:
        OperationFailed: ``evidence-reference``.
    """
    if previous and (len(previous) < 16 or previous == evidence_id):
        raise OperationFailed("evidence-reference", "previous is the id of another, earlier piece of evidence")
    if related_asset and len(related_asset) != 32:
        raise OperationFailed("evidence-reference", "an asset id has 32 bytes")
