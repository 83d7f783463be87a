"""Ledger objects as JSON documents.

Hashes, keys and ids are lower-case hex; canonical bytes that a reader may want to hash or decode again (headers,
envelopes, certificates) are base64. Nothing is left out: every document says where on the chain it stands.
"""

import base64
from typing import Any

import msgspec

from chainnode.chain.queries import CommittedTransaction, EventView
from chainnode.errors import NotFound, Rejected
from chainnode.types.block import StoredBlock, block_hash, decode_body, decode_header
from chainnode.types.receipt import BlockReceipt, Event, Receipt
from chainnode.types.transaction import Transaction, decode_transaction
from contracts.kernel.collection import Collection
from contracts.kernel.registry import decode_operations, describe, operation_document

Document = dict[str, Any]


def text64(data: bytes) -> str:
    """Base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def plain(value: object) -> object:
    """A scalar as JSON holds it: bytes become hex."""
    return value.hex() if isinstance(value, bytes) else value


def struct_document(value: msgspec.Struct) -> Document:
    """A flat struct by field names."""
    return {name: plain(getattr(value, name)) for name in value.__struct_fields__}


def event_document(event: Event) -> Document:
    """Name and attributes."""
    return {"name": event.name, "attributes": {name: plain(value) for name, value in event.attributes.items()}}


def logged_event_document(view: EventView) -> Document:
    """An event with its place; transaction and index are null where the block itself did it."""
    place = {
        "height": view.height,
        "tx_index": view.tx_index if view.tx_id else None,
        "event_index": view.event_index,
        "tx_id": view.tx_id.hex() if view.tx_id else None,
        "time_ms": view.time_ms,
    }
    return place | event_document(view.event)


def receipt_document(receipt: Receipt) -> Document:
    """All fields by name."""
    return {
        "tx_id": receipt.tx_id.hex(),
        "height": receipt.height,
        "index": receipt.index,
        "code": receipt.code,
        "failed_operation": receipt.failed_operation,
        "info": receipt.info,
        "events": [event_document(event) for event in receipt.events],
    }


def block_receipt_document(receipt: BlockReceipt) -> Document:
    """What the block did by itself."""
    return {"height": receipt.height, "events": [event_document(event) for event in receipt.events]}


def receipt_summary(receipt: Receipt) -> Document:
    """Whether it applied, without the events."""
    return {"code": receipt.code, "failed_operation": receipt.failed_operation, "info": receipt.info}


def transaction_document(found: CommittedTransaction) -> Document:
    """A committed transaction with its receipt and typed operations."""
    transaction = decode_transaction(found.envelope)
    payload = transaction.payload
    return {
        "tx_id": found.tx_id.hex(),
        "state": "committed",
        "height": found.height,
        "index": found.index,
        "time_ms": found.time_ms,
        "sender": payload.sender,
        "valid_until": payload.valid_until,
        "memo": payload.memo,
        "operations": _operations(transaction),
        "signers": [signature.public_key.hex() for signature in transaction.signatures],
        "receipt": receipt_document(found.receipt),
        "envelope": text64(found.envelope),
    }


def _operations(transaction: Transaction) -> list[Document]:
    """Typed operations; raw bytes where they do not read (a receipt with that code says so, too)."""
    try:
        decode_operations(transaction)
    except Rejected:
        return [{"operation": None, "raw": bytes(raw).hex()} for raw in transaction.payload.operations]
    return [operation_document(operation) for operation in transaction.operations]  # type: ignore[arg-type]


def block_document(block: StoredBlock) -> Document:
    """Header fields, hash, transaction ids and certificate."""
    header = decode_header(block.header)
    return {
        "height": header.height,
        "block_hash": block_hash(block.header).hex(),
        "header": struct_document(header),
        "header_bytes": text64(block.header),
        "transactions": [decode_transaction(envelope).tx_id.hex() for envelope in envelopes_of(block)],
        "certificate": text64(block.certificate),
    }


def envelopes_of(block: StoredBlock) -> tuple[bytes, ...]:
    """The envelopes in a block; none in the genesis block, whose one leaf is the genesis document."""
    return decode_body(block.body).transactions if decode_header(block.header).height > 0 else ()


def header_summary(data: bytes) -> Document:
    """One line of a list of blocks, from the canonical header."""
    header = decode_header(data)
    return {
        "height": header.height,
        "block_hash": block_hash(data).hex(),
        "time_ms": header.time_ms,
        "epoch": header.epoch,
        "proposer": header.proposer,
        "tx_count": header.tx_count,
        "body_bytes": header.body_bytes,
    }


def state_document(key: bytes, value: bytes, height: int) -> Document:
    """A state value with its typed reading; an empty document where no record type is known."""
    try:
        document = describe(key, value)
    except NotFound:
        document = {}
    return {"key": key.hex(), "value": value.hex(), "document": document, "height": height}


def record_document(key: bytes, value: bytes, collection: Collection | None = None) -> Document:
    """A record with the ids that its key alone holds, and the state key by which it can be proved."""
    found = describe(key, value) | {"state_key": key.hex()}
    if collection is None or not collection.id_types:
        return found
    return {name: plain(part) for name, part in collection.ids_of(key).items()} | found
