"""What a verifier of credentials asks the ledger.

The answers are a node's word. Whoever does not trust a node asks several, or asks for state proofs of the same keys
(``Client.prove_state``).
"""

from typing import Any, Final, Protocol, TypeVar

import msgspec

from chainnode.errors import NotFound
from chainnode.sdk.client import Client
from chainnode.sdk.errors import Unavailable
from contracts.identity.accreditation import AccreditationRecord, accreditation_key
from contracts.identity.credential import IssuanceRecord, SchemaRecord, StatusListRecord, issuance_key, schema_key
from contracts.identity.did_key import METHOD as KEY_METHOD
from contracts.identity.did_key import key_document

STATUS_LISTS_MAX: Final = 1_000
"""Of one issuer that are looked through for one address."""
Record = TypeVar("Record", bound=msgspec.Struct)


class Issuer(msgspec.Struct, frozen=True):
    """An issuer's document, and whether the issuer was deactivated since."""

    document: dict[str, Any] | None
    """None where there was none (yet)."""
    deactivated: bool = False


class Trust(Protocol):
    """Where a verifier's facts come from."""

    async def issuer(self, did: str, version_time: str | None) -> Issuer:
        """The document of ``did`` now, or as it was in force at an XML dateTime."""

    async def accreditation(self, did: str, credential_type: str) -> AccreditationRecord | None:
        """The accreditation of ``did`` to issue credentials of a type."""

    async def status_list(self, issuer: str, uri: str, purpose: str) -> StatusListRecord | None:
        """The status list that ``issuer`` keeps under ``uri``."""

    async def schema(self, author: str, name: str, version: int) -> SchemaRecord | None:
        """One version of a schema."""

    async def issuance(self, issuer: str, digest: bytes) -> IssuanceRecord | None:
        """The entry of the issuance log for a credential's digest."""


class LedgerTrust:
    """The ledger, as the nodes of a client tell it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def issuer(self, did: str, version_time: str | None) -> Issuer:
        """See ``Trust``; ``did:key`` needs no ledger."""
        if did.startswith(KEY_METHOD):
            return Issuer(key_document(did))
        found = await self._client.resolve(did, version_time=version_time)
        document = found.get("didDocument")
        return Issuer(document, bool(found.get("didDocumentMetadata", {}).get("deactivated")))

    async def accreditation(self, did: str, credential_type: str) -> AccreditationRecord | None:
        """See ``Trust``."""
        return await self._record(accreditation_key(did, "issuer", credential_type), AccreditationRecord)

    async def status_list(self, issuer: str, uri: str, purpose: str) -> StatusListRecord | None:
        """See ``Trust``; looks through at most 1,000 lists of the issuer."""
        count = 0
        async for document in self._client.all_records("status-lists", issuer=issuer, purpose=purpose):
            count += 1
            if document.get("uri") == uri:
                key = bytes.fromhex(document["state_key"])
                return await self._record(key, StatusListRecord)
            if count == STATUS_LISTS_MAX:
                break
        return None

    async def schema(self, author: str, name: str, version: int) -> SchemaRecord | None:
        """See ``Trust``."""
        return await self._record(schema_key(author, name, version), SchemaRecord)

    async def issuance(self, issuer: str, digest: bytes) -> IssuanceRecord | None:
        """See ``Trust``."""
        return await self._record(issuance_key(issuer, digest), IssuanceRecord)

    async def _record(self, state_key: bytes, kind: type[Record]) -> Record | None:
        try:
            answer = await self._client.state(state_key)
        except NotFound:
            return None
        try:
            return msgspec.msgpack.decode(bytes.fromhex(answer.value), type=kind)
        except (msgspec.DecodeError, ValueError) as error:
            raise Unavailable("bad-answer", f"the node's record does not read as one: {error}") from error


