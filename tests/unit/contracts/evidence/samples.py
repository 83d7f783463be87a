"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable

from contracts.evidence.operations import RecordEvidence, RecordEvidenceBatch
from contracts.kernel.operation import Operation

SAMPLES: tuple[Operation, ...] = (
    RecordEvidence(bytes(16), "file", "sm3", bytes(32), title="数据"),
    RecordEvidenceBatch(bytes(16), "file", "sha256", bytes(32), 3),
)

REFUSALS: dict[str, Callable[[], str]] = {}
"""Code -> a run that ends in it, and returns the code of the receipt."""
