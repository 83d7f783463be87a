"""What survives a crash of one simulated validator: journal, sign-state, store."""

from dataclasses import dataclass, field

import msgspec

from consensus.certificates import QuorumCertificate
from consensus.journal import NOTHING_SIGNED, JournalRecord, SignState, decode_record, encode_record
from consensus.tip import Tip


class Block(msgspec.Struct, frozen=True, array_like=True):
    """A block of the simulation; its encoding is proposal and body at once."""

    height: int
    parent_hash: bytes
    proposer: int
    time_ms: int
    transactions: tuple[int, ...]


@dataclass(slots=True)
class Stored:
    """A decided block in a store."""

    block_hash: bytes
    block: Block
    certificate: QuorumCertificate


@dataclass(slots=True)
class Disk:
    """Written only by synced writes, so everything in it is durable."""

    genesis_hash: bytes
    journal: list[bytes] = field(default_factory=list)
    sign_state: SignState = NOTHING_SIGNED
    chain: list[Stored] = field(default_factory=list)
    bodies: dict[bytes, bytes] = field(default_factory=dict)
    """Bodies in the journal or the store."""

    def append(self, records: list[JournalRecord]) -> None:
        self.journal += [encode_record(record) for record in records]

    def records(self) -> list[JournalRecord]:
        return [decode_record(data) for data in self.journal]

    def truncate(self, height: int) -> None:
        """Drop records of decided heights."""
        self.journal = [encode_record(record) for record in self.records() if record.height > height]

    @property
    def tip(self) -> Tip:
        if not self.chain:
            return Tip(0, self.genesis_hash)
        last = self.chain[-1]
        return Tip(len(self.chain), last.block_hash, bool(last.block.transactions), last.certificate)
