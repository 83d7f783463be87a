"""Where a packet's commitment, receipt and acknowledgement stand in a chain's state.

    relay/packets/ || client || 0x01 || BE64(sequence)     commitment, on the sending chain; client is its own
    relay/packets/ || client || 0x02 || BE64(sequence)     receipt, on the receiving chain
    relay/packets/ || client || 0x03 || BE64(sequence)     acknowledgement, on the receiving chain

The part after the prefix is IBC v2's; its eight raw bytes make these the only state keys that
``chainnode.state.keys`` does not write, and their values (32 raw bytes; one for a receipt) the only ones that are no
MessagePack. A verifier of another kind of chain joins the same bytes. Client ids hold no control characters and the
rest has a fixed length, so no two packets share a key; nothing else is ever written below the prefix.

Source: ICS-24 of IBC v2, "Provable Path-space".
"""

from typing import Final

from chainnode.state.keys import prefix

PREFIX: Final = prefix("relay", "packets")
"""What a counterparty puts before the path to find our packets in our state."""
_COMMITMENT: Final = b"\x01"
_RECEIPT: Final = b"\x02"
_ACKNOWLEDGEMENT: Final = b"\x03"


def commitment_path(client_id: str, sequence: int) -> bytes:
    """Of a packet sent through ``client_id``."""
    return client_id.encode() + _COMMITMENT + sequence.to_bytes(8, "big")


def receipt_path(client_id: str, sequence: int) -> bytes:
    """Of a packet received through ``client_id``."""
    return client_id.encode() + _RECEIPT + sequence.to_bytes(8, "big")


def acknowledgement_path(client_id: str, sequence: int) -> bytes:
    """Of the answer to a packet received through ``client_id``."""
    return client_id.encode() + _ACKNOWLEDGEMENT + sequence.to_bytes(8, "big")


def commitment_key(client_id: str, sequence: int) -> bytes:
    """State key on this chain."""
    return PREFIX + commitment_path(client_id, sequence)


def receipt_key(client_id: str, sequence: int) -> bytes:
    """State key on this chain."""
    return PREFIX + receipt_path(client_id, sequence)


def acknowledgement_key(client_id: str, sequence: int) -> bytes:
    """State key on this chain."""
    return PREFIX + acknowledgement_path(client_id, sequence)
