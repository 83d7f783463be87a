from contracts.identity.accreditation import AccreditationRecord, accreditation_key, accredited, read_accreditation
from contracts.identity.operations_accreditation import Accredit, EndAccreditation
from tests.unit.contracts.world import World, did_of

MEMBER = did_of("member")


def test_accreditation_holds_from_its_first_moment_up_to_its_last_and_not_including_it() -> None:
    """valid_from_ms inclusive, valid_until_ms exclusive."""
    world = World()
    begin, end = world.time_ms + 10, world.time_ms + 20
    operation = Accredit(MEMBER, "supplier", valid_from_ms=begin, valid_until_ms=end)
    assert world.submit("exchange", operation).code == "ok"
    held = [accredited(world.overlay, MEMBER, "supplier", at) for at in (begin - 1, begin, end - 1, end)]
    assert held == [False, True, True, False]


def test_ended_accreditation_still_tells_what_held_before_its_end() -> None:
    """A credential can later be judged as of its own day."""
    world = World()
    began = world.time_ms
    assert world.submit("exchange", Accredit(MEMBER, "supplier")).code == "ok"
    world.time_ms += 100
    assert world.submit("exchange", EndAccreditation(MEMBER, "supplier")).code == "ok"
    held = [accredited(world.overlay, MEMBER, "supplier", at) for at in (began - 1, began, began + 99, began + 100)]
    assert held == [False, True, True, False]


def test_each_kind_and_each_credential_type_is_trusted_alone() -> None:
    world = World()
    operation = Accredit(MEMBER, "issuer", "DataMerchantCredential")
    assert world.submit("exchange", operation).code == "ok"
    now = world.time_ms
    assert accredited(world.overlay, MEMBER, "issuer", now, "DataMerchantCredential")
    assert not accredited(world.overlay, MEMBER, "issuer", now, "OtherCredential")
    assert not accredited(world.overlay, MEMBER, "supplier", now)


def test_name_that_cannot_exist_is_not_accredited() -> None:
    """Names come from strangers; none of them may break a key."""
    world = World()
    for did in ("", "did:web:x", "x" * 600):
        assert read_accreditation(world.overlay, did, "supplier") is None


def test_record_lies_under_its_key() -> None:
    world = World()
    world.submit("exchange", Accredit(MEMBER, "buyer", jurisdiction="CN-31"))
    found = read_accreditation(world.overlay, MEMBER, "buyer")
    assert isinstance(found, AccreditationRecord)
    assert (found.jurisdiction, found.status, found.accredited_by) == ("CN-31", "ACTIVE", did_of("exchange"))
    assert world.overlay.get(accreditation_key(MEMBER, "buyer")) is not None
