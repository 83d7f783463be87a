"""One check of each envelope's signatures on this node, whichever ways it comes in.

A transaction may arrive from a client, in the gossip of a peer, and with a proposal that overtook
that gossip. Whoever needs it verified asks here: what is under way is waited for, what was found valid is
known again, and only the rest is checked.

Known by the leaf hash, so by the exact bytes: the id of a transaction does not cover its signatures,
and a copy with a false one must neither pass for the true one nor stand in its way.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from chainnode.crypto.ed25519 import PUBLIC_KEY_BYTES, SCHEME_ED25519, SIGNATURE_BYTES
from chainnode.errors import Rejected, invariant
from chainnode.limits import BLOCK_TRANSACTIONS_MAX
from chainnode.mempool.verifier import Verifier, pack_record
from chainnode.types.transaction import Transaction

VERIFIED_MAX: Final = 2 * BLOCK_TRANSACTIONS_MAX
"""Leaf hashes known to be valid, the newest ones: the block under discussion and the gossip that it overtook."""


def check_signature_form(transaction: Transaction) -> None:
    """Whether every signature is of an active scheme and has its lengths.

    Raises:
        Rejected: ``signature-scheme`` or ``signature-form``.
    """
    for signature in transaction.signatures:
        if signature.scheme != SCHEME_ED25519:
            raise Rejected("signature-scheme", f"signature scheme {signature.scheme} is not active on this chain")
        if len(signature.public_key) != PUBLIC_KEY_BYTES or len(signature.signature) != SIGNATURE_BYTES:
            raise Rejected("signature-form", "an Ed25519 key has 32 bytes and a signature 64")


def signature_records(transaction: Transaction) -> list[bytes]:
    """The verifier records of one transaction.

    Raises:
        Rejected: as ``check_signature_form``.
    """
    check_signature_form(transaction)
    tx_id = transaction.tx_id
    return [pack_record(signature.public_key, signature.signature, tx_id) for signature in transaction.signatures]


class _Check:
    """What one caller is having checked; others wait for its verdicts."""

    __slots__ = ("settled", "verdicts")

    def __init__(self) -> None:
        self.verdicts: dict[bytes, bool] = {}
        """By leaf hash; incomplete when the caller gave up or the verifier failed."""
        self.settled = asyncio.Event()


class Verification:
    """Owns which envelopes are being verified, and which were."""

    def __init__(self, verifier: Verifier) -> None:
        """Check with ``verifier``."""
        self._verifier = verifier
        self._under_way: dict[bytes, _Check] = {}
        self._verified: OrderedDict[bytes, None] = OrderedDict()
        """Oldest first, at most ``VERIFIED_MAX``. A plain dict would look for the oldest among all that are gone."""
        self._urgent = 0
        self._calm = asyncio.Event()
        self._calm.set()
        self.checked = 0
        """Signatures checked so far."""
        self.spared = 0
        """Transactions whose verdict was known, or under way, when it was asked for again."""

    @property
    def under_way(self) -> int:
        """Transactions being verified."""
        return len(self._under_way)

    def is_under_way(self, leaf_hash: bytes) -> bool:
        """Whether the envelope with this leaf hash is being verified."""
        return leaf_hash in self._under_way

    async def settled(self, leaf_hashes: Iterable[bytes]) -> None:
        """Return once none of these is being verified by somebody who asked before."""
        found = (self._under_way.get(leaf) for leaf in leaf_hashes)
        for check in dict.fromkeys(check for check in found if check is not None):
            await check.settled.wait()

    async def check(self, transactions: Sequence[Transaction], *, urgent: bool = False) -> list[bool]:
        """Whether every signature of each transaction is valid, in order.

        ``urgent`` checks (of a block under discussion) go first: the others pause.

        Raises:
            Rejected: as ``check_signature_form``.
        """
        own = _Check()
        mine: list[Transaction] = []
        records: list[bytes] = []
        elsewhere: list[tuple[Transaction, _Check]] = []
        try:
            for transaction in transactions:
                leaf = transaction.leaf_hash
                other = self._under_way.get(leaf)
                if other is not None:
                    elsewhere.append((transaction, other))
                elif leaf in self._verified:
                    own.verdicts[leaf] = True
                else:
                    records += signature_records(transaction)
                    self._under_way[leaf] = own
                    mine.append(transaction)
            self.spared += len(transactions) - len(mine)
            if mine:
                self._settle(own, mine, await self._checked(records, urgent=urgent))
        finally:
            for transaction in mine:
                del self._under_way[transaction.leaf_hash]
            own.settled.set()
        verdicts = own.verdicts
        if elsewhere:
            verdicts = verdicts | await self._shared(elsewhere, urgent=urgent)
        return [verdicts[transaction.leaf_hash] for transaction in transactions]

    async def _checked(self, records: list[bytes], *, urgent: bool) -> bytes:
        if not urgent:
            await self._calm.wait()
            return await self._counted(records)
        self._urgent += 1
        self._calm.clear()
        try:
            return await self._counted(records)
        finally:
            self._urgent -= 1
            if not self._urgent:
                self._calm.set()

    async def _counted(self, records: list[bytes]) -> bytes:
        self.checked += len(records)
        verdicts = await self._verifier.check(records)
        invariant(len(verdicts) == len(records), "the verifier answers for every signature")
        return verdicts

    def _settle(self, own: _Check, mine: list[Transaction], verdicts: bytes) -> None:
        cursor = 0
        for transaction in mine:
            count = len(transaction.signatures)
            valid = 0 not in verdicts[cursor : cursor + count]
            cursor += count
            own.verdicts[transaction.leaf_hash] = valid
            if valid:
                self._verified[transaction.leaf_hash] = None
        while len(self._verified) > VERIFIED_MAX:
            self._verified.popitem(last=False)

    async def _shared(self, elsewhere: list[tuple[Transaction, _Check]], *, urgent: bool) -> dict[bytes, bool]:
        verdicts: dict[bytes, bool] = {}
        left: dict[bytes, Transaction] = {}
        for transaction, other in elsewhere:
            await other.settled.wait()
            verdict = other.verdicts.get(transaction.leaf_hash)
            if verdict is None:
                left[transaction.leaf_hash] = transaction
            else:
                verdicts[transaction.leaf_hash] = verdict
        if left:
            # Whoever had them checked gave up, or its verifier failed: then it is ours to do.
            verdicts.update(zip(left, await self.check(list(left.values()), urgent=urgent), strict=True))
        return verdicts
