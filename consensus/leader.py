"""Who leads: rotation at every height and view over the members that are not suspended.

Source: SPEC.md R12.
"""


def leader(size: int, height: int, view: int, suspended: tuple[int, ...] = ()) -> int:
    """Index of the validator that proposes in ``(height, view)``.

    ``suspended`` holds indexes derived from certificates inside headers, so every validator computes the same answer;
    should it ever cover the whole set, nobody counts as suspended, because a height without a leader would stop the
    chain for good.
    """
    if suspended:
        members = [index for index in range(size) if index not in suspended]
        if members:
            return members[(height + view) % len(members)]
    return (height + view) % size
