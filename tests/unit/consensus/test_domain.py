"""Domain separation."""

import msgpack  # type: ignore[import-untyped]

from consensus import domain


def test_tagged_bytes_are_the_tag_and_a_canonical_array():
    """Signatures: the tag, then the canonical array; an independent decoder reads it."""
    data = domain.tagged_bytes(domain.COMMIT, "chain", 1, b"hash")

    assert data.startswith(b"chainnode/consensus/commit/v1\0")
    assert msgpack.unpackb(data.removeprefix(domain.COMMIT)) == ["chain", 1, b"hash"]


def test_tags_differ_and_none_is_the_beginning_of_another():
    """Signatures: nothing can be replayed across types."""
    tags = [domain.PRE_PREPARE, domain.PREPARE, domain.COMMIT, domain.VIEW_CHANGE]

    assert not [(one, other) for one in tags for other in tags if one != other and other.startswith(one)]
