"""Whom the consortium trusts with what: digital commerce entities by kind, and issuers by credential type.

    accreditation/<did>/<kind>/<credential type, or - for an entity>

One line of authority for each: whoever accredited an identity renews and ends it, and a governor or
regulator may end it too. It holds from ``valid_from_ms`` up to, and not including, ``valid_until_ms``
and the moment it was ended, so a credential can later be judged as of its own day. What was before a
new accreditation replaced an ended one is told by events.

Source: kinds of digital commerce entities as data exchanges register them; trust registries of
issuers after the ToIP Trust Registry Query Protocol.
"""

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.ids import did_chain
from chainnode.types.transaction import Did, Height
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.text import Line, Time

Kind = Literal["supplier", "buyer", "delivery", "assessment", "intermediary", "consulting", "other", "issuer"]
"""What an identity is accredited as; all but ``issuer`` are kinds of digital commerce entities."""
CredentialType = Annotated[str, msgspec.Meta(max_length=64, pattern=r"\A(?:[A-Za-z][A-Za-z0-9._-]*)?\Z")]
"""A ``type`` of W3C credentials, such as ``DataMerchantCredential``; empty where none is meant."""
Jurisdiction = Annotated[str, msgspec.Meta(max_length=6, pattern=r"\A(?:[A-Z]{2}(?:-[A-Z0-9]{1,3})?)?\Z")]
"""ISO 3166 code of a country or part of it, such as ``CN`` or ``CN-31``; empty = everywhere."""

LIFECYCLE: Final = Lifecycle(
    "accreditation",
    "accreditation-status",
    {
        (None, "accredit"): "ACTIVE",
        ("ACTIVE", "renew"): "ACTIVE",
        ("ACTIVE", "end"): "ENDED",
        ("ENDED", "accredit"): "ACTIVE",
    },
)


class AccreditationRecord(msgspec.Struct, frozen=True, array_like=True):
    """The trust placed in one identity for one kind of work."""

    did: Did
    kind: Kind
    credential_type: CredentialType
    """Which credentials an ``issuer`` may issue; empty for the other kinds."""
    jurisdiction: Jurisdiction
    status: str
    valid_from_ms: Time
    valid_until_ms: Time
    """First moment at which it no longer holds; 0 = until it is ended."""
    ended_ms: Time
    """Block time of its end; 0 = not ended."""
    accredited_by: Did
    accredited_height: Height
    accredited_ms: Time
    reason: Line
    """Why it was ended; empty before."""

    def holds_at(self, time_ms: int) -> bool:
        """Whether it held at ``time_ms``: from its first moment, up to and not including its last."""
        until_ms, ended_ms = self.valid_until_ms, self.ended_ms
        return (
            self.valid_from_ms <= time_ms
            and (until_ms == 0 or time_ms < until_ms)
            and (ended_ms == 0 or time_ms < ended_ms)
        )


_decode = lru_cache(1024)(msgspec.msgpack.Decoder(AccreditationRecord).decode)


@lru_cache(4096)
def accreditation_key(did: str, kind: str, credential_type: str = "") -> bytes:
    """State key of one accreditation."""
    return key("accreditation", did, kind, credential_type or "-")


def read_accreditation(state: State, did: str, kind: Kind, credential_type: str = "") -> AccreditationRecord | None:
    """The accreditation of ``did``; None where there never was one, or ``did`` cannot be a name."""
    if did_chain(did) is None:
        return None
    stored = state.get(accreditation_key(did, kind, credential_type))
    return None if stored is None else _decode(stored)


def accredited(state: State, did: str, kind: Kind, time_ms: int, credential_type: str = "") -> bool:
    """Whether ``did`` is accredited as ``kind`` at ``time_ms``; says nothing about the identity being active."""
    record = read_accreditation(state, did, kind, credential_type)
    return record is not None and record.holds_at(time_ms)


RECORDS: Final = (("accreditation", 4, "", AccreditationRecord),)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
