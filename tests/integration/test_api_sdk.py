"""The client, the wallet and their helpers against real nodes: nothing is lost, and every item has a result."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chainnode.api.server import ApiServer
from chainnode.errors import NotFound, Rejected
from chainnode.lightclient.client_state import ClientOptions
from chainnode.lightclient.membership import verify_membership, verify_non_membership
from chainnode.lightclient.own_chain import consensus_state_of
from chainnode.lightclient.verification import begin, verify, verify_past
from chainnode.proofs.errors import ProofInvalid
from chainnode.sdk import evidence as evidence_module
from chainnode.sdk import submitter
from chainnode.sdk.assets import EntryResult, register_catalogue
from chainnode.sdk.batching import apply_batch
from chainnode.sdk.client import Client
from chainnode.sdk.content import hash_file
from chainnode.sdk.errors import Unavailable, Unsettled
from chainnode.sdk.evidence import RecordResult, prove_item, record_files
from chainnode.sdk.offline import matching_item, read_bundle_file, verify_file
from chainnode.sdk.sidecar import read_sidecar
from chainnode.sdk.wallet import Wallet
from chainnode.types import seal
from chainnode.types.transaction import decode_transaction
from tests.support.api_node import UNLIMITED, ApiNode, api_node
from tests.support.cluster import CHAIN_ID, evidence, until
from tests.support.shared import shared

SEAL_INTERVAL = 12
"""Of the network of one test."""


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path / "chain") as found:
        yield found


async def registered(
    api: ApiNode, document: object, identity: str = "harbour-exchange", **more: Any
) -> list[EntryResult]:
    content = document if isinstance(document, bytes) else msgspec.json.encode(document)
    return [one async for one in register_catalogue(api.client, api.wallet(identity), content, **more)]


async def test_light_client_follows_a_node_by_what_its_api_shows(api: ApiNode) -> None:
    """From the agreed genesis to the tip and back, every step verified here."""
    client, wallet = api.client, api.wallet()
    for number in range(3):
        await wallet.submit(client, [evidence(number)])
    _, genesis = await client.genesis()
    options = ClientOptions(CHAIN_ID, genesis, 10 * 86_400_000)
    tip = (await client.status()).height
    start = await client.light_header(0)
    now_ms = consensus_state_of((await client.light_header(tip)).header).time_ms
    state = begin(start.header, start.ancestry, options)
    assert verify(state, await client.light_update(trusted=0, height=tip), options, now_ms).height == tip
    middle = await client.light_header(tip - 1)
    state = begin(middle.header, middle.ancestry, options)
    state = verify(state, await client.light_update(trusted=tip - 1, height=tip), options, now_ms)
    older = await client.light_header(1, within=tip)
    assert verify_past(state, older.header, older.ancestry, options, now_ms).height == 1
    keys = [f"nothing/{number}".encode() for number in range(25)] + [b"governance/validators"]
    proofs = await client.light_proofs(keys, height=tip)
    for key, proof in zip(keys[:-1], proofs[:-1], strict=True):
        verify_non_membership(consensus_state_of((await client.light_header(tip)).header), key, proof)
    value = bytes.fromhex((await client.state(keys[-1])).value)
    verify_membership(consensus_state_of((await client.light_header(tip)).header), keys[-1], value, proofs[-1])
    status, problem, _ = await api.get(f"/v1/light/proofs?height={tip + 100}&keys=00")
    assert (status, problem["code"]) == (503, "proof-pending")
    document = await client.request("GET", "/v1/light/proofs", query={"height": tip, "keys": keys[0].hex()})
    assert msgspec.json.decode(document.body) == {"height": tip, "proofs": [proofs[0].hex()]}
    malformed: list[dict[str, str | int]] = [{"height": tip}, {"height": tip, "keys": "zz"}, {"keys": "00"}]
    for bad in malformed:
        with pytest.raises(Rejected):
            await client.request("GET", "/v1/light/proofs", query=bad)
    with pytest.raises(Rejected) as refused:
        await client.light_update(trusted=2, height=2)
    assert refused.value.code == "light-heights"
    with pytest.raises(NotFound):
        await client.light_update(trusted=2, height=tip + 1_000)
    document = await client.request("GET", "/v1/light/updates", query={"trusted": 1, "height": 2})
    assert msgspec.json.decode(document.body)["decision_kind"] == "certificate"


async def test_seal_moves_a_light_client(api: ApiNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest, by height, and in an update; a block without one has a certificate."""
    monkeypatch.setattr(seal, "SEAL_INTERVAL", SEAL_INTERVAL)
    client, wallet = api.client, api.wallet()
    with pytest.raises(NotFound) as missing:
        await client.seal()
    assert missing.value.code == "seal-not-found"
    while (await client.status()).height <= SEAL_INTERVAL:
        await wallet.submit(client, [evidence((await client.status()).height + 1)])
    await until(lambda: api.node.ledger.store.seal(SEAL_INTERVAL) is not None)
    newest = await client.seal()
    assert newest == await client.seal(SEAL_INTERVAL)
    assert newest.height == SEAL_INTERVAL
    with pytest.raises(NotFound):
        await client.seal(SEAL_INTERVAL - 1)
    _, genesis = await client.genesis()
    options = ClientOptions(CHAIN_ID, genesis, 10 * 86_400_000)
    start = await client.light_header(0)
    update = await client.light_update(trusted=0, height=SEAL_INTERVAL, decision="seal")
    now_ms = consensus_state_of(update.header).time_ms
    assert verify(begin(start.header, start.ancestry, options), update, options, now_ms).height == SEAL_INTERVAL
    with pytest.raises(NotFound):
        await client.light_update(trusted=0, height=1, decision="seal")
    document = msgspec.json.decode((await client.request("GET", f"/v1/seals/{SEAL_INTERVAL}")).body)
    assert document["signers"] == list(newest.signer_indexes())
    with pytest.raises(Rejected) as refused:
        await client.request("GET", "/v1/seals/first")
    assert refused.value.code == "path-invalid"


async def recorded(api: ApiNode, records: Path, *paths: Path, **more: Any) -> list[RecordResult]:
    return [one async for one in record_files(api.client, api.wallet(), paths, records=records, **more)]


async def test_every_typed_question_is_answered(api: ApiNode) -> None:
    """The client's types read what the node really sends, field for field."""
    client, wallet = api.client, api.wallet()
    done = await wallet.submit(client, [evidence(1)], memo="first")
    assert done.applied
    shown = await client.transaction(done.tx_id)
    assert (shown.state, shown.sender, shown.memo, shown.height) == ("committed", wallet.did, "first", done.height)
    assert (await client.receipt(done.tx_id)).code == "ok"
    assert (await client.block(done.height or 0)).transactions == (done.tx_id,)
    assert [one.tx_id for one in await client.receipts(done.height or 0)] == [done.tx_id]
    record = await client.evidence((1).to_bytes(16, "big"))
    assert (await client.evidence_of((1).to_bytes(32, "big")))[0]["evidence_id"] == record["evidence_id"]
    assert (await client.state(bytes.fromhex(record["state_key"]))).document["submitter"] == wallet.did
    assert (await client.identity(wallet.did))["did"] == wallet.did
    assert [one.tx_id async for one in client.all_events("evidence.recorded", "submitter", wallet.did)] == [done.tx_id]
    assert (await client.validators()).quorum == 1
    assert (await client.parameters()).validity_window == 1_000
    genesis, genesis_hash = await client.genesis()
    assert (genesis, genesis_hash) == (api.net.genesis, api.node.service.genesis_hash)
    status = await client.status()
    assert (status.chain_id, status.validators, status.halted) == (CHAIN_ID, 1, None)
    assert (await client.collection("assets")).items == ()
    with pytest.raises(NotFound):
        await client.transaction(bytes(32))


async def test_one_refused_envelope_is_raised_and_one_of_many_is_told(api: ApiNode) -> None:
    good, other = api.net.envelope(1), api.net.envelope(2)
    bad = other[:-1] + bytes([other[-1] ^ 1])
    with pytest.raises(Rejected) as caught:
        await api.client.submit(bad)
    assert caught.value.code == "bad-signature"
    results = await api.client.submit([good, bad, good], wait="committed")
    assert [result.outcome for result in results] == ["committed", "rejected", "committed"]
    assert results[0] == results[2]


async def test_many_envelopes_go_in_requests_that_fit(api: ApiNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitter, "BULK_TRANSACTIONS_MAX", 7)
    envelopes = [api.net.envelope(number) for number in range(20)]
    results = await api.client.submit(envelopes, wait="committed")
    assert [result.tx_id for result in results] == [decode_transaction(one).tx_id.hex() for one in envelopes]
    assert all(result.applied for result in results)


async def test_a_full_pool_is_waited_out(api: ApiNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.node._pool, "_transactions_max", 3)
    results = await api.client.submit([api.net.envelope(number) for number in range(12)], wait="committed")
    assert all(result.applied for result in results)


async def test_a_transaction_unseen_in_time_is_unsettled_and_settles_later(tmp_path: Path) -> None:
    """Asking again is safe: the same bytes are one transaction."""
    async with api_node(tmp_path, validators=4, start=2) as api:
        envelope = api.net.envelope(1)
        with pytest.raises(Unsettled) as caught:
            await api.client.submit(envelope, wait="committed", timeout_ms=100)
        tx_id = str(caught.value.details["tx_id"])
        with pytest.raises(Unsettled):
            await api.client.wait(tx_id, timeout_ms=50)
        assert (await api.client.transaction(tx_id)).state == "pending"
        await api.net.start("validator-2")
        again, waited = await asyncio.gather(
            api.client.submit(envelope, wait="committed"), api.client.wait(tx_id, timeout_ms=10_000)
        )
        assert again.applied
        assert (waited.height, waited.index) == (again.height, again.index)


async def test_a_node_that_dies_under_load_loses_nothing(tmp_path: Path) -> None:
    """Whatever was acknowledged, or only handed over, is committed once, through the nodes that are left."""
    async with api_node(tmp_path, validators=4) as api, AsyncExitStack() as stack:
        servers = {"validator-0": api.server}
        for name in api.net.names[1:]:
            servers[name] = ApiServer(api.net.nodes[name].service, "127.0.0.1", 0, UNLIMITED)
            await servers[name].start()
            stack.push_async_callback(servers[name].close)
        urls = [server.url for server in servers.values()]
        client = await stack.enter_async_context(Client(urls, spread=True, attempt_timeout_ms=1_000))
        envelopes = [api.net.envelope(number) for number in range(60)]
        slots = asyncio.Semaphore(8)

        async def submit(envelope: bytes) -> int | None:
            async with slots:
                done = await client.submit(envelope, wait="committed", timeout_ms=20_000)
            assert done.applied
            return done.height

        work = [asyncio.create_task(submit(envelope)) for envelope in envelopes]
        await asyncio.wait(work[:15])
        await servers["validator-2"].close()
        await api.net.stop("validator-2")
        heights = await asyncio.gather(*work)
        await api.net.until_equal()  # any of them may answer what follows
        blocks = [await client.block(height) for height in {height or 0 for height in heights}]
        counted = sum(len(block.transactions) for block in blocks)
        assert counted == len(envelopes), "each exactly once"


async def test_nobody_there_is_said(api: ApiNode) -> None:
    await api.server.close()
    async with Client([f"http://127.0.0.1:{api.node._network.port}"], patience_ms=200) as client:
        with pytest.raises(Unavailable):
            await client.status()


async def test_a_wallet_refuses_the_nodes_of_another_chain(api: ApiNode) -> None:
    other = Wallet("another-chain", [api.net.key("harbour-exchange")])
    with pytest.raises(Rejected) as caught:
        await other.submit(api.client, [evidence(1)])
    assert caught.value.code == "wrong-chain"


async def test_a_wallet_signs_for_half_of_the_window(api: ApiNode) -> None:
    wallet = api.wallet()
    signed = await asyncio.gather(*(wallet.transaction(api.client, [evidence(n)]) for n in range(20)))
    assert {one.valid_until for one in signed} == {500}
    assert len({one.tx_id for one in signed}) == 20


async def test_one_bad_operation_leaves_its_neighbours_alone(api: ApiNode) -> None:
    """Atomic transactions, independent results: refused at admission, refused in the block, and applied."""
    await api.wallet().submit(api.client, [evidence(3)])
    wrong = msgspec.structs.replace(evidence(5), algorithm="sha512")
    operations = [evidence(1), evidence(2), evidence(3), evidence(4), wrong, evidence(6)]
    results = await apply_batch(api.client, api.wallet(), operations)
    codes = [result.code for result in results]
    assert codes == ["ok", "ok", "evidence-exists", "ok", "evidence-digest-length", "ok"]
    assert len({result.tx_id for result in results if result.is_ok}) == 1


async def test_a_sender_without_the_role_is_refused_once_for_all(api: ApiNode) -> None:
    document = {"dataset": [{"identifier": str(n), "title": f"T{n}", "description": "d"} for n in range(30)]}
    results = await registered(api, document, "orchard-buyer", operations_max=30)
    assert Counter(result.code for result in results) == {"role-missing": 30}
    assert len({result.tx_id for result in results}) == 1


async def test_the_real_catalogue_is_registered_entry_by_entry(api: ApiNode) -> None:
    """402 real entries with gaps and nulls; a second import finds each of them and changes nothing."""
    document = shared("data", "philadelphia-dcat-us.json").read_bytes()
    first = await registered(api, document)
    assert len(first) == 402
    assert {result.outcome for result in first} <= {"registered", "adapted"}
    assert all(result.notes for result in first if result.outcome == "adapted")
    assert (await api.client.asset(first[17].asset_id))["identifier"] == first[17].identifier
    second = await registered(api, document)
    assert Counter(result.code for result in second) == {"asset-exists": 402}
    assert [result.asset_id for result in second] == [result.asset_id for result in first]


async def test_a_catalogue_with_bad_entries_registers_the_others(api: ApiNode) -> None:
    rows = [
        {"identifier": "a", "title": "A", "description": "d"},
        {"identifier": "a", "title": "B"},
        {"title": None},
        7,
    ]
    results = await registered(api, {"dataset": rows})
    assert len(results) == 4
    by_outcome = Counter("refused" if result.outcome == "refused" else "on chain" for result in results)
    assert by_outcome == {"on chain": 1, "refused": 3}
    assert {result.code for result in results if result.outcome == "refused"} >= {"catalogue-duplicate-id"}
    for content in (b"not json", b"7", b'{"a":1}'):
        with pytest.raises(Rejected):
            await registered(api, content)


@pytest.mark.parametrize("batch", [False, True])
async def test_a_file_is_recorded_proved_and_checked_offline(api: ApiNode, tmp_path: Path, batch: bool) -> None:
    """The whole promise: later, with the file, its salt, the bundle and the genesis hash, and without a network."""
    files = tmp_path / "files"
    files.mkdir()
    for number in range(5):
        (files / f"{number}.txt").write_text(f"content {number}")
    results = await recorded(api, tmp_path / "records", files, batch=batch)
    assert [(result.outcome, result.path.name) for result in results] == [("recorded", f"{n}.txt") for n in range(5)]
    assert len({result.evidence_id for result in results}) == (1 if batch else 5)
    assert results[3].sidecar is not None
    sidecar = read_sidecar(results[3].sidecar)
    index = matching_item(sidecar, files / "3.txt")
    assert index == (3 if batch else 0)
    bundle_path = tmp_path / "bundle"
    bundle_path.write_bytes(await prove_item(api.client, sidecar, index))
    salt = bytes.fromhex(sidecar.items[index].salt)
    bundle, trusted = read_bundle_file(bundle_path), api.node.service.genesis_hash
    shown = verify_file(files / "3.txt", bundle, genesis_hash=trusted, salt=salt)
    assert (shown.height, shown.sender) == (results[3].height, api.wallet().did)
    for path, used in ((files / "2.txt", salt), (files / "3.txt", bytes(32)), (files / "3.txt", None)):
        with pytest.raises(ProofInvalid) as caught:
            verify_file(path, bundle, genesis_hash=trusted, salt=used)
        assert caught.value.code == "file-digest"
    with pytest.raises(ProofInvalid):
        verify_file(files / "3.txt", bundle, genesis_hash=bytes(32), salt=salt)


async def test_the_ledger_learns_nothing_of_a_salted_file(api: ApiNode, tmp_path: Path) -> None:
    """Bare hashes of guessable data are a privacy leak: salted by default, and no name goes to the chain."""
    path = tmp_path / "salary-of-smith.txt"
    path.write_text("yes")
    first, second = (
        (await recorded(api, tmp_path / "records", path))[0],
        (await recorded(api, tmp_path / "r2", path))[0],
    )
    assert first.digest != second.digest
    [item] = (await api.client.transaction(first.tx_id)).operations
    assert "smith" not in str(item)
    assert item["salted"] is True
    bare = (await recorded(api, tmp_path / "r3", path, salted=False))[0]
    assert bare.digest == hash_file(path).digest.hex()


async def test_refused_evidence_leaves_no_sidecar(api: ApiNode, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    [result] = await recorded(api, tmp_path / "records", path, related_asset=bytes(32))
    assert (result.outcome, result.code, result.sidecar) == ("refused", "evidence-asset-unknown", None)
    assert list((tmp_path / "records").iterdir()) == []


async def test_a_file_that_vanishes_is_refused_by_name(
    api: ApiNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    kept.write_text("x")
    monkeypatch.setattr(evidence_module, "find_files", lambda paths: [tmp_path / "gone", kept])
    results = await recorded(api, tmp_path / "records", kept)
    assert [(result.path.name, result.code) for result in results] == [("gone", "file-unreadable"), ("kept", "ok")]


async def test_what_is_not_on_the_ledger_cannot_be_proved(api: ApiNode, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    [result] = await recorded(api, tmp_path / "records", path)
    assert result.sidecar is not None
    sidecar = read_sidecar(result.sidecar)
    other = await api.wallet().submit(api.client, [evidence(1)])
    for changed in ({"tx_id": ""}, {"tx_id": other.tx_id}):
        with pytest.raises(Rejected) as caught:
            await prove_item(api.client, msgspec.structs.replace(sidecar, **changed))
        assert caught.value.code == "not-recorded"
    with pytest.raises(Rejected):
        await prove_item(api.client, sidecar, 1)
