"""A scenario as text: commands that somebody wrote, and under each what it led to.

    # S31 silent_leader: the leader says nothing      first line: id, name, what it is about
    validators 4                                      a command starts at the margin
    drop PRE_PREPARE from 1
    submit 1
    run 600
        0: sign ViewChange height=1 view=1 ...        indented: its trace, made by ``--rewrite``
    expect view 1                                     a claim; holds or fails, whatever the trace says

Comments and blank lines stay where they are. A trace that differs fails the test; after an intended change
``python -m tests.scenarios --rewrite`` puts the new one in its place, and the difference is read in review. Claims are
never rewritten.
"""

import itertools
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
INDENT = "    "

OPTIONS = frozenset(
    {
        "after", "as", "at", "because", "batch", "by", "byzantine", "cap", "carrying", "from", "height", "idle", "on",
        "prepared", "resend", "timeout", "to", "tx", "view", "with", "within",
    }
)  # fmt: skip
"""Words that take the next word as their value."""
NAMING = frozenset({"expect", "fire", "reach"})
"""Verbs whose first two words are a name and its value."""


@dataclass(slots=True)
class Command:
    """One line of a script."""

    line: str
    number: int
    trace: list[str] = field(default_factory=list)
    verb: str = ""
    words: list[str] = field(default_factory=list)
    """What follows the verb and is neither an option nor its value."""
    options: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        words = iter(self.line.partition("#")[0].split())
        self.verb = next(words, "")
        if self.verb in NAMING:
            # What is claimed, reached or fired may be called as an option is.
            self.words += itertools.islice(words, 2)
        for word in words:
            if word in OPTIONS:
                self.options[word] = next(words)
            else:
                self.words.append(word)

    def members(self, option: str) -> list[int] | None:
        """The validators that an option lists, ``None`` without it."""
        return numbers(self.options[option]) if option in self.options else None

    def number_of(self, option: str, default: int) -> int:
        """The value of a numeric option."""
        return int(self.options.get(option, default))


def numbers(text: str) -> list[int]:
    """``0,2,3`` as a list."""
    return [int(part) for part in text.split(",")]


@dataclass(slots=True)
class Script:
    """A scenario file."""

    path: Path
    commands: list[Command]

    @property
    def title(self) -> str:
        return self.commands[0].line.lstrip("# ")

    @classmethod
    def read(cls, path: Path) -> "Script":
        commands: list[Command] = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith(INDENT):
                commands[-1].trace.append(line.removeprefix(INDENT))
            else:
                commands.append(Command(line, number))
        return cls(path, commands)

    def text(self) -> str:
        lines = []
        for command in self.commands:
            lines += [command.line, *(INDENT + line for line in command.trace)]
        return "\n".join(lines) + "\n"


def scripts() -> list[Path]:
    """All scenario files, in the order of their numbers."""
    return sorted(FOLDER.glob("S*.txt"))
