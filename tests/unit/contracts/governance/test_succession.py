"""Who joins, who leaves, and when a change is refused because it could not be undone."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consensus.quorum import quorum_of
from contracts.governance.operations import AddValidator, AdmitNode, DismissNode, RemoveValidator, ReplaceValidator
from contracts.governance.queries import read_observers, read_presence, read_succession
from contracts.governance.succession import changes_max
from contracts.kernel.enactment import carry_out, consortium_context
from contracts.kernel.operation import Operation, encode_operation
from tests.unit.contracts.governance.consortium import Consortium, node, validator
from tests.unit.contracts.world import CHAIN, did_of, key_of


def _running(size: int = 4, height: int = 20) -> Consortium:
    net = Consortium(size)
    net.until(height)
    return net


def test_joiner_replaces_a_validator_in_its_place() -> None:
    """E5: one change, same index, so that nobody else's index moves."""
    net = _running()
    receipt = net.replace("v1", "new")
    assert receipt.code == "ok"
    assert [event.name for event in receipt.events] == [
        "governance.node_admitted", "governance.validator_removed", "governance.validator_added",
    ]
    assert receipt.events[2].attributes["epoch"] == 1
    net.until(100)
    assert net.names() == ["v0", "new", "v2", "v3"]


def test_validator_gets_a_new_key_without_being_an_observer() -> None:
    """E6: the same node of the same institution follows the chain already."""
    net = _running()
    old = validator("v1")
    entry = msgspec.structs.replace(old, consensus_key=key_of("fresh votes").public_key)
    assert net.govern(ReplaceValidator(old.consensus_key, entry, net.proof(entry, "fresh"))).code == "ok"
    stranger = msgspec.structs.replace(entry, did=did_of("exchange"), consensus_key=key_of("x votes").public_key)
    other = _running()
    refused = other.govern(ReplaceValidator(old.consensus_key, stranger, other.proof(stranger, "x")))
    assert refused.code == "node-unknown"


@pytest.mark.parametrize(("size", "most"), [(1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (7, 2), (10, 3)])
def test_at_most_f_validators_change_in_one_epoch(size: int, most: int) -> None:
    """E5: f of them, and one where f is none, so that small sets can grow."""
    assert changes_max(size) == most
    net = _running(size)
    codes = [net.add(f"new-{number}").code for number in range(most + 1)]
    assert codes == ["ok"] * most + ["change-limit"]
    net.until(101)
    assert net.add("later").code == "ok"


def test_change_that_the_reachable_cannot_carry_is_refused_with_the_count() -> None:
    """E7: it could not be undone: nobody would decide the next change."""
    net = Consortium(7)
    net.until(150, [0, 1, 2, 3, 4])
    first = net.govern(RemoveValidator(validator("v0").consensus_key))
    assert first.code == "ok"
    second = net.govern(RemoveValidator(validator("v1").consensus_key))
    assert second.code == "change-breaks-quorum"
    assert second.info == "3 of the next 5 validators were seen lately, 4 must decide"
    assert net.govern(RemoveValidator(validator("v6").consensus_key)).code == "ok"


def test_validator_that_came_back_counts_again() -> None:
    """E7: seen in a certificate of the last 64 heights."""
    net = Consortium(2)
    net.until(5)
    remove = RemoveValidator(validator("v0").consensus_key)
    net.until(96, [0])
    assert net.govern(remove).code == "change-breaks-quorum"
    net.open()
    assert net.govern(remove).code == "ok"


@pytest.mark.parametrize("late", [63, 64])
def test_joiners_proof_is_good_for_a_thousand_heights(late: int) -> None:
    """E6: the last 64 checkpoints."""
    net = _running(height=17)
    entry = validator("new")
    proof = net.proof(entry)
    net.until(16 * (late + 1) + 1)
    code = net.govern(AdmitNode(node("new")), AddValidator(entry, proof)).code
    assert code == ("ok" if late == 63 else "join-proof-height")


@pytest.mark.parametrize(
    "change",
    [{"name": "another"}, {"did": did_of("exchange")}, {"node_key": key_of("other node").public_key}],
    ids=["name", "did", "node"],
)
def test_proof_is_for_exactly_this_entry(change: dict[str, object]) -> None:
    """E6: nobody can use a joiner's signature for another name, institution or node."""
    net = _running()
    entry = validator("new")
    proof = net.proof(entry)
    changed = msgspec.structs.replace(entry, **change)
    admitted = AdmitNode(msgspec.structs.replace(node("new"), did=changed.did, node_key=changed.node_key))
    assert net.govern(admitted, AddValidator(changed, proof)).code == "join-proof-signature"


def test_seal_key_belongs_to_one_validator() -> None:
    """A share copied from another would count twice."""
    net = _running()
    other = validator("v1")
    entry = msgspec.structs.replace(validator("x"), seal_key=other.seal_key, seal_proof=other.seal_proof)
    assert net.govern(AdmitNode(node("x")), AddValidator(entry, net.proof(entry))).code == "validator-known"


def test_validator_without_a_seal_key_may_join() -> None:
    """Seals are never needed to decide: who cannot make them votes all the same."""
    net = _running()
    entry = msgspec.structs.replace(validator("x"), seal_key=b"", seal_proof=b"")
    assert net.govern(AdmitNode(node("x")), AddValidator(entry, net.proof(entry))).code == "ok"


def test_refused_change_leaves_everything_as_it_was() -> None:
    """All operations of a transaction or none."""
    net = _running()
    before = net.content()
    assert net.govern(AdmitNode(node("x")), RemoveValidator(bytes(32))).code == "validator-unknown"
    assert net.submit("member", RemoveValidator(validator("v0").consensus_key)).code == "role-missing"
    assert net.content() == before


def test_observer_is_admitted_and_dismissed() -> None:
    """Who may connect is on the chain."""
    net = _running()
    assert net.govern(AdmitNode(node("x"))).code == "ok"
    assert "x" in [one.name for one in read_observers(net.overlay)]
    assert net.govern(DismissNode(node("x").node_key)).code == "ok"
    assert net.govern(DismissNode(node("x").node_key)).code == "node-unknown"


def _joining() -> Consortium:
    net = _running()
    assert net.add("x").code == "ok"
    return net


def _patched(name: str, value: int, act: Callable[[], str]) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"contracts.governance.succession.{name}", value)
        return act()


def _add(entry_of: str, node_of: str = "watcher") -> str:
    net = _running()
    entry = msgspec.structs.replace(validator(entry_of), node_key=key_of(f"{node_of} node").public_key)
    return net.govern(AddValidator(entry, net.proof(entry))).code


def _forged() -> str:
    net = _running()
    entry = validator("x")
    return net.govern(AdmitNode(node("x")), AddValidator(entry, net.proof(entry, "y"))).code


def _unproved() -> str:
    net = _running()
    entry = msgspec.structs.replace(validator("x"), seal_proof=validator("y").seal_proof)
    return net.govern(AdmitNode(node("x")), AddValidator(entry, net.proof(entry))).code


def _silent() -> str:
    net = Consortium(2)
    net.until(5, [0])
    return net.govern(RemoveValidator(validator("v0").consensus_key)).code


REFUSALS: dict[str, Callable[[], str]] = {
    "validators-full": lambda: _patched("VALIDATORS_MAX", 4, lambda: _running().add("x").code),
    "validator-known": lambda: _add("x", "v1"),
    "validator-unknown": lambda: _running().govern(RemoveValidator(bytes(32))).code,
    "validator-last": lambda: _running(1).govern(RemoveValidator(validator("v0").consensus_key)).code,
    "node-unknown": lambda: _add("x", "nobody"),
    "node-known": lambda: _running().govern(AdmitNode(node("v0"))).code,
    "node-joins": lambda: _joining().govern(DismissNode(node("x").node_key)).code,
    "node-did-unknown": lambda: _running().govern(AdmitNode(node("x", "nobody"))).code,
    "nodes-full": lambda: _patched("OBSERVERS_MAX", 101, lambda: _running().govern(AdmitNode(node("x"))).code),
    "join-proof-height": lambda: Consortium().add("x").code,
    "join-proof-signature": _forged,
    "seal-proof": _unproved,
    "change-limit": lambda: _joining().add("y").code,
    "change-breaks-quorum": _silent,
}
"""How each refusal of a change comes about."""


@pytest.mark.parametrize("code", REFUSALS)
def test_change_is_refused_by_code(code: str) -> None:
    """Every refusal is reached by a real transaction."""
    assert REFUSALS[code]() == code


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 7), st.lists(st.tuples(st.booleans(), st.integers(0, 8)), max_size=12), st.data())
def test_next_set_always_has_a_quorum_of_the_seen(
    size: int, actions: list[tuple[bool, int]], data: st.DataObject
) -> None:
    """E5, E7: whatever governors ask for, the next set is no further than f away and the reachable can decide in it."""
    net = Consortium(size)
    seen = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=quorum_of(size))))
    net.until(90, seen)
    reachable = {f"v{index}" for index in seen}
    for adds, number in actions:
        if adds:
            net.add(f"new-{number}")
        else:
            net.govern(RemoveValidator(validator(f"v{number}").consensus_key))
    planned = read_succession(net.overlay)
    before = set(net.names())
    net.until(101, seen)
    after = set(net.names())
    assert planned is not None or before == after
    assert len(before ^ after) <= changes_max(size)
    counted = sum(name in reachable or name.startswith("new") for name in after)
    assert counted >= quorum_of(len(after)) or planned is None


def _by_proposal(net: Consortium, *operations: Operation) -> str:
    """The code with which the consortium's decision is carried out now."""
    context = consortium_context(chain_id=CHAIN, height=net.height, time_ms=net.time_ms, number=7)
    return carry_out([encode_operation(item) for item in operations], context, net.overlay).code


def test_decision_by_vote_meets_the_same_refusals() -> None:
    """E7: membership changes by proposal keep the quorum-safe refusals; authority does not replace reachability."""
    net = Consortium(4)
    net.until(3)
    net.until(100, signers=(0, 1))
    assert _by_proposal(net, RemoveValidator(validator("v0").consensus_key)) == "change-breaks-quorum"
    assert _by_proposal(net, RemoveValidator(validator("v3").consensus_key)) == "ok"
    assert _by_proposal(net, RemoveValidator(validator("v2").consensus_key)) == "change-limit"


def test_joiner_whose_proof_grew_old_while_votes_came_in_joins_without_counting_as_reachable() -> None:
    """E6, E7: the proof was checked when the proposal was made; lately seen is only who showed it lately."""
    net = Consortium(4)
    net.until(20)
    entry = validator("v9")
    joining = AddValidator(entry, net.proof(entry))
    assert net.govern(AdmitNode(node("v9"))).code == "ok"
    net.until(1_300)
    assert net.govern(joining).code == "join-proof-height"
    assert _by_proposal(net, joining) == "ok"
    planned = read_succession(net.overlay)
    assert planned is not None
    assert (planned.joined, len(planned.validators)) == ((), 5)
    few = Consortium(4)
    few.until(20)
    joining = AddValidator(entry, few.proof(entry))
    few.govern(AdmitNode(node("v9")))
    few.until(1_300, signers=(0, 1, 2))
    assert _by_proposal(few, joining) == "change-breaks-quorum", "three of five within reach, four must decide"
    fresh = AddValidator(entry, few.proof(entry))
    assert _by_proposal(few, fresh) == "ok"


def test_joiner_with_an_old_proof_is_out_of_reach_until_it_has_signed() -> None:
    """E7: taking its seat shows nothing; counted as present it would let a change through that nobody could undo."""
    net = Consortium(4)
    net.until(20)
    entry = validator("v9")
    joining = AddValidator(entry, net.proof(entry))
    assert net.govern(AdmitNode(node("v9"))).code == "ok"
    net.until(1_310)
    assert _by_proposal(net, joining) == "ok"
    net.until(1_400)
    assert read_presence(net.overlay).signed_before[4] == 0
    net.until(1_410, signers=(0, 1, 2, 4))
    assert read_presence(net.overlay).signed_before[4] == 1_424
