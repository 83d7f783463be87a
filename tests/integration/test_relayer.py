"""A relayer between two real chains: what it carries, what others carried before it, and why something stays."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from chainnode.cli.demo.side import CLIENT_ID, RELAYER, Side
from chainnode.cli.testnet.manifest import identity_path
from chainnode.crypto.ed25519 import SigningKey
from chainnode.node.key_file import read_key
from chainnode.relayer.chain import Chain, open_chain
from chainnode.relayer.config import EndSection, PathSection
from chainnode.relayer.doctor import diagnose, diagnose_lane
from chainnode.relayer.lane import Lane
from chainnode.relayer.metrics import LaneCount
from chainnode.relayer.report import report_lane
from chainnode.relayer.service import lanes_of
from chainnode.sdk.client import Client
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.relay.ports.operations import AnnounceAsset
from tests.support.shared import ROOT

pytestmark = pytest.mark.processes
ASSETS = 12
PATH = PathSection(
    first=EndSection(chain="origin", client=CLIENT_ID), second=EndSection(chain="abroad", client=CLIENT_ID)
)


class Pair:
    """Two chains of one validator each that follow each other, and as many relayers as a test wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.origin = Side(folder / "origin", "origin", 1)
        self.abroad = Side(folder / "abroad", "abroad", 1)
        self.opened: list[Chain] = []

    async def start(self) -> None:
        for side in (self.origin, self.abroad):
            side.supervisor.start_all()
        await asyncio.gather(self.origin.supervisor.wait_ready(), self.abroad.supervisor.wait_ready())
        await asyncio.gather(self.origin.follow(self.abroad), self.abroad.follow(self.origin))
        registered = [RegisterAsset(f"a-{n}", AssetDescription("dataset", f"Plan {n}")) for n in range(ASSETS)]
        await self.origin.apply(self.origin.exchange, registered)

    async def close(self) -> None:
        for chain in self.opened:
            await chain.client.close()
        await self.origin.close()
        await self.abroad.close()

    def chain(
        self, side: Side, *, key: SigningKey | None = None, nodes: tuple[str, ...] = (), genesis: str = ""
    ) -> Chain:
        """A chain as a relayer opens it, with one thing changed."""
        found = open_chain(
            side.chain_id,
            side.chain_id,
            genesis or side.manifest.genesis_hash,
            nodes or tuple(node.api for node in side.manifest.nodes),
            key or read_key(identity_path(side.folder, RELAYER)),
        )
        self.opened.append(found)
        return found

    def relayer(self, **changes: Chain) -> tuple[Lane, Lane]:
        """Both lanes of a relayer of its own: what is hosted by the origin, and what is hosted abroad."""
        return lanes_of(PATH, {"origin": self.chain(self.origin), "abroad": self.chain(self.abroad)} | changes)

    async def announce(self, *numbers: int, seconds: int = 600) -> None:
        did, until_s = self.origin.exchange.did, int(time.time()) + seconds
        told = [AnnounceAsset(CLIENT_ID, asset_id_of(did, f"a-{number}"), until_s) for number in numbers]
        await self.origin.apply(self.origin.exchange, told)

    async def settle(self, *lanes: Lane, seconds: float = 30) -> None:
        """Rounds of all lanes at once until nothing is under way."""
        deadline = time.monotonic() + seconds
        while await self.origin.under_way() or await self.abroad.under_way():
            assert time.monotonic() < deadline, "not settled in time"
            await asyncio.gather(*(lane.round() for lane in lanes))
            await asyncio.sleep(0.05)

    def config(self) -> Path:
        lines = ["[relayer]"]
        for side in (self.origin, self.abroad):
            lines += [
                f"[chains.{side.chain_id}]",
                f'chain_id = "{side.chain_id}"',
                f'genesis_hash = "{side.manifest.genesis_hash}"',
                f"nodes = {json.dumps([node.api for node in side.manifest.nodes])}",
                f'key_file = "{side.chain_id}/identities/{RELAYER}.json"',
            ]
        ends = "".join(f'{end} = {{ chain = "{name}", client = "{CLIENT_ID}" }}\n'
                       for end, name in (("first", "origin"), ("second", "abroad")))
        file = self.folder / "relayer.toml"
        file.write_text("\n".join([*lines, "[[paths]]", ends]))
        return file


@pytest.fixture
async def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = Pair(tmp_path)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(found.close)
        await found.start()
        yield found


async def received(pair: Pair) -> list[int]:
    return [int(event.attributes["sequence"]) async for event in pair.abroad.events("relay.packet_received")]


async def test_relayers_carry_prove_absence_and_say_why(pair: Pair) -> None:
    """One pair of chains for all of it: processes are slow to start."""
    back, there = pair.relayer()
    await _waits_until_delivered(pair, there, back)
    await _two_relayers_do_no_harm(pair, there, back)
    await _late_packet_is_proved_absent(pair, there, back)
    await _doctor_names_what_is_in_the_way(pair)
    await asyncio.to_thread(_commands_tell_and_clear, pair)
    assert not await pair.origin.under_way()


async def _waits_until_delivered(pair: Pair, there: Lane, back: Lane) -> None:
    assert [one.code for one in await diagnose_lane(there)] == ["ok"] * 3
    assert (await diagnose(there, 1))[-1].code == "relay-packet-unknown"
    await pair.announce(0)
    last = (await diagnose(there, 1))[-1]
    assert last.code in ("not-delivered", "no-header"), last
    assert (await report_lane(there)).incoming == 1
    await pair.settle(there, back)
    assert await received(pair) == [1]
    assert (await diagnose(there, 1))[-1].code == "settled"
    assert there.count.carried["receive"] == 1
    assert back.count.carried["acknowledge"] == 1
    assert there.count.pending <= 1
    # Nothing is due: a round asks and submits nothing.
    assert not await there.round()


async def _two_relayers_do_no_harm(pair: Pair, there: Lane, back: Lane) -> None:
    """Two relayers at once: each packet once, and neither stops."""
    other_back, other_there = pair.relayer()
    await pair.announce(*range(1, 9))
    await pair.settle(there, other_there, back, other_back)
    assert sorted(await received(pair)) == list(range(1, 10))
    carried = there.count.carried["receive"] + other_there.count.carried["receive"]
    assert carried == 9
    assert not there.count.failures
    assert not other_there.count.failures


async def _late_packet_is_proved_absent(pair: Pair, there: Lane, back: Lane) -> None:
    await pair.announce(9, seconds=3)
    await asyncio.sleep(4)
    codes = [one.code for one in await diagnose(there, 10)]
    assert "relay-packet-late" in codes, codes
    await pair.settle(there, back)
    assert 10 not in await received(pair)
    assert back.count.carried["time-out"] == 1
    assert (await diagnose(there, 10))[-1].text.startswith("it was not received in time")


async def _doctor_names_what_is_in_the_way(pair: Pair) -> None:
    """In words, with what to do."""
    stranger = pair.chain(pair.abroad, key=SigningKey(b"s" * 32))
    cases = {
        "identity-unknown": pair.relayer(abroad=stranger)[1],
        "chain-differs": pair.relayer(abroad=pair.chain(pair.abroad, genesis="00" * 32))[1],
        "relay-client-unknown": Lane(
            pair.chain(pair.abroad), "chainnode-9", pair.chain(pair.origin), CLIENT_ID, LaneCount()
        ),
        "relay-counterparty-differs": Lane(
            pair.chain(pair.abroad), CLIENT_ID, pair.chain(pair.origin), "chainnode-9", LaneCount()
        ),
        "relay-client-differs": Lane(
            pair.chain(pair.abroad), CLIENT_ID, pair.chain(pair.abroad), CLIENT_ID, LaneCount()
        ),
    }
    for code, lane in cases.items():
        last = (await diagnose_lane(lane))[-1]
        assert last.code == code
        assert last.next, code
        assert (await report_lane(lane)).code == ("ok" if code == "identity-unknown" else code)


def _commands_tell_and_clear(pair: Pair) -> None:
    """status, clear and doctor over a file, as an operator runs them."""
    config = pair.config()
    asyncio.run(_announce_anew(pair, 10))
    assert [one["incoming"] for one in _command("status", str(config))] == [0, 1]
    asked = ["doctor", str(config), "origin", CLIENT_ID, "11"]
    assert _command(*asked, status=1)[f"origin/{CLIENT_ID}/11"][-1]["code"] in ("not-delivered", "no-header")
    assert _command("clear", str(config))[f"abroad/{CLIENT_ID}"]["receive"] == 1
    assert _command(*asked)[f"origin/{CLIENT_ID}/11"][-1]["code"] == "settled"


async def _announce_anew(pair: Pair, number: int) -> None:
    """With a client of this loop."""
    side = pair.origin
    async with Client([node.api for node in side.manifest.nodes]) as client:
        did = side.exchange.did
        told = AnnounceAsset(CLIENT_ID, asset_id_of(did, f"a-{number}"), int(time.time()) + 600)
        done = await side.exchange.submit(client, [told])
        assert done.applied


def _command(*words: str, status: int = 0):
    done = subprocess.run(
        [sys.executable, "-m", "chainnode.cli.main", "relay", *words, "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )
    assert done.returncode == status, done.stderr
    return msgspec.json.decode(done.stdout.splitlines()[-1])
