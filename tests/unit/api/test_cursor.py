"""A cursor continues the list it came from, on any node of the chain, and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.api.cursor import read_cursor, write_cursor
from chainnode.errors import Rejected

CHAIN = bytes(32)


def refused(text: str, chain: bytes = CHAIN, question: str = "assets") -> bool:
    with pytest.raises(Rejected) as caught:
        read_cursor(text, chain, question)
    return caught.value.code == "cursor-invalid"


@given(st.binary(min_size=1, max_size=300), st.text(max_size=40))
def test_a_cursor_gives_back_its_position(position: bytes, question: str) -> None:
    assert read_cursor(write_cursor(position, CHAIN, question), CHAIN, question) == position


def test_a_cursor_of_another_list_or_chain_is_refused() -> None:
    """T23: forged or foreign cursors."""
    cursor = write_cursor(b"position", CHAIN, "assets")
    assert refused(cursor, question="events")
    assert refused(cursor, chain=bytes([1]) * 32)


@pytest.mark.parametrize("text", ["", "A", "====", "ü" * 12, "AAAAAAAAAAA", "A" * 5_000, "a b", "AAAA/AAAAAAAA+AA"])
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    assert refused(text)


def test_every_changed_character_is_noticed() -> None:
    cursor = write_cursor(b"asset/0123", CHAIN, "assets")
    for at, character in enumerate(cursor[:-1]):
        assert refused(cursor[:at] + ("A" if character != "A" else "B") + cursor[at + 1 :])
