"""Votes over HTTP against a real chain: simulated, proposed, approved, carried out, proved."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from chainnode.cli.testnet.founding import consortium_did
from chainnode.errors import NotFound, Rejected
from chainnode.proofs.verifier import verify_bundle
from chainnode.sdk.governance import find_proposal, proposal, simulation, simulation_of
from chainnode.sdk.wallet import Wallet
from contracts.governance.operations import ActivateFeature, GrantRole, SetParameters
from contracts.governance.operations_proposal import Vote
from contracts.governance.proposal import find_proposal as find_record
from tests.integration.test_epochs import PARAMETERS, load
from tests.support.api_node import ApiNode, api_node
from tests.support.cluster import CHAIN_ID, cluster, until


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path) as running:
        yield running


def consortium(api: ApiNode) -> Wallet:
    """What governs in a generated network; of one validator its operator alone signs for it."""
    return Wallet(CHAIN_ID, [api.net.key("operator-0")], consortium_did(CHAIN_ID))


def _status(api: ApiNode) -> str:
    found = find_record(api.node.ledger.surroundings.state, 1)
    return "" if found is None else found.status


async def test_consortium_votes_from_trial_to_proof(api: ApiNode) -> None:
    """Simulated outcome before the vote; enactment stands in the block's own receipt, which is proved like others."""
    buyer = api.wallet("orchard-buyer").did
    faster = msgspec.structs.replace(await api.client.parameters(), batch_wait_ms=5, idle_block_ms=500)
    changes = [GrantRole(buyer, "auditor"), SetParameters(faster)]
    trial = await simulation(api.client, changes)
    assert (trial.code, trial.tally[1].rule["kind"], trial.tally[1].needed, trial.tally[1].electorate) == (
        "ok", "MAJORITY", 1, 1,
    )  # fmt: skip
    assert "governance/parameters" in [change["key"] for change in trial.changes]
    wallet = consortium(api)
    made = await wallet.submit(api.client, [proposal("An auditor, and faster blocks", changes, voting_ms=60_000)])
    assert made.code == "ok"
    found = await find_proposal(api.client, 1)
    assert (found["status"], found["operations"][0]["role"], found["tally"][0]["approvals"]) == ("OPEN", "auditor", 0)
    assert (await simulation_of(api.client, 1)).code == "ok"
    assert (await wallet.submit(api.client, [Vote(1, "approve")])).code == "ok"

    await until(lambda: _status(api) == "ENACTED", 10)
    assert (await api.client.parameters()).batch_wait_ms == 5
    page = await api.client.events("governance.proposal_enacted", "number", 1)
    (event,) = page.items
    assert (event.tx_index, event.tx_id) == (None, None)
    opened = await api.client.opened(event.height)
    assert [one.name for one in opened.events][:2] == ["governance.proposal_enacted", "governance.role_granted"]
    await until(lambda: api.node.ledger.tip_height > event.height, 10)
    _, genesis_hash = await api.client.genesis()
    shown = verify_bundle(await api.client.prove_opened(event.height), genesis_hash=genesis_hash)
    assert shown.opened is not None
    assert shown.opened.events[0].attributes["number"] == 1


async def test_questions_about_proposals_are_refused_by_code(api: ApiNode) -> None:
    with pytest.raises(NotFound) as missing:
        await find_proposal(api.client, 7)
    assert missing.value.code == "proposal-not-found"
    with pytest.raises(Rejected):
        proposal("t", [GrantRole("not a did", "notary")])
    for body, code in (
        (b"{}", "body-malformed"),
        (b'{"operations": []}', "body-malformed"),
        (b'{"operations": [7]}', "body-malformed"),
        (b'{"operations": [{"operation": "x.y"}]}', "unknown-operation"),
    ):
        status, document, _ = await api.post(body, "application/json", "/v1/governance/simulations")
        assert (status, document["code"]) == (400, code)
    status, document, _ = await api.post(b"{}", path="/v1/governance/simulations")
    assert (status, document["code"]) == (415, "media-type")
    status, document, _ = await api.get("/v1/governance/proposals/0")
    assert (status, document["code"]) == (400, "path-invalid")
    refused = [GrantRole(api.wallet().did, "exchange")]
    assert (await simulation(api.client, refused)).code == "role-held"


async def test_running_network_follows_its_own_decision_and_stops_before_what_it_does_not_know(tmp_path: Path) -> None:
    """Four validators under load: new timers without a restart, one state everywhere; then upgrade-needed for all."""
    async with cluster(tmp_path, parameters=msgspec.structs.replace(PARAMETERS, epoch_blocks=50)) as net:
        faster = msgspec.structs.replace(PARAMETERS, epoch_blocks=50, view_timeout_ms=900, batch_wait_ms=3)
        async with load(net):
            chosen = proposal("Faster", [SetParameters(faster)], voting_ms=60_000, approve=True)
            assert await net.govern(chosen) == "ok"
            nodes = [net.nodes[name] for name in net.names]
            await until(lambda: all(node.ledger.surroundings.parameters == faster for node in nodes), 10)
            await until(lambda: all(node._driver.replica._state.timers.batch_wait_ms == 3 for node in nodes), 10)
        await net.until_equal()
        height = max(net.heights().values()) + 30
        scheduled = proposal("Lanes", [ActivateFeature("lanes", height)], voting_ms=60_000, approve=True)
        assert await net.govern(scheduled) == "ok"
        await until(lambda: all(node.service.status().upgrade_needed_at == height for node in nodes), 10)
        await until(lambda: all(node.service.halted == "upgrade-needed" for node in nodes), 30)
        assert {node.ledger.tip_height for node in nodes} == {height - 1}
