"""A whole catalogue: finding its entries, and one outcome for each.

The catalogue as a whole is refused only where it cannot be read at all. Everything
else is said entry by entry: *ready* (as it stands), *adapted* (something was cut or left
out, each noted) or *refused* (by name, with a code).
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from chainnode.errors import Rejected
from contracts.assets.dcat.adapter import LINE_CHARS, Adapter
from contracts.assets.dcat.entry import describe_entry, entry_identifier, is_dataset
from contracts.assets.dcat.extension import check_size, extended, stated_identifier, stated_record, stated_text
from contracts.assets.dcat.linked_data import Graph, index_nodes, items, plain, resolve
from contracts.assets.dcat.strict_json import parse_document, render_document
from contracts.assets.dcat.vocabulary import FIELD_TERMS
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import AssetRecord

ENTRIES_MAX: Final = 50_000


@dataclass(frozen=True, slots=True)
class ImportedEntry:
    """What became of one entry."""

    position: int
    """Where it stands in the catalogue, from 1."""
    identifier: str
    """Empty where the entry has none."""
    title: str
    outcome: Literal["ready", "adapted", "refused"]
    code: str
    """Why it was refused (see ``problem.CODES``); empty otherwise."""
    notes: tuple[str, ...]
    """What was changed or left out, or why it was refused; for people."""
    operation: RegisterAsset | None
    """None where refused."""
    record: AssetRecord | None = None
    """What the entry says it was exported from; a claim, which a proof bundle of the record's ledger confirms."""

    @property
    def name(self) -> str:
        """What to call the entry in a report."""
        return self.identifier or self.title or f"entry {self.position}"


@dataclass(frozen=True, slots=True)
class Imported:
    """A catalogue, entry by entry, in its own order."""

    entries: tuple[ImportedEntry, ...]

    def count(self, outcome: Literal["ready", "adapted", "refused"]) -> int:
        """How many entries ended so."""
        return sum(1 for entry in self.entries if entry.outcome == outcome)


def import_catalogue(document: bytes | dict[str, Any], holder: str = "") -> Imported:
    """Read a DCAT-US 1.1 or DCAT 3 (JSON-LD) catalogue.

    ``holder`` is the DID whose assets these are; empty = whoever registers them.

    Raises:
        Rejected: ``catalogue-not-json``, ``catalogue-duplicate-key``, ``catalogue-too-deep``,
            ``catalogue-too-large`` or ``catalogue-no-datasets``.
    """
    parsed = parse_document(document if isinstance(document, bytes) else render_document(document))
    found, graph = _datasets(parsed)
    if len(found) > ENTRIES_MAX:
        raise Rejected("catalogue-too-large", f"the catalogue has {len(found)} entries", allowed=ENTRIES_MAX)
    first_at: dict[str, int] = {}
    return Imported(tuple(_entry(value, n, graph, first_at, holder) for n, value in enumerate(found, 1)))


def _datasets(parsed: Any) -> tuple[list[Any], Graph]:
    """The entries, embedded or by reference, and the nodes that references may name.

    Raises:
        Rejected: ``catalogue-no-datasets``.
    """
    if isinstance(parsed, list):
        nodes = parsed
    elif isinstance(parsed, dict):
        nodes = items(parsed.get("@graph")) if "@graph" in parsed else [parsed]
    else:
        raise Rejected("catalogue-no-datasets", "the document is neither an object nor a list")
    graph = index_nodes(nodes)
    found: list[Any] = []
    listed = False
    for node in (plain(node) for node in nodes if isinstance(node, dict)):
        for name in ("dataset", "service"):
            if name in node and not is_dataset(node):
                listed = listed or name == "dataset"
                found.extend(items(node[name]))
    if not found:
        found = [node for node in nodes if isinstance(node, dict) and is_dataset(node)]
    if not found and isinstance(parsed, list):
        found = [node for node in nodes if isinstance(node, dict) and "title" in plain(node)]
    if not found and not listed:
        raise Rejected("catalogue-no-datasets", "there is no dataset list and no node of the type Dataset")
    return found, graph


def _entry(value: Any, position: int, graph: Graph, first_at: dict[str, int], holder: str) -> ImportedEntry:
    node = resolve(value, graph)
    if node is None or set(node) == {"@id"}:
        what = "a reference that leads nowhere" if node or isinstance(value, str) else "not an object"
        return _refused(position, "", "", "entry-not-object", f"the entry is {what}")
    notes: list[str] = []
    adapter = Adapter(node, graph, notes)
    title = adapter.line("title") or adapter.fit("title", stated_text(node, FIELD_TERMS["name"]), LINE_CHARS)
    given = stated_identifier(node) or entry_identifier(node, adapter)
    identifier = stated_identifier(node) or adapter.fit("identifier", given, LINE_CHARS)
    if not identifier:
        return _refused(position, "", title, "entry-no-identifier", "the entry has no identifier")
    if len(given) > LINE_CHARS and given != identifier:
        reason = f"the identifier has {len(given)} characters; cut, it might name another entry"
        return _refused(position, identifier, title, "entry-no-identifier", reason)
    if identifier in first_at:
        reason = f"entries {first_at[identifier]} and {position} have the same identifier"
        return _refused(position, identifier, title, "catalogue-duplicate-id", reason)
    first_at[identifier] = position
    if not title:
        return _refused(position, identifier, "", "entry-no-title", "the entry has no title")
    description = extended(describe_entry(node, graph, title, notes), adapter)
    operation = RegisterAsset(identifier, description, holder)
    try:
        record = stated_record(node, identifier, description)
        check_size(operation, node)
    except Rejected as error:
        return _refused(position, identifier, title, "entry-asset-terms", error.message)
    outcome: Literal["ready", "adapted"] = "adapted" if notes else "ready"
    return ImportedEntry(position, identifier, title, outcome, "", tuple(notes), operation, record)


def _refused(position: int, identifier: str, title: str, code: str, reason: str) -> ImportedEntry:
    return ImportedEntry(position, identifier, title, "refused", code, (reason,), None)
