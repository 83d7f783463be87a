"""A whole trade on a real chain, and its statistics through the API, the client and the command line."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chainnode.api import market as market_api
from chainnode.cli import market as market_command
from chainnode.cli.failure import Exit
from chainnode.cli.main import main
from chainnode.errors import NotFound, Rejected
from chainnode.sdk.market import MarketFigure, agreement_hash, market_figures, payment_reference, recounted_figures
from chainnode.sdk.trade_certificate import check_trade_certificate
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.evidence.operations import RecordEvidence
from contracts.kernel.operation import Operation
from contracts.market.certificate import is_trade_certificate_number, trade_certificate_number
from contracts.market.operations import ListAsset, OpenBoard
from contracts.market.operations_trade import Agree, Certify, ConfirmDelivery, Deliver, Order, Settle
from contracts.market.record import BoardRules, board_id_of, listing_id_of
from contracts.market.record_trade import trade_id_of
from contracts.rights.terms import RightTerms
from tests.support.api_node import ApiNode, api_node

EXCHANGE, SELLER, BUYER = "harbour-exchange", "delta-provider", "orchard-buyer"
SALT = b"s" * 32
AGREEMENT = agreement_hash(SALT, b"We agree.")
UNKNOWN = trade_certificate_number(77, 0, 1)
PRICES = (100, 300, 200, 700)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path) as found:
        yield found


def did(api: ApiNode, name: str) -> str:
    return api.wallet(name).did


def board_id(api: ApiNode) -> bytes:
    return board_id_of(did(api, EXCHANGE), "main")


async def applied(api: ApiNode, name: str, *operations: Operation) -> None:
    done = await api.wallet(name).submit(api.client, list(operations))
    assert done.applied, done


async def opened(api: ApiNode) -> None:
    """A board with a listing of what the seller holds."""
    await applied(
        api,
        EXCHANGE,
        RegisterAsset("a", AssetDescription("dataset", "A"), did(api, SELLER)),
        OpenBoard("main", "CNY", BoardRules("Main board", ("negotiable",), fee_basis_points=100, clearing="exchange")),
    )
    asset_id = asset_id_of(did(api, EXCHANGE), "a")
    terms = RightTerms("processing-use")
    await applied(api, SELLER, ListAsset("offer", board_id(api), asset_id, "negotiable", 100, terms, "api"))


async def traded(api: ApiNode, number: int, price: int) -> bytes:
    """One trade through all steps, each party signing its own."""
    tip_ms = (await api.client.status()).block_time_ms
    trade_id = trade_id_of(did(api, BUYER), f"trade {number}")
    times = [tip_ms + days * 86_400_000 for days in (1, 2, 3)]
    listing_id = listing_id_of(did(api, SELLER), "offer")
    await applied(api, BUYER, Order(f"trade {number}", listing_id, 1, price, AGREEMENT, *times))
    evidence_id = number.to_bytes(16, "big")
    await applied(api, SELLER, Agree(trade_id, price, AGREEMENT))
    await applied(
        api,
        SELLER,
        RecordEvidence(evidence_id, "delivery", "sha256", b"d" * 32),
        Deliver(trade_id, evidence_id),
    )
    await applied(api, BUYER, ConfirmDelivery(trade_id))
    fee = price // 100
    await applied(
        api,
        EXCHANGE,
        Settle(trade_id, "price", price - fee, payment_reference(SALT, f"price {number}")),
        Settle(trade_id, "fee", fee, payment_reference(SALT, f"fee {number}")),
        Certify(trade_id),
    )
    return trade_id


async def nothing_counted(*_question: object, **_more: object) -> list[MarketFigure]:
    return []


async def test_trade_runs_through_all_steps_and_is_counted(
    api: ApiNode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Volume, count, median price: from the state by API, client and command, and from exported events alone."""
    await opened(api)
    trades = [await traded(api, number, price) for number, price in enumerate(PRICES)]
    record = await api.client.record("trades", trades[0].hex())
    assert (record["status"], record["paid"], record["paid_fee"]) == ("CERTIFIED", 99, 1)
    assert is_trade_certificate_number(record["certificate"])
    found = await check_trade_certificate(api.client, record["certificate"])
    assert (found.code, found.buyer, found.amount) == ("ok", did(api, BUYER), 100)
    for number, code in (("T0001-20261122-00000001-00", "certificate-number"), (UNKNOWN, "certificate-unknown")):
        with pytest.raises((Rejected, NotFound)) as refused:
            await check_trade_certificate(api.client, number)
        assert refused.value.code == code
    by_number = [one["trade_id"] async for one in api.client.all_records("trades", certificate=record["certificate"])]
    assert by_number == [trades[0].hex()]

    wanted = MarketFigure(
        period="all",
        currency="CNY",
        count=4,
        units=4,
        volume=1_300,
        median_price=250,
        lowest_price=100,
        highest_price=700,
    )
    assert await market_figures(api.client, board_id(api), by="all") == [wanted]
    assert await market_figures(api.client, board_id(api), by="all", venue="off-exchange") == []
    assert await market_figures(api.client, board_id(api), by="all", last="1970-01-02") == []
    assert await market_figures(api.client, board_id(api), by="all", first="2026-01-01", last="9999-12-31") == [wanted]

    monkeypatch.setattr(market_api, "SALES_MAX", 2)
    assert await market_figures(api.client, board_id(api), by="all") == [wanted], "exact from three pages"
    (days,) = await market_figures(api.client, board_id(api))
    assert (days.count, days.median_price) == (4, 250)

    assert await recounted_figures(api.client, board_id(api), by="all") == [wanted]
    shown = ["market", "statistics", board_id(api).hex(), "--by", "all", "--recount", "--json", "--node", api.url]
    assert await asyncio.to_thread(main, shown) == Exit.OK
    printed = [text for text in capsys.readouterr().out.splitlines() if text.startswith("[{")]
    (line,) = json.loads(printed[0])
    assert (line["volume"], line["median_price"]) == (1_300, 250)
    checked = ["market", "certificate", record["certificate"], "--node", api.url]
    assert await asyncio.to_thread(main, checked) == Exit.OK
    monkeypatch.setattr(market_command, "recounted_figures", nothing_counted)
    assert await asyncio.to_thread(main, shown) == Exit.FAILED
    assert "recount-differs" in capsys.readouterr().err


async def test_question_about_no_board_or_no_day_is_refused(api: ApiNode) -> None:
    await opened(api)
    with pytest.raises(NotFound) as missing:
        await market_figures(api.client, bytes(32))
    assert missing.value.code == "board-not-found"
    for day in ("2026-13-01", "2026-1-1", "1969-12-31", "today", "2026-01-32"):
        with pytest.raises(Rejected) as found:
            await market_figures(api.client, board_id(api), first=day)
        assert found.value.code == "query-invalid"
    status, _, _ = await api.get("/v1/market/statistics")
    assert status == 400
    assert await market_figures(api.client, board_id(api)) == []
