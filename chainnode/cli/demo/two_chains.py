"""``demo --two-chains``: what one chain registered is recognised and ordered on another, whoever carries it there.

Two chains of four validators and one relayer, all processes of their own. Half-way the relayer is killed by SIGKILL
while packets are on their way, orders with little time are sent meanwhile, and it is started again; on each side a
validator leaves while packets flow. What came of it is counted from what both chains hold.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, NamedTuple

from chainnode.cli.demo.settlement import Settlement, count
from chainnode.cli.demo.side import CLIENT_ID, RELAYER, Side
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.testnet.manifest import identity_path, write_atomically
from chainnode.cli.testnet.network import with_log
from chainnode.cli.testnet.process import spawn
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.kernel.operation import Operation
from contracts.market.operations import ListAsset, OpenBoard
from contracts.market.record import BoardRules, board_id_of, listing_id_of
from contracts.relay.ports.operations import AnnounceAsset, OrderAcross
from contracts.rights.terms import RightTerms

ORIGIN: Final = "harbour"
ABROAD: Final = "meridian"
BOARD: Final = "main"
OFFER: Final = "offer-0"
PRICE: Final = 1_000
SHORT_S: Final = 5
"""Orders that shall time out have so long, and the relayer stays down as long; a busy machine must place them first."""
LONG_S: Final = 3_600
SETTLE_S: Final = 120.0
_POLL_S: Final = 0.2
_DAY_MS: Final = 86_400_000

Say = Callable[[str], None]


class Amounts(NamedTuple):
    """How much is carried."""

    registrations: int = 100
    orders: int = 50
    timeouts: int = 10
    validators: int = 4
    relayers: int = 1
    """All on the same path; more than one do no harm."""


class TwoChains:
    """One run. ``close`` must be called, whatever happened."""

    def __init__(self, folder: Path, amounts: Amounts, say: Say) -> None:
        """Make both networks' files; nothing runs yet.

        Raises:
            CommandError: as ``create_network``.
        """
        self._folder: Final = folder
        self._amounts: Final = amounts
        self._say: Final = say
        folder.mkdir(parents=True, exist_ok=True)
        self._relayers: list[subprocess.Popen[bytes]] = []
        self.origin: Final = Side(folder / ORIGIN, ORIGIN, amounts.validators)
        self.abroad: Final = Side(folder / ABROAD, ABROAD, amounts.validators)

    async def close(self) -> None:
        """End every process."""
        self._kill_relayers()
        await self.origin.close()
        await self.abroad.close()

    async def run(self) -> Settlement:
        """Everything, from the first block to the count."""
        await self._start()
        await self._register()
        amounts = self._amounts
        half, most, orders = amounts.registrations // 2, amounts.registrations * 3 // 5, amounts.orders // 2
        self._start_relayers()
        self._say(f"announcing {half} of {amounts.registrations} assets; a validator leaves on each side")
        await self._announce(range(half))
        await asyncio.gather(self.origin.remove_validator(), self.abroad.remove_validator())
        await self._until("the listing is shown abroad", self._is_listed)
        self._say(f"ordering {orders} of {amounts.orders} from abroad")
        await self._order(range(orders), LONG_S)
        await self._announce(range(half, most))
        self._kill_relayers()
        self._say("killed the relayer with SIGKILL, packets being under way")
        await self._order(range(amounts.orders, amounts.orders + amounts.timeouts), SHORT_S)
        self._say(f"{amounts.timeouts} orders have {SHORT_S} s to arrive, and nobody carries them")
        await asyncio.sleep(SHORT_S)
        self._start_relayers()
        self._say("started the relayer again")
        await self._order(range(orders, amounts.orders), LONG_S)
        await self._announce(range(most, amounts.registrations))
        await self._until("every packet is settled", self._is_settled)
        await self._until("both chains know each other's new validators", self._knows_new_sets)
        self._say("counting what both chains hold")
        return await count(self.origin, self.abroad)

    async def _start(self) -> None:
        self._say(f"starting {2 * self._amounts.validators} validators of {ORIGIN} and {ABROAD}")
        for side in (self.origin, self.abroad):
            side.supervisor.start_all()
        await asyncio.gather(self.origin.supervisor.wait_ready(), self.abroad.supervisor.wait_ready())
        await asyncio.gather(self.origin.follow(self.abroad), self.abroad.follow(self.origin))
        self._say("both chains follow each other by a light client")

    async def _register(self) -> None:
        did = self.origin.exchange.did
        registered: list[Operation] = [
            RegisterAsset(f"asset-{number}", AssetDescription("dataset", f"Berth plan {number}"))
            for number in range(self._amounts.registrations)
        ]
        await self.origin.apply(self.origin.exchange, registered)
        board_id = board_id_of(did, BOARD)
        opened = OpenBoard(BOARD, "EUR", BoardRules("Harbour board", ("fixed",)))
        terms = RightTerms("processing-use")
        offered = ListAsset(OFFER, board_id, asset_id_of(did, "asset-0"), "fixed", PRICE, terms, "api")
        await self.origin.apply(self.origin.exchange, [opened, offered])

    async def _announce(self, numbers: range) -> None:
        did, until_s = self.origin.exchange.did, int(time.time()) + LONG_S
        listing = listing_id_of(did, OFFER)
        announced: list[Operation] = [
            AnnounceAsset(CLIENT_ID, asset_id_of(did, f"asset-{number}"), until_s, b"" if number else listing)
            for number in numbers
        ]
        await self.origin.apply(self.origin.exchange, announced)

    async def _order(self, numbers: range, seconds: int) -> None:
        listing = listing_id_of(self.origin.exchange.did, OFFER)
        now_ms = time.time_ns() // 1_000_000
        until_s = now_ms // 1_000 + seconds
        times = now_ms + _DAY_MS, now_ms + 2 * _DAY_MS, until_s
        ordered: list[Operation] = [
            OrderAcross(f"order-{number}", CLIENT_ID, listing, 1, PRICE, number.to_bytes(32, "big"), *times)
            for number in numbers
        ]
        await self.abroad.apply(self.abroad.buyer, ordered)

    async def _is_listed(self) -> bool:
        return bool(await self.abroad.records("mirrored-listings", client_id=CLIENT_ID))

    async def _is_settled(self) -> bool:
        return not await self.origin.under_way() and not await self.abroad.under_way()

    async def _knows_new_sets(self) -> bool:
        for side in (self.origin, self.abroad):
            headers = await side.records("relay-headers", client_id=CLIENT_ID)
            if max(header["epoch"] for header in headers) < 1:
                return False
        return True

    async def _until(self, what: str, holds: Callable[[], Awaitable[bool]]) -> None:
        deadline = time.monotonic() + SETTLE_S
        while not await holds():
            self._check_processes()
            if time.monotonic() > deadline:
                raise self._with_log("demo-stalled", f"not within {SETTLE_S:g} s: {what}")
            await asyncio.sleep(_POLL_S)

    def _check_processes(self) -> None:
        for side in (self.origin, self.abroad):
            side.supervisor.check()
        for child in self._relayers:
            if child.poll() is not None:
                raise self._with_log("relayer-died", f"a relayer ended with status {child.returncode}")

    def _with_log(self, code: str, message: str) -> CommandError:
        return with_log(CommandError(code, message, Exit.FAILED), self._folder / "relayer.log")

    def _start_relayers(self) -> None:
        config = self._folder / "relayer.toml"
        write_atomically(config, self._configuration().encode())
        words = ["relay", "run", str(config.absolute()), "--die-with", str(os.getpid())]
        command = [sys.executable, "-P", "-m", "chainnode.cli.main", *words]
        for _ in range(self._amounts.relayers):
            self._relayers.append(spawn(command, self._folder / "relayer.log", detached=False))

    def _kill_relayers(self) -> None:
        for child in self._relayers:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGKILL)
            child.wait()
        self._relayers.clear()

    def _configuration(self) -> str:
        """What differs from the defaults; ``configs/relayer.toml`` explains every key."""
        lines = ["[relayer]", 'log_format = "json"', "poll_ms = 100"]
        for side in (self.origin, self.abroad):
            lines += [
                f"[chains.{side.chain_id}]",
                f"chain_id = {json.dumps(side.chain_id)}",
                f"genesis_hash = {json.dumps(side.manifest.genesis_hash)}",
                f"nodes = {json.dumps([node.api for node in side.manifest.nodes])}",
                f"key_file = {json.dumps(str(identity_path(side.folder, RELAYER).absolute()))}",
            ]
        lines += [
            "[[paths]]",
            f'first = {{ chain = "{ORIGIN}", client = "{CLIENT_ID}" }}',
            f'second = {{ chain = "{ABROAD}", client = "{CLIENT_ID}" }}',
        ]
        return "\n".join(lines) + "\n"


def broken_promises(found: Settlement, amounts: Amounts) -> list[str]:
    """What differs from what was asked for; none: the promise was kept."""
    wanted = {
        "recognised": amounts.registrations,
        "orders": amounts.orders,
        "timeouts": amounts.timeouts,
        "duplicates": 0,
        "lost": 0,
    }
    return [
        f"{name} is {getattr(found, name)}, not {number}"
        for name, number in wanted.items()
        if getattr(found, name) != number
    ]
