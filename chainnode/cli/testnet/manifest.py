"""What a network on this machine consists of: one JSON file at the top of its folder.

```
DIR/network.json            this manifest
DIR/genesis.bin  ca.pem     what every node shares; ca-key.pem issues more certificates
DIR/<node>/                 node.toml, key files, certificate, data/, node.log, process.json while it runs
DIR/identities/<name>.json  development keys of the named identities: unsafe by design, for this network only
```
"""

import os
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from chainnode.cli.failure import CommandError, Exit

MANIFEST_NAME: Final = "network.json"
MANIFEST_VERSION: Final = 1


class NodeEntry(msgspec.Struct, frozen=True):
    """One node of the network."""

    name: str
    """Also the name of its folder."""
    role: str
    listen: str
    """Where other nodes connect, ``host:port``."""
    api: str
    """Base URL for clients."""
    node_key: str
    """Hexadecimal public key."""


class IdentityEntry(msgspec.Struct, frozen=True):
    """A named development identity, known to the ledger from genesis."""

    name: str
    did: str
    roles: tuple[str, ...]


class Manifest(msgspec.Struct, frozen=True):
    """The network."""

    version: int
    chain_id: str
    genesis_hash: str
    nodes: tuple[NodeEntry, ...]
    identities: tuple[IdentityEntry, ...]

    def ports(self) -> list[int]:
        """Every port that a node of this network listens on."""
        addresses = (address for node in self.nodes for address in (node.listen, node.api))
        return [int(address.rpartition(":")[2]) for address in addresses]

    def node(self, name: str) -> NodeEntry:
        """The node of this name.

        Raises:
            CommandError: ``node-unknown``.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes)
        raise CommandError("node-unknown", f"this network has no node {name!r}", Exit.NOT_FOUND, expected=known)


def config_path(folder: Path, node: str) -> Path:
    """Configuration of one node."""
    return folder / node / "node.toml"


def log_path(folder: Path, node: str) -> Path:
    """What one node said."""
    return folder / node / "node.log"


def process_path(folder: Path, node: str) -> Path:
    """Record of one node's process, while it runs."""
    return folder / node / "process.json"


def identity_path(folder: Path, name: str) -> Path:
    """Key file of one named identity."""
    return folder / "identities" / f"{name}.json"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it last: a folder with a manifest is complete."""
    write_atomically(folder / MANIFEST_NAME, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")


def read_manifest(folder: Path) -> Manifest:
    """The network in this folder.

    Raises:
        CommandError: ``not-a-network``.
    """
    path = folder / MANIFEST_NAME
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise CommandError(
            "not-a-network", f"{folder} holds no network", Exit.NOT_FOUND, expected=MANIFEST_NAME, found="no such file"
        ) from error
    except msgspec.DecodeError as error:
        raise CommandError("not-a-network", f"{path} is damaged: {error}", Exit.USAGE) from error
    if manifest.version != MANIFEST_VERSION:
        raise CommandError(
            "not-a-network",
            f"{path} was written by another version",
            Exit.USAGE,
            expected=MANIFEST_VERSION,
            found=manifest.version,
        )
    return manifest


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """All of it or nothing, and readable as ``mode`` says from the first byte on."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
        os.replace(temporary, path)  # noqa: PTH105 - both are strings here
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
