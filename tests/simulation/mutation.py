"""How strong the bench is: our own rules, changed a little for the worse, must be caught.

A mutant is a list of edits of source text (``mutants.py``). The edited function is compiled in its own module and put
in the place of the original, wherever that was imported, for as long as the hunt for it lasts.
"""

import ast
import importlib
import inspect
import json
import multiprocessing
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Any
from unittest.mock import patch

from tests.simulation.mutants import MUTANTS, Edit, Mutant
from tests.simulation.whole.plan import Plan, draw
from tests.simulation.whole.world import run_seed

PRODUCT = ("chainnode", "consensus", "contracts")


class Stale(ValueError):
    """The text that a mutant would change is not there any more."""


@dataclass(frozen=True)
class Catch:
    """What became of one mutant."""

    name: str
    seeds: int
    """Seeds until it was found, or all that were tried."""
    found: str | None
    seconds: float


def _rewritten(original: Any, edit: Edit) -> Any:
    plain: Any = original.fget if isinstance(original, property) else getattr(original, "__func__", original)
    # A function edited twice has no file to be read from any more.
    source = getattr(plain, "mutant_source", None) or textwrap.dedent(inspect.getsource(plain))
    if source.count(edit.old) != 1:
        raise Stale(f"{edit.module}.{edit.name} has the text {source.count(edit.old)} times: {edit.old!r}")
    changed = source.replace(edit.old, edit.new)
    names: dict[str, Any] = {}
    exec(compile(ast.parse(changed), f"<mutant of {edit.module}.{edit.name}>", "exec"), plain.__globals__, names)
    found = names[plain.__name__]
    getattr(found, "fget", getattr(found, "__func__", found)).mutant_source = changed
    return found


def _places(owner: Any, name: str, original: Any) -> Iterator[tuple[Any, str]]:
    """Wherever the original is known by name."""
    yield owner, name
    if inspect.isclass(owner):
        return
    for module_name, module in sorted(sys.modules.items()):
        if module is not owner and module_name.partition(".")[0] in PRODUCT:
            for other, value in list(vars(module).items()):
                if value is original:
                    yield module, other


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """Within this context the product has the mutant's faults.

    Raises:
        Stale: an edit does not fit the source any more.
    """
    with ExitStack() as stack:
        for edit in mutant.edits:
            owner: Any = importlib.import_module(edit.module)
            *classes, name = edit.name.split(".")
            for part in classes:
                owner = getattr(owner, part)
            original = inspect.getattr_static(owner, name)
            changed = _rewritten(original, edit)
            for place, known_as in list(_places(owner, name, original)):
                stack.enter_context(patch.object(place, known_as, changed))
        # What was computed by the right rules must not outlive them in a cache, nor the wrong ones' their use.
        _clear_caches()
        stack.callback(_clear_caches)
        yield


def _clear_caches() -> None:
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").partition(".")[0] in {"chainnode", "consensus", "contracts"}:
            for found in vars(module).values():
                if hasattr(found, "cache_clear"):
                    found.cache_clear()


def _plan(mutant: Mutant, number: int) -> Plan:
    plan = draw(number, mutant.size, mutant.profile, always=mutant.always)
    if not mutant.hostile:
        return plan
    kinds = ("weather", "partition", "hostile", *mutant.always)
    return replace(plan, kinds=kinds, twins=(), hostile={number % mutant.size: mutant.hostile})


def chase(mutant: Mutant) -> Catch:
    """Run seeds until one of them catches the mutant."""
    began = time.perf_counter()
    with applied(mutant):
        for number in range(mutant.seeds_max):
            world = run_seed(_plan(mutant, number))
            if world.violation is not None:
                return Catch(mutant.name, number + 1, str(world.violation), time.perf_counter() - began)
    return Catch(mutant.name, mutant.seeds_max, None, time.perf_counter() - began)


def hunt(jobs: int, only: str | None, say: Callable[[str], None], *, quiet: bool) -> int:
    """Chase every mutant; 0 if all were found."""
    chosen = [mutant for mutant in MUTANTS if only is None or mutant.name in only.split(",")]
    catches: list[Catch] = []
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(chase, mutant) for mutant in chosen]):
            catch = future.result()
            catches.append(catch)
            if not quiet:
                say(f"{catch.name:<36} {catch.seeds:>4} seeds {catch.seconds:6.1f} s  {catch.found or 'NOT FOUND'}")
    found = [catch for catch in catches if catch.found is not None]
    middle = median(catch.seeds for catch in found) if found else None
    say(json.dumps({"mutants": len(catches), "found": len(found), "seeds_median": middle}))
    return 0 if chosen and len(found) == len(catches) else 1
