"""A small consortium on an overlay: named members, real keys and signatures, every transaction through its bytes."""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.state.overlay import Overlay
from chainnode.types.genesis import GENESIS_VERSION, SUITE_ED25519_SHA256, Genesis, decode_genesis
from chainnode.types.ids import did_of_key
from chainnode.types.receipt import Receipt, decode_receipt
from chainnode.types.transaction import Transaction, build_payload, decode_transaction, sign_payload
from chainnode.types.validator_set import ObserverNode, ValidatorList, validator_of
from contracts.governance.operations import GrantRole, SetPolicy
from contracts.identity.operations import CreateIdentity
from contracts.kernel.execution import apply_genesis, execute_transaction
from contracts.kernel.operation import Operation, encode_operation
from contracts.kernel.policy import EVERYONE, Role
from tests.support.announced import unannounced

CHAIN = "test-1"
TIME_MS = 1_795_305_600_000
"""2026-11-22T00:00:00Z."""
MEMBERS: dict[str, tuple[Role, ...]] = {
    "exchange": ("exchange",),
    "governor": ("governor",),
    "member": ("member",),
    "stranger": (),
}


def key_of(name: str) -> SigningKey:
    return SigningKey(sha256(name.encode()).digest())


def did_of(name: str, chain: str = CHAIN) -> str:
    return did_of_key(chain, key_of(name).public_key)


def founding_operations(chain: str = CHAIN) -> list[Operation]:
    """The members with their roles, and leave for newcomers to create themselves."""
    created: list[Operation] = [CreateIdentity(key_of(name).public_key) for name in MEMBERS]
    opened = SetPolicy("identity.create", EVERYONE)
    granted = [GrantRole(did_of(name, chain), role) for name, roles in MEMBERS.items() for role in roles]
    return [*created, opened, *granted]


def genesis_of(operations: Sequence[Operation], chain: str = CHAIN) -> Genesis:
    node = key_of("node")
    validators = ValidatorList(0, (validator_of("v0", did_of("member", chain), node, node.public_key),))
    observers = (ObserverNode("watcher", did_of("member", chain), key_of("observer").public_key),)
    raws = tuple(msgspec.Raw(encode_operation(operation)) for operation in operations)
    genesis = Genesis(GENESIS_VERSION, chain, TIME_MS, SUITE_ED25519_SHA256, validators, observers, raws)
    return decode_genesis(encode(genesis))


class World:
    """State of a chain and the block being built."""

    def __init__(self, operations: Sequence[Operation] | None = None, chain: str = CHAIN) -> None:
        self.chain = chain
        self.overlay = Overlay(lambda _key: None)
        self.height = 1
        self.time_ms = TIME_MS + 1_000
        self._nonce = 0
        self.last: Transaction | None = None
        """What was executed last, for tests that execute it again."""
        founding = founding_operations(chain) if operations is None else operations
        apply_genesis(genesis_of(founding, chain), self.overlay)

    def transaction(self, sender: str, raws: Sequence[bytes], keys: Sequence[SigningKey], chain: str) -> Transaction:
        self._nonce += 1
        payload = build_payload(chain, sender, self._nonce.to_bytes(16, "big"), 1_000, raws)
        return decode_transaction(sign_payload(payload, keys))

    def execute(self, transaction: Transaction) -> Receipt:
        self.last = transaction
        before = dict(self.overlay.changes())
        receipt = execute_transaction(
            transaction, chain_id=self.chain, height=self.height, time_ms=self.time_ms, index=0, overlay=self.overlay
        )
        assert self.overlay.depth == 0
        assert decode_receipt(encode(receipt)) == receipt
        silent = unannounced(before, self.overlay.changes(), receipt.events)
        assert not silent, silent
        return receipt

    def submit(
        self,
        name: str,
        *operations: Operation | bytes,
        keys: Sequence[SigningKey] | None = None,
        sender: str | None = None,
        chain: str | None = None,
    ) -> Receipt:
        """The receipt of a transaction of the member ``name``, built, signed and decoded like a client's."""
        raws = [item if isinstance(item, bytes) else encode_operation(item) for item in operations]
        did = did_of(name, self.chain) if sender is None else sender
        signers = [key_of(name)] if keys is None else keys
        return self.execute(self.transaction(did, raws, signers, self.chain if chain is None else chain))

    def content(self) -> dict[bytes, bytes | None]:
        return self.overlay.changes()
