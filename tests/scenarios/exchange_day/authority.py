"""What interrupts a business day: keys that rotate, somebody who leaves, a regulator's freeze."""


from hashlib import sha256

from contracts.governance.operations_order import IssueOrder, LiftOrder
from contracts.governance.order import order_of
from contracts.identity.operations import DeactivateIdentity, RotateIdentity
from contracts.identity.record import VerificationMethod
from contracts.kernel.operation import Operation
from tests.scenarios.exchange_day.cast import Cast, key_of
from tests.scenarios.exchange_day.ledger import Ledger, Person
from tests.scenarios.exchange_day.registration import Asset
from tests.scenarios.exchange_day.trading import listing_order


async def rotate(ledger: Ledger, person: Person, attempt: Operation) -> None:
    """Replace the key of ``person``; what the old one signs is refused from then on."""
    fresh = key_of(f"{person.name}, second key")
    method = VerificationMethod("key-2", "ed25519", fresh.public_key, ("authentication", "assertion"))
    before = Person(person.name, person.wallet)
    await ledger.do(person, RotateIdentity((method,)))
    await ledger.refused("key-not-of-sender", before, attempt)
    person.wallet = type(person.wallet)(ledger.chain_id, [fresh], person.did)


async def deactivate(ledger: Ledger, person: Person, attempt: Operation) -> None:
    """End the identity of ``person``, after which it can do nothing more."""
    await ledger.do(person, DeactivateIdentity())
    await ledger.refused("sender-deactivated", person, attempt)


async def freeze(ledger: Ledger, cast: Cast, asset: Asset) -> None:
    """The regulator holds an asset by lawful order, and lifts it; while it holds, nobody lists the asset."""
    order_id, paper = b"order of the day", sha256(b"lawful order").digest()
    issue = IssueOrder(order_id, "asset", "Data Security Law, article 21", paper, asset.asset_id)
    await ledger.refused("role-missing", cast.buyers[0], issue)
    await ledger.do(cast.regulator, issue)
    await ledger.refused("asset-frozen", asset.holder, listing_order(asset, cast))
    await ledger.do(cast.regulator, LiftOrder(order_of(cast.regulator.did, order_id), "cleared", paper))
