"""R4 and R5: the only place where a block becomes decided.

Own quorum, a DECIDED from a peer and a quorum found while syncing all come here, so a height is decided once.
"""

from consensus import misbehaviour
from consensus.certificates import COMMIT, QuorumCertificate
from consensus.inputs import BlockFetched
from consensus.messages import Commit
from consensus.outputs import Decide, FetchBlock, Outputs
from consensus.state import Phase, State


def on_commit(state: State, message: Commit, count: int, out: Outputs) -> None:
    """R4: q COMMITs of one view and hash decide, whatever view and phase this replica is in."""
    if count >= state.validators.quorum and state.phase != Phase.DECIDED:
        certificate = state.book.certificate(COMMIT, state.validators.epoch, state.height, message)
        commit(state, certificate, out)


def commit(state: State, certificate: QuorumCertificate, out: Outputs) -> None:
    """R5: ``certificate``, valid and for the current height, decides it; no more votes at this height."""
    if state.committed is not None:
        if state.committed.block_hash != certificate.block_hash:
            details = f"height {state.height}: {state.committed.block_hash.hex()} and {certificate.block_hash.hex()}"
            misbehaviour.halt(state, "fork", details, out)
        return
    _learn(state, certificate.view)
    state.committed = certificate
    state.phase = Phase.DECIDED
    state.candidate = None
    state.building = -1
    state.decided_at_ms = state.now_ms
    state.cancel_timers(out)
    ask_to_apply(state, out)


def _learn(state: State, view: int) -> None:
    """Timers: what this height took is what the next leaders are given a multiple of.

    Not if this replica has accepted nothing of it yet: then it was behind, and had not waited for the others.
    """
    if state.due_at_ms is not None and state.phase != Phase.NEW_HEIGHT:
        state.patience.note(max(0, state.now_ms - state.due_at_ms), state.passed_over(view))


def ask_to_apply(state: State, out: Outputs) -> None:
    """Hand the decided block to the host, or fetch its body first from those who signed that they hold it.

    While syncing the host applies blocks itself; asking for the same one from here would make two writers.
    """
    certificate = state.committed
    if certificate is None or state.decide_asked or state.syncing:
        return
    if state.proposal_of(certificate.block_hash) is not None:
        state.decide_asked = True
        out.decided = Decide(state.height, certificate.block_hash, certificate)
        return
    holders = tuple(index for index in certificate.signer_indexes() if index != state.own_index)
    out.add_request(FetchBlock(state.height, certificate.block_hash, holders))


def on_block_fetched(state: State, answer: BlockFetched, out: Outputs) -> None:
    """R4: the body of the decided block is here."""
    if state.committed is not None and state.committed.block_hash == answer.block_hash:
        state.fetched = (answer.block_hash, answer.proposal)
        ask_to_apply(state, out)
