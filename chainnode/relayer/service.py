"""The relayer as a process: two lanes for each path, each with its own pace and failures.

A lane that fails waits and tries again for ever; the others do not notice. Only a fault of the program ends it all.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from chainnode.clock import Clock, SystemClock
from chainnode.errors import ChainError, ConfigError
from chainnode.node.config import parse_host_port
from chainnode.node.key_file import read_key, read_passphrase
from chainnode.relayer.backoff import Backoff
from chainnode.relayer.chain import Chain, open_chain
from chainnode.relayer.config import ChainSection, PathSection, RelayerConfig
from chainnode.relayer.lane import Lane
from chainnode.relayer.metrics import LaneCount, render

PAUSE_AFTER_WORK_MS: Final = 20
"""A block that commits what was just submitted takes longer; then the next proof is due."""

log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def opened_chains(config: RelayerConfig) -> AsyncIterator[dict[str, Chain]]:
    """Every chain of a configuration, by name; no node is asked yet.

    Raises:
        ConfigError: a key file cannot be used, or a URL is none.
    """
    chains: dict[str, Chain] = {}
    try:
        for name, section in config.chains.items():
            chains[name] = await asyncio.to_thread(_open, name, section)
        yield chains
    finally:
        for chain in chains.values():
            await chain.client.close()


def _open(name: str, section: ChainSection) -> Chain:
    passphrase = read_passphrase(Path(section.passphrase_file)) if section.passphrase_file else None
    key = read_key(Path(section.key_file), passphrase)
    return open_chain(name, section.chain_id, section.genesis_hash, section.nodes, key, section.did)


def lanes_of(path: PathSection, chains: Mapping[str, Chain], *, batch_packets: int = 100) -> tuple[Lane, Lane]:
    """Both lanes of a path."""
    first, second = path.first, path.second
    one, other = chains[first.chain], chains[second.chain]
    there = Lane(one, first.client, other, second.client, LaneCount(), batch_packets=batch_packets)
    back = Lane(other, second.client, one, first.client, LaneCount(), batch_packets=batch_packets)
    there.opposite, back.opposite = back, there
    return there, back


async def run(config: RelayerConfig, stop: asyncio.Event) -> None:
    """Carry packets until ``stop`` is set.

    Raises:
        ConfigError: a key file cannot be used; ``port-taken``: the metrics' address.
    """
    async with opened_chains(config) as chains:
        batch = config.relayer.batch_packets
        lanes = [lane for path in config.paths for lane in lanes_of(path, chains, batch_packets=batch)]
        async with _metrics(config.relayer.metrics_listen, {lane.name: lane.count for lane in lanes}):
            log.info("started", paths=[path.name for path in config.paths], chains=list(chains))
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(serve(lane, config.relayer.poll_ms), name=lane.name) for lane in lanes]
                await stop.wait()
                for task in tasks:
                    task.cancel()
    log.info("stopped")


async def serve(lane: Lane, poll_ms: int, clock: Clock | None = None) -> None:
    """Round after round, until cancelled; a failure makes it wait."""
    backoff, last_code, clock = Backoff(), "", clock or SystemClock()
    while True:
        try:
            worked = await lane.round()
        except ChainError as error:
            pause_ms = backoff.failed()
            lane.count.failed(error.code)
            if error.code != last_code:
                log.warning("cannot go on", lane=lane.name, code=error.code, why=error.message, pause_ms=pause_ms)
            last_code = error.code
        else:
            if last_code:
                log.info("goes on", lane=lane.name, after=last_code, failures=backoff.failures)
            backoff.succeeded()
            last_code = ""
            lane.count.last_ok_ms = clock.wall_ms()
            pause_ms = PAUSE_AFTER_WORK_MS if worked else poll_ms
        await asyncio.sleep(pause_ms / 1000)


async def clear(config: RelayerConfig, rounds_max: int = 1_000) -> dict[str, LaneCount]:
    """Deliver what is pending and can be delivered now, then end; what each lane did.

    Raises:
        ChainError: a lane cannot go on: the first one's reason, after the others have done their part.
    """
    async with opened_chains(config) as chains:
        lanes = [lane for path in config.paths for lane in lanes_of(path, chains)]
        found = await asyncio.gather(*(_drain(lane, config.relayer.poll_ms, rounds_max) for lane in lanes))
        failures = [error for error in found if error is not None]
        if failures:
            raise failures[0]
        return {lane.name: lane.count for lane in lanes}


QUIET_ROUNDS: Final = 8
"""So many rounds without work, and nothing is on its way between the two lanes any more."""


async def _drain(lane: Lane, poll_ms: int, rounds_max: int) -> ChainError | None:
    quiet = 0
    for _ in range(rounds_max):
        try:
            worked = await lane.round()
        except ChainError as error:
            return error
        quiet = 0 if worked else quiet + 1
        if quiet >= QUIET_ROUNDS:
            return None
        await asyncio.sleep((PAUSE_AFTER_WORK_MS if worked else poll_ms) / 1000)
    return None


@contextlib.asynccontextmanager
async def _metrics(listen: str, counts: Mapping[str, LaneCount]) -> AsyncIterator[None]:
    """``/metrics`` and ``/healthz`` on an address; nothing where it is empty."""
    if not listen:
        yield
        return
    try:
        address = parse_host_port(listen)
    except ValueError as error:
        message = f"metrics_listen is not HOST:PORT but {listen!r}"
        raise ConfigError("config-value", message, found=listen) from error

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=render(counts), content_type="text/plain", charset="utf-8")

    async def healthy(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    application.router.add_get("/healthz", healthy)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, address.host, address.port).start()
        except OSError as error:
            raise ConfigError("port-taken", f"{listen} cannot be listened on: {error.strerror}") from error
        yield
    finally:
        await runner.cleanup()
