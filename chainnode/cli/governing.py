"""Acting for the consortium: the options and the wallet of several operators at once."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from chainnode.cli.connection import FILE, Access, node_option, open_key
from chainnode.cli.current import running_network
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.output import json_option
from chainnode.cli.testnet.founding import consortium_did
from chainnode.cli.tx import timeout_option
from chainnode.sdk.client import Client
from chainnode.sdk.wallet import Wallet

Command = TypeVar("Command", bound=Callable[..., Any])
OPERATORS_MAX: Final = 8
"""As many controllers as an identity can have."""


def governing(function: Command) -> Command:
    """Gives a command the options of every change."""
    function = click.option("--passphrase-file", type=FILE, help="Its first line opens the key files.")(function)
    function = click.option("--did", help="Govern as this identity; else as the one of a generated network.")(function)
    function = click.option(
        "--signer", "signers", metavar="FILE|NAME", multiple=True, help="An operator's key; repeat for each."
    )(function)
    return json_option(timeout_option(node_option(function)))


async def operators_wallet(
    client: Client, nodes: tuple[str, ...], signers: tuple[str, ...], did: str | None, passphrase_file: Path | None
) -> Wallet:
    """The wallet of every operator that was named, or of those of the development network that runs here.

    Raises:
        CommandError: ``wallet-needed`` or ``wallet-unknown``.
        ConfigError: a key file cannot be used.
    """
    chain_id = (await client.status()).chain_id
    names = signers or operator_names()
    keys = [await asyncio.to_thread(open_key, Access(nodes, name, None, passphrase_file)) for name in names]
    return Wallet(chain_id, keys, did or consortium_did(chain_id))


def operator_names() -> tuple[str, ...]:
    """The operators of the development network that runs here.

    Raises:
        CommandError: ``wallet-needed``.
    """
    found = running_network()
    names = [] if found is None else [who.name for who in found[1].identities if "operator" in who.roles]
    if not names:
        raise CommandError("wallet-needed", "operators sign a change: name their keys with --signer", Exit.USAGE)
    return tuple(names[:OPERATORS_MAX])
