"""Whether a right holds now, as the rules of the ledger see it."""

from typing import Any, Final

from aiohttp import web

from chainnode.api.answer import document_response
from chainnode.api.routes import Call, Route
from chainnode.api.snapshot import SnapshotState
from chainnode.chain.queries import LedgerQueries
from chainnode.errors import NotFound
from contracts.kernel.document import to_document
from contracts.kernel.outcome import OperationFailed
from contracts.rights.force import in_force
from contracts.rights.record import RightRecord, read_right, right_key


async def force(call: Call) -> web.StreamResponse:
    """Whether a right is in force at the newest block, how far it reaches, and what it derives from.

    Raises:
        NotFound: ``right-not-found``.
    """
    queries: LedgerQueries = call.service.queries
    state = SnapshotState(queries)
    right_id = call.hash_of()
    try:
        record = read_right(state, right_id)
    except OperationFailed as failure:
        raise NotFound("right-not-found", f"no right {right_id.hex()} was granted") from failure
    tip = queries.tip()
    answer: dict[str, Any] = {"right_id": right_id.hex(), "height": tip.height, "time_ms": tip.time_ms}
    try:
        terms = in_force(state, record, tip.time_ms).terms
        answer |= {"in_force": True, "code": "ok", "info": "", "terms": to_document(terms)}
    except OperationFailed as failure:
        answer |= {"in_force": False, "code": failure.code, "info": failure.message, "terms": None}
    chain = [to_document(found) for found in _upwards(record, state)]
    return document_response(call, answer | {"chain": chain, "state_key": right_key(right_id).hex()})


def _upwards(record: RightRecord, state: SnapshotState) -> list[RightRecord]:
    """The right and those it derives from, at most nine, the nearest first."""
    found = [record]
    while found[-1].parent:
        found.append(read_right(state, found[-1].parent))
    return found


ROUTES: Final = (
    Route("GET", "/v1/rights/{id}/force", force, "Whether a right is in force now, and what it derives from", cost=3),
)
