"""Any way to the same blocks leads to the same bytes: speculation, restarts and repeats leave nothing behind."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chainnode.chain.candidate import Candidate, open_stored
from chainnode.chain.ledger import LedgerDiverged
from chainnode.errors import Rejected
from chainnode.proofs.verifier import verify_bundle
from chainnode.state.tree import StateTree
from contracts.identity.operations import CreateIdentity
from tests.support.local_chain import GENESIS_HASH, LocalChain, evidence, key_of, transaction

PEOPLE = ["ann", "bob", "cleo"]


class LedgerMachine(RuleBasedStateMachine):
    """One ledger takes detours; the other only commits."""

    def __init__(self) -> None:
        super().__init__()
        self.detours = LocalChain(proof_heights=5)
        self.straight = LocalChain(proof_heights=5)
        self.blocks: list[Candidate] = []
        self.number = 0

    def _block(self, kinds: list[int]) -> Candidate:
        chosen = []
        for kind in kinds:
            self.number += 1
            number, valid_until = self.number, self.detours.ledger.tip.height + 50
            if kind < 3:
                person = PEOPLE[kind]
                operations = [CreateIdentity(key_of(person).public_key), evidence(kind)]
                chosen.append(
                    transaction(number, signer=person, sender=person, operations=operations, valid_until=valid_until)
                )
            elif kind < 6:
                # The second record of one id fails, and everything of its transaction with it.
                operations = [evidence(100 + number), evidence(kind)]
                chosen.append(transaction(number, operations=operations, valid_until=valid_until))
            else:
                chosen.append(transaction(number, operations=[evidence(1_000 + number)], valid_until=valid_until))
        return self.detours.ledger.build(0, chosen, self.detours.now_ms)

    kinds = st.lists(st.integers(0, 9), max_size=5)

    @rule(kinds=kinds)
    def decide(self, kinds: list[int]) -> None:
        candidate = self._block(kinds)
        self.detours.commit(candidate)
        self.straight.commit(candidate)
        self.blocks.append(candidate)

    @rule(kinds=kinds, then=st.booleans())
    def prepare(self, kinds: list[int], then: bool) -> None:
        candidate = self._block(kinds)
        self.detours.ledger.prepare(candidate)
        if then:
            self.detours.commit(candidate)
            self.straight.commit(candidate)
            self.blocks.append(candidate)

    @rule()
    def restart(self) -> None:
        self.detours.ledger = self.detours.reopened()

    @rule()
    def prune(self) -> None:
        for chain in (self.detours, self.straight):
            while chain.ledger.prune():
                pass

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        if self.blocks:
            assert self.detours.commit(data.draw(st.sampled_from(self.blocks))) is None

    @rule()
    def contradict(self) -> None:
        if self.blocks:
            rival = LocalChain()
            rival.extend(999_999)
            with pytest.raises(LedgerDiverged):
                self.detours.commit(open_stored(rival.queries.block(1)))

    @invariant()
    def both_hold_the_same(self) -> None:
        assert self.detours.ledger.tip == self.straight.ledger.tip
        assert dict(self.detours.engine.iterate()) == dict(self.straight.engine.iterate())

    def teardown(self) -> None:
        """The tree agrees with the flat state it was built from, and what it proves a stranger can check."""
        queries = self.detours.queries
        pairs = dict(queries.state_range(b"", None, 1_000))
        fresh = StateTree({}).update(None, 0, pairs)
        assert fresh.root == self.detours.ledger.tip.state_root
        if not self.blocks:
            return
        for key in list(pairs)[-3:]:
            try:
                bundle = queries.prove_state(key, None)
            except Rejected as error:
                # The newest block wrote it anew: certified one block later.
                assert error.code == "proof-pending"
                continue
            assert verify_bundle(bundle, genesis_hash=GENESIS_HASH).key == key


LedgerMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestLedger = LedgerMachine.TestCase
