"""Every code: raised somewhere, explained, and reached by a real transaction."""

import ast
from collections.abc import Callable
from typing import Any

import pytest

from chainnode import limits
from chainnode.codec.canonical import encode
from chainnode.errors import ConfigError, Rejected
from contracts.assets.certificate import SERIAL_MAX
from contracts.assets.dcat import import_catalogue, problem, strict_json
from contracts.assets.description import AssetDescription, Box, Parent, Space, TimeRange
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of, serial_key
from contracts.evidence.operations import RecordEvidence
from contracts.governance.operations import (
    CancelChange,
    GrantRole,
    ReadmitLeader,
    RevokeRole,
    SetParameters,
    SetPolicy,
)
from contracts.governance.record import REGISTRAR_COUNT_KEY, REGISTRARS_MAX
from contracts.identity.operations import CreateIdentity, DeactivateIdentity, RotateIdentity, UpdateIdentity
from contracts.identity.record import VerificationMethod, next_key_hash
from contracts.kernel import execution
from contracts.kernel.operation import OPERATION_BYTES_MAX, Operation, OperationSpec
from contracts.kernel.outcome import INFO_CHARS_MAX, OperationFailed
from contracts.kernel.policy import EVERYONE, FORBIDDEN, Rule
from contracts.kernel.registry import CODES, LIFECYCLES, OPERATIONS
from contracts.relay.refusal import ATTESTATION_CODES, PROOF_CODES, UPDATE_CODES
from tests.support.shared import ROOT
from tests.unit.contracts.families import REFUSALS
from tests.unit.contracts.world import World, did_of, founding_operations, key_of

CONTRACTS = ROOT / "contracts"


def evidence(**fields: Any) -> RecordEvidence:
    return RecordEvidence(bytes(16), "file", "sha256", bytes(32), **fields)


def asset(identifier: str = "a", **fields: Any) -> RegisterAsset:
    return RegisterAsset(identifier, AssetDescription("dataset", "A", **fields))


def method(name: str, size: int = 32) -> VerificationMethod:
    return VerificationMethod(name, "ed25519", key_of(name).public_key[:size], ("authentication",))


def creation(**fields: Any) -> CreateIdentity:
    return CreateIdentity(key_of("newcomer").public_key, **fields)


def genesis_refusal(*operations: Operation) -> str:
    with pytest.raises(ConfigError) as found:
        World([*founding_operations(), *operations])
    return str(found.value.details["reason"])


def with_rule(rule: Rule) -> World:
    return World([*founding_operations(), SetPolicy("evidence.record", rule)])


def twice(name: str, *operations: Operation) -> str:
    """The code of the last of several transactions."""
    world = World()
    return [world.submit(name, operation).code for operation in operations][-1]


def after_writing(state_key: bytes, value: object, name: str, operation: Operation) -> str:
    world = World()
    world.overlay.put(state_key, encode(value))
    return world.submit(name, operation).code


def inactive() -> str:
    world = World()
    real = OPERATIONS["evidence.record"]
    with pytest.MonkeyPatch.context() as patch:
        spec = OperationSpec(RecordEvidence, real.apply, EVERYONE, (), feature="later")
        patch.setattr(execution, "SPEC_OF", {RecordEvidence: spec})
        return world.submit("member", evidence()).code


def overflowing() -> str:
    world = World()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "EVENTS_PER_TRANSACTION_MAX", 0)
        return world.submit("member", evidence()).code


def after_rotation(rotate: RotateIdentity, operation: Operation, signer: str) -> str:
    world = World()
    assert world.submit("member", rotate).code == "ok"
    return world.submit("member", operation, keys=[key_of(signer)]).code


def strange_scheme() -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("contracts.kernel.authentication.SCHEMES_FROM", {1: 10})
        return World().submit("member", evidence()).code


LONG = tuple("https://" + "a" * 1_016 for _ in range(16))


def too_much() -> str:
    world = World()
    world.submit("stranger", UpdateIdentity(also_known_as=("https://" + "a" * 1_000,)))
    return world.submit("stranger", *[UpdateIdentity()] * 128).code


P = SetParameters.__annotations__["parameters"]
REACHED: dict[str, Callable[[], str]] = {
    "unknown-operation": lambda: World().submit("member", encode(["x.y"])).code,
    "operation-malformed": lambda: World().submit("member", encode(["evidence.record"])).code,
    "operation-not-canonical": lambda: World().submit("member", encode(["identity.deactivate", 1])).code,
    "operation-too-large": lambda: World().submit("member", encode(bytes(OPERATION_BYTES_MAX))).code,
    "wrong-chain": lambda: World().submit("member", evidence(), chain="other").code,
    "unknown-sender": lambda: World().submit("nobody", evidence()).code,
    "sender-deactivated": lambda: twice("member", DeactivateIdentity(), evidence()),
    "key-not-of-sender": lambda: World().submit("member", evidence(), keys=[key_of("x")]).code,
    "threshold-not-met": lambda: after_rotation(RotateIdentity((method("a"), method("b")), 2), evidence(), "a"),
    "unsupported-scheme": strange_scheme,
    "role-missing": lambda: World().submit("stranger", evidence()).code,
    "operation-forbidden": lambda: with_rule(FORBIDDEN).submit("member", evidence()).code,
    "approval-required": lambda: with_rule(Rule("ALL", ("exchange", "member"))).submit("member", evidence()).code,
    "not-at-genesis": lambda: genesis_refusal(evidence()),
    "feature-inactive": inactive,
    "too-many-events": overflowing,
    "too-much-state": too_much,
    "role-did-unknown": lambda: World().submit("governor", GrantRole(did_of("nobody"), "member")).code,
    "role-held": lambda: World().submit("governor", GrantRole(did_of("member"), "member")).code,
    "role-not-held": lambda: World().submit("governor", RevokeRole("did:web:" + "x" * 120, "notary")).code,
    "role-own-governor": lambda: World().submit("governor", RevokeRole(did_of("governor"), "governor")).code,
    "registrar-numbers-spent": lambda: after_writing(
        REGISTRAR_COUNT_KEY, REGISTRARS_MAX, "governor", GrantRole(did_of("member"), "registrar")
    ),
    **REFUSALS,
    "change-none": lambda: World().submit("governor", CancelChange()).code,
    "leader-not-suspended": lambda: World().submit("governor", ReadmitLeader(key_of("node").public_key)).code,
    "parameters-contradict": lambda: genesis_refusal(SetParameters(P(view_timeout_ms=60_000, view_timeout_max_ms=50))),
    "policy-rule": lambda: genesis_refusal(SetPolicy("asset.register", Rule("ANY"))),
    "identity-exists": lambda: twice("newcomer", creation(), creation()),
    "identity-key-form": lambda: World().submit("member", RotateIdentity((method("a", size=31),))).code,
    "identity-duplicate": lambda: World().submit("member", RotateIdentity((method("a"), method("a")))).code,
    "identity-initial-key": lambda: World().submit("newcomer", creation(methods=(method("other"),))).code,
    "identity-not-sender": lambda: World().submit("member", creation()).code,
    "identity-threshold": lambda: World().submit("member", RotateIdentity((method("a"),), threshold=2)).code,
    "identity-authentication-key": lambda: World().submit("member", UpdateIdentity((method("a"),))).code,
    "identity-not-announced": lambda: after_rotation(
        RotateIdentity((method("a"),), next_key_hashes=(next_key_hash(b"?"),)), RotateIdentity((method("b"),)), "a"
    ),
    "identity-controller-unknown": lambda: (
        World()
        .submit("member", RotateIdentity((method("a"),), controllers=("did:web:x",), controller_threshold=1))
        .code
    ),
    "identity-too-large": lambda: World().submit("member", UpdateIdentity(also_known_as=LONG)).code,
    "asset-exists": lambda: twice("exchange", asset(), asset()),
    "asset-grade-core": lambda: World().submit("exchange", asset(grade="core")).code,
    "asset-grade-level": lambda: World().submit("exchange", asset(grade="important", general_level=1)).code,
    "asset-range": lambda: World().submit("exchange", asset(period=TimeRange(2, 1))).code,
    "asset-parent-twice": lambda: (
        World().submit("exchange", asset(parents=(Parent(bytes(32), "sample-of"), Parent(bytes(32), "part-of")))).code
    ),
    "asset-parent-unknown": lambda: (
        World().submit("exchange", asset(parents=(Parent(asset_id_of("x", "y"), "sample-of"),))).code
    ),
    "asset-holder-unknown": lambda: (
        World().submit("exchange", RegisterAsset("a", AssetDescription("dataset", "A"), did_of("nobody"))).code
    ),
    "asset-registrar-number": lambda: (
        World([*founding_operations(), SetPolicy("asset.register", EVERYONE)]).submit("member", asset()).code
    ),
    "asset-serials-spent": lambda: after_writing(serial_key(did_of("exchange")), SERIAL_MAX, "exchange", asset()),
    "evidence-exists": lambda: twice("member", evidence(), evidence()),
    "evidence-digest-length": lambda: (
        World().submit("member", RecordEvidence(bytes(16), "file", "sha512", bytes(32))).code
    ),
    "evidence-reference": lambda: World().submit("member", evidence(previous=bytes(16))).code,
    "evidence-previous-unknown": lambda: World().submit("member", evidence(previous=b"p" * 16)).code,
    "evidence-previous-superseded": lambda: twice(
        "member",
        evidence(),
        RecordEvidence(b"1" * 16, "file", "sha256", bytes(32), previous=bytes(16)),
        RecordEvidence(b"2" * 16, "file", "sha256", bytes(32), previous=bytes(16)),
    ),
    "evidence-asset-unknown": lambda: World().submit("member", evidence(related_asset=bytes(32))).code,
    "evidence-captured-in-future": lambda: World().submit("member", evidence(captured_at_ms=2**53)).code,
}


def test_every_code_that_is_raised_is_explained_and_every_explanation_is_raised() -> None:
    raised = {machine.code: "a state machine" for machine in LIFECYCLES.values()}
    for path in sorted(CONTRACTS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Lifecycle":
                for argument in node.args[1:2]:
                    assert isinstance(argument, ast.Constant), f"{path.name}: name the code where the table stands"
                    raised[str(argument.value)] = path.name
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "OperationFailed",
                "Rejected",
                "_refused",
            ):
                for argument in node.args[:4]:
                    if isinstance(argument, ast.Constant) and argument.value in CODES:
                        raised[str(argument.value)] = path.name
                codes = [a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                for code in codes:
                    assert code in CODES, f"{path.name} raises {code}, which no catalogue explains"
    raised |= dict.fromkeys((*UPDATE_CODES, *ATTESTATION_CODES, *PROOF_CODES), "relay/refusal.py")
    assert sorted(set(CODES) - set(raised)) == []


@pytest.mark.parametrize("code", REACHED)
def test_code_is_reached_by_a_real_transaction(code: str) -> None:
    assert REACHED[code]() == code


def test_every_code_of_the_catalogue_is_reached() -> None:
    imports = set(problem.CODES)
    assert set(REACHED) | imports == set(CODES)


CATALOGUES: dict[str, bytes] = {
    "catalogue-not-json": b"{",
    "catalogue-duplicate-key": b'{"dataset": [], "dataset": []}',
    "catalogue-too-deep": b'{"dataset": ' + b"[" * 100 + b"]" * 100 + b"}",
    "catalogue-no-datasets": b"{}",
}


@pytest.mark.parametrize("code", CATALOGUES)
def test_catalogue_that_cannot_be_read_is_refused_by_code(code: str) -> None:
    with pytest.raises(Rejected) as found:
        import_catalogue(CATALOGUES[code])
    assert found.value.code == code


def test_too_large_catalogue_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "DOCUMENT_BYTES_MAX", 10)
    with pytest.raises(Rejected) as found:
        import_catalogue(b'{"dataset": []}')
    assert found.value.code == "catalogue-too-large"


def test_codes_and_infos_fit_a_receipt() -> None:
    """A receipt that validators could not decode again would be lost."""
    assert all(len(code) <= 64 for code in CODES)
    assert len(OperationFailed("role-missing", "x" * 10_000).message) == INFO_CHARS_MAX
    for entry in CODES.values():
        assert all(part and part == part.strip() for part in entry)
        assert entry.meaning.endswith(".")
        assert entry.hint.endswith(".")


def test_longest_info_fits_a_receipt() -> None:
    """Names that clients choose appear in infos; the receipt must decode whatever they chose."""
    world = World()
    identifier = "界" * 256
    world.submit("exchange", asset(identifier))
    receipt = world.submit("exchange", asset(identifier))
    assert receipt.code == "asset-exists"
    assert len(receipt.info) <= INFO_CHARS_MAX
    assert limits.EVENTS_PER_TRANSACTION_MAX >= limits.OPERATIONS_MAX


def test_info_quotes_a_client_without_what_would_move_a_terminal() -> None:
    receipt = World().submit("nobody", evidence(), sender="did:\x1b[2J\u202ex\n")
    assert (receipt.code, receipt.info) == ("unknown-sender", "did:?[2J?x? does not exist")


def test_box_upside_down_is_out_of_range() -> None:
    assert World().submit("exchange", asset(space=Space("", Box(0, 5, 0, 4)))).code == "asset-range"
