"""How state keys are written."""

import pytest

from chainnode.errors import Misuse, Rejected
from chainnode.limits import STATE_KEY_BYTES_MAX
from chainnode.state.keys import NUMBER_MAX, key, key_below, prefix


def test_parts_are_written_by_their_type() -> None:
    """Text as it is, bytes in hex, numbers in 16 hex digits so that they sort by value."""
    assert key("asset", b"\x01\xff", "did:cnode:x", 10) == b"asset/01ff/did:cnode:x/000000000000000a"
    assert key("governance", "parameters") == b"governance/parameters"
    assert key("n", 9) < key("n", 10) < key("n", 256) < key("n", NUMBER_MAX)


def test_separator_inside_a_part_cannot_make_another_key() -> None:
    """Two different lists of parts of the same types never make the same key."""
    lists = [("a/b",), ("a", "b"), ("a%2Fb",), ("a%", "2Fb"), ("a%252Fb",), ("a", "b/"), ("a/", "b")]
    assert len({key("n", *parts) for parts in lists}) == len(lists)
    assert key("n", "a/b%") == b"n/a%2Fb%25"


def test_prefix_ends_between_parts() -> None:
    """A range read over prefix(...) finds exactly the keys below it."""
    assert key("n", "ab", "c").startswith(prefix("n", "ab"))
    assert not key("n", "abc").startswith(prefix("n", "ab"))
    assert not key("n", "ab").startswith(prefix("n", "ab"))


@pytest.mark.parametrize("parts", [("",), ("a", ""), (b"",), ("x" * STATE_KEY_BYTES_MAX,), ("\ud800",), (bytes(256),)])
def test_key_that_a_client_made_impossible_is_rejected(parts: tuple[str | bytes, ...]) -> None:
    """Bound: 512 bytes; empty parts would make two lists one key."""
    with pytest.raises(Rejected) as caught:
        key("n", *parts)
    assert caught.value.code == "state-key"


def test_key_of_exactly_the_bound_is_accepted() -> None:
    """1 to 512 bytes."""
    assert len(key("n", "x" * (STATE_KEY_BYTES_MAX - 2))) == STATE_KEY_BYTES_MAX


@pytest.mark.parametrize("namespace", ["", "A", "a/b", "1a", "a" * 33, "ä"])
def test_namespace_is_our_own_word(namespace: str) -> None:
    """A contract's constant: a wrong one is a bug, not a client's fault."""
    with pytest.raises(Misuse):
        key(namespace)


@pytest.mark.parametrize("number", [-1, NUMBER_MAX + 1])
def test_number_outside_64_bits_is_a_bug(number: int) -> None:
    """Sixteen digits hold 64 bits; more would sort wrongly."""
    with pytest.raises(Misuse):
        key("n", number)


def test_key_below_a_prefix_is_the_same_key() -> None:
    """``key(..., identifier)``, the same bytes at a fifth of its cost."""
    for identifier in (b"\x00", bytes(range(64))):
        assert key_below(prefix("n", "a/b"), identifier) == key("n", "a/b", identifier)
