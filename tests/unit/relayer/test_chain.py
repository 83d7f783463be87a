"""A node that answers nonsense costs a lane a round, never the process."""

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from chainnode.relayer import chain as chain_module
from chainnode.relayer.chain import Chain
from chainnode.sdk.answer import RecordPage
from chainnode.sdk.client import Client
from chainnode.sdk.errors import Unavailable
from contracts.relay.record import Traffic
from tests.unit.relayer.test_lane import chain_of
from tests.unit.relayer.test_plan import packet

TRAFFIC = msgspec.msgpack.encode(Traffic(sent=1, under_way=1)).hex()
GOOD: dict[str, Any] = {
    name: getattr(packet(), name) for name in packet().__struct_fields__
} | {"value": "76", "state_key": "00"}


class LyingClient(Client):
    """Its node shows the same page to every question, for ever if told to."""

    def __init__(self, record: dict[str, Any], value: str = TRAFFIC, *, endless: bool = False) -> None:
        super().__init__(["http://127.0.0.1:9"])
        self._page = RecordPage(items=(record,), next="on" if endless else None)
        self._value = value

    async def collection(self, *_: object, **__: object) -> RecordPage:
        return self._page

    async def state(self, *_: object, **__: object) -> Any:
        return SimpleNamespace(value=self._value)


def asked(client: Client) -> Chain:
    honest = chain_of("host")
    return Chain("host", "00" * 32, client, honest.wallet)


async def test_packet_is_read_as_it_was_sent() -> None:
    """The JSON form holds all of it."""
    assert await asked(LyingClient(GOOD)).packets("chainnode-1") == [packet()]


@pytest.mark.parametrize(
    "changes",
    [{"sequence": "1"}, {"sent_height": None}, {"timeout_s": []}, {"value": "zz"}, {"value": 7}, {"state_key": None}],
)
async def test_packet_of_another_shape_is_a_bad_answer(changes: dict[str, Any]) -> None:
    """Only a fault of the program ends the relayer: what a node says is none."""
    with pytest.raises(Unavailable) as caught:
        await asked(LyingClient(GOOD | changes)).packets("chainnode-1")
    assert caught.value.code == "bad-answer"


async def test_value_that_is_no_hexadecimal_is_a_bad_answer() -> None:
    """As any other."""
    with pytest.raises(Unavailable) as caught:
        await asked(LyingClient(GOOD, "zz")).client_record("chainnode-1")
    assert caught.value.code == "bad-answer"


async def test_node_that_shows_page_after_page_for_ever_does_not_hold_a_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every loop has a bound, whoever answers."""
    monkeypatch.setattr(chain_module, "LISTING_SECONDS", 0.05)

    class Endless(LyingClient):
        async def collection(self, *_: object, **__: object) -> RecordPage:
            await asyncio.sleep(0.001)
            return await super().collection()

    with pytest.raises(Unavailable) as caught:
        await asked(Endless(GOOD, endless=True)).packets("chainnode-1")
    assert caught.value.code == "bad-answer"
