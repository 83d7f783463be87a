"""Makes foreign values fit the record, and notes each thing that was changed or left out."""

import re
from typing import Any, Final

from contracts.assets.dcat.linked_data import Graph, Node, items, tagged_texts, texts
from contracts.kernel.text import UNFIT_IN_LINE, UNFIT_IN_TEXT, is_uri

NOTES_MAX: Final = 24
NOTE_CHARS_MAX: Final = 200
LINE_CHARS: Final = 256
SHORT_CHARS: Final = 64
_UNFIT_LINE: Final = re.compile(f"{UNFIT_IN_LINE}+")
_UNFIT_TEXT: Final = re.compile(f"{UNFIT_IN_TEXT}+")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Adapter:
    """Reads the properties of one node with local names."""

    __slots__ = ("graph", "node", "notes", "prefix")

    def __init__(self, node: Node, graph: Graph, notes: list[str], prefix: str = "") -> None:
        """Read ``node``; notes are added to ``notes``, each property named after ``prefix``."""
        self.node = node
        self.graph = graph
        self.notes = notes
        self.prefix = prefix

    def note(self, name: str, what: str) -> None:
        """Say what happened to a property; beyond the bound only that there is more."""
        if len(self.notes) < NOTES_MAX:
            self.notes.append(f"{self.prefix}{name}: {what}"[:NOTE_CHARS_MAX])
        elif len(self.notes) == NOTES_MAX:
            self.notes.append("and more")

    def line(self, name: str, chars_max: int = LINE_CHARS) -> str:
        """One line of text; empty where there is none."""
        found = self._texts(name)
        if len(found) > 1:
            self.note(name, f"the first of {len(found)} values was taken")
        return self.fit(name, found[0], chars_max, _UNFIT_LINE) if found else ""

    def paragraphs(self, name: str, chars_max: int) -> str:
        """Text with line feeds; several values become several paragraphs."""
        text = "\n\n".join(self._texts(name)).replace("\r\n", "\n").replace("\r", "\n")
        return self.fit(name, text, chars_max, _UNFIT_TEXT)

    def lines(self, name: str, count_max: int, chars_max: int = SHORT_CHARS) -> tuple[str, ...]:
        """Several short texts, each once."""
        if not self._present(name):
            return ()
        found = tagged_texts(self.node[name], self.graph)
        if len(found) < len(items(self.node[name])) and not isinstance(self.node[name], dict):
            self._note_strays(name, len(items(self.node[name])) - len(found))
        kept = dict.fromkeys(self.fit(name, text, chars_max, _UNFIT_LINE) for text in found[: 4 * count_max])
        kept.pop("", None)
        if len(kept) > count_max or len(found) > 4 * count_max:
            self.note(name, f"the first {count_max} of {len(found)} values were taken")
        return tuple(kept)[:count_max]

    def uri(self, name: str) -> str:
        """An address that a reader may follow; empty where there is none."""
        for item in items(self.node.get(name)) if self._present(name) else []:
            found = item.get("@id", item.get("@value")) if isinstance(item, dict) else item
            text = found.strip().replace(" ", "%20") if isinstance(found, str) and len(found) <= 4_096 else ""
            text = text.replace("{", "%7B").replace("}", "%7D").replace("|", "%7C").replace("`", "%60")
            text = text.replace("^", "%5E").replace("\\", "%5C").replace('"', "%22")
            if is_uri(text) and not _SURROGATE.search(text):
                return text
            if item not in ("", {}, []):
                self.note(name, "is no address that a record can hold; left out")
        return ""

    def nodes(self, name: str, count_max: int) -> list[Any]:
        """Embedded or named nodes."""
        found = items(self.node.get(name)) if self._present(name) else []
        if len(found) > count_max:
            self.note(name, f"the first {count_max} of {len(found)} were taken")
        return found[:count_max]

    def fit(self, name: str, text: str, chars_max: int, unfit: re.Pattern[str] = _UNFIT_LINE) -> str:
        """``text`` without what a record cannot hold, cut to ``chars_max`` characters."""
        length = len(text)
        cut = text[: chars_max + LINE_CHARS] if length > chars_max + LINE_CHARS else text
        clean = unfit.sub(" ", cut)
        if clean != cut and clean.strip() != cut.strip():
            self.note(name, "control characters became spaces")
        if _SURROGATE.search(clean):
            clean = _SURROGATE.sub("\ufffd", clean)
            self.note(name, "halves of characters were replaced")
        clean = clean.strip()
        if len(clean) > chars_max:
            self.note(name, f"cut from {length} to {chars_max} characters")
            clean = clean[: chars_max - 1].rstrip() + "…"
        return clean

    def _texts(self, name: str) -> list[str]:
        if not self._present(name):
            return []
        given = items(self.node[name])
        found = [text for text in texts(self.node[name], self.graph) if text.strip()]
        if not found and any(item != "" for item in given):
            self.note(name, "is no text; left out")
        return found

    def _present(self, name: str) -> bool:
        if name not in self.node:
            return False
        if self.node[name] is None:
            self.note(name, "is null; left out")
            return False
        return True

    def _note_strays(self, name: str, count: int) -> None:
        strays = [item for item in items(self.node[name]) if not isinstance(item, str | dict)]
        if strays:
            self.note(name, f"{count} of its values are no text; left out")
