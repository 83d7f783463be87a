"""``chainnode gov`` and ``testnet add-node`` against real processes: a network grows by commands alone."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chainnode.cli.failure import Exit
from chainnode.cli.main import main
from chainnode.cli.testnet.manifest import config_path, identity_path, read_manifest

pytestmark = pytest.mark.processes

Ask = Callable[..., Any]
CHAINNODE = [sys.executable, "-m", "chainnode.cli.main"]


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One validator, found by commands as the network that runs here."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    for name in ("CHAINNODE_NODE", "CHAINNODE_WALLET"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "net"
    try:
        assert main(["testnet", "init", str(folder), "--validators", "1", "--observers", "0"]) == Exit.OK
        _up(folder)
        yield folder
    finally:
        assert main(["testnet", "down", str(folder)]) == Exit.OK


def _up(folder: Path, *options: str) -> None:
    """As a command of its own: the nodes are to outlive whoever started them."""
    subprocess.run([*CHAINNODE, "testnet", "up", str(folder), *options], check=True, capture_output=True, timeout=90)


def test_network_grows_by_commands_alone(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """add-node, admit-node, up, join-proof, add-validator; then what is refused, by code."""

    def ask(*words: object, status: Exit = Exit.OK) -> Any:
        capsys.readouterr()
        found = main([*map(str, words), "--json"])
        shown = capsys.readouterr()
        assert found == status, shown.err
        return json.loads(shown.out) if status is Exit.OK else json.loads(shown.err)["error"]

    made = ask("testnet", "add-node", network, "newcomer")
    assert ask("testnet", "add-node", network, "newcomer", status=Exit.ENVIRONMENT)["code"] == "node-exists"
    admit = ("gov", "admit-node", "newcomer", made["did"], made["node_key"])
    assert ask(*admit)["code"] == "ok"
    assert ask(*admit, status=Exit.FAILED)["code"] == "node-known"
    _up(network, "--only", "newcomer")
    config = config_path(network, "newcomer")
    join = network / "join.json"
    end = time.monotonic() + 30
    while "height" not in _status(made["api"], ask) or _status(made["api"], ask)["height"] < 1:
        assert time.monotonic() < end
        time.sleep(0.1)
    proof = ask("gov", "join-proof", "--config", config, "--did", made["did"], "--out", join)
    assert (proof["operation"], proof["entry"]["name"]) == ("governance.add_validator", "newcomer")
    operator = identity_path(network, "operator-0")
    assert ask("gov", "add-validator", join, "--signer", operator)["code"] == "ok"
    assert ask("gov", "add-validator", join, status=Exit.FAILED)["code"] == "validator-known"
    assert ask("gov", "cancel-change")["code"] == "ok"
    assert ask("gov", "readmit", "validator-0", status=Exit.FAILED)["code"] == "leader-not-suspended"
    assert ask("gov", "remove-validator", "validator-0", status=Exit.FAILED)["code"] == "validator-last"
    assert ask("gov", "replace-validator", "validator-0", join)["code"] == "ok"
    exchange = ("--signer", identity_path(network, "harbour-exchange"))
    assert ask("gov", "cancel-change", *exchange, status=Exit.FAILED)["code"] == "key-not-of-sender"
    assert ask("gov", "dismiss-node", made["node_key"], status=Exit.FAILED)["code"] == "node-joins"


def test_consortium_votes_and_regulator_orders_by_commands_alone(
    network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Gov simulate, propose, vote, proposals; issue-order and lift-order by the regulator."""

    def ask(*words: object, status: Exit = Exit.OK) -> Any:
        capsys.readouterr()
        found = main([*map(str, words), "--json"])
        shown = capsys.readouterr()
        assert found == status, shown.err
        return json.loads(shown.out) if status is Exit.OK else json.loads(shown.err)["error"]

    did = next(one.did for one in read_manifest(network).identities if one.name == "orchard-buyer")
    grant = ask("gov", "grant-role", did, "auditor", "--dry-run")
    change = network / "change.json"
    change.write_text(json.dumps([grant]))
    trial = ask("gov", "simulate", "--operation", f"@{change}")
    assert (trial["code"], trial["tally"][0]["needed"]) == ("ok", 1)
    reasons = network / "reasons.txt"
    reasons.write_text("because")
    made = ("gov", "propose", "An auditor", "--operation", f"@{change}", "--voting", "90s", "--document", reasons)
    assert ask(*made)["code"] == "ok"
    assert ask("gov", "simulate", "1")["code"] == "ok"
    assert ask("gov", "vote", "1", "approve", "--wallet", "orchard-buyer", status=Exit.FAILED)["code"] == (
        "vote-not-elector"
    )
    assert ask("gov", "vote", "1", "approve")["code"] == "ok"
    end = time.monotonic() + 30
    while ask("gov", "proposals", "1")["status"] != "ENACTED":
        assert time.monotonic() < end
        time.sleep(0.1)
    regulator = ("--wallet", "lighthouse-regulator")
    order = ("gov", "issue-order", "identity", "s. 24", "ab" * 32, "--identity", did)
    refused = ask(*order, "--wallet", "orchard-buyer", status=Exit.FAILED)
    assert refused["code"] == "role-missing"
    issued = ask("gov", "issue-order", "identity", "s. 24", "ab" * 32, "--identity", did, *regulator)
    assert ask("gov", "lift-order", issued["order"], "--reason", "unfounded", "--document-hash", "cd" * 32, *regulator)[
        "code"
    ] == "ok"


def _status(api: str, ask: Ask) -> dict[str, Any]:
    found: dict[str, Any] = ask("query", "status", "--node", api)
    return found
