"""``chainnode config``: values, origins, and files that can be used."""

import json
import re
import time
from pathlib import Path

import pytest

from chainnode.cli.failure import Exit
from chainnode.cli.main import main
from chainnode.cli.testnet.creation import Plan, create_network
from chainnode.node.config import SETTINGS
from tests.support.shared import ROOT

DEVNET = str(ROOT / "configs" / "devnet-validator.toml")
EXAMPLES = sorted(set((ROOT / "configs").glob("*.toml")) - {ROOT / "configs" / "relayer.toml"})
"""Of nodes; a relayer's has commands of its own."""


@pytest.fixture
def node(tmp_path: Path) -> Path:
    create_network(tmp_path / "net", Plan("devnet", 1, 0), time_ms=time.time_ns() // 1_000_000)
    return tmp_path / "net" / "validator-0"


def test_show_tells_every_value_with_its_origin(capsys, monkeypatch):
    monkeypatch.setenv("CHAINNODE_STORE_PROOF_HEIGHTS", "7")

    assert main(["config", "show", "--config", DEVNET, "--set", "node.log_level=debug", "--json"]) == Exit.OK

    shown = json.loads(capsys.readouterr().out)
    assert set(shown) == set(SETTINGS)
    assert shown["store.proof_heights"] == {"value": "7", "origin": "environment CHAINNODE_STORE_PROOF_HEIGHTS"}
    assert shown["node.log_level"] == {"value": "debug", "origin": "flag --set node.log_level"}
    assert shown["node.name"]["origin"] == f"file {DEVNET}"


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_show_prints_every_example_in_full(file: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["config", "show", "--config", str(file)]) == Exit.OK

    shown = capsys.readouterr().out
    assert "11111111@" in shown
    assert file.stem != "observer" or "observer.example" in shown


def test_check_passes_a_complete_node(node: Path, capsys):
    assert main(["config", "check", "--config", str(node / "node.toml")]) == Exit.OK
    assert "good" in capsys.readouterr().out


def test_check_names_each_file_that_cannot_be_used(node: Path, capsys):
    (node / "node-cert.pem").unlink()
    (node / "node-key.json").chmod(0o644)

    assert main(["config", "check", "--config", str(node / "node.toml")]) == Exit.USAGE

    told = capsys.readouterr().err
    assert re.search(r"^  tls\.cert_file +there is no file", told, re.MULTILINE)
    assert re.search(r"^  keys\.node_key_file +others may read", told, re.MULTILINE)


def test_assignment_without_a_value_is_a_usage_error(capsys):
    assert main(["config", "show", "--config", DEVNET, "--set", "node.name"]) == Exit.USAGE
    assert "SECTION.KEY=VALUE" in capsys.readouterr().err


def test_data_directory_is_made_once(node: Path, capsys):
    words = ["init", "--config", str(node / "node.toml"), "--set", f"node.data_dir={node / 'other'}"]

    assert main(words) == Exit.OK
    assert main(words) == Exit.ENVIRONMENT
    assert "data-exists" in capsys.readouterr().err


def test_genesis_that_is_missing_or_none_is_named(node: Path, capsys):
    words = ["init", "--config", str(node / "node.toml"), "--set", f"node.data_dir={node / 'other'}", "--set"]

    assert main([*words, "node.genesis_file=/nowhere"]) == Exit.USAGE
    assert "/nowhere" in capsys.readouterr().err
    assert main([*words, f"node.genesis_file={node / 'node.toml'}"]) == Exit.USAGE
    assert f"{node / 'node.toml'} is no genesis document" in capsys.readouterr().err
    assert not (node / "other").exists()
