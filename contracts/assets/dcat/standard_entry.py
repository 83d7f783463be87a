"""A description in DCAT's own words, as far as they reach: DCAT 3 and DCAT-US 1.1.

What does not survive being read back is not this module's concern: ``export`` finds it by
reading back, and adds it in our own vocabulary.

Source: DCAT 3, sections 6.3-6.8; DCAT-US 1.1 (project-open-data.cio.gov/v1.1/schema).
"""

import re
from typing import Any, Final

from contracts.assets.dcat.entry import API_FORMATS
from contracts.assets.dcat.vocabulary import ASSET_URN
from contracts.assets.description import AssetDescription, Box, Distribution, Publication, TimeRange
from contracts.kernel.calendar import DAY_MS, date_time, days_before
from contracts.kernel.text import is_uri

_CONTACT: Final = re.compile(r"(.*?) ?<([^<>]*)>", re.DOTALL)
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[A-Za-z0-9!#$&^_.+-]+", re.ASCII)
_IANA: Final = "https://www.iana.org/assignments/media-types/"
_FIRST_DAY_MS: Final = days_before(1, 1, 1) * DAY_MS
_AFTER_LAST_DAY_MS: Final = days_before(10_000, 1, 1) * DAY_MS
_NOTHING: Final = Publication()
Node = dict[str, Any]


def dcat_3_entry(identifier: str, description: AssetDescription) -> Node:
    """A ``dcat:Dataset`` or ``dcat:DataService``."""
    publication = description.publication or _NOTHING
    name, mail = _contact(publication.contact)
    space = description.space
    return _told(
        {
            "@type": "dcat:DataService" if description.kind == "service" else "dcat:Dataset",
            "dct:identifier": identifier,
            "dct:title": description.name,
            "dct:description": description.summary,
            "dcat:version": description.version,
            "dcat:keyword": list(description.keywords),
            "dcat:theme": [{"@type": "skos:Concept", "skos:prefLabel": theme} for theme in description.themes],
            "dct:accrualPeriodicity": description.update_frequency,
            "dct:temporal": _period(description.period),
            "dct:spatial": {}
            if space is None
            else _told({"@type": "dct:Location", "skos:prefLabel": space.name, "dcat:bbox": _wkt(space.box)}),
            "dct:publisher": _named("foaf:Agent", "foaf:name", publication.publisher),
            "dcat:contactPoint": _told(
                {"@type": "vcard:Kind", "vcard:fn": name, "vcard:hasEmail": f"mailto:{mail}" if mail else ""}
            ),
            "dct:license": publication.licence,
            "dct:accessRights": publication.access,
            "dcat:landingPage": _reference(publication.landing_page),
            "dct:language": publication.language,
            "dct:issued": publication.issued,
            "dct:modified": publication.modified,
            "dct:conformsTo": _reference(publication.conforms_to),
            "prov:wasDerivedFrom": [{"@id": f"{ASSET_URN}{parent.asset_id.hex()}"} for parent in description.parents],
            "dcat:distribution": [_distribution(found) for found in description.distributions],
        }
    )


def dcat_us_entry(identifier: str, description: AssetDescription, *, registrar: str, registered: str) -> Node:
    """A data set of DCAT-US, with the properties that it requires.

    Where a required one was not told, it says what the register knows: the registrar's DID as publisher and contact,
    the day of the last change, the kind as keyword, the name as description. Access that was not told is given as
    ``non-public``, which promises nothing.
    """
    publication = description.publication or _NOTHING
    name, mail = _contact(publication.contact)
    space = description.space
    box = None if space is None or space.name else space.box
    return _told(
        {
            "@type": "dcat:Dataset",
            "identifier": identifier,
            "title": description.name,
            "description": description.summary or description.name,
            "keyword": list(description.keywords) or [description.kind],
            "theme": list(description.themes),
            "modified": publication.modified or registered,
            "issued": publication.issued,
            "publisher": {"@type": "org:Organization", "name": publication.publisher or registrar},
            "contactPoint": _told(
                {
                    "@type": "vcard:Contact",
                    "fn": name or publication.contact or registrar,
                    "hasEmail": f"mailto:{mail}" if mail else "",
                }
            ),
            "accessLevel": publication.access or "non-public",
            "license": publication.licence,
            "temporal": _interval(description.period),
            "spatial": _degrees_box(box) if space is not None and box is not None else space.name if space else "",
            "accrualPeriodicity": description.update_frequency,
            "conformsTo": publication.conforms_to,
            "landingPage": publication.landing_page,
            "language": [publication.language] if publication.language else [],
            "distribution": [_us_distribution(found) for found in description.distributions],
        }
    )


def _told(node: Node) -> Node:
    """The node without what says nothing; a node of a type alone says nothing either."""
    found = {name: value for name, value in node.items() if value not in ("", [], {}, None)}
    return {} if set(found) == {"@type"} else found


def _named(kind: str, term: str, text: str) -> Node:
    return {"@type": kind, term: text} if text else {}


def _reference(uri: str) -> Node:
    return {"@id": uri} if uri else {}


def _contact(text: str) -> tuple[str, str]:
    """Name and address of ``name <address>``; a bare address, or a bare name."""
    found = _CONTACT.fullmatch(text)
    if found is not None:
        return found[1], found[2]
    return ("", text) if "@" in text and " " not in text else (text, "")


def _moment(time_ms: int, *, is_end: bool) -> str:
    """A date where the moment is the edge of a day, otherwise a time to the second; empty outside years 1-9999."""
    if not _FIRST_DAY_MS <= time_ms < _AFTER_LAST_DAY_MS:
        return ""
    edge = time_ms + 1 if is_end else time_ms
    text = date_time(time_ms)
    return text[:10] if edge % DAY_MS == 0 else text


def _period(period: TimeRange | None) -> Node:
    if period is None:
        return {}
    end = _moment(period.end_ms, is_end=True) if period.end_ms else ""
    start = _moment(period.start_ms, is_end=False)
    return _told({"@type": "dct:PeriodOfTime", "dcat:startDate": start, "dcat:endDate": end})


def _interval(period: TimeRange | None) -> str:
    if period is None:
        return ""
    start = _moment(period.start_ms, is_end=False)
    end = _moment(period.end_ms, is_end=True) if period.end_ms else ".."
    return f"{start}/{end}" if start and end else ""


def _wkt(box: Box | None) -> str:
    if box is None:
        return ""
    west, south, east, north = (_degrees(part) for part in (box.west, box.south, box.east, box.north))
    return f"POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"


def _degrees_box(box: Box) -> str:
    return ",".join(_degrees(part) for part in (box.west, box.south, box.east, box.north))


def _degrees(micro: int) -> str:
    whole, rest = divmod(abs(micro), 1_000_000)
    return f"{'-' if micro < 0 else ''}{whole}" + (f".{rest:06d}".rstrip("0") if rest else "")


def _address_term(found: Distribution) -> str:
    return "accessURL" if found.format.lower() in API_FORMATS else "downloadURL"


def _distribution(found: Distribution) -> Node:
    media_type = found.media_type
    if _MEDIA_TYPE.fullmatch(media_type):
        media_type = _IANA + media_type
    return {
        "@type": "dcat:Distribution",
        **_told(
            {
                "dct:title": found.title,
                f"dcat:{_address_term(found)}": _reference(found.uri),
                "dcat:mediaType": _reference(media_type) if is_uri(media_type) else media_type,
                "dct:format": found.format,
            }
        ),
    }


def _us_distribution(found: Distribution) -> Node:
    return {
        "@type": "dcat:Distribution",
        **_told(
            {
                "title": found.title,
                _address_term(found): found.uri,
                "mediaType": found.media_type,
                "format": found.format,
            }
        ),
    }
