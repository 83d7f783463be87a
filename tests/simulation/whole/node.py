"""A machine of the simulation: a disk that stays, and a real ``chainnode.node.wiring.Node`` that comes and goes.

Only the outermost things are replaced, by ``installed``: sockets, files, database engine, entropy, signatures. All
between runs as it is in production: driver, desk, admission, pool, executor, ledger, catch-up, recovery.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import structlog

from chainnode.chain import certificate as chain_certificate
from chainnode.errors import StoreError
from chainnode.mempool import verifier
from chainnode.node import config as node_config
from chainnode.node import data_directory, links, opening, wiring
from chainnode.node.wiring import Node
from chainnode.store import durable_file, journal, ledger_store, sign_state
from chainnode.sync import snapshot_shelf
from tests.simulation.whole import genesis, signing
from tests.simulation.whole.disk import Crashed, Disk, FakeOs, FakePath, Session, SimulatedKeyValue
from tests.simulation.whole.network import Port

HERE = Path("/")


class _NoLock:
    """A machine runs one process at a time; the world sees to it."""

    @classmethod
    def acquire(cls, directory: object) -> "_NoLock":
        return cls()

    def release(self) -> None:
        """Nothing is held."""


class _Database:
    @staticmethod
    def open(path: FakePath, options: object) -> SimulatedKeyValue:
        return SimulatedKeyValue(path.session)


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
            # Snapshots are folders of files that no vote depends on; their own tests damage and interrupt them.
            (data_directory, "settle_replacement", lambda path: False),
            (snapshot_shelf, "stored_heights", lambda folder: []),
            (wiring, "read_key", _read_key),
            (opening, "read_key", _read_key),
            (wiring, "PeerNetwork", _make_port),
            (links, "verify", signing.verify),
            (chain_certificate, "verify", signing.verify),
            (verifier, "check_records", signing.check_records),
        ):
            stack.enter_context(patch.object(target, name, value))
        loggers = structlog.get_config()
        structlog.configure(wrapper_class=cast(Any, _silent_logger), cache_logger_on_first_use=False)
        stack.callback(lambda: structlog.configure(**loggers))
        yield


def _silent_logger(*arguments: object, **more: object) -> _Silent:
    return _Silent()


_building: list["Machine"] = []


def _make_port(identity: Any, listen: object, peers: object, role_of: Any, handler: Any, *, tip_height: Any) -> Port:
    machine = _building[-1]
    return machine.make_port(machine, identity.node_key.public_key, role_of, handler)


class SkewedClock:
    """A machine's own idea of the time; the monotonic clock may only be wrong in its origin."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self.skew_ms = 0

    def wall_ms(self) -> int:
        return genesis.GENESIS_MS + 1_000 + int(self._loop.now_ms) + self.skew_ms

    def monotonic_ms(self) -> int:
        return int(self._loop.now_ms)


def config_of(index: int, data_dir: FakePath) -> node_config.NodeConfig:
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
        store=node_config.StoreSection(proof_heights=8, tree_cache_pages=2_000),
        sync=node_config.SyncSection(),
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
        self.clock = SkewedClock(loop)
        self.make_port = make_port
        self.crash_in: int | None = None
        """Disk operations and sends left until the process dies."""
        self.on_crash: Callable[[Machine], None] = lambda machine: None
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
        return self.node is not None

    def start(self) -> None:
        """Start a process on what the disk holds; a refusal is kept in ``refusal``."""
        if self.retired:
            return
        session = Session(self.disk, lambda: self._touch(session))
        self._session = session
        self.refusal = None
        self.starts += 1
        _building.append(self)
        try:
            node = Node.open(config_of(self.index, FakePath(session, "data")), self.foundation.document, self.clock)
        except StoreError as error:
            self.refusal = error.code
            self._session = None
            return
        except Crashed:
            return
        finally:
            _building.pop()
        self.node = node
        self.port = cast(Port, node._network)
        self.port.touch = session.touch
        self._on_built(self, node)
        self._life = self.loop.create_task(self._live(node))

    async def _live(self, node: Node) -> None:
        ended: BaseException | None = None
        try:
            await node.start()
            await node.wait()
        except asyncio.CancelledError:
            return
        except Crashed:
            ended = None
        except BaseException as error:  # noqa: BLE001
            # Whatever ends a node is for the world to judge.
            ended = error
        if self.node is node:
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
