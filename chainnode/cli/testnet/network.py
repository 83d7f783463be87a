"""Starts, watches and ends the nodes of a network; they outlive the command and are found again by their records."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from chainnode.cli import current
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.testnet import port
from chainnode.cli.testnet.manifest import (
    Manifest,
    NodeEntry,
    config_path,
    log_path,
    process_path,
    write_atomically,
)
from chainnode.cli.testnet.process import ProcessRecord, end, is_running, node_command, record_of, spawn, tail
from chainnode.errors import ChainError
from chainnode.sdk.answer import StatusAnswer
from chainnode.sdk.client import Client

STOP_S: Final = 10.0
"""A node that is asked to stop closes its store first."""
KILL_S: Final = 5.0
READY_MS: Final = 500
"""A node that takes longer to say that it is ready is asked again."""
_POLL_S: Final = 0.05


class NodeState(msgspec.Struct, frozen=True):
    """One line of ``testnet status``."""

    name: str
    role: str
    running: bool
    pid: int | None
    api: str
    status: StatusAnswer | None
    """None: it does not answer."""


def recorded(folder: Path, node: str) -> ProcessRecord | None:
    """The running process of a node; None when it does not run."""
    try:
        record = msgspec.json.decode(process_path(folder, node).read_bytes(), type=ProcessRecord)
    except (OSError, msgspec.DecodeError):
        return None
    return record if is_running(record) else None


def start(folder: Path, manifest: Manifest, names: Sequence[str]) -> list[str]:
    """Start these nodes, those that run already excepted; the names of those that were started.

    Raises:
        CommandError: ``port-taken``: another program holds a node's port.
    """
    wanted = [manifest.node(name) for name in names if recorded(folder, name) is None]
    for node in wanted:
        _check_ports(node)
    for node in wanted:
        process = spawn(node_command(config_path(folder, node.name)), log_path(folder, node.name), detached=True)
        record = record_of(process.pid)
        if record is not None:
            write_atomically(process_path(folder, node.name), msgspec.json.encode(record))
    records = [record for node in manifest.nodes if (record := recorded(folder, node.name)) is not None]
    current.remember(folder, tuple(records))
    return [node.name for node in wanted]


def stop(folder: Path, manifest: Manifest, names: Sequence[str]) -> list[str]:
    """End these nodes and nothing else; the names of those that ran."""
    running = {name: record for name in names if (record := recorded(folder, name)) is not None}
    for record in running.values():
        end(record, timeout_s=0)  # all are asked first, so that they close their stores side by side
    for name, record in running.items():
        if not end(record, timeout_s=STOP_S):
            end(record, timeout_s=KILL_S, signal_number=9)
        process_path(folder, name).unlink(missing_ok=True)
    if all(recorded(folder, node.name) is None for node in manifest.nodes):
        current.forget(folder)
    return list(running)


async def states(folder: Path, manifest: Manifest) -> list[NodeState]:
    """Every node as it is now."""
    return list(await asyncio.gather(*(_state(folder, node) for node in manifest.nodes)))


async def wait_until_ready(folder: Path, manifest: Manifest, names: Sequence[str], timeout_s: float) -> None:
    """Until these nodes answer and say they are ready.

    Raises:
        CommandError: ``node-died`` or ``node-not-ready``, with the end of the node's log.
    """
    deadline = time.monotonic() + timeout_s
    for name in names:
        node = manifest.node(name)
        while not await is_ready(node.api):
            if recorded(folder, name) is None:
                raise _not_up("node-died", f"{name} ended right after its start", folder, name)
            if time.monotonic() > deadline:
                raise _not_up("node-not-ready", f"{name} was not ready within {timeout_s:g} s", folder, name)
            await asyncio.sleep(_POLL_S)


async def is_ready(api: str) -> bool:
    """Whether a node answers and all its own checks hold."""
    try:
        async with Client([api], attempt_timeout_ms=READY_MS, patience_ms=READY_MS) as client:
            await client.request("GET", "/readyz")
    except ChainError:
        return False
    return True


async def status_of(api: str, timeout_ms: int = 2_000) -> StatusAnswer | None:
    """What a node says about itself; None when it does not answer."""
    try:
        async with Client([api], attempt_timeout_ms=timeout_ms, patience_ms=timeout_ms) as client:
            return await client.status()
    except ChainError:
        return None


def with_log(error: CommandError, log: Path) -> CommandError:
    """The failure with the end of a log in its message."""
    text = tail(log)
    message = f"{error.message}; the end of {log}:\n{text}" if text else error.message
    return CommandError(error.code, message, error.status, **error.details)


async def _state(folder: Path, node: NodeEntry) -> NodeState:
    record = recorded(folder, node.name)
    status = await status_of(node.api) if record is not None else None
    pid = record.pid if record is not None else None
    return NodeState(node.name, node.role, record is not None, pid, node.api, status)


def _check_ports(node: NodeEntry) -> None:
    for address in (node.listen, node.api):
        number = int(address.rpartition(":")[2])
        if not port.is_free(number, for_listener=True):
            raise CommandError(
                "port-taken",
                f"{node.name} cannot listen on port {number}: another program does",
                Exit.ENVIRONMENT,
                expected=f"port {number} free on {port.LOOPBACK}",
                found="in use",
            )


def _not_up(code: str, message: str, folder: Path, name: str) -> CommandError:
    return with_log(CommandError(code, message, Exit.ENVIRONMENT), log_path(folder, name))
