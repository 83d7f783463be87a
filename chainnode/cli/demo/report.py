"""What became of every single thing that was submitted: registered, adapted or refused, with the reason.

The list goes to a file; the screen gets counts and the entries that need a person's attention.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import msgspec

from chainnode.cli.testnet.manifest import write_atomically

Kind = Literal["asset", "evidence"]
Result = Literal["registered", "adapted", "recorded", "refused", "unsettled"]
SHOWN_MAX: Final = 8
"""Entries of one sort on the screen; the file has them all."""


class ReportEntry(msgspec.Struct, frozen=True):
    """One submitted thing."""

    kind: Kind
    name: str
    """The catalogue's identifier of a data set, or the path of a file."""
    result: Result
    """``adapted``: registered with changes, named in ``notes``. ``unsettled``: nobody knows, which is a fault."""
    code: str = "ok"
    """Why it was refused, or ``ok``."""
    notes: tuple[str, ...] = ()
    id: str = ""
    """Asset or evidence id, hexadecimal."""
    tx_id: str = ""
    height: int | None = None
    operations: int = 1
    latency_ms: float | None = None
    """From handing it to a node until that node, or another, reported it durable in a block."""

    @property
    def is_committed(self) -> bool:
        """Whether it stands on the ledger and took effect."""
        return self.result in ("registered", "adapted", "recorded")


class Report(msgspec.Struct, frozen=True):
    """Everything that was submitted, in the order it was given."""

    entries: tuple[ReportEntry, ...]

    def count(self, kind: Kind, *results: Result) -> int:
        """How many entries of this kind had one of these results."""
        return sum(entry.kind == kind and entry.result in results for entry in self.entries)

    def write(self, path: Path) -> None:
        """As JSON, one entry per line, so that it can be read, searched and compared."""
        lines = b",\n".join(msgspec.json.encode(entry) for entry in self.entries)
        write_atomically(path, b'{"entries":[\n' + lines + b"\n]}\n")

    def lines(self) -> list[str]:
        """The report for a screen."""
        text = [self._count_line()]
        notes = [note for entry in self.entries if entry.result == "adapted" for note in entry.notes]
        adapted = Counter(_note_kind(note) for note in notes)
        text += [f"  adapted {count:>4} x {note}" for note, count in adapted.most_common(SHOWN_MAX)]
        if len(adapted) > SHOWN_MAX:
            text.append(f"  ... and {len(adapted) - SHOWN_MAX} rarer adaptations")
        text += _named("refused", (entry for entry in self.entries if entry.result == "refused"))
        text += _named("unsettled", (entry for entry in self.entries if entry.result == "unsettled"))
        return text

    def _count_line(self) -> str:
        assets = f"{self.count('asset', 'registered')} data assets registered"
        adapted, refused = self.count("asset", "adapted"), self.count("asset", "refused")
        evidence = f"{self.count('evidence', 'recorded')} evidence items recorded"
        lost = self.count("evidence", "refused")
        tail = f", {lost} refused" if lost else ""
        return f"{assets}, {adapted} more after adapting, {refused} refused; {evidence}{tail}"


def read_report(path: Path) -> Report:
    """A report that was written before."""
    return msgspec.json.decode(path.read_bytes(), type=Report)


def _named(word: str, entries: Iterable[ReportEntry]) -> list[str]:
    listed = list(entries)
    lines = [f"  {word} {entry.name} ({entry.code}): {'; '.join(entry.notes)}" for entry in listed[:SHOWN_MAX]]
    if len(listed) > SHOWN_MAX:
        lines.append(f"  ... and {len(listed) - SHOWN_MAX} more; the report names each")
    return lines


def _note_kind(note: str) -> str:
    """Notes of one sort differ in the value after the colon; they count as one on the screen."""
    return note.partition(":")[0]
