"""The typed client of a node's API.

    async with Client(["http://127.0.0.1:8100", "http://127.0.0.1:8101"]) as client:
        status = await client.status()
        done = await client.submit(envelope, wait="committed")

It talks to several nodes as to one (``transport`` says how it retries) and raises what a node refused with the node's
code: ``NotFound`` or ``Rejected``; ``Unavailable`` when nobody answered; ``Unsettled`` when no commit was seen in time.
Ids and hashes are accepted as bytes or hexadecimal.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TypeVar, overload
from urllib.parse import quote

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.lightclient.client_state import (
    DecisionKind,
    PlacedHeader,
    Untrusted,
    decode_placed_header,
    decode_untrusted,
)
from chainnode.sdk.answer import (
    BlockAnswer,
    BlockReceiptAnswer,
    Document,
    EventPage,
    EventRecord,
    ReceiptAnswer,
    RecordPage,
    StateAnswer,
    StatusAnswer,
    Submission,
    TransactionAnswer,
    ValidatorsAnswer,
)
from chainnode.sdk.errors import Unavailable
from chainnode.sdk.submitter import Submitter, Wait
from chainnode.sdk.transport import DID_RESOLUTION, Transport, read_answer
from chainnode.types.genesis import genesis_hash
from chainnode.types.parameters import ChainParameters, decode_parameters
from chainnode.types.receipt import Scalar
from chainnode.types.seal import Seal, decode_seal

T = TypeVar("T")
Id = bytes | str

MSGPACK = "application/msgpack"
LIGHT_KEYS_CHARS_MAX = 2_000
"""Of one query: some thirty keys of packets in hexadecimal."""


class Client(Transport):
    """Everything a node's API offers, over one or several nodes of one chain."""

    @overload
    async def submit(self, envelopes: bytes, *, wait: Wait = "checked", timeout_ms: int = 30_000) -> Submission: ...
    @overload
    async def submit(
        self, envelopes: Sequence[bytes], *, wait: Wait = "checked", timeout_ms: int = 30_000
    ) -> list[Submission]: ...
    async def submit(
        self, envelopes: bytes | Sequence[bytes], *, wait: Wait = "checked", timeout_ms: int = 30_000
    ) -> Submission | list[Submission]:
        """Hand signed envelopes to the chain; the same bytes any number of times are one transaction.

        Args:
            envelopes: one envelope, or any number of them (sent in requests that fit the API's limits).
            wait: until handed over (``none``), admitted (``checked``), or durable in a block (``committed``).
            timeout_ms: for all of it, when waiting for the commit.

        Returns:
            For one envelope its submission, never a rejected one. For many, one submission each in the same order:
            rejected ones say why, and what was not seen committed in time is still ``accepted``.

        Raises:
            Rejected: the one envelope was refused, with the node's code.
            Unsettled: the one envelope was accepted but not seen committed in time.
            Unavailable: no node answered.
        """
        submitter = Submitter(self)
        if isinstance(envelopes, bytes):
            return await submitter.submit_one(envelopes, wait, timeout_ms)
        return await submitter.submit_many(envelopes, wait, timeout_ms)

    async def wait(self, tx_id: Id, *, timeout_ms: int = 30_000) -> TransactionAnswer:
        """The transaction once it is committed.

        Raises:
            Unsettled: it was not committed in time, or no asked node knows it (yet).
        """
        return await Submitter(self).wait(_hex(tx_id), timeout_ms)

    async def transaction(self, tx_id: Id) -> TransactionAnswer:
        """A committed transaction with its receipt, or a pending one.

        Raises:
            NotFound: ``transaction-not-found``: this node knows no such transaction.
        """
        return await self._get(f"/v1/transactions/{_hex(tx_id)}", TransactionAnswer)

    async def receipt(self, tx_id: Id) -> ReceiptAnswer:
        """The certified outcome of a committed transaction.

        Raises:
            NotFound: ``receipt-not-found``.
        """
        return await self._get(f"/v1/transactions/{_hex(tx_id)}/receipt", ReceiptAnswer)

    async def block(self, at: int | Id = "latest") -> BlockAnswer:
        """The block of a height or hash, or the newest one.

        Raises:
            NotFound: ``block-not-found``, or ``height-pruned``.
        """
        return await self._get(f"/v1/blocks/{at if isinstance(at, int) else _hex(at)}", BlockAnswer)

    async def receipts(self, height: int) -> list[ReceiptAnswer]:
        """Outcomes of all transactions of a block, in block order."""
        return await self._get(f"/v1/blocks/{height}/receipts", list[ReceiptAnswer])

    async def opened(self, height: int) -> BlockReceiptAnswer:
        """What a block did by itself, before its transactions."""
        return await self._get(f"/v1/blocks/{height}/opened", BlockReceiptAnswer)

    async def state(self, key: bytes) -> StateAnswer:
        """One state value with its typed document.

        Raises:
            NotFound: ``state-not-found``.
        """
        return await self._get(f"/v1/state/0x{key.hex()}", StateAnswer)

    async def asset(self, asset_id: Id) -> Document:
        """The record of a registered asset; raises NotFound."""
        return await self._get(f"/v1/assets/{_hex(asset_id)}", Document)

    async def record(self, collection: str, *ids: Id | int) -> Document:
        """The record of a collection (``assets``, ``roles`` ...) with these ids; raises NotFound."""
        parts = [quote(_text(part), safe=":") for part in ids]
        return await self._get("/".join([f"/v1/{collection}", *parts]), Document)

    async def collection(
        self, collection: str, *, after: str | None = None, limit: int = 100, **filters: Scalar
    ) -> RecordPage:
        """A page of the records that have all these values; contracts/OPERATIONS.md lists collections and filters.

        A page may be short or empty while more follows: ask on until ``next`` is None, or take ``all_records``.

        Raises:
            Rejected: ``query-unknown`` or ``query-invalid``: no such filter, or no such value.
        """
        query = _query(after=after, limit=limit) | {name: _plain(value) for name, value in filters.items()}
        return await self._get(f"/v1/{collection}", RecordPage, query)

    async def all_records(self, collection: str, **filters: Scalar) -> AsyncIterator[Document]:
        """Every record that has all these values, once, page after page.

        What changes meanwhile may or may not be seen; what matches from the first page to the last is.

        Raises:
            Unavailable: ``bad-answer``: a record without its key.
        """
        after: str | None = None
        seen: set[str] = set()
        while True:
            page = await self.collection(collection, after=after, limit=500, **filters)
            for item in page.items:
                state_key = item.get("state_key")
                if not isinstance(state_key, str):
                    raise Unavailable("bad-answer", f"a node's record of {collection} has no state_key")
                if state_key not in seen:
                    seen.add(state_key)
                    yield item
            after = page.next
            if after is None:
                return

    async def evidence(self, evidence_id: Id, *, submitter: str | None = None) -> Document:
        """The evidence with this id, of one submitter where several chose the same.

        Raises:
            NotFound: ``evidence-not-found``.
            Rejected: ``evidence-ambiguous``: name the submitter.
        """
        return await self._get(f"/v1/evidence/{_hex(evidence_id)}", Document, _query(submitter=submitter))

    async def evidence_of(self, digest: Id) -> list[Document]:
        """Every record of a digest; the earliest first where the node holds the whole history."""
        return [item async for item in self.all_records("evidence", digest=_text(digest))]

    async def identity(self, did: str) -> Document:
        """The identity record of a DID; raises NotFound."""
        return await self._get(f"/v1/identities/{quote(did, safe=':')}", Document)

    async def resolve(self, did: str, *, version_id: int | None = None, version_time: str | None = None) -> Document:
        """The resolution result of a DID: ``didDocument``, ``didResolutionMetadata``, ``didDocumentMetadata``.

        Errors of the standard are in its metadata, not raised: a deactivated or unknown identity is an answer.
        """
        query = _query(versionId=version_id, versionTime=version_time)
        path = f"/1.0/identifiers/{quote(did, safe=':')}"
        return read_answer(await self.request("GET", path, query=query, accept=DID_RESOLUTION), Document)

    async def identity_versions(self, did: str, *, after: int = 0, limit: int = 20) -> Document:
        """A page of the versions of an identity, oldest first; pass its ``next`` as ``after``. Raises NotFound."""
        path = f"/v1/identities/{quote(did, safe=':')}/versions"
        return await self._get(path, Document, _query(after=after, limit=limit))

    async def events(
        self, name: str, attribute: str, value: Scalar, *, after: str | None = None, limit: int = 100
    ) -> EventPage:
        """A page of events of one name whose indexed attribute has this value, in ledger order."""
        query = _query(name=name, attribute=attribute, after=after, limit=limit) | _typed_value(value)
        return await self._get("/v1/events", EventPage, query)

    async def all_events(self, name: str, attribute: str, value: Scalar) -> AsyncIterator[EventRecord]:
        """Every such event up to now, page after page."""
        after: str | None = None
        while True:
            page = await self.events(name, attribute, value, after=after, limit=500)
            for item in page.items:
                yield item
            after = page.next
            if after is None:
                return

    async def prove_transaction(self, tx_id: Id) -> bytes:
        """A portable proof bundle (canonical MessagePack) that the transaction is on the chain."""
        return await self._bundle(f"/v1/proofs/transaction/{_hex(tx_id)}")

    async def prove_evidence(
        self, evidence_id: Id | None = None, *, digest: Id | None = None, submitter: str | None = None
    ) -> bytes:
        """A portable proof bundle that this evidence, of ``submitter`` if given, existed when its block was agreed."""
        if evidence_id is not None:
            return await self._bundle(f"/v1/proofs/evidence/{_hex(evidence_id)}", _query(submitter=submitter))
        return await self._bundle("/v1/proofs/evidence", _query(digest=_text(digest or b""), submitter=submitter))

    async def prove_opened(self, height: int) -> bytes:
        """A portable proof bundle of what a block did by itself, before its transactions."""
        return await self._bundle(f"/v1/proofs/opened/{height}")

    async def prove_state(self, key: bytes, *, height: int | None = None) -> bytes:
        """A portable proof bundle that a state value is present, or absent, after a block."""
        return await self._bundle("/v1/proofs/state", _query(key="0x" + key.hex(), height=height))

    async def seal(self, height: int | None = None) -> Seal:
        """The seal of a block, by default of the highest one that has one at the answering node; not verified here."""
        return _read(decode_seal, await self._bundle("/v1/seals" if height is None else f"/v1/seals/{height}"))

    async def light_update(self, *, trusted: int, height: int, decision: DecisionKind = "certificate") -> Untrusted:
        """What moves a light client of this chain from its header at ``trusted`` to the one at ``height``.

        Not verified here: the client's chain does (``chainnode.lightclient.verification``).
        """
        query = _query(trusted=trusted, height=height, decision=decision)
        return _read(decode_untrusted, await self._bundle("/v1/light/updates", query))

    async def light_header(self, height: int, *, within: int | None = None) -> PlacedHeader:
        """A header with its path in the history of the one at ``within``, or with the genesis block's path in it."""
        query = _query(height=height, within=within)
        return _read(decode_placed_header, await self._bundle("/v1/light/headers", query))

    async def light_proofs(self, keys: Sequence[bytes], *, height: int) -> list[bytes]:
        """The canonical ``StateProof`` of each key, present or absent, under the header at ``height``, in order.

        Not verified here: ``chainnode.lightclient.membership`` does, with the header's consensus state.

        Raises:
            NotFound: ``state-version``: the nodes do not keep that state any more.
            Unavailable: ``node-failed``: no node has that header yet.
        """
        found: list[bytes] = []
        while len(found) < len(keys):
            part = _that_fit(keys[len(found) :])
            query = _query(height=height, keys=",".join(key.hex() for key in part))
            answer = await self.request("GET", "/v1/light/proofs", query=query, accept=MSGPACK)
            proofs = read_answer(answer, list[bytes])
            if len(proofs) != len(part):
                raise Unavailable("bad-answer", f"{answer.node} proved {len(proofs)} of {len(part)} keys")
            found += proofs
        return found

    async def status(self) -> StatusAnswer:
        """The answering node about itself."""
        return await self._get("/v1/status", StatusAnswer)

    async def validators(self) -> ValidatorsAnswer:
        """Who agrees in the running epoch."""
        return await self._get("/v1/validators", ValidatorsAnswer)

    async def parameters(self) -> ChainParameters:
        """The chain's parameters in force."""
        found = await self._get("/v1/parameters", Document)
        known = {name: found[name] for name in ChainParameters.__struct_fields__ if name in found}
        try:
            # Decoding checks types and bounds; the constructor does not.
            return decode_parameters(encode(ChainParameters(**known)))
        except (DecodeError, TypeError, OverflowError) as error:
            raise Unavailable("bad-answer", f"the chain's parameters cannot be read: {error}") from error

    async def genesis(self) -> tuple[bytes, bytes]:
        """The genesis document and its hash, recomputed here.

        Compare the hash with one from a source you trust: a node cannot vouch for itself.

        Raises:
            DecodeError: what the node sent is not a genesis document.
        """
        answer = await self.request("GET", "/v1/genesis", accept=MSGPACK)
        return answer.body, genesis_hash(answer.body)

    async def _get(self, path: str, kind: type[T], query: Mapping[str, str | int] | None = None) -> T:
        answer = await self.request("GET", path, query=query)
        return read_answer(answer, kind)

    async def _bundle(self, path: str, query: Mapping[str, str | int] | None = None) -> bytes:
        answer = await self.request("GET", path, query=query, accept=MSGPACK)
        return answer.body


def _read(decode: Callable[[bytes], T], data: bytes) -> T:
    try:
        return decode(data)
    except DecodeError as error:
        raise Unavailable("bad-answer", f"the node's answer cannot be read: {error}") from error


def _that_fit(keys: Sequence[bytes]) -> Sequence[bytes]:
    """As many keys, one at least, as a query holds."""
    left = LIGHT_KEYS_CHARS_MAX
    for at, key in enumerate(keys):
        left -= 2 * len(key) + 1
        if left < 0 and at:
            return keys[:at]
    return keys


def _hex(value: Id) -> str:
    """Ids travel in lower-case hexadecimal; text is passed on, percent-encoded, for the node to judge."""
    return value.hex() if isinstance(value, bytes) else quote(value, safe="")


def _text(value: Id | int) -> str:
    """An id as a query value, which the transport encodes."""
    return value.hex() if isinstance(value, bytes) else str(value)


def _plain(value: Scalar) -> str | int:
    """A value as lists are filtered by it: bytes as hexadecimal, true and false as words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, int) else _text(value or "")


def _query(**values: str | int | None) -> dict[str, str | int]:
    return {name: value for name, value in values.items() if value is not None}


def _typed_value(value: Scalar) -> dict[str, str | int]:
    if isinstance(value, bytes):
        return {"value": "0x" + value.hex(), "type": "bytes"}
    if isinstance(value, bool):
        return {"value": "true" if value else "false", "type": "bool"}
    if isinstance(value, int):
        return {"value": value, "type": "int"}
    return {"value": "" if value is None else value, "type": "string"}
