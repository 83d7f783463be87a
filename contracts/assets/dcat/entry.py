"""One data set of a catalogue as the description of an asset.

Source: DCAT-US 1.1 (project-open-data.cio.gov/v1.1/schema); DCAT 3, sections 6.4-6.8.
"""

import re
from typing import Any, Final

import msgspec

from chainnode.codec.canonical import encode
from contracts.assets.dcat.adapter import Adapter
from contracts.assets.dcat.coverage import box, time_range
from contracts.assets.dcat.linked_data import Graph, Node, has_type, resolve, texts
from contracts.assets.description import (
    DESCRIPTION_BYTES_MAX,
    AssetDescription,
    AssetKind,
    DeliveryMode,
    Distribution,
    Publication,
    Space,
    TimeRange,
)

ACCESS: Final = ("public", "restricted public", "non-public", "restricted", "confidential", "sensitive", "normal")
"""DCAT-US access levels, and those of the EU's vocabulary."""
_ACCESS_BY_WORDS: Final = {level.replace("-", " "): level for level in ACCESS}
API_FORMATS: Final = ("api", "rest", "wms", "wfs", "wcs", "geoservice", "sparql", "odata", "ogc", "graphql")
DISTRIBUTIONS_MAX: Final = 128
_IANA: Final = re.compile(r"https?://www\.iana\.org/assignments/media-types/(.+)", re.ASCII)


def describe_entry(node: Node, graph: Graph, title: str, notes: list[str]) -> AssetDescription:
    """The description that a data set node (local names) gives; ``notes`` gains what was changed."""
    adapter = Adapter(node, graph, notes)
    distributions = _distributions(adapter)
    conforms_to = adapter.uri("conformsTo") or adapter.uri("describedBy")
    description = AssetDescription(
        kind=_kind(node),
        name=title,
        version=adapter.line("version", 32) or adapter.line("hasVersion", 32),
        summary=adapter.paragraphs("description", 8_192),
        themes=_themes(adapter),
        keywords=adapter.lines("keyword", 64),
        period=_period(adapter),
        space=_space(adapter),
        format=next((found.format for found in distributions if found.format), ""),
        update_frequency=_last_part(adapter.line("accrualPeriodicity"))[:64],
        delivery_modes=_delivery_modes(distributions),
        distributions=distributions,
        publication=Publication(
            publisher=adapter.line("publisher"),
            contact=_contact(adapter),
            licence=adapter.line("license", 512) or adapter.line("rights", 512),
            access=_access(adapter),
            landing_page=adapter.uri("landingPage"),
            language=adapter.line("language", 64),
            issued=adapter.line("issued", 64),
            modified=adapter.line("modified", 64),
            conforms_to=conforms_to,
        ),
    )
    return _shrunk(description, adapter)


def _kind(node: Node) -> AssetKind:
    return "service" if has_type(node, "DataService") else "dataset"


def _themes(adapter: Adapter) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_last_part(theme) for theme in adapter.lines("theme", 16, 256) if theme))[:16]


def _last_part(text: str) -> str:
    """The term at the end of a vocabulary's address; other text as it is, cut to a short line."""
    if text.startswith(("http://", "https://")):
        text = text.rstrip("/#").rpartition("#")[2].rpartition("/")[2]
    return text[:64].strip()


def _access(adapter: Adapter) -> str:
    name = "accessLevel" if "accessLevel" in adapter.node else "accessRights"
    text = adapter.line(name)
    words = _last_part(text).lower().replace("_", " ").replace("-", " ")
    level = _ACCESS_BY_WORDS.get(words, "")
    if text and not level:
        adapter.note(name, f"{text[-40:]!a} is no known level of access; left out")
    return level


def _contact(adapter: Adapter) -> str:
    found = resolve(next(iter(adapter.nodes("contactPoint", 1)), None), adapter.graph)
    if found is None:
        return adapter.line("contactPoint") if isinstance(adapter.node.get("contactPoint"), str) else ""
    inner = Adapter(found, adapter.graph, adapter.notes, "contactPoint.")
    name, mail = inner.line("fn", 160), inner.line("hasEmail", 120)
    mail = mail.removeprefix("mailto:")
    return adapter.fit("contactPoint", f"{name} <{mail}>" if name and mail else name or mail, 256)


def _period(adapter: Adapter) -> TimeRange | None:
    for value in adapter.nodes("temporal", 1):
        node = resolve(value, adapter.graph)
        if node is not None and ("startDate" in node or "endDate" in node):
            start, end = (next(iter(texts(node.get(name), {})), "") for name in ("startDate", "endDate"))
            found = time_range(f"{start[:64]}/{end[:64]}")
        else:
            found = next((time_range(text[:128]) for text in texts(value, adapter.graph)), None)
        if found is None:
            adapter.note("temporal", "is no period that could be read; left out")
        return found
    return None


def _space(adapter: Adapter) -> Space | None:
    for value in adapter.nodes("spatial", 1):
        node = resolve(value, adapter.graph)
        geometry = [text for name in ("bbox", "geometry") if node for text in texts(node.get(name), {})]
        found = next((found for found in map(box, geometry) if found is not None), None)
        named = texts(value, adapter.graph)
        if found is not None and not named:
            return Space("", found)
        name = adapter.line("spatial")
        if found is None and (drawn := box(name)) is not None:
            return Space("", drawn)
        return Space(name, found) if name or found else None
    return None


def _distributions(adapter: Adapter) -> tuple[Distribution, ...]:
    found: list[Distribution] = []
    for number, value in enumerate(adapter.nodes("distribution", DISTRIBUTIONS_MAX), 1):
        node = resolve(value, adapter.graph)
        if node is None:
            adapter.note("distribution", f"number {number} is no object; left out")
            continue
        inner = Adapter(node, adapter.graph, adapter.notes, f"distribution {number}.")
        media_type = inner.line("mediaType", 128)
        registered = _IANA.fullmatch(media_type)
        distribution = Distribution(
            title=inner.line("title"),
            uri=inner.uri("downloadURL") or inner.uri("accessURL"),
            media_type=registered[1] if registered else media_type,
            format=_last_part(inner.line("format")),
        )
        if distribution == Distribution():
            adapter.note("distribution", f"number {number} says nothing; left out")
        else:
            found.append(distribution)
    return tuple(found)


def _delivery_modes(distributions: tuple[Distribution, ...]) -> tuple[DeliveryMode, ...]:
    api = [found.format.lower() in API_FORMATS for found in distributions if found.uri]
    modes: list[DeliveryMode] = []
    if any(api):
        modes.append("api")
    if not all(api):
        modes.append("file")
    return tuple(modes)


def _shrunk(description: AssetDescription, adapter: Adapter) -> AssetDescription:
    """The description within its bound: first distributions go, then keywords, at last the summary's end."""
    for name in ("distributions", "keywords", "summary"):
        values: Any = getattr(description, name)
        kept = len(values)
        while kept and len(encode(description)) > DESCRIPTION_BYTES_MAX:
            kept //= 2
            description = msgspec.structs.replace(description, **{name: values[:kept]})
        if kept < len(values):
            adapter.note(name, f"the first {kept} of {len(values)} were taken; the record would be too large")
    return description


def entry_identifier(node: Node, adapter: Adapter) -> str:
    """The text an entry is found by; empty where there is none."""
    found = [text.strip() for text in texts(node.get("identifier"), adapter.graph) if text.strip()]
    if found:
        return found[0]
    own = node.get("@id")
    if isinstance(own, str) and own.strip() and not own.startswith("_:"):
        adapter.note("identifier", "is missing; the node's own address was taken")
        return own.strip()
    return ""


def is_dataset(node: Node) -> bool:
    """Whether a node of a graph is an entry of the catalogue."""
    return has_type(node, "Dataset") or has_type(node, "DatasetSeries") or has_type(node, "DataService")
