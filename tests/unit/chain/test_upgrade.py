"""Features that a program does not know: it stops before their height, and says so before."""

import pytest

from chainnode.chain import upgrade
from chainnode.chain.ledger import LedgerDiverged, UpgradeNeeded
from chainnode.chain.upgrade import Upgrade, pending_upgrade
from contracts.governance.operations import ActivateFeature
from tests.support.local_chain import LocalChain, consortium_proposal


def scheduled(height: int) -> LocalChain:
    """A chain on which the consortium has voted for the feature ``lanes``."""
    chain = LocalChain()
    consortium_proposal(chain, ActivateFeature("lanes", height))
    return chain


def test_program_that_knows_all_features_needs_no_upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = scheduled(13)
    monkeypatch.setattr(upgrade, "FEATURES", frozenset({"lanes"}))
    assert pending_upgrade(chain.ledger.surroundings.state) is None
    chain.grow(20, 0)
    assert chain.ledger.tip_height == 22


def test_ledger_stops_exactly_before_the_features_height() -> None:
    """Nodes that do not know a feature must halt with a clear diagnosis before its height."""
    chain = scheduled(13)
    assert chain.queries.upgrade() == Upgrade("lanes", 13)
    chain.grow(9, 0)
    assert chain.ledger.upgrade_needed() is None
    chain.grow(1, 0)
    found = chain.ledger.upgrade_needed()
    assert isinstance(found, UpgradeNeeded)
    assert (found.reason, found.details["feature"], found.details["height"]) == ("upgrade-needed", "lanes", "13")
    candidate = chain.build()
    with pytest.raises(LedgerDiverged, match="upgrade-needed"):
        chain.commit(candidate)
    with pytest.raises(UpgradeNeeded):
        chain.ledger.prepare(candidate)
    assert chain.ledger.tip_height == 12
    assert chain.reopened().upgrade_needed() is not None


def test_first_unknown_feature_counts() -> None:
    chain = LocalChain()
    consortium_proposal(chain, ActivateFeature("lanes", 30), ActivateFeature("roads", 20))
    assert chain.queries.upgrade() == Upgrade("roads", 20)
