"""The beginning every node of a chain shares."""

from hashlib import sha256

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import DecodeError
from chainnode.types.block import decode_header
from chainnode.types.genesis import (
    EMPTY_TREE_ROOT,
    Genesis,
    check_genesis_keys,
    decode_genesis,
    genesis_hash,
    genesis_header,
)
from chainnode.types.validator_set import ObserverNode, Validator, ValidatorList, validator_of, validators_hash

MEMBER = Validator("v", "did:v", bytes(32), b"\x01" * 32)
GENESIS = Genesis(
    1,
    "devnet",
    1_700_000_000_000,
    "ed25519-sha256",
    ValidatorList(0, (MEMBER,)),
    (ObserverNode("o", "did:o", b"\x02" * 32),),
    (msgspec.Raw(msgpack.packb(["governance.grant_role", 1])),),
)


def test_genesis_is_plain_message_pack() -> None:
    """Genesis [tag 8, version, chain_id, time_ms, crypto_suite, validators, observers, operations]; golden."""
    plain = [
        8,
        1,
        "devnet",
        1_700_000_000_000,
        "ed25519-sha256",
        [6, 0, [["v", "did:v", bytes(32), b"\x01" * 32, b"", b""]]],
        [["o", "did:o", b"\x02" * 32]],
        [["governance.grant_role", 1]],
    ]
    assert msgpack.packb(plain) == encode(GENESIS)
    assert encode(decode_genesis(encode(GENESIS))) == encode(GENESIS)
    assert genesis_hash(encode(GENESIS)).hex() == "c8cb63b3ebc04d0fa20c2175d390b10c2922d95e354c176f77eceaabd7a5d266"


def test_genesis_block_commits_to_the_document() -> None:
    """Its tx_root is the RFC 6962 root over the one leaf of the genesis bytes; its set names the first validators."""
    header = decode_header(genesis_header(encode(GENESIS)))
    assert header.tx_root == sha256(b"\x00" + encode(GENESIS)).digest()
    assert header.validators_hash == header.next_validators_hash == validators_hash(GENESIS.validators)
    assert (header.height, header.parent_hash, header.time_ms) == (0, bytes(32), GENESIS.time_ms)
    assert header.history_root == EMPTY_TREE_ROOT == sha256(b"").digest()


def test_every_byte_of_the_document_changes_the_hash() -> None:
    """The hash is the chain's identity."""
    hashes = {genesis_hash(encode(GENESIS))}
    for name, value in (("chain_id", "other"), ("time_ms", 1), ("observers", ()), ("operations", ())):
        hashes.add(genesis_hash(encode(msgspec.structs.replace(GENESIS, **{name: value}))))
    assert len(hashes) == 5


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"version": 2}, "version"),
        ({"chain_id": "Not A Name"}, "chain-id"),
        ({"crypto_suite": "md5"}, "crypto-suite"),
        ({"validators": ValidatorList(0, (MEMBER, MEMBER))}, "duplicate-key"),
        ({"validators": ValidatorList(0, ())}, "malformed"),
        ({"time_ms": -1}, "malformed"),
    ],
)
def test_genesis_of_another_form_is_refused(fields: dict[str, object], code: str) -> None:
    """A founder's mistake is named before any node starts."""
    data = encode(msgspec.structs.replace(GENESIS, **fields))
    for read in (decode_genesis, genesis_header, genesis_hash):
        with pytest.raises(DecodeError) as caught:
            read(data)
        assert caught.value.code == code


def test_genesis_that_is_not_canonical_is_refused() -> None:
    """Two documents with one meaning would be two chains."""
    with pytest.raises(DecodeError):
        decode_genesis(b"\xdc\x00\x08" + encode(GENESIS)[1:])
    with pytest.raises(DecodeError):
        decode_genesis(encode(GENESIS) + b"\x00")


def test_founder_shows_that_it_holds_its_seal_key() -> None:
    """A proof of possession is checked where a key enters the chain."""
    first, other = (validator_of("v", "did:v", SigningKey(bytes((n,)) * 32), bytes(32)) for n in (1, 2))
    check_genesis_keys(msgspec.structs.replace(GENESIS, validators=ValidatorList(0, (first,))))
    forged = msgspec.structs.replace(first, seal_proof=other.seal_proof)
    with pytest.raises(DecodeError) as caught:
        check_genesis_keys(msgspec.structs.replace(GENESIS, validators=ValidatorList(0, (forged,))))
    assert caught.value.code == "seal-proof"
