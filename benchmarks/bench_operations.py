"""What each operation's own rules cost.

Question: what does applying one operation cost, the state tree aside?

Workload: the situations in which the tests of the contracts apply operations successfully, up to four of each kind,
recorded and applied again: the handler alone, on a fresh overlay over the state as it was. Unit: us for one
operation. Limits: half of all operations below 15 us, each below 100 us. Raw limit: overlay and context, without any
operation. A lie would be: operations refused early (only those that were applied are recorded), or decoded records
that a block would have to decode first (the caches are warm here, as they are for records that the block has touched).
"""

import inspect
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from benchmarks.harness import Case, Figure, Size, measure, single
from chainnode.codec.canonical import encode
from chainnode.state.overlay import Overlay
from chainnode.types.receipt import OK, Receipt
from chainnode.types.transaction import Transaction
from contracts.kernel.context import Context
from contracts.kernel.enactment import DEFAULT_RULES
from contracts.kernel.operation import Operation
from contracts.kernel.registry import OPERATIONS, SPEC_OF
from tests.support.shared import ROOT
from tests.unit.contracts import world as contract_world
from tests.unit.contracts.families import REFUSALS, SAMPLES
from tests.unit.contracts.world import CHAIN, MEMBERS, World

MEDIAN_US_MAX: Final = 15
WORST_US_MAX: Final = 100
SITUATIONS_MAX: Final = 4
REPEATS: Final = {"full": 50, "smoke": 2}
RAW: Final = "operations.raw_context"


@dataclass(frozen=True, slots=True)
class Situation:
    """One operation that applied, and the state on which it did."""

    operation: Operation
    before: dict[bytes, bytes | None]
    transaction: Transaction
    height: int
    time_ms: int

    def context(self) -> Context:
        return Context(
            chain_id=CHAIN, height=self.height, time_ms=self.time_ms, tx_id=self.transaction.tx_id, index=0,
            sender=self.transaction.payload.sender,
            signers=tuple(signature.public_key for signature in self.transaction.signatures),
            default_rules=DEFAULT_RULES,
        )

    def apply(self) -> Overlay:
        overlay = Overlay(self.before.get)
        SPEC_OF[type(self.operation)].apply(self.operation, self.context(), overlay)
        return overlay


def run(size: Size) -> list[Figure]:
    found = situations()
    repeats = REPEATS[size]
    anything = next(iter(found.values()))[0]
    cases = [Case(RAW, _empty(anything, 100), 100)]
    cases += [
        Case(f"operations.apply[{name}]", _applied(listed, repeats), len(listed) * repeats, RAW)
        for name, listed in sorted(found.items())
    ]
    raw, *figures = measure(cases, size)
    values = {figure.name: figure.value for figure in figures}
    median, worst = statistics.median(values.values()), max(values.values())
    slow = ", ".join(f"{name} {value:.0f}" for name, value in values.items() if value > WORST_US_MAX)
    missing = ", ".join(sorted(set(OPERATIONS) - set(found)))
    said = f"{_verdict(median, MEDIAN_US_MAX)}; of {len(found)} operations" + (missing and f", without {missing}")
    return [
        raw,
        *figures,
        single("operations.median", "us", median, "lower", note=said),
        single("operations.worst", "us", worst, "lower", note=f"{_verdict(worst, WORST_US_MAX)} {slow}".strip()),
    ]


def situations() -> dict[str, list[Situation]]:
    """By operation; where and how each of them applies is what the tests of the families know."""
    found: dict[str, list[Situation]] = {}
    with _recording(found):
        for scenario in REFUSALS.values():
            scenario()
        for sample in SAMPLES:
            for name in MEMBERS:
                World().submit(name, sample)
        for test in _tests():
            if len(found) == len(OPERATIONS):
                break
            test()
    return found


def _tests() -> Iterator[Callable[[], None]]:
    """The families' own tests that need nothing but themselves."""
    for path in sorted((ROOT / "tests" / "unit" / "contracts").glob("*/test_*.py")):
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for name, test in vars(module).items():
            plain = name.startswith("test_") and inspect.isfunction(test) and not getattr(test, "pytestmark", None)
            if plain and test.__module__ == module.__name__ and not inspect.signature(test).parameters:
                yield test


@contextmanager
def _recording(found: dict[str, list[Situation]]) -> Iterator[None]:
    """Keep every situation in which the tests' worlds apply a single operation."""
    names = vars(contract_world)
    execute: Callable[..., Receipt] = names["execute_transaction"]

    def recorded(transaction: Transaction, *, overlay: Overlay, **place: Any) -> Receipt:
        before = dict(overlay.changes())
        receipt = execute(transaction, overlay=overlay, **place)
        if receipt.code == OK and len(transaction.operations) == 1:
            operation: Operation = transaction.operations[0]  # type: ignore[assignment]
            kept = found.setdefault(SPEC_OF[type(operation)].name, [])
            if len(kept) < SITUATIONS_MAX:
                kept.append(Situation(operation, before, transaction, place["height"], place["time_ms"]))
        return receipt

    names["execute_transaction"] = recorded
    try:
        yield
    finally:
        names["execute_transaction"] = execute


def _applied(listed: list[Situation], repeats: int) -> Callable[[], bytes]:
    def work() -> bytes:
        overlays = [situation.apply() for situation in listed for _ in range(repeats)]
        return encode([len(overlay.changes()) for overlay in overlays[::repeats]])

    return work


def _empty(situation: Situation, repeats: int) -> Callable[[], bytes]:
    def work() -> bytes:
        made = [(Overlay(situation.before.get), situation.context()) for _ in range(repeats)]
        return encode(len(made))

    return work


def _verdict(found: float, most: float) -> str:
    return f"{'within' if found <= most else 'ABOVE'} {most} us"
