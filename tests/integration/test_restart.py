"""What survives: stopped validators, whole networks, old backups, failing disks, one node that computes wrongly."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from chainnode.cli.testnet.manifest import config_path
from chainnode.clock import SystemClock
from chainnode.errors import StoreError
from chainnode.node.config import load_config
from chainnode.node.wiring import Node
from chainnode.store import layout
from chainnode.store.key_value import WriteBatch
from chainnode.store.leveldb import LevelDBKeyValue
from chainnode.types.block import decode_header
from consensus.messages import Signed
from tests.support.cluster import Cluster, cluster, until

NAMES = [f"validator-{number}" for number in range(4)]


async def _commit(net: Cluster, name: str, numbers: Sequence[int], timeout_ms: int = 25_000) -> list[bytes]:
    """Submit at one node and wait until durable there; returns the ids."""
    node = net.nodes[name]
    answers = await node.service.submit([net.envelope(number) for number in numbers])
    assert {answer.outcome for answer in answers} == {"accepted"}
    ids = [answer.tx_id for answer in answers]
    places = await node.service.wait_committed(ids, timeout_ms)
    assert None not in places.values()
    return ids


async def _agree(net: Cluster, names: Sequence[str] = NAMES, seconds: float = 20.0) -> None:
    """Those nodes hold the same block and state root, with every result certified."""
    nodes = [net.nodes[name] for name in names]

    def equal() -> bool:
        tips = {(node.ledger.tip.block_hash, node.ledger.tip.state_root) for node in nodes}
        return len(tips) == 1 and not any(node.ledger.tip.proof_due for node in nodes)

    await until(equal, seconds)


def _data(net: Cluster, name: str) -> Path:
    return load_config(config_path(net.folder, name)).config.node.data_dir


async def test_silent_leader_costs_a_view_and_catches_up_when_it_is_back(tmp_path: Path) -> None:
    """Three of four go on with view changes; the one that was gone fetches what it missed and votes again."""
    async with cluster(tmp_path) as net:
        ids = await _commit(net, NAMES[0], range(1, 10))
        await net.stop(NAMES[3])
        before = net.nodes[NAMES[0]].ledger.tip.height
        while net.nodes[NAMES[0]].ledger.tip.height < before + 4:
            ids += await _commit(net, NAMES[0], [len(ids) + 100])
        assert sum(net.nodes[name].service.status().view_changes for name in NAMES[:3]) >= 1
        back = await net.start(NAMES[3])
        await _agree(net)
        assert all(back.service.queries.receipt(tx_id).code == "ok" for tx_id in ids)
        # Needed again: without it three would be two.
        await net.stop(NAMES[1])
        late = await _commit(net, NAMES[3], [999])
        await _agree(net, [NAMES[0], NAMES[2], NAMES[3]])
        assert net.nodes[NAMES[0]].service.queries.receipt(late[0]).code == "ok"


async def test_network_that_was_stopped_whole_goes_on(tmp_path: Path) -> None:
    """C19: all nodes stopped and started again: what was acknowledged is there, and the next block follows."""
    async with cluster(tmp_path, observers=1) as net:
        names = list(net.nodes)
        ids = await _commit(net, NAMES[0], range(1, 40))
        for round_ in (1, 2):
            await net.stop_all()
            for name in names:
                await net.start(name)
            ids += await _commit(net, NAMES[round_], [1_000 + round_])
            await _agree(net, names)
        for node in net.nodes.values():
            assert all(node.service.queries.receipt(tx_id).code == "ok" for tx_id in ids)
            assert node.service.halted is None


class _Overheard:
    """Every vote that a validator ever put on the wire, across its restarts, by place."""

    def __init__(self) -> None:
        self.votes: dict[tuple[object, ...], set[bytes]] = {}

    def listen(self, node: Node) -> None:
        perform = node._driver._signer.perform

        def heard(records: Sequence[object], unsigned: Sequence[Signed]) -> list[Signed]:
            sent = perform(records, unsigned)  # type: ignore[arg-type]
            for message in sent:
                place = (type(message), message.height, message.view)
                self.votes.setdefault(place, set()).add(getattr(message, "block_hash", b""))
            return sent

        node._driver._signer.perform = heard  # type: ignore[method-assign]

    @property
    def conflicts(self) -> list[tuple[object, ...]]:
        return [place for place, hashes in self.votes.items() if len(hashes) > 1]


async def test_validator_restored_from_an_old_backup_does_not_vote_twice(tmp_path: Path) -> None:
    """C21: journal and sign-state of a week ago beside the ledger of today: silent where it may have voted."""
    async with cluster(tmp_path) as net:
        await _commit(net, NAMES[0], [1])
        await net.stop(NAMES[3])
        home = _data(net, NAMES[3])
        for part in ("journal", "sign-state"):
            source = home / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / part)
        overheard = _Overheard()
        overheard.listen(await net.start(NAMES[3]))
        for number in (2, 3, 4):
            await _commit(net, NAMES[3], [number])
        await _agree(net)
        await net.stop(NAMES[3])
        shutil.rmtree(home / "journal")
        shutil.copytree(tmp_path / "journal", home / "journal")
        shutil.copy(tmp_path / "sign-state", home / "sign-state")
        back = await net.start(NAMES[3])
        overheard.listen(back)
        silent_height = back.ledger.tip.height + 1
        heard_before = len(overheard.votes)
        assert back._driver._signer._silent_height == silent_height
        await _commit(net, NAMES[0], [5, 6])
        await _commit(net, NAMES[0], [7])
        await _agree(net)
        assert overheard.conflicts == []
        later = list(overheard.votes)[heard_before:]
        assert later
        assert all(place[1] > silent_height for place in later)  # type: ignore[operator]


async def test_validator_whose_journal_alone_is_old_only_follows(tmp_path: Path) -> None:
    """Synced records are gone, among them perhaps the lock: it follows, serves, and signs nothing."""
    async with cluster(tmp_path) as net:
        await _commit(net, NAMES[0], [1])
        await _agree(net)
        await net.stop(NAMES[1])
        await net.stop(NAMES[2])
        home = _data(net, NAMES[3])
        await net.stop(NAMES[3])
        shutil.copytree(home / "journal", tmp_path / "journal")
        node = await net.start(NAMES[3])
        # Two of four decide nothing, but both vote: a VIEW_CHANGE at least, at the height above the tip.
        await net.nodes[NAMES[0]].service.submit([net.envelope(2)])
        await node.service.submit([net.envelope(3)])
        height = node.ledger.tip.height + 1
        await until(lambda: node._data.sign_state.last.position[1] == height)
        await net.stop(NAMES[3])
        shutil.rmtree(home / "journal")
        shutil.copytree(tmp_path / "journal", home / "journal")
        back = await net.start(NAMES[3])
        assert back.service.halted == "journal-behind-sign-state"
        assert not back.service.health()[0].ok
        position = back._data.sign_state.last.position
        for name in NAMES[1:3]:
            await net.start(name)
        ids = await _commit(net, NAMES[0], [4])
        await until(lambda: back.service.queries.locate(ids[0]) is not None)
        assert back._data.sign_state.last.position == position
        # Above the height in doubt every memory agrees again: a restart gives it back its voice.
        await until(lambda: back.ledger.tip.height >= height and not back.ledger.tip.proof_due)
        await net.stop(NAMES[3])
        await net.stop(NAMES[2])
        healed = await net.start(NAMES[3])
        assert healed.service.halted is None
        await _commit(net, NAMES[0], [5])
        await _agree(net, [NAMES[0], NAMES[1], NAMES[3]])


class _FastClock(SystemClock):
    """A machine whose date is a day ahead."""

    def wall_ms(self) -> int:
        """Tomorrow."""
        return super().wall_ms() + 24 * 3600 * 1000


async def test_validator_with_a_wrong_date_moves_neither_the_chain_nor_its_time(tmp_path: Path) -> None:
    """C16: its proposals are refused and its turn is skipped; three clocks that agree decide, and it follows."""
    async with cluster(tmp_path, start=NAMES[:3]) as net:
        config = load_config(config_path(net.folder, NAMES[3])).config
        astray = Node.open(config, net.genesis, _FastClock())
        await astray.start()
        net.nodes[NAMES[3]] = astray
        await until(lambda: len(astray.service.status().peers) == 3)
        for number in range(1, 7):
            await _commit(net, NAMES[0], [number])
        await _agree(net)
        now_ms = SystemClock().wall_ms()
        queries = astray.service.queries
        headers = [decode_header(queries.block(height).header) for height in range(1, queries.tip().height + 1)]
        assert all(header.time_ms < now_ms + 10_000 for header in headers)
        assert 3 not in {header.proposer for header in headers}
        assert sum(net.nodes[name].service.status().view_changes for name in NAMES[:3]) >= 1
        assert all(node.service.halted is None for node in net.nodes.values())


async def test_failed_disk_halts_one_node_and_reads_go_on(tmp_path: Path) -> None:
    """R11, C11: a disk that fails under a validator: it signs nothing more and says so; the others go on."""
    async with cluster(tmp_path) as net:
        ids = await _commit(net, NAMES[0], range(1, 5))
        await _agree(net)
        broken = net.nodes[NAMES[2]]
        # As the journal is after its first failed write: it refuses every later one.
        broken._data.journal._failure = StoreError("disk-full", "no space left on device")
        position = broken._data.sign_state.last.position
        late = await _commit(net, NAMES[0], [10, 11])
        await until(lambda: broken.service.halted == "disk-full")
        await _agree(net, [NAMES[0], NAMES[1], NAMES[3]])
        assert broken._data.sign_state.last.position == position
        assert broken.service.queries.receipt(ids[0]).code == "ok"
        assert broken.service.status().halted == "disk-full"
        assert net.nodes[NAMES[3]].service.queries.receipt(late[0]).code == "ok"
        # A repaired disk and a restart bring it back.
        await net.stop(NAMES[2])
        await net.start(NAMES[2])
        await _agree(net)


async def test_store_closed_under_a_node_halts_it(tmp_path: Path) -> None:
    """The ledger itself cannot be written: the same halt, by another road."""
    async with cluster(tmp_path) as net:
        await _commit(net, NAMES[0], [1])
        await _agree(net)
        broken = net.nodes[NAMES[2]]
        broken.ledger.store.close()
        await _commit(net, NAMES[0], [2])
        await until(lambda: broken.service.halted is not None)
        assert broken.service.halted == "store-closed"
        await _agree(net, [NAMES[0], NAMES[1], NAMES[3]])


async def test_node_with_another_state_halts_with_a_diagnosis_and_the_others_go_on(tmp_path: Path) -> None:
    """Own root unlike the certified one: one of us computes wrongly (SPEC R11); it must not sign on."""
    async with cluster(tmp_path) as net:
        await _commit(net, NAMES[0], [1])
        await _agree(net)
        await net.stop(NAMES[3])
        _spoil_identities(_data(net, NAMES[3]) / "ledger")
        spoiled = await net.start(NAMES[3])
        ids = await _commit(net, NAMES[0], [2, 3])
        await until(lambda: spoiled.service.halted is not None)
        assert spoiled.service.halted in {"header-state-root", "header-results-root"}
        await _agree(net, NAMES[:3])
        assert net.nodes[NAMES[1]].service.queries.receipt(ids[0]).code == "ok"
        height = spoiled.ledger.tip.height
        await _commit(net, NAMES[0], [4])
        await asyncio.sleep(0.1)
        assert spoiled.ledger.tip.height == height


def _spoil_identities(ledger: Path) -> None:
    """Remove every identity from the flat state, as a defect in execution or an unnoticed rot would."""
    store = LevelDBKeyValue.open(ledger)
    batch = WriteBatch()
    for key, _ in store.iterate(layout.STATE + b"identity/", layout.STATE + b"identity0"):
        batch.delete(key)
    assert len(batch)
    store.write(batch, sync=True)
    store.close()
