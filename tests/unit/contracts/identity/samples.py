"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable

from contracts.identity.operations import CreateIdentity, DeactivateIdentity, RotateIdentity, UpdateIdentity
from contracts.identity.operations_accreditation import Accredit, EndAccreditation
from contracts.identity.record import Service, VerificationMethod
from contracts.kernel.operation import Operation
from tests.unit.contracts.identity.test_accrediting import REFUSALS as ACCREDITING_REFUSALS
from tests.unit.contracts.world import did_of, key_of

SIGNING = VerificationMethod("key-2", "ed25519", key_of("a").public_key, ("authentication",))

SAMPLES: tuple[Operation, ...] = (
    CreateIdentity(key_of("a").public_key, services=(Service("s", "Api", "https://example.org/"),)),
    UpdateIdentity(services=()),
    RotateIdentity((SIGNING,), next_key_hashes=(bytes(32),)),
    DeactivateIdentity(),
    Accredit(did_of("member"), "issuer", "DataMerchantCredential", "CN-31", 1, 2),
    EndAccreditation(did_of("member"), "supplier", reason="closed"),
)

REFUSALS: dict[str, Callable[[], str]] = {**ACCREDITING_REFUSALS}
"""Code -> a run that ends in it, and returns the code of the receipt."""
