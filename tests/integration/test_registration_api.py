"""The reviewed path on a real chain, through the API and the client, to a certificate that anybody can check."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chainnode.errors import NotFound, Rejected
from chainnode.sdk.certificate import certificate_credential, check_certificate, differences
from contracts.assets.certificate import certificate_number
from contracts.assets.description import AssetDescription
from contracts.assets.operations_application import (
    AcceptApplication,
    CertifyAsset,
    DraftAsset,
    PubliciseApplication,
    SubmitApplication,
)
from contracts.assets.operations_request import ApproveRequest, CancelAsset, ProposeChange
from contracts.assets.record import asset_id_of, description_hash
from contracts.assets.registrar import RegistrarPolicy, SetRegistrarPolicy
from contracts.kernel.operation import Operation
from tests.support.api_node import ApiNode, api_node

HOLDER, REGISTRAR = "delta-provider", "meridian-registrar"
FIRST, SECOND = AssetDescription("dataset", "First"), AssetDescription("dataset", "Second")


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path) as found:
        yield found


async def applied(api: ApiNode, name: str, *operations: Operation) -> None:
    done = await api.wallet(name).submit(api.client, list(operations))
    assert done.applied, done


async def certified(api: ApiNode) -> bytes:
    registrar = api.wallet(REGISTRAR).did
    asset_id = asset_id_of(api.wallet(HOLDER).did, "set")
    await applied(api, REGISTRAR, SetRegistrarPolicy(RegistrarPolicy(validity_ms=86_400_000)))
    await applied(
        api, HOLDER, DraftAsset("set", FIRST), SubmitApplication(asset_id, registrar, description_hash(FIRST))
    )
    steps = (AcceptApplication(asset_id), PubliciseApplication(asset_id), CertifyAsset(asset_id))
    await applied(api, REGISTRAR, *steps)
    return asset_id


async def test_application_becomes_an_asset_whose_certificate_is_found_by_its_number(api: ApiNode) -> None:
    """Certificate verification by number."""
    asset_id = await certified(api)
    application = await api.client.record("asset-applications", asset_id)
    assert (application["status"], application["policy"]["validity_ms"]) == ("CERTIFIED", 86_400_000)
    mine = [one["asset_id"] async for one in api.client.all_records("assets", holder=api.wallet(HOLDER).did)]
    assert mine == [asset_id.hex()]
    asset = await api.client.asset(asset_id)
    found = await check_certificate(api.client, asset["certificate"])
    assert (found.code, found.name, found.holder) == ("ok", "First", api.wallet(HOLDER).did)
    chain_id = (await api.client.status()).chain_id
    credential = certificate_credential(asset, chain_id)
    await applied(api, HOLDER, ProposeChange(asset_id, SECOND))
    await applied(api, REGISTRAR, ApproveRequest(asset_id, "change", description_hash(SECOND)))
    changed = await api.client.asset(asset_id)
    assert "credentialSubject.asset.name" in differences(credential, changed, chain_id)
    version = await api.client.record("asset-versions", asset_id, 1)
    assert version["description"]["name"] == "First"
    await applied(api, HOLDER, CancelAsset(asset_id))
    assert (await check_certificate(api.client, asset["certificate"])).code == "certificate-cancelled"


async def test_number_with_a_wrong_digit_and_one_never_issued_are_told_apart(api: ApiNode) -> None:
    with pytest.raises(Rejected) as wrong:
        await check_certificate(api.client, "0001-20261122-00000001-00")
    assert wrong.value.code == "certificate-number"
    with pytest.raises(NotFound) as unknown:
        await check_certificate(api.client, certificate_number(7, 0, 1))
    assert unknown.value.code == "certificate-unknown"
