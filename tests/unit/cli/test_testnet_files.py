"""What ``testnet init`` makes: complete, private, and accepted by the rules that nodes apply."""

import re
import socket
import stat
import time
from pathlib import Path

import pytest

from chainnode.cli.failure import CommandError
from chainnode.cli.testnet import creation, port
from chainnode.cli.testnet.creation import Plan, create_network
from chainnode.cli.testnet.founding import INSTITUTIONS
from chainnode.cli.testnet.manifest import Manifest, config_path, identity_path, read_manifest
from chainnode.crypto import tls
from chainnode.errors import ChainError
from chainnode.node.config import load_config, missing_files
from chainnode.node.key_file import read_key
from chainnode.state.overlay import Overlay
from chainnode.types.genesis import decode_genesis, genesis_hash
from contracts.governance.queries import roles_of
from contracts.kernel.electorate import holders_of
from contracts.kernel.execution import apply_genesis
from contracts.kernel.policy import BY_VOTE, read_policies
from contracts.kernel.registry import OPERATIONS

NOW_MS = time.time_ns() // 1_000_000


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("net") / "devnet"
    return folder, create_network(folder, Plan("devnet", 2, 1), time_ms=NOW_MS)


def test_every_node_gets_a_configuration_that_loads_and_files_that_exist(network: tuple[Path, Manifest]):
    folder, manifest = network

    for node in manifest.nodes:
        config = load_config(config_path(folder, node.name)).config
        assert missing_files(config) == []
        assert (config.node.name, config.node.role) == (node.name, node.role)
        assert f"http://{config.api.listen}" == node.api
        assert {peer.node_key.hex() for peer in config.network.peers} == {
            other.node_key for other in manifest.nodes if other.role == "validator" and other is not node
        }


def test_ports_are_distinct(network: tuple[Path, Manifest]):
    addresses = [address for node in network[1].nodes for address in (node.listen, node.api.removeprefix("http://"))]

    assert len(set(addresses)) == len(addresses)


def test_genesis_is_accepted_and_gives_each_identity_its_roles(network: tuple[Path, Manifest]):
    folder, manifest = network
    genesis = (folder / "genesis.bin").read_bytes()
    empty: dict[bytes, bytes] = {}
    overlay = Overlay(empty.get)

    apply_genesis(decode_genesis(genesis), overlay)

    assert genesis_hash(genesis).hex() == manifest.genesis_hash
    for identity in manifest.identities:
        assert sorted(roles_of(overlay, identity.did)) == sorted(identity.roles)
    assert set(INSTITUTIONS) < {identity.name for identity in manifest.identities}


def test_network_that_decides_by_votes_has_governors_and_no_way_around_them(tmp_path: Path):
    """A network may choose voting: each operator is a governor, and more than half of them decide."""
    manifest = create_network(tmp_path / "net", Plan("devnet", 3, 0, by_vote=True), time_ms=NOW_MS)
    empty: dict[bytes, bytes] = {}
    overlay = Overlay(empty.get)

    apply_genesis(decode_genesis((tmp_path / "net" / "genesis.bin").read_bytes()), overlay)

    operators = sorted(one.did for one in manifest.identities if one.name.startswith("operator-"))
    assert list(holders_of(overlay, "governor")) == operators
    rules = read_policies(overlay)
    for name in ("governance.grant_role", "governance.add_validator", "governance.admit_node"):
        assert rules.get(name, OPERATIONS[name].rule) == BY_VOTE


def test_identity_keys_belong_to_the_identities(network: tuple[Path, Manifest]):
    folder, manifest = network
    genesis = decode_genesis((folder / "genesis.bin").read_bytes())
    operations = b"".join(bytes(operation) for operation in genesis.operations)

    for identity in manifest.identities:
        assert read_key(identity_path(folder, identity.name)).public_key in operations


def test_certificate_names_the_node_key(network: tuple[Path, Manifest]):
    folder, manifest = network

    for node in manifest.nodes:
        certificate = tls.certificate_from_pem((folder / node.name / "node-cert.pem").read_bytes())
        found = tls.node_key_of(tls.certificate_to_der(certificate))
        assert found is not None
        assert found.hex() == node.node_key


def test_private_files_are_private(network: tuple[Path, Manifest]):
    folder, _ = network
    private = [path for path in folder.rglob("*") if re.search(r"key\.(json|pem)$", path.name)]
    private += list((folder / "identities").iterdir())

    assert len(private) > 10
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_manifest_survives_writing_and_reading(network: tuple[Path, Manifest]):
    folder, manifest = network

    assert read_manifest(folder) == manifest
    with pytest.raises(CommandError) as caught:
        manifest.node("validator-9")
    assert caught.value.code == "node-unknown"


OF_ANOTHER_VERSION = b'{"version":9,"chain_id":"a","genesis_hash":"","nodes":[],"identities":[]}'


@pytest.mark.parametrize("content", [None, b"{", OF_ANOTHER_VERSION])
def test_folder_that_is_no_network_is_refused(tmp_path: Path, content: bytes | None):
    if content is not None:
        (tmp_path / "network.json").write_bytes(content)

    with pytest.raises(CommandError) as caught:
        read_manifest(tmp_path)
    assert caught.value.code == "not-a-network"


def test_folder_in_use_is_never_touched(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("mine")

    with pytest.raises(CommandError) as caught:
        create_network(tmp_path, Plan("devnet", 1, 0), time_ms=NOW_MS)

    assert caught.value.code == "directory-not-empty"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_half_made_network_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(creation, "write_manifest", fail)

    with pytest.raises(OSError, match="No space left"):
        create_network(tmp_path / "net", Plan("devnet", 1, 0), time_ms=NOW_MS)
    assert list(tmp_path.iterdir()) == []


def test_port_in_use_is_refused_by_number(tmp_path: Path):
    """issue: ports taken get a clear coded error."""
    with socket.socket() as other:
        other.bind((port.LOOPBACK, 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(CommandError) as caught:
            create_network(tmp_path / "net", Plan("devnet", 1, 0, port_base=taken), time_ms=NOW_MS)

    assert caught.value.code == "port-taken"
    assert str(taken) in str(caught.value.details["found"])
    assert not (tmp_path / "net").exists()


def test_free_ports_are_below_those_the_system_hands_out():
    found = port.free_ports(20)

    assert len(set(found)) == 20
    assert all(port.is_free(number) for number in found)
    assert max(found) < 32_768 or not Path("/proc/sys/net/ipv4/ip_local_port_range").exists()


def test_genesis_that_the_rules_refuse_is_never_written(tmp_path: Path):
    with pytest.raises(ChainError):
        create_network(tmp_path / "net", Plan("No Such Name", 1, 0), time_ms=NOW_MS)
    assert list(tmp_path.iterdir()) == []


def test_reserved_port_is_kept_from_strangers_and_open_to_its_node():
    [number] = port.free_ports(1)

    with port.Reservation([number]):
        assert not port.is_free(number)
        assert port.is_free(number, for_listener=True)
        with socket.create_server((port.LOOPBACK, number)) as node:
            assert node.getsockname()[1] == number
            assert not port.is_free(number, for_listener=True)
        assert not port.is_free(number)
    assert port.is_free(number)
