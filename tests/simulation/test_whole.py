"""Whole nodes under every kind of trouble: a fixed handful of seeds; ``python -m tests.simulation`` runs thousands."""

import json

import pytest

from tests.simulation.__main__ import main
from tests.simulation.measure import core_speed, deep_size, memory_under_flood, throughput
from tests.simulation.mutants import MUTANTS
from tests.simulation.mutation import Stale, applied, chase
from tests.simulation.runner import NAMED_MIN, Summary, plan_from_json, plan_to_json, promises, run, shrink
from tests.simulation.whole.hostile.library import BEHAVIOURS
from tests.simulation.whole.plan import PROFILES, PROMISED, draw, smaller
from tests.simulation.whole.world import run_seed

MUTANT = {mutant.name: mutant for mutant in MUTANTS}


def survive(seed, size, profile):
    world = run_seed(draw(seed, size, profile))
    again = f"python -m tests.simulation --seed {seed} --replicas {size} --profile {profile} --trace"
    assert world.violation is None, f"{world.violation}; {again}"
    return world


@pytest.mark.parametrize("batch", range(4))
def test_network_agrees_and_recovers_whatever_strikes(batch):
    """Invariants after every step, and every promise kept after healing."""
    for seed in range(batch * 5, batch * 5 + 5):
        survive(seed, 4, "mixed")


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_network_survives_each_kind_of_trouble_alone(profile):
    """As above, one profile at a time."""
    for seed in (1_000, 1_001):
        survive(seed, 4, profile)


def test_larger_network_agrees_beside_two_hostile_validators():
    """Seven validators tolerate two."""
    for seed in (0, 1, 2):
        survive(seed, 7, "mixed")


def test_network_without_trouble_commits_without_a_single_view_change():
    """R1-R5: nothing strikes, nothing is lost, nobody leaves view 0 and nobody is punished."""
    world = survive(0, 4, "calm")

    assert world.checker.committed
    assert not world.checker.events
    assert not world.checker.penalties


@pytest.mark.parametrize("profile", ["mixed", "disk"])
def test_seed_repeats_itself(profile):
    """One seed, one run: what fails once can be run again, and a trace does not change what happens."""
    first = run_seed(draw(7, 4, profile))
    second = run_seed(draw(7, 4, profile), trace=True)

    assert first.digest == second.digest
    assert first.checker.steps == second.checker.steps
    assert sum(1 for _ in second.trace.lines()) > 50


def test_every_edit_of_every_mutant_fits_the_source():
    """A mutant whose text is gone would hunt nothing."""
    for mutant in MUTANTS:
        with applied(mutant):
            pass


def test_edit_whose_text_is_gone_is_refused():
    """The same, the other way round."""
    mutant = MUTANTS[0]._replace(edits=(MUTANTS[0].edits[0]._replace(old="no such text"),))

    with pytest.raises(Stale), applied(mutant):
        pass


@pytest.mark.parametrize(
    "name", ["quorum_minus_one", "lock_dropped", "lock_not_raised", "journal_after_send", "block_not_synced"]
)
def test_bench_finds_a_rule_that_was_changed(name):
    """Five of the mutants, those that are found fastest; ``--mutants`` hunts them all."""
    assert chase(MUTANT[name]._replace(seeds_max=20)).found is not None


def test_shrinking_keeps_the_failure_and_drops_what_does_not_matter():
    """A seed that fails is made small before anybody reads its trace."""
    plan = draw(0, 4, "mixed")
    with applied(MUTANT["quorum_minus_one"]):
        small = shrink(plan)
        world = run_seed(small)

    assert world.violation is not None
    assert len(small.kinds) + len(small.hostile) + len(small.twins) < len(plan.kinds) + len(plan.hostile) + 1
    assert plan_from_json(plan_to_json(small)) == small


def test_smaller_plans_are_smaller():
    """Shrinking ends."""
    plan = draw(12, 4, "mixed")

    assert smaller(plan)
    assert plan not in smaller(plan)
    assert all(candidate.trouble_ms <= plan.trouble_ms for candidate in smaller(plan))


def test_run_adds_up_and_names_what_never_took_effect():
    """A fault that a profile promises and that never fired fails the run."""
    summary = run(0, 4, 4, "network", 1)
    silent = Summary(faults=summary.faults)
    silent.promised["no_such_fault"] = NAMED_MIN

    assert summary.seeds == 4
    assert not summary.failures
    assert summary.silent == []
    assert silent.silent == ["no_such_fault"]
    told = json.loads(summary.as_json())
    assert set(told) >= {"seeds", "violations", "steps", "virtual_hours", "seconds", "faults_fired"}


def test_every_behaviour_leads_some_plan():
    """No way of being hostile is left out by chance, and no kind of trouble belongs to no profile."""
    plans = [draw(seed, 4, "mixed") for seed in range(2_000)]
    every = plans + [draw(seed, 4, profile) for profile in PROFILES for seed in range(50)]
    named = {fault for plan in every for fault in promises(plan)}

    assert {f"hostile_{name}" for name in BEHAVIOURS} <= named
    assert {fault for faults in PROMISED.values() for fault in faults} <= named
    assert all(len(plan.hostile) + len(plan.twins) <= 1 for plan in plans)


def test_command_ends_with_one_line_of_json(capsys):
    """The form that other programs read."""
    status = main(["--seeds", "2", "--jobs", "1", "--profile", "calm", "--json"])

    last = capsys.readouterr().out.splitlines()[-1]
    assert status == 0
    assert json.loads(last)["violations"] == 0


def test_command_tells_one_seed_line_by_line(capsys):
    """The trace of a seed is for people."""
    assert main(["--seed", "3", "--profile", "calm", "--trace"]) == 0

    told = capsys.readouterr().out
    assert "PrePrepare" in told
    assert "no violation" in told


def test_memory_stays_flat_under_a_flood_of_valid_looking_messages():
    """Invariant 9, for two minutes; ``--measure`` floods for an hour."""
    samples = memory_under_flood(120_000)

    assert max(samples[-3:]) < 2 * max(samples[:3])


def test_size_counts_what_is_reachable_once():
    """The measure of memory itself."""
    shared = bytes(1_000)

    assert 1_000 < deep_size([shared, shared]) < 1_500
    assert deep_size([bytes(2_000), shared]) > 3_000


def test_leader_that_is_just_late_costs_half_of_the_blocks_and_no_transactions():
    """Timers: a block usually takes 35 ms here, its turns T0 / 8; before anything is usual they take T0."""
    free_transactions, free_blocks = throughput(None, 30_000)
    transactions, blocks = throughput("just_late", 30_000)

    assert transactions > 0.95 * free_transactions
    assert blocks > 0.4 * free_blocks


def test_core_runs_alone_on_recorded_inputs():
    """The measure of speed: it really steps."""
    assert core_speed(1) > 1_000


def test_plan_of_a_single_validator_has_nobody_hostile():
    """With f = 0 nobody may be hostile, and one validator decides alone."""
    plan = draw(3, 1, "mixed")

    assert not plan.hostile
    assert not plan.twins
    survive(3, 1, "crash")
