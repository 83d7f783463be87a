"""Makes the files of a network on this machine: authority, keys, certificates, genesis, configurations.

The folder is complete or not there: everything is written beside it and moved into place at the end.
"""

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.testnet import port
from chainnode.cli.testnet.founding import Member, NodeKeys, build_genesis, member_names
from chainnode.cli.testnet.manifest import (
    MANIFEST_VERSION,
    IdentityEntry,
    Manifest,
    NodeEntry,
    config_path,
    identity_path,
    write_atomically,
    write_manifest,
)
from chainnode.crypto import tls
from chainnode.crypto.ed25519 import SEED_BYTES, SigningKey
from chainnode.node.data_directory import initialise_data
from chainnode.node.key_file import write_key
from chainnode.types.genesis import genesis_hash
from chainnode.types.parameters import ChainParameters

CERTIFICATE_MS: Final = 365 * 24 * 3600 * 1000
BACKDATED_MS: Final = 3600 * 1000
"""Certificates hold from an hour ago: a clock that is set back a little must not stop a network."""
_PRIVATE: Final = 0o600


class Plan(NamedTuple):
    """What kind of network is wanted."""

    chain_id: str
    validators: int
    observers: int
    port_base: int | None = None
    """First of two consecutive ports per node; None: free ones are found."""
    log_level: str = "info"
    parameters: ChainParameters | None = None
    """None: the defaults."""
    by_vote: bool = False
    """Operators govern by proposals, each a governor, instead of together as one identity."""


class Node(NamedTuple):
    """A node to be written."""

    keys: NodeKeys
    listen_port: int
    api_port: int
    role: str
    """A role of the configuration; an observer may hold a consensus key, to vote once it is added."""

    @property
    def entry(self) -> NodeEntry:
        """Its line in the manifest."""
        listen, api = (f"{port.LOOPBACK}:{number}" for number in (self.listen_port, self.api_port))
        return NodeEntry(self.keys.name, self.role, listen, f"http://{api}", self.keys.node_key.public_key.hex())


def create_network(folder: Path, plan: Plan, *, time_ms: int) -> Manifest:
    """Make a network in ``folder``, which must not exist or be empty.

    Raises:
        CommandError: ``directory-not-empty``, ``directory-not-writable`` or ``port-taken``.
    """
    _check_free(folder)
    nodes = _plan_nodes(plan)
    with port.Reservation(number for node in nodes for number in (node.listen_port, node.api_port)):
        return _make(folder, plan, nodes, time_ms)


def _make(folder: Path, plan: Plan, nodes: Sequence[Node], time_ms: int) -> Manifest:
    names = member_names(plan.validators, by_vote=plan.by_vote)
    members = [Member(name, roles, new_key()) for name, roles in names.items()]
    keys = [node.keys for node in nodes]
    genesis = build_genesis(plan.chain_id, time_ms, keys, members, plan.parameters, by_vote=plan.by_vote)
    manifest = Manifest(
        version=MANIFEST_VERSION,
        chain_id=plan.chain_id,
        genesis_hash=genesis_hash(genesis).hex(),
        nodes=tuple(node.entry for node in nodes),
        identities=tuple(IdentityEntry(member.name, member.did(plan.chain_id), member.roles) for member in members),
    )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise CommandError(
            "directory-not-writable", f"{folder} cannot be made: {error.strerror}", Exit.ENVIRONMENT
        ) from error
    try:
        _write_shared(building, genesis, members)
        _write_nodes(building, nodes, plan, time_ms)
        for node in nodes:
            initialise_data(building / node.keys.name / "data", genesis)
        write_manifest(building, manifest)
        os.replace(building, folder)  # noqa: PTH105 - an empty folder in its place is replaced, too
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return manifest


def _check_free(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandError(
            "directory-not-empty",
            f"{folder} is not an empty folder",
            Exit.ENVIRONMENT,
            expected="a path that does not exist yet, or an empty folder",
        )


def _plan_nodes(plan: Plan) -> list[Node]:
    count = plan.validators + plan.observers
    ports = port.free_ports(2 * count) if plan.port_base is None else port.ports_from(plan.port_base, 2 * count)
    names = [f"validator-{number}" for number in range(plan.validators)]
    names += [f"observer-{number}" for number in range(plan.observers)]
    return [
        Node(
            NodeKeys(name, new_key(), new_key() if number < plan.validators else None),
            listen_port=ports[2 * number],
            api_port=ports[2 * number + 1],
            role="validator" if number < plan.validators else "observer",
        )
        for number, name in enumerate(names)
    ]


def new_key() -> SigningKey:
    """A fresh key."""
    return SigningKey(secrets.token_bytes(SEED_BYTES))


def _new_tls_key() -> tls.TlsKey:
    return tls.derive_key(secrets.token_bytes(tls.KEY_ENTROPY_BYTES))


def _write_shared(folder: Path, genesis: bytes, members: Sequence[Member]) -> None:
    write_atomically(folder / "genesis.bin", genesis)
    (folder / "identities").mkdir(mode=0o700)
    for member in members:
        write_key(identity_path(folder, member.name), member.key, name=member.name, passphrase=None)


def _write_nodes(folder: Path, nodes: Sequence[Node], plan: Plan, time_ms: int) -> None:
    validity = validity_from(time_ms)
    serial = secrets.token_bytes(tls.SERIAL_BYTES)
    authority = tls.make_authority(_new_tls_key(), f"{plan.chain_id} development authority", validity, serial)
    write_atomically(folder / "ca.pem", tls.certificate_to_pem(authority.certificate))
    write_atomically(folder / "ca-key.pem", tls.key_to_pem(authority.key), _PRIVATE)
    entries = [node.entry for node in nodes]
    for node in nodes:
        write_node(folder, node, entries, authority, validity, plan.log_level)


def validity_from(time_ms: int) -> tls.Validity:
    """How long certificates made now hold."""
    return tls.Validity(time_ms - BACKDATED_MS, time_ms + CERTIFICATE_MS)


def write_node(
    folder: Path,
    node: Node,
    others: Sequence[NodeEntry],
    authority: tls.Authority,
    validity: tls.Validity,
    log_level: str,
) -> None:
    """Everything in a node's own folder except its data."""
    home = folder / node.keys.name
    home.mkdir(mode=0o700)
    key = _new_tls_key()
    certificate = tls.issue_certificate(
        authority,
        key.public_key(),
        name=node.keys.name,
        node_key=node.keys.node_key.public_key,
        validity=validity,
        entropy=secrets.token_bytes(tls.SERIAL_BYTES),
    )
    write_atomically(home / "node-cert.pem", tls.certificate_to_pem(certificate))
    write_atomically(home / "node-cert-key.pem", tls.key_to_pem(key), _PRIVATE)
    name, consensus_key = node.keys.name, node.keys.consensus_key
    write_key(home / "node-key.json", node.keys.node_key, name=f"{name} node", passphrase=None)
    if consensus_key is not None:
        write_key(home / "consensus-key.json", consensus_key, name=f"{name} consensus", passphrase=None)
    write_atomically(config_path(folder, name), _configuration(node, others, log_level).encode())


def _configuration(node: Node, others: Sequence[NodeEntry], log_level: str) -> str:
    """What differs from the defaults; ``configs/devnet-validator.toml`` explains every key."""
    peers = [other for other in others if other.name != node.keys.name and other.role == "validator"]
    consensus = [] if node.keys.consensus_key is None else ['consensus_key_file = "consensus-key.json"']
    lines = [
        "# One node of a development network; configs/devnet-validator.toml explains every key.",
        "[node]",
        f"name = {json.dumps(node.keys.name)}",
        f'role = "{node.role}"',
        'data_dir = "data"',
        'genesis_file = "../genesis.bin"',
        f'log_level = "{log_level}"',
        'log_format = "json"',
        "",
        "[keys]",
        *consensus,
        'node_key_file = "node-key.json"',
        "",
        "[tls]",
        'ca_file = "../ca.pem"',
        'cert_file = "node-cert.pem"',
        'key_file = "node-cert-key.pem"',
        "",
        "[network]",
        f'listen = "{node.entry.listen}"',
        "peers = [",
        *(f'    {{ node_key = "{peer.node_key}", address = "{peer.listen}" }},' for peer in peers),
        "]",
        "",
        "[api]",
        f'listen = "{port.LOOPBACK}:{node.api_port}"',
        "rate_per_second = 0",
        "",
        "[mempool]",
        'verifier = "inline"',
    ]
    return "\n".join(lines) + "\n"
