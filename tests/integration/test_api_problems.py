"""Bad input gets a clear coded answer and changes nothing: each problem of the catalogue, over HTTP, on a real node."""

import asyncio
import io
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog

from chainnode.api import border
from chainnode.api.app import ROUTES
from chainnode.api.catalogue import PROBLEMS
from chainnode.api.settings import ApiSettings
from chainnode.chain.queries import LedgerQueries
from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import StoreError
from chainnode.limits import BULK_TRANSACTIONS_MAX, ENVELOPE_BYTES_MAX, REQUEST_BYTES_MAX
from chainnode.mempool import admission
from chainnode.types.ids import did_of_key
from chainnode.types.transaction import Envelope, Signature, build_payload, decode_transaction, sign_payload
from contracts.kernel.operation import encode_operation
from contracts.kernel.registry import CODES
from tests.support.api_node import ApiNode, api_node
from tests.support.cluster import CHAIN_ID, evidence

Reply = tuple[int, Any, Any]
Attempt = Callable[[ApiNode], Awaitable[Reply]]
ID = "ab" * 32
STRANGER = SigningKey(bytes([9]) * 32)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path) as found:
        yield found


def signed(
    api: ApiNode, *, keys: list[SigningKey] | None = None, operations: list[bytes] | None = None, **fields: Any
) -> bytes:
    """An envelope of the exchange that is right but for what the test changes."""
    keys = keys or [api.net.key("harbour-exchange")]
    values: dict[str, Any] = {
        "chain_id": CHAIN_ID,
        "sender": did_of_key(CHAIN_ID, api.net.key("harbour-exchange").public_key),
        "nonce": bytes(16),
        "valid_until": 400,
        "operations": operations or [encode_operation(evidence(1))],
    } | fields
    return sign_payload(build_payload(**values), keys)


def resigned(envelope: bytes, change: Callable[[Signature], Signature]) -> bytes:
    transaction = decode_transaction(envelope)
    signatures = tuple(change(signature) for signature in transaction.signatures)
    return encode(Envelope(encode(transaction.payload), signatures))


def versioned(api: ApiNode) -> bytes:
    payload = decode_transaction(signed(api)).payload
    return sign_payload(encode(msgspec.structs.replace(payload, version=2)), [api.net.key("harbour-exchange")])


def twice(api: ApiNode) -> bytes:
    [one] = decode_transaction(signed(api)).signatures
    return encode(Envelope(encode(decode_transaction(signed(api)).payload), (one, one)))


def not_canonical(api: ApiNode) -> bytes:
    """The payload's length written in four bytes where one or two do."""
    envelope = signed(api)
    payload: bytes = encode(decode_transaction(envelope).payload)
    at = envelope.index(payload)
    return b"\x92\xc6" + len(payload).to_bytes(4, "big") + envelope[at:]


ENVELOPES: dict[str, Callable[[ApiNode], bytes]] = {
    "malformed": lambda api: b"\x93\x01\x02\x03",
    "not-canonical": not_canonical,
    "too-large": lambda api: bytes(ENVELOPE_BYTES_MAX + 1),
    "version": versioned,
    "duplicate-signer": twice,
    "wrong-chain": lambda api: signed(api, chain_id="another-chain"),
    "expired": lambda api: signed(api, valid_until=0),
    "expiry-too-far": lambda api: signed(api, valid_until=5_000),
    "signature-scheme": lambda api: resigned(signed(api), lambda s: msgspec.structs.replace(s, scheme=2)),
    "signature-form": lambda api: resigned(signed(api), lambda s: msgspec.structs.replace(s, signature=b"x")),
    "bad-signature": lambda api: resigned(signed(api), lambda s: msgspec.structs.replace(s, signature=bytes(64))),
    "key-not-of-sender": lambda api: signed(api, keys=[STRANGER]),
    "unknown-sender": lambda api: signed(api, keys=[STRANGER], sender=did_of_key(CHAIN_ID, STRANGER.public_key)),
    "unknown-operation": lambda api: signed(api, operations=[encode(["market.sell_everything", 1])]),
    "operation-malformed": lambda api: signed(api, operations=[encode(["evidence.record", 1])]),
    "operation-too-large": lambda api: signed(api, operations=[encode(["evidence.record", bytes(70_000)])]),
    "operation-not-canonical": lambda api: signed(
        api, operations=[encode_operation(evidence(1)).replace(b"\xa4file", b"\xd9\x04file")]
    ),
    "evidence-digest-length": lambda api: signed(
        api, operations=[encode_operation(msgspec.structs.replace(evidence(1), algorithm="sha512"))]
    ),
}


@pytest.mark.parametrize("code", sorted(ENVELOPES))
async def test_a_bad_envelope_is_refused_with_its_code(api: ApiNode, code: str) -> None:
    """Alone it is a problem; among others it is their result and theirs alone."""
    bad = ENVELOPES[code](api)
    status, document, _ = await api.post(bad)
    assert (document["code"], status) == (code, PROBLEMS[code].status), document
    status, document, _ = await api.post(msgspec.msgpack.encode([bad, signed(api), bad]))
    assert status == 207
    assert [result["outcome"] for result in document["results"]] == ["rejected", "accepted", "rejected"]
    assert [result.get("code") for result in document["results"]] == [code, None, code]


async def test_an_expiry_refusal_names_the_valid_range(api: ApiNode) -> None:
    """Every rejection for expiry returns the currently valid range."""
    for envelope in (signed(api, valid_until=0), signed(api, valid_until=5_000)):
        _, document, _ = await api.post(envelope)
        assert document["details"]["valid_to"] - document["details"]["valid_from"] == 999


async def raw(api: ApiNode, body: object, media_type: str = "application/json", **more: Any) -> Reply:
    return await api.post(body, media_type, **more)


REQUESTS: dict[str, Attempt] = {
    "not-found": lambda api: api.get("/v1/nothing"),
    "method-not-allowed": lambda api: api.ask("DELETE", "/v1/status"),
    "query-unknown": lambda api: api.get("/v1/blocks?limt=1"),
    "query-invalid": lambda api: api.get("/v1/blocks?limit=1000000000"),
    "path-invalid": lambda api: api.get("/v1/transactions/XYZ"),
    "seal-not-found": lambda api: api.get("/v1/seals/1"),
    "light-heights": lambda api: api.get("/v1/light/headers?height=0&within=0"),
    "cursor-invalid": lambda api: api.get("/v1/assets?after=AAAAAAAAAAAAAAAA"),
    "body-empty": lambda api: raw(api, b""),
    "body-malformed": lambda api: raw(api, b'{"envelope":NaN}'),
    "body-duplicate-key": lambda api: raw(api, b'{"envelope":"","envelope":""}'),
    "body-too-deep": lambda api: raw(api, b"[" * 100_000),
    "body-too-large": lambda api: raw(api, io.BytesIO(b" " * (REQUEST_BYTES_MAX // 2))),
    "too-many-transactions": lambda api: api.post(msgspec.msgpack.encode([b"x"] * (BULK_TRANSACTIONS_MAX + 1))),
    "media-type": lambda api: raw(api, b"x", "text/plain"),
    "not-acceptable": lambda api: api.get("/v1/status", headers={"Accept": "text/html"}),
    "host-not-allowed": lambda api: api.get("/v1/status", headers={"Host": "evil.example"}),
    "cross-origin": lambda api: raw(api, b"{}", headers={"Origin": "https://evil.example"}),
    "block-not-found": lambda api: api.get("/v1/blocks/999999"),
    "transaction-not-found": lambda api: api.get(f"/v1/transactions/{ID}"),
    "receipt-not-found": lambda api: api.get(f"/v1/transactions/{ID}/receipt"),
    "state-not-found": lambda api: api.get("/v1/state/nothing/here"),
    "state-key": lambda api: api.get("/v1/state/0xNOTHEX"),
    "evidence-not-found": lambda api: api.get(f"/v1/evidence/{ID}"),
    "record-not-found": lambda api: api.get("/v1/roles/did:cnode:x:y"),
    "asset-not-found": lambda api: api.get(f"/v1/assets/{ID}"),
    "board-not-found": lambda api: api.get(f"/v1/market/statistics?board={ID}"),
    "right-not-found": lambda api: api.get(f"/v1/rights/{ID}/force"),
    "identity-not-found": lambda api: api.get("/v1/identities/did:cnode:test-chain:" + "a" * 32),
    "problem-not-found": lambda api: api.get("/problems/no-such-problem"),
    "proof-pending": lambda api: api.get("/v1/proofs/state?key=nothing/here&height=1000"),
}


@pytest.mark.parametrize("code", sorted(REQUESTS))
async def test_a_bad_request_is_refused_with_its_code(api: ApiNode, code: str) -> None:
    status, document, response = await REQUESTS[code](api)
    assert (document["code"], status) == (code, PROBLEMS[code].status), document
    assert response.content_type == "application/problem+json"
    assert document["instance"] == response.headers["X-Request-Id"]
    assert document["type"] == f"/problems/{code}"
    _, page, _ = await api.get(document["type"])
    assert page["hint"] == document["hint"]


async def test_an_answer_says_what_is_allowed_instead(api: ApiNode) -> None:
    _, _, response = await api.ask("DELETE", "/v1/status")
    assert set(response.headers["Allow"].split(",")) == {"GET", "HEAD"}


async def full_pool(api: ApiNode, patch: pytest.MonkeyPatch) -> Reply:
    patch.setattr(api.node._pool, "_transactions_max", 0)
    return await api.post(signed(api))


async def full_share(api: ApiNode, patch: pytest.MonkeyPatch) -> Reply:
    patch.setattr(api.node._pool, "_sender_percent", 0)
    patch.setattr(api.node._driver, "note_pending", lambda: None)
    patch.setattr(api.node._pool, "select", lambda *_: [])
    assert (await api.post(signed(api)))[0] == 202
    return await api.post(signed(api, nonce=bytes(15) + b"\x01"))


async def busy_verifier(api: ApiNode, patch: pytest.MonkeyPatch) -> Reply:
    patch.setattr(admission, "SUBMITTED_MAX", 0)
    return await api.post(signed(api))


async def full_disk(api: ApiNode, patch: pytest.MonkeyPatch) -> Reply:
    def failing(self: LedgerQueries, height: int) -> None:
        raise StoreError("disk-full", "no space left", path="/secret")

    patch.setattr(LedgerQueries, "block", failing)
    return await api.get("/v1/blocks/0")


async def halted_node(api: ApiNode, patch: pytest.MonkeyPatch) -> Reply:
    del patch
    assert (await api.get("/v1/status"))[0] == 200
    api.node._driver.halt("fork", {})
    assert (await api.get("/v1/status"))[0] == 200, "reads go on"
    return await api.post(signed(api))


async def our_bug(api: ApiNode, patch: pytest.MonkeyPatch) -> Reply:
    patch.setattr(LedgerQueries, "block", lambda self, height: 1 // 0)
    patch.setattr(border, "_log", structlog.get_logger("silent"))
    return await api.get("/v1/blocks/0")


CONDITIONS: dict[str, Callable[[ApiNode, pytest.MonkeyPatch], Awaitable[Reply]]] = {
    "pool-full": full_pool,
    "pool-sender-full": full_share,
    "overloaded": busy_verifier,
    "store-failed": full_disk,
    "node-halted": halted_node,
    "internal": our_bug,
}


@pytest.mark.parametrize("code", sorted(CONDITIONS))
async def test_a_node_in_trouble_says_so_and_no_more(api: ApiNode, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    status, document, response = await CONDITIONS[code](api, monkeypatch)
    assert (document["code"], status) == (code, PROBLEMS[code].status)
    assert document["retryable"]
    assert "secret" not in str(document)
    assert "Traceback" not in str(document)
    if status == 503:
        assert int(response.headers["Retry-After"]) >= 1


async def test_the_same_evidence_id_of_two_submitters_is_ambiguous(api: ApiNode) -> None:
    """An id belongs to its submitter: a stranger's record of the same id may not stand in its place."""
    for identity in ("harbour-exchange", "civic-notary"):
        await api.wallet(identity).submit(api.client, [evidence(5)])
    path = "/v1/evidence/" + (5).to_bytes(16, "big").hex()
    status, document, _ = await api.get(path)
    assert (status, document["code"]) == (409, "evidence-ambiguous")
    did = api.wallet("civic-notary").did
    status, document, _ = await api.get(f"{path}?submitter={did}")
    assert (status, document["submitter"]) == (200, did)
    proof = path.replace("/v1/evidence/", "/v1/proofs/evidence/")
    status, document, _ = await api.get(proof)
    assert (status, document["code"]) == (409, "evidence-ambiguous")
    await api.wallet("harbour-exchange").submit(api.client, [evidence(6)])
    assert (await api.get(f"{proof}?submitter={did}"))[0] == 200


async def test_a_commit_that_cannot_be_seen_is_not_a_failure(tmp_path: Path) -> None:
    """A time-out answers 504 with the id and "ask again before you resubmit"."""
    async with api_node(tmp_path, validators=4, start=1) as api:
        status, document, _ = await api.post(signed(api), path="/v1/transactions?wait=committed&timeout_ms=50")
        assert (status, document["code"], document["retryable"]) == (504, "not-yet-committed", True)
        assert "before you resubmit" in document["hint"]
        status, document, _ = await api.get("/v1/transactions/" + document["details"]["tx_id"])
        assert (status, document["state"]) == (202, "pending")
        status, document, _ = await api.get("/readyz")
        assert (status, document["failed"]) == (503, ["quorum"])
        status, document, _ = await api.get("/livez")
        assert status == 200


async def test_more_than_ones_share_is_refused_with_a_time(tmp_path: Path) -> None:
    async with api_node(tmp_path, ApiSettings(rate_per_second=1, rate_burst=3)) as api:
        replies = [await api.get("/v1/status") for _ in range(4)]
        assert [status for status, _, _ in replies] == [200, 200, 200, 429]
        _, document, response = replies[-1]
        assert document["code"] == "rate-limited"
        assert response.headers["Retry-After"] == "1"
        assert [r.headers["RateLimit-Remaining"] for _, _, r in replies[:3]] == ["2", "1", "0"]
        assert (await api.get("/livez"))[0] == 200, "probes answer a flooded node"
        flood = [(await api.get("/livez"))[0] for _ in range(60)]
        assert 429 in flood, "and are no way around the limit"


async def test_requests_beyond_capacity_are_refused_and_waiting_ones_leave_room(tmp_path: Path) -> None:
    async with api_node(tmp_path, ApiSettings(rate_per_second=0, requests_max=1), validators=4, start=1) as api:
        waiting = asyncio.create_task(api.post(signed(api), path="/v1/transactions?wait=committed&timeout_ms=400"))
        await asyncio.sleep(0.1)
        status, document, _ = await api.get("/v1/status")
        assert (status, document["code"]) == (503, "over-capacity")
        assert (await waiting)[0] == 504
        assert (await api.get("/v1/status"))[0] == 200


ELSEWHERE = {
    "height-pruned": "tests/integration/test_snapshot_join.py",
    "proposal-not-found": "tests/integration/test_governance.py",
    "rate-limited": "test_more_than_ones_share_is_refused_with_a_time",
    "over-capacity": "test_requests_beyond_capacity_are_refused_and_waiting_ones_leave_room",
    "not-yet-committed": "test_a_commit_that_cannot_be_seen_is_not_a_failure",
    "evidence-ambiguous": "test_the_same_evidence_id_of_two_submitters_is_ambiguous",
    "request-timeout": "tests/integration/test_api_limits.py",
    "evidence-is-batch": "tests/integration/test_api.py",
    "state-value": "tests/integration/test_api.py",
    "state-version": "tests/integration/test_api.py",
}


def test_every_problem_of_the_api_is_reached_by_a_test() -> None:
    """Each documented problem is reachable; the contracts reach their own codes in their own tests."""
    unreadable = "state-type"  # answers for a record that does not read: only damage that checksums miss makes one
    reached = {*ENVELOPES, *REQUESTS, *CONDITIONS, *ELSEWHERE, unreadable}
    assert set(PROBLEMS) - set(CODES) - reached == set()


def hostile_requests(count: int) -> list[tuple[str, str, bytes | None, dict[str, str]]]:
    """Requests near the valid ones, from one seed: real routes with wrong parts, parameters, bodies and headers."""
    dice = random.Random(20)
    parts = [
        "latest",
        "0",
        "-1",
        "1e9",
        ID,
        ID[:-1],
        "%00",
        "..",
        "%2e%2e",
        "ü",
        "did:cnode:x:y",
        "0x",
        "9" * 20,
        "'--",
        "{}",
    ]
    names = ["limit", "after", "before", "digest", "name", "attribute", "value", "type", "key", "height", "wait", "x"]
    values = [
        *parts,
        "",
        "committed",
        "evidence.recorded",
        "submitter",
        "bytes",
        "int",
        "true",
        "\ud7ff",
        "null",
        "AAAA",
    ]
    accepts = ["", "*/*", "application/msgpack", "text/html", ";;q=", "application/json;q=x"]
    bodies = [
        b"",
        b"{}",
        b"[]",
        b"\x90",
        b"\xc1",
        b"\x93\x01",
        b"\xdd\xff\xff\xff\xff",
        b'{"transactions":[[]]}',
        b"\x00" * 300,
    ]
    found = []
    for _ in range(count):
        path = "".join(
            "/" + (dice.choice(parts) if "{" in part else part) for part in dice.choice(ROUTES).path.split("/")[1:]
        )
        query = "&".join(f"{dice.choice(names)}={dice.choice(values)}" for _ in range(dice.randrange(3)))
        body = dice.choice(bodies) if dice.random() < 0.3 else None
        media_type = dice.choice(["application/json", "application/msgpack", "text/plain"])
        headers = {"Accept": dice.choice(accepts), "Content-Type": media_type}
        found.append(("GET" if body is None else "POST", f"{path}?{query}", body, headers))
    return found


async def test_no_request_near_a_valid_one_fails_unexpectedly(api: ApiNode) -> None:
    """T1, T9, T10, T21, T23: malformed anything is a 4xx with a code of the catalogue, never a 500."""
    await api.wallet().submit(api.client, [evidence(1)])
    seen: set[int] = set()
    for method, path, body, headers in hostile_requests(600):
        status, document, response = await api.ask(method, path, data=body, headers=headers)
        seen.add(status)
        if path.startswith("/1.0/") and response.content_type == "application/did-resolution":
            metadata = msgspec.json.decode(document)["didResolutionMetadata"]
            assert "error" in metadata, "its errors are those of its own standard"
            continue
        assert status < 500, (method, path, body, headers, document)
        if status >= 400:
            assert document["code"] in PROBLEMS, (method, path, document)
            assert response.content_type == "application/problem+json"
    assert {200, 400, 404, 405} <= seen
