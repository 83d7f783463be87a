"""What the ledger holds about credentials: never a credential itself, only what their verifiers must be sure of.

    credential-status/<issuer>/<list id>               the digest of the status list now in force
    credential-schema/<author>/<schema id>/<version>   the digest of a schema; never changes
    credential-issuance/<issuer>/<digest>              that a credential, or a batch of them, existed then

Ids are their owner's own choice and unique under its name. Digests of credentials are salted by their
issuer (in the SDK by the proof, which nobody guesses): a credential is a guessable text about a person.

Source: Bitstring Status List 1.0; VC Data Model 2.0, section 4.11 (data schemas).
"""

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.ids import did_chain
from chainnode.types.transaction import Did, Height
from contracts.identity.accreditation import CredentialType
from contracts.kernel.text import Address, AnyDid, Hash32, Name, Time, Uri

STATUS_BITS_MIN: Final = 131_072
"""16 KiB uncompressed, so that an index hides among enough others. Source: Bitstring Status List 1.0, section 6.1."""
STATUS_BITS_MAX: Final = 1 << 23
"""1 MiB uncompressed: what a verifier must be ready to unpack; an issuer with more opens another list."""
VERSION_MAX: Final = 1_000_000
BATCH_CREDENTIALS_MAX: Final = 1 << 20

StatusPurpose = Literal["revocation", "suspension", "refresh", "message"]
EntryId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[A-Za-z0-9._-]+\Z")]
"""Name of a list or schema under its owner."""
StatusBits = Annotated[int, msgspec.Meta(ge=STATUS_BITS_MIN, le=STATUS_BITS_MAX)]
Sequence = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
SchemaVersion = Annotated[int, msgspec.Meta(ge=1, le=VERSION_MAX)]


class StatusListRecord(msgspec.Struct, frozen=True, array_like=True):
    """Which version of an issuer's status list is in force."""

    issuer: Did
    list_id: EntryId
    purpose: StatusPurpose
    length: StatusBits
    """Bits of the list."""
    sequence: Sequence
    """1 at first, one more with each change."""
    digest: Hash32
    """SHA-256 of the compressed list: the bytes that ``encodedList`` stands for."""
    uri: Address
    """Of the status list credential; what ``statusListCredential`` of a credential names."""
    created_ms: Time
    updated_height: Height
    updated_ms: Time


class SchemaRecord(msgspec.Struct, frozen=True, array_like=True):
    """One version of a schema that credentials can be held against; it never changes."""

    author: Did
    schema_id: EntryId
    version: SchemaVersion
    name: Name
    digest: Hash32
    """SHA-256 of the schema's file."""
    uri: Uri
    """Where the file lies; empty = not told."""
    registered_height: Height
    registered_ms: Time


class IssuanceRecord(msgspec.Struct, frozen=True, array_like=True):
    """That one credential, or a batch of them, existed at a moment."""

    issuer: Did
    digest: Hash32
    """Salted digest of one credential, or the Merkle root (RFC 6962, SHA-256) over a batch of such digests."""
    credential_type: CredentialType
    count: Annotated[int, msgspec.Meta(ge=0, le=BATCH_CREDENTIALS_MAX)]
    """Credentials under a root; 0 = a single one."""
    subject: AnyDid
    """Whom it is about; empty = not told."""
    accredited: bool
    """Whether the issuer was accredited for the type at that moment."""
    logged_height: Height
    logged_ms: Time


_decode_status_list = lru_cache(256)(msgspec.msgpack.Decoder(StatusListRecord).decode)
_decode_schema = lru_cache(256)(msgspec.msgpack.Decoder(SchemaRecord).decode)
_decode_issuance = lru_cache(64)(msgspec.msgpack.Decoder(IssuanceRecord).decode)


def status_list_key(issuer: str, list_id: str) -> bytes:
    """State key of a status list."""
    return key("credential-status", issuer, list_id)


def schema_key(author: str, schema_id: str, version: int) -> bytes:
    """State key of one version of a schema."""
    return key("credential-schema", author, schema_id, version)


def issuance_key(issuer: str, digest: bytes) -> bytes:
    """State key of an entry of the issuance log."""
    return key("credential-issuance", issuer, digest)


def read_status_list(state: State, issuer: str, list_id: str) -> StatusListRecord | None:
    """The status list of ``issuer`` in force."""
    if did_chain(issuer) is None or not list_id:
        return None
    stored = state.get(status_list_key(issuer, list_id))
    return None if stored is None else _decode_status_list(stored)


def read_schema(state: State, author: str, schema_id: str, version: int) -> SchemaRecord | None:
    """One version of a schema."""
    if did_chain(author) is None or not schema_id or not 0 < version <= VERSION_MAX:
        return None
    stored = state.get(schema_key(author, schema_id, version))
    return None if stored is None else _decode_schema(stored)


def read_issuance(state: State, issuer: str, digest: bytes) -> IssuanceRecord | None:
    """The entry of the issuance log for ``digest``."""
    if did_chain(issuer) is None or not digest:
        return None
    stored = state.get(issuance_key(issuer, digest))
    return None if stored is None else _decode_issuance(stored)


RECORDS: Final = (
    ("credential-status", 3, "", StatusListRecord),
    ("credential-schema", 4, "", SchemaRecord),
    ("credential-issuance", 3, "", IssuanceRecord),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
