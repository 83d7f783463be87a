"""``chainnode start``: one node with its API, until it is told to stop or finds that it must."""

import asyncio
import importlib
import signal
from collections.abc import Callable
from pathlib import Path

import click
import structlog

from chainnode.api.server import ApiServer
from chainnode.api.settings import ApiSettings
from chainnode.cli.config import config_option, load, set_option
from chainnode.cli.init import read_genesis
from chainnode.cli.output import examples, json_option
from chainnode.cli.parent import die_with_parent
from chainnode.node import heap
from chainnode.node.config import ApiSection, NodeConfig
from chainnode.node.logging import configure_logging
from chainnode.node.snapshot_join import join_by_snapshot
from chainnode.node.wiring import Node

log = structlog.get_logger(__name__)


@click.command(name="start", epilog=examples("chainnode start --config /etc/chainnode/node.toml"))
@config_option
@set_option
@click.option(
    "--rejoin-after-loss",
    is_flag=True,
    help="This validator's votes were lost or are in doubt: stay silent until it cannot vote twice.",
)
@click.option("--die-with", type=int, hidden=True, help="End when this parent process does.")
@json_option
def command(file: Path, assignments: tuple[str, ...], rejoin_after_loss: bool, die_with: int | None) -> None:
    """Run one node until it is told to stop.

    SIGTERM and SIGINT stop it in order; a node that was killed resumes at its next start. It never makes a data
    directory: that is `chainnode init`.
    """
    if die_with is not None:
        die_with_parent(die_with)
    config = load(file, assignments).config
    genesis = read_genesis(config.node.genesis_file)
    configure_logging(config.node.log_level, config.node.log_format, node=config.node.name)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(config, genesis, rejoin_after_loss=rejoin_after_loss))


async def serve(config: NodeConfig, genesis: bytes, *, rejoin_after_loss: bool = False) -> None:
    """Run a node and its API until a signal, or until the node ends by itself.

    Raises:
        ConfigError, StoreError: the node cannot start; ``port-taken`` among them.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await _join(config, genesis, stop)
    if stop.is_set():
        return
    node = Node.open(config, genesis, rejoin_after_loss=rejoin_after_loss)
    try:
        await node.start()
        server = ApiServer(node.service, config.api.listen.host, config.api.listen.port, api_settings(config.api))
        await server.start()
        try:
            heap.settle()
            log.info("started", api=str(config.api.listen), listen=str(config.network.listen))
            await _until_stopped(node, stop)
        finally:
            await server.close()
    finally:
        await node.close()
    log.info("stopped")


async def _join(config: NodeConfig, genesis: bytes, stop: asyncio.Event) -> None:
    """Begin from a snapshot where that is asked for; a stop meanwhile loses nothing."""
    joining = asyncio.create_task(join_by_snapshot(config, genesis), name="join")
    asked = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({joining, asked}, return_when=asyncio.FIRST_COMPLETED)
        if joining.done():
            joining.result()
    finally:
        for task in (joining, asked):
            task.cancel()
        await asyncio.gather(joining, asked, return_exceptions=True)


async def _until_stopped(node: Node, stop: asyncio.Event) -> None:
    """Return when asked to stop; raise what ended the node otherwise."""
    asked = asyncio.create_task(stop.wait(), name="stop")
    ended = asyncio.create_task(node.wait(), name="node-end")
    try:
        await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            ended.result()
    finally:
        for task in (asked, ended):
            task.cancel()
        await asyncio.gather(asked, ended, return_exceptions=True)


def api_settings(section: ApiSection) -> ApiSettings:
    """The API's own settings from its section."""
    return ApiSettings(
        rate_per_second=section.rate_per_second,
        rate_burst=section.rate_burst,
        requests_max=section.requests_max,
        host_names=section.host_names,
        tls_cert_file=section.tls_cert_file,
        tls_key_file=section.tls_key_file,
    )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The event loop of uvloop where that exists: the same interface, in C."""
    try:
        module = importlib.import_module("uvloop")
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = module.new_event_loop
    return factory
