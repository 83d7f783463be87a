"""Reading and writing bytes: transactions, blocks, frames.

Question: what does it cost to turn a client's bytes into a decoded transaction, and a block's into blocks and back?

Workload: distinct signed transactions of one evidence record, and of 100; a stored block of 1,000 of them; frames.
Unit: us for one transaction, block or frame. Limit: msgspec reading the envelope alone, once, without any check, or
SHA-256 over the same bytes where nothing is decoded.
A lie would be: an object that is decoded lazily (the digest holds the ids and operations), or one input repeated.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from benchmarks import workload
from benchmarks.harness import Case, Figure, Size, measure
from chainnode.chain.candidate import open_proposal, open_stored
from chainnode.codec.canonical import encode
from chainnode.codec.framing import FrameParser, encode_frame
from chainnode.store.memory import MemoryKeyValue
from chainnode.types.block import decode_stored_block
from chainnode.types.transaction import Envelope, decode_transaction
from contracts.kernel.registry import decode_operations

COUNT: Final = {"full": 1_000, "smoke": 50}


def run(size: Size) -> list[Figure]:
    return [*_transactions(size), *_blocks(size), *_frames(size)]


def _transactions(size: Size) -> list[Figure]:
    cases = []
    read = msgspec.msgpack.Decoder(Envelope).decode
    for operations in (1, 100):
        count = max(1, COUNT[size] // operations)
        made = [_envelope(number, operations) for number in range(count)]
        raw = f"codec.raw_msgspec[{operations} op]"
        cases += [
            Case(raw, _joined(lambda data: read(data).payload[:40], made), count),
            Case(f"codec.decode_transaction[{operations} op]", _joined(_id, made), count, raw),
            Case(f"codec.decode_with_operations[{operations} op]", _joined(_operations, made), count, raw),
        ]
    return measure(cases, size)


def _envelope(number: int, operations: int) -> bytes:
    first = number * operations
    return workload.envelope(number, operations=[workload.evidence(first + at) for at in range(operations)])


def _joined(act: Callable[[bytes], bytes], inputs: list[bytes]) -> Callable[[], bytes]:
    return lambda: b"".join([act(data) for data in inputs])


def _id(data: bytes) -> bytes:
    return decode_transaction(data).tx_id


def _operations(data: bytes) -> bytes:
    found = decode_transaction(data)
    decode_operations(found)
    return found.tx_id + bytes((len(found.operations),))


def _blocks(size: Size) -> list[Figure]:
    count = COUNT[size]
    ledger = workload.open_ledger(workload.initialised(MemoryKeyValue()))
    envelopes = [workload.envelope(number) for number in range(count)]
    candidate, certificate = workload.build_block(ledger, [workload.transaction(data) for data in envelopes])
    stored = encode(candidate.stored(certificate))
    proposal = candidate.proposal_bytes()
    raw = f"codec.raw_decode_transactions[{count}]"
    cases = [
        Case(raw, _joined(_operations, envelopes), count),
        Case(
            f"codec.open_stored[{count} tx]",
            lambda: open_stored(decode_stored_block(stored)).block_hash, count, raw, note="per transaction",
        ),
        Case(f"codec.encode_block[{count} tx]", lambda: candidate.stored(certificate).body, count),
        Case(
            f"codec.open_proposal[{count} tx]",
            lambda: open_proposal(candidate.block_hash, proposal).header.tx_root, count, note="per transaction",
        ),
    ]
    return measure(cases, size)


def _frames(size: Size) -> list[Figure]:
    count = COUNT[size]
    payloads = [workload.material(f"frame {number}", 300) for number in range(count)]
    stream = b"".join(encode_frame(1, payload) for payload in payloads)
    reads = [stream[start : start + 65_536] for start in range(0, len(stream), 65_536)]

    def parse() -> bytes:
        parser = FrameParser()
        return b"".join([payload for data in reads for _, payload in parser.feed(data)])

    return measure(
        [
            Case("codec.encode_frame[300 B]", _joined(lambda payload: encode_frame(1, payload), payloads), count),
            Case("codec.parse_frames[300 B]", parse, count),
        ],
        size,
    )
