"""Validators of a real network seal what they decided; a liar, an observer and one who was away change nothing."""

import asyncio
from pathlib import Path

import pytest

from chainnode.codec.canonical import encode
from chainnode.node import seal_fetch
from chainnode.proofs.authority import read_header
from chainnode.proofs.seal import check_seal
from chainnode.types import seal
from chainnode.types.parameters import ChainParameters
from chainnode.types.seal import decode_seal
from chainnode.types.validator_set import ValidatorList, seal_key_of
from contracts.governance.operations import RemoveValidator
from tests.support.cluster import Cluster, cluster, until

SEAL_INTERVAL = 12
"""Of these networks."""
VALIDATORS = [f"validator-{number}" for number in range(4)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal_fetch, "ASK_SECONDS", 0.2)
    monkeypatch.setattr(seal, "SEAL_INTERVAL", SEAL_INTERVAL)


async def advance(net: Cluster, height: int, via: str = "validator-0") -> None:
    """Decide blocks up to ``height``."""
    service = net.nodes[via].service
    while net.nodes[via].ledger.tip.height < height:
        tip = net.nodes[via].ledger.tip.height
        (answer,) = await service.submit([net.envelope(tip + 1)])
        assert None not in (await service.wait_committed([answer.tx_id], 20_000)).values()


def sealed_by(net: Cluster, name: str, height: int, members: ValidatorList) -> tuple[int, ...]:
    """The signers of a seal that a node holds, once it is verified."""
    store = net.nodes[name].ledger.store
    header, found = store.header(height), store.seal(height)
    assert header is not None
    assert found is not None
    check_seal(header, read_header(header), found, members)
    return decode_seal(found).signer_indexes()


def holds(net: Cluster, height: int, *names: str) -> bool:
    return all(net.nodes[name].ledger.store.seal(height) is not None for name in names)


def lie(net: Cluster, name: str) -> None:
    """Let a node send shares over other bytes than the block's."""
    sealer = net.nodes[name]._sealer
    honest, other = sealer._send, seal_key_of(net.consensus_key(name)).sign(b"something else")
    sealer._send = lambda payload: honest(payload[: -len(other)] + other)


def dawdle(net: Cluster, name: str) -> None:
    """Let a node's shares come after those of all others."""
    sealer = net.nodes[name]._sealer
    prompt = sealer._send

    def send(payload: bytes) -> None:
        asyncio.get_running_loop().call_later(0.3, prompt, payload)

    sealer._send = send


async def test_validators_seal_and_observers_fetch(tmp_path: Path) -> None:
    """A quorum at least signs one block in an interval; whoever makes none has it from a peer, and serves it."""
    async with cluster(tmp_path, observers=1) as net:
        await advance(net, SEAL_INTERVAL + 1)
        await until(lambda: holds(net, SEAL_INTERVAL, *VALIDATORS, "observer-0"))
        members = net.nodes["validator-0"].ledger.validators
        for name in net.names:
            assert len(sealed_by(net, name, SEAL_INTERVAL, members)) >= 3
        observer = net.nodes["observer-0"]._sealer
        assert (observer.seals["fetched"], observer.seals["made"]) == (1, 0)
        metrics = net.nodes["validator-0"]._counts()
        assert metrics["seals"]["made"] + metrics["seals"]["fetched"] >= 1
        assert metrics["seal_shares"]["sent"] == 1


async def test_wrong_shares_are_left_out_and_their_sender_is_named(tmp_path: Path) -> None:
    """One of four lies: the seal is made without it, the liar is heard no more, and blocks go on."""
    async with cluster(tmp_path) as net:
        lie(net, "validator-3")
        dawdle(net, "validator-2")
        honest = VALIDATORS[:3]
        await advance(net, SEAL_INTERVAL + 1)
        await until(lambda: holds(net, SEAL_INTERVAL, *honest))
        members = net.nodes["validator-0"].ledger.validators
        # The liar knows its own right share, and may make and serve a good seal with it.
        assert all(len(sealed_by(net, name, SEAL_INTERVAL, members)) >= 3 for name in honest)
        assert [net.nodes[name]._sealer.shares["wrong"] for name in VALIDATORS[:2]] == [1, 1]
        await advance(net, 2 * SEAL_INTERVAL + 1)
        await until(lambda: holds(net, 2 * SEAL_INTERVAL, *honest))
        assert all(len(sealed_by(net, name, 2 * SEAL_INTERVAL, members)) >= 3 for name in honest)
        for name in VALIDATORS[:2]:
            shares = net.nodes[name]._sealer.shares
            await until(lambda shares=shares: shares["suspect"] >= 1)  # type: ignore[misc]
            assert shares["wrong"] == 1, "one look at each share, however often it lies"
            assert net.nodes[name].service.status().validators == 4
            assert len(net.nodes[name].service.status().peers) == 3, "its votes are needed all the same"


async def test_seals_outlive_a_restart_and_are_fetched_after_an_absence(tmp_path: Path) -> None:
    """A validator that comes back has the seals that were made meanwhile, and makes the next with the others."""
    async with cluster(tmp_path) as net:
        await advance(net, SEAL_INTERVAL + 1)
        await until(lambda: holds(net, SEAL_INTERVAL, *VALIDATORS))
        before = net.nodes["validator-3"].ledger.store.seal(SEAL_INTERVAL)
        await net.stop("validator-3")
        await advance(net, 2 * SEAL_INTERVAL + 1)
        await until(lambda: holds(net, 2 * SEAL_INTERVAL, *VALIDATORS[:3]))
        await net.start("validator-3")
        assert net.nodes["validator-3"].ledger.store.seal(SEAL_INTERVAL) == before
        await until(lambda: holds(net, 2 * SEAL_INTERVAL, "validator-3"))
        await net.until_equal()
        await advance(net, 3 * SEAL_INTERVAL + 1)
        await until(lambda: holds(net, 3 * SEAL_INTERVAL, *VALIDATORS))
        await until(lambda: net.nodes["validator-3"]._sealer.shares["sent"] >= 1)


async def test_last_block_of_a_set_is_sealed_by_it(tmp_path: Path) -> None:
    """A light client that follows seals alone is led from set to set, and the next set seals on."""
    parameters = ChainParameters(idle_block_ms=150, epoch_blocks=10)
    async with cluster(tmp_path, parameters=parameters) as net:
        first = net.nodes["validator-0"].ledger.validators
        await advance(net, 3)
        assert await net.govern(RemoveValidator(net.validator("validator-3").consensus_key)) == "ok"
        await until(lambda: all(node.ledger.validators.epoch == 1 for node in net.nodes.values()), 20)
        second = net.nodes["validator-0"].ledger.validators
        boundary = 10
        await until(lambda: holds(net, boundary, *VALIDATORS))
        assert len(sealed_by(net, "validator-3", boundary, first)) >= 3
        # The new set may have come after the first height that is due.
        await advance(net, 2 * SEAL_INTERVAL + 1)
        await until(lambda: holds(net, 2 * SEAL_INTERVAL, *VALIDATORS))
        assert len(sealed_by(net, "validator-3", 2 * SEAL_INTERVAL, second)) >= 2, "of three members, two decide"
        assert net.nodes["validator-3"]._sealer.shares["sent"] == 1, "it seals with its own set only"


async def test_node_whose_library_fails_goes_on_without_seals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealing is a service: its failure ends it, and nothing else."""

    class Panic(BaseException):
        """As compiled code raises it."""

    def panic(*_: object) -> None:
        raise Panic("no arithmetic here")

    async with cluster(tmp_path) as net:
        monkeypatch.setattr("chainnode.node.sealer.sign_share", panic)
        await advance(net, SEAL_INTERVAL + 4)
        await net.until_equal()
        await until(lambda: all(node._seal_worker.failure is not None for node in net.nodes.values()))
        tip = net.nodes["validator-0"].ledger.tip.height
        await advance(net, tip + 4)
        assert all(node.service.halted is None for node in net.nodes.values())
        assert not holds(net, SEAL_INTERVAL, "validator-0")


def test_seals_are_small() -> None:
    """What a light client is shown of a hundred signers."""
    assert len(encode((11, 2**40, 2**40, bytes(32), bytes(13), bytes(96)))) <= 200
