"""Names of things on the ledger.

A DID of this chain is ``did:cnode:<chain_id>:<id>`` where id is the first 20 bytes of
``H("did", public_key)`` in lower-case base32 without padding (32 characters): it is
derived from the first key of its holder, so nobody can claim another's name, and
rotating keys later does not change it.

Source: DID Core 1.1, section 3.1 (syntax); contracts/identity/README.md.
"""

import base64
import re
from typing import Final

from chainnode.crypto.hashing import tagged_hash

DID_METHOD: Final = "did:cnode:"
_CHAIN_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,46}[a-z0-9])?")
_DID = re.compile(r"did:cnode:([a-z0-9](?:[a-z0-9._-]{0,46}[a-z0-9])?):([a-z2-7]{32})")
_did_hash = tagged_hash("did")


def is_chain_id(text: str) -> bool:
    """Whether ``text`` may name a chain: 1-48 of ``a-z0-9._-``, beginning and ending with a letter or digit."""
    return _CHAIN_ID.fullmatch(text) is not None


def did_of_key(chain_id: str, public_key: bytes) -> str:
    """The DID on ``chain_id`` that belongs to the holder of ``public_key``."""
    digest = _did_hash(public_key)[:20]
    return f"{DID_METHOD}{chain_id}:{base64.b32encode(digest).decode('ascii').lower()}"


def did_chain(did: str) -> str | None:
    """The chain a well-formed DID of this method belongs to; None for anything else."""
    found = _DID.fullmatch(did)
    return found.group(1) if found else None
