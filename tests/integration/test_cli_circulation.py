"""A product that circulates on two chains, typed as the command line's README has it, against two running networks."""

import asyncio
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chainnode.cli.demo.side import RELAYER, Side
from chainnode.cli.failure import Exit
from chainnode.cli.main import main
from chainnode.cli.testnet.manifest import identity_path
from tests.rules.commands import blocks
from tests.support.shared import ROOT

pytestmark = pytest.mark.processes

NAME = "test_product_circulates_by_the_commands_of_the_readme"
IDS = ("asset_id", "board_id", "listing_id", "order_id")
WORDS = re.compile(rf"\b(?:{'|'.join([*map(str.upper, IDS), 'NORTH', 'SOUTH'])})\b")


@pytest.fixture
def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Side, Side]]:
    """Two networks of one validator each that follow each other, and the files that the commands name."""
    monkeypatch.chdir(tmp_path)
    for name in ("CHAINNODE_NODE", "CHAINNODE_WALLET"):
        monkeypatch.delenv(name, raising=False)
    description = {"kind": "dataset", "name": "Berth plan"}
    (tmp_path / "berths.json").write_text(json.dumps({"identifier": "berths", "description": description}))
    (tmp_path / "agreement.txt").write_text("what was agreed\n")
    found = Side(tmp_path / "north", "north", 1), Side(tmp_path / "south", "south", 1)
    try:
        asyncio.run(_connected(*found))
        (tmp_path / "relayer.toml").write_text("\n".join(_configuration(*found)))
        yield found
    finally:
        for side in found:
            side.supervisor.stop_all()


async def _connected(north: Side, south: Side) -> None:
    for side in (north, south):
        side.supervisor.start_all()
    await asyncio.gather(north.supervisor.wait_ready(), south.supervisor.wait_ready())
    for side in (north, south):
        await side.client.close()


def _configuration(*sides: Side) -> Iterator[str]:
    """What a relayer between the two is told."""
    yield from ("[relayer]", 'name = "by-hand"')
    for side in sides:
        yield f"[chains.{side.chain_id}]"
        yield f'chain_id = "{side.chain_id}"'
        yield f'genesis_hash = "{side.manifest.genesis_hash}"'
        yield f"nodes = {json.dumps([node.api for node in side.manifest.nodes])}"
        yield f"key_file = {json.dumps(str(identity_path(side.folder, RELAYER)))}"
    yield "[[paths]]"
    for name, side in zip(("first", "second"), sides, strict=True):
        yield f'{name} = {{ chain = "{side.chain_id}", client = "chainnode-1" }}'


def commands() -> list[str]:
    """The README's."""
    readme = ROOT / "chainnode" / "cli" / "README.md"
    return [command for block in blocks(readme) if block.test.endswith(f"::{NAME}") for command in block.commands]


def test_product_circulates_by_the_commands_of_the_readme(
    sides: tuple[Side, Side], capsys: pytest.CaptureFixture[str]
) -> None:
    """issue: listed once, circulating on every chain."""
    known = {name.upper(): side.manifest.nodes[0].api for name, side in zip(("north", "south"), sides, strict=True)}
    told: dict[str, Any] = {}

    def replaced(word: re.Match[str]) -> str:
        return known[word[0]]

    for line in commands():
        text = WORDS.sub(replaced, line)
        capsys.readouterr()
        status = main([*shlex.split(text)[1:], "--json"])
        shown = capsys.readouterr()
        assert status == Exit.OK, f"{text}\n{shown.err}"
        result = json.loads(shown.out)
        first = result[0] if isinstance(result, list) and result else result
        known.update({name.upper(): str(first[name]) for name in IDS if name in first})
        told[" ".join(shlex.split(text)[1:4])] = result

    (mirror,) = told["query records mirrored-listings"]["items"]
    assert (mirror["chain_id"], mirror["listing"]["price"]) == ("north", 120_000)
    assert mirror["origin_height"] < mirror["proof_height"]
    (order,) = told["query records relay-orders"]["items"]
    assert (order["order_id"], order["chain_id"]) == (known["ORDER_ID"], "north")
