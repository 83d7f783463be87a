"""Signing: an identity, its keys, and the transactions they make.

    wallet = Wallet("harbour-1", [SigningKey(seed)])
    signed = await wallet.transaction(client, [RecordEvidence(...)])
    done = await client.submit(signed.envelope, wait="committed")

A node never sees a key. Each transaction carries 16 fresh random bytes, so the same request made twice is two
transactions, and an expiry height: half of the chain's validity window ahead of the tip, so that a node somewhat behind
or ahead still takes it. Signing anew is the only act that can happen twice: keep the envelope and submit that again.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import Misuse, Rejected
from chainnode.limits import MEMO_BYTES_MAX, NONCE_BYTES, OPERATIONS_MAX, PAYLOAD_BYTES_MAX, SIGNATURES_MAX
from chainnode.sdk.answer import Submission
from chainnode.sdk.client import Client
from chainnode.sdk.keystore import read_key
from chainnode.sdk.submitter import Wait
from chainnode.types.ids import did_of_key, is_chain_id
from chainnode.types.transaction import build_payload, sign_payload, tx_id_of

Operation = msgspec.Struct | bytes
"""An operation of ``contracts``, or its canonical bytes."""

TIP_AGE_MS_MAX: Final = 500
"""How long the tip's height may be remembered: at 100 blocks a second, 50 of a window of 1,000."""


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """Bytes to submit, any number of times, and what names them."""

    tx_id: bytes
    envelope: bytes
    valid_until: int
    """Last height at which it may be included; after it, it has been committed or never will be."""


class Wallet:
    """The keys of one identity on one chain."""

    def __init__(self, chain_id: str, keys: Sequence[SigningKey], did: str | None = None) -> None:
        """Act as ``did`` with 1-16 keys, all of which sign.

        Args:
            chain_id: the chain the transactions are for.
            keys: current authentication keys of the identity.
            did: the identity; by default the one derived from the first key.

        Raises:
            Misuse: ``wallet-keys``: none, too many, or one twice; ``chain-id``: not a chain's name.
        """
        public_keys = {key.public_key for key in keys}
        if not 1 <= len(keys) <= SIGNATURES_MAX or len(public_keys) != len(keys):
            raise Misuse("wallet-keys", f"a wallet holds 1 to {SIGNATURES_MAX} different keys", found=len(keys))
        if not is_chain_id(chain_id):
            raise Misuse("chain-id", f"{chain_id!r} cannot name a chain")
        self.chain_id: Final = chain_id
        self.did: Final = did or did_of_key(chain_id, keys[0].public_key)
        self._keys = tuple(keys)
        self._refresh = asyncio.Lock()
        self._window = 0
        self._tip_height = 0
        self._tip_read_ms: int | None = None

    @classmethod
    def open(cls, chain_id: str, path: Path, passphrase: str | None = None, *, did: str | None = None) -> Self:
        """A wallet of the one key in a file (see ``keystore``).

        Raises:
            ConfigError: the file is missing, open to others, damaged, or not opened by ``passphrase``.
            Misuse: as the constructor.
        """
        return cls(chain_id, [read_key(path, passphrase)], did)

    def __repr__(self) -> str:
        return f"Wallet(did={self.did!r}, keys={len(self._keys)})"

    @property
    def public_keys(self) -> tuple[bytes, ...]:
        """Public halves of the keys, 32 bytes each, in signing order."""
        return tuple(key.public_key for key in self._keys)

    def sign(self, operations: Sequence[Operation], *, valid_until: int, memo: str = "") -> SignedTransaction:
        """A transaction of 1-128 operations that apply together or not at all.

        Args:
            operations: what is asked for, in order.
            valid_until: last height at which it may be included.
            memo: up to 256 bytes of text, public for ever.

        Raises:
            Rejected: ``operation-count``, ``memo-too-large`` or ``too-large``: no node would take it.
        """
        encoded = [operation if isinstance(operation, bytes) else encode(operation) for operation in operations]
        if not 1 <= len(encoded) <= OPERATIONS_MAX:
            raise Rejected("operation-count", f"a transaction has 1 to {OPERATIONS_MAX} operations", found=len(encoded))
        memo_bytes = len(memo.encode("utf-8", "surrogatepass"))
        if memo_bytes > MEMO_BYTES_MAX:
            raise Rejected("memo-too-large", f"a memo has at most {MEMO_BYTES_MAX} bytes", found=memo_bytes)
        nonce = secrets.token_bytes(NONCE_BYTES)
        payload = build_payload(self.chain_id, self.did, nonce, valid_until, encoded, memo)
        if len(payload) > PAYLOAD_BYTES_MAX:
            raise Rejected("too-large", f"a payload has at most {PAYLOAD_BYTES_MAX} bytes", found=len(payload))
        return SignedTransaction(tx_id_of(payload, self.public_keys), sign_payload(payload, self._keys), valid_until)

    async def transaction(
        self, client: Client, operations: Sequence[Operation], *, memo: str = ""
    ) -> SignedTransaction:
        """A signed transaction, valid for half of the chain's window from the tip that ``client`` sees.

        Raises:
            Rejected: as ``sign``, or ``wrong-chain``: the client's nodes belong to another chain.
            Unavailable: no node told its height.
        """
        return self.sign(operations, valid_until=await self.valid_until(client), memo=memo)

    async def submit(
        self,
        client: Client,
        operations: Sequence[Operation],
        *,
        memo: str = "",
        wait: Wait = "committed",
        timeout_ms: int = 30_000,
    ) -> Submission:
        """Sign once and submit; what it raises is what ``transaction`` and ``Client.submit`` raise."""
        signed = await self.transaction(client, operations, memo=memo)
        return await client.submit(signed.envelope, wait=wait, timeout_ms=timeout_ms)

    async def valid_until(self, client: Client) -> int:
        """The expiry height to sign with now: the tip, at most half a second old, and half the window.

        Raises:
            Rejected: ``wrong-chain``.
            Unavailable: no node answered.
        """
        async with self._refresh:
            now_ms = client.now_ms()
            if self._tip_read_ms is None or now_ms - self._tip_read_ms > TIP_AGE_MS_MAX:
                status = await client.status()
                if status.chain_id != self.chain_id:
                    raise Rejected(
                        "wrong-chain",
                        f"the node belongs to chain {status.chain_id}, not {self.chain_id}",
                        expected=self.chain_id,
                        found=status.chain_id,
                    )
                self._window = (await client.parameters()).validity_window
                self._tip_height, self._tip_read_ms = max(self._tip_height, status.height), now_ms
        return self._tip_height + max(1, self._window // 2)
