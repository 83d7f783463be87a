from chainnode.types.receipt import Receipt
from contracts.evidence.operations import RecordEvidence
from contracts.governance.operations import SetPolicy
from contracts.identity.operations import (
    CreateIdentity,
    DeactivateIdentity,
    RotateIdentity,
    SponsorIdentity,
    UpdateIdentity,
)
from contracts.identity.record import (
    LIFECYCLE,
    METHODS_MAX,
    RECOVERY_DELAY_MS_MIN,
    IdentityRecord,
    RecoveryPlan,
    Service,
    VerificationMethod,
    next_key_hash,
    read_identity,
    sponsorship_bytes,
)
from tests.unit.contracts.world import CHAIN, TIME_MS, World, did_of, founding_operations, key_of


def signing(*names: str) -> tuple[VerificationMethod, ...]:
    return tuple(VerificationMethod(name, "ed25519", key_of(name).public_key, ("authentication",)) for name in names)


def asserting(*names: str) -> tuple[VerificationMethod, ...]:
    return tuple(VerificationMethod(name, "ed25519", key_of(name).public_key, ("assertion",)) for name in names)


def current(world: World, name: str) -> IdentityRecord:
    record = read_identity(world.overlay, did_of(name))
    assert record is not None
    return record


def names(record: IdentityRecord) -> list[str]:
    return [method.fragment for method in record.methods]


def test_newcomer_creates_itself_and_can_act_in_the_same_transaction() -> None:
    world = World()
    update = UpdateIdentity(services=(Service("api", "Api", "https://example.org/"),))
    receipt = world.submit("newcomer", CreateIdentity(key_of("newcomer").public_key), update)
    assert receipt.code == "ok"
    record = current(world, "newcomer")
    assert (record.version, record.created_height, record.created_ms) == (2, 1, TIME_MS + 1_000)
    assert record.authentication_keys() == (key_of("newcomer").public_key,)


def test_identity_can_be_created_once_only_even_after_its_end() -> None:
    """Deactivate is final: its name can never be used again."""
    world = World()
    create = CreateIdentity(key_of("newcomer").public_key)
    assert world.submit("newcomer", create, DeactivateIdentity()).code == "ok"
    assert world.submit("newcomer", create).code == "sender-deactivated"


def test_member_cannot_create_another_identity() -> None:
    create = CreateIdentity(key_of("newcomer").public_key)
    receipt: Receipt = World().submit("member", create, keys=[key_of("member")])
    assert receipt.code == "identity-not-sender"


def test_update_leaves_signing_keys_and_untold_fields_alone() -> None:
    """A field that is nil stays as it is."""
    world = World()
    world.submit("member", UpdateIdentity(also_known_as=("https://example.org/",)))
    world.submit("member", UpdateIdentity(methods=asserting("a", "b")))
    world.submit("member", UpdateIdentity(methods=asserting("c")))
    record = current(world, "member")
    assert names(record) == ["key-1", "c"]
    assert record.also_known_as == ("https://example.org/",)
    assert record.version == 4


def test_rotation_replaces_signing_keys_and_keeps_the_others() -> None:
    world = World()
    world.submit("member", UpdateIdentity(methods=asserting("a")))
    receipt = world.submit("member", RotateIdentity(signing("x", "y"), threshold=2))
    assert receipt.events[0].attributes == {"did": did_of("member"), "version": 3, "keys": 2, "threshold": 2}
    assert names(current(world, "member")) == ["x", "y", "a"]


def test_keys_of_rotation_and_update_may_not_collide() -> None:
    world = World()
    world.submit("member", UpdateIdentity(methods=asserting("a")))
    assert world.submit("member", RotateIdentity(signing("a"))).code == "identity-duplicate"


def test_document_cannot_grow_beyond_its_bound() -> None:
    world = World()
    assert (
        world.submit("member", UpdateIdentity(methods=asserting(*(f"a{n}" for n in range(METHODS_MAX - 1))))).code
        == "ok"
    )
    assert world.submit("member", RotateIdentity(signing("x", "y"))).code == "identity-key-form"


def test_announced_keys_and_only_they_may_follow() -> None:
    """When set, new keys must match ``next_key_hashes`` (pre-rotation)."""
    world = World()
    announced = (next_key_hash(key_of("next").public_key),)
    assert world.submit("member", RotateIdentity(signing("now"), next_key_hashes=announced)).code == "ok"
    stolen = [key_of("now")]
    assert world.submit("member", RotateIdentity(signing("thief")), keys=stolen).code == "identity-not-announced"
    assert (
        world.submit("member", RotateIdentity(signing("next", "thief")), keys=stolen).code == "identity-not-announced"
    )
    assert world.submit("member", RotateIdentity(signing("next")), keys=stolen).code == "ok"
    assert current(world, "member").next_key_hashes == ()


def test_controller_must_be_another_active_identity() -> None:
    world = World()
    world.submit("stranger", DeactivateIdentity())
    for controller in (did_of("member"), did_of("stranger"), did_of("nobody"), ""):
        rotate = RotateIdentity(signing("x"), controllers=(controller,), controller_threshold=1)
        assert world.submit("member", rotate).code == "identity-controller-unknown"


def test_operations_after_the_end_in_one_transaction_are_refused() -> None:
    world = World()
    evidence = RecordEvidence(bytes(16), "file", "sha256", bytes(32))
    for after in (UpdateIdentity(), evidence):
        receipt = world.submit("member", DeactivateIdentity(), after)
        assert (receipt.code, receipt.failed_operation) == ("sender-deactivated", 1)
    assert not current(world, "member").deactivated


def closed_world() -> World:
    """A chain with its default policy: nobody creates itself."""
    return World([operation for operation in founding_operations() if not isinstance(operation, SetPolicy)])


def sponsorship(sponsor: str, newcomer: str = "newcomer", chain: str = CHAIN) -> SponsorIdentity:
    key = key_of(newcomer)
    return SponsorIdentity(key.public_key, key.sign(sponsorship_bytes(chain, did_of(sponsor))))


def test_newcomer_needs_a_sponsor_where_the_consortium_has_not_opened_creation() -> None:
    """Nobody appears on a permissioned ledger unless a member answers for it."""
    world = closed_world()
    assert world.submit("newcomer", CreateIdentity(key_of("newcomer").public_key)).code == "operation-forbidden"
    receipt = world.submit("exchange", sponsorship("exchange"))
    assert [event.name for event in receipt.events] == ["identity.created", "identity.sponsored"]
    record = current(world, "newcomer")
    assert (record.sponsor, record.version, record.status) == (did_of("exchange"), 1, "ACTIVE")
    assert world.submit("newcomer", UpdateIdentity()).code == "ok"
    assert world.submit("stranger", sponsorship("stranger", "other")).code == "role-missing"


def test_sponsorship_needs_the_agreement_of_the_new_key_to_this_sponsor_on_this_chain() -> None:
    world = closed_world()
    assert world.submit("exchange", sponsorship("member")).code == "identity-proof"
    assert world.submit("exchange", sponsorship("exchange", chain="other-1")).code == "identity-proof"
    assert world.submit("exchange", SponsorIdentity(key_of("x").public_key, bytes(64))).code == "identity-proof"
    assert world.submit("exchange", sponsorship("exchange")).code == "ok"
    assert world.submit("exchange", sponsorship("exchange")).code == "identity-exists"


def test_guardians_are_other_active_identities_from_the_beginning() -> None:
    create = CreateIdentity(
        key_of("newcomer").public_key, recovery=RecoveryPlan((did_of("nobody"),), 1, RECOVERY_DELAY_MS_MIN)
    )
    assert World().submit("newcomer", create).code == "identity-guardian-unknown"


def test_deactivated_document_ends_for_good() -> None:
    """DEACTIVATED has no way out."""
    assert LIFECYCLE.actions("DEACTIVATED") == ()


def test_large_document_changes_once_in_a_block_and_ends_at_any_time() -> None:
    """Each change keeps a whole version for ever: 10,000 small updates of one block kept 150 MB."""
    world = World()
    large = UpdateIdentity(also_known_as=tuple(f"https://a.example/{number}/{'x' * 900}" for number in range(16)))
    assert world.submit("member", large).code == "ok"
    before = world.content()
    assert world.submit("member", UpdateIdentity()).code == "identity-too-often"
    assert world.content() == before
    world.height += 1
    assert world.submit("member", UpdateIdentity(services=())).code == "ok"
    assert world.submit("member", DeactivateIdentity()).code == "ok"


def test_small_document_changes_as_often_as_its_holder_likes() -> None:
    world = World()
    for number in range(5):
        assert world.submit("member", UpdateIdentity(also_known_as=(f"https://a.example/{number}",))).code == "ok"
