"""What makes a block acceptable.

Three occasions, three functions:

* a *fresh* proposal is checked against everything (SPEC R2), because voting for it is a
  statement that it is valid;
* a *re-proposal* has a prepared certificate, which proves that honest validators made
  those checks: only its binding is checked (``candidate.open_proposal``), never the clock;
* a *decided* block (from a peer, or from our own quorum) is checked against the certificate
  and against our own state: a difference there means somebody computes wrongly.
"""

from collections.abc import Sequence

from chainnode.chain.candidate import Candidate
from chainnode.chain.certificate import SignatureCheck, open_certificate, require_certificate
from chainnode.chain.replay import check_expiry
from chainnode.chain.surroundings import Surroundings, Tip
from chainnode.crypto.ed25519 import verify
from chainnode.errors import Rejected
from chainnode.types.block import BLOCK_VERSION, Header
from chainnode.types.validator_set import voting_set
from consensus.equivocation import (
    MalformedEquivocation,
    check_equivocation,
    decode_equivocation,
    equivocation_claims,
)
from consensus.limits import EVIDENCE_EPOCHS_MAX
from consensus.quorum import ValidatorSet
from contracts.governance.queries import is_proved, read_epoch


def _require(found: object, expected: object, code: str, what: str) -> None:
    if found != expected:
        shown = [value.hex() if isinstance(value, bytes) else str(value) for value in (found, expected)]
        raise Rejected(code, f"{what} is {shown[0]}, expected {shown[1]}")


def check_place(header: Header, around: Surroundings) -> None:
    """Check chain, epoch, height, parent and validator sets: where the block stands.

    Raises:
        Rejected: ``header-...``: the first field that is wrong.
    """
    tip = around.tip
    _require(header.version, BLOCK_VERSION, "header-version", "block version")
    _require(header.chain_id, around.chain_id, "header-chain", "chain")
    _require(header.epoch, around.validators.epoch, "header-epoch", "epoch")
    _require(header.height, tip.height + 1, "header-height", "height")
    _require(header.parent_hash, tip.block_hash, "header-parent", "parent")
    _require(header.validators_hash, around.validators.hash, "header-validators", "validator set")
    _require(header.next_validators_hash, around.next_validators_hash, "header-next-validators", "next validator set")
    _require(header.history_root, tip.history_root, "header-history-root", "history root")


def check_roots(header: Header, tip: Tip) -> None:
    """Check that the header states our own results for the previous block.

    Raises:
        Rejected: ``header-state-root`` or ``header-results-root``.
    """
    _require(header.prev_state_root, tip.state_root, "header-state-root", "state root after the previous block")
    _require(header.prev_results_root, tip.results_root, "header-results-root", "results root of the previous block")


def check_last_certificate(
    candidate: Candidate, around: Surroundings, verify_signature: SignatureCheck | None = None
) -> None:
    """Check that the block carries a valid certificate of its parent.

    Raises:
        Rejected: ``last-certificate-missing``, or as ``require_certificate``.
        DecodeError: the certificate is unreadable.
    """
    tip = around.tip
    if tip.height == 0:
        _require(candidate.last_certificate, b"", "last-certificate-genesis", "certificate of the genesis block")
        return
    if not candidate.last_certificate:
        raise Rejected("last-certificate-missing", "the block carries no certificate of its parent")
    if candidate.last_certificate == around.tip_certificate:
        return
    require_certificate(
        open_certificate(candidate.last_certificate), chain_id=around.chain_id, validators=around.tip_validators,
        height=tip.height, block_hash=tip.block_hash, verify_signature=verify_signature,
    )


def check_transactions(candidate: Candidate, around: Surroundings) -> None:
    """Check sizes, chain, expiry and uniqueness of the block's transactions.

    Their signatures and operations were checked when they were admitted or fetched;
    permissions are for execution to decide.

    Raises:
        Rejected: ``block-...``, ``wrong-chain``, ``expired``, ``expiry-too-far`` or ``replayed``.
    """
    parameters, tip = around.parameters, around.tip
    total = sum(len(transaction.envelope) for transaction in candidate.transactions)
    _require(candidate.header.body_bytes, total, "block-bytes", "size of the transactions")
    if len(candidate.transactions) > parameters.block_transactions_max:
        raise Rejected("block-transactions", "the block holds too many transactions", found=len(candidate.transactions))
    if total > parameters.block_bytes_max:
        raise Rejected("block-too-large", "more bytes than a block may hold", found=total)
    work = sum(transaction.work for transaction in candidate.transactions)
    if work > parameters.block_work_max:
        raise Rejected("block-work", "more work than a block may ask for", found=work)
    seen: set[bytes] = set()
    for transaction in candidate.transactions:
        payload = transaction.payload
        if payload.chain_id != around.chain_id:
            raise Rejected("wrong-chain", f"a transaction was signed for chain {payload.chain_id!r}")
        check_expiry(payload.valid_until, tip.height, parameters.validity_window)
        if transaction.tx_id in seen or around.replay.height_of(transaction.tx_id) is not None:
            raise Rejected("replayed", "a transaction is already on the chain", tx_id=transaction.tx_id.hex())
        seen.add(transaction.tx_id)


def check_misbehaviour(items: Sequence[bytes], around: Surroundings) -> None:
    """Check that every item proves equivocation of a member that leads still, lately, and once (SPEC R10).

    The offence may be one of the epoch before, where the accused had another index perhaps.

    Raises:
        Rejected: ``equivocation-...``: what the first bad item is.
    """
    places: set[tuple[int, int]] = set()
    for item in items:
        try:
            found = decode_equivocation(item)
        except MalformedEquivocation as error:
            raise Rejected(error.code.replace("_", "-"), "a misbehaviour item is unreadable") from error
        validators = _set_of(found.epoch, around)
        wrong = check_equivocation(found, validators)
        if wrong is not None:
            raise Rejected(wrong.replace("_", "-"), f"a misbehaviour item proves nothing: {wrong}")
        height = around.tip.height + 1
        if not height - around.parameters.validity_window <= found.height <= height:
            raise Rejected("equivocation-age", "a misbehaviour item is too old or of the future", found=found.height)
        key = validators.public_keys[found.accused]
        index = around.validators.index_of(key)
        if index is None:
            raise Rejected("equivocation-left", "the accused is no member any more", height=found.height)
        known = index in around.leadership.excluded or is_proved(around.state, key, found.height)
        if known or (index, found.height) in places:
            raise Rejected("equivocation-known", "the misbehaviour is on the chain already", height=found.height)
        places.add((index, found.height))
        for claim in equivocation_claims(found, validators, around.chain_id):
            if not verify(claim.public_key, claim.signed_bytes, claim.signature):
                raise Rejected("equivocation-signature", "a misbehaviour item carries an invalid signature")


def _set_of(epoch: int, around: Surroundings) -> ValidatorSet:
    """The set of a late enough epoch; the present one for any other, whose check then finds the fault."""
    present = around.validators
    if not 0 < present.epoch - epoch <= EVIDENCE_EPOCHS_MAX:
        return present
    record = read_epoch(around.state, epoch)
    return present if record is None else voting_set(record.validators)


def check_fresh(
    candidate: Candidate, around: Surroundings, *, leader: int, now_ms: int,
    verify_signature: SignatureCheck | None = None,
) -> None:
    """Check everything a voter vouches for when it prepares a new block (SPEC R2).

    Raises:
        Rejected: the first rule that is broken.
        DecodeError: the last certificate is unreadable.
    """
    header = candidate.header
    check_place(header, around)
    _require(header.proposer, leader, "header-proposer", "proposer")
    check_roots(header, around.tip)
    if header.time_ms <= around.tip.time_ms:
        raise Rejected("time-not-after-parent", "block time must grow", parent=around.tip.time_ms, found=header.time_ms)
    if header.time_ms > now_ms + around.parameters.clock_ahead_ms:
        raise Rejected("time-ahead", "block time is ahead of our clock", now_ms=now_ms, found=header.time_ms)
    if header.time_ms < now_ms - around.parameters.clock_behind_ms:
        raise Rejected("time-behind", "block time is behind our clock", now_ms=now_ms, found=header.time_ms)
    check_misbehaviour(candidate.misbehaviour, around)
    check_last_certificate(candidate, around, verify_signature)
    check_transactions(candidate, around)
