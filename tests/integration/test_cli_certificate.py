"""The reviewed path by commands, and the certificate that ``chainnode asset certificate`` checks."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chainnode.cli.failure import Exit
from chainnode.cli.main import main
from chainnode.node.key_file import write_key
from tests.support.api_node import ApiNode, api_node

POLICY = '{"validity_ms": 86400000}'
DESCRIPTION = '{"kind": "dataset", "name": "Berths"}'


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path / "network") as found:
        yield found


async def test_asset_is_applied_for_certified_and_its_certificate_checked(
    api: ApiNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("delta-provider", "meridian-registrar"):
        write_key(tmp_path / f"{name}.json", api.net.key(name), name=name, passphrase=None)

    async def run(name: str, *words: str) -> tuple[int, dict]:
        """Exit status and the last JSON printed; a failure alone is on the error stream."""
        wallet = [] if not name else ["--wallet", str(tmp_path / f"{name}.json")]
        arguments = ["asset", *words, *wallet, "--node", api.url, "--json"]
        status = await asyncio.to_thread(main, arguments)
        printed = capsys.readouterr()
        lines = [line for line in (printed.err + printed.out).splitlines() if line.startswith("{")]
        return status, json.loads(lines[-1])

    holder, registrar = "delta-provider", "meridian-registrar"
    assert (await run(registrar, "set-registrar-policy", "--policy", POLICY))[0] == Exit.OK
    status, draft = await run(holder, "draft", "berths", "--description", DESCRIPTION)
    assert status == Exit.OK
    asset_id, named = draft["asset_id"], draft["description_hash"]
    to_registrar = ("--registrar", api.wallet(registrar).did, "--description-hash", named)
    assert (await run(holder, "submit", asset_id, *to_registrar))[0] == Exit.OK
    for verb in ("accept", "publicise", "certify"):
        assert (await run(registrar, verb, asset_id))[0] == Exit.OK
    number = (await api.client.asset(asset_id))["certificate"]
    file = tmp_path / "credential.json"
    status, found = await run("", "certificate", number, "--credential", str(file))
    assert (status, found["code"], found["holder"]) == (Exit.OK, "ok", api.wallet(holder).did)
    assert json.loads(file.read_text())["credentialSubject"]["certificate"] == number
    assert (await run("", "certificate", number, "--compare", str(file)))[1]["differences"] == []
    file.write_text(file.read_text().replace("Berths", "Births"))
    status, found = await run("", "certificate", number, "--compare", str(file))
    assert (status, found["differences"]) == (Exit.FAILED, ["credentialSubject.asset.name"])
    assert (await run(registrar, "revoke", asset_id, "--reason-hash", "ab" * 32))[0] == Exit.OK
    status, failure = await run("", "certificate", number)
    assert (status, failure["code"]) == (Exit.FAILED, "certificate-revoked")
    status, failure = await run("", "certificate", number[:-1] + "x")
    assert (status, failure["error"]["code"]) == (Exit.FAILED, "certificate-number")
