"""Keys of packets: IBC v2's paths below one prefix."""

from contracts.relay.path import (
    acknowledgement_key,
    acknowledgement_path,
    commitment_key,
    commitment_path,
    receipt_key,
    receipt_path,
)


def test_paths_are_those_of_ics_24() -> None:
    """ICS-24: client, 0x01 commitment, 0x02 receipt, 0x03 acknowledgement, sequence in eight bytes, big-endian."""
    assert commitment_path("chainnode-1", 258) == b"chainnode-1\x01\x00\x00\x00\x00\x00\x00\x01\x02"
    assert receipt_path("chainnode-1", 258) == b"chainnode-1\x02\x00\x00\x00\x00\x00\x00\x01\x02"
    assert acknowledgement_path("chainnode-1", 258) == b"chainnode-1\x03\x00\x00\x00\x00\x00\x00\x01\x02"


def test_keys_stand_below_the_prefix() -> None:
    """path: 'the part after the prefix is IBC v2's'."""
    for key, path in (
        (commitment_key, commitment_path),
        (receipt_key, receipt_path),
        (acknowledgement_key, acknowledgement_path),
    ):
        assert key("chainnode-1", 7) == b"relay/packets/" + path("chainnode-1", 7)
