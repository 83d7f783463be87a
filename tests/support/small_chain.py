"""A small certified chain in memory, with real keys, signatures, trees and state, for tests of proofs."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.crypto.hashing import ZERO_HASH
from chainnode.proofs import merkle
from chainnode.proofs.bundle import (
    Authority,
    BlockOpened,
    Bundle,
    Claim,
    EpochLink,
    EvidenceExisted,
    HistoryLink,
    ReceiptProof,
    StateAbsent,
    StatePresent,
    TransactionIncluded,
)
from chainnode.proofs.evidence import BatchItem
from chainnode.proofs.history import HistoryFrontier, history_path
from chainnode.state.tree import StateTree
from chainnode.types.block import Header, block_hash, certificate_hash
from chainnode.types.genesis import EMPTY_TREE_ROOT, Genesis, genesis_header
from chainnode.types.ids import did_of_key
from chainnode.types.receipt import BlockReceipt, Event, Receipt
from chainnode.types.transaction import build_payload, decode_transaction, sign_payload
from chainnode.types.validator_set import ValidatorList, validator_of, validators_hash
from consensus.certificates import CertificateKind, encode_certificate, make_certificate, vote_bytes
from consensus.quorum import quorum_of

CHAIN_ID = "small"
TIME_MS = 1_700_000_000_000


def key_of(name: str) -> SigningKey:
    """The signing key that belongs to ``name``."""
    return SigningKey(sha256(name.encode()).digest())


def validator_list(size: int, epoch: int) -> ValidatorList:
    """``size`` validators whose keys follow from epoch and index."""
    members = [f"validator-{epoch}-{index}" for index in range(size)]
    return ValidatorList(
        epoch,
        tuple(
            validator_of(name, did_of_key(CHAIN_ID, key.public_key), key, key_of(f"node-{name}").public_key)
            for name in members
            for key in (key_of(name),)
        ),
    )


def envelope(operations: Sequence[object], *, signers: Sequence[str] = ("client",), nonce: int = 0) -> bytes:
    """A signed transaction of ``operations`` given as plain lists."""
    keys = [key_of(name) for name in signers]
    sender = did_of_key(CHAIN_ID, keys[0].public_key)
    payload = build_payload(CHAIN_ID, sender, nonce.to_bytes(16, "big"), 100, [encode(item) for item in operations])
    return sign_payload(payload, keys)


class SmallChain:
    """Blocks from genesis on; every block is decided by exactly a quorum of its epoch's set."""

    def __init__(self, validators: int = 4, *, genesis_ms: int = TIME_MS) -> None:
        self.sets = [validator_list(validators, 0)]
        genesis = Genesis(1, CHAIN_ID, genesis_ms, "ed25519-sha256", self.sets[0], (), ())
        self.headers = [genesis_header(encode(genesis))]
        self.certificates = [b""]
        self.links: list[EpochLink] = []
        self.envelopes: list[list[bytes]] = [[]]
        self.receipts: list[list[bytes]] = [[]]
        self.opened: list[bytes] = [b""]
        """Of each block its own receipt."""
        self.nodes: dict[bytes, bytes] = {}
        self.state: dict[bytes, bytes] = {}
        self.tree = StateTree(self.nodes)
        self.nodes.update(self.tree.update(None, 0, {}).writes)
        self.frontier = HistoryFrontier()
        self.history: dict[tuple[int, int], bytes] = {}
        self._record()

    @property
    def genesis_hash(self) -> bytes:
        """The trusted hash of this chain."""
        return block_hash(self.headers[0])

    def _record(self) -> None:
        self.frontier, nodes = self.frontier.append(merkle.leaf_hash(block_hash(self.headers[-1])))
        self.history.update({(level, index): found for level, index, found in nodes})

    def extend(
        self,
        envelopes: Sequence[bytes] = (),
        changes: Mapping[bytes, bytes | None] | None = None,
        *,
        code: str = "ok",
        next_set: ValidatorList | None = None,
        forged: Mapping[str, object] | None = None,
        events: Sequence[Event] = (),
    ) -> int:
        """Append one decided block; returns its height.

        ``changes`` are what its execution writes; ``forged`` header fields are certified all the same.
        """
        height = len(self.headers)
        current = self.sets[-1]
        header = Header(
            version=1,
            chain_id=CHAIN_ID,
            epoch=current.epoch,
            height=height,
            parent_hash=block_hash(self.headers[-1]),
            time_ms=TIME_MS + 1_000 * height,
            proposer=0,
            tx_root=merkle.root([merkle.leaf_hash(item) for item in envelopes]),
            tx_count=len(envelopes),
            body_bytes=sum(map(len, envelopes)),
            evidence_root=EMPTY_TREE_ROOT,
            prev_state_root=self.tree.root(height - 1),
            prev_results_root=EMPTY_TREE_ROOT if height == 1 else merkle.root(self.result_leaves(height - 1)),
            history_root=self.frontier.root(),
            validators_hash=validators_hash(current),
            next_validators_hash=validators_hash(next_set or current),
            last_certificate_hash=certificate_hash(self.certificates[-1]) if height > 1 else ZERO_HASH,
        )
        self.headers.append(encode(msgspec.structs.replace(header, **(forged or {}))))
        self.certificates.append(self.certify(self.headers[-1], current))
        self.envelopes.append(list(envelopes))
        ids = [decode_transaction(item).tx_id for item in envelopes]
        failed = -1 if code == "ok" else 0
        self.receipts.append([encode(Receipt(i, height, n, code, failed, "", ())) for n, i in enumerate(ids)])
        self.opened.append(encode(BlockReceipt(height, tuple(events))))
        update = self.tree.update(height - 1, height, changes or {})
        self.nodes.update(update.writes)
        self.tree.adopt(update)
        for key, value in (changes or {}).items():
            self.state.pop(key, None) if value is None else self.state.update({key: value})
        self._record()
        if next_set is not None:
            self.links.append(EpochLink(self.headers[-1], self.certificates[-1], encode(next_set)))
            self.sets.append(next_set)
        return height

    def certify(self, header: bytes, validators: ValidatorList, votes: int | None = None) -> bytes:
        """A COMMIT certificate by the first ``votes`` (default: a quorum) of ``validators``, encoded."""
        fields = msgspec.msgpack.decode(header, type=Header)
        count = quorum_of(len(validators.validators)) if votes is None else votes
        signed = vote_bytes(
            CertificateKind.COMMIT,
            chain_id=fields.chain_id,
            epoch=validators.epoch,
            validators_hash=validators_hash(validators),
            height=fields.height,
            view=0,
            block_hash=block_hash(header),
        )
        signatures = [(n, key_of(v.name).sign(signed)) for n, v in enumerate(validators.validators[:count])]
        return encode_certificate(
            make_certificate(
                CertificateKind.COMMIT,
                signatures,
                epoch=validators.epoch,
                height=fields.height,
                view=0,
                block_hash=block_hash(header),
            )
        )

    def path(self, height: int, index: int) -> tuple[bytes, ...]:
        """Inclusion path of a transaction."""
        return tuple(merkle.inclusion_path([merkle.leaf_hash(item) for item in self.envelopes[height]], index))

    def receipt(self, height: int, index: int) -> ReceiptProof:
        """A transaction's receipt with its path."""
        path = merkle.inclusion_path(self.result_leaves(height), index + 1)
        return ReceiptProof(self.receipts[height][index], tuple(path))

    def result_leaves(self, height: int) -> list[bytes]:
        """Leaf hashes of the results tree: the block's own receipt, then those of its transactions."""
        return [merkle.leaf_hash(item) for item in (self.opened[height], *self.receipts[height])]

    def opened_at(self, height: int) -> Bundle:
        """Bundle of kind block-opened."""
        path = tuple(merkle.inclusion_path(self.result_leaves(height), 0))
        return self.bundle(BlockOpened(self.opened[height], path), (height, height + 1))

    def bundle(self, claim: Claim, heights: Sequence[int], *, later: int | None = None) -> Bundle:
        """The bundle of ``claim`` over ``heights``, certified at the last of them or, through history, at ``later``."""
        last = heights[-1] if later is None else later
        history = None
        if later is not None:
            path = history_path(heights[-1], later, lambda level, index: self.history[level, index])
            history = HistoryLink(self.headers[later], tuple(path))
        links = tuple(link for link in self.links if self.headers.index(link.header) < last)
        authority = Authority(self.certificates[last], self.headers[0], encode(self.sets[0]), links)
        return Bundle(1, claim, tuple(self.headers[height] for height in heights), history, authority)

    def included(self, height: int, index: int, *, receipt: bool = True) -> Bundle:
        """Bundle of kind transaction-included."""
        proof = self.receipt(height, index) if receipt else None
        claim = TransactionIncluded(self.envelopes[height][index], index, self.path(height, index), proof)
        return self.bundle(claim, (height, height + 1) if receipt else (height,))

    def evidence(
        self,
        height: int,
        index: int,
        evidence_id: bytes,
        digest: bytes,
        *,
        operation: int = 0,
        item: BatchItem | None = None,
    ) -> Bundle:
        """Bundle of kind evidence-existed."""
        claim = EvidenceExisted(
            evidence_id,
            digest,
            operation,
            item,
            self.envelopes[height][index],
            index,
            self.path(height, index),
            self.receipt(height, index),
        )
        return self.bundle(claim, (height, height + 1))

    def state_at(self, height: int, key: bytes, value: bytes | None) -> Bundle:
        """Bundle of kind state-present (``value`` given) or state-absent, for the state after block ``height``."""
        proof = self.tree.prove(height, key)
        claim = StateAbsent(key, sha256(key).digest(), proof) if value is None else StatePresent(key, value, proof)
        return self.bundle(claim, (height + 1,))
