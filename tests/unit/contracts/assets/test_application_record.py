import pytest

from chainnode.state.keys import key
from contracts.assets.application_record import (
    LIFECYCLE,
    application_key,
    draft_key,
    known_application,
    put_application,
    put_draft,
    read_application,
    read_draft,
)
from contracts.assets.description import AssetDescription
from contracts.kernel.outcome import OperationFailed
from tests.unit.contracts.assets.procedure import APPLICATION, BROUGHT, application_of, applied
from tests.unit.contracts.assets.register import context_of, register_world

FINAL = {"CERTIFIED", "REJECTED", "WITHDRAWN"}


def test_application_is_read_and_an_unknown_one_refused() -> None:
    world = applied("DRAFT")
    assert read_application(world.overlay, APPLICATION) == known_application(world.overlay, APPLICATION)
    with pytest.raises(OperationFailed) as found:
        known_application(world.overlay, bytes(32))
    assert found.value.code == "asset-application-unknown"


def test_every_status_but_the_final_ones_leads_somewhere() -> None:
    assert {status for status in LIFECYCLE.statuses() if not LIFECYCLE.actions(status)} == FINAL
    assert set(BROUGHT) | FINAL == set(LIFECYCLE.statuses())


def test_record_is_written_as_of_its_block() -> None:
    world = applied("DRAFT")
    world.height, world.time_ms = 9, world.time_ms + 1
    put_application(application_of(world), context_of(world), world.overlay, revision=3)
    record = application_of(world)
    assert (record.revision, record.updated_height, record.updated_ms) == (3, 9, world.time_ms)


def test_draft_reads_back() -> None:
    state = register_world().overlay
    assert read_draft(state, APPLICATION) is None
    put_draft(APPLICATION, AssetDescription("model", "M"), state)
    assert read_draft(state, APPLICATION) == AssetDescription("model", "M")
    assert draft_key(APPLICATION) == key("asset-draft", APPLICATION)
    assert application_key(APPLICATION) == key("asset-application", APPLICATION)
