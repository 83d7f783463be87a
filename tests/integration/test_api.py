"""What the API serves of a real chain: the same facts in JSON and MessagePack, cacheable where they cannot change."""

import asyncio
import base64
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from chainnode.proofs.verifier import verify_bundle
from chainnode.types.block import block_hash, decode_stored_block
from chainnode.types.genesis import genesis_hash
from chainnode.types.receipt import decode_receipt
from chainnode.types.transaction import decode_transaction
from contracts.assets.dcat.catalogue import import_catalogue
from contracts.evidence.batch import Batch
from contracts.identity.record import identity_key
from tests.support.api_node import ApiNode, api_node
from tests.support.cluster import evidence

MSGPACK = {"Accept": "application/msgpack"}
CATALOGUE = {
    "@type": "dcat:Catalog",
    "dataset": [{"identifier": f"set-{n}", "title": f"Set {n}", "description": "d"} for n in range(7)],
}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path) as found:
        yield found


async def test_a_submission_is_answered_by_its_wait_mode(api: ApiNode) -> None:
    envelope = api.net.envelope(1)
    tx_id = decode_transaction(envelope).tx_id.hex()
    status, document, response = await api.post(envelope)
    assert (status, document) == (202, {"tx_id": tx_id, "outcome": "accepted"})
    assert response.headers["Location"] == f"/v1/transactions/{tx_id}"
    status, document, _ = await api.post(envelope, path="/v1/transactions?wait=committed")
    assert (status, document["outcome"], document["receipt"]["code"]) == (200, "committed", "ok")
    status, again, _ = await api.post(envelope)
    assert (status, again["outcome"]) == (200, "committed"), "a duplicate is not an error"


async def test_all_forms_of_a_submission_are_the_same_transaction(api: ApiNode) -> None:
    envelope = api.net.envelope(1)
    transaction = decode_transaction(envelope)
    text = base64.b64encode(envelope).decode()
    payload = msgspec.msgpack.decode(envelope)[0]
    [signature] = transaction.signatures
    parts = {
        "payload": base64.b64encode(payload).decode(),
        "signatures": [
            {
                "scheme": "ed25519",
                "public_key": signature.public_key.hex(),
                "signature": base64.b64encode(signature.signature).decode(),
            }
        ],
    }
    for body in ({"envelope": text}, parts):
        _, document, _ = await api.post(body, "application/json")
        assert document["tx_id"] == transaction.tx_id.hex()
    status, document, _ = await api.post({"transactions": [{"envelope": text}, parts]}, "application/json")
    assert status == 200
    assert {result["tx_id"] for result in document["results"]} == {transaction.tx_id.hex()}


async def test_a_hundred_concurrent_submissions_of_the_same_bytes_are_one_commit(api: ApiNode) -> None:
    envelope = api.net.envelope(1)
    replies = await asyncio.gather(*(api.post(envelope, path="/v1/transactions?wait=committed") for _ in range(100)))
    assert {(status, document["height"], document["index"]) for status, document, _ in replies} == {(200, 1, 0)}


async def test_a_transaction_is_shown_in_every_form(api: ApiNode) -> None:
    envelope = api.net.envelope(1)
    done = await api.client.submit(envelope, wait="committed")
    _, document, response = await api.get(f"/v1/transactions/{done.tx_id}")
    assert document["operations"][0]["operation"] == "evidence.record"
    assert document["receipt"]["events"][0]["name"] == "evidence.recorded"
    assert base64.b64decode(document["envelope"]) == envelope
    assert "immutable" in response.headers["Cache-Control"]
    _, content, _ = await api.get(f"/v1/transactions/{done.tx_id}", headers=MSGPACK)
    assert content == envelope
    _, content, _ = await api.get(f"/v1/transactions/{done.tx_id}/receipt", headers=MSGPACK)
    receipt = decode_receipt(content)
    _, document, _ = await api.get(f"/v1/transactions/{done.tx_id}/receipt")
    assert (receipt.tx_id.hex(), receipt.code) == (document["tx_id"], document["code"])


async def test_a_block_is_found_by_height_hash_and_as_latest(api: ApiNode) -> None:
    done = await api.client.submit(api.net.envelope(1), wait="committed")
    _, by_height, response = await api.get(f"/v1/blocks/{done.height}")
    assert by_height["transactions"] == [done.tx_id]
    _, by_hash, _ = await api.get(f"/v1/blocks/{by_height['block_hash']}")
    assert by_hash == by_height
    _, content, _ = await api.get(f"/v1/blocks/{done.height}", headers=MSGPACK)
    block = decode_stored_block(content)
    assert block_hash(block.header).hex() == by_height["block_hash"]
    assert base64.b64decode(by_height["certificate"]) == block.certificate
    _, content, _ = await api.get(f"/v1/blocks/{done.height}/certificate", headers=MSGPACK)
    assert content == block.certificate
    _, latest, newest = await api.get("/v1/blocks/latest")
    assert latest["height"] >= done.height
    assert newest.headers["Cache-Control"] == "no-cache"
    assert "immutable" in response.headers["Cache-Control"]


async def test_what_is_in_a_block_is_listed_in_order(api: ApiNode) -> None:
    envelopes = [api.net.envelope(number) for number in range(3)]
    done = await api.client.submit(envelopes, wait="committed")
    height = done[0].height
    inside = [one for one in done if one.height == height]
    _, document, _ = await api.get(f"/v1/blocks/{height}/transactions")
    assert [item["tx_id"] for item in document] == [one.tx_id for one in sorted(inside, key=lambda one: one.index or 0)]
    _, content, _ = await api.get(f"/v1/blocks/{height}/transactions", headers=MSGPACK)
    assert msgspec.msgpack.decode(content) == [base64.b64decode(item["envelope"]) for item in document]
    _, document, _ = await api.get(f"/v1/blocks/{height}/receipts")
    assert [item["index"] for item in document] == list(range(len(inside)))
    _, content, _ = await api.get(f"/v1/blocks/{height}/receipts", headers=MSGPACK)
    assert len(msgspec.msgpack.decode(content)) == len(inside)


async def test_the_genesis_block_has_no_transactions_or_certificate(api: ApiNode) -> None:
    _, document, _ = await api.get("/v1/blocks/0")
    assert (document["transactions"], document["certificate"]) == ([], "")
    assert document["block_hash"] == api.node.service.genesis_hash.hex()


async def test_blocks_are_paged_downwards_without_gap(api: ApiNode) -> None:
    for number in range(3):
        await api.client.submit(api.net.envelope(number), wait="committed")
    heights: list[int] = []
    path = "/v1/blocks?limit=2"
    while path:
        _, document, _ = await api.get(path)
        heights += [item["height"] for item in document["items"]]
        following = document["next_before"]
        path = f"/v1/blocks?limit=2&before={following}" if following is not None else ""
    assert heights == list(range(heights[0], -1, -1))
    assert heights[0] >= 3


async def test_an_immutable_answer_is_not_sent_twice(api: ApiNode) -> None:
    _, _, first = await api.get("/v1/blocks/0")
    status, content, second = await api.get("/v1/blocks/0", headers={"If-None-Match": first.headers["ETag"]})
    assert (status, content) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]
    status, _, other = await api.get("/v1/blocks/0", headers=MSGPACK | {"If-None-Match": first.headers["ETag"]})
    assert status == 200, "another form is another answer"
    assert other.headers["Vary"] == "Accept"


async def test_a_state_value_is_shown_raw_and_read(api: ApiNode) -> None:
    did = api.wallet().did
    key = identity_key(did)
    _, document, _ = await api.get(f"/v1/state/{key.decode()}")
    assert document["document"]["did"] == did
    _, by_hex, _ = await api.get(f"/v1/state/0x{key.hex()}")
    assert by_hex == document
    _, content, _ = await api.get(f"/v1/state/0x{key.hex()}", headers=MSGPACK)
    assert content.hex() == document["value"]
    _, identity, _ = await api.get(f"/v1/identities/{did}")
    assert bytes.fromhex(identity["state_key"]) == key


async def test_assets_are_paged_without_gap_or_repetition(api: ApiNode) -> None:
    operations = [entry.operation for entry in import_catalogue(CATALOGUE).entries if entry.operation]
    done = await api.wallet().submit(api.client, operations)
    assert done.applied
    found: list[str] = []
    path = "/v1/assets?limit=3"
    while path:
        _, document, _ = await api.get(path)
        found += [item["asset_id"] for item in document["items"]]
        path = f"/v1/assets?limit=3&after={document['next']}" if document["next"] else ""
    assert len(set(found)) == len(found) == 7
    assert found == sorted(found)
    _, asset, _ = await api.get(f"/v1/assets/{found[0]}")
    assert asset["identifier"].startswith("set-")


async def test_evidence_is_found_by_id_and_digest(api: ApiNode) -> None:
    await api.wallet().submit(api.client, [evidence(7)])
    await api.wallet("civic-notary").submit(api.client, [msgspec.structs.replace(evidence(7), evidence_id=bytes(16))])
    digest = (7).to_bytes(32, "big").hex()
    _, document, _ = await api.get(f"/v1/evidence?digest={digest}")
    assert [item["submitter"] for item in document["items"]] == [api.wallet().did, api.wallet("civic-notary").did]
    _, document, _ = await api.get(f"/v1/evidence/{(7).to_bytes(16, 'big').hex()}")
    assert document["digest"] == digest
    _, document, _ = await api.get(f"/v1/evidence?digest={'00' * 32}")
    assert document == {"items": [], "next": None}


async def test_events_are_paged_and_filtered(api: ApiNode) -> None:
    did = api.wallet().did
    for number in range(1, 6):
        await api.wallet().submit(api.client, [evidence(number)])
    path = f"/v1/events?name=evidence.recorded&attribute=submitter&value={did}&limit=2"
    found, following = [], path
    while following:
        _, document, _ = await api.get(following)
        found += document["items"]
        following = f"{path}&after={document['next']}" if document["next"] else ""
    assert [int(event["attributes"]["digest"], 16) for event in found] == [1, 2, 3, 4, 5]
    _, whole, _ = await api.get("/v1/events?name=evidence.recorded")
    assert whole["items"] == found
    digest = (3).to_bytes(32, "big").hex()
    _, one, _ = await api.get(f"/v1/events?name=evidence.recorded&attribute=digest&type=bytes&value={digest}")
    assert [event["height"] for event in one["items"]] == [found[2]["height"]]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "name=x",
        "name=evidence.recorded&attribute=kind&value=file",
        "name=evidence.recorded&attribute=submitter",
        "name=evidence.recorded&attribute=digest&type=bytes&value=zz",
        "name=evidence.recorded&value=1",
    ],
)
async def test_questions_about_events_that_no_index_answers_are_refused(api: ApiNode, query: str) -> None:
    """T24: no full scan, ever."""
    status, document, _ = await api.get(f"/v1/events?{query}")
    assert (status, document["code"]) == (400, "query-invalid")


async def test_proofs_verify_offline_in_both_forms(api: ApiNode) -> None:
    done = await api.wallet().submit(api.client, [evidence(3)])
    key = identity_key(api.wallet().did)
    evidence_id, digest = (3).to_bytes(16, "big").hex(), (3).to_bytes(32, "big").hex()
    trusted = api.node.service.genesis_hash
    await api.client.prove_transaction(done.tx_id)  # waits for the block that certifies the result
    kinds = {
        f"/v1/proofs/transaction/{done.tx_id}": "transaction-included",
        f"/v1/transactions/{done.tx_id}/proof": "transaction-included",
        f"/v1/proofs/evidence/{evidence_id}": "evidence-existed",
        f"/v1/proofs/evidence?digest={digest}": "evidence-existed",
        f"/v1/proofs/state?key=0x{key.hex()}": "state-present",
        f"/v1/proofs/state?key={key.decode()}": "state-present",
        "/v1/proofs/state?key=asset/none": "state-absent",
    }
    for path, kind in kinds.items():
        _, content, _ = await api.get(path, headers=MSGPACK)
        assert verify_bundle(content, genesis_hash=trusted).kind == kind
        async with api.http.get(api.url + path) as response:
            assert verify_bundle(await response.text(), genesis_hash=trusted).kind == kind


async def test_an_item_of_a_batch_and_an_old_value_are_not_proved_by_the_node(api: ApiNode) -> None:
    batch = Batch([sha256(bytes([n])).digest() for n in range(3)])
    operation = batch.operation(bytes(16), "file")
    done = await api.wallet().submit(api.client, [operation])
    await api.client.prove_transaction(done.tx_id)
    status, document, _ = await api.get(f"/v1/proofs/evidence/{bytes(16).hex()}")
    assert (status, document["code"]) == (409, "evidence-is-batch")
    newer = msgspec.structs.replace(evidence(4), previous=bytes(16))
    done = await api.wallet().submit(api.client, [newer])
    await api.client.prove_transaction(done.tx_id)
    _, record, _ = await api.get(f"/v1/evidence/{bytes(16).hex()}")
    assert record["status"] == "SUPERSEDED"
    status, document, _ = await api.get(f"/v1/proofs/state?key=0x{record['state_key']}&height={(done.height or 0) - 1}")
    assert (status, document["code"]) == (410, "state-value")


async def test_a_pruned_height_is_gone(api: ApiNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pruned height answers 410: it was here, and is not kept."""
    for number in range(1, 5):
        done = await api.client.submit(api.net.envelope(number), wait="committed")
    monkeypatch.setattr(api.node.ledger, "_proof_heights", 1)
    while api.node.ledger.prune():
        pass
    status, document, _ = await api.get("/v1/proofs/state?key=asset/none&height=1")
    assert (status, document["code"]) == (410, "state-version")
    assert (done.height or 0) > 2


async def test_the_genesis_document_hashes_to_the_chains_name(api: ApiNode) -> None:
    _, content, _ = await api.get("/v1/genesis", headers=MSGPACK)
    _, document, _ = await api.get("/v1/genesis")
    assert base64.b64decode(document["genesis"]) == content
    assert document["genesis_hash"] == genesis_hash(content).hex() == (await api.client.status()).genesis_hash


async def test_metrics_are_readable_and_count_requests_by_route(api: ApiNode) -> None:
    for path in ("/v1/status", "/v1/blocks/0", "/v1/blocks/xyz", "/nothing/here"):
        await api.get(path)
    _, content, _ = await api.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(content.decode())}
    counted = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["chainnode_api_requests"].samples
        if sample.name.endswith("_total")
    }
    assert counted["/v1/status", "200"] == 1
    assert counted["/v1/blocks/{at}", "200"] == counted["/v1/blocks/{at}", "400"] == 1
    assert counted["none", "404"] == 1, "unknown paths are one series, whatever clients send"
    assert families["chainnode_height"].samples


async def test_every_link_of_the_index_answers(api: ApiNode) -> None:
    _, document, _ = await api.get("/")
    assert "/v1/assets" in document["collections"]
    for path in (*document["links"].values(), *document["collections"]):
        status, _, response = await api.get(path)
        assert status == 200, path
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_answers_say_at_which_height_they_were_given(api: ApiNode) -> None:
    """T29: a reader sees how old an answer is."""
    done = await api.client.submit(api.net.envelope(1), wait="committed")
    _, _, response = await api.get("/v1/parameters")
    assert int(response.headers["X-Chain-Height"]) >= (done.height or 0)


async def test_the_clients_request_id_is_kept_if_it_is_fit_for_a_log(api: ApiNode) -> None:
    _, _, response = await api.get("/v1/status", headers={"X-Request-Id": "mine-1"})
    assert response.headers["X-Request-Id"] == "mine-1"
    _, _, response = await api.get("/v1/status", headers={"X-Request-Id": "x" * 65})
    assert response.headers["X-Request-Id"] != "x" * 65
