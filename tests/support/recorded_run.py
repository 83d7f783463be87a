"""The same operations, run in a process of its own: prints what must be equal wherever it runs.

``python -m tests.support.recorded_run`` prints one line of JSON: the state root and the digest of all receipts after a
sequence of operations that a seed chooses; with ``--samples`` also after every family's samples, sent by everybody.
"""

import json
import random
import sys
from hashlib import sha256

from chainnode.codec.canonical import encode
from chainnode.state.tree import StateTree
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.evidence.operations import RecordEvidence, RecordEvidenceBatch, RevokeEvidence
from contracts.governance.operations import GrantRole, RevokeRole
from contracts.identity.operations import DeactivateIdentity, UpdateIdentity
from contracts.kernel.operation import Operation
from contracts.kernel.policy import ROLES
from tests.unit.contracts.world import MEMBERS, World, did_of

SEED = 20_261_122
STEPS = 400
WORDS = ("Berths", "air quality 数据", "Ölstand", "\U0001f6a2 ships", "%2F/..", "x" * 200)


class Nothing:
    """A store without a tree."""

    def get(self, node_key: bytes) -> bytes | None:
        return None


class Recorder:
    """A world and the digest of its receipts."""

    def __init__(self) -> None:
        self.world = World()
        self.receipts = sha256()

    def send(self, who: str, *operations: Operation) -> None:
        self.world.time_ms += 1_000
        self.world.height += 1
        self.receipts.update(encode(self.world.submit(who, *operations)))

    def outcome(self) -> dict[str, str]:
        tree = StateTree(Nothing())
        root = tree.update(None, 0, dict(sorted(self.world.content().items()))).root
        return {"state_root": root.hex(), "receipts": self.receipts.hexdigest()}


def recorded() -> dict[str, str]:
    """After ``STEPS`` transactions that the seed chose; many are refused."""
    dice = random.Random(SEED)
    recorder = Recorder()
    names = sorted(MEMBERS)
    for name in names:
        recorder.send("governor", GrantRole(did_of(name), "registrar"))
    for _ in range(STEPS):
        chosen = [_operation(dice) for _ in range(dice.choice((1, 1, 1, 2)))]
        recorder.send(dice.choice(names), *chosen)
    return recorder.outcome()


def _operation(dice: random.Random) -> Operation:
    """Any of what members do; ids from a small set, so that they meet."""
    place, word = dice.randrange(24), dice.choice(WORDS)
    evidence_id, previous = bytes(15) + bytes((place,)), dice.choice((b"", bytes(15) + bytes((place - 1 & 0x1F,))))
    name = dice.choice(sorted(MEMBERS))
    kinds: tuple[Operation, ...] = (
        RecordEvidence(evidence_id, "file", "sha256", bytes((place,)) * 32, title=word, previous=previous),
        RecordEvidenceBatch(evidence_id, "other", "sm3", bytes((place,)) * 32, place + 1, title=word),
        RevokeEvidence(evidence_id, word),
        RegisterAsset(f"{word}-{place}"[-64:], AssetDescription("dataset", word, keywords=(word[:60],)), did_of(name)),
        RegisterAsset(f"set-{place}", AssetDescription("model", word)),
        UpdateIdentity(also_known_as=(f"https://example.org/{place}",)),
        GrantRole(did_of(name), dice.choice(ROLES)),
        RevokeRole(did_of(name), dice.choice(("notary", "member"))),
    )
    return DeactivateIdentity() if dice.randrange(400) == 0 else dice.choice(kinds)


def sampled() -> dict[str, str]:
    """After every family's samples, sent by every member."""
    from tests.unit.contracts.families import SAMPLES  # they bring the test tools along, which a bare interpreter lacks

    recorder = Recorder()
    for operation in SAMPLES:
        for name in sorted(MEMBERS):
            recorder.send(name, operation)
    return recorder.outcome()


if __name__ == "__main__":
    sys.stdout.write(json.dumps([recorded(), *([sampled()] if "--samples" in sys.argv else [])]) + "\n")
