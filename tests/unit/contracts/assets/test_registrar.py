from typing import Any

import msgspec
import pytest

from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.assets.registrar import SetRegistrarPolicy, policy_key, read_policy
from tests.unit.contracts.assets.register import POLICY, accepted, asset_of, refused, register_world
from tests.unit.contracts.world import did_of


def test_registrar_sets_its_own_rules_and_may_change_them() -> None:
    """Registrar policy on chain: periods and thresholds come from it."""
    world = register_world(None)
    assert read_policy(world.overlay, did_of("registrar")) is None
    receipt = accepted(world, "registrar", SetRegistrarPolicy(POLICY))
    assert receipt.events[0].name == "asset.registrar_policy_set"
    assert read_policy(world.overlay, did_of("registrar")) == POLICY
    longer = msgspec.structs.replace(POLICY, announcement_ms=1)
    accepted(world, "registrar", SetRegistrarPolicy(longer))
    assert read_policy(world.overlay, did_of("registrar")) == longer
    assert read_policy(world.overlay, did_of("exchange")) is None
    assert policy_key(did_of("registrar")) != policy_key(did_of("exchange"))


def test_only_a_registrar_sets_rules() -> None:
    assert refused(register_world(None), "alice", SetRegistrarPolicy(POLICY)) == "role-missing"


@pytest.mark.parametrize(
    "changes",
    [
        {"reviewers": 2, "approvals": 3},
        {"reviewers": 2, "approvals": 0},
        {"validity_ms": 10, "renewal_ms": 11},
        {"objection_roles": ("member", "auditor")},
        {"objection_roles": ("member", "member")},
    ],
)
def test_rules_that_cannot_be_met_are_refused(changes: dict[str, Any]) -> None:
    policy = msgspec.structs.replace(POLICY, **changes)
    assert refused(register_world(None), "registrar", SetRegistrarPolicy(policy)) == "asset-policy-contradicts"


def test_validity_of_the_fast_path_is_the_registrars() -> None:
    """Without a policy certificates hold without end."""
    world = register_world(None)
    accepted(world, "registrar", RegisterAsset("open", AssetDescription("dataset", "A")))
    accepted(world, "registrar", SetRegistrarPolicy(POLICY))
    accepted(world, "registrar", RegisterAsset("year", AssetDescription("dataset", "A")))
    ends = [asset_of(world, asset_id_of(did_of("registrar"), name)).valid_until_ms for name in ("open", "year")]
    assert ends == [0, world.time_ms + POLICY.validity_ms]
