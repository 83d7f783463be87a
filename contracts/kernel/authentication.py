"""In whose name a transaction speaks.

That each signature is valid for its key and this transaction is checked before
(``chainnode.mempool`` at admission, ``chainnode.chain`` for proposals): it needs no state
and is the expensive part. Here the keys meet the sender's document of the moment, so a
rotation in an earlier transaction of the same block already counts.
"""

from types import MappingProxyType
from typing import Final

from chainnode.crypto.ed25519 import SCHEME_ED25519
from chainnode.state.view import State
from chainnode.types.ids import did_of_key
from chainnode.types.transaction import Transaction
from contracts.identity.management import CREATION
from contracts.identity.operations import CreateIdentity
from contracts.identity.record import IdentityRecord, read_identity
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import authorise, read_policies, standing_of

SCHEMES_FROM: Final = MappingProxyType({SCHEME_ED25519: 0})
"""Signature schemes by number, each with the height from which it counts; later schemes join here."""


def authenticate(transaction: Transaction, state: State, height: int) -> IdentityRecord | None:
    """The sender's document, if the signatures' keys speak for it in the block at ``height``.

    Either ``threshold`` of its own authentication keys signed, or ``controller_threshold`` of
    its controllers did, each by its own threshold (controllers of controllers do not
    count). Every signature must belong to one of them: a stranger's signature on a
    transaction would claim an agreement that nobody checked.

    None stands for a sender that does not exist yet and whose transaction begins by
    creating it, signed by the initial key. The operations must have been decoded.

    Usable at admission against the committed state, as an early refusal; only the
    verdict inside the block counts.

    Raises:
        OperationFailed: ``unsupported-scheme``, ``unknown-sender``, ``sender-deactivated``,
            ``key-not-of-sender`` or ``threshold-not-met``; for a sender that creates itself also
            ``operation-forbidden``, ``role-missing`` or ``approval-required``, as the policy has it.
    """
    sender = transaction.payload.sender
    for signature in transaction.signatures:
        if SCHEMES_FROM.get(signature.scheme, height + 1) > height:
            raise OperationFailed("unsupported-scheme", f"signature scheme {signature.scheme} is not active")
    signers = transaction.signers
    record = read_identity(state, sender)
    if record is None:
        _authenticate_creation(transaction, signers, state)
        return None
    if record.deactivated:
        raise OperationFailed("sender-deactivated", f"{sender} was deactivated")
    own = record.authentication_keys()
    count = len([signer for signer in signers if signer in own])
    if count == len(signers) and count >= record.threshold:
        return record
    _authenticate_controllers(record, signers, own, count, state)
    return record


def _authenticate_creation(transaction: Transaction, signers: tuple[bytes, ...], state: State) -> None:
    first = transaction.operations[0]
    chain_id, sender = transaction.payload.chain_id, transaction.payload.sender
    if not isinstance(first, CreateIdentity) or did_of_key(chain_id, first.initial_key) != sender:
        raise OperationFailed("unknown-sender", f"{sender} does not exist")
    keys = [method.public_key for method in first.methods if "authentication" in method.purposes]
    for signer in signers:
        if signer != first.initial_key and signer not in keys:
            raise OperationFailed("key-not-of-sender", f"{signer.hex()} is no key of {sender}")
    if first.initial_key not in signers:
        raise OperationFailed("key-not-of-sender", "the initial key of a new identity must sign its creation")
    # Here already, so that admission turns strangers away where they may not create themselves.
    authorise(read_policies(state).get("identity.create", CREATION), "identity.create", sender, ())


def _authenticate_controllers(
    record: IdentityRecord, signers: tuple[bytes, ...], own: tuple[bytes, ...], own_count: int, state: State
) -> None:
    """The slow path: some signature is not the sender's, or there are too few of them."""
    agreed = 0
    known = list(own)
    for controller in record.controllers:
        document = read_identity(state, controller)
        if document is None or document.deactivated:
            continue
        keys = document.authentication_keys()
        known.extend(keys)
        # Whoever an order keeps from acting does not act through what it controls either.
        suspended = standing_of(state, controller).suspended_by
        if not suspended and sum(1 for signer in signers if signer in keys) >= document.threshold:
            agreed += 1
    for signer in signers:
        if signer not in known:
            raise OperationFailed("key-not-of-sender", f"{signer.hex()[:64]} is no key of {record.did}")
    if own_count < record.threshold and not (record.controllers and agreed >= record.controller_threshold):
        wanted = f"{own_count} of {record.threshold} keys"
        if record.controllers:
            wanted += f" and {agreed} of {record.controller_threshold} controllers"
        raise OperationFailed("threshold-not-met", f"{wanted} of {record.did} signed")
