"""Governance under fire: operators who add, remove and replace validators while everything else goes on.

They know what the protocol tolerates and stay within it: after every change at most f of the set are faulty, and those
that live are a quorum. And they ask for what must be refused: joiners without a proof, too many changes at once, a
change after which nobody could decide the next one.
"""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from chainnode.cli.testnet.extension import join_proof
from chainnode.types.receipt import Receipt
from chainnode.types.transaction import decode_transaction
from chainnode.types.validator_set import Validator
from consensus.quorum import quorum_of
from contracts.governance.operations import AddValidator, CancelChange, JoinProof, RemoveValidator, ReplaceValidator
from contracts.governance.queries import read_checkpoints, read_succession, read_validators
from contracts.kernel.operation import Operation
from tests.simulation.whole import genesis
from tests.simulation.whole.disk import Crashed
from tests.simulation.whole.membership import SEEN_HEIGHTS, faults_by_definition

if TYPE_CHECKING:
    from tests.simulation.whole.node import Machine
    from tests.simulation.whole.world import World

PAUSE_MS = (50, 900)
WINDOW_BLOCKS = (4, 40)
MEMBERS_MIN = 2
WAYS = ("add", "add", "remove", "remove", "replace", "replace", "cancel", "unproven", "too_many", "breaking")


class Asked(NamedTuple):
    """A transaction whose outcome the operators wait for."""

    tx_id: bytes
    valid_until: int


class Consortium:
    """The operators of one world, who act together."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._numbers = count(1)
        self._asked: Asked | None = None
        self._next: tuple[int, ...] = ()
        """Identities of the set that what was asked for would lead to."""
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        if "consortium" in self._world.plan.kinds:
            self._world.loop.after_ms(self._world.random.randint(*PAUSE_MS), self._again)

    def _again(self) -> None:
        world = self._world
        if not world.trouble.active:
            return
        if self._settled():
            machine = self._informed()
            if machine is not None:
                self._act(machine)
        world.loop.after_ms(world.random.randint(*PAUSE_MS), self._again)

    def _settled(self) -> bool:
        """Whether what was asked for last is on the chain, or never will be."""
        if self._asked is None:
            return True
        checker = self._world.checker
        height = max(checker.chain, default=0)
        if self._asked.tx_id not in checker.committed and height < self._asked.valid_until:
            return False
        self._asked = None
        return True

    def _informed(self) -> "Machine | None":
        """An honest machine that runs and has the newest block."""
        newest = max(self._world.checker.chain, default=0)
        for machine in self._world.honest_machines():
            if machine.node is not None and machine.node.ledger.tip.height >= newest:
                return machine
        return None

    # What is tolerated.

    def faulty(self) -> set[int]:
        """Identities that may say anything, or whose memory is not to be trusted."""
        world = self._world
        doubtful = world.trouble.lost | world.trouble.forgetful
        return set(world.hostile) | {world.machines[address].index for address in doubtful} - self._dead()

    def concerned(self) -> set[int]:
        """Identities of the present set and of the one that is asked for."""
        return {*self._world.checker.sets.present.identities, *self._next}

    def _dead(self) -> set[int]:
        return self._world.trouble.dead

    def tolerated(self, identities: Sequence[int], more: int = 0) -> bool:
        """Whether ``more`` faults in this set leave it safe and alive; the dead are silent and never lie."""
        bad = sum(identity in self.faulty() for identity in identities) + more
        living = len(identities) - bad - sum(identity in self._dead() for identity in identities)
        return bad <= faults_by_definition(len(identities)) and living >= quorum_of(len(identities))

    def has_room(self) -> bool:
        """Whether one more fault is tolerated, now and after the change that waits."""
        sets = [self._world.checker.sets.present.identities, *([self._next] if self._next else [])]
        return all(self.tolerated(identities, 1) for identities in sets)

    # What is asked for.

    def _act(self, machine: "Machine") -> None:
        random, node = self._world.random, machine.node
        state = node.ledger.committed_state() if node is not None else None
        if node is None or state is None:
            return
        present = read_validators(state).validators
        waiting = read_succession(state)
        planned = present if waiting is None else waiting.validators
        way = random.choice(WAYS)
        before = self._identities(planned)
        operations, after, forbidden = getattr(self, f"_{way}")(planned, before)
        if not operations or not (forbidden or self.tolerated(after)):
            return
        self._next = before if forbidden else after
        self._submit(node.ledger.tip.height, operations, forbidden)

    def _identities(self, members: Sequence[Validator]) -> tuple[int, ...]:
        keys = [candidate.consensus_key for candidate in self._world.foundation.candidates]
        return tuple(keys.index(member.consensus_key) for member in members)

    def _joiner(self, before: Sequence[int]) -> tuple[int, Validator, JoinProof] | None:
        """Somebody outside the next set, and what its own node shows of the chain."""
        world = self._world
        outside = [
            machine for machine in world.machines[: len(world.foundation.candidates)]
            if machine.index not in before and machine.node is not None and machine.address not in world.trouble.lost
        ]
        if not outside:
            return None
        machine = world.random.choice(outside)
        node: Any = machine.node
        recent = read_checkpoints(node.ledger.committed_state()).checkpoints
        if not recent:
            return None
        entry = world.foundation.candidates[machine.index]
        key = genesis.consensus_key(machine.index)
        return machine.index, entry, join_proof(
            genesis.CHAIN_ID, entry, key, recent[-1].height, recent[-1].block_hash
        )

    def _add(self, planned: Sequence[Validator], before: tuple[int, ...]) -> "_Wish":
        joiner = self._joiner(before)
        if joiner is None:
            return (), before, False
        identity, entry, proof = joiner
        return (AddValidator(entry, proof),), (*before, identity), False

    def _remove(self, planned: Sequence[Validator], before: tuple[int, ...]) -> "_Wish":
        if len(before) <= MEMBERS_MIN:
            return (), before, False
        at = self._world.random.randrange(len(before))
        return (RemoveValidator(planned[at].consensus_key),), (*before[:at], *before[at + 1 :]), False

    def _replace(self, planned: Sequence[Validator], before: tuple[int, ...]) -> "_Wish":
        joiner = self._joiner(before)
        if joiner is None:
            return (), before, False
        identity, entry, proof = joiner
        at = self._world.random.randrange(len(before))
        after = (*before[:at], identity, *before[at + 1 :])
        return (ReplaceValidator(planned[at].consensus_key, entry, proof),), after, False

    def _cancel(self, planned: Sequence[Validator], before: tuple[int, ...]) -> "_Wish":
        return (CancelChange(),), self._world.checker.sets.present.identities, False

    def _unproven(self, planned: Sequence[Validator], before: tuple[int, ...]) -> "_Wish":
        """E6: with a proof by another key, or of a block that is not the chain's."""
        joiner = self._joiner(before)
        if joiner is None:
            return (), before, False
        identity, entry, proof = joiner
        key = genesis.consensus_key(identity) if self._world.random.random() < 0.5 else genesis.node_key(identity)
        false = join_proof(genesis.CHAIN_ID, entry, key, proof.height, bytes(32))
        return (AddValidator(entry, false),), before, True

    def _too_many(self, planned: Sequence[Validator], before: tuple[int, ...]) -> "_Wish":
        """E5: more changes in one transaction than an epoch may bring."""
        # An epoch may end before this is executed: too many of either set.
        present = self._world.checker.sets.present
        changes = max(1, present.faults, faults_by_definition(len(before))) + 1
        if len(before) <= changes:
            return (), before, False
        leaving = planned[:changes]
        return tuple(RemoveValidator(member.consensus_key) for member in leaving), before, True

    def _breaking(self, planned: Sequence[Validator], before: tuple[int, ...]) -> "_Wish":
        """E7: remove a member that lives, so that those who died too long ago would be needed."""
        world = self._world
        height = max(world.checker.chain, default=0)
        gone = [identity for identity in before if identity in world.trouble.dead]
        silent = all(world.checker.sets.last_signed(one) + SEEN_HEIGHTS < height for one in gone)
        living = [at for at, identity in enumerate(before) if identity not in gone]
        if not gone or not silent or len(living) - 1 >= quorum_of(len(before) - 1):
            return (), before, False
        return (RemoveValidator(planned[living[0]].consensus_key),), before, True

    def _submit(self, height: int, operations: Sequence[Operation], forbidden: bool) -> None:
        world = self._world
        valid_until = height + world.random.choice(WINDOW_BLOCKS)
        envelope = genesis.governing(next(self._numbers), valid_until, world.plan.size, operations)
        tx_id = decode_transaction(envelope).tx_id
        self._asked = Asked(tx_id, valid_until)
        if forbidden:
            world.checker.forbidden.add(tx_id)
        world.note("govern", height, *(type(operation).__name__ for operation in operations), forbidden)
        for machine in world.honest_machines():
            if machine.node is not None and world.random.random() < 0.5:
                task = world.loop.create_task(self._call(machine.node, envelope))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _call(self, node: Any, envelope: bytes) -> None:
        try:
            await node.service.submit([envelope])
        except Crashed:
            return

    def on_receipts(self, receipts: Iterable[Receipt]) -> None:
        """Count what became of what was forbidden."""
        for receipt in receipts:
            if receipt.tx_id in self._world.checker.forbidden and receipt.code != "ok":
                self._world.fired(f"refused_{receipt.code.replace('-', '_')}")


_Wish = tuple[tuple[Operation, ...], tuple[int, ...], bool]
"""Operations, the identities of the set they lead to, and whether they must be refused."""
