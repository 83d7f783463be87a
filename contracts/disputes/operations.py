"""How disputes are led: the wire forms and their form rules."""

from typing import Annotated

import msgspec

from contracts.disputes.record import (
    ARBITRATORS_MAX,
    EVIDENCE_MAX,
    MEASURES_OF,
    PERIOD_MS_MAX,
    EvidenceReference,
    Ruling,
    Subject,
)
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, Hash32, Name, Time

Party = Annotated[AnyDid, msgspec.Meta(min_length=1)]
References = Annotated[tuple[EvidenceReference, ...], msgspec.Meta(max_length=EVIDENCE_MAX)]
Arbitrators = Annotated[tuple[Party, ...], msgspec.Meta(min_length=1, max_length=ARBITRATORS_MAX)]
Period = Annotated[int, msgspec.Meta(ge=0, le=PERIOD_MS_MAX)]
Threshold = Annotated[int, msgspec.Meta(ge=1, le=ARBITRATORS_MAX)]


class FileDispute(Operation, frozen=True, array_like=True, tag="dispute.file"):
    """Complain about an asset, a right or a trade, and about whoever answers for it."""

    identifier: Name
    """The complainant's own name for the case."""
    respondent: Party
    subject: Subject
    title: Name
    claim_digest: Hash32
    """SHA-256 of the written claim."""
    evidence: References = ()


class AnswerDispute(Operation, frozen=True, array_like=True, tag="dispute.answer"):
    """Answer the claim, as the respondent; the last answer counts."""

    dispute_id: Hash32
    answer_digest: Hash32
    evidence: References = ()


class AddDisputeEvidence(Operation, frozen=True, array_like=True, tag="dispute.add_evidence"):
    """Bring more evidence, as either party."""

    dispute_id: Hash32
    evidence: Annotated[References, msgspec.Meta(min_length=1)]


class WithdrawDispute(Operation, frozen=True, array_like=True, tag="dispute.withdraw"):
    """Drop the complaint, as the complainant, before it is ruled on."""

    dispute_id: Hash32


class DismissDispute(Operation, frozen=True, array_like=True, tag="dispute.dismiss"):
    """Not hear a complaint; or not hear an appeal, whereupon the ruling is final."""

    dispute_id: Hash32
    reason: Name


class AcceptDispute(Operation, frozen=True, array_like=True, tag="dispute.accept"):
    """Hear a complaint, or an appeal, by these arbitrators."""

    dispute_id: Hash32
    arbitrators: Arbitrators
    threshold: Threshold
    """Arbitrators that must agree on one ruling."""
    answer_by_ms: Time = 0
    """Block time until which only an answered case is decided; 0 = no need to wait."""
    appeal_ms: Period = 0
    """How long after the ruling a party may appeal; an appeal's own ruling is final."""
    hold: bool = False
    """Whether the subject is frozen meanwhile."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``dispute-arbitrators``.
        """
        count = len(self.arbitrators)
        if len(dict.fromkeys(self.arbitrators)) != count:
            raise OperationFailed("dispute-arbitrators", "an arbitrator is named twice")
        if not count < 2 * self.threshold <= 2 * count:
            raise OperationFailed("dispute-arbitrators", f"{self.threshold} of {count} is no majority of them")


class ReplaceArbitrator(Operation, frozen=True, array_like=True, tag="dispute.replace_arbitrator"):
    """Put somebody in the place of an arbitrator who cannot go on; its vote is dropped."""

    dispute_id: Hash32
    old: Party
    new: Party


class DecideDispute(Operation, frozen=True, array_like=True, tag="dispute.decide"):
    """Vote for a ruling, as an arbitrator; until the ruling stands a vote can be changed."""

    dispute_id: Hash32
    ruling: Ruling

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``dispute-measure``.
        """
        for measure in self.ruling.measures:
            kind, subject = measure.kind, measure.subject
            if kind not in MEASURES_OF[subject.kind]:
                raise OperationFailed("dispute-measure", f"{kind} cannot be done to a {subject.kind}")
            if bool(measure.party) != (kind == "transfer"):
                raise OperationFailed("dispute-measure", f"{kind} {'needs' if not measure.party else 'has no'} party")
            if bool(measure.amount) != (kind == "refund"):
                raise OperationFailed("dispute-measure", f"{kind} {'needs' if not measure.amount else 'has no'} amount")
        if self.ruling.outcome == "rejected" and self.ruling.measures:
            raise OperationFailed("dispute-measure", "a rejected complaint leads to no measures")


class AppealDispute(Operation, frozen=True, array_like=True, tag="dispute.appeal"):
    """Take a first ruling to the second instance, as either party, in time."""

    dispute_id: Hash32
    digest: Hash32
    """SHA-256 of the written appeal."""


class EnforceRuling(Operation, frozen=True, array_like=True, tag="dispute.enforce"):
    """Carry out every measure of a final ruling; anybody with a role may."""

    dispute_id: Hash32


class CloseDispute(Operation, frozen=True, array_like=True, tag="dispute.close"):
    """End a case whose ruling cannot be carried out on the ledger, as its forum."""

    dispute_id: Hash32
    reason: Name


class LiftMeasures(Operation, frozen=True, array_like=True, tag="dispute.lift"):
    """Release what the ruling froze, as the case's forum."""

    dispute_id: Hash32
    reason: Name
