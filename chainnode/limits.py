"""Every bound of the node, in one place, each with its reason.

Consensus messages have their own bounds in ``consensus/limits.py``. A bound that
the whole network must share (it decides whether bytes are valid) is marked
CHAIN: changing it is a change of the protocol.
"""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

# Transactions (CHAIN: they decide validity).
PAYLOAD_BYTES_MAX: Final = 256 * KIB
"""One payload: holds 128 full asset records of 2 KiB, or one large one."""
ENVELOPE_BYTES_MAX: Final = PAYLOAD_BYTES_MAX + 4 * KIB
"""Payload plus 16 signatures of about 105 bytes with framing."""
OPERATIONS_MAX: Final = 128
"""Operations of one transaction; atomic, so an overlay holds them all."""
SIGNATURES_MAX: Final = 16
"""Signatures of one envelope; each costs every validator one verification (40 us)."""
MEMO_BYTES_MAX: Final = 256
NONCE_BYTES: Final = 16
CHAIN_ID_BYTES_MAX: Final = 48
DID_BYTES_MAX: Final = 128

# Blocks (CHAIN).
BLOCK_TRANSACTIONS_MAX: Final = 10_000
"""32-byte ids of one proposal stay under 320 KiB."""
BLOCK_BYTES_MAX: Final = 4 * MIB
"""Envelopes of one block; at 1 Gbit/s a body reaches a peer in 34 ms."""
VALIDATORS_MAX: Final = 100
EVENTS_PER_TRANSACTION_MAX: Final = 1_024
STATE_KEY_BYTES_MAX: Final = 512
STATE_VALUE_BYTES_MAX: Final = 256 * KIB

# Network.
FRAME_BYTES_MAX: Final = 8 * MIB
"""A block with its certificate and framing must fit one frame."""

# Mempool.
POOL_TRANSACTIONS_MAX: Final = 50_000
"""Pending transactions: at 1 KiB each, with index, about 100 MiB."""
POOL_BYTES_MAX: Final = 64 * MIB

# API.
REQUEST_BYTES_MAX: Final = 8 * MIB
"""One HTTP request body: a bulk submission of some thousand small transactions."""
BULK_TRANSACTIONS_MAX: Final = 5_000
PAGE_ITEMS_MAX: Final = 500
WAIT_MS_MAX: Final = 60_000
