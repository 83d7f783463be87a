"""Proofs of what a key holds now.

A block's state is certified by the block after it. So the newest proof at hand is of the state *before* the newest
block, and just after a commit it shows truly that the new record is absent.
"""

from typing import Final

from chainnode.errors import NotFound
from chainnode.proofs.bundle import StatePresent, decode_bundle
from chainnode.sdk.client import Client
from chainnode.sdk.errors import Unavailable

TURNS_MAX: Final = 5
"""A key that changes in every block is proved at an earlier height, by ``prove_state``."""


async def prove_current(client: Client, key: bytes) -> bytes:
    """A portable proof bundle of the value that ``key`` holds now, or of its absence.

    Waits, as long as the client is patient, for the block that certifies a value of the newest block. Who has just
    seen a commit asks ``client.prove_state(key, height=done.height)``: another node may not have that block yet.

    Raises:
        Unavailable: ``proof-pending``: the value changed again and again; or no node answered.
    """
    for _ in range(TURNS_MAX):
        held, height = await _held(client, key)
        bundle = await client.prove_state(key)
        claim = decode_bundle(bundle).claim
        if (claim.value if isinstance(claim, StatePresent) else None) == held:
            return bundle
        try:
            return await client.prove_state(key, height=height)
        except NotFound:
            continue
    raise Unavailable("proof-pending", "the value changes too often to prove the newest one; name a height")


async def _held(client: Client, key: bytes) -> tuple[bytes | None, int]:
    """The value and the height at which it was read."""
    try:
        found = await client.state(key)
    except NotFound:
        return None, (await client.status()).height
    return bytes.fromhex(found.value), found.height
