"""What a relayer is told: chains, and paths between clients on them. ``configs/relayer.toml`` explains every key.

Relative paths start at the folder of the file. Secrets are paths, never values.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import msgspec

from chainnode.errors import ConfigError
from chainnode.limits import CHAIN_ID_BYTES_MAX
from contracts.relay.packet import ClientId

CHAINS_MAX: Final = 32
PATHS_MAX: Final = 64
"""Each holds at most as many packets as its chains let be under way."""
CONFIG_BYTES_MAX: Final = 256 * 1024

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[a-z0-9][a-z0-9._-]*\Z")]
ChainId = Annotated[str, msgspec.Meta(min_length=1, max_length=CHAIN_ID_BYTES_MAX)]
HashText = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Url = Annotated[str, msgspec.Meta(min_length=8, max_length=512)]
S = TypeVar("S")


class RelayerSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The process itself."""

    name: Name = "relayer"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"
    metrics_listen: Annotated[str, msgspec.Meta(max_length=256)] = ""
    """``host:port`` of ``/metrics``; empty: none."""
    poll_ms: Annotated[int, msgspec.Meta(ge=20, le=60_000)] = 250
    """How often each chain is asked whether it has grown."""
    batch_packets: Annotated[int, msgspec.Meta(ge=1, le=120)] = 100
    """Packets of one transaction."""


class ChainSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chain, and as whom to act there."""

    chain_id: ChainId
    genesis_hash: HashText
    """A node of another chain of this name is refused."""
    nodes: Annotated[tuple[Url, ...], msgspec.Meta(min_length=1, max_length=64)]
    key_file: str
    """Of an identity that the chain knows; it needs no role."""
    passphrase_file: str = ""
    did: str = ""
    """Empty: the one derived from the key."""


class EndSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One end of a path."""

    chain: Name
    client: ClientId
    """On this chain, of the chain at the other end."""


class PathSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two clients that follow each other's chains."""

    first: EndSection
    second: EndSection

    @property
    def name(self) -> str:
        """For logs and metrics."""
        return f"{self.first.chain}-{self.second.chain}"


class RelayerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it."""

    relayer: RelayerSection = RelayerSection()
    chains: Annotated[dict[Name, ChainSection], msgspec.Meta(min_length=2, max_length=CHAINS_MAX)]
    paths: Annotated[tuple[PathSection, ...], msgspec.Meta(min_length=1, max_length=PATHS_MAX)]


def load_relayer_config(file: Path) -> RelayerConfig:
    """Read and check a configuration file; file names in it are made absolute.

    Raises:
        ConfigError: ``file-missing``, ``file-unreadable``, ``config-syntax`` or ``config-value``.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError("file-missing", f"there is no file {file}", file=str(file)) from error
    except OSError as error:
        raise ConfigError("file-unreadable", f"{file}: {error.strerror}", file=str(file)) from error
    if len(content) > CONFIG_BYTES_MAX:
        raise ConfigError("config-value", f"{file} is larger than {CONFIG_BYTES_MAX} bytes", file=str(file))
    try:
        document = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("config-syntax", f"{file}: {error}", file=str(file)) from error
    try:
        found = msgspec.convert(document, RelayerConfig)
    except msgspec.ValidationError as error:
        raise ConfigError("config-value", f"{file}: {error}", file=str(file)) from error
    _check_paths(found, file)
    return msgspec.structs.replace(
        found, chains={name: _absolute(chain, file.absolute().parent) for name, chain in found.chains.items()}
    )


def _check_paths(config: RelayerConfig, file: Path) -> None:
    taken: set[tuple[str, str]] = set()
    for at, path in enumerate(config.paths):
        for end in (path.first, path.second):
            if end.chain not in config.chains:
                known = ", ".join(config.chains)
                message = f"{file}: paths[{at}] names the chain {end.chain!r}, which is not among the chains"
                raise ConfigError("config-value", message, expected=known, found=end.chain)
            if (end.chain, end.client) in taken:
                raise ConfigError("config-value", f"{file}: paths[{at}] names {end.chain} {end.client} a second time")
            taken.add((end.chain, end.client))
        if path.first.chain == path.second.chain:
            raise ConfigError("config-value", f"{file}: paths[{at}] leads from {path.first.chain} to itself")


def _absolute(chain: ChainSection, folder: Path) -> ChainSection:
    passphrase = str(folder / chain.passphrase_file) if chain.passphrase_file else ""
    return msgspec.structs.replace(chain, key_file=str(folder / chain.key_file), passphrase_file=passphrase)
