"""Whether a seal shows that a block was decided.

Source: chainnode/types/seal.py; draft-irtf-cfrg-bls-signature-05, section 3.3.4.
"""

from chainnode.crypto import bls
from chainnode.errors import DecodeError
from chainnode.proofs.errors import ProofInvalid
from chainnode.types.block import Header, block_hash
from chainnode.types.seal import decode_seal, seal_bytes
from chainnode.types.validator_set import ValidatorList, validators_hash
from consensus.quorum import quorum_of


def check_seal(header_bytes: bytes, header: Header, seal: bytes, validators: ValidatorList) -> int:
    """Check that ``validators`` sealed ``header``; returns how many of them did, at least a quorum.

    Sound for lists whose seal keys' proofs were verified: those a chain lists were, where they entered it
    (``check_seal_proof``); of a list from anywhere else the caller verifies them, for the signers at least.

    Raises:
        ProofInvalid: ``validators-hash``, ``seal-malformed``, ``seal-block`` (it is over another block),
            ``seal-signers`` (not a canonical bitmap of this list), ``seal-no-quorum``, ``seal-key`` (a signer has
            none) or ``seal-signature``.
    """
    members = validators.validators
    if header.validators_hash != validators_hash(validators) or header.epoch != validators.epoch:
        raise ProofInvalid("validators-hash", "the header belongs to another validator set", height=header.height)
    try:
        found = decode_seal(seal)
    except DecodeError as error:
        raise ProofInvalid("seal-malformed", f"the seal's bytes are not canonical: {error.message}") from error
    hash_ = block_hash(header_bytes)
    if (found.block_hash, found.height, found.epoch) != (hash_, header.height, header.epoch):
        raise ProofInvalid("seal-block", "the seal is over another block", height=header.height)
    indexes = found.signer_indexes()
    if not found.signers[-1] or indexes[-1] >= len(members):
        raise ProofInvalid("seal-signers", "the seal's signers are not written as they are, or are not of this set")
    if len(indexes) < quorum_of(len(members)):
        raise ProofInvalid("seal-no-quorum", "fewer than a quorum sealed the block", found=len(indexes))
    keys = [members[index].seal_key for index in indexes]
    if not all(keys):
        raise ProofInvalid("seal-key", "a validator without a seal key cannot have sealed", height=header.height)
    message = seal_bytes(header.chain_id, header.epoch, header.validators_hash, header.height, hash_)
    if not bls.verify_aggregate(keys, message, found.signature):
        raise ProofInvalid("seal-signature", "the seal's signature is wrong", height=header.height)
    return len(indexes)
