"""A consortium of several validators whose blocks are opened by hand, and its changes."""

from collections.abc import Sequence
from hashlib import sha256

from chainnode.types.receipt import Receipt
from chainnode.types.validator_set import ObserverNode, Validator, ValidatorList, validator_of
from consensus.certificates import COMMIT, make_certificate
from consensus.equivocation import Equivocation
from contracts.governance.opening import BlockFacts, found_consortium, open_block
from contracts.governance.operations import AddValidator, AdmitNode, JoinProof, ReplaceValidator
from contracts.governance.queries import read_checkpoints, read_validators
from contracts.governance.succession import join_bytes
from contracts.kernel.operation import Operation
from tests.unit.contracts.world import CHAIN, World, did_of, key_of


def validator(name: str, did: str = "member") -> Validator:
    """One whose keys follow from its name."""
    return validator_of(name, did_of(did), key_of(f"{name} votes"), key_of(f"{name} node").public_key)


def node(name: str, did: str = "member") -> ObserverNode:
    """The observer that may become ``validator(name)``."""
    return ObserverNode(name, did_of(did), key_of(f"{name} node").public_key)


def block_hash(height: int) -> bytes:
    return sha256(b"block %d" % height).digest()


class Consortium(World):
    """``size`` validators v0, v1, ... and the governor who changes them; ``height`` is that of the open block."""

    def __init__(self, size: int = 4) -> None:
        super().__init__()
        self.height = 0
        self.parent_epoch = 0
        found_consortium(self.overlay, ValidatorList(0, tuple(validator(f"v{n}") for n in range(size))))

    def open(
        self, signers: Sequence[int] | None = None, view: int = 0, equivocations: Sequence[Equivocation] = ()
    ) -> None:
        """Begin the next block; its parent was decided in ``view`` by ``signers`` (all of the set by default)."""
        members = read_validators(self.overlay)
        chosen = range(len(members.validators)) if signers is None else signers
        certificate = None
        if self.height:
            votes = [(index, bytes(64)) for index in chosen]
            certificate = make_certificate(
                COMMIT, votes, epoch=self.parent_epoch, height=self.height, view=view,
                block_hash=block_hash(self.height),
            )
        self.parent_epoch = members.epoch
        self.height += 1
        open_block(BlockFacts(self.height, block_hash(self.height - 1), certificate, equivocations), self.overlay)

    def until(self, height: int, signers: Sequence[int] | None = None) -> None:
        while self.height < height:
            self.open(signers)

    def govern(self, *operations: Operation) -> Receipt:
        return self.submit("governor", *operations)

    def names(self) -> list[str]:
        return [member.name for member in read_validators(self.overlay).validators]

    def proof(self, entry: Validator, signer: str | None = None) -> JoinProof:
        """What the joiner signs over the newest checkpoint."""
        checkpoints = read_checkpoints(self.overlay).checkpoints
        height = checkpoints[-1].height if checkpoints else 0
        signed = join_bytes(CHAIN, height, block_hash(height), entry)
        return JoinProof(height, key_of(f"{signer or entry.name} votes").sign(signed))

    def add(self, name: str) -> Receipt:
        """Admit the node and add it, in one transaction."""
        entry = validator(name)
        return self.govern(AdmitNode(node(name)), AddValidator(entry, self.proof(entry)))

    def replace(self, old: str, new: str) -> Receipt:
        entry = validator(new)
        replacement = ReplaceValidator(validator(old).consensus_key, entry, self.proof(entry))
        return self.govern(AdmitNode(node(new)), replacement)
