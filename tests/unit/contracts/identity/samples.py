"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable

from contracts.identity.operations import (
    CreateIdentity,
    DeactivateIdentity,
    RotateIdentity,
    SponsorIdentity,
    UpdateIdentity,
)
from contracts.identity.operations_accreditation import Accredit, EndAccreditation
from contracts.identity.operations_credential import AnchorStatusList, LogIssuance, RegisterSchema
from contracts.identity.operations_recovery import ApproveRecovery, CancelRecovery, ProposeRecovery, Recover
from contracts.identity.record import RECOVERY_DELAY_MS_MIN, RecoveryPlan, Service, VerificationMethod
from contracts.kernel.operation import Operation
from tests.unit.contracts.identity.test_accrediting import REFUSALS as ACCREDITING_REFUSALS
from tests.unit.contracts.identity.test_issuing import REFUSALS as ISSUING_REFUSALS
from tests.unit.contracts.identity.test_recovering import REFUSALS as RECOVERING_REFUSALS
from tests.unit.contracts.world import World, did_of, key_of

SIGNING = VerificationMethod("key-2", "ed25519", key_of("a").public_key, ("authentication",))

SAMPLES: tuple[Operation, ...] = (
    CreateIdentity(key_of("a").public_key, services=(Service("s", "Api", "https://example.org/"),)),
    UpdateIdentity(services=()),
    SponsorIdentity(key_of("a").public_key, bytes(64)),
    RotateIdentity(
        (SIGNING,),
        next_key_hashes=(bytes(32),),
        recovery=RecoveryPlan((did_of("member"),), 1, RECOVERY_DELAY_MS_MIN),
    ),
    DeactivateIdentity(),
    ProposeRecovery(did_of("member"), (SIGNING,), next_key_hashes=(bytes(32),)),
    ApproveRecovery(did_of("member"), did_of("exchange"), bytes(32)),
    CancelRecovery(did_of("exchange")),
    Recover(did_of("member"), did_of("exchange")),
    Accredit(did_of("member"), "issuer", "DataMerchantCredential", "CN-31", 1, 2),
    EndAccreditation(did_of("member"), "supplier", reason="closed"),
    AnchorStatusList("1", "revocation", 131_072, 1, bytes(32), "https://issuer.example/status/1"),
    RegisterSchema("merchant", 1, "Data merchant", bytes(32), "https://schemas.example/merchant.json"),
    LogIssuance(bytes(32), "DataMerchantCredential", subject=did_of("member")),
)

LARGE = UpdateIdentity(also_known_as=tuple(f"https://a.example/{number}/{'x' * 900}" for number in range(16)))


def often() -> str:
    world = World()
    for operation in (LARGE, UpdateIdentity()):
        code = world.submit("member", operation).code
    return code


REFUSALS: dict[str, Callable[[], str]] = {
    "identity-too-often": often,
    "identity-proof": lambda: World().submit("exchange", SponsorIdentity(key_of("a").public_key, bytes(64))).code,
    **RECOVERING_REFUSALS,
    **ACCREDITING_REFUSALS,
    **ISSUING_REFUSALS,
}
"""Code -> a run that ends in it, and returns the code of the receipt."""
