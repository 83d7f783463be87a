"""Bodies are read strictly: each accepted form gives the same bytes, everything else a coded refusal."""

import base64
import json
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.api.body import JSON_BYTES_MAX, parse_json, read_json, read_msgpack
from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import Rejected
from chainnode.limits import BULK_TRANSACTIONS_MAX
from chainnode.types.transaction import build_payload, sign_payload, tx_id_of

KEYS = [SigningKey(bytes([n]) * 32) for n in (1, 2)]
PAYLOAD = build_payload("c", "did:cnode:c:" + "a" * 32, bytes(16), 9, [b"\x90"])
ENVELOPE = sign_payload(PAYLOAD, KEYS)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def refusal(body: bytes | str) -> str:
    with pytest.raises(Rejected) as caught:
        read_json(body if isinstance(body, bytes) else body.encode())
    return caught.value.code


def parts() -> dict:
    message = b"chainnode/tx-signature/v1\x00"
    signed = message + tx_id_of(PAYLOAD, [key.public_key for key in KEYS])
    signatures = [
        {"scheme": "ed25519", "public_key": key.public_key.hex(), "signature": b64(key.sign(signed))} for key in KEYS
    ]
    return {"payload": b64(PAYLOAD), "signatures": signatures}


def test_one_envelope_in_msgpack_is_taken_as_it_is() -> None:
    assert read_msgpack(ENVELOPE) == ([ENVELOPE], False)


def test_an_array_of_envelopes_is_a_bulk_submission() -> None:
    other = ENVELOPE[:-1] + b"\x00"
    assert read_msgpack(msgspec.msgpack.encode([ENVELOPE, other])) == ([ENVELOPE, other], True)
    assert read_msgpack(msgspec.msgpack.encode([ENVELOPE])) == ([ENVELOPE], True)


def test_other_msgpack_is_left_to_admission_to_refuse() -> None:
    """Admission names what is wrong with an envelope; the body reader only counts."""
    for body in (b"\xc0", msgspec.msgpack.encode({"a": 1}), msgspec.msgpack.encode(["text"]), b"\xff" * 40):
        assert read_msgpack(body) == ([body], False)


@pytest.mark.parametrize("body", [b"", b"\x90"])
def test_nothing_in_msgpack_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        read_msgpack(body)
    assert caught.value.code == "body-empty"


def test_more_transactions_than_allowed_are_refused() -> None:
    with pytest.raises(Rejected) as caught:
        read_msgpack(msgspec.msgpack.encode([b"x"] * (BULK_TRANSACTIONS_MAX + 1)))
    assert caught.value.code == "too-many-transactions"
    many = {"transactions": [{"envelope": ""}] * (BULK_TRANSACTIONS_MAX + 1)}
    assert refusal(json.dumps(many)) == "too-many-transactions"


def test_every_json_form_makes_the_same_bytes() -> None:
    assert read_json(json.dumps({"envelope": b64(ENVELOPE)}).encode()) == ([ENVELOPE], False)
    assert read_json(json.dumps(parts()).encode()) == ([ENVELOPE], False)
    both = {"transactions": [{"envelope": b64(ENVELOPE)}, parts()]}
    assert read_json(json.dumps(both).encode()) == ([ENVELOPE, ENVELOPE], True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "body-empty"),
        (b'{"transactions":[]}', "body-empty"),
        (b"{", "body-malformed"),
        (b"null", "body-malformed"),
        (b"[]", "body-malformed"),
        (b'"text"', "body-malformed"),
        (b"\xff\xfe{}", "body-malformed"),
        (b'{"envelope":"\xed\xa0\x80"}', "body-malformed"),
        (b'{"envelope":"\\ud800"}', "body-malformed"),
        (b'{"envelope":"????"}', "body-malformed"),
        (b'{"envelope":"YQ"}', "body-malformed"),
        (b'{"envelope":1}', "body-malformed"),
        (b'{"envelope":"YQ==","payload":"YQ=="}', "body-malformed"),
        (b'{"payload":"YQ=="}', "body-malformed"),
        (b'{"payload":"YQ==","signatures":[]}', "body-malformed"),
        (b'{"payload":"YQ==","signatures":[{"scheme":"rsa","public_key":"00","signature":""}]}', "body-malformed"),
        (b'{"transactions":{}}', "body-malformed"),
        (b'{"transactions":[1]}', "body-malformed"),
        (b'{"envelope":"YQ==","extra":1}', "body-malformed"),
        (b'{"envelope":NaN}', "body-malformed"),
        (b'{"envelope":-Infinity}', "body-malformed"),
        (b'{"envelope":"YQ==","envelope":"Yg=="}', "body-duplicate-key"),
        (b'{"transactions":[{"envelope":"YQ==","envelope":"YQ=="}]}', "body-duplicate-key"),
        (b'{"envelope":' + b"9" * 5_000 + b"}", "body-malformed"),
        (b"[" * 100_000, "body-too-deep"),
        (b"[" * 100_000 + b"]" * 100_000, "body-too-deep"),
        (b'{"a":' * 9 + b"1" + b"}" * 9, "body-too-deep"),
        (b" " * (JSON_BYTES_MAX + 1), "body-too-large"),
    ],
)
def test_bad_json_is_refused_with_its_code(body: bytes, code: str) -> None:
    """T1, T12, T13: a coded refusal, never an exception of the parser."""
    assert refusal(body) == code


def test_brackets_inside_strings_are_no_depth() -> None:
    assert parse_json(json.dumps({"a": "[" * 1_000 + '"\\' + "{" * 1_000}).encode())["a"].startswith("[")


def test_eight_levels_are_allowed() -> None:
    assert parse_json(b"[" * 8 + b"]" * 8) == json.loads("[" * 8 + "]" * 8)


def test_hostile_json_costs_no_more_than_its_size() -> None:
    """Depth is found at the speed of a scan: 2 MiB of brackets may not stop the loop for long."""
    half = JSON_BYTES_MAX // 2
    endless = (b'"' + b"\\" * (JSON_BYTES_MAX - 2), b'\\"' * half, b'"\\' * half)
    for body in (b"[]" * half, b"[" * JSON_BYTES_MAX, *endless):
        began = time.perf_counter()
        assert refusal(body) in {"body-too-deep", "body-malformed"}
        assert time.perf_counter() - began < 1.0


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (read_json, read_msgpack):
        try:
            assert read(body).envelopes
        except Rejected as error:
            assert error.code.startswith(("body-", "too-many"))


def test_list_is_counted_before_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bound first: a body of 8 MiB could hold four million empty envelopes."""

    def never(_body: bytes) -> list[bytes]:
        raise AssertionError("built before it was counted")

    monkeypatch.setattr("chainnode.api.body._decode_list", never)
    for body in (msgspec.msgpack.encode([b""] * 100_000), b"\xdc\x13\x89" + b"\xc4\x00" * 5_001):
        with pytest.raises(Rejected) as caught:
            read_msgpack(body)
        assert caught.value.code == "too-many-transactions"
