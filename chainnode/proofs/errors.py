"""Why a proof is not one.

A verifier answers with nothing or with this error; there is no partial success.
"""

from chainnode.errors import ChainError


class ProofInvalid(ChainError):
    """The proof does not show what it claims; ``code`` names the first check that failed."""
