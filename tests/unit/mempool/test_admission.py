"""The door of the node: each refusal by its code, no trace of what was refused, one answer for the same bytes."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec
import pytest

from chainnode import limits
from chainnode.codec.canonical import encode
from chainnode.errors import Rejected
from chainnode.mempool.admission import Admission, Admitter
from chainnode.mempool.pool import Pool
from chainnode.mempool.verification import Verification, signature_records
from chainnode.mempool.verifier import InlineVerifier, check_records
from chainnode.types.ids import did_of_key
from chainnode.types.transaction import (
    Envelope,
    Signature,
    Transaction,
    build_payload,
    decode_transaction,
    sign_payload,
)
from contracts.identity.operations import CreateIdentity
from contracts.identity.record import VerificationMethod
from contracts.kernel.operation import encode_operation
from tests.support.local_chain import CHAIN_ID, CLIENT, LocalChain, envelope, evidence, key_of, transaction

DID = did_of_key(CHAIN_ID, key_of(CLIENT).public_key)


class _Gate:
    """A verifier that answers rightly, but only when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.open = asyncio.Event()

    async def start(self) -> None:
        """Nothing to start."""

    async def check(self, records: Sequence[bytes]) -> bytes:
        self.asked += len(records)
        await self.open.wait()
        return check_records(b"".join(records))

    async def close(self) -> None:
        """Nothing to release."""


class _Door:
    """An admitter on a real ledger."""

    def __init__(self, pool: Pool | None = None, verifier: object | None = None) -> None:
        self.chain = LocalChain()
        self.chain.extend(900)
        self.pool = Pool() if pool is None else pool
        self.told: list[tuple[list[Transaction], bool]] = []
        self.verifier = verifier or InlineVerifier()
        self.verification = Verification(self.verifier)  # type: ignore[arg-type]
        self.admitter = Admitter(
            self.chain.ledger, self.pool, self.verification,
            lambda transactions, local: self.told.append((transactions, local)),
        )

    async def submit(self, *envelopes: bytes, local: bool = True) -> list[Admission]:
        return await self.admitter.submit(envelopes, local=local)

    async def one(self, data: bytes) -> Admission:
        (answer,) = await self.submit(data)
        return answer

    def traceless(self) -> bool:
        return not len(self.pool) and not self.told and not self.admitter._verifying and not self.verification.under_way


def _forged(data: bytes) -> bytes:
    """The envelope with one bit of its signature changed."""
    outer = msgspec.msgpack.decode(data, type=Envelope)
    first = outer.signatures[0]
    bad = msgspec.structs.replace(first, signature=bytes([first.signature[0] ^ 1]) + first.signature[1:])
    return encode(Envelope(outer.payload, (bad, *outer.signatures[1:])))


def _signed_as(scheme: int, public_key: bytes, signature: bytes) -> bytes:
    payload = decode_payload_of(envelope(1))
    return encode(Envelope(payload, (Signature(scheme, public_key, signature),)))


def decode_payload_of(data: bytes) -> bytes:
    return msgspec.msgpack.decode(data, type=Envelope).payload


def _operations(*raw: bytes, sender: str = DID, version_of: bytes | None = None) -> bytes:
    payload = build_payload(CHAIN_ID, sender, bytes(16), 50, raw)
    return sign_payload(version_of or payload, [key_of(CLIENT)])


def _twice_signed() -> bytes:
    outer = msgspec.msgpack.decode(envelope(1), type=Envelope)
    return encode(Envelope(outer.payload, outer.signatures * 2))


KEY = key_of(CLIENT).public_key
REFUSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": ("malformed", lambda: b""),
    "garbage": ("malformed", lambda: b"\xff" * 40),
    "text": ("malformed", lambda: b'{"json": true}'),
    "nested": ("malformed", lambda: b"\x91" * 100_000),
    "cut": ("malformed", lambda: envelope(1)[:-1]),
    "trailing": ("malformed", lambda: envelope(1) + b"\x00"),
    "long-form": ("not-canonical", lambda: b"\xdc\x00\x02" + envelope(1)[1:]),
    "huge": ("too-large", lambda: bytes(limits.ENVELOPE_BYTES_MAX + 1)),
    "twice-signed": ("duplicate-signer", _twice_signed),
    "other-chain": ("wrong-chain", lambda: envelope(1, chain_id="elsewhere")),
    "expired": ("expired", lambda: envelope(1, valid_until=1)),
    "far": ("expiry-too-far", lambda: envelope(1, valid_until=1_002)),
    "unknown-operation": ("unknown-operation", lambda: _operations(encode(["no.such", 1]))),
    "broken-operation": ("operation-malformed", lambda: _operations(encode(["evidence.record", 1]))),
    "not-an-operation": ("operation-malformed", lambda: _operations(encode(7))),
    "scheme": ("signature-scheme", lambda: _signed_as(2, KEY, bytes(64))),
    "short-key": ("signature-form", lambda: _signed_as(1, KEY[:31], bytes(64))),
    "long-signature": ("signature-form", lambda: _signed_as(1, KEY, bytes(65))),
    "stranger": ("unknown-sender", lambda: envelope(1, signer="nobody", sender="nobody")),
    "foreign-key": ("key-not-of-sender", lambda: envelope(1, signer="civic-notary")),
    "forged": ("bad-signature", lambda: _forged(envelope(1))),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_transaction_is_refused_by_its_code_and_leaves_no_trace(case: str) -> None:
    """Bad input gets a clear coded error; nothing was changed by it."""
    code, make = REFUSED[case]
    door = _Door()
    answer = await door.one(make())
    assert (answer.outcome, answer.code, answer.retryable, answer.height) == ("rejected", code, False, None)
    assert answer.message
    assert door.traceless()


async def test_expiry_is_refused_with_the_range_that_is_valid_now() -> None:
    """Every rejection for expiry returns the currently valid range."""
    door = _Door()
    for valid_until in (0, 1, 1_002):
        assert (await door.one(envelope(1, valid_until=valid_until))).details == {"valid_from": 2, "valid_to": 1_001}
    for valid_until in (2, 1_001):
        assert (await door.one(envelope(valid_until, valid_until=valid_until))).outcome == "accepted"


async def test_valid_transactions_are_accepted_in_order_and_told_once() -> None:
    """``on_admitted`` is called once for each batch that brought something new."""
    door = _Door()
    sent = [envelope(number) for number in range(1, 6)]
    answers = await door.submit(*sent[:3], b"bad", *sent[3:], local=False)
    assert [answer.outcome for answer in answers] == ["accepted"] * 3 + ["rejected"] + ["accepted"] * 2
    ((admitted, local),) = door.told
    assert [item.envelope for item in admitted] == sent
    assert not local
    assert [item.tx_id for item in door.pool.transactions()] == [a.tx_id for a in answers if a.outcome == "accepted"]
    assert all(item.operations for item in admitted)


async def test_same_bytes_again_are_one_transaction() -> None:
    """Submission is idempotent: the same bytes twice is one transaction, answered the same way."""
    door = _Door()
    first = await door.one(envelope(1))
    again = await door.one(envelope(1))
    assert (first.outcome, again.outcome, again.tx_id) == ("accepted", "duplicate", first.tx_id)
    assert len(door.told) == len(door.pool) == 1


async def test_committed_transaction_is_answered_with_its_height() -> None:
    """A client that retries after a time-out learns where it stands."""
    door = _Door()
    candidate = door.chain.extend(5)
    answer = await door.one(candidate.transactions[0].envelope)
    assert (answer.outcome, answer.height, answer.code) == ("committed", 2, "ok")
    assert door.traceless()


async def test_same_bytes_in_one_batch_are_verified_once() -> None:
    """One answer each, in order."""
    gate = _Gate()
    gate.open.set()
    door = _Door(verifier=gate)
    answers = await door.submit(envelope(1), envelope(2), envelope(1), envelope(1))
    assert [answer.outcome for answer in answers] == ["accepted", "accepted", "duplicate", "duplicate"]
    assert gate.asked == 2
    answers = await door.submit(_forged(envelope(3)), _forged(envelope(3)))
    assert [answer.code for answer in answers] == ["bad-signature"] * 2


async def test_same_bytes_at_the_same_time_are_answered_the_same_way() -> None:
    """Two clients, one verification; what the first is told holds for the second."""
    gate = _Gate()
    door = _Door(verifier=gate)
    calls = [asyncio.create_task(door.submit(data)) for data in (envelope(1), envelope(1), _forged(envelope(2)))]
    calls.append(asyncio.create_task(door.submit(_forged(envelope(2)))))
    await asyncio.sleep(0)
    assert gate.asked == 2
    gate.open.set()
    answers = [(await call)[0] for call in calls]
    assert [answer.outcome for answer in answers] == ["accepted", "duplicate", "rejected", "rejected"]
    assert [answer.code for answer in answers[2:]] == ["bad-signature"] * 2
    assert len(door.pool) == len(door.told) == 1
    assert not door.admitter._verifying


async def test_crossed_batches_do_not_wait_for_each_other_for_ever() -> None:
    """Each of two batches begins with what the other repeats."""
    gate = _Gate()
    door = _Door(verifier=gate)
    first = asyncio.create_task(door.submit(envelope(1), envelope(2)))
    await asyncio.sleep(0)
    second = asyncio.create_task(door.submit(envelope(3), envelope(2), envelope(1)))
    await asyncio.sleep(0)
    third = asyncio.create_task(door.submit(envelope(2), envelope(3)))
    await asyncio.sleep(0)
    gate.open.set()
    async with asyncio.timeout(2):
        outcomes = [[answer.outcome for answer in await call] for call in (first, second, third)]
    assert outcomes == [["accepted"] * 2, ["accepted", "duplicate", "duplicate"], ["duplicate"] * 2]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_copy_with_a_false_signature_does_not_stop_the_true_one(order: tuple[int, int]) -> None:
    """Signatures cannot change the id, so a stranger can send it with a false one: that refuses only itself."""
    gate = _Gate()
    door = _Door(verifier=gate)
    both = [envelope(1), _forged(envelope(1))]
    calls = [asyncio.create_task(door.submit(both[position])) for position in order]
    await asyncio.sleep(0)
    gate.open.set()
    answers = {position: (await call)[0] for position, call in zip(order, calls, strict=True)}
    assert (answers[0].outcome, answers[1].code) == ("accepted", "bad-signature")
    assert [item.envelope for item in door.pool.transactions()] == both[:1]
    one_batch = _Door()
    answered = await one_batch.submit(*(both[position] for position in order))
    assert sorted(answer.outcome for answer in answered) == ["accepted", "rejected"]


async def test_caller_that_gives_up_leaves_nothing_under_way() -> None:
    """A client hung up while its signatures were checked; who repeats the bytes has them checked anew."""
    gate = _Gate()
    door = _Door(verifier=gate)
    first = asyncio.create_task(door.submit(envelope(1)))
    await asyncio.sleep(0)
    second = asyncio.create_task(door.submit(envelope(1)))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    gate.open.set()
    (answer,) = await second
    assert (answer.outcome, gate.asked) == ("accepted", 2)
    assert not door.admitter._verifying
    assert not door.verification.under_way


async def test_transaction_committed_during_verification_does_not_enter_the_pool() -> None:
    """The chain moved while the signatures were checked: it may have been committed by a block."""
    gate = _Gate()
    door = _Door(verifier=gate)
    candidate = door.chain.build(5)
    call = asyncio.create_task(door.submit(candidate.transactions[0].envelope))
    await asyncio.sleep(0)
    door.chain.commit(candidate)
    gate.open.set()
    (answer,) = await call
    assert (answer.outcome, answer.height) == ("committed", 2)
    assert door.traceless()


def _two_keys(number: int, *, forged: bool) -> bytes:
    """A transaction of two signatures: a new identity of two keys creates itself; perhaps the second is false."""
    keys = [key_of(f"first-{number}"), key_of(f"second-{number}")]
    methods = tuple(
        VerificationMethod(f"key-{place}", "ed25519", key.public_key, ("authentication",))
        for place, key in enumerate(keys, 1)
    )
    operation = encode_operation(CreateIdentity(keys[0].public_key, methods))
    did = did_of_key(CHAIN_ID, keys[0].public_key)
    data = sign_payload(build_payload(CHAIN_ID, did, number.to_bytes(16, "big"), 50, [operation]), keys)
    return data[:-1] + bytes([data[-1] ^ 1]) if forged else data


async def test_each_transaction_is_judged_by_all_of_its_own_signatures() -> None:
    """Verdicts of a batch are dealt out by the number of signatures: one false one refuses its transaction alone."""
    door = _Door()
    answers = await door.submit(
        _two_keys(1, forged=False), envelope(1), _two_keys(2, forged=True), envelope(2), _two_keys(3, forged=False),
        _forged(envelope(3)), envelope(4),
    )
    assert [answer.code for answer in answers] == ["ok", "ok", "bad-signature", "ok", "ok", "bad-signature", "ok"]


async def test_transaction_without_room_costs_no_verification() -> None:
    """What is under verification will want its place: more than fits is refused before its signature is looked at."""
    gate = _Gate()
    gate.open.set()
    door = _Door(Pool(transactions_max=2), gate)
    await door.submit(*(envelope(number) for number in range(1, 9)))
    assert gate.asked == 2


async def test_full_pool_is_retryable_and_counts_what_is_under_way() -> None:
    """A full pool refuses new transactions with a retryable code."""
    door = _Door(Pool(transactions_max=2))
    answers = await door.submit(*(envelope(number) for number in range(1, 5)))
    assert [answer.outcome for answer in answers] == ["accepted"] * 2 + ["rejected"] * 2
    assert {(answer.code, answer.retryable) for answer in answers[2:]} == {("pool-full", True)}
    assert (await door.one(envelope(1))).outcome == "duplicate"


async def test_signature_is_checked_only_for_what_passed_everything_else() -> None:
    """Checks run cheapest first: refusals before the signature cost none."""
    gate = _Gate()
    gate.open.set()
    door = _Door(verifier=gate)
    await door.submit(*(make() for code, make in REFUSED.values() if code != "bad-signature"))
    assert gate.asked == 0


async def test_new_identity_may_create_itself() -> None:
    """A sender that does not exist yet begins by creating itself, signed by its initial key."""
    door = _Door()
    operations = [CreateIdentity(key_of("newcomer").public_key), evidence(1)]
    answer = await door.one(envelope(1, signer="newcomer", sender="newcomer", operations=operations))
    assert answer.outcome == "accepted"


async def test_refusal_names_the_operation_at_fault() -> None:
    """Details name the operation's index, so that a client of 128 operations finds it."""
    door = _Door()
    answer = await door.one(_operations(encode_operation(evidence(1)), encode(["no.such", 1])))
    assert answer.details["operation"] == 1


def test_records_cover_every_signature_in_order() -> None:
    """One 128-byte record a signature: key, signature, id."""
    item = transaction(1)
    (record,) = signature_records(item)
    assert record == item.signatures[0].public_key + item.signatures[0].signature + item.tx_id
    both = decode_transaction(
        sign_payload(decode_payload_of(item.envelope), [key_of(CLIENT), key_of("civic-notary")])
    )
    assert check_records(b"".join(signature_records(both))) == b"\x01\x01"
    with pytest.raises(Rejected):
        signature_records(decode_transaction(_signed_as(9, KEY, bytes(64))))
