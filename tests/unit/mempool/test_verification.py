"""One check for each envelope: shared while under way, known afterwards, by the exact bytes."""

import asyncio
from collections.abc import Sequence

import pytest

from chainnode.errors import Rejected
from chainnode.mempool import verification as verification_module
from chainnode.mempool.verification import Verification
from chainnode.mempool.verifier import InlineVerifier, check_records
from chainnode.types.transaction import Transaction, build_payload, decode_transaction, sign_payload
from tests.support.local_chain import forged, key_of, transaction


class _Gate:
    """A verifier that answers rightly, but only when it is told to, and remembers who asked when."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.open = asyncio.Event()
        self.broken = False

    async def start(self) -> None:
        """Nothing to start."""

    async def check(self, records: Sequence[bytes]) -> bytes:
        self.asked.append(len(records))
        await self.open.wait()
        if self.broken:
            self.broken = False
            raise ZeroDivisionError
        return check_records(b"".join(records))

    async def close(self) -> None:
        """Nothing to release."""


def _several(first: int, count: int) -> list[Transaction]:
    return [transaction(number) for number in range(first, first + count)]


async def test_what_was_found_valid_is_known_again() -> None:
    """Whoever needs it verified asks here; what is false is not remembered."""
    verification = Verification(InlineVerifier())
    good, bad = _several(1, 3), forged(transaction(1))
    assert await verification.check([*good, bad]) == [True, True, True, False]
    assert (verification.checked, verification.spared) == (4, 0)
    assert await verification.check([bad, *good]) == [False, True, True, True]
    assert (verification.checked, verification.spared) == (5, 3)
    assert await verification.check([]) == []


async def test_false_copy_is_never_taken_for_the_true_one() -> None:
    """The id does not cover the signatures: what counts is the exact envelope."""
    verification = Verification(InlineVerifier())
    true, false = transaction(1), forged(transaction(1))
    assert true.tx_id == false.tx_id
    assert await verification.check([true]) == [True]
    assert await verification.check([false]) == [False]
    assert await Verification(InlineVerifier()).check([false, true, false]) == [False, True, False]


async def test_check_under_way_is_shared() -> None:
    """Two that cross each other wait for each other's verdicts, and not for ever."""
    gate = _Gate()
    verification = Verification(gate)
    items = [*_several(1, 3), forged(transaction(9))]
    first = asyncio.create_task(verification.check([items[0], items[3], items[1], items[0]]))
    await asyncio.sleep(0)
    second = asyncio.create_task(verification.check([items[2], items[1], items[3]]))
    await asyncio.sleep(0)
    third = asyncio.create_task(verification.check([items[1], items[2]]))
    await asyncio.sleep(0)
    assert verification.under_way == 4
    assert verification.is_under_way(items[2].leaf_hash)
    settled = asyncio.create_task(verification.settled([item.leaf_hash for item in items]))
    await asyncio.sleep(0)
    assert not settled.done()
    gate.open.set()
    async with asyncio.timeout(2):
        assert await first == [True, False, True, True]
        assert await second == [True, True, False]
        assert await third == [True, True]
        await settled
    assert (gate.asked, verification.under_way) == ([3, 1], 0)


@pytest.mark.parametrize("end", ["cancelled", "failed"])
async def test_check_that_nobody_finishes_is_begun_again(end: str) -> None:
    """Its caller gave up, or the verifier failed: then it is for whoever waits to do."""
    gate = _Gate()
    verification = Verification(gate)
    item = transaction(1)
    first = asyncio.create_task(verification.check([item]))
    await asyncio.sleep(0)
    second = asyncio.create_task(verification.check([item]))
    await asyncio.sleep(0)
    if end == "cancelled":
        first.cancel()
    else:
        gate.broken = True
        gate.open.set()
    await asyncio.wait([first])
    gate.open.set()
    async with asyncio.timeout(2):
        assert await second == [True]
    assert not verification.under_way
    assert not first.cancelled() or end == "cancelled"
    assert end == "cancelled" or isinstance(first.exception(), ZeroDivisionError)


async def test_block_under_discussion_goes_first() -> None:
    """Urgent checks go first: the others pause, and go on afterwards."""
    gate = _Gate()
    verification = Verification(gate)
    urgent = asyncio.create_task(verification.check(_several(1, 3), urgent=True))
    await asyncio.sleep(0)
    other = asyncio.create_task(verification.check(_several(10, 5)))
    await asyncio.sleep(0.002)
    assert gate.asked == [3]
    gate.open.set()
    async with asyncio.timeout(2):
        assert await urgent == [True] * 3
        assert await other == [True] * 5


async def test_urgent_check_may_wait_for_one_that_is_not() -> None:
    """It pauses nobody while it waits for others, or both would wait for ever."""
    gate = _Gate()
    verification = Verification(gate)
    shared = transaction(1)
    slow = asyncio.create_task(verification.check([transaction(8)], urgent=True))
    await asyncio.sleep(0)
    other = asyncio.create_task(verification.check([shared]))
    await asyncio.sleep(0)
    urgent = asyncio.create_task(verification.check([shared, transaction(2)], urgent=True))
    await asyncio.sleep(0)
    gate.open.set()
    async with asyncio.timeout(2):
        assert [await slow, await other, await urgent] == [[True], [True], [True, True]]


async def test_signature_without_its_form_is_an_error_and_leaves_nothing_under_way() -> None:
    """Raises Rejected ``signature-form``."""
    verification = Verification(InlineVerifier())
    item = transaction(1)
    short = Transaction(
        item.envelope + b"x", (type(item.signatures[0])(1, item.signatures[0].public_key, bytes(63)),), item.payload,
        item.tx_id,
    )
    with pytest.raises(Rejected) as caught:
        await verification.check([item, short])
    assert (caught.value.code, verification.under_way, verification.checked) == ("signature-form", 0, 0)
    assert await verification.check([item]) == [True]


async def test_every_signature_of_a_transaction_counts() -> None:
    """Verdicts are dealt out by the number of signatures."""
    payload = build_payload("local-chain", "did:x", bytes(16), 50, [b"\x01"])
    two = decode_transaction(sign_payload(payload, [key_of("a"), key_of("b")]))
    bad = decode_transaction(two.envelope[:-1] + bytes([two.envelope[-1] ^ 1]))
    verification = Verification(InlineVerifier())
    assert await verification.check([bad, transaction(1), two, transaction(2)]) == [False, True, True, True]
    assert verification.checked == 6


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest ones; an older one is checked again."""
    monkeypatch.setattr(verification_module, "VERIFIED_MAX", 10)
    verification = Verification(InlineVerifier())
    items = _several(1, 15)
    await verification.check(items)
    assert len(verification._verified) == 10
    await verification.check(items[5:])
    assert verification.checked == 15
    await verification.check(items[:1])
    assert verification.checked == 16
