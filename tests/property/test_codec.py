"""Canonical bytes, for any value and any damage."""

from collections.abc import Callable
from typing import Annotated

import msgpack  # type: ignore[import-untyped]
import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from chainnode.codec.canonical import Decoder, encode
from chainnode.codec.framing import FrameParser, encode_frame
from chainnode.errors import DecodeError, PeerError
from chainnode.proofs import document
from chainnode.proofs.bundle import decode_bundle
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.verifier import verify_bundle
from chainnode.types.block import decode_body, decode_header, decode_proposal
from chainnode.types.genesis import decode_genesis
from chainnode.types.parameters import decode_parameters
from chainnode.types.receipt import decode_receipt
from chainnode.types.transaction import decode_transaction
from chainnode.types.validator_set import decode_validators
from tests.support.small_chain import SmallChain, envelope


class Inner(msgspec.Struct, frozen=True, array_like=True, tag="inner"):
    data: bytes
    flag: bool | None


class Outer(msgspec.Struct, frozen=True, array_like=True, tag=9):
    number: int
    text: str
    inner: tuple[Inner, ...]
    pairs: Annotated[dict[str, int], msgspec.Meta(max_length=10)]


decode_outer = Decoder(Outer, 10_000)
inners = st.builds(Inner, st.binary(max_size=40), st.none() | st.booleans())
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**63), 2**64 - 1)
outers = st.builds(
    Outer, numbers, texts, st.lists(inners, max_size=4).map(tuple), st.dictionaries(texts, numbers, max_size=6)
)


@given(outers)
def test_value_survives_and_has_one_encoding(value: Outer) -> None:
    """Canonical round trip, and the independent library reads and writes the same bytes."""
    data = encode(value)
    assert decode_outer(data) == value
    assert msgpack.packb(msgpack.unpackb(data, strict_map_key=False)) == data


@given(outers, st.data())
def test_changed_bytes_are_refused_or_another_value(value: Outer, data: st.DataObject) -> None:
    """Mutated bytes never decode to an equal value: there is no second encoding."""
    encoded = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(encoded) - 1))
        match data.draw(st.sampled_from(["change", "insert", "remove"])):
            case "change":
                encoded[at] = data.draw(st.integers(0, 255))
            case "insert":
                encoded.insert(at, data.draw(st.integers(0, 255)))
            case "remove" if len(encoded) > 1:
                del encoded[at]
    if bytes(encoded) == encode(value):
        return
    try:
        found = decode_outer(bytes(encoded))
    except DecodeError:
        return
    assert found != value


CHAIN = SmallChain(1)
CHAIN.extend([envelope([["evidence.record", bytes(16), "file", "sha256", bytes(32), True]])], {b"k": b"v"})
CHAIN.extend()
BUNDLE = CHAIN.evidence(1, 0, bytes(16), bytes(32))
SEEDS = [encode(BUNDLE), CHAIN.headers[1], CHAIN.envelopes[1][0], CHAIN.receipts[1][0], encode(CHAIN.sets[0])]
READERS: list[Callable[[bytes], object]] = [
    decode_bundle,
    decode_header,
    decode_body,
    decode_proposal,
    decode_genesis,
    decode_parameters,
    decode_receipt,
    decode_transaction,
    decode_validators,
]


@st.composite
def hostile_bytes(draw: st.DrawFn) -> bytes:
    """Nothing like ours, or ours with parts cut, doubled, exchanged and overwritten."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=200))
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        stop = min(len(data), start + draw(st.integers(0, 40)))
        data[start:stop] = draw(st.binary(max_size=10)) * draw(st.integers(0, 3))
    return bytes(data)


@given(hostile_bytes())
@example(b"\x91" * 100_000)
@example(b"\xdf\xff\xff\xff\xff")
def test_readers_answer_any_bytes_with_a_value_or_a_coded_refusal(data: bytes) -> None:
    """Malformed, oversized or deeply nested bytes: a clear coded error, never another exception."""
    for read in READERS:
        try:
            read(data)
        except DecodeError as error:
            assert error.code


@given(hostile_bytes())
def test_verifier_accepts_no_damaged_bundle(data: bytes) -> None:
    """ProofInvalid for everything but the bundle itself, in both forms."""
    text = document.render(BUNDLE).encode()
    for form in (data, b"{" + data, text[: len(data) * 5] + data):
        try:
            verify_bundle(form, genesis_hash=CHAIN.genesis_hash)
        except ProofInvalid as error:
            assert error.code
        else:
            assert form in {text, encode(BUNDLE)}


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=50)), max_size=8), st.data())
def test_frames_survive_any_cutting_of_the_stream(frames: list[tuple[int, bytes]], data: st.DataObject) -> None:
    """The parser yields exactly the frames sent."""
    stream = b"".join(encode_frame(tag, payload) for tag, payload in frames)
    parser = FrameParser()
    found: list[tuple[int, bytes]] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += parser.feed(stream[:size])
        stream = stream[size:]
    assert found == frames


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_parser_keeps_no_more_than_a_frame_of_any_stream(chunks: list[bytes]) -> None:
    """Bounded: garbage is refused at its head or held below the bound."""
    parser = FrameParser(20)
    try:
        for chunk in chunks:
            list(parser.feed(chunk))
            assert parser.pending_bytes < 4 + 20
    except PeerError as error:
        assert error.code == "frame-size"
