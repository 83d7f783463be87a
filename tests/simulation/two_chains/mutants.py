"""Small wrong changes of the relay and of the light client. Each must be found, or the bench has a gap.

A mutant replaces the code of a function for a while, so that whoever holds the function (a table of operations does)
runs the changed one.
"""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FunctionType
from typing import Any, NamedTuple

from tests.simulation.mutants import Edit
from tests.simulation.two_chains.world import run_seed

SEEDS_MAX = 40


class Mutant(NamedTuple):
    """One fault, and lies that would use it."""

    name: str
    breaks: str
    edits: tuple[Edit, ...]
    lies: tuple[str, ...] = ()
    """Empty: any relayers, as the seed has them."""


RECEIVING, SETTLING, PROOF = "contracts.relay.receiving", "contracts.relay.settling", "contracts.relay.proof"
MUTANTS = (
    Mutant("receipt_not_read", "received once", (
        Edit(RECEIVING, "receive", "if state.get(receipt) is not None:", "if False:"),
    ), ("replayed", "late_delivery")),
    Mutant("receipt_not_written", "received once", (
        Edit(RECEIVING, "receive", "state.put(receipt, RECEIPT)", "pass"),
    )),
    Mutant("late_is_received", "received in time", (
        Edit(RECEIVING, "receive", "if context.time_ms >= packet.timeout_s * 1_000:", "if False:"),
    ), ("late_delivery", "altered_packet")),
    Mutant("received_at_the_second", "received before the time-out", (
        Edit(RECEIVING, "receive", "context.time_ms >= packet", "context.time_ms > packet"),
    )),
    Mutant("time_out_not_awaited", "timed out in time", (
        Edit(SETTLING, "time_out", "if kept.time_ms < record.timeout_s * 1_000:", "if False:"),
    ), ("early_time_out", "newest_time_out")),
    Mutant("timed_out_within_the_second", "timed out in time", (
        Edit(SETTLING, "time_out", "record.timeout_s * 1_000:", "record.timeout_s * 1_000 - 999:"),
    ), ("newest_time_out",)),
    Mutant("any_proof_of_presence", "only what was committed", (
        Edit(PROOF, "prove_present", "verify_membership(kept, key, value, proof)", "pass"),
    ), ("altered_packet", "altered_answer")),
    Mutant("any_proof_of_absence", "not received and timed out", (
        Edit(PROOF, "prove_absent", "verify_non_membership(kept, key, proof)", "pass"),
    ), ("newest_time_out", "old_time_out")),
    Mutant("settled_twice", "settled once", (
        Edit(SETTLING, "_settled", "state.delete(packet_key(client_id, sequence))", "pass"),
    )),
    Mutant("refused_and_kept", "an application's refusal is undone", (
        Edit("contracts.relay.calling", "_undoable", "return refusal.code[:CODE_CHARS_MAX], None", (
            "[state.put(key, value) for key, value in scratch.changes().items() if value is not None]\n"
            "        return refusal.code[:CODE_CHARS_MAX], None"
        )),
    )),
    Mutant("history_not_asked_for", "one history", (
        Edit("chainnode.lightclient.own_chain", "OwnChain.check_ancestry",
             "merkle.verify_inclusion(leaf, older.height, newer.height, path, newer.history_root)", "pass"),
    ), ("other_genesis",)),
    Mutant("signatures_not_checked", "decided headers only", (
        Edit("chainnode.proofs.authority", "check_commit",
             "if not ed25519.verify(claim.public_key, claim.signed_bytes, claim.signature):", "if False:"),
    ), ("forged_header", "forged_answer")),
    Mutant("overlap_not_asked_for", "one third of the trusted set", (
        Edit("chainnode.lightclient.verification", "check_decided",
             "if signed * options.trust_denominator <= total * options.trust_numerator:", "if False:"),
    ), ("forged_header", "forged_answer")),
    Mutant("nearest_header_not_asked", "members who left vouch for nothing", (
        Edit("chainnode.lightclient.verification", "check_nearest", "if not fits:", "if False:"),
    ), ("departed_members",)),
    Mutant("conflict_not_asked_for", "frozen for a contradiction only", (
        Edit("chainnode.lightclient.misbehaviour", "check_misbehaviour", "if not conflict(*states):", "if False:"),
    ), ("false_misbehaviour",)),
)


def _function(edit: Edit) -> FunctionType:
    found: Any = importlib.import_module(edit.module)
    for part in edit.name.split("."):
        found = getattr(found, part)
    assert isinstance(found, FunctionType)
    return found


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """Within this context the product has the mutant's faults.

    Raises:
        ValueError: the text that an edit would change is not there any more.
    """
    with ExitStack() as stack:
        for edit in mutant.edits:
            function = _function(edit)
            source = textwrap.dedent(inspect.getsource(function))
            if source.count(edit.old) != 1:
                raise ValueError(f"{edit.module}.{edit.name} has this {source.count(edit.old)} times: {edit.old!r}")
            names: dict[str, Any] = {}
            changed = compile(ast.parse(source.replace(edit.old, edit.new)), f"<{mutant.name}>", "exec")
            exec(changed, function.__globals__, names)
            stack.callback(setattr, function, "__code__", function.__code__)
            function.__code__ = names[function.__name__].__code__
        yield


def chase(mutant: Mutant, seeds_max: int = SEEDS_MAX) -> tuple[int, str | None]:
    """How many seeds it took to find the mutant, and what was seen; None where none of them did."""
    with applied(mutant):
        for seed in range(seeds_max):
            world = run_seed(seed, lies=mutant.lies)
            if world.violation is not None:
                return seed + 1, str(world.violation)
    return seeds_max, None
