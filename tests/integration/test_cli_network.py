"""The client commands against a real node that ``testnet up`` started."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chainnode.cli.failure import Exit
from chainnode.cli.main import main
from chainnode.cli.testnet.manifest import config_path, identity_path, read_manifest
from chainnode.cli.testnet.network import recorded

pytestmark = pytest.mark.processes

Ask = Callable[..., Any]
CHAINNODE = [sys.executable, "-m", "chainnode.cli.main"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One validator with its API, found by commands as the network that runs here."""
    top = tmp_path_factory.mktemp("cli")
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_STATE_HOME", str(top / "state"))
    patch.chdir(top)
    for name in ("CHAINNODE_NODE", "CHAINNODE_WALLET"):
        patch.delenv(name, raising=False)
    network = top / "net"
    try:
        assert main(["testnet", "init", str(network), "--validators", "1", "--observers", "0"]) == Exit.OK
        # As a command of its own: the nodes are to outlive whoever started them. The folder as a person names it.
        subprocess.run([*CHAINNODE, "testnet", "up", network.name], check=True, capture_output=True, timeout=90)
        yield network
    finally:
        assert main(["testnet", "down", str(network)]) == Exit.OK
        assert recorded(network, "validator-0") is None
        patch.undo()


@pytest.fixture
def ask(folder: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run a command with ``--json``; its result, or its failure's object when another status is expected."""
    capsys.readouterr()

    def run(*words: object, status: Exit = Exit.OK) -> Any:
        found = main([*map(str, words), "--json"])
        shown = capsys.readouterr()
        assert found == status, shown.err
        return json.loads(shown.out) if status is Exit.OK else json.loads(shown.err)["error"]

    return run


def registration(folder: Path, identifier: str) -> Path:
    path = folder.parent / f"{identifier}.json"
    path.write_text(json.dumps({"identifier": identifier, "description": {"kind": "dataset", "name": "A data set"}}))
    return path


def test_status_shows_the_node_and_the_identities(folder: Path, ask: Ask):
    found = ask("testnet", "status")

    assert found["folder"] == str(folder)
    assert [(node["name"], node["running"]) for node in found["nodes"]] == [("validator-0", True)]
    assert "harbour-exchange" in [identity["name"] for identity in found["identities"]]
    assert ask("query", "status")["genesis_hash"] == found["genesis_hash"]


def test_asset_is_registered_shown_proved_and_refused_the_second_time(folder: Path, ask: Ask):
    file = registration(folder, "first")

    done = ask("asset", "register", file)
    again = ask("tx", "submit", operations(folder, "first"), status=Exit.FAILED)

    assert (done["outcome"], done["code"]) == ("committed", "ok")
    assert ask("asset", "show", done["asset_id"])["identifier"] == "first"
    assert again["code"] == "asset-exists"
    events = ask("query", "events", "asset.registered", "identifier", "first")["items"]
    asset_id = events[0]["attributes"]["asset_id"]
    assert ask("asset", "show", asset_id)["identifier"] == "first"
    ask("prove", "asset", asset_id, "-o", folder.parent / "asset.proof")
    shown = ask("verify", folder.parent / "asset.proof", "--genesis", read_manifest(folder).genesis_hash)
    assert shown["record"]["asset_id"] == asset_id


def operations(folder: Path, identifier: str) -> Path:
    path = folder.parent / f"{identifier}-operations.json"
    document = json.loads(registration(folder, identifier).read_text())
    path.write_text(json.dumps([{"operation": "asset.register", **document}]))
    return path


def test_saved_bytes_are_one_transaction_however_often_submitted(folder: Path, ask: Ask):
    """ledger.md: submission is idempotent."""
    saved = folder.parent / "envelope.bin"

    first = ask("tx", "submit", operations(folder, "saved"), "--save", saved, "--wallet", "harbour-exchange")
    second = ask("tx", "submit", saved)

    assert second["tx_id"] == first["tx_id"]
    assert second["height"] == first["height"]
    assert ask("tx", "show", first["tx_id"])["receipt"]["code"] == "ok"
    assert ask("tx", "wait", first["tx_id"])["state"] == "committed"
    assert ask("query", "receipt", first["tx_id"])["height"] == first["height"]
    ask("prove", "transaction", first["tx_id"], "-o", folder.parent / "tx.json", "--format", "json")
    shown = ask("verify", folder.parent / "tx.json", "--genesis", read_manifest(folder).genesis_hash)
    assert shown["tx_id"] == first["tx_id"]


def test_catalogue_is_imported_entry_by_entry(folder: Path, ask: Ask, capsys: pytest.CaptureFixture[str]):
    """issue: a catalogue that lists the same id twice: that entry is refused by name, the others are registered."""
    catalogue = folder.parent / "catalogue.json"
    entries = [{"identifier": name, "title": name.upper(), "modified": None} for name in ("one", "two", "one")]
    catalogue.write_text(json.dumps({"dataset": entries}))

    report = folder.parent / "report.jsonl"

    assert main(["asset", "import", str(catalogue), "--json", "--report", str(report)]) == Exit.FAILED
    found = json.loads(capsys.readouterr().out)

    assert (found["adapted"] + found["registered"], found["refused"]) == (2, 1)
    assert found["entries"][2]["code"] == "catalogue-duplicate-id"
    assert len(report.read_text().splitlines()) == 3


def test_catalogue_is_judged_without_a_node_when_asked(tmp_path: Path, ask: Ask):
    catalogue = tmp_path / "catalogue.json"
    catalogue.write_text('{"dataset": [{"identifier": "a", "title": "A"}]}')

    assert ask("asset", "import", catalogue, "--dry-run", "--node", "http://127.0.0.1:1")["refused"] == 0
    catalogue.write_text("{")
    assert ask("asset", "import", catalogue, status=Exit.FAILED)["code"] == "catalogue-not-json"


@pytest.mark.parametrize("words", [[], ["--batch"], ["--no-salt"]], ids=["salted", "batch", "bare"])
def test_evidence_of_a_file_says_yes_until_the_file_changes(folder: Path, ask: Ask, words: list[str]):
    """contracts.md: anyone verifies: drop the file, get yes or no."""
    files = [folder.parent / f"report-{'-'.join(words)}-{number}.txt" for number in range(2)]
    for file in files:
        file.write_text(f"{file.name} says something")
    genesis = read_manifest(folder).genesis_hash

    results = ask("evidence", "add", *files, *words, "--wallet", "civic-notary")
    saved = folder.parent / "saved.proof"
    shown = ask("evidence", "verify", files[1], "--save", saved)

    assert [result["outcome"] for result in results] == ["recorded", "recorded"]
    assert shown["recorded"] is True
    assert shown["evidence_id"] == results[1]["evidence_id"]
    assert ask("evidence", "show", results[1]["evidence_id"])["status"] == "ACTIVE"
    private = [] if "--no-salt" in words else ["--record", results[1]["record"]]
    again = ask("evidence", "verify", files[1], "--proof", saved, "--genesis", genesis, *private)
    assert again["time"] == shown["time"]
    if "--batch" not in words:
        proof = folder.parent / "file.proof"
        ask("prove", "evidence", results[1]["evidence_id"], "-o", proof)
        offline = ["--proof", proof, "--genesis", genesis, "--record", results[1]["record"]]
        assert ask("evidence", "verify", files[1], *offline)["time"] == shown["time"]
        assert ask("evidence", "show", "--digest", results[1]["digest"])[0]["evidence_id"] == shown["evidence_id"]
    files[1].write_text("changed")
    assert ask("evidence", "verify", files[1], status=Exit.NOT_FOUND)["code"] == "evidence-not-found"
    named = ask("evidence", "verify", files[1], "--record", results[1]["record"], status=Exit.FAILED)
    assert named["code"] == "file-digest"


def test_ledger_is_read_by_height_hash_key_and_name(folder: Path, ask: Ask):
    latest = ask("query", "block")
    identity = read_manifest(folder).identities[0]

    assert ask("query", "block", latest["block_hash"])["height"] == latest["height"]
    assert ask("query", "block", 0)["certificate"] == ""
    assert ask("query", "state", "governance/parameters")["document"]["type"] == "ChainParameters"
    assert ask("query", "identity", identity.did)["did"] == identity.did
    assert [who["name"] for who in ask("query", "validators")["validators"]] == ["validator-0"]
    ask("prove", "state", "governance/no-such-key", "-o", folder.parent / "absent.proof")
    shown = ask("verify", folder.parent / "absent.proof", "--genesis", read_manifest(folder).genesis_hash)
    assert (shown["kind"], shown["value"]) == ("state-absent", None)


def test_nodes_named_in_the_environment_are_asked_in_turn(folder: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch):
    node = read_manifest(folder).nodes[0].api
    monkeypatch.setenv("CHAINNODE_NODE", f"http://127.0.0.1:1 {node}")

    assert ask("query", "status")["name"] == "validator-0"


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["query", "block", "999999"], Exit.NOT_FOUND, "block-not-found"),
        (["query", "state", "no/such"], Exit.NOT_FOUND, "state-not-found"),
        (["tx", "show", "00" * 32], Exit.NOT_FOUND, "transaction-not-found"),
        (["tx", "wait", "00" * 32, "--timeout", "0.3"], Exit.NO_ANSWER, "not-yet-committed"),
        (["tx", "show", "xyz"], Exit.USAGE, "id-form"),
        (["query", "block", "0xfeed"], Exit.USAGE, "id-form"),
        (["query", "state", "0xzz"], Exit.USAGE, "state-key-form"),
        (["query", "status", "--node", "ftp://x"], Exit.USAGE, "node-url"),
        (["prove", "evidence", "-o", "x"], Exit.USAGE, "usage"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_question_without_an_answer_is_told_by_code(ask: Ask, words: list[str], status: Exit, code: str):
    assert ask(*words, status=status)["code"] == code


def test_whoever_may_not_register_is_told_which_role_is_missing(folder: Path, ask: Ask):
    refused = ask("asset", "register", registration(folder, "mine"), "--wallet", "orchard-buyer", status=Exit.FAILED)

    assert refused["code"] == "role-missing"


def test_wallet_that_is_unknown_is_told(folder: Path, ask: Ask):
    file = registration(folder, "mine")

    assert ask("asset", "register", file, "--wallet", "nobody", status=Exit.USAGE)["code"] == "wallet-unknown"
    node = read_manifest(folder).nodes[0].api
    assert ask("asset", "register", file, "--node", node, status=Exit.USAGE)["code"] == "wallet-needed"
    key = identity_path(folder, "harbour-exchange")
    assert ask("asset", "register", file, "--node", node, "--wallet", key)["code"] == "ok"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('{"operation": "asset.steal"}', "unknown-operation"),
        ('{"operation": "asset.register"}', "operation-malformed"),
        ("[]", "operations-form"),
        ("[" * 100_000, "operations-form"),
        ("hello", "operations-form"),
    ],
)
def test_file_without_operations_is_refused_before_anything_is_sent(folder: Path, ask: Ask, content: str, code: str):
    file = folder.parent / "bad.json"
    file.write_text(content)
    status = Exit.USAGE if code == "operations-form" else Exit.FAILED

    assert ask("tx", "submit", file, status=status)["code"] == code


def start(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [*CHAINNODE, "--json", "start", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def test_second_node_on_one_data_directory_is_refused(folder: Path):
    done = start("--config", str(config_path(folder, "validator-0")))

    assert done.returncode == Exit.ENVIRONMENT
    assert json.loads(done.stderr.splitlines()[-1])["error"]["code"] == "data-in-use"


def test_start_never_makes_a_data_directory(folder: Path, tmp_path: Path):
    config = str(config_path(folder, "validator-0"))
    done = start("--config", config, "--set", f"node.data_dir={tmp_path / 'absent'}")

    failure = json.loads(done.stderr.splitlines()[-1])["error"]
    assert (done.returncode, failure["code"]) == (Exit.ENVIRONMENT, "data-missing")
    assert "chainnode init" in failure["next"]
    assert list(tmp_path.iterdir()) == []


def test_port_in_use_is_named_at_the_start(folder: Path, tmp_path: Path):
    """issue: ports taken get a clear coded error."""
    config, data = str(config_path(folder, "validator-0")), f"node.data_dir={tmp_path / 'data'}"
    assert main(["init", "--config", config, "--set", data]) == Exit.OK

    done = start("--config", config, "--set", data)

    assert done.returncode == Exit.ENVIRONMENT
    assert json.loads(done.stderr.splitlines()[-1])["error"]["code"] == "port-taken"


def test_data_directory_of_another_chain_is_refused(folder: Path, tmp_path: Path):
    """issue: a data directory of another chain."""
    small = ["--validators", "1", "--observers", "0"]
    assert main(["testnet", "init", str(tmp_path / "other"), *small]) == Exit.OK
    other = config_path(tmp_path / "other", "validator-0")

    done = start("--config", str(other), "--set", f"node.genesis_file={folder / 'genesis.bin'}")

    assert done.returncode == Exit.ENVIRONMENT
    assert json.loads(done.stderr.splitlines()[-1])["error"]["code"] == "data-of-other-chain"
