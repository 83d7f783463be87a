"""Failures of one lane are its own."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from chainnode.cli.testnet.port import free_ports
from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import ConfigError, Rejected
from chainnode.relayer import service
from chainnode.relayer.chain import open_chain
from chainnode.relayer.config import load_relayer_config
from chainnode.relayer.lane import Lane
from chainnode.relayer.metrics import LaneCount
from chainnode.sdk.errors import Unavailable
from chainnode.sdk.keystore import write_development_key
from tests.support.network import until
from tests.support.shared import ROOT

NOBODY = ("http://127.0.0.1:9",)


class Scripted(Lane):
    """A lane whose rounds come from a list, then idle."""

    def __init__(self, *rounds: bool | Exception) -> None:
        chain = open_chain("a", "a", "00" * 32, NOBODY, SigningKey(b"k" * 32))
        super().__init__(chain, "chainnode-1", chain, "chainnode-1", LaneCount())
        self.rounds = list(rounds)
        self.done = 0

    async def round(self) -> bool:
        self.done += 1
        found = self.rounds.pop(0) if self.rounds else False
        if isinstance(found, Exception):
            raise found
        return found


async def test_failing_lane_waits_while_the_other_works() -> None:
    """Errors of one path never stop another, and each is counted by its code."""
    broken = Scripted(*[Rejected("relay-client-frozen", "frozen")] * 100)
    well = Scripted(True, True)
    tasks = [asyncio.create_task(service.serve(lane, 20)) for lane in (broken, well)]
    try:
        await until(lambda: well.done >= 6)
        assert broken.count.failures["relay-client-frozen"] == broken.done
        assert broken.done < well.done
        assert (broken.count.last_ok_ms, bool(well.count.last_ok_ms)) == (0, True)
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_lane_goes_on_after_its_failure() -> None:
    """A node that comes back is found."""
    lane = Scripted(Unavailable("unreachable", "nobody"), True)
    task = asyncio.create_task(service.serve(lane, 20))
    try:
        await until(lambda: lane.count.last_ok_ms > 0)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert lane.count.failures == {"unreachable": 1}


async def test_fault_of_the_program_is_not_swallowed() -> None:
    """Only expected failures are waited out."""
    with pytest.raises(ZeroDivisionError):
        await service.serve(Scripted(ZeroDivisionError()), 20)


async def test_relayer_with_unreachable_chains_serves_its_metrics_and_stops_when_told(tmp_path: Path) -> None:
    """Nothing answers, and still an operator sees why."""
    text = (ROOT / "configs" / "relayer.toml").read_text()
    for name in ("harbour", "meridian"):
        key = tmp_path / f"relayer-{name}.json"
        write_development_key(key, SigningKey(name.encode().ljust(32)), name=name)
        text = text.replace(f"/etc/chainnode/relayer-{name}.json", str(key))
        text = text.replace(f"https://node-1.{name}.example", NOBODY[0])
    text = text.replace(', "https://node-2.harbour.example"', "").replace("/etc/chainnode/passphrase", "")
    [number] = free_ports(1)
    file = tmp_path / "relayer.toml"
    file.write_text(text.replace("127.0.0.1:9464", f"127.0.0.1:{number}"))
    config, stop = load_relayer_config(file), asyncio.Event()
    running = asyncio.create_task(service.run(config, stop))
    try:
        async with aiohttp.ClientSession() as session:
            shown = ""
            async with asyncio.timeout(20):
                while "chainnode_relayer_lag_blocks" not in shown:
                    assert not running.done()
                    await asyncio.sleep(0.05)
                    try:
                        async with session.get(f"http://127.0.0.1:{number}/metrics") as response:
                            shown = await response.text()
                    except aiohttp.ClientError:
                        continue
        assert 'lane="harbour/chainnode-1"' in shown
        with pytest.raises(ConfigError) as taken:
            await service.run(config, stop)
        assert taken.value.code == "port-taken"
    finally:
        stop.set()
        await running


@pytest.mark.parametrize("listen", ["9464", ":9464", "127.0.0.1:70000", "127.0.0.1:http", "127.0.0.1:" + "9" * 5_000])
async def test_metrics_address_without_host_or_port_is_refused_by_name(listen: str) -> None:
    """A port alone would listen on every interface; one that is none would be a trace."""
    with pytest.raises(ConfigError) as caught:
        async with service._metrics(listen, {}):
            pass
    assert caught.value.code == "config-value"
