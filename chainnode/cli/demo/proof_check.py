"""Proofs checked by a stranger: another process with the bundle and the genesis hash, and nothing else.

It runs ``chainnode verify`` in an empty folder that holds one bundle, with an environment that names no node, after the
imports of that command were kept free of network code.
"""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec

from chainnode.cli.testnet.process import node_environment

TIMEOUT_S: Final = 60.0


async def verify_apart(bundle: bytes, genesis_hash: str) -> tuple[dict[str, Any] | None, str]:
    """What the other process found: the verified facts, or None and why not."""
    return await asyncio.to_thread(_verify_apart, bundle, genesis_hash)


def _verify_apart(bundle: bytes, genesis_hash: str) -> tuple[dict[str, Any] | None, str]:
    with tempfile.TemporaryDirectory(prefix="chainnode-proof-") as name:
        Path(name, "bundle").write_bytes(bundle)
        verify = ["verify", "bundle", "--genesis", genesis_hash, "--json"]
        command = [sys.executable, "-P", "-m", "chainnode.cli.main", *verify]
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and module
                command,
                cwd=name,
                env=node_environment() | {"HOME": name, "XDG_STATE_HOME": name},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None, f"the verifier gave no answer within {TIMEOUT_S:g} s"
    if done.returncode:
        return None, done.stderr.decode("utf-8", "replace").strip()[-500:]
    found: dict[str, Any] = msgspec.json.decode(done.stdout)
    return (found, "") if found.get("valid") is True else (None, "the verifier did not say that the proof is valid")
