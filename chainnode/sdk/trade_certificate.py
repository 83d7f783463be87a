"""Certificates of trades: checked by their number, and written as credentials.

    found = await check_trade_certificate(client, "T0001-20261122-00000042-59")
    print(found.code, found.seller, found.buyer)

A number with a wrong digit is found without asking anybody. Whether a certificate holds is what
the trade's record says at the newest block: a ruling may have undone the trade since.

Source: VC Data Model 2.0, section 4.
"""

from typing import Any, Final

import msgspec

from chainnode.errors import NotFound, Rejected
from chainnode.sdk.answer import Document
from chainnode.sdk.certificate import CONTEXTS
from chainnode.sdk.client import Client
from contracts.kernel.calendar import date_time
from contracts.market.certificate import is_trade_certificate_number

CREDENTIAL_TYPE: Final = "DataTradeCertificate"
CODES: Final = {
    "CERTIFIED": "ok",
    "CANCELLED": "trade-certificate-annulled",
    "REFUNDING": "trade-certificate-refunded",
    "REFUNDED": "trade-certificate-refunded",
}
"""Status of a trade that was certified -> what becomes of its certificate."""


class TradeCertificate(msgspec.Struct, frozen=True):
    """What the ledger says about a trade certificate."""

    number: str
    code: str
    """``ok``, or why it does not hold as it was given: a value of ``CODES``."""
    trade_id: str
    board_id: str
    asset_id: str
    right_id: str
    """Of the right that the buyer received."""
    seller: str
    buyer: str
    currency: str
    amount: int
    """Minor units."""
    certified_ms: int
    held: bool
    """Whether a dispute or lawful order holds the trade."""
    block_time_ms: int
    """When this was true."""


async def check_trade_certificate(client: Client, number: str) -> TradeCertificate:
    """Look a trade certificate up by its number, and say whether it holds at the newest block.

    Raises:
        Rejected: ``certificate-number``: not the form of a number, or its check digits disagree.
        NotFound: ``certificate-unknown``: the number is well formed and was never given here.
    """
    if not is_trade_certificate_number(number):
        raise Rejected("certificate-number", f"{number[:40]!r} is no trade certificate number, or a digit is wrong")
    page = await client.collection("trades", limit=1, certificate=number)
    if not page.items:
        raise NotFound("certificate-unknown", f"no trade certificate {number} was given here")
    return trade_finding(page.items[0], (await client.status()).block_time_ms)


def trade_finding(trade: Document, time_ms: int) -> TradeCertificate:
    """What a certified trade's record says of its certificate at ``time_ms``."""
    return TradeCertificate(
        number=trade["certificate"],
        code=CODES[trade["status"]],
        trade_id=trade["trade_id"],
        board_id=trade["board_id"],
        asset_id=trade["asset_id"],
        right_id=trade["right_id"],
        seller=trade["seller"],
        buyer=trade["buyer"],
        currency=trade["currency"],
        amount=trade["amount"],
        certified_ms=trade["certified_ms"],
        held=bool(trade["held_by"]),
        block_time_ms=time_ms,
    )


def trade_credential(trade: Document, operator: str, chain_id: str) -> dict[str, Any]:
    """The certificate of a trade as a credential without proof, for the board's exchange to sign.

    Args:
        trade: the record, as ``Client.record("trades", ...)`` gives it.
        operator: DID of the exchange that operates the board.
        chain_id: of the ledger that holds it.

    Raises:
        Rejected: ``certificate-not-issued``: the trade was never certified, or does not stand.
    """
    if CODES.get(trade["status"]) != "ok":
        raise Rejected("certificate-not-issued", f"the trade is {trade['status']}")
    return {
        "@context": list(CONTEXTS),
        "id": f"{operator}/trades/{trade['certificate']}",
        "type": ["VerifiableCredential", CREDENTIAL_TYPE],
        "issuer": operator,
        "validFrom": date_time(trade["certified_ms"]),
        "credentialSubject": {
            "id": trade["buyer"],
            "trade": {
                "number": trade["certificate"],
                "tradeId": trade["trade_id"],
                "boardId": trade["board_id"],
                "assetId": trade["asset_id"],
                "rightId": trade["right_id"],
                "seller": trade["seller"],
                "amount": str(trade["amount"]),
                "currency": trade["currency"],
                "agreementHash": trade["agreement_hash"],
            },
        },
        "evidence": {"type": "LedgerRecord", "chain": chain_id, "stateKey": trade["state_key"]},
    }
