from contracts.evidence.operations import RecordEvidence
from contracts.evidence.public_data.operations import (
    AuthorisePublicData,
    CataloguePublicData,
    EndAuthorisation,
    OpenPublicData,
    UsePublicData,
    WithdrawPublicData,
)
from contracts.evidence.public_data.record import PublicData, read_authorisation, read_public_data, step_key
from contracts.kernel.registry import describe
from tests.unit.contracts.world import World, did_of

ID, PAPER = b"r" * 16, b"p" * 16
CUSTODIAN, OPERATOR = did_of("member"), did_of("exchange")
USE = UsePublicData(CUSTODIAN, ID, "route planning", PAPER)


def catalogued() -> World:
    world = World()
    for name in ("member", "exchange", "governor"):
        world.submit(name, RecordEvidence(PAPER, "public-data", "sha256", b"d" * 32))
    assert world.submit("member", CataloguePublicData(ID, "Bus stops", PAPER)).code == "ok"
    return world


def resource(world: World) -> PublicData:
    found = read_public_data(world.overlay, CUSTODIAN, ID)
    assert found is not None
    return found


def test_life_is_a_chain_of_numbered_steps_each_with_its_evidence() -> None:
    """The life cycle of public data (catalogue, open, authorise, use, withdraw) as linked evidence."""
    world = catalogued()
    assert world.submit("member", AuthorisePublicData(ID, OPERATOR, "routes", world.time_ms + 9, PAPER)).code == "ok"
    assert world.submit("exchange", USE).code == "ok"
    assert world.submit("member", OpenPublicData(ID, "unconditional", PAPER)).code == "ok"
    assert world.submit("governor", USE).code == "ok"
    assert world.submit("member", WithdrawPublicData(ID, PAPER)).code == "ok"
    assert (resource(world).status, resource(world).steps) == ("WITHDRAWN", 6)
    steps = []
    for number in range(1, 7):
        state_key = step_key(CUSTODIAN, ID, number)
        stored = world.overlay.get(state_key)
        assert stored is not None
        document = describe(state_key, stored)
        assert (document["number"], document["evidence_id"]) == (number, PAPER.hex())
        steps.append((document["action"], document["actor"]))
    assert steps == [
        ("catalogue", CUSTODIAN),
        ("authorise", CUSTODIAN),
        ("use", OPERATOR),
        ("open", CUSTODIAN),
        ("use", did_of("governor")),
        ("withdraw", CUSTODIAN),
    ]
    for operation in (USE, OpenPublicData(ID, "conditional", PAPER), WithdrawPublicData(ID, PAPER)):
        assert world.submit("member", operation).code == "public-status"


def test_authorisation_holds_for_its_operator_until_its_last_millisecond() -> None:
    world = catalogued()
    until = world.time_ms + 10
    world.submit("member", AuthorisePublicData(ID, OPERATOR, "routes", until, PAPER))
    assert world.submit("governor", USE).code == "public-not-authorised"
    world.time_ms = until
    assert world.submit("exchange", USE).code == "ok"
    world.time_ms += 1
    assert world.submit("exchange", USE).code == "public-not-authorised"
    found = read_authorisation(world.overlay, CUSTODIAN, ID, OPERATOR)
    assert found is not None
    assert found.uses == 1


def test_ended_authorisation_no_longer_holds_in_the_same_block() -> None:
    world = catalogued()
    world.submit("member", AuthorisePublicData(ID, OPERATOR, "routes", world.time_ms + 10, PAPER))
    assert world.submit("member", EndAuthorisation(ID, OPERATOR, PAPER)).code == "ok"
    assert world.submit("exchange", USE).code == "public-not-authorised"
    assert world.submit("member", EndAuthorisation(ID, OPERATOR, PAPER)).code == "public-not-authorised"


def test_step_needs_active_evidence_of_its_own_kind_and_sender() -> None:
    world = catalogued()
    world.submit("member", RecordEvidence(b"f" * 16, "file", "sha256", b"d" * 32))
    for wrong in (b"f" * 16, b"?" * 16):
        before = dict(world.content())
        assert world.submit("member", OpenPublicData(ID, "unconditional", wrong)).code == "public-evidence"
        assert world.content() == before


def test_resource_belongs_to_its_custodian() -> None:
    world = catalogued()
    assert world.submit("exchange", WithdrawPublicData(ID, PAPER)).code == "public-unknown"
    unknown = CataloguePublicData(b"s" * 16, "Trees", PAPER, b"a" * 32)
    assert world.submit("member", unknown).code == "evidence-asset-unknown"
    assert world.submit("member", CataloguePublicData(b"s" * 16, "Trees", PAPER, b"a")).code == "evidence-reference"
