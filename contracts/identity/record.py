"""What the ledger holds about one identity.

    identity/<did>               the current version
    identity/<did>/<version>     each earlier one (16 hex digits), written when it is replaced

A document of one version costs one key; history costs only those who change.

Source: DID Core 1.1, sections 5 and 7; pre-rotation after did:webvh 1.0 and KERI.
"""

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from chainnode import limits
from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import domain, tagged_hash
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.ids import did_chain
from chainnode.types.transaction import Did, Height
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.text import Address, AnyDid, Hash32, ShortName

KEY_BYTES: Final = {"ed25519": 32, "x25519": 32, "p256": 33}
"""Public key sizes; p256 in compressed form."""
PURPOSES: Final = ("authentication", "assertion", "agreement")
METHODS_MAX: Final = 32
SERVICES_MAX: Final = 32
CONTROLLERS_MAX: Final = 8
NEXT_KEYS_MAX: Final = limits.SIGNATURES_MAX
RECORD_BYTES_MAX: Final = 16 * limits.KIB
"""Of one version: every change writes two, so a large record would make small changes dear for all."""
FREQUENT_BYTES_MAX: Final = 2 * limits.KIB
"""What changes several times in a block: 200 bytes of an update then keep ten times that, not eighty times."""
INITIAL_FRAGMENT: Final = "key-1"
HOUR_MS: Final = 3_600_000
RECOVERY_DELAY_MS_MIN: Final = HOUR_MS
"""Whoever still holds the keys must have time to see a recovery begin and cancel it."""
RECOVERY_DELAY_MS_MAX: Final = 365 * 24 * HOUR_MS

LIFECYCLE: Final = Lifecycle(
    "identity",
    "sender-deactivated",
    {
        (None, "create"): "ACTIVE",
        ("ACTIVE", "update"): "ACTIVE",
        ("ACTIVE", "rotate"): "ACTIVE",
        ("ACTIVE", "recover"): "ACTIVE",
        ("ACTIVE", "deactivate"): "DEACTIVATED",
    },
)

Fragment = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[A-Za-z0-9._-]+\Z")]
Purpose = Literal["authentication", "assertion", "agreement"]


class VerificationMethod(msgspec.Struct, frozen=True, array_like=True):
    """One public key and what it may be used for."""

    fragment: Fragment
    """Names the key inside its document: ``<did>#<fragment>``."""
    algorithm: Literal["ed25519", "x25519", "p256"]
    public_key: Annotated[bytes, msgspec.Meta(max_length=64)]
    purposes: Annotated[tuple[Purpose, ...], msgspec.Meta(min_length=1, max_length=3)]
    """``authentication`` keys sign transactions, ``assertion`` keys credentials, ``agreement`` keys receive secrets."""


class Service(msgspec.Struct, frozen=True, array_like=True):
    """Where the identity can be reached."""

    fragment: Fragment
    type: ShortName
    endpoint: Address


Guardians = Annotated[tuple[AnyDid, ...], msgspec.Meta(max_length=CONTROLLERS_MAX)]


class RecoveryPlan(msgspec.Struct, frozen=True, array_like=True):
    """Who may give an identity new keys when its own are lost; empty = nobody.

    Guardians can do nothing else, and the present keys can cancel what they begin.
    """

    guardians: Guardians = ()
    """Other identities of this chain."""
    threshold: Annotated[int, msgspec.Meta(ge=0, le=CONTROLLERS_MAX)] = 0
    """How many of them must agree; 0 without guardians."""
    delay_ms: Annotated[int, msgspec.Meta(ge=0, le=RECOVERY_DELAY_MS_MAX)] = 0
    """Time between their agreement and the new keys: an hour to a year; 0 without guardians."""


NO_RECOVERY: Final = RecoveryPlan()

Methods = Annotated[tuple[VerificationMethod, ...], msgspec.Meta(max_length=METHODS_MAX)]
Services = Annotated[tuple[Service, ...], msgspec.Meta(max_length=SERVICES_MAX)]
Aliases = Annotated[tuple[Address, ...], msgspec.Meta(max_length=16)]
Controllers = Annotated[tuple[AnyDid, ...], msgspec.Meta(max_length=CONTROLLERS_MAX)]
NextKeyHashes = Annotated[tuple[Hash32, ...], msgspec.Meta(max_length=NEXT_KEYS_MAX)]
Threshold = Annotated[int, msgspec.Meta(ge=1, le=limits.SIGNATURES_MAX)]
ControllerThreshold = Annotated[int, msgspec.Meta(ge=0, le=CONTROLLERS_MAX)]


class IdentityRecord(msgspec.Struct, frozen=True, array_like=True):
    """One version of one identity's document."""

    did: Did
    version: int
    """1 at creation, one more with each change."""
    methods: Methods
    threshold: Threshold
    """How many of its own authentication keys must sign a transaction."""
    controllers: Controllers
    """Other identities that may act for this one."""
    controller_threshold: ControllerThreshold
    """How many of them must agree; 0 without controllers."""
    services: Services
    also_known_as: Aliases
    next_key_hashes: NextKeyHashes
    """When set, authentication keys may only be replaced by keys announced here."""
    created_height: Height
    created_ms: int
    updated_height: Height
    updated_ms: int
    status: str
    recovery: RecoveryPlan
    sponsor: AnyDid
    """Who brought the identity to the ledger and answers for it; empty where it created itself."""

    @property
    def deactivated(self) -> bool:
        """Whether it was ended, which is final."""
        return self.status == "DEACTIVATED"

    def authentication_keys(self) -> tuple[bytes, ...]:
        """Public keys that may sign transactions in this identity's name."""
        return tuple([method.public_key for method in self.methods if "authentication" in method.purposes])


def sponsorship_bytes(chain_id: str, sponsor: str) -> bytes:
    """What the key of a new identity signs so that ``sponsor``, and nobody else, can bring it to the ledger."""
    return domain("sponsored-identity") + encode([chain_id, sponsor])


next_key_hash = tagged_hash("next-key")
"""How a key is announced before it is used: the digest of its public bytes."""

# Values were encoded by this package; equal bytes mean an equal record, whatever an overlay discards.
decode_identity = lru_cache(1024)(msgspec.msgpack.Decoder(IdentityRecord).decode)


def identity_key(did: str) -> bytes:
    """State key of the current version."""
    return key("identity", did)


@lru_cache(4096)
def _name_key(did: str) -> bytes | None:
    """State key of a name as strangers write it; None for what cannot be one."""
    return identity_key(did) if did_chain(did) is not None else None


def identity_version_key(did: str, version: int) -> bytes:
    """State key of an earlier version."""
    return key("identity", did, version)


def read_identity(state: State, did: str) -> IdentityRecord | None:
    """The current version of ``did``; None where it was never created, or cannot be a name."""
    state_key = _name_key(did)
    stored = None if state_key is None else state.get(state_key)
    return None if stored is None else decode_identity(stored)


def read_active(state: State, did: str) -> IdentityRecord | None:
    """The current version of ``did``; None where it was never created or has been deactivated."""
    record = read_identity(state, did)
    return None if record is None or record.deactivated else record


def read_identity_version(state: State, did: str, version: int) -> IdentityRecord | None:
    """Version ``version`` of ``did``, current or earlier."""
    current = read_identity(state, did)
    if current is None or current.version == version:
        return current
    if not 0 < version < current.version:
        return None
    stored = state.get(identity_version_key(did, version))
    return None if stored is None else decode_identity(stored)


def read_identity_at(state: State, did: str, time_ms: int) -> IdentityRecord | None:
    """The version of ``did`` in force at ``time_ms``; None before its creation.

    A version holds from the very millisecond of its block; of several in one block the last one
    does. Costs at most one read for each bit of the number of versions, however long the history.
    """
    current = read_identity(state, did)
    if current is None or current.updated_ms <= time_ms:
        return current
    if time_ms < current.created_ms:
        return None
    in_force, later = 1, current.version
    while later - in_force > 1:
        middle = (in_force + later) // 2
        found = read_identity_version(state, did, middle)
        if found is not None and found.updated_ms <= time_ms:
            in_force = middle
        else:
            later = middle
    return read_identity_version(state, did, in_force)


RECORDS: Final = (
    ("identity", 2, "", IdentityRecord),
    ("identity", 3, "", IdentityRecord),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
