"""The door again: nobody fills the pool alone, and strangers least of all."""

from chainnode.mempool.pool import Pool
from contracts.identity.operations import CreateIdentity
from tests.support.local_chain import envelope, key_of
from tests.unit.mempool.test_admission import _Door, _Gate


async def test_share_of_a_sender_is_retryable_and_costs_no_verification() -> None:
    """What is beyond a sender's share is refused before its signature is looked at, also with others under way."""
    gate = _Gate()
    gate.open.set()
    door = _Door(Pool(8, sender_percent=25), gate)
    answers = await door.submit(*(envelope(number) for number in range(1, 5)))
    assert [(answer.code, answer.retryable) for answer in answers] == [("ok", False)] * 2 + [
        ("pool-sender-full", True)
    ] * 2
    assert gate.asked == 2
    assert not door.admitter._verifying_of
    assert (await door.one(envelope(9, signer="civic-notary", sender="civic-notary"))).outcome == "accepted"


async def test_new_identities_share_a_bucket() -> None:
    """Whoever invents senders fills no more than the strangers' part, and members find room beside it."""
    door = _Door(Pool(32, sender_percent=25))
    answers = await door.submit(*(_newcomer(number) for number in range(4)))
    assert [answer.code for answer in answers] == ["ok", "ok", "pool-sender-full", "pool-sender-full"]
    assert (await door.one(envelope(1))).outcome == "accepted"


def _newcomer(number: int) -> bytes:
    name = f"newcomer-{number}"
    return envelope(1, signer=name, sender=name, operations=[CreateIdentity(key_of(name).public_key)])
