"""Why an update, a proof or an attestation is not accepted.

A light client answers with a value or with this error; there is no partial success.
"""

from chainnode.errors import ChainError


class LightClientError(ChainError):
    """What was submitted does not show what it claims; ``code`` names the first check that failed."""
