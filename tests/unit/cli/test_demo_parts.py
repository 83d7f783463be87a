"""The demo's parts that need no process: report, summary, promises, own material, table."""

import json
from pathlib import Path

import msgspec
import pytest

from chainnode.cli.demo import material, own_catalogue
from chainnode.cli.demo.report import Report, ReportEntry, read_report
from chainnode.cli.demo.screen import table_row
from chainnode.cli.demo.session import REPORT_NAME, Options, Session
from chainnode.cli.demo.summary import Agreement, Finality, broken_promises, percentile, summarise
from chainnode.cli.failure import CommandError
from chainnode.cli.testnet.manifest import NodeEntry
from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import Rejected
from chainnode.sdk.answer import StatusAnswer
from chainnode.sdk.content import hash_file
from chainnode.sdk.sidecar import read_sidecar
from chainnode.sdk.wallet import Wallet
from contracts.assets.dcat import import_catalogue
from contracts.evidence.operations import RecordEvidence
from tests.support.shared import ROOT, shared

WALLET = Wallet("demo", [SigningKey(bytes(32))])
ENTRIES = (
    ReportEntry("asset", "a", "registered", tx_id="01", height=3, latency_ms=10.0),
    ReportEntry("asset", "b", "adapted", notes=("modified: is null; left out",), tx_id="02", height=3, latency_ms=20.0),
    ReportEntry("asset", "c", "refused", "entry-no-title", ("the entry has no title",), operations=0),
    ReportEntry("evidence", "README.md", "recorded", tx_id="03", height=4, latency_ms=30.0),
)
REPORT = Report(ENTRIES)
AGREED = Agreement(5, {"validator-0": "aa", "observer-0": "aa"}, 1, 0)


def summary(report: Report = REPORT, agreement: Agreement = AGREED):
    return summarise(report, agreement, validators=4, observers=1, work_s=2.0, total_s=5.04, proved=True)


def test_summary_line_has_the_names_and_the_order_of_the_interface():
    """issue: the last line is exactly this object."""
    line = summary().line()

    assert line == (
        '{"validators":4,"observers":1,"height":5,"transactions":3,"operations":3,"assets_registered":2,'
        '"assets_refused":1,"evidence_items":1,"tx_per_s":1.5,"finality_ms":{"p50":20.0,"p99":30.0},'
        '"view_changes":1,"state_roots_equal":true,"proof_verified_offline":true,"seconds":5.0}'
    )


def test_kept_promise_has_no_findings():
    assert broken_promises(Report(ENTRIES), AGREED, summary(), []) == []


@pytest.mark.parametrize(
    ("entries", "agreement", "proofs", "said"),
    [
        ((*ENTRIES, ReportEntry("asset", "d", "unsettled")), AGREED, [], "neither committed nor refused: d"),
        (ENTRIES, AGREED._replace(missing=2), [], "2 acknowledged transactions"),
        (ENTRIES, AGREED._replace(height=-1), [], "do not hold the same state"),
        (ENTRIES, AGREED._replace(state_roots={"validator-0": "aa", "observer-0": "bb"}), [], "observer-0 bb"),
        (ENTRIES, AGREED._replace(state_roots={}), [], "some gave no answer"),
        ((), AGREED, [], "nothing was committed"),
        (ENTRIES, AGREED, ["the evidence proof was not verified"], "the evidence proof"),
    ],
)
def test_broken_promise_is_named(entries, agreement: Agreement, proofs: list[str], said: str):
    """issue: exit status 0 only if every condition holds."""
    report = Report(entries)

    found = broken_promises(report, agreement, summary(report, agreement), proofs)

    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2), (0.99, 4), (0.25, 1), (1.0, 4)])
def test_percentile_is_a_measured_value(share: float, expected: float):
    assert percentile([4, 1, 3, 2], share) == expected


def test_percentile_of_nothing_is_zero():
    assert percentile([], 0.5) == 0


def test_report_names_each_refusal_and_counts_adaptations():
    lines = Report(ENTRIES).lines()

    assert lines[0].startswith("1 data assets registered, 1 more after adapting, 1 refused; 1 evidence items recorded")
    assert "  adapted    1 x modified" in lines
    assert "  refused c (entry-no-title): the entry has no title" in lines


def test_report_survives_writing_and_reading(tmp_path: Path):
    Report(ENTRIES).write(tmp_path / "report.json")

    assert read_report(tmp_path / "report.json") == Report(ENTRIES)
    assert len((tmp_path / "report.json").read_text().splitlines()) == len(ENTRIES) + 2


def test_own_catalogue_makes_every_package_with_a_readme_an_asset():
    """issue: without --catalog it uses the project's own files as real input."""
    imported = import_catalogue(own_catalogue.build_catalogue(ROOT))

    packages = {readme.parent.relative_to(ROOT).as_posix() for name in own_catalogue.PACKAGES
                for readme in (ROOT / name).rglob("README.md")}
    assert {entry.identifier for entry in imported.entries} == {f"chainnode/{name}" for name in packages}
    assert imported.count("refused") == 0


def test_own_evidence_is_the_source(tmp_path: Path):
    files = own_catalogue.source_files(ROOT)

    assert Path(own_catalogue.__file__) in files
    assert len(files) == len(set(files)) > 50


def test_evidence_is_salted_and_its_sidecar_opens_it(tmp_path: Path):
    file = tmp_path / "price.txt"
    file.write_text("yes")

    [item, absent] = material.evidence_items([file, tmp_path / "absent"], WALLET)
    entry = ReportEntry("evidence", item.name, "recorded", id=item.id, tx_id="ab", height=7)
    material.write_sidecars(tmp_path / "records", [item, absent], Report((entry,)))

    [path] = (tmp_path / "records").iterdir()
    sidecar = read_sidecar(path)
    assert isinstance(item.operation, RecordEvidence)
    assert hash_file(file, salt=bytes.fromhex(sidecar.items[0].salt)).digest == item.operation.digest
    assert (sidecar.tx_id, sidecar.height) == ("ab", 7)
    assert (absent.operation, absent.refusal) == (None, "file-unreadable")


def test_every_entry_of_the_real_catalogue_has_an_outcome():
    """issue: 402 real entries with gaps and nulls: each one registered, adapted or refused, with the reason."""
    content = material.read_catalogue(shared("data", "philadelphia-dcat-us.json"))

    items = material.catalogue_items(content, WALLET.did)

    assert len(items) == 402
    assert all(item.notes for item in items if item.result != "registered")
    ids = [item.id for item in items if item.operation is not None]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("content", "code"), [(b"not json", "catalogue-not-json"), (b"[]", None), (b'{"dataset": 5}', None)]
)
def test_catalogue_that_cannot_be_read_stops_before_anything_is_made(tmp_path: Path, content: bytes, code: str | None):
    """issue: a catalogue that is not JSON gets a clear coded error."""
    (tmp_path / "c.json").write_bytes(content)
    options = Options(1, 0, tmp_path / "c.json", (), kill_one=False)

    if code is not None:
        with pytest.raises(Rejected) as caught:
            Session(tmp_path / "net", options, lambda _: None)
        assert caught.value.code == code
        assert not (tmp_path / "net").exists()
    else:
        try:
            found = material.catalogue_items(content, "")
        except Rejected as error:
            assert error.code.startswith("catalogue-")
        else:
            assert all(item.operation is None for item in found)


def test_identifier_listed_twice_is_refused_by_name():
    """issue: a catalogue that lists the same id twice."""
    content = json.dumps({"dataset": [{"identifier": "x", "title": "X"}, {"identifier": "x", "title": "Y"}]}).encode()

    first, second = material.catalogue_items(content, WALLET.did)

    assert first.operation is not None
    assert (second.name, second.refusal) == ("x", "catalogue-duplicate-id")


@pytest.mark.parametrize(
    ("catalogue", "files", "code"),
    [
        ({"dataset": []}, 1, "nothing-to-register"),
        ({"dataset": [{"identifier": "x"}]}, 1, "nothing-to-register"),
        ({"dataset": [{"identifier": "x", "title": "X"}]}, 0, "nothing-to-record"),
    ],
)
def test_material_that_nothing_can_be_proved_of_is_refused_before_a_node_starts(
    catalogue: dict[str, object], files: int, code: str
):
    items = material.catalogue_items(json.dumps(catalogue).encode(), WALLET.did)

    with pytest.raises(CommandError) as caught:
        material.check_enough(items, [Path("README.md")] * files)

    assert caught.value.code == code


def test_catalogue_that_is_absent_is_named(tmp_path: Path):
    with pytest.raises(CommandError) as caught:
        material.read_catalogue(tmp_path / "absent.json")

    assert caught.value.code == "catalogue-unreadable"


def test_table_row_of_a_node_that_is_down_and_of_one_that_runs():
    node = NodeEntry("validator-0", "validator", "", "", "")
    status = StatusAnswer(
        name="validator-0", role="validator", chain_id="demo", genesis_hash="", height=7, block_hash="", state_root="",
        block_time_ms=0, epoch=0, view=1, phase="", leader="validator-2", syncing=False, halted=None, peers=(),
        pool_transactions=0, pool_bytes=0, view_changes=1, validators=4, quorum=3, committed_transactions=0,
        transactions_per_second=4.25, finality_ms={"p50": 12.4, "p99": None}, uptime_ms=0, version="0",
    )

    assert table_row(node, None, running=False) == ["validator-0", "down", *["-"] * 7]
    assert table_row(node, status, running=True) == [
        "validator-0", "validator", "7", "1", "validator-2", "0", "4.2", "12", "-"
    ]
    halted = msgspec.structs.replace(status, halted="journal-behind-sign-state")
    assert table_row(node, halted, running=True)[1] == "halted"


def test_finality_names_are_those_of_the_interface():
    assert Finality.__struct_fields__ == ("p50", "p99")
    assert REPORT_NAME == "report.json"
