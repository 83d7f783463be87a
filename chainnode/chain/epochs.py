"""Epochs of the past: which set agreed at a height, and how each was handed over to the next.

The sets are in the state, under ``governance/epochs``: a node that began from a snapshot has them too.

Source: consensus/SPEC.md, Epochs.
"""

from chainnode.chain.certificate import open_certificate
from chainnode.chain.ledger import Ledger
from chainnode.codec.canonical import encode
from chainnode.errors import InvariantBroken
from chainnode.proofs.bundle import EpochLink
from chainnode.state.view import State
from chainnode.store.ledger_reader import LedgerReader
from chainnode.types.validator_set import ValidatorList
from consensus.messages import Decided
from contracts.governance.queries import epoch_of_height, read_epoch, read_validators


def validators_at(state: State, height: int) -> ValidatorList:
    """Who agreed on the block at ``height``; above the tip: who agrees now."""
    return epoch_of_height(state, height).validators


def boundary_of(ledger: Ledger, height: int) -> Decided | None:
    """E4: the certificate that ends the epoch of ``height``; None if that epoch has not ended.

    Somebody who stands below ``height`` knows the set that made it, and no later one.
    """
    state = ledger.surroundings.state
    current = read_validators(state).epoch
    epoch = epoch_of_height(state, height).validators.epoch
    if epoch == current:
        return None
    following = read_epoch(state, epoch + 1)
    last = 0 if following is None else following.first_height - 1
    certificate = ledger.store.certificate(last)
    if not certificate:
        return None
    found = open_certificate(certificate)
    return Decided(ledger.chain_id, last, found.block_hash, found)


def epoch_links(state: State, store: LedgerReader, height: int) -> tuple[EpochLink, ...]:
    """Every handing over from the genesis set to the one that certified the block at ``height``, oldest first."""
    links = []
    for epoch in range(1, epoch_of_height(state, height).validators.epoch + 1):
        found = read_epoch(state, epoch)
        last = 0 if found is None else found.first_height - 1
        header, certificate = store.header(last), store.certificate(last)
        if found is None or header is None or not certificate:
            raise InvariantBroken("the end of every epoch is stored with its certificate")
        links.append(EpochLink(header, certificate, encode(found.validators)))
    return tuple(links)
