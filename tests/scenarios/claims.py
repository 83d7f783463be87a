"""What a script may claim with ``expect``. A claim holds or fails; it is never rewritten."""

from collections.abc import Callable

from consensus.messages import Commit, Prepare, PrePrepare, ViewChange
from consensus.state import Phase
from tests.scenarios.post import TYPES
from tests.scenarios.script import Command
from tests.scenarios.stage import Stage
from tests.simulation.host import Host


class Claims:
    """Claims about one stage; each is ``expect <name> ... [by <members>]``, by default of all that run."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._names: dict[str, Callable[[Command], None]] = {
            "decided": self._decided, "height": self._height, "view": self._view, "phase": self._phase,
            "lock": self._lock, "accused": self._accused, "dropped": self._dropped, "signed": self._signed,
            "unsigned": self._unsigned, "once": self._once, "halted": self._halted, "clear": self._clear,
        }  # fmt: skip

    def check(self, command: Command) -> None:
        """Raise ``AssertionError`` unless the claim holds."""
        self._names[command.words[0]](command)

    def _hosts(self, command: Command) -> list[Host]:
        members = command.members("by") or self._stage.running()
        return [self._stage.hosts[index] for index in members]

    def _decided(self, command: Command) -> None:
        """``expect decided <block> [at <height>]``."""
        name, height = command.words[1], command.number_of("at", 1)
        for host in self._hosts(command):
            found = host.disk.chain[height - 1].block_hash if len(host.disk.chain) >= height else b""
            expect(self._stage.name_of(found) == name, f"{host.index} has {self._stage.name_of(found) or 'nothing'}")

    def _height(self, command: Command) -> None:
        """``expect height <h>``: exactly so many blocks."""
        for host in self._hosts(command):
            expect(len(host.disk.chain) == int(command.words[1]), f"{host.index} is at {len(host.disk.chain)}")

    def _view(self, command: Command) -> None:
        for host in self._hosts(command):
            view = None if host.replica is None else host.replica.view
            expect(view == int(command.words[1]), f"{host.index} is in view {view}")

    def _phase(self, command: Command) -> None:
        for host in self._hosts(command):
            phase = None if host.replica is None else host.replica.phase
            expect(phase == Phase[command.words[1]], f"{host.index} is {phase!r}")

    def _lock(self, command: Command) -> None:
        """``expect lock <block>@<view>`` or ``expect lock none``."""
        for host in self._hosts(command):
            lock = self._stage.lock_of(host.index)
            found = "none" if lock is None else f"{self._stage.name_of(lock.block_hash)}@{lock.view}"
            expect(found == command.words[1], f"{host.index} holds {found}")

    def _accused(self, command: Command) -> None:
        """``expect accused <members>``: exactly these, by anybody."""
        wanted = set() if command.words[1] == "none" else set(map(int, command.words[1].split(",")))
        expect(self._stage.checker.accused == wanted, f"accused are {self._stage.checker.accused or 'none'}")

    def _dropped(self, command: Command) -> None:
        """``expect dropped <code>``: somebody refused something with it."""
        found = dict(self._stage.checker.rejections)
        expect(command.words[1] in found, f"refusals were {found}")

    def _votes(self, command: Command) -> list[tuple[Host, bool]]:
        """``<TYPE> <block> [view <v>] [height <h>]``: for each member, whether it ever sent that."""
        kind, height, view = TYPES[command.words[1]], command.number_of("height", 1), command.number_of("view", 0)
        answer = []
        for host in self._hosts(command):
            said = self._stage.adversary.said(kind, height, view, host.index)
            if len(command.words) > 2:
                wanted = self._stage.hash_of(command.words[2])
                said = [
                    message for message in said
                    if isinstance(message, PrePrepare | Prepare | Commit) and message.block_hash == wanted
                ]  # fmt: skip
            answer.append((host, bool(said)))
        return answer

    def _signed(self, command: Command) -> None:
        for host, said in self._votes(command):
            expect(said, f"{host.index} never sent it")

    def _unsigned(self, command: Command) -> None:
        for host, said in self._votes(command):
            expect(not said, f"{host.index} sent it")

    def _once(self, command: Command) -> None:
        """``expect once <transaction>``: in exactly one block of every chain."""
        for host in self._hosts(command):
            count = sum(int(command.words[1]) in stored.block.transactions for stored in host.disk.chain)
            expect(count == 1, f"{host.index} committed it {count} times")

    def _halted(self, command: Command) -> None:
        """``expect halted <member>``."""
        member = int(command.words[1])
        expect(member in self._stage.checker.halted, f"halted are {self._stage.checker.halted}")

    def _clear(self, command: Command) -> None:
        """``expect clear``: no honest member ever asked for another view."""
        asked = [
            host.index for host in self._hosts(command)
            if any(self._stage.adversary.said(ViewChange, height, 1, host.index) for height in range(1, 20))
        ]  # fmt: skip
        expect(not asked, f"{asked} asked for view 1")


def expect(condition: bool, found: str) -> None:
    """Raise ``AssertionError`` with what was found instead."""
    if not condition:
        raise AssertionError(found)
