"""What an operator may write, and what a mistake is told."""

import re
import tomllib
from pathlib import Path

import pytest

from chainnode.errors import ConfigError
from chainnode.node.config import SETTINGS, HostPort, load_config, missing_files, parse_host_port
from tests.support.shared import ROOT

EXAMPLES = sorted(set((ROOT / "configs").glob("*.toml")) - {ROOT / "configs" / "relayer.toml"})
DEVNET = ROOT / "configs" / "devnet-validator.toml"
OBSERVER = ROOT / "configs" / "observer.toml"


def edited(folder: Path, old: str, new: str, source: Path = DEVNET) -> Path:
    text = source.read_text()
    assert text.count(old) >= 1, f"{old!r} is not in {source}"
    path = folder / "node.toml"
    path.write_text(text.replace(old, new, 1))
    return path


def failure(path: Path, **sources: dict[str, str]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(path, **sources)
    return caught.value


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_lists_every_key_with_a_comment(example: Path):
    """quality: every key commented; the examples cannot drift from the code."""
    document = tomllib.loads(example.read_text())
    listed = {f"{section}.{key}" for section, keys in document.items() for key in keys}
    lines = example.read_text().splitlines()

    assert listed == set(SETTINGS)
    for number, line in enumerate(lines):
        if re.match(r"[a-z_]+ = ", line):
            assert re.match(r"# |[a-z_]+ = ", lines[number - 1]), f"{example.name}:{number + 1}: {line} has no comment"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_loads(example: Path):
    loaded = load_config(example)

    assert loaded.config.node.role == ("observer" if "observer" in example.name else "validator")
    assert set(loaded.origins.values()) == {f"file {example}"}


def test_three_kinds_of_node_have_an_example():
    assert [path.stem for path in EXAMPLES] == ["consortium-validator", "devnet-validator", "observer"]


def test_flag_wins_over_environment_wins_over_file(tmp_path: Path):
    """service.md: TOML < environment < flags, and the origin of each value is named."""
    path = edited(tmp_path, "proof_heights = 128", "proof_heights = 5")
    environment = {"CHAINNODE_STORE_PROOF_HEIGHTS": "6", "CHAINNODE_NODE_LOG_LEVEL": "debug", "PATH": "/bin"}

    from_file = load_config(path)
    from_environment = load_config(path, environment=environment)
    from_flag = load_config(path, environment=environment, flags={"store.proof_heights": "7"})

    assert [c.config.store.proof_heights for c in (from_file, from_environment, from_flag)] == [5, 6, 7]
    assert from_file.origins["store.proof_heights"] == f"file {path}"
    assert from_environment.origins["store.proof_heights"] == "environment CHAINNODE_STORE_PROOF_HEIGHTS"
    assert from_flag.origins["store.proof_heights"] == "flag --set store.proof_heights"
    assert from_flag.config.node.log_level == "debug"


def test_default_is_taken_and_named_when_nobody_set_a_key(tmp_path: Path):
    path = edited(tmp_path, "proof_heights = 128", "")

    loaded = load_config(path)

    assert loaded.config.store.proof_heights == 128
    assert loaded.origins["store.proof_heights"] == "default"


def test_relative_path_starts_at_the_file(tmp_path: Path):
    path = edited(tmp_path, 'data_dir = "data"', 'data_dir = "../elsewhere"')

    config = load_config(path).config

    assert config.node.data_dir == tmp_path.parent / "elsewhere"
    assert config.keys.passphrase_file is None
    assert config.tls.cert_file == tmp_path / "node-cert.pem"


def test_peers_and_addresses_are_typed():
    config = load_config(DEVNET).config

    assert config.network.listen == HostPort("127.0.0.1", 7000)
    assert [(peer.node_key[0], str(peer.address)) for peer in config.network.peers] == [
        (0x11, "127.0.0.1:7001"),
        (0x22, "127.0.0.1:7002"),
        (0x33, "127.0.0.1:7003"),
    ]


def test_missing_files_are_listed_by_key(tmp_path: Path):
    path = edited(tmp_path, "validator-0", "validator-0")
    (tmp_path / "node-cert.pem").write_text("")

    missing = dict(missing_files(load_config(path).config))

    assert missing["node.genesis_file"] == tmp_path.parent / "genesis.bin"
    assert "tls.cert_file" not in missing
    assert "keys.passphrase_file" not in missing
    assert "node.data_dir" not in missing


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("proof_heights", "proof_hieghts", "config-unknown-key", "did you mean 'proof_heights'?"),
        ("[mempool]", "[mempol]", "config-unknown-key", "did you mean 'mempool'?"),
        ('name = "validator-0"', "", "config-missing-key", "CHAINNODE_NODE_NAME"),
        ('name = "validator-0"', 'name = "No Spaces"', "config-value", "node.name"),
        ("proof_heights = 128", 'proof_heights = "128"', "config-value", "expected `int`, got `str`"),
        ("proof_heights = 128", "proof_heights = 0", "config-value", ">= 1"),
        ("proof_heights = 128", "proof_heights = true", "config-value", "expected `int`"),
        ('role = "validator"', 'role = "leader"', "config-value", "node.role"),
        ('listen = "127.0.0.1:7000"', 'listen = "127.0.0.1"', "config-value", "host:port"),
        ('listen = "127.0.0.1:7000"', "listen = 7000", "config-value", "host:port"),
        ('listen = "127.0.0.1:7000"', 'listen = "127.0.0.1:8000"', "config-conflict", "choose two ports"),
        ('data_dir = "data"', "data_dir = 5", "config-value", "expected a path"),
        ('data_dir = "data"', 'data_dir = ""', "config-value", "expected a path"),
        ("1111111111111111", "11111111111111", "config-value", "64 lower-case"),
        ("2222222222222222222222222222222222222222222222222222222222222222", "1" * 64, "config-value", "once"),
        ('address = "127.0.0.1:7001"', 'adress = "127.0.0.1:7001"', "config-value", "did you mean 'address'?"),
        ('address = "127.0.0.1:7001"', "address = 1", "config-value", "entry 1: address: expected host:port"),
        ('consensus_key_file = "consensus-key.json"', "", "config-conflict", "a validator needs"),
        ('tls_cert_file = ""', 'tls_cert_file = "x.pem"', "config-conflict", "or none"),
        ("[node]", "[node", "config-syntax", "line "),
    ],
)
def test_mistake_in_the_file_is_named_with_what_was_expected(tmp_path: Path, old: str, new: str, code: str, said: str):
    error = failure(edited(tmp_path, old, new))

    assert error.code == code
    assert said in error.message
    assert str(tmp_path / "node.toml") in error.message or code == "config-missing-key"


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("node.log_level", "verbose", "one of debug, info, warning, error"),
        ("api.listen", "here", "host:port, such as 127.0.0.1:7000 or [::1]:7000"),
    ],
)
def test_expected_says_what_may_be_written(key: str, text: str, expected: str):
    """The details of an error are read on their own: `expected` must not repeat what was found."""
    assert failure(DEVNET, flags={key: text}).details["expected"] == expected


def test_unknown_environment_variable_is_refused_with_the_nearest_known_one():
    error = failure(DEVNET, environment={"CHAINNODE_STROE_PROOF_HEIGHTS": "5"})

    assert error.code == "config-unknown-key"
    assert "did you mean 'CHAINNODE_STORE_PROOF_HEIGHTS'?" in error.message


def test_variables_of_the_command_line_are_passed_over():
    load_config(DEVNET, environment={"CHAINNODE_NODE": "http://127.0.0.1:1", "CHAINNODE_WALLET": "x"})


def test_unknown_flag_is_refused_with_the_nearest_known_one():
    error = failure(DEVNET, flags={"store.proof_height": "5"})

    assert error.code == "config-unknown-key"
    assert "did you mean 'store.proof_heights'?" in error.message


def test_wrong_value_in_the_environment_names_the_variable():
    error = failure(DEVNET, environment={"CHAINNODE_STORE_PROOF_HEIGHTS": "many"})

    assert error.code == "config-value"
    assert error.details["file"] == "environment CHAINNODE_STORE_PROOF_HEIGHTS"
    assert error.details["found"] == "'many'"


def test_peers_cannot_be_set_by_a_flag():
    assert failure(DEVNET, flags={"network.peers": "x"}).code == "config-value"


@pytest.mark.parametrize(("content", "code"), [(b"\xff", "config-syntax"), (b"#" * (2**20 + 1), "config-syntax")])
def test_file_that_is_no_configuration_is_refused(tmp_path: Path, content: bytes, code: str):
    path = tmp_path / "x.toml"
    path.write_bytes(content)

    assert failure(path).code == code


def test_section_written_as_a_value_is_refused(tmp_path: Path):
    path = tmp_path / "x.toml"
    path.write_text("store = 3\n")

    assert "write [store] above" in failure(path).message


def test_absent_or_unreadable_file_is_named(tmp_path: Path):
    assert failure(tmp_path / "absent.toml").code == "config-missing"
    assert failure(tmp_path).code == "config-unreadable"


@pytest.mark.parametrize("text", ["[::1]:7000", "127.0.0.1:0", "node.example:65535"])
def test_host_port_survives_writing_and_reading(text: str):
    assert str(parse_host_port(text)) == text


AMBIGUOUS = ["::1:7000", ":7000", "host:", "host:65536", "host:-1", "host:٣", "x" * 300 + ":1", 7]


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_host_port_refuses_what_is_ambiguous(text: object):
    with pytest.raises(ValueError, match="expected host:port"):
        parse_host_port(text)


def test_list_of_texts_is_written_with_commas_in_the_environment():
    loaded = load_config(DEVNET, environment={"CHAINNODE_API_HOST_NAMES": "a.example, b.example"})

    assert loaded.config.api.host_names == ("a.example", "b.example")
