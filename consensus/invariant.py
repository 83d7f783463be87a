"""Contradictions of the program with itself: they stop it, also under ``python -O``.

A peer can never cause one; a peer's faults are returned codes (``rejection.py``).
"""


class InvariantBroken(BaseException):
    """The core or its host contradicts the rules; going on could sign something false.

    Derived from ``BaseException`` so that no ``except Exception`` on the way up can swallow it.
    """


def invariant(condition: bool, claim: str) -> None:
    """Stop unless ``condition`` holds.

    Raises:
        InvariantBroken: with ``claim`` as its text.
    """
    if not condition:
        raise InvariantBroken(claim)
