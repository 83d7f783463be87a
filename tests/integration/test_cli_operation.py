"""A command made from an operation, against a running node."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chainnode.cli.failure import Exit
from chainnode.cli.main import main
from chainnode.node.key_file import write_key
from tests.support.api_node import ApiNode, api_node


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path / "network") as found:
        yield found


async def test_operation_is_signed_submitted_and_its_outcome_told(
    api: ApiNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wallet = tmp_path / "key.json"
    write_key(wallet, api.net.key("harbour-exchange"), name="harbour-exchange", passphrase=None)

    async def run(*words: str) -> tuple[int, dict]:
        """Exit status and last line: the node of this process logs to the same place."""
        arguments = ["evidence", *words, "--node", api.url, "--wallet", str(wallet), "--json"]
        status = await asyncio.to_thread(main, arguments)
        return status, json.loads(capsys.readouterr().out.splitlines()[-1])

    record = ("record", "ab" * 32, "--kind", "file", "--algorithm", "sha256", "--memo", "first")
    status, done = await run(*record)
    assert (status, done["code"]) == (Exit.OK, "ok")
    found = await api.client.evidence(done["evidence_id"])
    assert (found["digest"], found["submitter"]) == ("ab" * 32, api.wallet().did)
    assert (await api.client.transaction(done["tx_id"])).memo == "first"

    status, again = await run(*record, "--evidence-id", done["evidence_id"])
    assert (status, again["code"]) == (Exit.FAILED, "evidence-exists")
