"""Proposals as voters need them: with their operations in words, the count as it stands, and what they would do.

A simulation runs the operations on the newest state and forgets the result. It is bounded like a proposal: 16
operations, whose effect on one block every validator would have to bear.
"""

from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from chainnode.api.answer import document_response
from chainnode.api.body import parse_json
from chainnode.api.routes import JSON, Call, Route
from chainnode.api.snapshot import SnapshotState
from chainnode.api.transactions import read_request
from chainnode.api.view import Document, event_document
from chainnode.chain.queries import LedgerQueries
from chainnode.errors import NotFound, Rejected
from contracts.governance.docket import tally
from contracts.governance.operations_proposal import PROPOSED_OPERATIONS_MAX
from contracts.governance.proposal import ProposalRecord, find_proposal, proposal_key, read_votes
from contracts.kernel.document import to_document
from contracts.kernel.electorate import Count
from contracts.kernel.enactment import DEFAULT_RULES, Simulated, simulate
from contracts.kernel.operation import encode_operation
from contracts.kernel.registry import decode_operation, describe, operation_document, operation_from_document

CHANGES_MAX: Final = 256
"""State keys that an answer names; how many changed is said all the same."""
NUMBER_MAX: Final = 2**53


async def proposal(call: Call) -> web.StreamResponse:
    """A proposal with its operations in words, its votes, and the count by the roles and rules of the newest block.

    Raises:
        NotFound: ``proposal-not-found``.
    """
    record = _proposal(call)
    state = SnapshotState(call.service.queries)
    document = to_document(record) | {
        "operations": [operation_document(decode_operation(raw)) for raw in record.operations],
        "votes": [to_document(vote) for vote in read_votes(state, record.number)],
        "tally": [_count(found) for found in tally(state, record, DEFAULT_RULES)],
        "state_key": proposal_key(record.number).hex(),
    }
    return document_response(call, document)


async def simulation_of(call: Call) -> web.StreamResponse:
    """What a proposal would do if it were carried out now.

    Raises:
        NotFound: ``proposal-not-found``.
    """
    record = _proposal(call)
    votes = read_votes(SnapshotState(call.service.queries), record.number)
    cast = [(vote.did, vote.choice == "approve") for vote in votes]
    return _simulated(call, record.operations, cast)


async def simulation(call: Call) -> web.StreamResponse:
    """What these operations would do if they were proposed, approved and carried out now: ``{"operations": [...]}``.

    Raises:
        Rejected: ``media-type``, ``body-...``, or the refusal of an operation that does not read.
    """
    document = parse_json(await read_request(call, (JSON,)))
    listed = document.get("operations") if isinstance(document, dict) and len(document) == 1 else None
    if not isinstance(listed, list) or not 1 <= len(listed) <= PROPOSED_OPERATIONS_MAX:
        raise Rejected(
            "body-malformed", f'the body is {{"operations": [...]}} with 1 to {PROPOSED_OPERATIONS_MAX} operations'
        )
    raws = []
    for index, item in enumerate(listed):
        if not isinstance(item, dict):
            raise Rejected("body-malformed", f"operations[{index}] is not an object")
        raws.append(encode_operation(operation_from_document(item)))
    return _simulated(call, raws, [])


def _simulated(call: Call, operations: Sequence[bytes], votes: Sequence[tuple[str, bool]]) -> web.Response:
    queries: LedgerQueries = call.service.queries
    tip = queries.tip()
    height, time_ms = tip.height + 1, tip.time_ms + 1
    found = simulate(
        operations, queries.state, chain_id=queries.chain_id, height=height, time_ms=time_ms, votes=votes
    )
    return document_response(call, {"height": tip.height} | simulation_document(found))


def simulation_document(found: Simulated) -> Document:
    """The outcome, whose agreement it takes, and what would change."""
    outcome = found.outcome
    return {
        "code": outcome.code,
        "failed_operation": outcome.failed_operation,
        "info": outcome.info,
        "events": [event_document(event) for event in outcome.events],
        "tally": [_count(one) for one in found.counts],
        "changes": [_change(*change) for change in found.changes[:CHANGES_MAX]],
        "changed": len(found.changes),
    }


def _change(key: bytes, before: bytes | None, after: bytes | None) -> Document:
    return {"key": key.decode("utf-8", "replace"), "before": _described(key, before), "after": _described(key, after)}


def _described(key: bytes, value: bytes | None) -> Any:
    if value is None:
        return None
    try:
        return describe(key, value)
    except NotFound:
        return {"value": value.hex()}


def _count(found: Count) -> Document:
    return {
        "operation": found.operation,
        "rule": to_document(found.rule),
        "electorate": found.electorate,
        "needed": found.needed,
        "approvals": found.approvals,
        "against": found.against,
        "met": found.met,
    }


def _proposal(call: Call) -> ProposalRecord:
    text = call.path["number"]
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and 1 <= int(text) <= NUMBER_MAX):
        raise Rejected("path-invalid", "a proposal is named by its number", found=text[:80])
    record = find_proposal(SnapshotState(call.service.queries), int(text))
    if record is None:
        raise NotFound("proposal-not-found", f"there is no proposal {int(text)}")
    return record


ROUTES: Final = (
    Route("GET", "/v1/governance/proposals/{number}", proposal, "A proposal with its tally", cost=5),
    Route(
        "GET",
        "/v1/governance/proposals/{number}/simulation",
        simulation_of,
        "What a proposal would do now",
        cost=20,
    ),
    Route(
        "POST",
        "/v1/governance/simulations",
        simulation,
        "What operations would do if they were proposed",
        body_types=(JSON,),
        cost=20,
    ),
)
