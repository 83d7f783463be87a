"""What the other chain holds, proved under a header that the client keeps."""

import pytest

from contracts.kernel.outcome import OperationFailed
from contracts.relay.packet import packet_commitment
from contracts.relay.path import commitment_path, receipt_path
from contracts.relay.proof import prove_absent, prove_present
from tests.unit.contracts.relay.connected import THEIRS
from tests.unit.contracts.relay.remote import ARRIVING, Remote, client_of, connected, context_of, must


def test_presence_and_absence_are_shown_by_their_own_proofs_only() -> None:
    """proof: returns the kept state under which it holds; anything else is refused."""
    remote = Remote(4)
    height = remote.sending()
    world = connected(remote)
    must(world, "stranger", remote.shown(0, height))
    client, where, state = client_of(world), context_of(world), world.overlay
    path, value, absent = commitment_path(THEIRS, 1), packet_commitment(ARRIVING), receipt_path(THEIRS, 1)
    there, not_there = remote.delivery(height).proof, remote.silence(height).proof
    assert prove_present(client, path, value, height, there, where, state) == remote.trusted(height)
    assert prove_absent(client, absent, height, not_there, where, state) == remote.trusted(height)
    for attempt in (
        lambda: prove_present(client, path, bytes(32), height, there, where, state),
        lambda: prove_present(client, path, value, height, not_there, where, state),
        lambda: prove_absent(client, path, height, there, where, state),
        lambda: prove_absent(client, path, height, not_there, where, state),
        lambda: prove_absent(client, absent, 0, not_there, where, state),
    ):
        with pytest.raises(OperationFailed, match="chainnode-1") as refusal:
            attempt()
        assert refusal.value.code in ("relay-proof-mismatch", "relay-proof-malformed")
