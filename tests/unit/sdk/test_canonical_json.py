import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.errors import Rejected
from chainnode.sdk.canonical_json import DEPTH_MAX, INTEGER_MAX, canonical_bytes, parse_json
from tests.support.shared import shared

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]}',
         '{"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'),
        ('[1.0, -0.0, 0.1, 1e21, 123456789012345678901e0, 5e-324]', "[1,0,0.1,1e+21,123456789012345680000,5e-324]"),
        ('{"\\u20ac": 1, "\\r": 2, "\\ufb33": 3, "1": 4, "\\ud83d\\ude00": 5, "\\u0080": 6, "\\u00f6": 7}',
         '{"\\r":2,"1":4,"\x80":6,"ö":7,"€":1,"😀":5,"\ufb33":3}'),
        ('"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
    ],
)  # fmt: skip
def test_numbers_text_and_order_are_those_of_the_standard(text: str, canonical: str) -> None:
    """Source: RFC 8785, section 3.2: ECMAScript numbers, keys by UTF-16 code units."""
    assert canonical_bytes(parse_json(text.encode())) == canonical.encode()


@given(VALUES)
def test_canonical_form_reads_back_and_is_its_own_canonical_form(value: Any) -> None:
    data = canonical_bytes(value)
    assert json.loads(data) == value
    assert canonical_bytes(parse_json(data)) == data


def test_characters_that_look_alike_are_not_joined() -> None:
    """Unicode is not normalised: composed and decomposed letters stay two texts."""
    assert canonical_bytes("\u00e9") != canonical_bytes("e\u0301")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json-malformed"),
        (b"{", "json-malformed"),
        (b'{"a": NaN}', "json-malformed"),
        (b"[Infinity]", "json-malformed"),
        (b'"\xff"', "json-malformed"),
        (b'{"a": 1, "a": 1}', "json-duplicate-key"),
        (b'{"a": 1, "\\u0061": 2}', "json-duplicate-key"),
        (b"[9007199254740992]", "json-ambiguous"),
        (b"[-9007199254740993]", "json-ambiguous"),
        (b"[1e400]", "json-ambiguous"),
        (b'"\\ud800"', "json-ambiguous"),
        (b'{"\\udc00": 1}', "json-ambiguous"),
        (b"[" * (DEPTH_MAX + 2) + b"]" * (DEPTH_MAX + 2), "json-too-deep"),
        (b"[" * 100_000, "json-too-deep"),
        (b"[1" + b" " * 200 + b"]", "json-too-large"),
    ],
)
def test_what_readers_understand_differently_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse_json(data, bytes_max=100 if code == "json-too-large" else 200_000)
    assert caught.value.code == code


def test_value_that_json_does_not_have_is_refused() -> None:
    for value in (object(), {1: 2}, b"bytes", float("nan"), {1, 2}):
        with pytest.raises(Rejected, match=r"canonical form|name in a JSON object"):
            canonical_bytes(value)


def test_published_credential_has_the_published_canonical_form() -> None:
    """Source: W3C vc-di-eddsa, TestVectors/eddsa-jcs-2022."""
    folder = shared("vectors", "vc-di-eddsa", "eddsa-jcs-2022")
    document = parse_json((folder / "signedJCS.json").read_bytes())
    del document["proof"]
    assert canonical_bytes(document) == (folder / "canonDocJCS.txt").read_bytes().strip()
    proof = parse_json((folder / "proofConfigJCS.json").read_bytes())
    assert canonical_bytes(proof) == (folder / "proofCanonJCS.txt").read_bytes().strip()
