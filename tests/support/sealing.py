"""Seals over headers, by members whose keys follow from their names."""

from collections.abc import Sequence

from chainnode.codec.canonical import encode
from chainnode.crypto import bls
from chainnode.types.block import block_hash, decode_header
from chainnode.types.seal import Seal, seal_bytes, signers_bitmap
from chainnode.types.validator_set import ValidatorList, seal_key_of, validators_hash
from tests.support.small_chain import key_of


def seal_by(data: bytes, validators: ValidatorList, names: Sequence[str]) -> bytes:
    """What those members of ``validators`` say together of the header ``data``."""
    header, hash_ = decode_header(data), block_hash(data)
    message = seal_bytes(header.chain_id, header.epoch, validators_hash(validators), header.height, hash_)
    order = [member.name for member in validators.validators]
    signature = bls.aggregate([seal_key_of(key_of(name)).sign(message) for name in names])
    assert signature is not None
    signers = signers_bitmap([order.index(name) for name in names])
    return encode(Seal(header.epoch, header.height, hash_, signers, signature))
