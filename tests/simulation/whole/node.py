"""A machine of the simulation: a disk that stays, and a real ``chainnode.node.wiring.Node`` that comes and goes.

Only the outermost things are replaced, by ``installed``: sockets, files, database engine, entropy, signatures. All
between runs as it is in production: driver, desk, admission, pool, executor, ledger, catch-up, recovery.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import structlog

from chainnode.chain import certificate as chain_certificate
from chainnode.chain import validation
from chainnode.crypto import ed25519, signature_memory
from chainnode.errors import StoreError
from chainnode.mempool import verifier
from chainnode.node import config as node_config
from chainnode.node import data_directory, opening, snapshot_join, snapshot_keeper, voting_keys, wiring
from chainnode.node.wiring import Node
from chainnode.store import durable_file, journal, layout, ledger_store, sign_state, snapshot_export, snapshot_import
from chainnode.store.snapshot_export import SnapshotExport
from chainnode.sync import snapshot_parts
from contracts.governance import succession
from tests.simulation.whole import genesis, signing
from tests.simulation.whole.disk import Crashed, Database, Disk, Session, SimulatedKeyValue
from tests.simulation.whole.filesystem import FakeOs, FakePath, FakeShutil
from tests.simulation.whole.network import Port

HERE = Path("/")
SNAPSHOT_EVERY = 10
CHUNK_BYTES = 4_000


class _NoLock:
    """A machine runs one process at a time; the world sees to it."""

    @classmethod
    def acquire(cls, directory: object) -> "_NoLock":
        return cls()

    def release(self) -> None:
        """Nothing is held."""


class _Database:
    """Opens and makes databases on simulated disks."""

    @staticmethod
    def open(path: FakePath, options: object) -> SimulatedKeyValue:
        database = path.session.disk.names.get(str(path))
        if not isinstance(database, Database):
            raise StoreError("data-missing", f"no database in {path}")
        return SimulatedKeyValue(path.session, database)

    @staticmethod
    def create(path: FakePath, options: object) -> SimulatedKeyValue:
        database = Database({})
        path.session.touch()
        path.session.disk.bind(str(path), database)
        return SimulatedKeyValue(path.session, database)


class _Entropy:
    """Salt of journal segments; predictable is good enough for a simulation."""

    count = 0

    def token_bytes(self, size: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(size, "big")


def _read_key(path: Path, passphrase: str | None) -> signing.SimulatedKey:
    return signing.key_of(path.name)


class _Silent:
    """Stands for the loggers: a simulation tells its story through the trace."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *facts, **more: None


@contextmanager
def installed() -> Iterator[None]:
    """Within this context nodes are built on simulated machines."""
    fake_os = FakeOs()
    with ExitStack() as stack:
        for module in (durable_file, journal, sign_state):
            stack.enter_context(patch.object(module, "os", fake_os))
        for target, name, value in (
            (journal, "secrets", _Entropy()),
            (ledger_store, "LevelDBKeyValue", _Database),
            (data_directory, "DirectoryLock", _NoLock),
            (snapshot_import, "LevelDBKeyValue", _Database),
            (snapshot_import, "shutil", FakeShutil),
            (snapshot_export, "shutil", FakeShutil),
            (snapshot_parts, "shutil", FakeShutil),
            # A state of a few hundred records, in as many chunks as one of gigabytes would have.
            (snapshot_keeper, "SnapshotExport", partial(SnapshotExport, bytes_target=CHUNK_BYTES)),
            (snapshot_join, "DirectoryLock", _NoLock),
            (snapshot_join, "read_key", _read_key),
            (snapshot_join, "PeerNetwork", _make_port),
            (wiring, "read_key", _read_key),
            (opening, "read_key", _read_key),
            (voting_keys, "read_key", _read_key),
            (wiring, "PeerNetwork", _make_port),
            (signature_memory, "verify", signing.verify),
            (chain_certificate, "verify", signing.verify),
            (validation, "verify", signing.verify),
            (succession, "verify", signing.verify),
            (ed25519, "verify", signing.verify),
            (verifier, "check_records", signing.check_records),
        ):
            stack.enter_context(patch.object(target, name, value))
        loggers = structlog.get_config()
        structlog.configure(wrapper_class=cast(Any, _silent_logger), cache_logger_on_first_use=False)
        stack.callback(lambda: structlog.configure(**loggers))
        yield


def _silent_logger(*arguments: object, **more: object) -> _Silent:
    return _Silent()


_here: ContextVar["Machine"] = ContextVar("machine")
"""Whose process runs."""


def _make_port(
    identity: Any, listen: object, peers: object, role_of: Any, handler: Any, *, tip_height: Any = None
) -> Port:
    return _here.get().new_port(identity.node_key.public_key, role_of, handler)


class SkewedClock:
    """A machine's own idea of the time; the monotonic clock may only be wrong in its origin."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self.skew_ms = 0

    def wall_ms(self) -> int:
        return genesis.GENESIS_MS + 1_000 + int(self._loop.now_ms) + self.skew_ms

    def monotonic_ms(self) -> int:
        return int(self._loop.now_ms)


def config_of(
    index: int, data_dir: FakePath, *, makes_snapshots: bool = False, joins_by_snapshot: bool = False
) -> node_config.NodeConfig:
    """The configuration of validator ``index``."""
    anywhere = node_config.HostPort("simulated", 1)
    return node_config.NodeConfig(
        node=node_config.NodeSection(name=f"validator-{index}", data_dir=cast(Path, data_dir), genesis_file=HERE),
        keys=node_config.KeysSection(
            consensus_key_file=Path(f"consensus-{index}"), node_key_file=Path(f"node-{index}")
        ),
        tls=node_config.TlsSection(ca_file=HERE, cert_file=HERE, key_file=HERE),
        network=node_config.NetworkSection(listen=anywhere),
        api=node_config.ApiSection(listen=anywhere),
        mempool=node_config.MempoolSection(verifier="inline"),
        store=node_config.StoreSection(
            proof_heights=8, tree_cache_pages=2_000, snapshot_every=SNAPSHOT_EVERY if makes_snapshots else 0
        ),
        sync=node_config.SyncSection(snapshot=joins_by_snapshot),
    )


class Machine:
    """One address: its disk, its clock, and the process that runs on it, if any."""

    def __init__(
        self, loop: Any, address: int, index: int, foundation: genesis.Foundation,
        make_port: Callable[["Machine", bytes, Any, Any], Port],
        on_built: Callable[["Machine", Node], None],
        on_ended: Callable[["Machine", BaseException | None], None],
    ) -> None:
        """``index``: which validator's keys lie here; twins share one."""
        self.loop = loop
        self.address = address
        self.index = index
        self.foundation = foundation
        self.disk = Disk(self.foundation.pairs)
        self.makes_snapshots = False
        self.joins_by_snapshot = False
        """Whether its node, when it holds nothing, begins from one."""
        self.rejoins = False
        """Whether its operator says at the next start that the memory of its votes is gone."""
        self.returning = False
        """Whether it has not voted since it was gone."""
        self.clock = SkewedClock(loop)
        self.make_port = make_port
        self.crash_in: int | None = None
        """Disk operations and sends left until the process dies."""
        self.on_crash: Callable[[Machine], None] = lambda machine: None
        self.on_refused: Callable[[Machine], None] = lambda machine: None
        """Told when a start that took time ended with a ``refusal``, or with a crash."""
        self.on_joined: Callable[[Machine, int], None] = lambda machine, height: None
        """Told the height of the snapshot that the ledger now begins with; 0 without one."""
        self.node: Node | None = None
        self.port: Port | None = None
        self.refusal: str | None = None
        """Why the last start failed: what it found on its disk."""
        self.starts = 0
        self.retired = False
        """Never to be started again: its world ends."""
        self._on_built = on_built
        self._on_ended = on_ended
        self._session: Session | None = None
        self._life: asyncio.Task[None] | None = None
        self._initialise()

    def _initialise(self) -> None:
        session = Session(self.disk, lambda: None)
        data = FakePath(session, "data")
        journal.Journal.create(cast(Path, data / data_directory.JOURNAL)).close()
        sign_state.SignStateFile.create(cast(Path, data / data_directory.SIGN_STATE)).close()

    @property
    def running(self) -> bool:
        return self._session is not None

    def new_port(self, node_key: bytes, role_of: Any, handler: Any) -> Port:
        """For the process that runs."""
        self.port = self.make_port(self, node_key, role_of, handler)
        if self._session is not None:
            self.port.touch = self._session.touch
        return self.port

    def replace_disk(self) -> None:
        """A new one, initialised as the manual says; nothing of the old one is left."""
        fired = self.disk.fired
        self.power_off()
        self.disk = Disk(self.foundation.pairs)
        self.disk.fired = fired
        self._initialise()

    def start(self) -> None:
        """Start a process on what the disk holds; a refusal is kept in ``refusal``."""
        if self.retired:
            return
        session = Session(self.disk, lambda: self._touch(session))
        self._session = session
        self.refusal = None
        self.starts += 1
        token = _here.set(self)
        try:
            node = None if self._may_join() else self._open(session)
            if self._session is session:
                self._life = self.loop.create_task(self._live(session, node))
        finally:
            _here.reset(token)

    def _may_join(self) -> bool:
        """Whether there may be a snapshot to begin from: nothing but the genesis is here."""
        return self.joins_by_snapshot and sum(key[:1] == layout.BLOCK_HASH for key in self.disk.pairs) <= 1

    def _config(self, session: Session) -> node_config.NodeConfig:
        return config_of(
            self.index, FakePath(session, "data"),
            makes_snapshots=self.makes_snapshots, joins_by_snapshot=self.joins_by_snapshot,
        )

    def _open(self, session: Session) -> Node | None:
        try:
            node = Node.open(
                self._config(session), self.foundation.document, self.clock, rejoin_after_loss=self.rejoins
            )
        except StoreError as error:
            self.refusal = error.code
            self._session = None
            return None
        except Crashed:
            return None
        self.node = node
        self._on_built(self, node)
        # Said once: whatever starts the node again says nothing of it.
        self.rejoins = False
        return node

    async def _live(self, session: Session, node: Node | None) -> None:
        ended: BaseException | None = None
        try:
            if node is None:
                height = await snapshot_join.join_by_snapshot(self._config(session), self.foundation.document)
                self.on_joined(self, height)
                node = self._open(session)
                if node is None:
                    self.on_refused(self)
                    return
            await node.start()
            await node.wait()
        except asyncio.CancelledError:
            return
        except Crashed:
            ended = None
        except BaseException as error:  # noqa: BLE001
            # Whatever ends a node is for the world to judge.
            ended = error
        if self._session is session:
            self.power_off()
            self._on_ended(self, ended)

    def _touch(self, session: Session) -> None:
        if session is not self._session:
            raise Crashed
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in < 0:
                self.crash()
                raise Crashed

    def crash(self) -> None:
        """Cut the power: the process is gone and the disk keeps what it must."""
        if self._session is None:
            return
        self.power_off()
        self.on_crash(self)

    def power_off(self) -> None:
        """End the process without any of its doing."""
        node, self.node = self.node, None
        self._session = None
        self.crash_in = None
        if self.port is not None:
            self.port.leave()
            self.port = None
        if node is not None and node._supervisor is not None:
            node._supervisor.cancel()
        if self._life is not None and self._life is not asyncio.tasks.current_task(self.loop):
            self._life.cancel()
        self._life = None
