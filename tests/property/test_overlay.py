"""The overlay against the plainest model: a stack of whole dictionaries."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chainnode.state.overlay import DEPTH_MAX, Overlay

BASE = {b"a": b"base a", b"b": b"base b"}
keys = st.sampled_from([b"a", b"b", b"c", b"d"])


class OverlayModel(RuleBasedStateMachine):
    """begin copies the top of the stack; commit drops what is below it; discard drops the top."""

    def __init__(self) -> None:
        super().__init__()
        self.overlay = Overlay(BASE.get)
        self.stack: list[dict[bytes, bytes | None]] = [{}]

    @rule(key=keys, value=st.binary(min_size=1, max_size=3))
    def put(self, key: bytes, value: bytes) -> None:
        self.overlay.put(key, value)
        self.stack[-1][key] = value

    @rule(key=keys)
    def delete(self, key: bytes) -> None:
        self.overlay.delete(key)
        self.stack[-1][key] = None

    @precondition(lambda self: len(self.stack) <= DEPTH_MAX)
    @rule()
    def begin(self) -> None:
        self.overlay.begin()
        self.stack.append(dict(self.stack[-1]))

    @precondition(lambda self: len(self.stack) > 1)
    @rule()
    def commit(self) -> None:
        self.overlay.commit()
        del self.stack[-2]

    @precondition(lambda self: len(self.stack) > 1)
    @rule()
    def discard(self) -> None:
        self.overlay.discard()
        self.stack.pop()

    @invariant()
    def agrees(self) -> None:
        for key in (b"a", b"b", b"c", b"d"):
            assert self.overlay.get(key) == self.stack[-1].get(key, BASE.get(key))
        if len(self.stack) == 1:
            assert list(self.overlay.changes().items()) == sorted(self.stack[0].items())


TestOverlay = OverlayModel.TestCase
TestOverlay.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
