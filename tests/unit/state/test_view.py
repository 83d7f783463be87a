"""The only thing contracts see."""

from chainnode.state.overlay import Overlay
from chainnode.state.view import State


def moved(state: State, source: bytes, target: bytes) -> None:
    """A contract in small: it knows no more than ``State``."""
    value = state.get(source)
    if value is not None:
        state.put(target, value)
        state.delete(source)


def test_overlay_is_a_state() -> None:
    """Reads see the writes made before them; this file also type-checks, so the signatures agree."""
    overlay = Overlay({b"a": b"1"}.get)
    moved(overlay, b"a", b"b")
    moved(overlay, b"none", b"c")
    assert overlay.changes() == {b"a": None, b"b": b"1"}


def test_state_offers_reading_and_writing_only() -> None:
    """A contract can neither begin nor discard: atomicity is the kernel's."""
    offered = {name for name in vars(State) if not name.startswith("_")}
    assert offered == {"get", "put", "delete"}
