"""Seeing submitted envelopes through, whatever happens to the node that took them.

A node that acknowledged a transaction may die before any other heard of it. So waiting for a commit means handing the
same bytes over again, to whichever node is well, until one reports the block: idempotent by design, since a transaction
is named by its payload's hash.

A node answers ``expired`` only when its own chain has passed the expiry height without the transaction: then it never
took effect anywhere, and never will.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from chainnode.errors import Detail, NotFound, Rejected
from chainnode.limits import BULK_TRANSACTIONS_MAX, KIB, REQUEST_BYTES_MAX
from chainnode.sdk.answer import Submission, Submissions, TransactionAnswer
from chainnode.sdk.errors import Unavailable, Unsettled
from chainnode.sdk.transport import Transport, read_answer

Wait = Literal["none", "checked", "committed"]

HOLD_MS_MAX: Final = 5_000
"""One request waits this long for a commit; then another node may be asked."""
GRACE_MS: Final = 1_000
"""For the answer to a held request to arrive after the time is over: it says more than silence would."""
PAUSE_MS: Final = 100
"""Between rounds in which nothing could be handed over."""
_BODY_BYTES_MAX: Final = REQUEST_BYTES_MAX - 64 * KIB
_ITEM_FRAMING_BYTES: Final = 5


class Submitter:
    """Submission and waiting over one transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def submit_one(self, envelope: bytes, wait: Wait, timeout_ms: int) -> Submission:
        """Submit one envelope.

        Raises:
            Rejected: the nodes refuse it, with their code.
            Unsettled: it was accepted and not seen committed within ``timeout_ms``.
            Unavailable: no node answered.
        """
        [submission] = await self.submit_many([envelope], wait, timeout_ms)
        if submission.outcome == "rejected":
            raise Rejected(submission.code, submission.message, **_details(submission))
        if wait == "committed" and submission.outcome != "committed":
            raise _unsettled(submission.tx_id, timeout_ms)
        return submission

    async def submit_many(self, envelopes: Sequence[bytes], wait: Wait, timeout_ms: int) -> list[Submission]:
        """Submit many; one result each, in order.

        Raises:
            Rejected: the nodes refuse the request as a whole.
            Unavailable: no node answered about some of them at all.
        """
        deadline_ms = self._transport.now_ms() + timeout_ms
        results: dict[int, Submission] = {}
        open_items = list(range(len(envelopes)))
        while open_items:
            began_ms = self._transport.now_ms()
            for part in _parts(envelopes, open_items):
                left_ms = max(1, deadline_ms - self._transport.now_ms())
                try:
                    answers = await self._post([envelopes[item] for item in part], wait, left_ms)
                except Unavailable:
                    if any(item not in results for item in part):
                        raise
                    continue
                results |= zip(part, answers, strict=True)
            open_items = [item for item in open_items if _is_open(results[item], wait)]
            left_ms = deadline_ms - self._transport.now_ms()
            if left_ms <= 0:
                break
            if open_items and self._transport.now_ms() - began_ms < PAUSE_MS:
                await asyncio.sleep(min(PAUSE_MS, left_ms) / 1000)
        return [results[item] for item in range(len(envelopes))]

    async def wait(self, tx_id: str, timeout_ms: int) -> TransactionAnswer:
        """Ask until the transaction is committed.

        Raises:
            Unsettled: it was not within ``timeout_ms``.
        """
        deadline_ms = self._transport.now_ms() + timeout_ms
        while (left_ms := deadline_ms - self._transport.now_ms()) > 0:
            hold_ms = min(left_ms, HOLD_MS_MAX)
            try:
                found = await self._transaction(tx_id, hold_ms)
            except NotFound:
                await asyncio.sleep(min(PAUSE_MS, left_ms) / 1000)
            else:
                if found.state == "committed":
                    return found
        raise _unsettled(tx_id, timeout_ms)

    async def _post(self, envelopes: list[bytes], wait: Wait, left_ms: int) -> Sequence[Submission]:
        hold_ms = min(left_ms, HOLD_MS_MAX) if wait == "committed" else 0
        answer = await self._transport.request(
            "POST",
            "/v1/transactions",
            query={"wait": wait, "timeout_ms": hold_ms} if hold_ms else {"wait": wait},
            body=msgspec.msgpack.encode(envelopes),
            accept="application/msgpack",
            waits_ms=hold_ms,
            patience_ms=left_ms + GRACE_MS if wait == "committed" else None,
        )
        results = read_answer(answer, Submissions).results
        if len(results) != len(envelopes):
            raise Unavailable(
                "bad-answer", f"{answer.node} answered about {len(results)} of {len(envelopes)} envelopes"
            )
        return results

    async def _transaction(self, tx_id: str, hold_ms: int) -> TransactionAnswer:
        answer = await self._transport.request(
            "GET", f"/v1/transactions/{tx_id}", query={"wait_ms": hold_ms} if hold_ms else None, waits_ms=hold_ms
        )
        return read_answer(answer, TransactionAnswer)


def _is_open(answer: Submission, wait: Wait) -> bool:
    if answer.outcome == "rejected":
        return answer.retryable
    return wait == "committed" and answer.outcome != "committed"


def _parts(envelopes: Sequence[bytes], items: Sequence[int]) -> Iterator[list[int]]:
    """Cut ``items`` into requests that fit the API's limits, in order."""
    part: list[int] = []
    size = 0
    for item in items:
        item_bytes = len(envelopes[item]) + _ITEM_FRAMING_BYTES
        if part and (len(part) == BULK_TRANSACTIONS_MAX or size + item_bytes > _BODY_BYTES_MAX):
            yield part
            part, size = [], 0
        part.append(item)
        size += item_bytes
    if part:
        yield part


def _details(submission: Submission) -> dict[str, Detail]:
    plain = {n: v for n, v in submission.details.items() if v is None or isinstance(v, str | int | bool)}
    return plain | {"tx_id": submission.tx_id, "retryable": submission.retryable}


def _unsettled(tx_id: str, timeout_ms: int) -> Unsettled:
    message = f"transaction {tx_id} was not seen committed within {timeout_ms} ms; ask again before signing another"
    return Unsettled("not-yet-committed", message, tx_id=tx_id, timeout_ms=timeout_ms)
