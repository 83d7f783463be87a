"""What the client's rules ask of a chain's headers; one implementation for each kind of chain.

The rules themselves (``verification``) know heights, times and hashes only. How headers are written, what is signed
and how sets are listed is said here, so headers of another chain run through the same rules.
"""

from collections.abc import Mapping
from typing import Protocol

from chainnode.lightclient.client_state import ConsensusState, DecisionKind, Untrusted


class HeaderFormat(Protocol):
    """Reads one chain's headers. Every method raises ``LightClientError`` for bytes that are not what it expects."""

    def read(self, header: bytes) -> tuple[str, ConsensusState]:
        """The chain's name and the header's content; nothing of it is trusted yet."""
        ...

    def weights(self, validators: bytes, expected_hash: bytes, kind: DecisionKind) -> Mapping[bytes, int]:
        """Voting weight of each member of a list by the key it signs decisions of ``kind`` with.

        The list's hash must be ``expected_hash``: ``validators-hash`` otherwise.
        """
        ...

    def check_decision(self, update: Untrusted, found: ConsensusState) -> frozenset[bytes]:
        """Check that ``update.validators`` is the header's own list and that a quorum of it decided the header.

        Returns the keys that signed, each verified.
        """
        ...

    def check_keys(self, update: Untrusted, keys: frozenset[bytes]) -> None:
        """Check that members of an unknown list hold these keys themselves, where aggregation makes that a question.

        ``keys`` are those of the signers that the trusted list does not vouch for.
        """
        ...

    def check_ancestry(self, older: ConsensusState, newer: ConsensusState, path: tuple[bytes, ...]) -> None:
        """Check that ``newer`` stands on the block of ``older``: ``ancestry`` otherwise."""
        ...
