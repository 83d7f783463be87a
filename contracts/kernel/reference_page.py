"""The reference as a page of Markdown: what ``contracts/OPERATIONS.md`` holds."""

from collections.abc import Iterable, Sequence
from typing import Any

from contracts.kernel.document import Document


def reference_page(document: Document) -> str:
    """The page of a ``reference`` document; ends with a line feed."""
    families = document["families"]
    lines = ["# Operations", ""]
    lines += _paragraph(
        "Written by `chainnode operations --markdown` from the tables that drive the checks; a test compares. The JSON "
        "form of an operation is an object with `operation`, its name, and the fields below; bytes are lower-case hex, "
        "times are milliseconds since 1970 UTC. On the wire it is the canonical MessagePack array of the name and "
        "every field in this order. *Who* is the default rule; the consortium may set its own."
    )
    rows = [
        (f"[`{found['name']}`](#{anchor(found['name'])})", found["who"], found["genesis"], found["summary"])
        for family in families
        for found in family["operations"]
    ]
    lines += _table(("operation", "who", "at genesis", "what it does"), rows)
    for family in families:
        lines += _family(family)
    lines += ["## Types", ""]
    for name, schema in document["$defs"].items():
        lines += [f"### {name}", "", *_paragraph(schema["description"]), *_fields(schema)]
    lines += ["## Refusals that any operation can meet", "", *_codes(document["kernel_codes"])]
    return "\n".join(lines).rstrip("\n") + "\n"


def anchor(heading: str) -> str:
    """How a page refers to one of its headings."""
    kept = "".join(char for char in heading.lower() if char.isascii() and (char.isalnum() or char in "-_ "))
    return kept.replace(" ", "-")


def type_words(schema: Document) -> str:
    """A schema in a few words, such as ``hex, 16 to 32 bytes`` or ``list of at most 8 of [Rule](#...)``."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{anchor(name)})"
    if "anyOf" in schema:
        return " or ".join(type_words(member) for member in schema["anyOf"])
    if "enum" in schema:
        return " · ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema["type"]
    if kind == "array":
        if "prefixItems" in schema:
            return "list of " + ", ".join(type_words(item) for item in schema["prefixItems"])
        size = _span(schema.get("minItems"), schema.get("maxItems"), "")
        return f"list of {size}{' ' if size else ''}{type_words(schema['items'])}"
    if kind == "integer":
        return f"integer{_range(schema)}"
    if kind == "string":
        return _string_words(schema)
    return {"boolean": "true or false", "null": "nothing"}.get(kind, str(kind))


def _string_words(schema: Document) -> str:
    least, most = schema.get("minLength"), schema.get("maxLength")
    form = schema.get("format")
    if form == "hex":
        halved = _span(None if least is None else least // 2, None if most is None else most // 2, " bytes")
        return f"hex, {halved}" if halved else "hex"
    words = {"line": "one line", "text": "text", "uri": "URI", "did": "DID"}.get(form or "", "text of a set form")
    if form is None and "pattern" not in schema:
        words = "text"
    size = _span(least, most, " characters")
    return f"{words}, {size}" if size else words


def _span(least: int | None, most: int | None, unit: str) -> str:
    if most is None:
        return "" if not least else f"at least {least:,}{unit}"
    if least == most:
        return f"{most:,}{unit}"
    return f"{least:,} to {most:,}{unit}" if least else f"at most {most:,}{unit}"


def _range(schema: Document) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return ""
    if most is None:
        return f", at least {least:,}"
    return f", at most {most:,}" if least is None else f", {least:,} to {most:,}"


def _family(family: Document) -> list[str]:
    lines = [f"## {family['name']}", "", *_paragraph(family["summary"])]
    for found in family["operations"]:
        lines += _operation(found)
    for machine in family["lifecycles"]:
        refused = f"Any other step is refused with `{machine['code']}`."
        rows = [(step["from"] or "(none)", step["action"], step["to"]) for step in machine["transitions"]]
        lines += [f"### States of {machine['name']}", "", *_table(("from", "action", "to"), rows), refused, ""]
    if family["events"]:
        rows = [_event_row(event) for event in family["events"]]
        lines += [f"### Events of {family['name']}", "", *_table(("event", "attributes (bold: indexed)", "says"), rows)]
    for found in family["collections"]:
        lines += _collection(found)
    return [*lines, f"### Refusals of {family['name']}", "", *_codes(family["codes"])]


def _operation(found: Document) -> list[str]:
    facts = [f"Who: {found['who']}. At genesis: {found['genesis']}."]
    if found["feature"]:
        facts.append(f"From the activation of `{found['feature']}`.")
    if found["work"] > 1:
        facts.append(f"Counts for {found['work']} operations in a block.")
    codes = ", ".join(f"`{code}`" for code in found["codes"]) or "none of its own"
    lines = [f"### {found['name']}", "", *_paragraph(found["summary"]), *_paragraph(" ".join(facts))]
    return [*lines, *_fields(found["schema"]), f"Refusals: {codes}.", ""]


def _fields(schema: Document) -> list[str]:
    rows = [
        (f"`{name}`", type_words(field), _default(field), field.get("description", ""))
        for name, field in schema["properties"].items()
        if name != "operation"
    ]
    return _table(("field", "form", "default", "meaning"), rows) if rows else ["No fields.", ""]


def _collection(found: Document) -> list[str]:
    rows = [
        (f"`{one['name']}`", type_words(one["schema"]), f"`{one['path']}`", one["found_by"])
        for one in found["filters"]
    ]
    facts = f"`GET {found['path']}` lists, `GET {found['record_path']}` reads one. {found['summary']}"
    table = _table(("filter", "form", "field", "found by"), rows) if rows else ["No filters.", ""]
    return [f"### Reading {found['name']}", "", facts, "", *table]


def _default(field: Document) -> str:
    if "default" not in field:
        return "required"
    value = field["default"]
    if value in ("", [], None):
        return "empty"
    if isinstance(value, dict):
        return "its defaults"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _event_row(event: Document) -> tuple[str, str, str]:
    names = [f"**{name}**" if name in event["indexed"] else name for name in event["attributes"]]
    return f"`{event['name']}`", ", ".join(names), event["summary"]


def _codes(codes: Document) -> list[str]:
    rows = [(f"`{name}`", code["meaning"], code["hint"]) for name, code in codes.items()]
    return _table(("code", "means", "what to do"), rows) if rows else ["None.", ""]


def _table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return [*lines, ""]


def _cell(value: object) -> str:
    return " ".join(str(value).replace("|", "\\|").split())


def _paragraph(text: str) -> list[str]:
    return [" ".join(text.split()), ""]
