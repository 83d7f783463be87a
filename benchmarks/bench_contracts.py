"""Executing each operation.

Question: what does executing each operation cost, beside checking its one signature?

Workload: decoded transactions of one operation each (and one of 100), executed as a block executes them, on a fresh
overlay over the same committed state. Unit: us for one transaction. Limit: the bare signature check of a transaction;
a ratio of 2 says that execution takes half the time of the check.
A lie would be: operations that are refused early (every receipt must say ok, or the run ends).
"""

from collections.abc import Callable, Sequence
from typing import Final

from nacl.bindings import crypto_sign_open

from benchmarks import workload
from benchmarks.harness import Case, Figure, Size, measure
from chainnode.chain.ledger import Ledger
from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import InvariantBroken
from chainnode.state.overlay import Overlay
from chainnode.store.memory import MemoryKeyValue
from chainnode.types.ids import did_of_key
from chainnode.types.transaction import Transaction
from contracts.assets.description import AssetDescription, Distribution, Field
from contracts.assets.operations import RegisterAsset
from contracts.evidence.operations import RecordEvidenceBatch
from contracts.governance.operations import GrantRole
from contracts.identity.credential import STATUS_BITS_MIN
from contracts.identity.operations import CreateIdentity, DeactivateIdentity, SponsorIdentity, UpdateIdentity
from contracts.identity.operations_accreditation import Accredit
from contracts.identity.operations_credential import AnchorStatusList, LogIssuance, RegisterSchema
from contracts.identity.record import sponsorship_bytes
from contracts.kernel.execution import execute_transaction
from contracts.kernel.operation import Operation

COUNT: Final = {"full": 300, "smoke": 20}
URI: Final = "https://exchange.example/status/1"
RAW: Final = "contracts.raw_verify"


def run(size: Size) -> list[Figure]:
    count = COUNT[size]
    ledger = workload.open_ledger(workload.initialised(MemoryKeyValue()))
    exchange = workload.key_of(workload.EXCHANGE)
    made = {name: [_signed(build(n), exchange, n) for n in range(count)] for name, build in BUILDERS.items()}
    made["evidence.record x 100"] = [
        _signed([workload.evidence(n * 100 + at) for at in range(100)], exchange, n) for n in range(count // 20)
    ]
    strangers = [workload.key_of(f"stranger-{number}") for number in range(count)]
    made["identity.create"] = [_signed([CreateIdentity(key.public_key)], key, n) for n, key in enumerate(strangers)]
    member = _did("delta-provider")
    made["governance.grant_role"] = [
        workload.transaction(workload.consortium_envelope(n, [GrantRole(member, "registrar")])) for n in range(count)
    ]
    cases = [Case(RAW, _checks(made["evidence.record"]), count)]
    cases += [
        Case(f"contracts.execute[{name}]", _executed(ledger, found), len(found), RAW) for name, found in made.items()
    ]
    return measure(cases, size)


def _rich(number: int) -> AssetDescription:
    """A description with what a real catalogue entry carries: some 1.5 KiB."""
    fields = tuple(Field(f"column_{n}", "string", f"What column {n} of the table says") for n in range(12))
    forms = tuple(Distribution(f"As {f}", f"https://data.example/{number}.{f}", "text/csv", f) for f in ("csv", "json"))
    return AssetDescription("dataset", f"Data set {number}", fields=fields, distributions=forms)


BUILDERS: Final[dict[str, Callable[[int], list[Operation]]]] = {
    "evidence.record": lambda n: [workload.evidence(n)],
    "evidence.record_batch": lambda n: [
        RecordEvidenceBatch(n.to_bytes(16, "big"), "file", "sha256", workload.material(f"root {n}", 32), 1_000)
    ],
    "asset.register small": lambda n: [RegisterAsset(f"set-{n}", AssetDescription("dataset", f"Data set {n}"))],
    "asset.register rich": lambda n: [RegisterAsset(f"set-{n}", _rich(n))],
    "identity.update": lambda n: [UpdateIdentity(also_known_as=(f"https://exchange.example/{n}",))],
    "identity.deactivate": lambda n: [DeactivateIdentity()],
    "identity.sponsor": lambda n: [_sponsorship(n)],
    "identity.accredit": lambda _n: [Accredit(_did("delta-provider"), "supplier")],
    "identity.anchor_status_list": lambda n: [
        AnchorStatusList(f"list-{n}", "revocation", STATUS_BITS_MIN, 1, workload.material(f"list {n}", 32), URI)
    ],
    "identity.register_schema": lambda n: [RegisterSchema(f"schema-{n}", 1, "Schema", workload.material("schema", 32))],
    "identity.log_issuance": lambda n: [LogIssuance(workload.material(f"credential {n}", 32), "DataMerchant")],
}


def _did(name: str) -> str:
    return did_of_key(workload.CHAIN_ID, workload.key_of(name).public_key)


def _sponsorship(number: int) -> SponsorIdentity:
    key = workload.key_of(f"newcomer-{number}")
    return SponsorIdentity(key.public_key, key.sign(sponsorship_bytes(workload.CHAIN_ID, _did(workload.EXCHANGE))))


def _signed(operations: Sequence[Operation], key: SigningKey, number: int) -> Transaction:
    return workload.transaction(workload.envelope(number, operations=operations, key=key))


def _checks(transactions: Sequence[Transaction]) -> Callable[[], bytes]:
    raw = [(one.signatures[0].signature + one.signed_bytes, one.signatures[0].public_key) for one in transactions]
    return lambda: b"".join([crypto_sign_open(signed, key) for signed, key in raw])


def _executed(ledger: Ledger, transactions: Sequence[Transaction]) -> Callable[[], bytes]:
    once = isinstance(transactions[0].operations[0], DeactivateIdentity | GrantRole)

    def work() -> bytes:
        overlay = Overlay(ledger.store.state)
        receipts = []
        for index, transaction in enumerate(transactions):
            if once:
                # An identity ends, and a role is granted, only once: each of these meets the state as it was.
                overlay = Overlay(ledger.store.state)
            receipt = execute_transaction(
                transaction, chain_id=workload.CHAIN_ID, height=1, time_ms=workload.GENESIS_MS + 1_000, index=index,
                overlay=overlay,
            )
            if receipt.code != "ok":
                raise InvariantBroken(f"a benchmark's operation was refused: {receipt.code} {receipt.info}")
            receipts.append(encode(receipt))
        return b"".join(receipts)

    return work
