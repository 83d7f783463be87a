"""Whatever clients send, in whatever order and at whatever time, ends in a receipt; a node never stops over it.

Operations of every kind are made from their schemas (``tests.support.operation_maker``) and run through the same
functions as on a chain: transactions of one or several, blocks that open, deadlines that pass.
"""

from collections import Counter
from functools import cache
from random import Random
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainnode.codec.canonical import encode
from chainnode.limits import EVENTS_PER_BLOCK_MAX, TRANSACTION_STATE_BYTES, TRANSACTION_STATE_FACTOR
from chainnode.state.overlay import Overlay
from chainnode.types.receipt import OK, BlockReceipt, Receipt, decode_block_receipt
from chainnode.types.transaction import Transaction
from contracts.assets.description import AssetDescription, Parent
from contracts.assets.operations import RegisterAsset
from contracts.assets.operations_application import DraftAsset, SubmitApplication
from contracts.assets.record import asset_id_of, description_hash
from contracts.assets.registrar import RegistrarPolicy, SetRegistrarPolicy
from contracts.disputes.operations import AcceptDispute, FileDispute
from contracts.disputes.record import Subject, dispute_id_of
from contracts.evidence.public_data.operations import CataloguePublicData
from contracts.governance.opening import BlockFacts
from contracts.governance.operations import GrantRole
from contracts.governance.operations_proposal import Propose
from contracts.identity.operations import CreateIdentity, RotateIdentity, SponsorIdentity
from contracts.identity.record import RecoveryPlan, VerificationMethod, read_active, read_identity
from contracts.income.operations import DistributeIncome, SetIncomeRule
from contracts.income.record import AccountRecord, DistributionRecord, Share
from contracts.kernel import outcome as kernel_outcome
from contracts.kernel.execution import execute_transaction, open_block
from contracts.kernel.operation import Operation, encode_operation
from contracts.kernel.policy import Role, roles_of
from contracts.kernel.registry import COLLECTIONS, FAMILIES, OPERATIONS, SPEC_OF, describe
from contracts.market.operations_trade import Agree
from contracts.market.record import ListingRecord
from contracts.market.record_trade import TradeRecord, trade_id_of
from contracts.relay.sending import send as relay_send
from contracts.rights.operations import GrantRight
from contracts.rights.terms import RightTerms
from tests.support.operation_maker import OperationMaker
from tests.unit.contracts.families import SAMPLES
from tests.unit.contracts.market.trading import AGREEMENT, ASSET, DAY, PRICE, TRADE_ID, Trading, ordered, reported
from tests.unit.contracts.relay.connected import CLIENT_ID, ECHO
from tests.unit.contracts.relay.remote import context_of
from tests.unit.contracts.world import CHAIN, World, did_of, key_of

CAST: dict[str, tuple[Role, ...]] = {
    "governor": ("governor",),
    "exchange": ("exchange", "registrar"),
    "member": ("member", "evaluator"),
    "registrar": ("registrar", "evaluator"),
    "regulator": ("regulator", "auditor"),
    "arbiter-1": ("arbitrator",),
    "arbiter-2": ("arbitrator", "member"),
    "stranger": (),
}
NEWCOMERS = ("new-1", "new-2")
KEYS = {key_of(name).public_key: key_of(name) for name in (*CAST, *NEWCOMERS)}
DIDS = tuple(did_of(name) for name in (*CAST, *NEWCOMERS))
JUMPS_MS = (1, 1_000, 10_000, 86_400_000, 3 * 86_400_000 + 1, 400 * 86_400_000)
HOME = ("asset.register", "market.list", "evidence.record", "market.order", "right.grant", "dispute.file",
        "dispute.decide", "governance.propose", "governance.vote", "market.settle")  # fmt: skip
"""Kinds that begin something; drawn more often, so that there is something to act on."""
KINDS = tuple(sorted(OPERATIONS))
ENDING = ("close", "suspend", "revoke", "withdraw", "cancel", "decline", "reject", "delist", "lapse", "terminate",
          "dismiss", "surrender", "deactivate", "rotate", "withhold", "end_", "open_board")  # fmt: skip
"""How verbs begin that end much; drawn less often."""
BY_ID = tuple(
    (namespace.encode(), msgspec.msgpack.Decoder(kind).decode)
    for family in FAMILIES
    for namespace, length, second, kind in family.records
    if length == 2 and not second and issubclass(kind, msgspec.Struct)
)
"""Namespaces of records that have one id."""
RELAY = tuple(sample for sample in SAMPLES if str(sample.__struct_config__.tag).startswith("relay."))
"""In the order in which they can be carried out: clients first, then what is shown to them."""
REFUSED_BYTES_MAX = 256 * 1024
"""What the operation that goes over the bound may have written before it is noticed."""


@cache
def foundation() -> dict[bytes, bytes]:
    """The state of a market under way: something of every kind has begun."""
    trading = Trading().reach("CERTIFIED")
    world, must = trading.world, trading.must
    for name, roles in CAST.items():
        if read_identity(world.overlay, did_of(name)) is None:
            world.submit(name, CreateIdentity(key_of(name).public_key))
        for role in roles:
            world.submit("governor", GrantRole(did_of(name), role))
    guard = VerificationMethod("key-1", "ed25519", key_of("stranger").public_key, ("authentication",))
    plan = RecoveryPlan((did_of("member"), did_of("regulator")), 1, 3_600_000)
    must("stranger", RotateIdentity((guard,), recovery=plan))
    must("exchange", SetRegistrarPolicy(RegistrarPolicy(reviewers=1, approvals=1, validity_ms=400 * DAY)))
    half = Parent(ASSET, "derived-from", 5_000)
    must("exchange", RegisterAsset("b", AssetDescription("dataset", "B", parents=(half,)), did_of("member")))
    drafted = AssetDescription("dataset", "C")
    must("member", DraftAsset("c", drafted))
    must("member", SubmitApplication(asset_id_of(did_of("member"), "c"), did_of("exchange"), description_hash(drafted)))
    must("stranger", ordered("offered"), ordered("agreed"))
    must("member", Agree(trade_id_of(did_of("stranger"), "agreed"), PRICE, AGREEMENT), reported())
    must("member", GrantRight(ASSET, did_of("regulator"), RightTerms("operating", sublicensing_levels=2), b"s" * 16))
    must("member", SetIncomeRule(ASSET, (Share(did_of("member"), 7_000), Share(did_of("regulator"), 3_000))))
    must("member", DistributeIncome("sold", ASSET, 100, "CNY", TRADE_ID))
    must("stranger", FileDispute("case", did_of("member"), Subject("trade", TRADE_ID), "Late", bytes(32)))
    must("arbiter-2", AcceptDispute(dispute_id_of(did_of("stranger"), "case"), (did_of("arbiter-1"),), 1))
    must("member", CataloguePublicData(b"p" * 16, "Roads", trading.evidence("member", "public-data")))
    for sample in RELAY[:4]:
        must("governor", sample)
    for number in range(3):
        relay_send(
            CLIENT_ID, ECHO, b"%d" % number, world.time_ms // 1_000 + 6 * 86_400, context_of(world), world.overlay
        )
    return {key: value for key, value in world.content().items() if value is not None}


def _kind(rng: Random, applied: Counter[str]) -> str:
    """A kind of operation: of two the one that applied less often so far."""
    name = rng.choice(HOME) if rng.random() < 0.15 else min(rng.choices(KINDS, k=2), key=lambda one: applied[one])
    return name if not name.partition(".")[2].startswith(ENDING) or rng.random() < 0.15 else rng.choice(KINDS)


class Siege(World):
    """A chain under random operations, each step of which is decided by one number."""

    def __init__(self) -> None:
        super().__init__()
        self.overlay = Overlay(lambda _key: None)
        self.maker = OperationMaker(CHAIN, DIDS, list(KEYS.values()), SAMPLES)
        for key, value in foundation().items():
            self.overlay.put(key, value)
            for namespace, decode in BY_ID:
                if key.startswith(namespace + b"/") and key.count(b"/") == 1:
                    self.maker.learn(decode(value))
        self.applied: Counter[str] = Counter()

    def step(self, number: int) -> None:
        """Open a block, or execute a transaction."""
        rng = Random(number)
        if rng.random() < 0.15:
            self.open(rng.choice(JUMPS_MS) if rng.random() < 0.15 else 1_000)
        for _ in range(6):
            if self.attack(rng) == OK:
                break

    def open(self, ms: int) -> None:
        self.height += 1
        self.time_ms += ms
        before = self.content()
        facts = BlockFacts(self.height, bytes(32), None, ())
        events = open_block(facts, chain_id=CHAIN, time_ms=self.time_ms, overlay=self.overlay)
        opened = BlockReceipt(self.height, tuple(events))
        assert decode_block_receipt(encode(opened)) == opened
        assert len(events) <= EVENTS_PER_BLOCK_MAX
        self._check_written(before)
        self.maker.hear(events)

    def attack(self, rng: Random) -> str:
        """The code of one transaction."""
        maker = self.maker
        maker.time_ms = self.time_ms
        maker.sender = rng.choice(DIDS)
        first = maker.make(rng, _kind(rng, self.applied), self._records)
        sender = maker.sender if isinstance(first, SponsorIdentity) else self._sender(rng, first)
        others = rng.randrange(1, 4) if rng.random() < 0.1 else 0
        operations = [first, *(maker.make(rng, _kind(rng, self.applied), self._records) for _ in range(others))]
        raws = [encode_operation(operation) for operation in operations]
        transaction = self.transaction(sender, raws, self._keys(rng, sender), CHAIN)
        tried = self._try(transaction)
        if tried.code != OK and rng.random() < 0.9:
            self._check_code(tried.code, tried.failed_operation, operations)
            return tried.code
        before, put_before = self.content(), self.overlay.put_bytes
        receipt = self.execute(transaction)
        assert receipt == tried
        written = self.overlay.put_bytes - put_before
        bound = TRANSACTION_STATE_BYTES + TRANSACTION_STATE_FACTOR * len(transaction.envelope)
        bound += sum(SPEC_OF[type(operation)].state_bytes for operation in operations)
        if receipt.code == OK:
            assert written <= bound
            self._check_written(before)
            maker.hear(receipt.events)
            for operation in operations:
                maker.learn(operation)
                self.applied[SPEC_OF[type(operation)].name] += 1
        else:
            assert self.content() == before
            assert written <= bound + REFUSED_BYTES_MAX
            self._check_code(receipt.code, receipt.failed_operation, operations)
        return receipt.code

    def _try(self, transaction: Transaction) -> Receipt:
        """What executing it would give; most attempts fail, and to look at the whole state after each costs most."""
        self.overlay.begin()
        receipt = execute_transaction(
            transaction, chain_id=CHAIN, height=self.height, time_ms=self.time_ms, index=0, overlay=self.overlay
        )
        self.overlay.discard()
        return receipt

    def _records(self, found: bytes) -> list[msgspec.Struct]:
        """Everything that is kept under an id alone."""
        return [kind for _, kind in self._kept(found)]

    def _kept(self, found: bytes) -> list[tuple[bytes, msgspec.Struct]]:
        ending = b"/" + found.hex().encode()
        values = ((decode, self.overlay.get(namespace + ending)) for namespace, decode in BY_ID)
        return [(value, decode(value)) for decode, value in values if value is not None]

    def _sender(self, rng: Random, operation: Operation) -> str:
        """Mostly who may: whoever the records name, with a role where one is needed."""
        roles = SPEC_OF[type(operation)].rule.roles
        if isinstance(operation, Propose) and rng.random() < 0.6:
            roles = ("governor",)
        able = [did for did in DIDS if not roles or any(role in roles for role in roles_of(self.overlay, did))]
        ids = [getattr(operation, name) for name in operation.__struct_fields__]
        told = [value for one in ids if isinstance(one, bytes) for value, _ in self._kept(one)]
        named = [did for did in able if any(did.encode() in value for value in told)]
        active = [did for did in named or able if read_active(self.overlay, did) is not None]
        return rng.choice((active if rng.random() < 0.85 else able) or DIDS)

    def _keys(self, rng: Random, sender: str) -> list[Any]:
        record = read_identity(self.overlay, sender)
        if record is None:
            own = [key for key in KEYS.values() if did_of_name(key.public_key) == sender]
            return own or [rng.choice(list(KEYS.values()))]
        held = [KEYS[key] for key in record.authentication_keys() if key in KEYS]
        return held[: record.threshold] or [rng.choice(list(KEYS.values()))]

    def _check_written(self, before: dict[bytes, bytes | None]) -> None:
        for key, value in self.content().items():
            if value is not None and before.get(key) != value:
                describe(key, value)

    def _check_code(self, code: str, failed: int, operations: list[Operation]) -> None:
        """A refusal is one that the reference promises for this operation."""
        if code not in kernel_outcome.CODES:
            assert code in SPEC_OF[type(operations[failed])].codes, (code, operations[failed])


def did_of_name(public_key: bytes) -> str:
    return next(did_of(name) for name in (*CAST, *NEWCOMERS) if key_of(name).public_key == public_key)


def check_money(siege: Siege) -> None:
    """No unit is made or lost: accounts hold what distributions gave, trades what parties paid."""
    owed: dict[tuple[str, ...], int] = {}
    accounts: dict[tuple[str, ...], AccountRecord] = {}
    for key, value in siege.content().items():
        if value is None:
            continue
        namespace = key.split(b"/")[0]
        if namespace == b"income-distribution":
            record: DistributionRecord = COLLECTIONS["income-distributions"].decode(value)
            assert sum(payout.amount for payout in record.payouts) == record.amount
            for payout in record.payouts if record.status == "DISTRIBUTED" else ():
                debt = payout.payee, record.distributed_by, record.currency
                owed[debt] = owed.get(debt, 0) + payout.amount
        elif namespace == b"income-account":
            ids = COLLECTIONS["income-accounts"].ids_of(key)
            place = str(ids["payee"]), str(ids["distributor"]), str(ids["currency"])
            accounts[place] = COLLECTIONS["income-accounts"].decode(value)
        elif namespace == b"market-trade":
            _check_trade(COLLECTIONS["trades"].decode(value))
        elif namespace == b"market-listing":
            listing: ListingRecord = COLLECTIONS["listings"].decode(value)
            assert 0 <= listing.taken <= (listing.quantity or 2**31)
    for named, account in accounts.items():
        assert account.credited - account.reversed == owed.get(named, 0)
        assert account.due() >= 0
    assert set(owed) <= set(accounts)


def _check_trade(trade: TradeRecord) -> None:
    assert trade.amount == trade.price * trade.quantity
    assert trade.proceeds + trade.fee in (trade.amount, trade.amount + trade.fee)
    assert trade.paid <= trade.proceeds
    assert trade.paid_fee <= trade.fee
    assert trade.refunded + trade.refund_due <= trade.paid + trade.paid_fee


@settings(max_examples=16, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 2**32 - 1), min_size=60, max_size=160))
def test_client_gets_a_receipt_whatever_it_sends_in_whatever_order(numbers: list[int]) -> None:
    """execution: 'Whatever a client sends ends in a receipt.'"""
    siege = Siege()
    for number in numbers:
        siege.step(number)
    check_money(siege)
