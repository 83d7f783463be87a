"""An answer with decided blocks, believed only where it proves itself.

Headers come first: the certificate of the last block is verified, and every block below
it is bound by the parent hash above it. Only then are bodies opened, so what a liar can
cost is a few hash computations and one certificate.

A certificate that the next, certified header names by its hash was checked by a quorum
when it voted for that header; it is not verified again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chainnode.chain.candidate import Candidate, Held, nothing_held, open_stored
from chainnode.chain.certificate import open_certificate, require_certificate
from chainnode.errors import Rejected
from chainnode.mempool.verification import Verification
from chainnode.sync.body_fetcher import check_signatures
from chainnode.sync.wire import decode_blocks
from chainnode.types.block import Header, StoredBlock, block_hash, certificate_hash, decode_header, decode_stored_block
from consensus.certificates import QuorumCertificate
from consensus.quorum import ValidatorSet

Validators = Callable[[], ValidatorSet]
"""The set that decides the block after the tip."""


@dataclass(frozen=True, slots=True)
class TrustedBlock:
    """A block an operator vouches for: a chain that has another one at its height is not followed."""

    height: int
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class Decided:
    """One verified block."""

    candidate: Candidate
    certificate_bytes: bytes
    certificate: QuorumCertificate


@dataclass(frozen=True, slots=True)
class OpenedRange:
    """What an answer came to."""

    blocks: list[Decided]
    size_bytes: int
    """Of the answer."""
    cut: bool
    """More was served, under other validators than these."""
    validators_hash: bytes
    """Of the set that was the present one when the answer was opened."""


class RangeVerifier:
    """Opens answers to GET_BLOCKS."""

    def __init__(
        self,
        chain_id: str,
        validators: Validators,
        verification: Verification,
        trusted: TrustedBlock | None = None,
        held: Held = nothing_held,
    ) -> None:
        """Certificates must be of the set that ``validators`` gives; ``verification`` checks what is not ``held``."""
        self._chain_id: Final = chain_id
        self._validators = validators
        self._verification = verification
        self._held = held
        self._trusted = trusted

    async def open(self, first: int, last: int, answer: bytes) -> OpenedRange:
        """The blocks of an answer, from ``first`` on; yields to the event loop between blocks.

        Only those of the present epoch: whose certificates count later is known when it has ended.

        Raises:
            DecodeError: the answer, a block or a transaction is malformed.
            Rejected: ``sync-surplus``, ``sync-height``, ``sync-untrusted``; as ``require_certificate``,
                ``open_stored`` and ``check_signatures``. No correct peer serves any of these.
        """
        encoded = decode_blocks(answer)
        if len(encoded) > last - first + 1:
            raise Rejected("sync-surplus", "a peer served more blocks than asked", found=len(encoded))
        validators = self._validators()
        blocks: list[StoredBlock] = []
        headers: list[Header] = []
        for height, data in enumerate(encoded, first):
            block = decode_stored_block(data)
            header = decode_header(block.header)
            if header.height != height:
                raise Rejected("sync-height", "a peer served another height than asked", expected=height)
            if header.validators_hash != validators.hash:
                break
            blocks.append(block)
            headers.append(header)
        certificates = await self._certificates(blocks, headers, validators)
        candidates: list[Candidate] = []
        for block in blocks:
            candidates.append(open_stored(block, self._held))
            await asyncio.sleep(0)
        transactions = [item for candidate in candidates for item in candidate.transactions]
        await check_signatures(transactions, self._verification, self._held)
        decided = [
            Decided(candidate, block.certificate, certificate)
            for candidate, block, certificate in zip(candidates, blocks, certificates, strict=True)
        ]
        return OpenedRange(decided, len(answer), len(blocks) < len(encoded), validators.hash)

    async def _certificates(
        self, blocks: list[StoredBlock], headers: list[Header], validators: ValidatorSet
    ) -> list[QuorumCertificate]:
        found: list[QuorumCertificate] = []
        above: Header | None = None
        for block, header in zip(reversed(blocks), reversed(headers), strict=True):
            hash_ = block_hash(block.header)
            trusted = self._trusted
            if trusted is not None and trusted.height == header.height and trusted.block_hash != hash_:
                raise Rejected("sync-untrusted", "the chain is not that of the trusted block", height=header.height)
            certificate = open_certificate(block.certificate)
            bound = (
                above is not None
                and above.parent_hash == hash_
                and above.last_certificate_hash == certificate_hash(block.certificate)
            )
            if not bound:
                await asyncio.sleep(0)
                require_certificate(
                    certificate, chain_id=self._chain_id, validators=validators, height=header.height, block_hash=hash_
                )
            found.append(certificate)
            above = header
        found.reverse()
        return found
