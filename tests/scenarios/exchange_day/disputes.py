"""Five disputes with five different endings."""

from collections.abc import Sequence
from hashlib import sha256

from contracts.disputes.operations import (
    AcceptDispute,
    AnswerDispute,
    AppealDispute,
    DecideDispute,
    EnforceRuling,
    FileDispute,
    LiftMeasures,
)
from contracts.disputes.record import EvidenceReference, Measure, Ruling, Subject, dispute_id_of
from contracts.evidence.operations import RecordEvidence
from contracts.market.operations_trade import Refund
from tests.scenarios.exchange_day.cast import Cast
from tests.scenarios.exchange_day.ledger import Ledger, Person, now_ms
from tests.scenarios.exchange_day.registration import Asset
from tests.scenarios.exchange_day.trading import Deal, listing_order


class Court:
    """How the day's cases are led."""

    def __init__(self, ledger: Ledger, cast: Cast) -> None:
        self._ledger = ledger
        self._cast = cast
        self.cases = 0

    async def rule(
        self, complainant: Person, respondent: Person, subject: Subject, ruling: Ruling, *, appeal_ms: int = 0
    ) -> bytes:
        """A case from the claim to the first ruling; its id."""
        ledger, first = self._ledger, self._cast.arbitrators[:3]
        self.cases += 1
        name = f"case-{self.cases}"
        dispute_id = dispute_id_of(complainant.did, name)
        paper, evidence_id = sha256(name.encode()).digest(), dispute_id[:16]
        evidence = EvidenceReference(complainant.did, evidence_id)
        await ledger.do(
            complainant,
            RecordEvidence(evidence_id, "file", "sha256", paper),
            FileDispute(name, respondent.did, subject, f"The case {self.cases}", paper, (evidence,)),
        )
        arbitrators = tuple(person.did for person in first)
        await ledger.refused("dispute-own-case", self._cast.arbitrators[0], AcceptDispute(
            dispute_id, (*arbitrators[:2], complainant.did), 2
        ))
        await ledger.do(
            self._cast.regulator,
            AcceptDispute(dispute_id, arbitrators, 2, now_ms() + 60_000, appeal_ms, hold=True),
        )
        await ledger.refused("dispute-too-early", first[0], DecideDispute(dispute_id, ruling))
        await ledger.do(respondent, AnswerDispute(dispute_id, paper))
        for person in first[:2]:
            await ledger.do(person, DecideDispute(dispute_id, ruling))
        return dispute_id

    async def appeal(self, dispute_id: bytes, party: Person, ruling: Ruling) -> None:
        """The second instance."""
        second = self._cast.arbitrators[3:]
        await self._ledger.do(party, AppealDispute(dispute_id, bytes(32)))
        await self._ledger.do(
            self._cast.regulator, AcceptDispute(dispute_id, tuple(person.did for person in second), 2)
        )
        for person in second:
            await self._ledger.do(person, DecideDispute(dispute_id, ruling))

    async def enforce(self, dispute_id: bytes) -> None:
        """Carry the ruling out; anybody may."""
        await self._ledger.do(self._cast.buyers[0], EnforceRuling(dispute_id))

    async def lift(self, dispute_id: bytes) -> None:
        """Release what was frozen."""
        await self._ledger.do(self._cast.regulator, LiftMeasures(dispute_id, "what was ordered has been done"))


async def hold_court(ledger: Ledger, cast: Cast, deals: Sequence[Deal], assets: Sequence[Asset]) -> tuple[int, int]:
    """All five; how many, and the minor units that were ordered back to a buyer."""
    court, paper = Court(ledger, cast), sha256(b"ruling").digest()
    frozen, transferred = assets[0], assets[1]
    refunded, cancelled, kept = deals[0], deals[1], deals[2]
    buyer = cast.buyers[0]

    subject = Subject("asset", frozen.asset_id)
    case = await court.rule(buyer, frozen.holder, subject, Ruling("upheld", paper, (Measure("freeze", subject),)))
    await court.enforce(case)
    await ledger.refused("asset-frozen", frozen.holder, listing_order(frozen, cast))
    await court.lift(case)

    subject = Subject("trade", refunded.trade_id)
    back = max(1, refunded.amount // 4)
    measure = Measure("refund", subject, amount=back)
    seller = refunded.offer.asset.holder
    case = await court.rule(refunded.buyer, seller, subject, Ruling("partly-upheld", paper, (measure,)))
    await court.enforce(case)
    await ledger.do(refunded.buyer, Refund(refunded.trade_id, back, sha256(b"refund").digest()))

    subject = Subject("trade", kept.trade_id)
    case = await court.rule(kept.buyer, kept.offer.asset.holder, subject, Ruling("rejected", paper))
    await court.enforce(case)

    subject = Subject("trade", cancelled.trade_id)
    measure = Measure("cancel", subject)
    seller = cancelled.offer.asset.holder
    case = await court.rule(cancelled.buyer, seller, subject, Ruling("upheld", paper, (measure,)))
    await court.enforce(case)

    subject = Subject("asset", transferred.asset_id)
    claimant = next(person for person in cast.providers if person is not transferred.holder)
    first = Ruling("upheld", paper, (Measure("revoke", subject),))
    final = Ruling("upheld", paper, (Measure("transfer", subject, claimant.did),))
    case = await court.rule(claimant, transferred.holder, subject, first, appeal_ms=60_000)
    await ledger.refused("dispute-too-early", buyer, EnforceRuling(case))
    await court.appeal(case, transferred.holder, final)
    await court.enforce(case)
    return court.cases, back
