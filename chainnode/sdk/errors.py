"""Failures that only a client can have: nobody answered, or the answer is not known yet.

What a node refused arrives as ``chainnode.errors.Rejected`` or ``NotFound`` with the code of the API's problem
catalogue, exactly as the node named it.
"""

from chainnode.errors import ChainError


class Unavailable(ChainError):
    """No node gave a usable answer within the client's patience.

    Codes: ``unreachable`` (no connection, or it broke), ``node-failed`` (nodes answered 5xx or asked to slow
    down until the time was over), ``bad-answer`` (an answer that cannot be read). Nothing is known about what was
    submitted: submit the same bytes again, which is always safe.
    """


class Unsettled(ChainError):
    """A transaction was accepted but not seen committed in time (code ``not-yet-committed``).

    It may still commit until its ``valid_until`` height. Ask for it, or submit the same bytes again; only signing a
    new transaction could act twice.
    """
