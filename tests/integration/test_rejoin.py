"""A validator whose votes were lost comes back without voting twice, and one that does not know it lost them stops."""

import shutil
from pathlib import Path

from chainnode.node.rejoin import NOTHING_ABOVE
from chainnode.types.parameters import ChainParameters
from tests.support.cluster import Cluster, cluster, until

PARAMETERS = ChainParameters(idle_block_ms=150, view_timeout_ms=800, view_timeout_max_ms=2_000, resend_ms=300)
LOST = "validator-3"


def _heights_signed(net: Cluster, since: int) -> list[int]:
    heights = range(since, net.heights()["validator-0"] + 1)
    return [height for height in heights if 3 in net.certificate(height).signer_indexes()]


async def _signed(net: Cluster, height: int) -> None:
    await until(lambda: any(found >= height for found in _heights_signed(net, height)), 20)


async def test_validator_that_lost_everything_abstains_and_comes_back(tmp_path: Path) -> None:
    """Rejoin, S39: it learns certified tips from q others and votes again only from tip + 3."""
    async with cluster(tmp_path, parameters=PARAMETERS) as net:
        await net.until_height(4)
        await _signed(net, 1)
        await net.stop(LOST)
        data = net.folder / LOST / "data"
        shutil.rmtree(data)
        node = await net.start(LOST, rejoin_after_loss=True)
        signer = node._signer
        assert signer.is_silent(NOTHING_ABOVE)
        await until(lambda: not signer.is_silent(NOTHING_ABOVE), 20)
        silent_until = signer._silent_height
        assert silent_until >= net.heights()[LOST]
        await _signed(net, silent_until + 1)
        assert signer.signed_height > silent_until
        assert node.service.halted is None
        await net.stop(LOST)
        node = await net.start(LOST)
        await _signed(net, net.heights()["validator-0"])
        assert node.service.halted is None


async def test_old_copy_of_a_validators_data_is_found_out_by_its_own_signatures(tmp_path: Path) -> None:
    """Rejoin: a certificate holds a signature that the sign-state knows nothing of: refuse, follow, and say why."""
    async with cluster(tmp_path, parameters=PARAMETERS) as net:
        await net.until_height(3)
        await net.stop(LOST)
        data, copy = net.folder / LOST / "data", net.folder / "copy"
        shutil.copytree(data, copy)
        await net.start(LOST)
        await _signed(net, net.heights()["validator-0"] + 4)
        await net.stop(LOST)
        shutil.rmtree(data)
        shutil.copytree(copy, data)
        node = await net.start(LOST)
        await until(lambda: node.service.halted, 20)
        assert node.service.halted == "votes-forgotten"
        await net.stop(LOST)
        again = await net.start(LOST)
        assert again.service.halted == "votes-forgotten"
        assert again._driver.replica.own_index is None
        await net.stop(LOST)
        node = await net.start(LOST, rejoin_after_loss=True)
        await _signed(net, net.heights()["validator-0"] + 4)
        assert node.service.halted is None
        assert [path.name for path in data.iterdir() if "doubted" in path.name] == ["journal.doubted-1"]
