"""What the forum and the arbitrators of a dispute do: accept or dismiss it, hear it, rule n of m."""

from typing import Final

import msgspec

from chainnode.state.view import State
from contracts.disputes.casework import known_dispute, move, write
from contracts.disputes.operations import (
    AcceptDispute,
    CloseDispute,
    DecideDispute,
    DismissDispute,
    ReplaceArbitrator,
)
from contracts.disputes.outcome import DisputeRuled
from contracts.disputes.record import LIFECYCLE, DisputeRecord, Vote, ruling_digest
from contracts.disputes.subject import HOLDING, check_reach, hold_subject, release_subject
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import Rule, roles_of

FORUM: Final = Rule("ANY", ("arbitrator", "exchange", "regulator"))
FINAL: Final = 0
"""``appeal_until_ms`` of a ruling that nobody can take further."""


def accept(operation: AcceptDispute, context: Context, state: State) -> None:
    """Open the hearing, of the first or of the second instance.

    Raises:
        OperationFailed: ``dispute-unknown``, ``dispute-status``, ``dispute-own-case``,
            ``dispute-arbitrator-role``, ``dispute-too-late``, or a code of the hold on the subject.
    """
    record = known_dispute(operation.dispute_id, state)
    status = LIFECYCLE.step(record.status, "accept")
    _check_impartial(record, context.sender)
    if context.sender in record.arbitrators():
        raise OperationFailed("dispute-own-case", f"{context.sender} made the ruling that is appealed against")
    for arbitrator in operation.arbitrators:
        _check_arbitrator(record, context.sender, arbitrator, state)
    if operation.answer_by_ms and operation.answer_by_ms < context.time_ms:
        raise OperationFailed("dispute-too-late", f"the time to answer would end at {operation.answer_by_ms}")
    if operation.hold:
        record = hold_subject(record, context, state)
    changed = msgspec.structs.replace(
        record,
        status=status,
        forum=context.sender,
        former=record.arbitrators(),
        votes=tuple(Vote(arbitrator) for arbitrator in operation.arbitrators),
        threshold=operation.threshold,
        round=record.round + 1,
        answer_by_ms=operation.answer_by_ms,
        appeal_ms=operation.appeal_ms if record.round == 0 else 0,
        appeal_until_ms=FINAL,
        ruling=None,
    )
    move(changed, "accept", f"{operation.threshold} of {len(operation.arbitrators)}", context, state)


def dismiss(operation: DismissDispute, context: Context, state: State) -> None:
    """Not hear the complaint, or the appeal.

    Raises:
        OperationFailed: ``dispute-unknown``, ``dispute-status`` or ``dispute-own-case``.
    """
    record = known_dispute(operation.dispute_id, state)
    status = LIFECYCLE.step(record.status, "dismiss")
    _check_impartial(record, context.sender)
    if context.sender == record.forum or context.sender in record.arbitrators():
        raise OperationFailed("dispute-own-case", f"{context.sender} had a part in the ruling that is appealed against")
    changed = msgspec.structs.replace(record, status=status, appeal_until_ms=FINAL)
    move(changed, "dismiss", operation.reason, context, state)


def replace_arbitrator(operation: ReplaceArbitrator, context: Context, state: State) -> None:
    """Exchange one arbitrator; its vote is dropped.

    Raises:
        OperationFailed: ``dispute-unknown``, ``dispute-status``, ``dispute-not-forum``,
            ``dispute-not-arbitrator``, ``dispute-own-case`` or ``dispute-arbitrator-role``.
    """
    record = known_dispute(operation.dispute_id, state)
    status = LIFECYCLE.step(record.status, "replace arbitrator")
    forum = check_forum(record, context.sender, state)
    place = _place_of(record, operation.old)
    _check_arbitrator(record, forum, operation.new, state)
    votes = (*record.votes[:place], Vote(operation.new), *record.votes[place + 1 :])
    changed = msgspec.structs.replace(record, status=status, votes=votes, forum=forum)
    move(changed, "replace arbitrator", operation.new, context, state)


def decide(operation: DecideDispute, context: Context, state: State) -> None:
    """Count an arbitrator's vote; the one that makes enough agree makes the ruling.

    Raises:
        OperationFailed: ``dispute-unknown``, ``dispute-status``, ``dispute-not-arbitrator``,
            ``dispute-too-early``, ``dispute-subject-unknown`` or ``dispute-measure-foreign``.
    """
    record, ruling = known_dispute(operation.dispute_id, state), operation.ruling
    status = LIFECYCLE.step(record.status, "vote")
    place = _place_of(record, context.sender)
    if not record.answer_digest and context.time_ms <= record.answer_by_ms:
        raise OperationFailed("dispute-too-early", f"the respondent may answer until {record.answer_by_ms}")
    check_reach(record.subject, ruling.measures, state)
    digest = ruling_digest(record.dispute_id, ruling)
    votes = (*record.votes[:place], Vote(context.sender, digest), *record.votes[place + 1 :])
    changed = msgspec.structs.replace(record, status=status, votes=votes)
    if sum(vote.ruling == digest for vote in votes) < record.threshold:
        move(changed, "vote", digest.hex(), context, state)
        return
    until = context.time_ms + record.appeal_ms if record.appeal_ms else FINAL
    status = LIFECYCLE.step(status, "rule")
    write(msgspec.structs.replace(changed, status=status, ruling=ruling, appeal_until_ms=until), context, state)
    context.emit(
        DisputeRuled(record.dispute_id, ruling.outcome, ruling.digest, len(ruling.measures), record.round, until)
    )


def close(operation: CloseDispute, context: Context, state: State) -> None:
    """End a ruled case without its measures; a hold is released.

    Raises:
        OperationFailed: ``dispute-unknown``, ``dispute-status``, ``dispute-not-forum`` or ``dispute-too-early``.
    """
    record = known_dispute(operation.dispute_id, state)
    status = LIFECYCLE.step(record.status, "close")
    check_forum(record, context.sender, state)
    check_final(record, context.time_ms)
    released = release_subject(record, context, state)
    move(msgspec.structs.replace(released, status=status), "close", operation.reason, context, state)


def check_forum(record: DisputeRecord, sender: str, state: State) -> str:
    """Refuse whoever does not lead the case; answers who leads it.

    Where the forum can act no more, having lost its role or its identity, another that is no party takes its place:
    the case would never end, and what it holds would never be released.

    Raises:
        OperationFailed: ``dispute-not-forum``.
    """
    if sender == record.forum:
        return sender
    roles = roles_of(state, record.forum) if record.forum else ()
    if any(role in FORUM.roles for role in roles) or sender in (record.complainant, record.respondent):
        raise OperationFailed("dispute-not-forum", f"{record.forum} leads the case, not {sender}")
    return sender


def check_final(record: DisputeRecord, time_ms: int) -> None:
    """Refuse a step that must wait until nobody can appeal.

    Raises:
        OperationFailed: ``dispute-too-early``.
    """
    if record.appeal_until_ms and time_ms <= record.appeal_until_ms:
        raise OperationFailed("dispute-too-early", f"the parties may appeal until {record.appeal_until_ms}")


def _check_impartial(record: DisputeRecord, sender: str) -> None:
    if sender in (record.complainant, record.respondent):
        raise OperationFailed("dispute-own-case", f"{sender} is a party to the case")


def _check_arbitrator(record: DisputeRecord, forum: str, did: str, state: State) -> None:
    """Arbitrators hold the role, are no party, judge a case in one instance only, and were named by somebody else.

    One who names itself would need nobody: it could take any asset by a case that a friend files.
    """
    _check_impartial(record, did)
    if did in record.arbitrators() or did in record.former or did == forum:
        raise OperationFailed("dispute-own-case", f"{did} leads the case, or is or was an arbitrator of it")
    if "arbitrator" not in roles_of(state, did):
        raise OperationFailed("dispute-arbitrator-role", f"{did} does not hold the role arbitrator")


def _place_of(record: DisputeRecord, arbitrator: str) -> int:
    for place, vote in enumerate(record.votes):
        if vote.arbitrator == arbitrator:
            return place
    raise OperationFailed("dispute-not-arbitrator", f"{arbitrator} is no arbitrator of the case")


_HEARING: Final = ("dispute-unknown", "dispute-status")
OPERATIONS: Final = (
    OperationSpec(
        AcceptDispute,
        accept,
        FORUM,
        (
            "dispute-arbitrators",
            *_HEARING,
            "dispute-own-case",
            "dispute-arbitrator-role",
            "dispute-too-late",
            *HOLDING,
        ),
    ),
    OperationSpec(DismissDispute, dismiss, FORUM, (*_HEARING, "dispute-own-case")),
    OperationSpec(
        ReplaceArbitrator,
        replace_arbitrator,
        FORUM,
        (*_HEARING, "dispute-not-forum", "dispute-not-arbitrator", "dispute-own-case", "dispute-arbitrator-role"),
    ),
    OperationSpec(
        DecideDispute,
        decide,
        Rule("ANY", ("arbitrator",)),
        (
            "dispute-measure",
            *_HEARING,
            "dispute-not-arbitrator",
            "dispute-too-early",
            "dispute-subject-unknown",
            "dispute-measure-foreign",
        ),
    ),
    OperationSpec(CloseDispute, close, FORUM, (*_HEARING, "dispute-not-forum", "dispute-too-early")),
)
