"""Pieces worked off over all peers: everybody helps, liars and stallers cost one piece each."""

import asyncio
from collections.abc import Sequence

import pytest

from chainnode.errors import Rejected, RequestFailed, StoreError
from chainnode.sync import spread as spread_module
from chainnode.sync.spread import PIECES_PER_SOURCE_MAX, Spread
from tests.unit.sync.sources import Sources, silent


@pytest.fixture(autouse=True)
def _quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread_module, "ROUND_PAUSE_SECONDS", 0.001)


def _sources(*names: str) -> Sources:
    return Sources(**dict.fromkeys(names, silent))


async def test_all_pieces_are_done_by_all_sources() -> None:
    """A few under way at each source, never more than its share."""
    under_way: dict[bytes, int] = {}
    most: dict[bytes, int] = {}
    done: list[int] = []

    async def work(source: bytes, piece: int) -> Sequence[int]:
        under_way[source] = under_way.get(source, 0) + 1
        most[source] = max(most.get(source, 0), under_way[source])
        await asyncio.sleep(0.001)
        under_way[source] -= 1
        done.append(piece)
        return ()

    assert await Spread(_sources("a", "b", "c")).run(range(20), work)
    assert sorted(done) == list(range(20))
    assert most == dict.fromkeys((b"a", b"b", b"c"), PIECES_PER_SOURCE_MAX)


async def test_rest_of_a_piece_is_done_too() -> None:
    """What is left of it."""
    done: list[int] = []

    async def work(source: bytes, piece: tuple[int, int]) -> Sequence[tuple[int, int]]:
        first, last = piece
        done.append(first)
        return ((first + 1, last),) if first < last else ()

    assert await Spread(_sources("a")).run([(1, 5)], work)
    assert done == [1, 2, 3, 4, 5]


async def test_liar_staller_and_ignorant_are_told_apart() -> None:
    """A lie is reported, silence is named, and not having it is no fault."""
    sources = _sources("lies", "stalls", "lacks", "helps")

    async def work(source: bytes, piece: int) -> Sequence[int] | None:
        if source == b"lies":
            raise Rejected("chunk-root", "false")
        if source == b"stalls":
            raise RequestFailed("request-timeout", "late")
        return None if source == b"lacks" else ()

    assert await Spread(sources).run(range(9), work)
    assert set(sources.reported) == {(b"lies", "chunk-root")}
    assert set(sources.slow) == {(b"stalls", "sync-stalled")}


async def test_pieces_that_nobody_brings_end_the_run() -> None:
    """Bounded rounds: it must end."""

    async def work(source: bytes, piece: int) -> None:
        return None

    sources = _sources("a", "b")
    assert not await Spread(sources).run([1, 2, 3], work)
    assert len(sources.first) == spread_module.IDLE_ROUNDS_MAX


async def test_failure_of_our_own_disk_is_nobodys_fault() -> None:
    """It propagates; no task is left behind."""

    async def work(source: bytes, piece: int) -> Sequence[int]:
        if piece == 0:
            raise StoreError("disk-full", "no space left")
        await asyncio.sleep(3600)
        return ()

    sources = _sources("a", "b")
    with pytest.raises(StoreError):
        await Spread(sources).run(range(4), work)
    assert not sources.reported
    assert len(asyncio.all_tasks()) == 1
