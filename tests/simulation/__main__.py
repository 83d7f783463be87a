"""The simulator from the command line; README.md explains what it runs.

python -m tests.simulation --seeds 2000 [--start 0] [--replicas 4] [--profile mixed] [--jobs 2] [--json]
python -m tests.simulation --seed 17 --trace         one seed, told line by line
python -m tests.simulation --seed 17 --shrink        the smallest plan that still fails
python -m tests.simulation --mutants [--json]        wrong changes of our own rules, each of which must be found
python -m tests.simulation --measure [--json]        speed, memory under floods, throughput beside a hostile replica
python -m tests.simulation --two-chains --seeds 200  two chains and their relayers; also with --seed, --mutants
"""

import argparse
import os
import sys

from tests.simulation.measure import measure
from tests.simulation.mutation import hunt
from tests.simulation.runner import Summary, fails, plan_from_json, plan_to_json, run, shrink
from tests.simulation.two_chains import runner
from tests.simulation.whole.plan import PROFILES, Plan, draw
from tests.simulation.whole.world import run_seed

MODULE = "python -m tests.simulation"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=MODULE, description="Deterministic simulation of whole networks.")
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds to run")
    parser.add_argument("--start", type=int, default=0, help="the first of them")
    parser.add_argument("--replicas", type=int, default=4, help="validators of each network")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="mixed", help="what may strike")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes to use")
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    parser.add_argument("--seed", type=int, help="run this one only")
    parser.add_argument("--plan", help="run this plan only, as printed by --shrink")
    parser.add_argument("--trace", action="store_true", help="tell what happens")
    parser.add_argument("--shrink", action="store_true", help="look for a smaller plan that fails too")
    parser.add_argument("--mutants", action="store_true", help="break our own rules one by one; each must be found")
    parser.add_argument("--only", help="with --mutants: these, by name, with commas between")
    parser.add_argument("--two-chains", action="store_true", help="two chains and lying relayers between them")
    parser.add_argument("--measure", action="store_true", help="measure what the simulator can")
    return parser.parse_args(arguments)


def one(plan: Plan, options: argparse.Namespace) -> int:
    """Run one plan, in this process."""
    if options.shrink:
        if fails(plan) is None:
            say(f"seed {plan.seed} does not fail; there is nothing to shrink")
            return 0
        plan = shrink(plan)
        say(f"{MODULE} --plan '{plan_to_json(plan)}' --trace")
    world = run_seed(plan, trace=options.trace)
    if options.trace:
        for line in world.trace.lines():
            say(line)
    say(f"seed {plan.seed}: {world.violation or 'no violation'}; trace {world.digest}")
    return 0 if world.violation is None else 1


def many(options: argparse.Namespace) -> Summary:
    """Run a range of seeds and report each that fails."""
    summary = run(options.start, options.seeds, options.replicas, options.profile, options.jobs)
    if not options.json:
        for seed, violation in sorted(summary.failures.items()):
            say(f"seed {seed}: {violation}")
            say(f"  {MODULE} --seed {seed} --replicas {options.replicas} --profile {options.profile} --trace")
        for fault in summary.silent:
            say(f"promised, and never took effect: {fault}")
    say(summary.as_json())
    return summary


def two_chains(options: argparse.Namespace) -> int:
    """The same for two chains: a bench of its own, with the same words."""
    return runner.main(
        say, start=options.start, count=options.seeds, jobs=options.jobs, seed=options.seed, trace=options.trace,
        mutants=options.mutants,
    )


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if options.two_chains:
        return two_chains(options)
    if options.mutants:
        return hunt(options.jobs, options.only, say, quiet=options.json)
    if options.measure:
        return measure(say, quiet=options.json)
    if options.plan:
        return one(plan_from_json(options.plan), options)
    if options.seed is not None:
        return one(draw(options.seed, options.replicas, options.profile), options)
    summary = many(options)
    return 1 if summary.failures or summary.silent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
