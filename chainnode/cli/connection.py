"""Which nodes a command talks to, and as whom."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import click

from chainnode.cli.current import running_network
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.testnet.manifest import identity_path
from chainnode.crypto.ed25519 import SigningKey
from chainnode.node.key_file import read_key, read_key_info, read_passphrase
from chainnode.sdk.client import Client
from chainnode.sdk.wallet import Wallet

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., Any])
FILE: Final = click.Path(dir_okay=False, path_type=Path)
EXCHANGE: Final = "harbour-exchange"
"""The development identity that acts where nobody was named: it may register, and anybody may record evidence."""


class Access(NamedTuple):
    """The options that name nodes and an identity."""

    nodes: tuple[str, ...]
    wallet: str | None = None
    did: str | None = None
    passphrase_file: Path | None = None


def node_option(command: Command) -> Command:
    """Gives a command ``--node``."""
    return click.option(
        "--node",
        "nodes",
        metavar="URL",
        multiple=True,
        envvar="CHAINNODE_NODE",
        help="A node's API, may be repeated; else CHAINNODE_NODE (spaces between), else the network running here.",
    )(command)


def wallet_options(command: Command) -> Command:
    """Gives a command ``--wallet``, ``--did`` and ``--passphrase-file``."""
    help_text = "Key file, or a development identity of the network running here."
    command = click.option("--passphrase-file", type=FILE, help="Its first line opens the key file.")(command)
    command = click.option("--did", help="Act as this identity; else the one derived from the key.")(command)
    return click.option("--wallet", metavar="FILE|NAME", envvar="CHAINNODE_WALLET", help=help_text)(command)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run the asynchronous part of a command to its end."""
    return asyncio.run(work)


@contextlib.asynccontextmanager
async def connected(nodes: tuple[str, ...], *, patience_ms: int = 10_000) -> AsyncIterator[Client]:
    """A client of the named nodes, or of the network that runs here.

    Raises:
        CommandError: ``no-network``.
    """
    async with Client(node_urls(nodes), patience_ms=patience_ms) as client:
        yield client


def node_urls(nodes: tuple[str, ...]) -> list[str]:
    """The named nodes, or every node of the network that runs here.

    Raises:
        CommandError: ``no-network``.
    """
    if nodes:
        return list(nodes)
    found = running_network()
    if found is None:
        raise CommandError("no-network", "no node was named, and no network runs here", Exit.ENVIRONMENT)
    return [node.api for node in found[1].nodes]


async def open_wallet(access: Access, client: Client) -> Wallet:
    """The wallet that was named; in a development network, else, that of the exchange.

    Raises:
        CommandError: ``wallet-needed`` or ``wallet-unknown``.
        ConfigError: the key file cannot be used.
    """
    key = await asyncio.to_thread(open_key, access)
    chain_id = (await client.status()).chain_id
    return Wallet(chain_id, [key], access.did)


def open_key(access: Access) -> SigningKey:
    """The key that was named, opened.

    Raises:
        CommandError: ``wallet-needed`` or ``wallet-unknown``.
        ConfigError: the key file cannot be used.
    """
    path = _key_path(access)
    return read_key(path, _passphrase(path, access.passphrase_file))


def _key_path(access: Access) -> Path:
    if access.wallet is not None and Path(access.wallet).is_file():
        return Path(access.wallet)
    found = running_network()
    if found is not None:
        folder, manifest = found
        name = access.wallet or EXCHANGE
        # Nodes named by hand may belong to another chain: then nobody acts by default.
        if (access.wallet or not access.nodes) and any(entry.name == name for entry in manifest.identities):
            return identity_path(folder, name)
    if access.wallet is None:
        raise CommandError("wallet-needed", "this command signs, and no wallet was named", Exit.USAGE)
    raise CommandError(
        "wallet-unknown",
        f"{access.wallet!r} is neither a key file nor a development identity of a network running here",
        Exit.USAGE,
    )


def _passphrase(path: Path, passphrase_file: Path | None) -> str | None:
    if passphrase_file is not None:
        return read_passphrase(passphrase_file)
    if read_key_info(path).kind == "encrypted" and sys.stdin.isatty():
        return str(click.prompt(f"Passphrase of {path}", hide_input=True, err=True))
    return None
