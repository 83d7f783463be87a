"""The bundle's JSON form: one text for one bundle."""

import json
from typing import Any

import pytest

from chainnode.errors import DecodeError
from chainnode.proofs import document
from chainnode.proofs.bundle import Bundle
from tests.support.small_chain import SmallChain, envelope, validator_list

RECORD = ["evidence.record", bytes(16), "file", "sha256", bytes(32), True]


@pytest.fixture(scope="module")
def bundles() -> list[Bundle]:
    chain = SmallChain(1)
    chain.extend([envelope([RECORD])], {b"k": b"v"}, next_set=validator_list(1, 1))
    chain.extend()
    chain.extend()
    return [
        chain.included(1, 0, receipt=False),
        chain.evidence(1, 0, bytes(16), bytes(32)),
        chain.bundle(chain.state_at(1, b"k", b"v").claim, (2,), later=3),
        chain.state_at(1, b"x", None),
    ]


def test_text_is_lossless_and_what_other_json_writers_write(bundles: list[Bundle]) -> None:
    """Bytes as lower-case hex; the text is what JSON.stringify gives for the parsed document."""
    for bundle in bundles:
        text = document.render(bundle)
        assert document.parse(text) == bundle
        assert document.from_document(json.loads(text)) == bundle
        assert json.dumps(json.loads(text), separators=(",", ":")) == text
        assert text.isascii()


def test_document_names_its_fields(bundles: list[Bundle]) -> None:
    """Objects hold the bundle's fields by name and in order; a claim's kind comes first."""
    found: Any = document.to_document(bundles[3])
    assert list(found) == ["version", "claim", "headers", "history", "authority"]
    assert list(found["claim"]) == ["kind", "key", "key_hash", "proof"]
    assert found["claim"]["kind"] == "state-absent"
    assert found["claim"]["key"] == b"x".hex()
    assert list(found["authority"]) == ["certificate", "genesis_header", "genesis_validators", "links"]


def test_text_of_any_other_form_is_refused(bundles: list[Bundle]) -> None:
    """Spacing, case, escapes, order, double fields: refused although they parse."""
    text = document.render(bundles[1])
    for other in (
        text + "\n",
        " " + text,
        text.replace(":", ": ", 1),
        text.replace('"kind"', '"\\u006bind"'),
        text.replace("{", '{"version":1,', 1),
        json.dumps(dict(reversed(json.loads(text).items())), separators=(",", ":")),
        text.replace(bundles[1].headers[0].hex(), bundles[1].headers[0].hex().upper()),
        text.replace('"version":1', '"version":1.0'),
        text.replace('"version":1', '"version":true'),
        text.replace('"version":1', '"version":' + "1" * 5_000),
    ):
        assert other != text
        with pytest.raises(DecodeError):
            document.parse(other)


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "1", '"x"', "{}", "[" * 100_000, "NaN", '{"version":NaN}', '{"version":"\\ud800"}'],
)
def test_text_that_is_no_bundle_is_refused(text: str) -> None:
    """Whatever a stranger sends gets a coded error."""
    with pytest.raises(DecodeError):
        document.parse(text)


def test_document_with_a_wrong_field_is_refused(bundles: list[Bundle]) -> None:
    """Unknown or missing fields refused, at every level; a wrong type never gets through."""
    original = json.loads(document.render(bundles[2]))
    tried = 0

    def mutations(value: Any) -> Any:
        if isinstance(value, dict):
            for name in value:
                yield {k: v for k, v in value.items() if k != name}
                for changed in mutations(value[name]):
                    yield {**value, name: changed}
            yield {**value, "extra": 1}
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from ([*value[:index], changed, *value[index + 1 :]] for changed in mutations(item))
        yield from (wrong for wrong in (7, "zz", "A", [1], {"kind": "?"}, 1.5, True) if wrong != value)

    for changed in mutations(original):
        tried += 1
        # Another version number is a well-formed bundle; refusing it is the verifier's part.
        if changed == {**original, "version": 7}:
            continue
        with pytest.raises(DecodeError):
            document.from_document(changed)
    assert tried > 150


def test_text_is_bounded() -> None:
    """Twice the bound of the bytes, and some for names."""
    with pytest.raises(DecodeError) as caught:
        document.parse(" " * (document.TEXT_CHARACTERS_MAX + 1))
    assert caught.value.code == "too-large"
