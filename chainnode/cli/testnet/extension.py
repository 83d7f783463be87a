"""Another node for a network that exists: keys, certificate, configuration and data, and what the chain must be told.

The node is an observer that follows from genesis on, once the consortium has admitted it. It has a consensus key from
the beginning, so that it can become a validator without being touched again.
"""

import time
from pathlib import Path

from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.testnet import port
from chainnode.cli.testnet.creation import Node, new_key, validity_from, write_node
from chainnode.cli.testnet.founding import NodeKeys
from chainnode.cli.testnet.manifest import Manifest, identity_path, read_manifest, write_manifest
from chainnode.crypto import tls
from chainnode.crypto.ed25519 import SigningKey
from chainnode.node.data_directory import initialise_data
from chainnode.node.key_file import read_key
from chainnode.types.ids import did_of_key
from chainnode.types.validator_set import ObserverNode, Validator
from chainnode.types.validator_set import validator_of as entry_of
from contracts.governance.operations import JoinProof
from contracts.governance.succession import join_bytes


def extend_network(folder: Path, name: str) -> Manifest:
    """Make the node ``name`` beside the others and note it in the manifest.

    Raises:
        CommandError: ``not-a-network``, ``node-exists``, ``port-taken`` or ``directory-not-writable``.
    """
    manifest = read_manifest(folder)
    if any(node.name == name for node in manifest.nodes) or (folder / name).exists():
        raise CommandError("node-exists", f"this network has a {name!r} already", Exit.ENVIRONMENT)
    listen_port, api_port = port.free_ports(2)
    node = Node(NodeKeys(name, new_key(), new_key()), listen_port, api_port, role="observer")
    authority = tls.Authority(
        tls.certificate_from_pem((folder / "ca.pem").read_bytes()),
        tls.key_from_pem((folder / "ca-key.pem").read_bytes()),
    )
    write_node(folder, node, manifest.nodes, authority, validity_from(time.time_ns() // 1_000_000), "info")
    initialise_data(folder / name / "data", (folder / "genesis.bin").read_bytes())
    extended = Manifest(
        manifest.version, manifest.chain_id, manifest.genesis_hash, (*manifest.nodes, node.entry), manifest.identities
    )
    write_manifest(folder, extended)
    return extended


def operator_did(folder: Path, manifest: Manifest) -> str:
    """The institution that runs nodes added here: the first operator."""
    return did_of_key(manifest.chain_id, read_key(identity_path(folder, "operator-0")).public_key)


def observer_of(folder: Path, manifest: Manifest, name: str) -> ObserverNode:
    """What ``governance.admit_node`` says of a node of this network."""
    key = read_key(folder / name / "node-key.json")
    return ObserverNode(name, operator_did(folder, manifest), key.public_key)


def validator_of(folder: Path, manifest: Manifest, name: str) -> Validator:
    """What ``governance.add_validator`` says of it."""
    node = observer_of(folder, manifest, name)
    consensus_key = read_key(folder / name / "consensus-key.json")
    return entry_of(name, node.did, consensus_key, node.node_key)


def join_proof(chain_id: str, entry: Validator, key: SigningKey, height: int, block_hash: bytes) -> JoinProof:
    """The joiner's signature over a checkpoint that its own node shows."""
    return JoinProof(height, key.sign(join_bytes(chain_id, height, block_hash, entry)))
