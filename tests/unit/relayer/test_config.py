"""What a relayer may be told, and what it refuses to be told."""

from pathlib import Path

import pytest

from chainnode.errors import ConfigError
from chainnode.relayer.config import (
    ChainSection,
    EndSection,
    PathSection,
    RelayerConfig,
    RelayerSection,
    load_relayer_config,
)
from tests.support.shared import ROOT

EXAMPLE = ROOT / "configs" / "relayer.toml"


def written(tmp_path: Path, old: str, new: str) -> Path:
    """The example with one passage changed."""
    text = EXAMPLE.read_text()
    assert old in text
    file = tmp_path / "relayer.toml"
    file.write_text(text.replace(old, new))
    return file


def test_example_shows_every_key_and_loads() -> None:
    """configs/relayer.toml cannot drift from the code."""
    found = load_relayer_config(EXAMPLE)
    text = EXAMPLE.read_text()
    for section in (RelayerSection, ChainSection, EndSection, PathSection, RelayerConfig):
        for name in section.__struct_fields__:
            assert name in text, name
    assert [path.name for path in found.paths] == ["harbour-meridian"]
    assert found.chains["harbour"].key_file == "/etc/chainnode/relayer-harbour.json"


def test_file_names_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    """Relative paths start at the folder of the file."""
    file = written(tmp_path, 'key_file = "/etc/chainnode/relayer-harbour.json"', 'key_file = "keys/relayer.json"')
    assert load_relayer_config(file).chains["harbour"].key_file == str(tmp_path / "keys/relayer.json")


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        ("poll_ms = 250", "poll_ms = 0", "config-value", "poll_ms"),
        ("poll_ms = 250", "pol_ms = 250", "config-value", "pol_ms"),
        ("batch_packets = 100", "batch_packets = 1000", "config-value", "batch_packets"),
        ("[relayer]", "[relayer", "config-syntax", "relayer.toml"),
        ('chain_id = "harbour-data"\n', "", "config-value", "chain_id"),
        ('genesis_hash = "0000', 'genesis_hash = "XX00', "config-value", "genesis_hash"),
        ('first = { chain = "harbour"', 'first = { chain = "lagoon"', "config-value", "lagoon"),
        ('first = { chain = "harbour"', 'first = { chain = "meridian"', "config-value", "paths[0]"),
        ('client = "chainnode-1" }\nsecond', 'client = "no" }\nsecond', "config-value", "client"),
    ],
)
def test_mistake_is_refused_by_name(tmp_path: Path, old: str, new: str, code: str, told: str) -> None:
    """An error names the place."""
    with pytest.raises(ConfigError) as caught:
        load_relayer_config(written(tmp_path, old, new))
    assert caught.value.code == code
    assert told in caught.value.message


def test_end_is_served_by_one_path_only(tmp_path: Path) -> None:
    """Two paths over one client would do everything twice."""
    path = EXAMPLE.read_text()[EXAMPLE.read_text().index("[[paths]]") :]
    file = tmp_path / "relayer.toml"
    file.write_text(EXAMPLE.read_text() + path)
    with pytest.raises(ConfigError, match="a second time"):
        load_relayer_config(file)


def test_missing_and_huge_files_are_told(tmp_path: Path) -> None:
    """A mistake in the command line is no trace."""
    with pytest.raises(ConfigError) as caught:
        load_relayer_config(tmp_path / "none.toml")
    assert caught.value.code == "file-missing"
    huge = tmp_path / "huge.toml"
    huge.write_bytes(b"#" * (256 * 1024 + 1))
    with pytest.raises(ConfigError, match="larger"):
        load_relayer_config(huge)
