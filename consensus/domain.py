r"""Domain separation: the bytes under a signature name what they mean.

``chainnode/consensus/<what>/v1\0`` stands before a canonical MessagePack array, so a signature given for one kind of
message is void for every other (a PREPARE relabelled as COMMIT does not verify).
"""

import msgspec

_ENCODER = msgspec.msgpack.Encoder()

PRE_PREPARE = b"chainnode/consensus/pre-prepare/v1\0"
PREPARE = b"chainnode/consensus/prepare/v1\0"
COMMIT = b"chainnode/consensus/commit/v1\0"
VIEW_CHANGE = b"chainnode/consensus/view-change/v1\0"

Field = str | int | bytes


def tagged_bytes(tag: bytes, *fields: Field) -> bytes:
    """``tag`` followed by the array of ``fields`` in canonical MessagePack (shortest integer and length forms)."""
    return tag + _ENCODER.encode(fields)
