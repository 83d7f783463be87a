"""Everything that one node is told: gathered from the sections its layers own, checked as a whole.

``TOML file < environment < flags``. Relative paths in a file start at the file's folder, others at the current
one. Secrets are paths, never values. What the whole chain must share (block times, sizes, the members) is not
here but in the genesis file and on the ledger.

    config = load_config(Path("validator-0.toml"), environment=os.environ, flags={"node.log_level": "debug"}).config

An error names the place, the key, what was expected and what was found; ``configs/`` shows every key.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec

from chainnode import limits
from chainnode.errors import ConfigError
from chainnode.node import settings
from chainnode.node.settings import Converter, nearest

COMMAND_LINE_VARIABLES: Final = frozenset({"CHAINNODE_NODE", "CHAINNODE_WALLET"})
"""Read by the command line, not by a node; they may stand in the environment of both."""
PEERS_MAX: Final = limits.VALIDATORS_MAX + 1_000
"""Every validator and every observer that a genesis can name."""

Role = Literal["validator", "observer"]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*$")]


class HostPort(NamedTuple):
    """Where to listen or connect."""

    host: str
    """A name, an IPv4 address, or an IPv6 address without brackets."""
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Peer(msgspec.Struct, frozen=True):
    """Another node, to be connected to."""

    node_key: bytes
    """32 bytes: the Ed25519 key that signs its HELLO."""
    address: HostPort


Peers = tuple[Peer, ...]
Texts = tuple[str, ...]


class NodeSection(msgspec.Struct, frozen=True, kw_only=True):
    """Who this node is and where it keeps its data."""

    name: Name
    role: Role = "validator"
    data_dir: Path
    """Made by ``chainnode init`` or ``testnet init`` only; a start never creates it."""
    genesis_file: Path
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"


class KeysSection(msgspec.Struct, frozen=True, kw_only=True):
    """Private keys of this node; files of mode 0600, see ``key_file``."""

    consensus_key_file: Path | None = None
    """Signs votes. A validator must have one; an observer may, and votes once governance has added it to the set."""
    next_consensus_key_file: Path | None = None
    """Follows it once governance has put this key in its place; read when the epoch begins that names it."""
    node_key_file: Path
    """Signs the HELLO of links."""
    passphrase_file: Path | None = None
    """Its first line opens encrypted key files; development key files need none."""


class TlsSection(msgspec.Struct, frozen=True, kw_only=True):
    """The certificate between nodes, issued by the consortium's CA."""

    ca_file: Path
    cert_file: Path
    key_file: Path


class NetworkSection(msgspec.Struct, frozen=True, kw_only=True):
    """Links to other nodes."""

    listen: HostPort
    peers: Peers = ()
    """Nodes to dial; who may connect at all is decided by the ledger."""


class ApiSection(msgspec.Struct, frozen=True, kw_only=True):
    """What clients reach."""

    listen: HostPort
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    rate_per_second: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 100
    """Requests of one client address; 0 = not limited."""
    rate_burst: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 200
    requests_max: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 256
    """Requests being answered at one time."""
    host_names: Texts = ()
    """Names under which clients reach this node, beside addresses and localhost."""


class MempoolSection(msgspec.Struct, frozen=True, kw_only=True):
    """Transactions not yet in a block."""

    transactions_max: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = limits.POOL_TRANSACTIONS_MAX
    bytes_max: Annotated[int, msgspec.Meta(ge=limits.ENVELOPE_BYTES_MAX, le=4096 * limits.MIB)] = limits.POOL_BYTES_MAX
    sender_percent: Annotated[int, msgspec.Meta(ge=1, le=100)] = limits.POOL_SENDER_PERCENT
    """Share of the pool that one sender may fill; all senders that do not exist yet have a quarter of it together."""
    verifier: Literal["auto", "inline", "processes"] = "auto"
    """Where signatures are checked: beside the event loop in other ``processes``, or ``inline`` in its pauses, which
    suits a single core, many nodes on one machine, and tests. ``auto``: processes where there is a second core."""
    verifier_workers: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0
    """Processes; 0 = one less than the cores, at least 1."""


class StoreSection(msgspec.Struct, frozen=True, kw_only=True):
    """The database."""

    block_cache_bytes: Annotated[int, msgspec.Meta(ge=limits.MIB, le=64 * 1024 * limits.MIB)] = 32 * limits.MIB
    write_buffer_bytes: Annotated[int, msgspec.Meta(ge=limits.MIB, le=1024 * limits.MIB)] = 32 * limits.MIB
    tree_cache_pages: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] = 20_000
    """Decoded pages of the state tree kept in memory, about 1 KiB each."""
    proof_heights: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 128
    """State can be proved at this many latest heights."""
    snapshot_every: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] = 0
    """A snapshot for nodes that join is made at every multiple of this height; 0 = none."""
    snapshots_kept: Annotated[int, msgspec.Meta(ge=1, le=100)] = 2


class SyncSection(msgspec.Struct, frozen=True, kw_only=True):
    """How a node comes to the present."""

    snapshot: bool = False
    """A node that holds nothing but the genesis begins from a snapshot of its peers, if they offer one."""
    back_fill: bool = True
    """A node that began from a snapshot fetches everything below it, at low priority, until it is whole."""
    trusted_height: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    trusted_hash: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?$")] = ""
    """Of the block at ``trusted_height``: a chain that has another one there is not followed. Empty = no such block."""


class NodeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One node's whole configuration; every path is absolute."""

    node: NodeSection
    keys: KeysSection
    tls: TlsSection
    network: NetworkSection
    api: ApiSection
    mempool: MempoolSection
    store: StoreSection
    sync: SyncSection


SETTINGS: Final = settings.settings_of(NodeConfig)
"""Every key, by its name ``section.key``."""


class LoadedConfig(NamedTuple):
    """A checked configuration and where each value came from."""

    config: NodeConfig
    origins: dict[str, str]
    """By key: ``default``, ``file <path>``, ``environment <variable>`` or ``flag --set <key>``."""


def load_config(
    path: Path, *, environment: Mapping[str, str] | None = None, flags: Mapping[str, str] | None = None
) -> LoadedConfig:
    """Read and check one node's configuration. Whether the files it names exist is ``missing_files``' question.

    Raises:
        ConfigError: ``config-missing``, ``config-unreadable``, ``config-syntax``, ``config-unknown-key``,
            ``config-missing-key``, ``config-value`` or ``config-conflict``.
    """
    here = Path.cwd()
    values = settings.from_file(path, SETTINGS)
    values |= settings.from_environment(environment or {}, SETTINGS, others=COMMAND_LINE_VARIABLES, folder=here)
    values |= settings.from_flags(flags or {}, SETTINGS, folder=here)
    sections: dict[str, dict[str, object]] = {}
    origins = {}
    for key, setting in SETTINGS.items():
        value, origins[key] = settings.typed(setting, values.get(key), CONVERTERS)
        sections.setdefault(setting.section, {})[setting.name] = value
    built = {field.name: field.type(**sections[field.name]) for field in msgspec.structs.fields(NodeConfig)}
    config = NodeConfig(**built)
    _check_whole(config, path)
    return LoadedConfig(config, origins)


def missing_files(config: NodeConfig) -> list[tuple[str, Path]]:
    """The keys whose file is not there, with the path each names; the data directory is ``init``'s to make."""
    found = []
    for setting in SETTINGS.values():
        path = getattr(getattr(config, setting.section), setting.name)
        # The next key is made when a rotation is planned; until then its place is empty.
        if setting.key == "keys.next_consensus_key_file":
            continue
        if setting.name.endswith("_file") and isinstance(path, Path) and not path.is_file():
            found.append((setting.key, path))
    return found


def parse_host_port(text: object) -> HostPort:
    """``host:port``, ``[ipv6]:port``; port 0-65535, where 0 lets the system choose.

    Raises:
        ValueError: anything else.
    """
    expected = "expected host:port, such as 127.0.0.1:7000 or [::1]:7000"
    if not isinstance(text, str) or len(text) > 262:
        raise ValueError(expected)
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(expected)
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise ValueError(expected)
    return HostPort(host, int(port))


def _path(written: object, folder: Path) -> Path:
    if not isinstance(written, str) or not written or "\0" in written:
        raise ValueError("expected a path")
    return Path(os.path.abspath(folder / Path(written).expanduser()))  # noqa: PTH100 - resolve() would follow links


def _optional_path(written: object, folder: Path) -> Path | None:
    return None if written == "" else _path(written, folder)


def _host_port(written: object, _folder: Path) -> HostPort:
    return parse_host_port(written)


def _texts(written: object, _folder: Path) -> Texts:
    parts = [part.strip() for part in written.split(",")] if isinstance(written, str) else written
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ValueError("expected a list of texts; in the environment, commas between them")
    return tuple(part for part in parts if part)


def _peers(written: object, _folder: Path) -> Peers:
    if not isinstance(written, list) or len(written) > PEERS_MAX:
        raise ValueError(f"expected at most {PEERS_MAX} entries, each {{node_key = ..., address = ...}}, in the file")
    peers = tuple(_peer(entry, number) for number, entry in enumerate(written, start=1))
    if len({peer.node_key for peer in peers}) != len(peers):
        raise ValueError("expected each node_key once")
    return peers


def _peer(entry: object, number: int) -> Peer:
    known = list(Peer.__struct_fields__)
    if not isinstance(entry, dict):
        raise ValueError(f"entry {number}: expected {{node_key = ..., address = ...}}")
    for name in entry:
        if name not in known:
            raise ValueError(f"entry {number}: {name!r} is not a key of a peer{nearest(name, known)}")
    node_key = entry.get("node_key")
    if not isinstance(node_key, str) or len(node_key) != 64 or set(node_key) - set("0123456789abcdef"):
        raise ValueError(f"entry {number}: expected node_key as 64 lower-case hexadecimal digits")
    try:
        return Peer(bytes.fromhex(node_key), parse_host_port(entry.get("address")))
    except ValueError as error:
        raise ValueError(f"entry {number}: address: {error}") from error


CONVERTERS: Final[Mapping[Any, Converter]] = {
    Path: _path,
    Path | None: _optional_path,
    HostPort: _host_port,
    Peers: _peers,
    Texts: _texts,
}


def _check_whole(config: NodeConfig, path: Path) -> None:
    def conflict(keys: str, message: str) -> ConfigError:
        return ConfigError("config-conflict", f"{path}: {message}", file=str(path), key=keys)

    if config.node.role == "validator" and config.keys.consensus_key_file is None:
        raise conflict("keys.consensus_key_file", "a validator needs keys.consensus_key_file")
    if (config.api.tls_cert_file is None) != (config.api.tls_key_file is None):
        raise conflict("api.tls_cert_file api.tls_key_file", "set both api.tls_cert_file and api.tls_key_file, or none")
    if bool(config.sync.trusted_height) != bool(config.sync.trusted_hash):
        raise conflict("sync.trusted_height sync.trusted_hash", "set both of a trusted block, or none")
    if config.network.listen == config.api.listen and config.api.listen.port:
        raise conflict("network.listen api.listen", f"both listen on {config.api.listen}; choose two ports")
