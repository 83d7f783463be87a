"""Envelopes and payloads."""

from hashlib import sha256

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest

from chainnode import limits
from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey, verify
from chainnode.errors import DecodeError
from chainnode.types.transaction import (
    Envelope,
    Payload,
    Signature,
    build_payload,
    decode_transaction,
    sign_payload,
    tx_id_of,
)

KEY, OTHER = SigningKey(bytes(32)), SigningKey(b"\x01" * 32)
OPERATIONS = [msgpack.packb(["asset.register", 1]), msgpack.packb(["evidence.record", b"x"])]
PAYLOAD = build_payload("devnet", "did:cnode:devnet:x", bytes(16), 77, OPERATIONS, "note")
NESTED = [["asset.register", 1], ["evidence.record", b"x"]]
PLAIN = [1, 1, "devnet", "did:cnode:devnet:x", bytes(16), 77, NESTED, "note"]


def code_of(envelope: bytes) -> str:
    with pytest.raises(DecodeError) as caught:
        decode_transaction(envelope)
    return caught.value.code


def with_payload(**fields: object) -> bytes:
    payload = msgspec.msgpack.decode(PAYLOAD, type=Payload)
    return sign_payload(encode(msgspec.structs.replace(payload, **fields)), [KEY])


def test_payload_is_plain_message_pack() -> None:
    """Payload [tag 1, version, chain_id, sender, nonce, valid_until, operations, memo]."""
    assert msgpack.packb(PLAIN) == PAYLOAD
    assert msgpack.unpackb(PAYLOAD) == PLAIN
    assert sha256(PAYLOAD).hexdigest() == "3a2ed510a5f999dc342a122dd03a1bc89a51b9ed5d6aec67dff331cbcf5ee294"


def test_envelope_is_payload_and_signatures() -> None:
    """Envelope [payload: bytes, signatures: [[scheme, public_key, signature], ...]]."""
    envelope = sign_payload(PAYLOAD, [KEY, OTHER])
    message = b"chainnode/tx-signature/v1\x00" + tx_id_of(PAYLOAD, [KEY.public_key, OTHER.public_key])
    plain = [PAYLOAD, [[1, key.public_key, key.sign(message)] for key in (KEY, OTHER)]]
    assert msgpack.packb(plain) == envelope


def test_id_names_the_payload_and_who_signs_it() -> None:
    """tx_id = H("tx", [payload, signers]): no other keys can use up the id of a request by having it refused."""
    one, two, turned = (
        decode_transaction(sign_payload(PAYLOAD, keys)) for keys in ([KEY], [OTHER, KEY], [KEY, OTHER])
    )
    signers = msgpack.packb([PAYLOAD, [[1, KEY.public_key]]])
    assert one.tx_id == sha256(b"chainnode/tx/v1\x00" + signers).digest()
    assert len({one.tx_id, two.tx_id, turned.tx_id}) == 3


def test_id_does_not_depend_on_the_signatures() -> None:
    """A signature covers the id and can never change it; the envelope's own hash tells forgeries apart."""
    one = decode_transaction(sign_payload(PAYLOAD, [KEY]))
    signature = one.signatures[0]
    forged = encode(Envelope(PAYLOAD, (Signature(signature.scheme, signature.public_key, bytes(64)),)))
    two = decode_transaction(forged)
    assert one.tx_id == two.tx_id
    assert one.leaf_hash != two.leaf_hash
    assert one.leaf_hash == sha256(b"\x00" + one.envelope).digest()


def test_decoded_transaction_keeps_what_was_signed() -> None:
    """Decoded once, hashed once; operations stay raw bytes here."""
    found = decode_transaction(sign_payload(PAYLOAD, [KEY]))
    assert [bytes(raw) for raw in found.payload.operations] == OPERATIONS
    assert (found.payload.chain_id, found.payload.valid_until, found.payload.memo) == ("devnet", 77, "note")
    assert verify(found.signatures[0].public_key, found.signed_bytes, found.signatures[0].signature)


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (b"", "malformed"),
        (b"\xc0", "malformed"),
        (sign_payload(PAYLOAD, [KEY]) + b"\x00", "malformed"),
        (bytes(limits.ENVELOPE_BYTES_MAX + 1), "too-large"),
        (sign_payload(PAYLOAD, [KEY, KEY]), "duplicate-signer"),
        (sign_payload(PAYLOAD, []), "malformed"),
        (sign_payload(PAYLOAD, [SigningKey(bytes((n,)) * 32) for n in range(17)]), "malformed"),
        (sign_payload(PAYLOAD + b"\x00", [KEY]), "malformed"),
        (sign_payload(PAYLOAD[:-5], [KEY]), "malformed"),
        (sign_payload(msgpack.packb(PLAIN[:-1]), [KEY]), "not-canonical"),
        (sign_payload(msgpack.packb([2, *PLAIN[1:]]), [KEY]), "malformed"),
        (with_payload(version=2), "version"),
        (with_payload(nonce=bytes(15)), "malformed"),
        (with_payload(valid_until=2**53 + 1), "malformed"),
        (with_payload(valid_until=-1), "malformed"),
        (with_payload(operations=()), "malformed"),
        (with_payload(operations=(msgspec.Raw(b"\x01"),) * 129), "malformed"),
        (with_payload(memo="m" * 257), "malformed"),
        (with_payload(chain_id="c" * 49), "malformed"),
        (with_payload(sender="d" * 129), "malformed"),
        (encode(Envelope(PAYLOAD, (Signature(256, b"", b""),))), "malformed"),
        (encode(Envelope(PAYLOAD, (Signature(1, bytes(257), b""),))), "malformed"),
        (encode(Envelope(bytes(limits.PAYLOAD_BYTES_MAX + 1), (Signature(1, b"", b""),))), "malformed"),
    ],
)
def test_envelope_of_another_form_is_refused_with_a_code(envelope: bytes, code: str) -> None:
    """Malformed, non-canonical or oversized bytes get a clear coded error."""
    assert code_of(envelope) == code


def test_operations_nested_without_end_are_refused() -> None:
    """Deeply nested bytes: a coded error, not a recursion."""
    nested = b"\x91" * 100_000 + b"\xc0"
    assert code_of(sign_payload(build_payload("c", "d", bytes(16), 1, [nested]), [KEY])) == "malformed"
