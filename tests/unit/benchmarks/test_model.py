"""The model finds the costs again that a report was made from, and predicts other networks by them."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import model, report
from benchmarks.harness import single
from benchmarks.machine import sheet

TRANSACTION, BLOCK, VERIFY, LINK, FILTER, CLIENT = 150.0, 8_000.0, 55.0, 5.0, 2.0, 10.0
CORE = {4: 50.0, 7: 80.0, 10: 110.0, 31: 300.0}
VOTE = VERIFY + LINK + FILTER


def block_cost(validators: int) -> float:
    return BLOCK + 2 * (validators - 4) * VOTE + CORE[validators] - CORE[4]


def made(*sizes: int) -> report.Report:
    """A report of networks that cost exactly this, and of the parts."""
    values = {
        "scaling.verify": VERIFY, "network.send[vote of 300 B]": 1e6 / LINK, "consensus.vote_decode_filter": FILTER,
        "codec.decode_with_operations[1 op]": 6.0, "mempool.raw_verify": VERIFY, "mempool.admit[50 at a time]": 70.0,
        "contracts.execute[evidence.record]": 12.0, "tree.update[1000 keys, 10 changed]": 20.0,
        "store.commit_block[20 tx]": 200.0,
    }
    for size, core in CORE.items():
        values[f"consensus.block[n={size}]"] = core * size
    for size in sizes:
        at, large, few = f"[{size} validators]", 200.0, 2.0
        values |= {
            f"scaling.cpu{at}": TRANSACTION + block_cost(size) / large, f"scaling.block{at}": large,
            f"scaling.light_cpu{at}": block_cost(size) + TRANSACTION * few, f"scaling.light_block{at}": few,
            f"scaling.client_cpu{at}": CLIENT,
            f"scaling.transactions{at}": 2e6 / (size * (TRANSACTION + block_cost(size) / large) + CLIENT),
            f"scaling.finality_p50{at}": 20.0 + size * block_cost(size) / 2 / 1e3,
        }
    machine = msgspec.structs.replace(sheet(), cores=2)
    figures = [single(name, "us", value, "lower") for name, value in values.items()]
    return report.Report(version=report.VERSION, started_ms=1, seconds=1.0, size="smoke", machine=machine,
                         figures=figures)


def test_costs_are_found_again_from_two_loads_of_the_smallest_network() -> None:
    costs = model.costs_of(made(4, 7))
    assert costs.transaction == pytest.approx(TRANSACTION)
    assert costs.block == pytest.approx(BLOCK)
    assert costs.vote == pytest.approx(VOTE)
    assert costs.serial == pytest.approx(12.0 + 20.0 + 10.0)


def test_parts_are_told_at_the_pace_that_the_machine_had_for_the_networks() -> None:
    """They are measured at other moments; where a check took half as long, everything did."""
    found = made(4)
    figures = [
        msgspec.structs.replace(figure, samples=[figure.value / 2])
        if figure.name.startswith(("codec.", "mempool.", "contracts.", "tree.", "store.")) else figure
        for figure in found.figures
    ]
    faster = msgspec.structs.replace(found, figures=figures)
    assert dict(model.stages(faster)) == pytest.approx(dict(model.stages(found)))


def test_other_sizes_are_predicted_from_the_smallest_alone() -> None:
    """The model is exact for networks that cost what it says: what is left over in a real report is its error."""
    found = made(4, 7, 10)
    costs = model.costs_of(found)
    for size in (4, 7, 10):
        predicted = model.shared(costs, size, 2)
        for name, value in (("transactions", predicted.per_s), ("finality_p50", predicted.finality_ms)):
            figure = found.figure(f"scaling.{name}[{size} validators]")
            assert figure is not None
            assert value == pytest.approx(figure.value)


def test_machines_apart_are_bound_by_loop_processors_rounds_or_link() -> None:
    costs = model.costs_of(made(4))
    one, two = model.apart(costs, 4, 1, 0.25), model.apart(costs, 4, 2, 0.25)
    assert two.bound == "event loop"
    assert two.per_s == pytest.approx(1e6 / (TRANSACTION - VERIFY + BLOCK / model.BLOCK_TRANSACTIONS))
    assert one.per_s < two.per_s
    far = model.apart(costs, 4, 2, 500.0)
    assert far.bound == "rounds"
    assert far.per_s < model.BLOCK_TRANSACTIONS / 1.5
    assert far.finality_ms - two.finality_ms == pytest.approx(model.DELAYS_FINALITY * 499.75)


def test_core_costs_lie_between_the_measured_sizes_and_grow_with_the_square_past_them() -> None:
    costs = model.costs_of(made(4))
    assert costs.block_at(20) - costs.block_at(10) == pytest.approx(20 * VOTE + 190 * 10 / 21)
    assert costs.block_at(62) == pytest.approx(BLOCK + 2 * 58 * VOTE + 4 * CORE[31] - CORE[4])


def test_model_says_which_benchmark_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = made(4)
    for lacking, named in (("tree.", "tree"), ("scaling.", "scaling"), ("consensus.block", "consensus")):
        figures = [figure for figure in whole.figures if not figure.name.startswith(lacking)]
        path = tmp_path / "report.json"
        report.write(msgspec.structs.replace(whole, figures=figures), path)
        assert model.main([str(path)]) == 2
        assert named in capsys.readouterr().err


def test_model_shows_its_error_and_the_networks_it_predicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """issue: a model that predicts throughput and latency for 4-100 validators, checked against the measured points."""
    report.write(made(4, 7, 10), tmp_path / "report.json")
    assert model.main([str(tmp_path / "report.json")]) == 0
    shown = capsys.readouterr().out
    assert shown.count("(+0%)") == 9
    for count in (4, 31, 100):
        assert f"\n{count:>10} " in shown
