"""Proof bundles: what a stranger needs to check the ledger's word offline.

As JSON a bundle is its canonical text, byte for byte: verifiers refuse any other rendering, so nothing here reformats
it.
"""

from typing import Final

from aiohttp import web

from chainnode.api.answer import bytes_response, wants_bytes
from chainnode.api.routes import JSON, MSGPACK, Call, Parameter, Route, parse_did, parse_hex
from chainnode.api.state import parse_state_key
from chainnode.errors import Rejected
from chainnode.proofs.document import render
from chainnode.proofs.verifier import read_bundle

HEIGHT_MAX: Final = 2**53


async def prove_transaction(call: Call) -> web.StreamResponse:
    """That a transaction is in its block, and what became of it.

    Raises:
        NotFound: ``transaction-not-found``.
        Rejected: ``proof-pending``.
    """
    return _answer(call, call.service.queries.prove_transaction(call.hash_of()))


async def prove_evidence(call: Call) -> web.StreamResponse:
    """That the evidence of an id existed when its block was agreed.

    Raises:
        NotFound: ``evidence-not-found``.
        Rejected: ``evidence-is-batch``, ``proof-pending``, or ``evidence-ambiguous``: several submitters chose this id.
    """
    evidence_id = parse_hex(call.path["id"], "id", 16, 32, code="path-invalid")
    return _answer(call, call.service.queries.prove_evidence(evidence_id, None, _submitter(call)))


async def prove_digest(call: Call) -> web.StreamResponse:
    """That a digest was recorded, by its earliest record.

    Raises:
        NotFound, Rejected: as ``prove_evidence``; ``query-invalid``: no digest is given.
    """
    if call.query["digest"] is None:
        raise Rejected("query-invalid", "digest is missing", expected="lower-case hex")
    return _answer(call, call.service.queries.prove_evidence(None, call.query["digest"], _submitter(call)))


def _submitter(call: Call) -> str | None:
    named = call.query["submitter"]
    return None if named is None else parse_did(named)


async def prove_opened(call: Call) -> web.StreamResponse:
    """What a block did by itself, before its transactions.

    Raises:
        NotFound: ``block-not-found`` or ``height-pruned``.
        Rejected: ``proof-pending``.
    """
    text = call.path["height"]
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise Rejected("path-invalid", "a block is named by its height here", found=text[:80])
    return _answer(call, call.service.queries.prove_opened(int(text)))


async def prove_state(call: Call) -> web.StreamResponse:
    """That a state key has this value, or none, after a block.

    Raises:
        NotFound: ``state-version`` or ``state-value``.
        Rejected: ``query-invalid``, ``state-key`` or ``proof-pending``.
    """
    if call.query["key"] is None:
        raise Rejected("query-invalid", "key is missing", expected="a state key, or 0x and its hex")
    key = parse_state_key(call.query["key"])
    return _answer(call, call.service.queries.prove_state(key, call.query["height"]))


def _answer(call: Call, bundle: bytes) -> web.Response:
    if wants_bytes(call):
        return bytes_response(call, bundle, MSGPACK)
    return bytes_response(call, render(read_bundle(bundle)).encode("ascii"), JSON)


_BOTH: Final = (JSON, MSGPACK)
_STATE_QUERY: Final = (
    Parameter("key", "text", "state key, or 0x and its hex"),
    Parameter("height", "integer", "after this block; by default the newest that is certified", most=HEIGHT_MAX),
)
_DIGEST: Final = Parameter("digest", "hex", "digest of a single record", least=32, most=64)
_SUBMITTER: Final = Parameter("submitter", "text", "DID of who recorded it")

ROUTES: Final = (
    Route("GET", "/v1/proofs/transaction/{id}", prove_transaction, "Proof of a transaction", (), _BOTH, cost=5),
    Route("GET", "/v1/transactions/{id}/proof", prove_transaction, "The same proof", (), _BOTH, cost=5),
    Route("GET", "/v1/proofs/evidence/{id}", prove_evidence, "Proof of evidence by id", (_SUBMITTER,), _BOTH, cost=5),
    Route(
        "GET",
        "/v1/proofs/evidence",
        prove_digest,
        "Proof of evidence by its digest",
        (_DIGEST, _SUBMITTER),
        _BOTH,
        cost=5,
    ),
    Route("GET", "/v1/proofs/opened/{height}", prove_opened, "Proof of what a block did by itself", (), _BOTH, cost=5),
    Route("GET", "/v1/proofs/state", prove_state, "Proof of a state value or its absence", _STATE_QUERY, _BOTH, cost=5),
)
