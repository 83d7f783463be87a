"""The SDK's README runs as it stands, and what was just committed is what is proved."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chainnode.sdk.offline import verify_bundle
from chainnode.sdk.state_proof import prove_current
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of, asset_key
from tests.support.api_node import ApiNode, api_node
from tests.support.cluster import evidence
from tests.support.shared import ROOT


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path / "chain") as found:
        yield found


async def genesis_hash(api: ApiNode) -> bytes:
    return bytes.fromhex((await api.client.status()).genesis_hash)


async def test_asset_of_the_readme_is_proved_as_soon_as_it_is_registered(
    api: ApiNode, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest proof at hand is of the state before the newest block: once it showed the new asset's absence."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "chainnode/sdk/README.md").read_text(), re.DOTALL)
    program = next(block for block in blocks if "async def register(" in block)
    names: dict[str, Any] = {}
    exec(compile(program, "README.md", "exec"), names)

    await names["register"](api.client, api.wallet(), await genesis_hash(api))

    assert "kind='state-present'" in capsys.readouterr().out


async def test_proof_of_the_present_shows_what_was_just_committed(api: ApiNode) -> None:
    wallet, genesis = api.wallet(), await genesis_hash(api)
    key = asset_key(asset_id_of(wallet.did, "berths"))
    await wallet.submit(api.client, [evidence(1)])  # genesis alone is certified by nothing
    absent = verify_bundle(await prove_current(api.client, key), genesis_hash=genesis)
    description = AssetDescription(kind="dataset", name="Berths in use")
    done = await wallet.submit(api.client, [RegisterAsset(identifier="berths", description=description)])

    present = verify_bundle(await prove_current(api.client, key), genesis_hash=genesis)
    later = verify_bundle(await prove_current(api.client, key), genesis_hash=genesis)

    assert (absent.kind, absent.value) == ("state-absent", None)
    assert (present.kind, present.height) == ("state-present", done.height)
    assert present.value == later.value == bytes.fromhex((await api.client.state(key)).value)
