"""A consortium of three governors who vote, and whose blocks are opened by hand."""

from collections.abc import Sequence
from typing import Any

from chainnode.types.receipt import Event, Receipt
from contracts.governance.opening import BlockFacts
from contracts.governance.operations import GrantRole, SetPolicy
from contracts.governance.operations_proposal import Propose, Vote
from contracts.governance.proposal import ProposalRecord, find_proposal
from contracts.identity.operations import CreateIdentity
from contracts.kernel.execution import open_block
from contracts.kernel.operation import Operation, encode_operation
from contracts.kernel.policy import Role, Rule
from tests.unit.contracts.world import CHAIN, World, did_of, key_of

COUNCIL: dict[str, tuple[Role, ...]] = {
    "g1": ("governor",),
    "g2": ("governor",),
    "g3": ("governor",),
    "member": ("member",),
    "exchange": ("exchange", "member"),
    "regulator": ("regulator", "member"),
    "stranger": (),
}
VOTING_MS = 10_000
BLOCK_MS = 1_000
MAJORITY = Rule("MAJORITY", ("governor",))
ANY_GOVERNOR = Rule("ANY", ("governor",))


def proposal(*operations: Operation, title: str = "A change", voting_ms: int = VOTING_MS, **options: Any) -> Propose:
    """A proposal of these operations."""
    return Propose(title, tuple(encode_operation(item) for item in operations), voting_ms, **options)


GRANT = GrantRole(did_of("stranger"), "member")


class Council(World):
    """Three governors; granting a role takes more than half of them, revoking one any of them."""

    def __init__(self, *policies: SetPolicy) -> None:
        created = [CreateIdentity(key_of(name).public_key) for name in COUNCIL]
        granted = [GrantRole(did_of(name), role) for name, roles in COUNCIL.items() for role in roles]
        super().__init__([*created, *granted, SetPolicy("governance.revoke_role", ANY_GOVERNOR), *policies])

    def open(self, blocks: int = 1, ms: int = BLOCK_MS) -> list[Event]:
        """Begin the next block, or so many; what opening the last one did."""
        events: list[Event] = []
        for _ in range(blocks):
            self.height += 1
            self.time_ms += ms
            facts = BlockFacts(self.height, bytes(32), None, ())
            events = open_block(facts, chain_id=CHAIN, time_ms=self.time_ms, overlay=self.overlay)
            assert self.overlay.depth == 0
        return events

    def propose(self, *operations: Operation, by: str = "g1", **options: Any) -> int:
        """The number of a new proposal."""
        receipt = self.submit(by, proposal(*operations, **options))
        assert receipt.code == "ok", receipt
        number = receipt.events[0].attributes["number"]
        assert isinstance(number, int)
        return number

    def vote(self, number: int, *names: str, choice: str = "approve") -> Receipt:
        """The receipt of the last of these votes."""
        return [self.submit(name, Vote(number, choice)) for name in names][-1]  # type: ignore[arg-type]

    def found(self, number: int) -> ProposalRecord:
        record = find_proposal(self.overlay, number)
        assert record is not None
        return record

    def status(self, number: int) -> str:
        return self.found(number).status

    def approved(self, operations: Sequence[Operation], **options: Any) -> int:
        """A proposal that two of three have approved."""
        number = self.propose(*operations, **options)
        self.vote(number, "g1", "g2")
        assert self.status(number) == "APPROVED"
        return number
