"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable

from chainnode.codec.canonical import encode
from contracts.evidence.operations import (
    AppendEvidence,
    Countersign,
    RecordEvidence,
    RecordEvidenceBatch,
    RequestSignatures,
    RevokeEvidence,
    WithdrawSignature,
)
from contracts.evidence.public_data.operations import (
    AuthorisePublicData,
    CataloguePublicData,
    EndAuthorisation,
    OpenPublicData,
    UsePublicData,
    WithdrawPublicData,
)
from contracts.evidence.record import LOG_ENTRIES_MAX, LogHead, log_key
from contracts.kernel.operation import Operation
from tests.unit.contracts.world import TIME_MS, World, did_of

ID, DIGEST = bytes(16), b"d" * 32
SUBMITTER, SIGNER = did_of("member"), did_of("exchange")
UNTIL = TIME_MS + 60_000
PAPER = RecordEvidence(ID, "public-data", "sha256", DIGEST)
ASK = RequestSignatures(ID, (SIGNER,), 1, UNTIL)
SIGN = Countersign(SUBMITTER, ID, DIGEST, "witnessed")
CATALOGUE = CataloguePublicData(ID, "Bus stops", ID)
AUTHORISE = AuthorisePublicData(ID, SIGNER, "route planning", UNTIL, ID)

SAMPLES: tuple[Operation, ...] = (
    RecordEvidence(bytes(16), "file", "sm3", bytes(32), title="数据"),
    RecordEvidenceBatch(bytes(16), "file", "sha256", bytes(32), 3),
    RevokeEvidence(ID, "a wrong file"),
    AppendEvidence(SUBMITTER, ID, "sha256", DIGEST, title="delivery note"),
    ASK,
    SIGN,
    WithdrawSignature(SUBMITTER, ID, "signed by mistake"),
    CATALOGUE,
    OpenPublicData(ID, "conditional", ID, "https://example.org/conditions"),
    AUTHORISE,
    EndAuthorisation(ID, SIGNER, ID),
    UsePublicData(SUBMITTER, ID, "route planning", ID),
    WithdrawPublicData(ID, ID),
)


def told(*steps: tuple[str, Operation], late: bool = False) -> str:
    """The code of the last of several transactions, each by a named member; ``late``: it comes after UNTIL."""
    world = World()
    code = ""
    for place, (name, operation) in enumerate(steps, 1):
        if late and place == len(steps):
            world.time_ms = UNTIL + 1
        code = world.submit(name, operation).code
        assert place == len(steps) or code == "ok", (place, code)
    return code


def full_log() -> str:
    world = World()
    world.submit("member", PAPER)
    world.overlay.put(log_key(SUBMITTER, ID), encode(LogHead(LOG_ENTRIES_MAX, bytes(32))))
    return world.submit("member", AppendEvidence(SUBMITTER, ID, "sha256", DIGEST)).code


REFUSALS: dict[str, Callable[[], str]] = {
    "evidence-unknown": lambda: told(("member", RevokeEvidence(ID, "x"))),
    "evidence-status": lambda: told(
        ("member", PAPER), ("member", RevokeEvidence(ID, "x")), ("member", RevokeEvidence(ID, "x"))
    ),
    "evidence-log-full": full_log,
    "evidence-signers": lambda: told(("member", RequestSignatures(ID, (SIGNER, SIGNER), 1))),
    "evidence-signer-unknown": lambda: told(
        ("member", PAPER), ("member", RequestSignatures(ID, (did_of("nobody"),), 1))
    ),
    "evidence-signing-status": lambda: told(("member", PAPER), ("member", ASK), ("member", ASK)),
    "evidence-signing-late": lambda: told(("member", PAPER), ("member", ASK), ("exchange", SIGN), late=True),
    "evidence-not-signer": lambda: told(("member", PAPER), ("exchange", SIGN)),
    "evidence-digest-differs": lambda: told(
        ("member", PAPER), ("member", ASK), ("exchange", Countersign(SUBMITTER, ID, bytes(32)))
    ),
    "evidence-signed": lambda: told(("member", PAPER), ("member", ASK), ("exchange", SIGN), ("exchange", SIGN)),
    "evidence-not-signed": lambda: told(
        ("member", PAPER), ("member", ASK), ("exchange", WithdrawSignature(SUBMITTER, ID, "x"))
    ),
    "public-exists": lambda: told(("member", PAPER), ("member", CATALOGUE), ("member", CATALOGUE)),
    "public-unknown": lambda: told(("member", PAPER), ("member", WithdrawPublicData(ID, ID))),
    "public-status": lambda: told(
        ("member", PAPER), ("member", CATALOGUE), ("member", UsePublicData(SUBMITTER, ID, "x", ID))
    ),
    "public-evidence": lambda: told(("member", CATALOGUE)),
    "public-operator-unknown": lambda: told(
        ("member", PAPER), ("member", CATALOGUE), ("member", AuthorisePublicData(ID, did_of("nobody"), "x", UNTIL, ID))
    ),
    "public-period": lambda: told(("member", PAPER), ("member", CATALOGUE), ("member", AUTHORISE), late=True),
    "public-not-authorised": lambda: told(
        ("member", PAPER),
        ("member", CATALOGUE),
        ("member", AUTHORISE),
        ("exchange", PAPER),
        ("exchange", UsePublicData(SUBMITTER, ID, "x", ID)),
        late=True,
    ),
}
"""Code -> a run that ends in it, and returns the code of the receipt."""
