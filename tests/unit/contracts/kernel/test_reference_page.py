import re

import pytest

from contracts.kernel.document import Document
from contracts.kernel.reference import reference
from contracts.kernel.reference_page import anchor, reference_page, type_words
from contracts.kernel.registry import CODES, EVENTS, OPERATIONS

PAGE = reference_page(reference())


def test_page_shows_everything_and_links_what_is_there() -> None:
    headings = [anchor(line.lstrip("# ")) for line in PAGE.splitlines() if line.startswith("#")]
    assert len(headings) == len(set(headings)), "two headings share one anchor"
    for target in re.findall(r"\]\(#([^)]+)\)", PAGE):
        assert target in headings, target
    for name in (*OPERATIONS, *EVENTS, *CODES):
        assert f"`{name}`" in PAGE
    assert PAGE.endswith("|\n")


def test_table_rows_have_as_many_cells_as_their_heading() -> None:
    width = 0
    for line in PAGE.splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert width in (0, cells) or not cells, line
        width = cells


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "format": "hex", "minLength": 32, "maxLength": 64}, "hex, 16 to 32 bytes"),
        ({"type": "string", "format": "hex", "minLength": 64, "maxLength": 64}, "hex, 32 bytes"),
        ({"type": "string", "format": "did", "maxLength": 128}, "DID, at most 128 characters"),
        ({"type": "string", "pattern": "^a$"}, "text of a set form"),
        ({"type": "string", "minLength": 1}, "text, at least 1 characters"),
        ({"type": "integer", "minimum": 0, "maximum": 10_000}, "integer, 0 to 10,000"),
        ({"type": "integer", "minimum": 0}, "integer, at least 0"),
        ({"type": "integer"}, "integer"),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 8}, "list of at most 8 `a` · `b`"),
        ({"anyOf": [{"$ref": "#/$defs/kernel.Rule"}, {"type": "null"}]}, "[kernel.Rule](#kernelrule) or nothing"),
    ],
)
def test_form_of_a_field_is_told_in_words(schema: Document, words: str) -> None:
    assert type_words(schema) == words
