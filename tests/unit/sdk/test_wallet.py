"""A wallet signs what a node will take, and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from chainnode.crypto.ed25519 import SigningKey, verify
from chainnode.errors import Misuse, Rejected
from chainnode.limits import OPERATIONS_MAX
from chainnode.sdk.keystore import write_development_key
from chainnode.sdk.wallet import Wallet
from chainnode.types.ids import did_of_key
from chainnode.types.transaction import decode_transaction
from contracts.evidence.operations import RecordEvidence
from contracts.kernel.registry import decode_operations

KEYS = [SigningKey(bytes([number]) * 32) for number in range(1, 4)]
OPERATION = RecordEvidence(bytes(16), "file", "sha256", bytes(32), False)


def code_of(operations: list, **more: Any) -> str:
    with pytest.raises(Rejected) as caught:
        Wallet("c-1", KEYS).sign(operations, valid_until=9, **more)
    return caught.value.code


def test_a_signed_transaction_reads_back_as_asked() -> None:
    signed = Wallet("c-1", KEYS[:2]).sign([OPERATION], valid_until=77, memo="why")
    transaction = decode_transaction(signed.envelope)
    decode_operations(transaction)
    assert transaction.tx_id == signed.tx_id
    payload = transaction.payload
    assert (payload.chain_id, payload.valid_until, payload.memo) == ("c-1", 77, "why")
    assert payload.sender == did_of_key("c-1", KEYS[0].public_key)
    assert transaction.operations == (OPERATION,)
    for signature, key in zip(transaction.signatures, KEYS, strict=False):
        assert signature.public_key == key.public_key
        assert verify(key.public_key, transaction.signed_bytes, signature.signature)


def test_the_same_request_twice_is_two_transactions() -> None:
    """16 random bytes: two equal requests are two transactions; replay is the envelope's own repetition."""
    wallet = Wallet("c-1", KEYS[:1])
    assert wallet.sign([OPERATION], valid_until=9).tx_id != wallet.sign([OPERATION], valid_until=9).tx_id


def test_encoded_operations_are_taken_as_they_are() -> None:
    signed = Wallet("c-1", KEYS[:1]).sign([b"\x91\xa1x"], valid_until=9)
    assert [bytes(raw) for raw in decode_transaction(signed.envelope).payload.operations] == [b"\x91\xa1x"]


def test_another_identity_than_the_first_keys_can_be_named() -> None:
    wallet = Wallet("c-1", KEYS[:1], did="did:cnode:c-1:" + "a" * 32)
    payload = decode_transaction(wallet.sign([OPERATION], valid_until=9).envelope).payload
    assert payload.sender == wallet.did


def test_what_no_node_would_take_is_refused_before_signing() -> None:
    assert code_of([]) == "operation-count"
    assert code_of([OPERATION] * (OPERATIONS_MAX + 1)) == "operation-count"
    assert code_of([OPERATION], memo="ü" * 129) == "memo-too-large"
    assert code_of([b"\xc6\x00\x04\x00\x00" + bytes(256 * 1024)]) == "too-large"


@pytest.mark.parametrize("keys", [[], [KEYS[0], KEYS[0]], [SigningKey(bytes([n]) * 32) for n in range(17)]])
def test_a_wallet_holds_one_to_sixteen_different_keys(keys: list[SigningKey]) -> None:
    with pytest.raises(Misuse) as caught:
        Wallet("c-1", keys)
    assert caught.value.code == "wallet-keys"


def test_a_chain_id_is_checked() -> None:
    with pytest.raises(Misuse):
        Wallet("Not A Chain", KEYS[:1])


def test_a_wallet_opens_a_key_file(tmp_path: Path) -> None:
    write_development_key(tmp_path / "key", KEYS[1], name="dev")
    wallet = Wallet.open("c-1", tmp_path / "key")
    assert wallet.public_keys == (KEYS[1].public_key,)
    assert wallet.did == did_of_key("c-1", KEYS[1].public_key)


def test_its_text_shows_no_secret() -> None:
    wallet = Wallet("c-1", KEYS)
    assert not any(key.seed.hex() in repr(wallet) for key in KEYS)
