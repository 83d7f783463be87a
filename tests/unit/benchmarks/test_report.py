"""Reports are kept whole, compared honestly, and summed up in one line."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import __main__ as command
from benchmarks import report
from benchmarks.harness import Figure
from tests.support.bench_report import figure, made

KEYS = {
    "machine", "verify_us", "e2e", "batch100", "finality", "verifier", "tree", "replay", "core", "memory_mib",
    "help_ms", "start_ms", "overload",
}


def verdict(before: Figure, after: Figure) -> str:
    (change,) = report.compare(made(before), made(after))
    return change.verdict


def test_compare_says_better_or_worse_when_the_samples_lie_apart() -> None:
    slow, fast = figure(10.0, 10.1, 10.2, 10.3, 10.4), figure(8.0, 8.1, 8.2, 8.3, 8.4)
    assert verdict(slow, fast) == "better"
    assert verdict(fast, slow) == "worse"


def test_compare_knows_which_way_is_up() -> None:
    few, many = figure(1.0, 1.0, 1.0, 1.0, better="higher"), figure(2.0, 2.0, 2.0, 2.0, better="higher")
    assert verdict(few, many) == "better"
    assert verdict(many, few) == "worse"


def test_compare_calls_it_noise_when_the_spreads_overlap_or_the_change_is_small() -> None:
    assert verdict(figure(8.0, 10.0, 12.0, 14.0), figure(7.0, 9.0, 11.0, 13.0)) == "noise"
    assert verdict(figure(10.0, 10.0, 10.0, 10.0), figure(10.1, 10.1, 10.1, 10.1)) == "noise"
    assert verdict(figure(100.0), figure(110.0)) == "noise"
    assert verdict(figure(100.0), figure(150.0)) == "worse"


def test_compare_takes_the_share_of_the_limit_where_there_is_one() -> None:
    """On a machine half as fast everything takes twice as long, and nothing became worse."""
    before = figure(10.0, 10.0, 10.0, 10.0, ratios=(0.5, 0.5, 0.5, 0.5))
    after = figure(20.0, 20.0, 20.0, 20.0, ratios=(0.5, 0.5, 0.51, 0.5))
    assert verdict(before, after) == "noise"
    assert verdict(before, figure(10.0, ratios=(0.8, 0.8, 0.8, 0.8))) == "better"


def test_compare_refuses_a_verdict_when_the_work_differs() -> None:
    assert verdict(figure(10.0, digest="one"), figure(5.0, digest="other")) == "other work"


def test_report_survives_its_file(tmp_path: Path) -> None:
    found = made(figure(1.0, 2.0, ratios=(0.25,)))
    report.write(found, tmp_path / "r.json")
    assert report.read(tmp_path / "r.json") == found


def test_report_of_another_version_or_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(msgspec.json.encode(made()).replace(b'"version":1', b'"version":2'))
    for wrong in (path, tmp_path / "absent.json"):
        with pytest.raises(report.ReportUnreadable):
            report.read(wrong)


def test_summary_has_exactly_its_keys_and_none_for_what_was_not_measured() -> None:
    empty = report.summary(made())
    assert set(empty) == KEYS
    assert empty["verify_us"] is None
    assert empty["e2e"] == {"tx_per_s": None, "limit": None, "ratio": None, "seconds": None, "validators": None}
    assert empty["overload"] == {"ratio_at_3x": None, "lost": None}


def test_summary_takes_the_largest_tree_and_the_best_pipeline() -> None:
    found = report.summary(
        made(
            figure(20.0, name="tree.update[10000 keys, 1000 changed]"),
            figure(31.5, name="tree.update[1000000 keys, 1000 changed]"),
            figure(99.0, name="tree.update[1000000 keys, 1 changed]"),
            figure(1.0, name="crypto.pipeline[inline, batch 64]", ratios=(0.5,)),
            figure(1.0, name="crypto.pipeline[processes 2, batch 64]", ratios=(0.9,)),
        )
    )
    assert found["tree"] == {"us_per_key": 31.5, "keys": 1_000_000}
    assert found["verifier"] == {"ratio": 0.9}


def test_summary_adds_what_a_node_grew_to_what_the_network_left() -> None:
    """Memory after a million transactions: a validator of the loaded network had 112,000 of them behind it."""
    alone = [
        figure(150.0, name="memory.node[1000000 transactions]"),
        figure(0.0, 100_000.0, 200_000.0, name="memory.transactions"),
        figure(45.0, 100.0, 140.0, name="memory.samples"),
    ]
    loaded = [figure(180.0, name="end_to_end.memory"), figure(112_000.0, name="end_to_end.acknowledged")]
    assert report.summary(made(*alone))["memory_mib"] == 150.0
    assert report.summary(made(*alone, *loaded))["memory_mib"] == 180.0 + 50.0
    assert report.summary(made(*loaded))["memory_mib"] is None


def test_compare_command_fails_when_something_became_worse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [tmp_path / name for name in ("before", "after", "smoke")]
    report.write(made(figure(1.0, 1.0, 1.0, 1.0)), paths[0])
    report.write(made(figure(2.0, 2.0, 2.0, 2.0)), paths[1])
    report.write(made(figure(2.0), size="smoke"), paths[2])
    assert command.main(["compare", str(paths[0]), str(paths[1])]) == 1
    assert capsys.readouterr().out.startswith("worse")
    assert command.main(["compare", str(paths[1]), str(paths[0])]) == 0
    assert command.main(["compare", str(paths[0]), str(paths[2])]) == 2
    assert command.main(["compare", str(paths[0]), str(tmp_path / "absent")]) == 2


def test_unknown_benchmark_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["crypo"]) == 2
    assert "crypo" in capsys.readouterr().err
