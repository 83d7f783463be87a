"""Blocks and what is in them."""

from typing import Final

import msgspec
from aiohttp import web

from chainnode.api.answer import bytes_response, document_response, wants_bytes
from chainnode.api.routes import JSON, MSGPACK, Call, Parameter, Route, parse_hex
from chainnode.api.view import (
    block_document,
    block_receipt_document,
    envelopes_of,
    header_summary,
    receipt_document,
    text64,
)
from chainnode.chain.queries import LedgerQueries
from chainnode.codec.canonical import encode
from chainnode.errors import NotFound, Rejected
from chainnode.types.block import StoredBlock
from chainnode.types.transaction import decode_transaction

HEIGHT_MAX: Final = 2**53
_PAGE_BLOCKS_MAX: Final = 100


async def blocks(call: Call) -> web.StreamResponse:
    """Summaries of up to 100 blocks, newest first, below ``before``."""
    queries: LedgerQueries = call.service.queries
    tip_height = queries.tip().height
    first = tip_height if call.query["before"] is None else min(call.query["before"] - 1, tip_height)
    items = []
    for height in range(first, max(first - call.query["limit"], -1), -1):
        try:
            items.append(header_summary(queries.header(height)))
        except NotFound:
            break  # what is below was pruned
    more = bool(items) and items[-1]["height"] > 0 and len(items) == call.query["limit"]
    return document_response(call, {"items": items, "next_before": items[-1]["height"] if more else None})


async def block(call: Call) -> web.StreamResponse:
    """The block of a height or hash, or the latest.

    Raises:
        NotFound: ``block-not-found`` or ``height-pruned``.
    """
    found, fixed = _find(call)
    if wants_bytes(call):
        return bytes_response(call, encode(found), MSGPACK, immutable=fixed)
    return document_response(call, block_document(found), immutable=fixed)


async def block_transactions(call: Call) -> web.StreamResponse:
    """The envelopes of a block, in order."""
    found, fixed = _find(call)
    envelopes = envelopes_of(found)
    if wants_bytes(call):
        return bytes_response(call, encode(list(envelopes)), MSGPACK, immutable=fixed)
    items = [{"tx_id": decode_transaction(one).tx_id.hex(), "envelope": text64(one)} for one in envelopes]
    return document_response(call, items, immutable=fixed)


async def block_receipts(call: Call) -> web.StreamResponse:
    """The receipts of a block, in order."""
    height = _height(call)
    found = call.service.queries.receipts(height)
    fixed = call.path["at"] != "latest"
    if wants_bytes(call):
        receipts = [msgspec.Raw(encode(receipt)) for receipt in found]
        return bytes_response(call, encode(receipts), MSGPACK, immutable=fixed)
    return document_response(call, [receipt_document(receipt) for receipt in found], immutable=fixed)


async def block_opened(call: Call) -> web.StreamResponse:
    """The block's own receipt: what it did before its transactions."""
    height = _height(call)
    found = call.service.queries.block_receipt(height)
    fixed = call.path["at"] != "latest"
    if wants_bytes(call):
        return bytes_response(call, encode(found), MSGPACK, immutable=fixed)
    return document_response(call, block_receipt_document(found), immutable=fixed)


async def block_certificate(call: Call) -> web.StreamResponse:
    """The quorum certificate over a block; empty for the genesis block."""
    height = _height(call)
    certificate = call.service.queries.certificate(height)
    fixed = call.path["at"] != "latest"
    if wants_bytes(call):
        return bytes_response(call, certificate, MSGPACK, immutable=fixed)
    return document_response(call, {"height": height, "certificate": text64(certificate)}, immutable=fixed)


def _find(call: Call) -> tuple[StoredBlock, bool]:
    """The block, and whether the request will always mean this one."""
    queries: LedgerQueries = call.service.queries
    at = call.path["at"]
    if len(at) == 64:
        return queries.block_by_hash(parse_hex(at, "hash", 32, 32, code="path-invalid")), True
    return queries.block(_height(call)), at != "latest"


def _height(call: Call) -> int:
    at = call.path["at"]
    if at == "latest":
        return int(call.service.queries.tip().height)
    if not (at.isascii() and at.isdigit() and len(at) <= 16 and (at == "0" or at[0] != "0")) or int(at) > HEIGHT_MAX:
        raise Rejected("path-invalid", "a block is named by height, hash or latest", found=at[:80])
    return int(at)


_BEFORE: Final = Parameter("before", "integer", "blocks below this height", least=1, most=HEIGHT_MAX)
_LIMIT: Final = Parameter("limit", "integer", "blocks of one page", default=20, least=1, most=_PAGE_BLOCKS_MAX)
_BOTH: Final = (JSON, MSGPACK)

ROUTES: Final = (
    Route("GET", "/v1/blocks", blocks, "Newest blocks first", parameters=(_BEFORE, _LIMIT), cost=5),
    Route("GET", "/v1/blocks/{at}", block, "A block by height or hash, or `latest`", media_types=_BOTH),
    Route("GET", "/v1/blocks/{at}/transactions", block_transactions, "Envelopes of a block", media_types=_BOTH, cost=5),
    Route("GET", "/v1/blocks/{at}/receipts", block_receipts, "Receipts of a block", media_types=_BOTH, cost=5),
    Route("GET", "/v1/blocks/{at}/opened", block_opened, "What a block did by itself", media_types=_BOTH),
    Route("GET", "/v1/blocks/{at}/certificate", block_certificate, "Quorum certificate of a block", media_types=_BOTH),
)
