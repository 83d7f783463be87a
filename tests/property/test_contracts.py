"""Whatever clients send: a receipt that decodes, all operations or none, and the same answer on every node."""

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chainnode.codec.canonical import encode
from chainnode.errors import Rejected
from contracts.assets.dcat import import_catalogue
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of, read_asset
from contracts.evidence.operations import RecordEvidence, RecordEvidenceBatch
from contracts.evidence.record import read_evidence
from contracts.governance.operations import GrantRole, RevokeRole
from contracts.identity.operations import DeactivateIdentity, RotateIdentity, UpdateIdentity
from contracts.identity.record import VerificationMethod, read_identity, read_identity_version
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import ROLES, Role, role_record, roles_of
from contracts.kernel.registry import CODES, checked_operation, decode_operation
from tests.unit.contracts.world import MEMBERS, World, did_of, key_of

METHOD = VerificationMethod("k", "ed25519", key_of("exchange-2").public_key, ("authentication",))
WELL_FORMED: tuple[Operation, ...] = (
    RecordEvidence(bytes(16), "file", "sha256", bytes(32)),
    RecordEvidence(b"2" * 16, "file", "sha256", bytes(32), previous=bytes(16)),
    RecordEvidenceBatch(b"3" * 16, "file", "sm3", bytes(32), 5),
    RegisterAsset("a", AssetDescription("dataset", "A", keywords=("k",))),
    RegisterAsset("b", AssetDescription("dataset", "B"), did_of("member")),
    UpdateIdentity(also_known_as=("https://example.org/",)),
    RotateIdentity((METHOD,)),
    DeactivateIdentity(),
    GrantRole(did_of("member"), "exchange"),
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=20) | st.binary(max_size=40)
VALUES = SCALARS | st.lists(SCALARS, max_size=3)


@st.composite
def operation_bytes(draw: st.DrawFn) -> bytes:
    """A good operation, or one with a field replaced, added or removed."""
    data = encode(draw(st.sampled_from(WELL_FORMED)))
    fields: list[Any] = msgspec.msgpack.decode(data)
    match draw(st.sampled_from(["keep", "keep", "replace", "add", "remove"])):
        case "replace":
            fields[draw(st.integers(0, len(fields) - 1))] = draw(VALUES)
        case "add":
            fields.append(draw(VALUES))
        case "remove":
            fields.pop()
    return encode(fields)


@given(st.lists(operation_bytes(), min_size=1, max_size=5))
def test_any_operations_end_in_a_receipt_and_leave_nothing_when_refused(raws: list[bytes]) -> None:
    """Never raises for bad input; on any failure everything is discarded."""
    world = World()
    before = world.content()
    receipt = world.submit("exchange", *raws)
    if receipt.code == "ok":
        assert world.content() != before
        return
    assert receipt.code in CODES
    assert 0 <= receipt.failed_operation < len(raws)
    assert world.content() == before


GOOD = (
    checked_operation(RecordEvidence(bytes(16), "file", "sha256", bytes(32), title="é")),
    checked_operation(RegisterAsset("a", AssetDescription("dataset", "A", keywords=("k",)))),
)


@given(st.sampled_from(GOOD), st.data())
def test_changed_bytes_are_refused_or_mean_exactly_what_they_say(good: bytes, data: st.DataObject) -> None:
    """Canonical: no two byte strings read as one operation."""
    at = data.draw(st.integers(0, len(good) - 1))
    changed = good[:at] + bytes((data.draw(st.integers(0, 255)),)) + good[at + 1 :]
    try:
        found = decode_operation(changed)
    except OperationFailed:
        return
    assert encode(found) == changed


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=5,
)
PROPERTIES = (
    "identifier title description keyword theme modified publisher contactPoint accessLevel license spatial temporal "
    "distribution landingPage downloadURL mediaType format @id @type @value @language @list name fn dct:title"
)
NAMES = st.sampled_from(PROPERTIES.split(" "))
NODES: st.SearchStrategy[Any] = st.recursive(
    JSON, lambda inner: st.dictionaries(NAMES, inner, max_size=6) | st.lists(inner, max_size=3), max_leaves=8
)


@given(
    st.lists(st.dictionaries(NAMES, NODES) | NODES, max_size=5), st.sampled_from(["dataset", "dcat:dataset", "@graph"])
)
def test_any_catalogue_gives_an_outcome_for_each_entry(datasets: list[Any], place: str) -> None:
    """Reports per entry what was registered, adapted or refused; every operation it builds is valid."""
    try:
        imported = import_catalogue(json.dumps({place: datasets}).encode())
    except Rejected as refusal:
        assert refusal.code == "catalogue-no-datasets"
        return
    names = [entry.identifier for entry in imported.entries if entry.operation is not None]
    assert len(set(names)) == len(names)
    for entry in imported.entries:
        assert (entry.operation is None) == (entry.outcome == "refused") == bool(entry.code)
        assert bool(entry.notes) == (entry.outcome != "ready")
        assert entry.name
        if entry.operation is not None:
            checked_operation(entry.operation)


class Consortium(RuleBasedStateMachine):
    """Members act at random beside a plain model of what the ledger should then say."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.roles: dict[str, set[Role]] = {name: set(roles) for name, roles in MEMBERS.items()}
        self.keys = {name: name for name in MEMBERS}
        self.versions = dict.fromkeys(MEMBERS, 1)
        self.ended: set[str] = set()
        self.assets: dict[tuple[str, str], int] = {}
        self.numbers = ["exchange"]
        self.evidence: set[tuple[str, int]] = set()

    names = st.sampled_from(sorted(MEMBERS))

    def send(self, name: str, operation: Operation) -> str:
        return self.world.submit(name, operation, keys=[key_of(self.keys[name])]).code

    @rule(name=names, identifier=st.sampled_from("abc"))
    def register(self, name: str, identifier: str) -> None:
        code = self.send(name, RegisterAsset(identifier, AssetDescription("dataset", "A")))
        if name in self.ended:
            assert code == "sender-deactivated"
        elif not self.roles[name] & {"exchange", "registrar"}:
            assert code == "role-missing"
        elif (name, identifier) in self.assets:
            assert code == "asset-exists"
        else:
            assert code == "ok"
            self.assets[name, identifier] = 1 + sum(1 for registrar, _ in self.assets if registrar == name)

    @rule(name=names, number=st.integers(0, 3))
    def record(self, name: str, number: int) -> None:
        code = self.send(name, RecordEvidence(bytes(15) + bytes((number,)), "file", "sha256", bytes(32)))
        if name in self.ended:
            assert code == "sender-deactivated"
        elif not self.roles[name]:
            assert code == "role-missing"
        elif (name, number) in self.evidence:
            assert code == "evidence-exists"
        else:
            assert code == "ok"
            self.evidence.add((name, number))

    def governors(self) -> int:
        return sum("governor" in roles for name, roles in self.roles.items() if name not in self.ended)

    @rule(governor=names, name=names, role=st.sampled_from(ROLES))
    def grant(self, governor: str, name: str, role: Role) -> None:
        code = self.send(governor, GrantRole(did_of(name), role))
        if governor in self.ended or "governor" not in self.roles[governor]:
            assert code in ("sender-deactivated", "role-missing")
        elif self.governors() > 1:
            assert code == "approval-required", "no governor among several decides alone"
        elif name in self.ended or role in self.roles[name]:
            assert code in ("role-did-unknown", "role-held")
        else:
            assert code == "ok"
            self.roles[name].add(role)
            if role in ("exchange", "registrar") and name not in self.numbers:
                self.numbers.append(name)

    @rule(governor=names, name=names, role=st.sampled_from(ROLES))
    def revoke(self, governor: str, name: str, role: Role) -> None:
        code = self.send(governor, RevokeRole(did_of(name), role))
        if code == "ok":
            assert "governor" in self.roles[governor]
            assert self.governors() == 1
            self.roles[name].remove(role)

    @rule(name=names, key=st.sampled_from("xyz"))
    def rotate(self, name: str, key: str) -> None:
        fresh = f"{name}-{key}"
        method = VerificationMethod("k", "ed25519", key_of(fresh).public_key, ("authentication",))
        self.change(name, RotateIdentity((method,)), fresh)

    @rule(name=names)
    def update(self, name: str) -> None:
        self.change(name, UpdateIdentity(), self.keys[name])

    @rule(name=st.sampled_from(["member", "stranger"]))
    def deactivate(self, name: str) -> None:
        governors = [held for held in MEMBERS if "governor" in self.roles[held]]
        if name not in self.ended and governors == [name]:
            assert self.send(name, DeactivateIdentity()) == "governor-last"
            return
        self.change(name, DeactivateIdentity(), self.keys[name])
        self.ended.add(name)
        self.roles[name].clear()

    def change(self, name: str, operation: Operation, key: str) -> None:
        code = self.send(name, operation)
        assert code == ("sender-deactivated" if name in self.ended else "ok")
        if code == "ok":
            self.keys[name] = key
            self.versions[name] += 1

    @rule(name=names, thief=names)
    def forge(self, name: str, thief: str) -> None:
        if name != thief and name not in self.ended:
            receipt = self.world.submit(name, DeactivateIdentity(), keys=[key_of(self.keys[thief])])
            assert receipt.code == "key-not-of-sender"

    @invariant()
    def ledger_says_what_the_model_says(self) -> None:
        state = self.world.overlay
        for name in MEMBERS:
            did = did_of(name)
            record = read_identity(state, did)
            assert record is not None
            assert (record.version, record.deactivated) == (self.versions[name], name in self.ended)
            assert record.authentication_keys() == (key_of(self.keys[name]).public_key,)
            assert all(read_identity_version(state, did, n) is not None for n in range(1, record.version + 1))
            assert roles_of(state, did) == tuple(sorted(self.roles[name]))
            number = self.numbers.index(name) + 1 if name in self.numbers else 0
            found = role_record(state, did)
            assert (found.registrar_number if found else 0) == number
        for (name, identifier), serial in self.assets.items():
            asset = read_asset(state, asset_id_of(did_of(name), identifier))
            assert asset is not None
            assert asset.certificate.startswith(f"{self.numbers.index(name) + 1:04d}-20261122-{serial:08d}-")
        for name, evidence_number in sorted(self.evidence):
            assert read_evidence(state, did_of(name), bytes(15) + bytes((evidence_number,))) is not None


TestConsortium = Consortium.TestCase
TestConsortium.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
