"""Why a catalogue, or one entry of it, cannot be taken over."""

from typing import Final

from contracts.kernel.outcome import Code

CODES: Final[dict[str, Code]] = {
    "catalogue-not-json": Code(
        "Not JSON",
        "The document is not JSON in UTF-8, or holds numbers that JSON does not know (NaN, Infinity).",
        "Export the catalogue again; RFC 8259 is the standard it must follow.",
    ),
    "catalogue-duplicate-key": Code(
        "Duplicate key",
        "An object names one property twice, and readers would disagree on which counts.",
        "Remove one of the two.",
    ),
    "catalogue-too-deep": Code(
        "Nested too deep",
        "The document nests deeper than any catalogue does.",
        "Check that this is a catalogue.",
    ),
    "catalogue-too-large": Code(
        "Catalogue too large",
        "The document, or its number of entries, exceeds what one import takes.",
        "Split it by publisher or theme.",
    ),
    "catalogue-no-datasets": Code(
        "No data sets",
        "The document has neither a dataset list nor nodes of the type Dataset.",
        "DCAT-US keeps them under dataset; DCAT 3 under dcat:dataset or as nodes of @graph.",
    ),
    "catalogue-duplicate-id": Code(
        "Identifier stands twice",
        "Two entries of the catalogue have the same identifier; only the first of them counts.",
        "Give each entry its own identifier; the message names both positions.",
    ),
    "entry-not-object": Code(
        "Not an object",
        "The entry is not an object with properties, or a reference that leads nowhere.",
        "Look at the entry's position in the list.",
    ),
    "entry-no-identifier": Code(
        "No identifier",
        "The entry has no usable identifier, so it could not be found again.",
        "Give it a short text that stays the same in later versions of the catalogue.",
    ),
    "entry-asset-terms": Code(
        "Unusable asset terms",
        "What the entry states in the vocabulary of this ledger is more, or something else, than a record can hold.",
        "Export the entry again, or remove its terms that begin with asset.",
    ),
    "entry-no-title": Code(
        "No title",
        "The entry has no usable title.",
        "Give it a title in at least one language.",
    ),
}
