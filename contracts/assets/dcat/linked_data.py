"""Just enough JSON-LD: names without prefixes, values without wrappers, nodes by reference.

Contexts are not fetched (that would be somebody else's server inside an import), so a
property is known by the last part of its name: ``title``, ``dct:title`` and
``http://purl.org/dc/terms/title`` are one. DCAT's own terms are unambiguous in this form.

Source: JSON-LD 1.1, sections 4.1-4.3 and 9; DCAT 3.
"""

import re
from typing import Any, Final

LANGUAGES: Final = ("en", "zh")
"""Preferred languages of texts given in several; otherwise the first in the order of tags."""
_TAG: Final = re.compile(r"(?:@none|[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)", re.ASCII)
_WRAPPERS: Final = ("@list", "@set")
_NAMES: Final = ("name", "fn", "prefLabel", "label", "title", "organization-name", "notation")
"""Where a node keeps what people call it."""

Node = dict[str, Any]
Graph = dict[str, Node]


def local_name(name: str) -> str:
    """``title`` for ``dct:title`` and for the full address of the property; keywords (``@id``) stay."""
    for separator in ("#", "/", ":"):
        name = name.rpartition(separator)[2] or name
    return name


def plain(node: Node) -> Node:
    """The node with local names; of two names that fall together the first counts."""
    found: Node = {}
    for name, value in node.items():
        found.setdefault(local_name(name), value)
    return found


def items(value: Any) -> list[Any]:
    """The members of a list, of a wrapped list, or the one value; nothing for null."""
    if isinstance(value, dict):
        for wrapper in _WRAPPERS:
            if wrapper in value:
                return items(value[wrapper])
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def index_nodes(nodes: list[Any]) -> Graph:
    """Nodes by ``@id``; of two with one id the first counts."""
    graph: Graph = {}
    for node in nodes:
        if isinstance(node, dict) and isinstance(node.get("@id"), str):
            graph.setdefault(node["@id"], node)
    return graph


def resolve(value: Any, graph: Graph) -> Node | None:
    """The node that ``value`` is or names, with local names; None where there is none."""
    if isinstance(value, str):
        value = graph.get(value)
    elif isinstance(value, dict) and len(value) == 1 and isinstance(value.get("@id"), str):
        value = graph.get(value["@id"], value)
    return plain(value) if isinstance(value, dict) else None


def has_type(node: Node, wanted: str) -> bool:
    """Whether one of the node's types has this local name."""
    types = [*items(node.get("@type")), *items(node.get("type"))]
    return any(isinstance(kind, str) and local_name(kind) == wanted for kind in types)


def texts(value: Any, graph: Graph) -> list[str]:
    """Every text of a value in order; of one text in several languages only the preferred."""
    found: list[str] = []
    tagged: dict[str, str] = {}
    for item in items(value):
        if isinstance(item, dict) and isinstance(item.get("@language"), str):
            inner = _scalar(item.get("@value"))
            if inner is not None:
                tagged.setdefault(item["@language"], inner)
            continue
        text = _scalar(item) if not isinstance(item, dict) else _text_of_node(item, graph)
        if text is not None:
            found.append(text)
    if tagged:
        found.insert(0, _preferred(tagged))
    return found


def tagged_texts(value: Any, graph: Graph) -> list[str]:
    """As ``texts``, but every text of the preferred language: for keywords, of which there are many."""
    by_language: dict[str, list[str]] = {}
    others: list[Any] = []
    for item in _members(value):
        if isinstance(item, dict) and isinstance(item.get("@language"), str):
            inner = _scalar(item.get("@value"))
            by_language.setdefault(item["@language"], []).extend([] if inner is None else [inner])
        else:
            others.append(item)
    if by_language:
        chosen = _preferred({tag: tag for tag in by_language})
        return [*by_language[chosen], *texts(others, graph)]
    return texts(others, graph)


def _members(value: Any) -> list[Any]:
    """Items; a language map of lists gives tagged values."""
    if isinstance(value, dict) and _is_language_map(value):
        return [{"@language": tag, "@value": member} for tag, members in value.items() for member in items(members)]
    return items(value)


def _text_of_node(node: Node, graph: Graph) -> str | None:
    if "@value" in node:
        return _scalar(node["@value"])
    if _is_language_map(node):
        known = {tag: text for tag, text in ((tag, _first(value)) for tag, value in node.items()) if text is not None}
        return _preferred(known) if known else None
    named = resolve(node, graph) or {}
    for name in _NAMES:
        inner = named.get(name)
        if isinstance(inner, dict) and "@value" not in inner and not _is_language_map(inner):
            continue
        for text in texts(inner, {}):
            return text
    return _scalar(node.get("@id"))


def _is_language_map(value: Node) -> bool:
    return bool(value) and all(_TAG.fullmatch(tag) and isinstance(text, str | list) for tag, text in value.items())


def _first(value: Any) -> str | None:
    return next((text for text in map(_scalar, items(value)) if text is not None), None)


def _scalar(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def _preferred(by_tag: dict[str, str]) -> str:
    for language in LANGUAGES:
        for tag in sorted(by_tag):
            if tag.lower().partition("-")[0] == language:
                return by_tag[tag]
    return by_tag[min(by_tag)]
