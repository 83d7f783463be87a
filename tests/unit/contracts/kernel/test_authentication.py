import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.types.transaction import Envelope, decode_transaction
from contracts.evidence.operations import RecordEvidence
from contracts.identity.operations import CreateIdentity, DeactivateIdentity, RotateIdentity, UpdateIdentity
from contracts.identity.record import VerificationMethod
from contracts.kernel.authentication import authenticate
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import role_record, roles_key
from contracts.kernel.registry import decode_operations
from tests.unit.contracts.world import CHAIN, World, did_of, key_of


def evidence() -> RecordEvidence:
    return RecordEvidence(bytes(16), "file", "sha256", bytes(32))


def signing(*names: str) -> tuple[VerificationMethod, ...]:
    return tuple(VerificationMethod(name, "ed25519", key_of(name).public_key, ("authentication",)) for name in names)


def test_key_of_another_member_is_no_key_of_the_sender() -> None:
    """The signatures' keys must belong to the sender."""
    receipt = World().submit("member", evidence(), keys=[key_of("exchange")])
    assert (receipt.code, receipt.failed_operation) == ("key-not-of-sender", -1)


def test_strangers_signature_beside_the_senders_is_refused() -> None:
    """It would claim an agreement that nobody checked."""
    receipt = World().submit("member", evidence(), keys=[key_of("member"), key_of("exchange")])
    assert receipt.code == "key-not-of-sender"


def test_sender_that_does_not_exist_is_unknown() -> None:
    assert World().submit("nobody", evidence()).code == "unknown-sender"
    assert World().submit("nobody", evidence(), sender="did:web:example.org").code == "unknown-sender"
    assert World().submit("nobody", evidence(), sender="").code == "unknown-sender"


def test_creation_must_be_of_the_sender_itself() -> None:
    world = World()
    create = CreateIdentity(key_of("newcomer").public_key)
    assert world.submit("nobody", create).code == "unknown-sender"
    assert world.submit("newcomer", create, keys=[key_of("member")]).code == "key-not-of-sender"
    assert world.submit("newcomer", create).code == "ok"


def test_creation_signed_by_a_listed_key_alone_is_refused() -> None:
    """The name follows from the initial key: whoever lacks it may not claim the name."""
    create = CreateIdentity(key_of("newcomer").public_key, signing("newcomer", "second"))
    assert World().submit("newcomer", create, keys=[key_of("second")]).code == "key-not-of-sender"
    assert World().submit("newcomer", create, keys=[key_of("second"), key_of("newcomer")]).code == "ok"


def test_deactivated_sender_is_refused() -> None:
    world = World()
    assert world.submit("member", DeactivateIdentity()).code == "ok"
    assert world.submit("member", evidence()).code == "sender-deactivated"


def test_rotated_key_no_longer_signs_and_the_new_one_does() -> None:
    """A rotation in an earlier transaction of the same block already counts."""
    world = World()
    assert world.submit("member", RotateIdentity(signing("fresh"))).code == "ok"
    assert world.submit("member", evidence()).code == "key-not-of-sender"
    assert world.submit("member", evidence(), keys=[key_of("fresh")]).code == "ok"


def test_threshold_asks_for_several_own_keys() -> None:
    world = World()
    world.submit("member", RotateIdentity(signing("a", "b", "c"), threshold=2))
    receipt = world.submit("member", evidence(), keys=[key_of("a")])
    assert (receipt.code, receipt.info) == ("threshold-not-met", f"1 of 2 keys of {did_of('member')} signed")
    assert world.submit("member", evidence(), keys=[key_of("c"), key_of("a")]).code == "ok"


def test_controllers_act_when_enough_of_them_agree() -> None:
    """... or to a controller meeting its threshold."""
    world = World()
    controllers = (did_of("exchange"), did_of("governor"))
    rotate = RotateIdentity(signing("member"), controllers=controllers, controller_threshold=2)
    assert world.submit("member", rotate).code == "ok"
    assert world.submit("member", evidence(), keys=[key_of("exchange")]).code == "threshold-not-met"
    assert world.submit("member", evidence(), keys=[key_of("exchange"), key_of("stranger")]).code == "key-not-of-sender"
    assert world.submit("member", evidence(), keys=[key_of("exchange"), key_of("governor")]).code == "ok"


def test_controller_counts_only_by_its_own_threshold_and_while_it_is_active() -> None:
    world = World()
    world.submit("member", RotateIdentity(signing("member"), controllers=(did_of("exchange"),), controller_threshold=1))
    world.submit("exchange", RotateIdentity(signing("x", "y"), threshold=2))
    assert world.submit("member", evidence(), keys=[key_of("x")]).code == "threshold-not-met"
    assert world.submit("exchange", DeactivateIdentity(), keys=[key_of("x"), key_of("y")]).code == "ok"
    assert world.submit("member", evidence(), keys=[key_of("x"), key_of("y")]).code == "key-not-of-sender"


def test_unknown_signature_scheme_is_refused() -> None:
    world = World()
    plain = world.transaction(did_of("member"), [encode(evidence())], [key_of("member")], CHAIN)
    strange = (msgspec.structs.replace(plain.signatures[0], scheme=2),)
    transaction = decode_transaction(encode(Envelope(encode(plain.payload), strange)))
    assert world.execute(transaction).code == "unsupported-scheme"


def test_early_check_against_the_committed_state_answers_like_execution() -> None:
    """Usable at admission as an early refusal."""
    world = World()
    good = world.transaction(did_of("member"), [encode(evidence())], [key_of("member")], CHAIN)
    decode_operations(good)
    record = authenticate(good, world.overlay, 1)
    assert record is not None
    assert record.did == did_of("member")
    bad = world.transaction(did_of("member"), [encode(evidence())], [key_of("stranger")], CHAIN)
    decode_operations(bad)
    with pytest.raises(OperationFailed, match="is no key of"):
        authenticate(bad, world.overlay, 1)


def test_suspended_controller_does_not_act_through_what_it_controls() -> None:
    """An order that keeps an identity from acting would else be met by sending in another's name."""
    world = World()
    own = VerificationMethod("key-1", "ed25519", key_of("stranger").public_key, ("authentication",))
    controlled = RotateIdentity((own,), controllers=(did_of("member"),), controller_threshold=1)
    assert world.submit("stranger", controlled).code == "ok"
    assert world.submit("stranger", UpdateIdentity(services=()), keys=[key_of("member")]).code == "ok"
    grants = role_record(world.overlay, did_of("member"))
    assert grants is not None
    suspended = msgspec.structs.replace(grants, suspended_by=(bytes(32),))
    world.overlay.put(roles_key(did_of("member")), encode(suspended))
    refused = world.submit("stranger", UpdateIdentity(services=()), keys=[key_of("member")])
    assert refused.code == "threshold-not-met"
    assert world.submit("stranger", UpdateIdentity(services=())).code == "ok"
