"""``chainnode init``: makes a node's data directory, once; ``start`` never makes one."""

from pathlib import Path

import click

from chainnode.cli.config import config_option, load, set_option
from chainnode.cli.output import emit, examples, json_option
from chainnode.errors import ConfigError, DecodeError
from chainnode.node.data_directory import initialise_data
from chainnode.types.genesis import GENESIS_BYTES_MAX, decode_genesis, genesis_hash


@click.command(name="init", epilog=examples("chainnode init --config /etc/chainnode/node.toml"))
@config_option
@set_option
@json_option
def command(file: Path, assignments: tuple[str, ...]) -> None:
    """Make the data directory of a node, once.

    A missing directory at start means that something is wrong, a disk that was not mounted for example, so making one
    is always a step of its own.
    """
    config = load(file, assignments).config
    genesis = read_genesis(config.node.genesis_file)
    initialise_data(config.node.data_dir, genesis)
    hash_text = genesis_hash(genesis).hex()
    emit(
        {"data_dir": str(config.node.data_dir), "genesis_hash": hash_text},
        [
            f"made {config.node.data_dir}",
            f"genesis hash  {hash_text}  (compare it with the other members before you start)",
            f"next: chainnode start --config {file}",
        ],
    )


def read_genesis(path: Path) -> bytes:
    """The genesis document that a configuration names.

    Raises:
        ConfigError: ``genesis-file``.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(GENESIS_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError("genesis-file", f"{path} cannot be read: {error.strerror}", file=str(path)) from error
    if len(content) > GENESIS_BYTES_MAX:
        raise ConfigError("genesis-file", f"{path} is too large for a genesis document", file=str(path))
    try:
        decode_genesis(content)
    except DecodeError as error:
        message = f"{path} is no genesis document: {error.message}"
        raise ConfigError("genesis-file", message, file=str(path)) from error
    return content
