"""Every bound of the agreement core, with the reason for its value.

A validator may be malicious: whatever it can make us keep, decode or loop over is bounded here.
"""

from typing import Final

VALIDATORS_MAX: Final = 128
"""Votes travel from all to all, so cost grows with the square; a consortium of banks and exchanges stays below this."""

CHAIN_ID_CHARS_MAX: Final = 64
"""A chain identifier is a short readable name that stands in every signed payload."""

HASH_BYTES: Final = 32
"""SHA-256."""

SIGNATURE_BYTES: Final = 64
"""Ed25519."""

SIGNERS_BYTES_MAX: Final = VALIDATORS_MAX // 8
"""Bitmap with one bit for each validator."""

HEIGHT_MAX: Final = 2**53 - 1
"""Exact in every JSON reader; two million years at a hundred blocks a second."""

VIEW_MAX: Final = 2**31 - 1
"""Peers choose the views they name; a bound far below 64 bits keeps every implementation free of overflow."""

VIEWS_AHEAD_MAX: Final = 64
"""PRE_PREPARE, PREPARE and COMMIT further ahead than this are dropped; a VIEW_CHANGE is kept (one for each sender)."""

VIEWS_KEPT_MAX: Final = 8
"""Earlier views whose votes are kept, so that late COMMITs still decide (R4); older ones are answered by DECIDED."""

PROPOSAL_BYTES_MAX: Final = 2 * 1024 * 1024
"""Header, certificate and 32 bytes for each of 65,000 transactions."""

MESSAGE_BYTES_MAX: Final = PROPOSAL_BYTES_MAX + 64 * 1024
"""A proposal with a justification of 128 VIEW_CHANGEs (under 300 bytes each) and one certificate (under 9 KiB)."""

CERTIFICATE_BYTES_MAX: Final = 16 * 1024
"""A certificate alone: 128 signatures with their 2-byte headers take 8.4 KiB."""

RECORD_BYTES_MAX: Final = 64 * 1024 * 1024
"""A journal record holds at most one block body, whose own bound the host sets far below this."""

HELP_INTERVAL_MS: Final = 1_000
"""A peer that is behind is answered at most this often (R8), so that being helped is no amplifier."""

SUSPENSION_HEIGHTS_MIN: Final = 64
"""A dead leader costs one time-out in so many heights (R12)."""

SUSPENSION_HEIGHTS_MAX: Final = 1_024
"""Reached after four time-outs; a validator that comes back waits no longer for its turn."""

PATIENCE_HEIGHTS: Final = 32
"""Decided heights whose duration is remembered (Timers); of a set above 16 twice its size. Half of them is enough."""

PATIENCE_FACTOR: Final = 4
"""Times the usual duration that a leader gets. A slow one of four stays below it and costs (3 + 4) / 4 of the time."""

PATIENCE_SHARE: Final = 8
"""A leader always gets T0 / 8: pauses of a disk or of a busy machine are no reason to leave it."""

EVIDENCE_EPOCHS_MAX: Final = 1
"""Epochs back from which equivocation is still proved (R10): a witness whose epoch ends has its turns in the next."""

EQUIVOCATION_BYTES_MAX: Final = 1_024
"""A proof of equivocation (R10): its place and two statements of 170 bytes."""

PROOF_WAITS: Final = 5
"""Batch waits before a block that only proves the result of the one below (R1): transactions that come meanwhile save
it, and need not wait until it is decided. Only readers of proofs wait for it."""
