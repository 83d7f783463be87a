"""The business day of the command line's README, typed as it stands there, against a running node."""

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chainnode.cli.failure import Exit
from chainnode.cli.main import main
from chainnode.cli.testnet.manifest import Manifest, read_manifest
from tests.rules.commands import blocks
from tests.support.shared import ROOT

pytestmark = pytest.mark.processes

NAME = "test_business_day_of_the_readme_runs_command_by_command"
IDS = (
    *("asset_id", "board_id", "listing_id", "trade_id", "evidence_id"),
    *("certificate", "right_id", "new_asset_id", "dispute_id", "order"),
)
"""What commands print, and the README has in capitals."""
WORDS = re.compile(rf"\b(?:{'|'.join([*map(str.upper, IDS), 'HASH', 'DID'])})\b")
DOCUMENTS = ("agreement.txt", "harvest.csv", "statement.txt", "claim.txt", "answer.txt", "order.txt", "decision.txt")


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manifest]:
    """One validator, found as the network that runs here; the documents of the day beside it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    for name in ("CHAINNODE_NODE", "CHAINNODE_WALLET"):
        monkeypatch.delenv(name, raising=False)
    description = {"kind": "dataset", "name": "Harvest by field"}
    (tmp_path / "harvest.json").write_text(json.dumps({"identifier": "harvest", "description": description}))
    (tmp_path / "ruling.json").write_text(json.dumps({"outcome": "rejected", "digest": "ab" * 32}))
    for name in DOCUMENTS:
        (tmp_path / name).write_text(f"what {name} says\n")
    try:
        assert main(["testnet", "init", "net", "--validators", "1", "--observers", "0"]) == Exit.OK
        # As a command of its own: the node is to outlive whoever started it.
        up = [sys.executable, "-m", "chainnode.cli.main", "testnet", "up", "net"]
        subprocess.run(up, check=True, capture_output=True, timeout=90)
        yield read_manifest(tmp_path / "net")
    finally:
        assert main(["testnet", "down", "net"]) == Exit.OK


def day() -> list[str]:
    """The README's commands, both blocks."""
    readme = ROOT / "chainnode" / "cli" / "README.md"
    return [command for block in blocks(readme) if block.test.endswith(f"::{NAME}") for command in block.commands]


def test_business_day_of_the_readme_runs_command_by_command(
    network: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    """issue: an exchange can run its whole business day on it, and a regulator can follow every step."""
    notary = next(entry.did for entry in network.identities if entry.name == "civic-notary")
    known = {"HASH": network.genesis_hash, "DID": notary}
    told: dict[str, Any] = {}

    def replaced(word: re.Match[str]) -> str:
        return known[word[0]]

    for line in day():
        text = WORDS.sub(replaced, line)
        capsys.readouterr()
        if text.startswith("chainnode gov proposals"):
            # Enacted with the next block, which is up to five batch waits away: no person types so fast.
            time.sleep(0.5)
        status = main([*shlex.split(text)[1:], "--json"])
        shown = capsys.readouterr()
        assert status == Exit.OK, f"{text}\n{shown.err}"
        result = json.loads(shown.out)
        first = result[0] if isinstance(result, list) and result else result
        if text.startswith("chainnode asset id "):
            first = {"new_asset_id": first["asset_id"]}
        known.update({name.upper(): str(first[name]) for name in IDS if name in first})
        told[" ".join(shlex.split(text)[1:3])] = result

    assert told["right show"]["in_force"]
    assert told["market certify"]["certificate"]
    assert [(figure["count"], figure["volume"]) for figure in told["market statistics"]] == [(1, 120_000)]
    assert told["verify trade.proof"]["record"]["trade_id"] == known["TRADE_ID"]
    assert told["query records"]["items"][0]["status"] == "LIFTED"
    assert told["gov proposals"]["status"] == "ENACTED"
