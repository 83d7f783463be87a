"""Identities and credentials by commands alone, against a running node."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from chainnode.cli.failure import Exit
from chainnode.cli.main import main
from chainnode.node.key_file import write_key
from tests.support.api_node import ApiNode, api_node
from tests.unit.contracts.world import key_of

Ask = Callable[..., Awaitable[Any]]
URI = "https://issuer.example/status/1"
TYPE = "DataMerchantCredential"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path / "network") as found:
        yield found


@pytest.fixture
def ask(api: ApiNode, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a command with ``--json``; its result, or its failure's object when another status is expected."""
    monkeypatch.chdir(tmp_path)
    for name in ("first", "second", "third"):
        write_key(tmp_path / f"{name}.json", key_of(name), name=name, passphrase=None)
    for name in ("harbour-exchange", "lighthouse-regulator"):
        write_key(tmp_path / f"{name}.json", api.net.key(name), name=name, passphrase=None)

    async def run(*words: object, status: Exit = Exit.OK) -> Any:
        node = [] if words[1] == "agree" else ["--node", api.url]
        found = await asyncio.to_thread(main, [*map(str, words), *node, "--json"])
        shown = capsys.readouterr()
        assert found == status, shown.err
        return json.loads((shown.out if status is Exit.OK else shown.err).splitlines()[-1])

    return run


async def test_identity_is_created_shown_rotated_and_ended(ask: Ask) -> None:
    did = (await ask("did", "create", "first.json"))["did"]
    shown = await ask("did", "show", did)
    assert shown["didDocument"]["id"] == did
    await ask("did", "rotate", "second.json", "--announce", "third.json", "--wallet", "first.json", "--did", did)
    stolen = ("did", "rotate", "first.json", "--wallet", "second.json", "--did", did)
    assert (await ask(*stolen, status=Exit.FAILED))["error"]["code"] == "identity-not-announced"
    await ask("did", "rotate", "third.json", "--wallet", "second.json", "--did", did)
    versions = await ask("did", "history", did)
    assert [[one["fragment"] for one in item["record"]["methods"]] for item in versions] == [
        ["key-1"],
        ["key-2"],
        ["key-3"],
    ]
    assert (await ask("did", "show", did, "--version", 2))["didDocumentMetadata"]["nextVersionId"] == "3"
    await ask("did", "deactivate", "--wallet", "third.json", "--did", did)
    assert (await ask("did", "show", did))["didDocumentMetadata"]["deactivated"] is True
    missing = await ask("did", "show", did[:-4] + "zzzz", status=Exit.NOT_FOUND)
    assert missing["error"]["code"] == "not-found"


async def test_member_sponsors_a_newcomer_whose_key_it_never_sees(ask: Ask, api: ApiNode) -> None:
    sponsor = api.wallet().did
    agreed = await ask("did", "agree", "first.json", "--sponsor", sponsor, "--chain-id", sponsor.split(":")[2])
    words = ("did", "sponsor", agreed["initial_key"], "--proof", agreed["proof"], "--wallet")
    wrong = await ask(*words, "lighthouse-regulator.json", status=Exit.FAILED)
    assert wrong["error"]["code"] == "identity-proof", "the agreement is with one sponsor only"
    await ask(*words, "harbour-exchange.json")
    assert (await api.client.identity(agreed["did"]))["sponsor"] == sponsor
    other = await ask("did", "create", "second.json", "--sponsor", "harbour-exchange.json")
    assert (await api.client.identity(other["did"]))["sponsor"] == sponsor


async def test_guardian_proposes_keys_for_an_identity_that_lost_its_own(ask: Ask, api: ApiNode) -> None:
    did = (await ask("did", "create", "first.json"))["did"]
    guardian = api.wallet().did
    exchange = ("--guardian", guardian, "--recovery-hours", 1)
    await ask("did", "rotate", "third.json", *exchange, "--wallet", "first.json", "--did", did)
    found = await ask("did", "propose-recovery", did, "second.json", "--wallet", "harbour-exchange.json")
    record = await api.client.record("recoveries", did, guardian)
    assert (record["digest"], record["status"]) == (found["digest"], "WAITING")
    early = await ask("did", "recover", did, guardian, "--wallet", "harbour-exchange.json", status=Exit.FAILED)
    assert early["error"]["code"] == "recovery-too-early"
    await ask("did", "cancel-recovery", guardian, "--wallet", "third.json", "--did", did)


async def test_credential_is_issued_checked_and_revoked(ask: Ask, api: ApiNode, tmp_path: Path) -> None:
    (tmp_path / "claims.json").write_text(json.dumps({"id": "did:example:merchant", "kind": "supplier"}))
    (tmp_path / "schema.json").write_text('{"type": "object"}')
    issuer = api.wallet().did
    by_issuer = ("--wallet", "harbour-exchange.json")
    accredit = ("credential", "accredit", issuer, "issuer", "--credential-type", TYPE)
    await ask(*accredit, "--wallet", "lighthouse-regulator.json")
    await ask("credential", "status-list", "status.json", "--uri", URI, "--anchor", "1", *by_issuer)
    schema = ("--version", 1, "--name", "Merchant", "--digest", "a0" * 32)
    await ask("credential", "register-schema", "merchant", *schema, *by_issuer)
    issue = ("credential", "issue", "claims.json", "--type", TYPE, "--schema", f"{issuer}/merchant/1", *by_issuer)
    status = ("--status-list", URI, "--status-index", 7)
    made = await ask(*issue, *status, "--log", "--out", "credential.json")
    assert (await api.client.record("issuances", issuer, made["digest"]))["accredited"] is True
    verify = ("credential", "verify", "credential.json", "--status-list", "status.json")
    found = await ask(*verify)
    assert (found["holds"], found["issuer"], found["findings"]) == (True, issuer, [])
    unavailable = await ask("credential", "verify", "credential.json", status=Exit.FAILED)
    assert unavailable["error"]["code"] == "credential-status-unavailable"
    mismatch = await ask(
        *verify, "--schema-file", f"{issuer}/schemas/merchant/1=schema.json", status=Exit.FAILED
    )
    assert mismatch["error"]["code"] == "credential-schema-mismatch"
    (tmp_path / "old.json").write_text((tmp_path / "status.json").read_text())
    await ask("credential", "status-list", "status.json", "--set", 7, "--anchor", "1", *by_issuer)
    assert (await ask(*verify, status=Exit.FAILED))["error"]["code"] == "credential-revoked"
    stale = await ask("credential", "verify", "credential.json", "--status-list", "old.json", status=Exit.FAILED)
    assert stale["error"]["code"] == "credential-status-stale"
    changed = (tmp_path / "credential.json").read_text().replace("supplier", "buyer")
    (tmp_path / "credential.json").write_text(changed)
    forged = await ask(*verify, status=Exit.FAILED)
    assert forged["error"]["code"] == "credential-proof"


async def test_keys_rotated_since_count_only_for_what_was_logged(ask: Ask, api: ApiNode, tmp_path: Path) -> None:
    (tmp_path / "claims.json").write_text(json.dumps({"id": "did:example:merchant"}))
    by_issuer = ("--wallet", "harbour-exchange.json")
    issue = ("credential", "issue", "claims.json", "--type", TYPE, *by_issuer)
    await ask(*issue, "--log", "--out", "logged.json")
    await ask(*issue, "--valid-until", "2126-01-01T00:00:00Z", "--out", "unlogged.json")
    await asyncio.sleep(1.1)  # a proof tells whole seconds, and the rotation must be in a later one
    await ask("did", "rotate", "first.json", *by_issuer)
    found = await ask("credential", "verify", "logged.json", "--any-issuer")
    assert [one["code"] for one in found["findings"]] == ["credential-key-rotated-since"]
    refused = await ask("credential", "verify", "unlogged.json", "--any-issuer", status=Exit.FAILED)
    assert refused["error"]["code"] == "credential-key-rotated"
    lost = await ask(*issue, "--did", api.wallet().did, status=Exit.FAILED)
    assert lost["error"]["code"] == "key-not-for-assertions"
