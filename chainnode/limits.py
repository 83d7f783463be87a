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
OPERATION_WORK_MAX: Final = 64
"""What an operation may cost at worst, in usual ones: another chain's header with the signatures of 67 validators."""
TRANSACTION_WORK_MAX: Final = OPERATIONS_MAX * OPERATION_WORK_MAX
"""Every transaction fits into some block."""
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
EVENTS_PER_BLOCK_MAX: Final = 1_024
"""Of a block itself: suspensions and proofs of 100 validators, orders that end, and what votes of members enact."""
TRANSACTION_STATE_BYTES: Final = 48 * KIB
"""State values that any transaction may write: two versions of the largest identity, and a little."""
TRANSACTION_STATE_FACTOR: Final = 16
"""... and for each byte of its envelope. Without this bound 3 KB of updates rewrote one large record 128 times, and a
block of them filled the memory of every validator."""
STATE_KEY_BYTES_MAX: Final = 512
STATE_VALUE_BYTES_MAX: Final = 256 * KIB

# Network.
FRAME_BYTES_MAX: Final = 8 * MIB
"""A block with its certificate and framing must fit one message of the BLOCKS channel."""
FRAGMENT_BYTES_MAX: Final = 64 * KIB
"""Longer messages travel in pieces of this size, so that a vote waits for one piece, never for a block."""
HELLO_BYTES_MAX: Final = 4 * KIB
"""One frame before the handshake is done: a HELLO has about 300 bytes."""
CONSENSUS_MESSAGE_BYTES_MAX: Final = 2 * MIB
"""A proposal of 10,000 ids (320 KiB) with the justification of a view change among 100 validators (700 KiB)."""
CONTROL_MESSAGE_BYTES_MAX: Final = 512 * KIB
"""A request that names every transaction of a full block (320 KiB)."""
GOSSIP_MESSAGE_BYTES_MAX: Final = MIB
"""One batch of gossiped transactions; the largest envelope fits three times."""
CONSENSUS_QUEUE_BYTES_MAX: Final = 8 * MIB
CONTROL_QUEUE_BYTES_MAX: Final = 4 * MIB
BLOCKS_QUEUE_BYTES_MAX: Final = 2 * FRAME_BYTES_MAX + 64 * KIB
"""Two of the largest messages: a reader slower than that asks again later."""
GOSSIP_QUEUE_BYTES_MAX: Final = 4 * MIB
"""About one second of gossip at full speed; what does not fit reaches the peer with the block."""
SEAL_MESSAGE_BYTES_MAX: Final = 256
"""A share of a seal has 150 bytes."""
SEALS_QUEUE_BYTES_MAX: Final = 64 * KIB
"""Shares are sent once in many blocks; what waits longest is worth least."""
QUEUE_MESSAGES_MAX: Final = 4_096
"""Per channel; bounds the bookkeeping that many tiny messages would cost beside their bytes."""
CHANNEL_BYTES_PER_S_MAX: Final = 32 * MIB
"""Accepted from one peer on one channel; eight times a full load of transactions."""
LINK_BYTES_PER_S_MAX: Final = 96 * MIB
"""Read from one peer on all channels; beyond it reading pauses and TCP slows the sender."""
FRAME_COST_BYTES: Final = 4 * KIB
"""What a frame costs its sender's allowances beside its length: 8,000 empty messages a second per channel, and 24,000
frames of any kind a link, each with a few microseconds of ours."""
WRITE_BATCH_BYTES: Final = 128 * KIB
"""Handed to the socket at once; what is behind it can still be overtaken by a vote."""
CONNECT_TIMEOUT_MS: Final = 2_000
TLS_TIMEOUT_MS: Final = 2_000
"""A TLS handshake takes 3 ms of work and three round trips; a silent socket may not hold its place longer."""
HELLO_TIMEOUT_MS: Final = 2_000
LINK_CLOSE_TIMEOUT_MS: Final = 1_000
LINK_TICK_MS: Final = 500
"""Between two looks at time-outs and at the chain's allow list."""
LINK_TICK_LATE_MS_MAX: Final = 1_000
"""A look that comes later was not the peers' fault: this process was stopped, and has not read what they sent."""
PING_INTERVAL_MS: Final = 2_000
SILENCE_MS_MAX: Final = 10_000
"""Five pings without a byte: the peer is gone, even if TCP has not noticed."""
FRAME_MS_MAX: Final = 20_000
"""A frame that began must be complete: 64 KiB at 32 kbit/s."""
MESSAGE_MS_MAX: Final = 300_000
"""A message in pieces must be complete: 8 MiB at 256 kbit/s."""
STALL_MS_MAX: Final = 30_000
"""A peer that takes nothing from a full socket for this long is cut off."""
REQUESTS_OUTSTANDING_MAX: Final = 64
"""Asked of one peer and not answered."""
REQUESTS_SERVED_MAX: Final = 16
"""Of one peer, at work at the same time; more are answered ``busy``."""
LINKS_MAX: Final = 256
"""Open connections, inbound and outbound: 100 validators and their observers."""
LINKS_PER_ADDRESS_MAX: Final = 64
"""Inbound connections of one address; a development network has all its nodes on one."""
HALF_OPEN_MAX: Final = 32
"""Inbound connections whose handshake is not done; at two to four seconds each."""
HANDSHAKES_PER_S_MAX: Final = 50
"""Inbound TLS handshakes: at 3 ms each, 15 % of a core."""
HANDSHAKES_BURST: Final = 100
"""Every validator may come back in the same second."""
HANDSHAKES_PER_S_PER_ADDRESS_MAX: Final = 10
HANDSHAKES_BURST_PER_ADDRESS: Final = 40
ADDRESSES_MAX: Final = 4_096
"""Addresses whose rate is remembered."""
RECONNECT_MS_MIN: Final = 100
RECONNECT_MS_MAX: Final = 5_000
DIAL_YIELD_MS: Final = 500
"""The node that is to be dialled waits this long before it dials itself."""
BAN_MS_MIN: Final = 1_000
BAN_VALIDATOR_MS_MAX: Final = 30_000
"""Short, because a quorum may need the validator however it behaved."""
BAN_OBSERVER_MS_MAX: Final = 600_000
BAN_FORGET_MS: Final = 600_000
"""Good conduct after which the next ban is a first one again."""

# Mempool.
POOL_TRANSACTIONS_MAX: Final = 50_000
"""Pending transactions: at 1 KiB each, with index, about 100 MiB."""
POOL_BYTES_MAX: Final = 24 * MIB
"""Envelopes; decoded operations take up to thirteen times their bytes (measured on the largest asset records)."""

POOL_SENDER_PERCENT: Final = 25
"""Of both: the flood of one sender leaves room for others; seconds of all that four validators on two cores take."""
BACKLOG_MS: Final = 1_000
"""While something has waited so long, clients with much waiting are refused before their signatures are checked.

Under a full load that blocks keep up with, a third of a second is usual. On a busy machine a sender's share of the pool
took half a minute to empty.
"""
BACKLOG_TRANSACTIONS: Final = 1_000
"""... but only while at least so many wait: four usual blocks, so that none is made half empty."""

# API.
REQUEST_BYTES_MAX: Final = 8 * MIB
"""One HTTP request body: a bulk submission of some thousand small transactions."""
BULK_TRANSACTIONS_MAX: Final = 5_000
PAGE_ITEMS_MAX: Final = 500
RECORDS_LOOKED_AT_MAX: Final = 500
"""Records that one page of a filtered list reads, whether they match or not: some 10 ms; the cursor goes on."""
RECORDS_LOOKED_AT_BYTES_MAX: Final = 4 * MIB
"""Their values together."""
WAIT_MS_MAX: Final = 60_000
