"""Proposals: what one would do, how it stands, and making one.

trial = await simulation(client, [GrantRole(did, "notary")])
if trial.code == "ok":
await wallet.submit(client, [proposal("A notary for the harbour", [GrantRole(did, "notary")])])
"""

from collections.abc import Sequence

import msgspec

from chainnode.sdk.answer import Document, EventAnswer
from chainnode.sdk.client import Client
from chainnode.sdk.transport import read_answer
from contracts.governance.operations_proposal import Propose
from contracts.kernel.operation import Operation
from contracts.kernel.registry import checked_operation, operation_document

WEEK_MS = 7 * 86_400_000


class CountAnswer(msgspec.Struct, frozen=True):
    """How a vote stands under the rule of one operation."""

    operation: str
    rule: Document
    electorate: int
    needed: int
    approvals: int
    against: int
    met: bool


class SimulationAnswer(msgspec.Struct, frozen=True):
    """What operations would do if they were carried out now."""

    height: int
    """Of the block on whose state they were tried."""
    code: str
    """``ok``, or the first refusal; then nothing would change."""
    failed_operation: int
    info: str
    events: tuple[EventAnswer, ...]
    tally: tuple[CountAnswer, ...]
    changes: tuple[Document, ...]
    """Up to 256 state keys with the record before and after."""
    changed: int


def proposal(
    title: str,
    operations: Sequence[Operation],
    *,
    voting_ms: int = WEEK_MS,
    document_hash: bytes | None = None,
    enact_at: int = 0,
    approve: bool = False,
) -> Propose:
    """The operation that puts ``operations`` to the vote; each is checked as the chain will.

    Raises:
        Rejected: an operation breaks a rule that holds in every state.
    """
    raws = tuple(checked_operation(operation) for operation in operations)
    return Propose(title, raws, voting_ms, document_hash, enact_at, approve)


async def simulation(client: Client, operations: Sequence[Operation]) -> SimulationAnswer:
    """What ``operations`` would do, and whose agreement they take."""
    body = msgspec.json.encode({"operations": [operation_document(operation) for operation in operations]})
    answer = await client.request("POST", "/v1/governance/simulations", body=body, content_type="application/json")
    return read_answer(answer, SimulationAnswer)


async def simulation_of(client: Client, number: int) -> SimulationAnswer:
    """What proposal ``number`` would do if it were carried out now, and how its votes stand."""
    answer = await client.request("GET", f"/v1/governance/proposals/{number}/simulation")
    return read_answer(answer, SimulationAnswer)


async def find_proposal(client: Client, number: int) -> Document:
    """A proposal with its operations in words, its votes and its tally."""
    answer = await client.request("GET", f"/v1/governance/proposals/{number}")
    return read_answer(answer, Document)
