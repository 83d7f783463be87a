"""How lost keys are replaced: the wire forms and their form rules."""

from typing import Annotated

import msgspec

from contracts.identity.operations import check_signing_methods, check_thresholds
from contracts.identity.record import Methods, NextKeyHashes, Threshold
from contracts.kernel.operation import Operation
from contracts.kernel.text import AnyDid, Hash32


class ProposeRecovery(Operation, frozen=True, array_like=True, tag="identity.propose_recovery"):
    """Ask the other guardians to agree to new signing keys; the sender, a guardian, agrees itself."""

    did: AnyDid
    """Of the identity to be recovered."""
    methods: Annotated[Methods, msgspec.Meta(min_length=1)]
    """The whole list of keys with the purpose ``authentication``; announced next keys do not bind them."""
    threshold: Threshold = 1
    next_key_hashes: NextKeyHashes = ()

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``identity-key-form``, ``identity-duplicate``, ``identity-authentication-key`` or
                ``identity-threshold``.
        """
        check_signing_methods(self.methods)
        check_thresholds(len(self.methods), self.threshold, (), 0)


class ApproveRecovery(Operation, frozen=True, array_like=True, tag="identity.approve_recovery"):
    """Agree to another guardian's proposal; with enough of them the delay begins."""

    did: AnyDid
    proposer: AnyDid
    digest: Hash32
    """Of the proposal, so that the one agreed to is the one that was read."""


class CancelRecovery(Operation, frozen=True, array_like=True, tag="identity.cancel_recovery"):
    """Cancel a guardian's proposal for the sender's own identity."""

    proposer: AnyDid


class Recover(Operation, frozen=True, array_like=True, tag="identity.recover"):
    """Put the agreed keys in place, once the delay has passed; any guardian may."""

    did: AnyDid
    proposer: AnyDid
