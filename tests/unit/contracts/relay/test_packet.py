"""Hashes of packets: others' verifiers must find the same bytes."""

from hashlib import sha256

from contracts.relay.packet import (
    ERROR_ACKNOWLEDGEMENT,
    Packet,
    Payload,
    acknowledgement_commitment,
    packet_commitment,
)

TRANSFER = b'{"denom":"uatom","amount":"1000000","sender":"sender","receiver":"receiver","memo":"memo"}'
PAYLOAD = Payload("transfer", "transfer", "ics20-1", "application/json", TRANSFER)
PACKET = Packet(1, 100, "07-tendermint-0", "07-tendermint-1", (PAYLOAD,))


def test_commitment_is_that_of_the_reference_implementation() -> None:
    """ibc-go, channel v2 types, TestCommitPacket, 'json packet': the time-out is big-endian."""
    assert packet_commitment(PACKET).hex() == "a096722aa6534040a0efbdae05765132a7b223ad306d6512f3734821bd046505"


def abi_string(text: str) -> bytes:
    """Length and padded bytes, as Solidity writes them."""
    data = text.encode()
    return len(data).to_bytes(32, "big") + data + bytes(-len(data) % 32)


def test_commitment_of_binary_content_is_that_of_the_reference_implementation() -> None:
    """ibc-go, TestCommitPacket, 'abi packet': denom, sender, receiver, amount, memo as a Solidity struct."""
    words = (32, 160, 224, 288, 1_000_000, 352)
    texts = b"".join(abi_string(text) for text in ("uatom", "sender", "receiver", "memo"))
    value = b"".join(word.to_bytes(32, "big") for word in words) + texts
    payload = Payload("transfer", "transfer", "ics20-1", "application/x-solidity-abi", value)
    found = packet_commitment(Packet(1, 100, "07-tendermint-0", "07-tendermint-1", (payload,)))
    assert found.hex() == "d408dca5088b9b375edb3c4df6bae0e18084fc0dbd90fcd0d028506553c81b25"


def test_acknowledgement_has_no_success_byte() -> None:
    """ibc-go v10: H(0x02 || H(answer)); v9 put a byte between, whose hash begins with 47a3 for a failure."""
    again = sha256(b"\x02" + sha256(b"some bytes").digest()).hexdigest()
    known = "f03b4667413e56aaf086663267913e525c442b56fa1af4fa3f3dab9f37044c5b"
    assert acknowledgement_commitment([b"some bytes"]).hex() == known == again


def test_error_acknowledgement_is_the_universal_one() -> None:
    """IBC v2: SHA-256 of a fixed text."""
    assert ERROR_ACKNOWLEDGEMENT.hex() == "4774d4a575993f963b1c06573736617a457abef8589178db8d10c94b4ab511ab"
