"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable

import msgspec

from contracts.governance.operations import (
    ActivateFeature,
    AddValidator,
    AdmitNode,
    CancelChange,
    DismissNode,
    GrantRole,
    JoinProof,
    ReadmitLeader,
    RemoveValidator,
    ReplaceValidator,
    RevokeRole,
    SetParameters,
    SetPolicy,
)
from contracts.kernel.operation import Operation
from contracts.kernel.policy import Rule
from tests.unit.contracts.governance.consortium import node, validator
from tests.unit.contracts.governance.test_administration import REFUSALS as ADMINISTRATION_REFUSALS
from tests.unit.contracts.governance.test_ordering import REFUSALS as ORDERING_REFUSALS
from tests.unit.contracts.governance.test_ordering import SAMPLES as ORDERING_SAMPLES
from tests.unit.contracts.governance.test_proposing import REFUSALS as PROPOSING_REFUSALS
from tests.unit.contracts.governance.test_proposing import SAMPLES as PROPOSING_SAMPLES
from tests.unit.contracts.governance.test_rulemaking import REFUSALS as RULEMAKING_REFUSALS
from tests.unit.contracts.governance.test_succession import REFUSALS as SUCCESSION_REFUSALS
from tests.unit.contracts.world import did_of

SAMPLES: tuple[Operation, ...] = (
    GrantRole(did_of("member"), "notary"),
    RevokeRole(did_of("member"), "notary"),
    SetParameters(msgspec.convert([7], type=SetParameters.__annotations__["parameters"])),
    SetPolicy("asset.register", Rule("ANY", ("member",))),
    AddValidator(validator("v"), JoinProof(16, bytes(64))),
    RemoveValidator(bytes(32)),
    ReplaceValidator(bytes(32), validator("v"), JoinProof(16, bytes(64))),
    CancelChange(),
    ReadmitLeader(bytes(32)),
    AdmitNode(node("n")),
    DismissNode(bytes(32)),
    ActivateFeature("lanes", 100),
    *PROPOSING_SAMPLES,
    *ORDERING_SAMPLES,
)

REFUSALS: dict[str, Callable[[], str]] = {
    **SUCCESSION_REFUSALS,
    **RULEMAKING_REFUSALS,
    **PROPOSING_REFUSALS,
    **ORDERING_REFUSALS,
    **ADMINISTRATION_REFUSALS,
}
"""Code -> a run that ends in it, and returns the code of the receipt."""
