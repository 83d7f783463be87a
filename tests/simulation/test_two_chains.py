"""Two chains and any relayers between them: received at most once, settled once, nothing believed that was not so."""

import pytest

from tests.simulation.__main__ import main
from tests.simulation.two_chains import probe
from tests.simulation.two_chains.liar import LIES
from tests.simulation.two_chains.mutants import MUTANTS, Mutant, applied, chase
from tests.simulation.two_chains.runner import COMMAND, TOLD_MIN, Summary, run
from tests.simulation.two_chains.world import World, run_seed


def survived(seed: int, lies: tuple[str, ...] = ()) -> World:
    world = run_seed(seed, lies=lies)
    assert world.violation is None, f"{world.violation}; {COMMAND} --seed {seed} --trace"
    return world


@pytest.mark.parametrize("batch", range(6))
def test_chains_agree_on_every_packet_whoever_carries_it(batch: int) -> None:
    """No packet received twice, none both received and timed out, nothing recognised that was not committed."""
    worlds = [survived(seed) for seed in range(batch * 10, batch * 10 + 10)]
    for event in ("packet_received", "packet_acknowledged", "packet_timed_out", "client_updated"):
        assert sum(world.checker.counts.get(f"relay.{event}", 0) for world in worlds) > 50


@pytest.mark.parametrize("lie", sorted(LIES))
def test_chains_agree_on_every_packet_when_one_lie_is_told_all_the_time(lie: str) -> None:
    """Each lie alone, beside one honest relayer: it is told, and does no harm."""
    assert survived(1_000, (lie,)).told[lie] > 5


def test_validators_change_on_both_sides_while_packets_flow() -> None:
    """Clients follow from epoch to epoch, also where relayers skipped some."""
    epochs = [chain.ledger.validators.epoch for seed in range(5) for chain in _chains(survived(seed))]
    assert max(epochs) >= 4
    assert sum(epoch > 0 for epoch in epochs) >= 8


def _chains(world: World) -> tuple:
    return world.a, world.b


@pytest.mark.parametrize("seed", range(3))
def test_nothing_passes_a_frozen_client_until_it_is_recovered(seed: int) -> None:
    """A quorum that breaks its word freezes its clients; what is under way ends as it should after the recovery."""
    with probe.installed():
        world = World(seed).run()
        sent = len(world.checker.stories)
        world.betray()
    assert world.codes["relay-client-frozen"] > 5
    assert len(world.checker.stories) > sent


def test_run_is_repeated_by_its_seed() -> None:
    """Equal traces, so a failing seed is found again by one command."""
    first, second, other = run_seed(7), run_seed(7), run_seed(8)
    assert first.trace == second.trace
    assert first.digest != other.digest


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_wrong_change_of_the_relay_is_found(mutant: Mutant) -> None:
    """A bench that cannot fail shows nothing."""
    seeds, found = chase(mutant)
    assert found is not None, f"{mutant.name} ({mutant.breaks}) survived {seeds} seeds"


def test_mutant_leaves_nothing_behind() -> None:
    """After the hunt the product is as it was; an edit that fits nothing says so."""
    mutant = MUTANTS[0]
    with applied(mutant):
        pass
    survived(0, mutant.lies)
    stale = mutant._replace(edits=(mutant.edits[0]._replace(old="no such text"),))
    with pytest.raises(ValueError, match="no such text"), applied(stale):
        pass


def test_command_runs_seeds_and_names_the_one_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """The last line is JSON; a failure comes with the command that replays it."""
    assert main(["--two-chains", "--seeds", "3", "--jobs", "1"]) == 0
    assert '"violations": 0' in capsys.readouterr().out.splitlines()[-1]
    with applied(MUTANTS[1]):
        assert main(["--two-chains", "--seeds", "1", "--jobs", "1"]) == 1
    assert f"{COMMAND} --seed 0 --trace" in capsys.readouterr().out
    assert main(["--two-chains", "--seed", "3", "--trace"]) == 0
    assert "no violation" in capsys.readouterr().out.splitlines()[-1]


def test_lie_that_nobody_tells_is_reported() -> None:
    """A lie that is never told tests nothing."""
    assert Summary(seeds=TOLD_MIN - 1).untold == []
    assert Summary(seeds=TOLD_MIN).untold == sorted(LIES)
    assert run(0, 2, 1).as_json().startswith('{"seeds": 2, "violations": 0')
