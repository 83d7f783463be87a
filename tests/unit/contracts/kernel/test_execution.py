import pytest

from chainnode import limits
from chainnode.codec.canonical import encode
from chainnode.errors import ConfigError
from chainnode.state.keys import key
from chainnode.types.parameters import ChainParameters
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.evidence.operations import RecordEvidence
from contracts.evidence.record import read_evidence
from contracts.governance.operations import GrantRole, RevokeRole, SetParameters, SetPolicy
from contracts.governance.queries import read_parameters
from contracts.identity.operations import CreateIdentity, DeactivateIdentity, UpdateIdentity
from contracts.kernel import execution
from contracts.kernel.operation import Operation, OperationSpec
from contracts.kernel.policy import EVERYONE, FEATURES_KEY, FORBIDDEN, Features, Rule
from contracts.kernel.registry import SPEC_OF
from tests.unit.contracts.world import World, did_of, founding_operations, key_of


def evidence(number: int = 1) -> RecordEvidence:
    return RecordEvidence(number.to_bytes(16, "big"), "file", "sha256", bytes(32))


def test_transaction_applies_all_operations_and_emits_their_events() -> None:
    world = World()
    receipt = world.submit("member", evidence(1), evidence(2))
    assert (receipt.code, receipt.failed_operation, receipt.info) == ("ok", -1, "")
    assert [event.name for event in receipt.events] == ["evidence.recorded", "evidence.recorded"]


def test_transaction_leaves_nothing_when_its_last_operation_fails() -> None:
    """Operations of one transaction are atomic: all apply or none; the receipt says which one failed and why."""
    world = World()
    before = world.content()
    receipt = world.submit("member", evidence(1), evidence(2), evidence(1))
    assert (receipt.code, receipt.failed_operation) == ("evidence-exists", 2)
    assert receipt.events == ()
    assert world.content() == before
    assert read_evidence(world.overlay, did_of("member"), (2).to_bytes(16, "big")) is None


@pytest.mark.parametrize(
    ("sender", "operation", "code"),
    [
        ("member", RegisterAsset("a", AssetDescription("dataset", "A")), "role-missing"),
        ("stranger", evidence(), "role-missing"),
        ("exchange", GrantRole(did_of("stranger"), "member"), "role-missing"),
    ],
)
def test_sender_without_authority_is_refused(sender: str, operation: Operation, code: str) -> None:
    receipt = World().submit(sender, operation)
    assert (receipt.code, receipt.failed_operation) == (code, 0)


@pytest.mark.parametrize(
    "operation",
    [
        GrantRole(did_of("stranger"), "governor"),
        RevokeRole(did_of("member"), "governor"),
        SetParameters(ChainParameters()),
        SetPolicy("evidence.record", EVERYONE),
    ],
)
def test_no_governor_among_several_takes_the_consortium_over_alone(operation: Operation) -> None:
    """A collective rule is met by one transaction only where its sender is all it takes."""
    two = World([*founding_operations(), GrantRole(did_of("member"), "governor")])
    assert two.submit("governor", operation).code == "approval-required"
    assert two.submit("exchange", operation).code == "role-missing"
    assert World().submit("governor", operation).code != "approval-required"


def test_small_transaction_cannot_write_without_bound() -> None:
    """limits: what a transaction writes is bounded by its own size; 3 KB of updates once wrote 25 MB."""
    world = World()
    assert world.submit("stranger", UpdateIdentity(also_known_as=("https://" + "a" * 1_000,))).code == "ok"
    assert world.submit("stranger", *[UpdateIdentity()] * 10).code == "ok"
    before = world.content()
    receipt = world.submit("stranger", *[UpdateIdentity()] * limits.OPERATIONS_MAX)
    assert receipt.code == "too-much-state"
    assert 10 < receipt.failed_operation < 60
    assert world.content() == before
    assert world.submit("member", *[evidence(number) for number in range(1, 129)]).code == "ok"


def test_transaction_of_another_chain_is_refused_as_a_whole() -> None:
    receipt = World().submit("member", evidence(), chain="test-2")
    assert (receipt.code, receipt.failed_operation) == ("wrong-chain", -1)


def test_malformed_operation_in_a_block_ends_in_a_receipt_in_our_own_words() -> None:
    """A leader may order anything; every node must write the same receipt, whatever its library's wording."""
    receipt = World().submit("member", evidence(), encode(["evidence.record", 5]))
    assert (receipt.code, receipt.failed_operation) == ("operation-malformed", 1)
    assert receipt.info == "operation 1: not an operation evidence.record"


def test_policy_of_the_consortium_replaces_the_default() -> None:
    world = World([*founding_operations(), SetPolicy("evidence.record", EVERYONE)])
    assert world.submit("stranger", evidence()).code == "ok"
    world = World([*founding_operations(), SetPolicy("evidence.record", Rule("FORBIDDEN"))])
    assert world.submit("member", evidence()).code == "operation-forbidden"
    world = World([*founding_operations(), SetPolicy("evidence.record", Rule("MAJORITY", ("exchange", "member")))])
    assert world.submit("member", evidence()).code == "approval-required"


def test_role_revoked_inside_the_transaction_no_longer_counts() -> None:
    world = World([*founding_operations(), GrantRole(did_of("governor"), "exchange")])
    register = RegisterAsset("a", AssetDescription("dataset", "A"))
    receipt = world.submit("governor", RevokeRole(did_of("governor"), "exchange"), register)
    assert (receipt.code, receipt.failed_operation) == ("role-missing", 1)


def test_operation_allowed_once_is_judged_again_after_the_transaction_changed_what_its_sender_may() -> None:
    """They are read again after a governance operation in the same transaction; after its end a sender does nothing."""
    grant = GrantRole(did_of("governor"), "exchange")
    changes: list[tuple[Operation, str]] = [
        (RevokeRole(did_of("governor"), "exchange"), "role-missing"),
        (SetPolicy("evidence.record", FORBIDDEN), "operation-forbidden"),
        (SetPolicy("evidence.record", Rule("ANY", ("auditor",))), "role-missing"),
    ]
    for change, code in changes:
        world = World([*founding_operations(), SetPolicy("evidence.record", Rule("ANY", ("exchange",)))])
        receipt = world.submit("governor", grant, evidence(1), change, evidence(2))
        assert (receipt.code, receipt.failed_operation) == (code, 3)
    receipt = World().submit("member", evidence(1), DeactivateIdentity(), evidence(2))
    assert (receipt.code, receipt.failed_operation) == ("sender-deactivated", 2)


def test_bug_in_a_contract_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected exception propagates and the node halts: guessing on would sign a state that others lack."""

    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError

    spec = OperationSpec(RecordEvidence, broken, EVERYONE, ())
    world = World()
    monkeypatch.setattr(execution, "SPEC_OF", {RecordEvidence: spec})
    with pytest.raises(ZeroDivisionError):
        world.submit("member", evidence())


def test_feature_waits_for_its_activation_height(monkeypatch: pytest.MonkeyPatch) -> None:
    real = SPEC_OF[RecordEvidence]
    spec = OperationSpec(RecordEvidence, real.apply, real.rule, real.codes, feature="later")
    world = World()
    monkeypatch.setattr(execution, "SPEC_OF", {RecordEvidence: spec})
    assert world.submit("member", evidence()).code == "feature-inactive"
    world.overlay.put(FEATURES_KEY, encode(Features((("later", 5),))))
    world.height = 4
    assert world.submit("member", evidence()).code == "feature-inactive"
    world.height = 5
    assert world.submit("member", evidence()).code == "ok"


def test_transaction_with_more_events_than_a_receipt_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "EVENTS_PER_TRANSACTION_MAX", 2)
    receipt = World().submit("member", *(evidence(number) for number in range(1, 4)))
    assert (receipt.code, receipt.failed_operation) == ("too-many-events", 2)


def test_receipt_holds_as_many_events_as_operations_can_emit() -> None:
    operations = [evidence(number) for number in range(1, limits.OPERATIONS_MAX + 1)]
    receipt = World().submit("member", *operations)
    assert (receipt.code, len(receipt.events)) == ("ok", limits.OPERATIONS_MAX)


def test_same_transactions_give_the_same_state_and_receipts() -> None:
    def run() -> tuple[bytes, dict[bytes, bytes | None]]:
        world = World()
        receipts = [
            world.submit("exchange", RegisterAsset(f"a{n}", AssetDescription("dataset", "A"))) for n in range(3)
        ]
        return encode(receipts), world.content()

    assert run() == run()


def test_genesis_writes_parameters_validators_and_observers() -> None:
    world = World([SetParameters(ChainParameters(batch_wait_ms=25))])
    assert read_parameters(world.overlay).batch_wait_ms == 25
    assert {key("governance", "validators"), key("governance", "observers")} <= world.content().keys()


@pytest.mark.parametrize(
    ("operations", "reason"),
    [
        ([GrantRole(did_of("nobody"), "member")], "role-did-unknown"),
        ([CreateIdentity(key_of("a").public_key)] * 2, "identity-exists"),
        ([evidence()], "not-at-genesis"),
        ([UpdateIdentity()], "not-at-genesis"),
        ([SetParameters(ChainParameters(view_timeout_ms=60_000, view_timeout_max_ms=50))], "parameters-contradict"),
    ],
)
def test_genesis_with_a_refused_operation_names_it(operations: list[Operation], reason: str) -> None:
    with pytest.raises(ConfigError) as found:
        World(operations)
    assert found.value.code == "genesis-operation"
    assert found.value.details["reason"] == reason
    assert found.value.details["operation"] == len(operations) - 1


def test_genesis_with_a_rule_for_an_unknown_operation_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"evidence\.recrod"):
        World([SetPolicy("evidence.recrod", EVERYONE)])
