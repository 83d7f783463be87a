"""The one place that signs votes: durable first, never two for one position.

``sign`` asks the sign-state file before it uses the key. That file outranks the core:
even if the core were wrong after a restart, or its journal were restored from a
backup, no second payload is signed at a position, and positions only grow.

Order per step (SPEC, Durable before sent): records of the step and the signed
messages go to the journal with one sync, then the sign-state cell, then the caller
sends. A crash between the two leaves the journal ahead, which a restart accepts: the
message in the journal is what would be signed again, byte for byte.
"""

from collections.abc import Sequence
from typing import Final

from chainnode.crypto.ed25519 import SigningKey
from chainnode.crypto.signature_memory import SignatureMemory
from chainnode.errors import StoreError
from chainnode.limits import MIB
from chainnode.store.journal import Journal
from chainnode.store.sign_state import SignStateFile
from consensus.journal import JournalRecord, MessageSigned, SignPosition, decode_record, encode_record, sign_position
from consensus.messages import Signed
from consensus.recovery import live_records
from consensus.signing import signed_bytes, signed_digest, with_signature

JOURNAL_BYTES_MAX: Final = 64 * MIB
"""Live records beyond which the journal is rewritten: some thirty full blocks proposed at one height."""


class VoteSigner:
    """Signs and remembers on behalf of one replica."""

    def __init__(
        self, key: SigningKey | None, journal: Journal, sign_state: SignStateFile, silent_height: int = 0,
        signatures: SignatureMemory | None = None,
    ) -> None:
        """Sign nothing up to ``silent_height``; ``key`` None: an observer, whose core never asks for a signature.

        What is signed is told to ``signatures``: it comes back in the others' certificates.
        """
        self._signatures = signatures or SignatureMemory()
        self._key = key
        self._journal = journal
        self._sign_state = sign_state
        self._silent_height = silent_height
        self._epoch = 0

    def enter_epoch(self, epoch: int, key: SigningKey) -> None:
        """Sign with ``key`` from this epoch on, and nothing of an earlier one: its key may have been another."""
        self._epoch = epoch
        self._key = key

    @property
    def signed_height(self) -> int:
        """The highest height at which this key is known to have signed."""
        return self._sign_state.last.position[1]

    def is_silent(self, height: int) -> bool:
        """Whether nothing is signed at ``height``, because what was said there may be forgotten."""
        return height <= self._silent_height

    def speak_above(self, height: int) -> None:
        """Stay silent up to ``height`` and no longer (Rejoin)."""
        self._silent_height = height

    def perform(self, records: Sequence[JournalRecord], unsigned: Sequence[Signed]) -> list[Signed]:
        """Make ``records`` and the signed form of ``unsigned`` durable; returns what may be sent.

        A message whose position was already used for another payload, also by an earlier one of
        ``unsigned``, is not signed, and neither are those after it.

        Raises:
            StoreError: journal or sign-state could not be made durable: stop signing (SPEC R11).
        """
        encoded = [encode_record(record) for record in records]
        signed: list[Signed] = []
        last: tuple[SignPosition, bytes] | None = None
        for message in unsigned:
            position, digest = sign_position(message), signed_digest(message)
            # The cell is written after the journal, so within one step the order is kept here: two payloads for one
            # position would both be in the journal, and a restart would send them.
            if last is not None and position <= last[0]:
                break
            ready = self._sign(message, position, digest)
            if ready is None:
                break
            last = position, digest
            signed.append(ready)
            encoded.append(encode_record(MessageSigned(ready)))
        if encoded:
            self._journal.append(encoded)
            self._journal.sync()
            if self._journal.live_bytes > JOURNAL_BYTES_MAX:
                self._compact()
        if last is not None:
            # Positions only grow, so the last one stands for all of the step.
            self._sign_state.record(*last, signed[-1].signature)
        return signed

    def _compact(self) -> None:
        """Rewrite the journal with what still binds: a height without a quorum may last for hours."""
        encoded = self._journal.read()
        records = [decode_record(data) for data in encoded]
        height = max(record.height for record in records)
        live = [encode_record(record) for record in live_records(records, height)]
        self._journal.start_height(self._journal.height, carry=live)
        self._journal.sync()

    def _sign(self, message: Signed, position: SignPosition, digest: bytes) -> Signed | None:
        if self._key is None or message.epoch < self._epoch or message.height <= self._silent_height:
            return None
        try:
            stored = self._sign_state.check(position, digest)
        except StoreError as error:
            if error.code == "sign-state-regression":
                return None
            raise
        if stored is not None:
            return with_signature(message, stored)
        payload = signed_bytes(message)
        signature = self._key.sign(payload)
        self._signatures.remember(self._key.public_key, payload, signature)
        return with_signature(message, signature)

    def expect_height(self, height: int) -> None:
        """The block at ``height`` is about to become durable: the journal must not fall two blocks behind it.

        A mark that cannot be written stops the node here, one block early. Written after the block, its failure
        would look like an old copy of the journal at the next start, and silence a validator that lost nothing.

        Raises:
            StoreError: the journal cannot be written.
        """
        if self._key is not None and height > self._journal.height + 1:
            self._journal.sync()

    def start_height(self, height: int) -> None:
        """The block at ``height`` is durable in the store: what was journalled for it may go.

        The mark goes to disk with the next vote. A validator that goes on without voting (it catches up) writes it
        by itself, so that a journal further behind than one block is known to be an old copy after a restart.

        Raises:
            StoreError: the journal failed before.
        """
        self._journal.start_height(height)
        if self._key is not None and height > self._journal.height + 1:
            self._journal.sync()
