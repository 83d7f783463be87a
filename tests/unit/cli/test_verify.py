"""``chainnode verify``: offline, with the genesis hash alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chainnode.cli.failure import Exit
from chainnode.cli.main import main
from chainnode.proofs import document
from chainnode.proofs.bundle import encode_bundle
from chainnode.state.keys import key
from tests.support.shared import ROOT
from tests.support.small_chain import SmallChain, envelope

OURS = ("chainnode.net", "chainnode.node", "chainnode.sdk", "chainnode.api", "chainnode.store")
NETWORK = ("socket", "ssl", "asyncio", "aiohttp", "plyvel", *OURS)
EVIDENCE_ID, DIGEST = b"e" * 16, b"d" * 32


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    built = SmallChain()
    record = ["evidence.record", EVIDENCE_ID, "file", "sha256", DIGEST, True]
    built.extend([envelope([record])], {key("note", "a"): b"\x01"})
    built.extend()
    return built


@pytest.fixture
def bundle(chain: SmallChain, tmp_path: Path) -> Path:
    path = tmp_path / "evidence.proof"
    path.write_bytes(encode_bundle(chain.evidence(1, 0, EVIDENCE_ID, DIGEST)))
    return path


def test_valid_proof_is_told_with_what_it_shows(chain: SmallChain, bundle: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["verify", str(bundle), "--genesis", chain.genesis_hash.hex(), "--json"]) == Exit.OK

    found = json.loads(capsys.readouterr().out)
    assert found["valid"] is True
    assert found["kind"] == "evidence-existed"
    assert found["evidence_id"] == EVIDENCE_ID.hex()
    assert found["digest"] == DIGEST.hex()
    assert found["time"].endswith("+00:00")


def test_json_form_of_a_proof_is_accepted_too(chain: SmallChain, tmp_path: Path):
    path = tmp_path / "state.json"
    path.write_text(document.render(chain.state_at(1, key("note", "a"), b"\x01")))

    assert main(["verify", str(path), "--genesis", chain.genesis_hash.hex()]) == Exit.OK


def test_changed_proof_is_refused(chain: SmallChain, bundle: Path, capsys: pytest.CaptureFixture[str]):
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.write_bytes(content)

    assert main(["verify", str(bundle), "--genesis", chain.genesis_hash.hex()]) == Exit.FAILED
    assert "the proof is NOT valid" in capsys.readouterr().err


def test_proof_of_another_chain_is_refused(bundle: Path):
    assert main(["verify", str(bundle), "--genesis", "00" * 32]) == Exit.FAILED


@pytest.mark.parametrize("words", [[], ["--genesis", "abc"], ["--genesis", "zz" * 32], ["--header", "00"]])
def test_hash_that_is_none_is_a_usage_error(bundle: Path, words: list[str]):
    assert main(["verify", str(bundle), *words]) == Exit.USAGE


def test_verifying_imports_no_network_or_node_code(chain: SmallChain, bundle: Path):
    """issue: verified by a process that had only the bundle and the genesis hash."""
    code = (
        "import sys\nfrom chainnode.cli.main import main\n"
        f"status = main(['verify', {str(bundle)!r}, '--genesis', {chain.genesis_hash.hex()!r}, '--json'])\n"
        f"sys.stderr.write(','.join(name for name in {NETWORK!r} if name in sys.modules))\nsys.exit(status)"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("content", [b"# A page\n", b"", b'{"name": "package"}', b"\x00" * 100])
def test_file_that_is_no_proof_is_told_as_such(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "README.md"
    path.write_bytes(content)

    assert main(["verify", str(path), "--genesis", "ab" * 32, "--json"]) == Exit.FAILED

    error = json.loads(capsys.readouterr().err)["error"]
    assert error["code"] == "malformed"
    assert error["message"] == f"{path} is no proof: it is neither the bytes nor the JSON form of a bundle"
    assert "chainnode prove" in error["next"]
