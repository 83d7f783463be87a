"""The media type follows the Accept header by its weights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.api.answer import accepted_type
from chainnode.errors import Rejected

J, M = "application/json", "application/msgpack"


@pytest.mark.parametrize(
    ("accept", "offered", "expected"),
    [
        ("", (J, M), J),
        ("*/*", (J, M), J),
        (M, (J, M), M),
        ("application/*", (J, M), J),
        (f"{J};q=0.5, {M}", (J, M), M),
        (f"{J}, {M}", (M, J), J),
        (f"{M};q=0, */*;q=0.1", (J,), J),
        ("text/html, application/xhtml+xml, */*;q=0.8", (J, M), J),
        ("APPLICATION/JSON", (J,), J),
        (f"{M};q=abc, {J};q=0.1", (J, M), J),
        ("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", ("text/plain", J), "text/plain"),
    ],
)
def test_the_clients_preference_decides(accept: str, offered: tuple[str, ...], expected: str) -> None:
    assert accepted_type(accept, offered) == expected


@pytest.mark.parametrize("accept", ["text/html", f"{J};q=0", "nonsense", ",,,", f"{J};q=0.0, {M};q=-1"])
def test_what_cannot_be_served_is_refused(accept: str) -> None:
    with pytest.raises(Rejected) as caught:
        accepted_type(accept, (J,))
    assert caught.value.code == "not-acceptable"


@given(st.text(max_size=200))
def test_any_accept_header_is_answered_or_refused(accept: str) -> None:
    try:
        assert accepted_type(accept, (J, M)) in {J, M}
    except Rejected as error:
        assert error.code == "not-acceptable"
