"""Performs the commands of a script on a stage, and checks its claims. README.md lists the commands."""

from collections.abc import Callable

from consensus.certificates import CertificateKind, QuorumCertificate
from consensus.inputs import Halted, TimerFired
from consensus.messages import Decided, Message, Status
from consensus.timers import Timer, TimerConfig, TimerKind
from tests.scenarios.claims import Claims
from tests.scenarios.post import TYPES, Rule
from tests.scenarios.script import Command, Script, numbers
from tests.scenarios.stage import Stage
from tests.simulation.host import CHAIN_ID
from tests.simulation.network import Faults

STEP_MS = 10


class Failed(AssertionError):
    """A claim of the script does not hold, or what it wants cannot be done."""


class Player:
    """One run of one script; ``play`` fills in the traces."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._stage: Stage | None = None
        self._quiet = False
        self._verbs: dict[str, Callable[[Command], None]] = {
            "validators": self._validators, "block": self._block, "submit": self._submit, "run": self._run,
            "reach": self._reach, "hold": self._rule, "drop": self._rule, "release": self._release, "lose": self._lose,
            "partition": self._partition, "heal": self._heal, "crash": self._crash, "restart": self._restart,
            "fire": self._fire, "say": self._say, "status": self._status, "show": self._show, "expect": self._expect,
            "wake": self._wake, "quiet": self._set_quiet, "loud": self._set_quiet, "halt": self._halt,
            "forge": self._forge,
        }  # fmt: skip

    @property
    def stage(self) -> Stage:
        if self._stage is None:
            raise ValueError("a script begins with: validators <n>")
        return self._stage

    def play(self) -> list[list[str]]:
        """Perform everything; the trace of each command, in their order.

        Raises:
            Failed: with file and line.
        """
        traces = []
        for command in self._script.commands:
            if command.verb:
                try:
                    self._verbs[command.verb](command)
                except Exception as error:
                    place = f"{self._script.path.name}:{command.number}: {command.line}"
                    raise Failed(f"{place}\n  {type(error).__name__}: {error}") from error
            traces.append(self._collect())
        return traces

    def _collect(self) -> list[str]:
        if self._stage is None:
            return []
        found, self._stage.trace = self._stage.trace, []
        return [] if self._quiet else found

    def _validators(self, command: Command) -> None:
        timers = TimerConfig(
            batch_wait_ms=command.number_of("batch", 10),
            idle_block_ms=command.number_of("idle", 0),
            view_timeout_ms=command.number_of("timeout", 500),
            view_timeout_max_ms=command.number_of("cap", 4_000),
            resend_ms=command.number_of("resend", 300),
        )
        self._stage = Stage(int(command.words[0]), tuple(command.members("byzantine") or ()), timers)

    def _block(self, command: Command) -> None:
        stage, options = self.stage, command.options
        height = command.number_of("at", 1)
        parent = stage.hash_of(options["on"]) if "on" in options else stage.parent_at(height)
        stage.make_block(command.words[0], height, int(options["by"]), parent, tuple(command.members("tx") or ()))

    def _submit(self, command: Command) -> None:
        for host in self.stage.honest():
            if host.index in (command.members("to") or range(len(self.stage.hosts))):
                for number in numbers(command.words[0]):
                    host.submit(number)

    def _run(self, command: Command) -> None:
        self.stage.run(int(command.words[0]))

    def _reach(self, command: Command) -> None:
        """``reach height <h> [by ...] within <ms>``: progress, with its bound."""
        stage, height = self.stage, int(command.words[1])
        members = command.members("by") or stage.running()
        deadline = stage.schedule.now_ms + command.number_of("within", 1_000)
        while any(len(stage.hosts[index].disk.chain) < height for index in members):
            if stage.schedule.now_ms >= deadline:
                raise AssertionError(f"heights {stage.heights()} after {command.options['within']} ms")
            stage.run(STEP_MS)

    def _rule(self, command: Command) -> None:
        types = tuple(TYPES[name] for word in command.words for name in word.split(","))
        origins, receivers = command.members("from"), command.members("to")
        self.stage.network.rules.append(
            Rule(
                "hold" if command.verb == "hold" else "drop",
                types or tuple(TYPES.values()),
                None if origins is None else frozenset(origins),
                None if receivers is None else frozenset(receivers),
                int(command.options["view"]) if "view" in command.options else None,
            )
        )

    def _release(self, command: Command) -> None:
        if not self.stage.network.release() and command.words != ["any"]:
            raise AssertionError("nothing was held back")

    def _lose(self, command: Command) -> None:
        self.stage.network.lose()

    def _partition(self, command: Command) -> None:
        groups = [numbers(word) for word in command.words]
        group_of = {member: number for number, members in enumerate(groups) for member in members}
        self.stage.network.partition([group_of.get(host.index, -1 - host.index) for host in self.stage.hosts])

    def _heal(self, command: Command) -> None:
        self.stage.network.heal()
        self.stage.network.faults = Faults()
        self.stage.network.rules = []

    def _crash(self, command: Command) -> None:
        for index in numbers(command.words[0]):
            host = self.stage.hosts[index]
            if "after" in command.options:
                host.crash_in = command.number_of("after", 0)
            else:
                host.crash()

    def _restart(self, command: Command) -> None:
        for index in numbers(command.words[0]):
            host = self.stage.hosts[index]
            host.crash()
            host.start()

    def _wake(self, command: Command) -> None:
        """``wake <members> view <v>``: they come back from a long time alone."""
        for index in numbers(command.words[0]):
            self.stage.put_in_view(index, command.number_of("view", 1))

    def _fire(self, command: Command) -> None:
        """``fire <timer> <members>``: the timer runs out now."""
        kind = TimerKind[command.words[0].upper()]
        for index in numbers(command.words[1]):
            host = self.stage.hosts[index]
            if host.replica is not None:
                host.take(TimerFired(Timer(kind, host.replica.height, host.replica.view)))

    def _halt(self, command: Command) -> None:
        """``halt <members> <reason>``: their hosts find a reason to stop signing."""
        for index in numbers(command.words[0]):
            self.stage.checker.may_halt.add(index)
            self.stage.hosts[index].take(Halted(command.words[1]))

    def _to(self, command: Command, sender: int) -> list[int]:
        return command.members("to") or [host.index for host in self.stage.honest() if host.index != sender]

    def _say(self, command: Command) -> None:
        """``say <member> <TYPE> [<block>] ...``: a Byzantine member sends a message it signed."""
        speaker = int(command.words[0])
        self.stage.say(speaker, self._message(command, speaker), self._to(command, speaker))

    def _forge(self, command: Command) -> None:
        """As ``say``, but the message names another sender than the one who signed it: ``as <member>``."""
        speaker = int(command.words[0])
        message = self._message(command, command.number_of("as", speaker), key=speaker)
        self.stage.say(speaker, message, self._to(command, speaker))

    def _status(self, command: Command) -> None:
        """``status <member> height <h>``: a claim without proof."""
        sender = int(command.words[0])
        status = Status(CHAIN_ID, sender, command.number_of("height", 0), b"?" * 32, 0, 0, 0)
        self.stage.say(sender, status, self._to(command, sender))

    def _message(self, command: Command, sender: int, key: int | None = None) -> Message:
        stage, adversary = self.stage, self.stage.adversary
        key = sender if key is None else key
        height, view = command.number_of("height", 1), command.number_of("view", 0)
        kind, names = command.words[1], command.words[2:]
        if kind == "VIEW_CHANGE":
            prepared = self._certificate(command, "prepared", CertificateKind.PREPARE, height)
            return adversary.sign(adversary.view_change(height, view, sender, prepared), key)
        block_hash = stage.hash_of(names[0])
        if kind == "DECIDED":
            certificate = self._certificate(command, "with", CertificateKind.COMMIT, height)
            if certificate is None:
                raise ValueError("DECIDED needs: with <block>@<view> by <members>")
            return Decided(CHAIN_ID, height, block_hash, certificate)
        if kind == "PRE_PREPARE":
            reason = None
            if "because" in command.options:
                highest = self._certificate(command, "with", CertificateKind.PREPARE, height)
                reason = adversary.justification(height, view, numbers(command.options["because"]), highest)
            data = stage.blocks[command.options.get("carrying", names[0])]
            return adversary.sign(adversary.proposal(height, view, sender, (block_hash, data), reason), key)
        return adversary.sign(adversary.vote(CertificateKind[kind], height, view, sender, block_hash), key)

    def _certificate(
        self, command: Command, option: str, kind: CertificateKind, height: int
    ) -> QuorumCertificate | None:
        """``<option> <block>@<view> by <members>``."""
        if option not in command.options:
            return None
        name, _, view = command.options[option].partition("@")
        signers = command.members("by") or []
        return self.stage.adversary.certificate(kind, height, int(view), self.stage.hash_of(name), signers)

    def _show(self, command: Command) -> None:
        members = numbers(command.words[0]) if command.words else [host.index for host in self.stage.honest()]
        self.stage.trace += [self.stage.state(index) for index in members]

    def _set_quiet(self, command: Command) -> None:
        self._quiet = command.verb == "quiet"

    def _expect(self, command: Command) -> None:
        Claims(self.stage).check(command)
