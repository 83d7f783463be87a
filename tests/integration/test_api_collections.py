"""Lists of records over HTTP, through the SDK, and from the command line."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from chainnode.cli.main import main
from chainnode.errors import NotFound, Rejected
from chainnode.types.ids import did_of_key
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.kernel.registry import COLLECTIONS
from tests.support.api_node import ApiNode, api_node
from tests.support.cluster import CHAIN_ID, evidence


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path) as found:
        yield found


async def registered(api: ApiNode) -> str:
    """Six assets of two kinds, half of them another's."""
    other = did_of_key(CHAIN_ID, api.net.key("delta-provider").public_key)
    operations = [
        RegisterAsset(f"set-{n}", AssetDescription("dataset" if n < 4 else "model", "A"), other if n % 2 else "")
        for n in range(6)
    ]
    assert (await api.wallet().submit(api.client, operations)).applied
    return other


async def test_records_are_listed_by_what_they_hold(api: ApiNode) -> None:
    other = await registered(api)
    own = api.wallet().did
    for question, expected in (
        (f"holder={other}", ["set-1", "set-3", "set-5"]),
        (f"holder={other}&kind=model", ["set-5"]),
        (f"registrar={own}&kind=model&limit=1", ["set-4", "set-5"]),
        ("identifier=set-2", ["set-2"]),
        ("status=CERTIFIED&grade=important", []),
    ):
        found, after = [], ""
        while True:
            status, document, _ = await api.get(f"/v1/assets?{question}{after}")
            assert status == 200, document
            found += [item["identifier"] for item in document["items"]]
            if document["next"] is None:
                break
            after = f"&after={document['next']}"
        assert sorted(found) == expected, question


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("holdr=x", "query-unknown"),
        ("kind=sandwich", "query-invalid"),
        ("status=certified", "query-invalid"),
        ("kind=model&kind=model", "query-invalid"),
        ("limit=0", "query-invalid"),
        ("after=AAAA", "cursor-invalid"),
    ],
)
async def test_question_that_no_filter_answers_is_refused(api: ApiNode, question: str, code: str) -> None:
    _, document, response = await api.get(f"/v1/assets?{question}")
    assert (response.status, document["code"]) == (400, code)


async def test_cursor_belongs_to_its_question(api: ApiNode) -> None:
    await registered(api)
    _, document, _ = await api.get("/v1/assets?kind=dataset&limit=1")
    _, refused, _ = await api.get(f"/v1/assets?kind=model&limit=1&after={document['next']}")
    assert refused["code"] == "cursor-invalid"


async def test_record_is_read_by_its_ids_and_its_absence_is_told(api: ApiNode) -> None:
    own = api.wallet().did
    await api.wallet().submit(api.client, [evidence(3)])
    evidence_id = (3).to_bytes(16, "big").hex()
    _, found, _ = await api.get(f"/v1/evidence/{own}/{evidence_id}")
    assert (found["submitter"], found["evidence_id"]) == (own, evidence_id)
    for path, code in (
        (f"/v1/evidence/{own}/{'00' * 16}", "evidence-not-found"),
        (f"/v1/evidence/{own}/zz", "path-invalid"),
        ("/v1/assets/zz", "path-invalid"),
        (f"/v1/misbehaviour/{'00' * 32}/x", "path-invalid"),
        (f"/v1/misbehaviour/{'00' * 32}/7", "record-not-found"),
    ):
        _, document, _ = await api.get(path)
        assert document["code"] == code, path


async def test_client_lists_reads_and_walks_through_every_collection(api: ApiNode) -> None:
    await registered(api)
    client, own = api.client, api.wallet().did
    roles = [item async for item in client.all_records("roles", role="exchange")]
    assert own in [item["did"] for item in roles]
    assert (await client.record("roles", own))["did"] == own
    page = await client.collection("identities", status="ACTIVE", limit=2)
    assert len(page.items) == 2
    assert page.next
    assert {item["identifier"] async for item in client.all_records("assets", kind="model")} == {"set-4", "set-5"}
    for name in COLLECTIONS:
        assert [item async for item in client.all_records(name)] == [
            item async for item in client.all_records(name)
        ], name
    with pytest.raises(NotFound):
        await client.record("assets", bytes(32))
    with pytest.raises(Rejected) as caught:
        await client.collection("assets", nonsense="x")
    assert caught.value.code == "query-unknown"


async def test_command_line_lists_and_reads_records(api: ApiNode, capsys: pytest.CaptureFixture[str]) -> None:
    await registered(api)

    async def run(*words: str) -> tuple[int, str]:
        """Exit status and last line: the node of this process logs to the same place."""
        status = await asyncio.to_thread(main, ["query", *words, "--node", api.url])
        return status, (capsys.readouterr().out.splitlines() or [""])[-1]

    status, out = await run("records", "assets", "--filter", "kind=model", "--filter", "identifier=set-4", "--json")
    assert status == 0
    [asset] = json.loads(out)["items"]
    status, out = await run("record", "assets", asset["asset_id"], "--json")
    assert (status, msgspec.json.decode(out)) == (0, asset)
    status, out = await run("records", "assets", "--limit", "1")
    assert out.startswith("more: --after ")
    status, out = await run("records", "misbehaviour")
    assert (status, out) == (0, "none on this page")
    for words in (("records", "assets", "--filter", "kinds=model"), ("record", "evidence", "00"), ("records", "cats")):
        status, _ = await run(*words)
        assert status == 2
