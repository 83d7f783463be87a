"""Who may sell what to whom, asked anew at each step that binds somebody."""

from typing import Final

from chainnode.state.view import State
from contracts.assets.measures import tradable_asset
from contracts.identity.accreditation import accredited
from contracts.identity.record import read_active
from contracts.kernel.outcome import OperationFailed
from contracts.market.record import BoardRecord
from contracts.rights.force import IN_FORCE, right_in_force
from contracts.rights.terms import RightTerms, wider_in

SELLING_KINDS: Final = ("operating",)
"""Rights under which one may sell what one does not hold."""

SELLER_CODES: Final = (
    *IN_FORCE,
    "right-no-sublicence",
    "right-wider",
    "right-field-unknown",
    "seller-without-right",
    "seller-not-accredited",
    "trade-party-inactive",
)
"""What ``check_seller`` raises: what would later keep the right from being granted is refused before anybody pays."""
BUYER_CODES: Final = ("buyer-not-accredited", "right-audience")
"""What ``check_buyer`` raises beside."""


def check_seller(
    board: BoardRecord, asset_id: bytes, seller: str, right_id: bytes, terms: RightTerms, state: State, time_ms: int
) -> None:
    """Check that ``seller`` may sell a right of ``terms`` in the asset on ``board`` at ``time_ms``.

    Raises:
        OperationFailed: one of ``SELLER_CODES``.
    """
    asset = tradable_asset(state, asset_id, time_ms)
    if right_id:
        right = right_in_force(state, right_id, seller, time_ms)
        if right.asset_id != asset_id or right.terms.kind not in SELLING_KINDS:
            raise OperationFailed(
                "seller-without-right",
                f"{right_id.hex()} is {right.terms.kind} in asset {right.asset_id.hex()}; selling needs operating",
            )
        levels = right.terms.sublicensing_levels
        if not levels:
            raise OperationFailed("right-no-sublicence", f"{right_id.hex()} gives no leave to grant further rights")
        dimension = wider_in(terms, right.terms) or ("sublicensing" if terms.sublicensing_levels >= levels else "")
        if dimension:
            raise OperationFailed("right-wider", f"the offered terms are wider than the seller's in {dimension}")
    elif asset.holder != seller:
        raise OperationFailed("seller-without-right", f"{asset.holder} holds asset {asset_id.hex()}, not {seller}")
    if terms.until_ms and terms.until_ms <= time_ms:
        raise OperationFailed("right-expired", f"the right on offer ended at {terms.until_ms}")
    known = {field.name for field in asset.description.fields}
    for name in terms.fields if known else ():
        if name not in known:
            raise OperationFailed("right-field-unknown", f"asset {asset_id.hex()} has no field {name}")
    kind = board.rules.seller_kind
    if kind and not accredited(state, seller, kind, time_ms):
        raise OperationFailed("seller-not-accredited", f"{seller} is not accredited as {kind}")
    check_active(seller, state)


def check_buyer(board: BoardRecord, buyer: str, terms: RightTerms, state: State, time_ms: int) -> None:
    """Check that ``buyer`` may buy a right of ``terms`` on ``board`` at ``time_ms``.

    Raises:
        OperationFailed: one of ``BUYER_CODES``, or ``trade-party-inactive``.
    """
    if terms.audience and buyer not in terms.audience:
        raise OperationFailed("right-audience", f"{buyer} is not of the audience")
    kind = board.rules.buyer_kind
    if kind and not accredited(state, buyer, kind, time_ms):
        raise OperationFailed("buyer-not-accredited", f"{buyer} is not accredited as {kind}")
    check_active(buyer, state)


def check_active(party: str, state: State) -> None:
    """Check that a party of a trade still exists.

    Raises:
        OperationFailed: ``trade-party-inactive``.
    """
    if read_active(state, party) is None:
        raise OperationFailed("trade-party-inactive", f"{party} is no active identity of this chain")
