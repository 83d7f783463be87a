import json

import msgpack  # type: ignore[import-untyped]  # the independent decoder ships no types
import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import NotFound, Rejected
from chainnode.limits import OPERATION_WORK_MAX, TRANSACTION_WORK_MAX
from chainnode.types.parameters import ChainParameters
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.evidence.operations import RecordEvidence, RecordEvidenceBatch
from contracts.governance.operations import GrantRole
from contracts.identity.operations import UpdateIdentity
from contracts.identity.record import Service
from contracts.income.operations import DistributeIncome
from contracts.kernel.operation import OPERATION_BYTES_MAX, Operation, encode_operation
from contracts.kernel.registry import (
    CODES,
    EVENTS,
    OPERATIONS,
    checked_operation,
    decode_operation,
    decode_operations,
    describe,
    operation_document,
    operation_from_document,
)
from tests.unit.contracts.families import SAMPLES
from tests.unit.contracts.world import CHAIN, World, did_of, key_of


def test_samples_cover_every_operation() -> None:
    assert {sample.__struct_config__.tag for sample in SAMPLES} == set(OPERATIONS)


@pytest.mark.parametrize("operation", SAMPLES, ids=lambda found: str(found.__struct_config__.tag))
def test_operation_reads_back_from_bytes_and_from_its_json_form(operation: Operation) -> None:
    """Wire form: canonical MessagePack array ``[name, field, ...]``; every field is present."""
    data = checked_operation(operation)
    assert decode_operation(data) == operation
    listed = msgpack.unpackb(data)
    assert listed[0] == operation.__struct_config__.tag
    assert len(listed) == 1 + len(operation.__struct_fields__)
    document = json.loads(json.dumps(operation_document(operation)))
    assert document["operation"] == listed[0]
    assert operation_from_document(document) == operation


def test_work_of_every_operation_is_within_its_bound_and_adds_up_in_a_transaction() -> None:
    """``TRANSACTION_WORK_MAX``: every transaction fits into some block, whatever it holds."""
    assert all(1 <= spec.work <= OPERATION_WORK_MAX for spec in OPERATIONS.values())
    assert ChainParameters().block_work_max >= TRANSACTION_WORK_MAX
    operations = [DistributeIncome("2026", bytes(32), 1, "CNY"), RecordEvidence(bytes(16), "file", "sha256", bytes(32))]
    found = World().transaction("exchange", [encode(one) for one in operations], [key_of("exchange")], CHAIN)
    decode_operations(found)
    assert found.work == OPERATIONS["income.distribute"].work + 1 == 33


def test_evidence_begins_with_the_fields_that_the_offline_verifier_reads() -> None:
    """The first fields of both forms never move."""
    single = msgpack.unpackb(encode(RecordEvidence(b"i" * 16, "file", "sha256", b"d" * 32, salted=False)))
    assert single[:6] == ["evidence.record", b"i" * 16, "file", "sha256", b"d" * 32, False]
    batch = msgpack.unpackb(encode(RecordEvidenceBatch(b"i" * 16, "file", "sha256", b"r" * 32, 7)))
    assert batch[:6] == ["evidence.record_batch", b"i" * 16, "file", "sha256", b"r" * 32, 7]


GOOD = msgpack.unpackb(encode(RecordEvidence(bytes(16), "file", "sha256", bytes(32))))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "operation-malformed"),
        (encode({"evidence.record": 1}), "operation-malformed"),
        (encode([]), "operation-malformed"),
        (encode([1, 2]), "operation-malformed"),
        (encode(["evidence.recrod", b""]), "unknown-operation"),
        (encode(["x" * 10_000]), "unknown-operation"),
        (encode(GOOD[:4]), "operation-malformed"),
        (encode(GOOD[:8]), "operation-not-canonical"),
        (encode([*GOOD, 1]), "operation-not-canonical"),
        (encode(GOOD) + b"\x00", "operation-malformed"),
        (encode([*GOOD[:1], bytes(15), *GOOD[2:]]), "operation-malformed"),
        (encode([*GOOD[:2], "nonsense", *GOOD[3:]]), "operation-malformed"),
        (encode(GOOD).replace(b"\x00" * 32, b"\x00" * 31 + b"\xff"), None),
        (msgpack.packb(GOOD, use_bin_type=False), "operation-malformed"),
        (encode(["evidence.record", *[[]] * 12]), "operation-malformed"),
        (b"\xdc\x00\x02\xa1x\x01", "unknown-operation"),
        (b"\x91" * 5_000 + b"\x01", "operation-malformed"),
        (b"\x92\xa1\xff\x01", "operation-malformed"),
        (bytes(OPERATION_BYTES_MAX + 1), "operation-too-large"),
    ],
)
def test_bytes_that_are_no_operation_are_refused_by_code(data: bytes, code: str | None) -> None:
    if code is None:
        assert isinstance(decode_operation(data), RecordEvidence)
        return
    with pytest.raises(Rejected) as found:
        decode_operation(data)
    assert found.value.code == code
    assert len(found.value.message) <= 512


def test_admission_names_the_operation_and_the_reason() -> None:
    world = World()
    raws = [encode(GOOD), encode([*GOOD[:3], "md5", *GOOD[4:]])]
    transaction = world.transaction(did_of("member"), raws, [key_of("member")], CHAIN)
    with pytest.raises(Rejected) as found:
        decode_operations(transaction)
    assert found.value.code == "operation-malformed"
    assert found.value.details["operation"] == 1
    assert "md5" in str(found.value.details["reason"])
    assert transaction.operations == ()


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (encode(["evidence.recrod", b""]), "unknown-operation"),
        (encode(GOOD[:4]), "operation-malformed"),
        (encode(GOOD[:8]), "operation-not-canonical"),
        (encode([*GOOD, 1]), "operation-not-canonical"),
        (b"\xdc\x00" + bytes([len(GOOD)]) + encode(GOOD)[1:], "operation-not-canonical"),
        (encode([*GOOD[:4], bytes(48), *GOOD[5:]]), "evidence-digest-length"),
        (encode(["evidence.record", "x" * OPERATION_BYTES_MAX]), "operation-too-large"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_operation_among_good_ones_is_refused_by_its_own_code(bad: bytes, code: str, place: int) -> None:
    """Details name the operation (its index); reading all together is as strict as reading each alone."""
    raws = [encode(GOOD)] * 2
    raws.insert(place, bad)
    transaction = World().transaction(did_of("member"), raws, [key_of("member")], CHAIN)
    with pytest.raises(Rejected) as found:
        decode_operations(transaction)
    assert (found.value.code, found.value.details["operation"]) == (code, place)
    assert transaction.operations == ()


def test_operations_read_together_are_those_read_alone() -> None:
    """Every kind of operation in transactions of up to eight, and many whose sizes add up beyond the bound of one."""
    datas = [encode_operation(sample) for sample in SAMPLES]
    groups = [datas[start : start + 8] for start in range(0, len(datas), 8)]
    big = encode_operation(RegisterAsset("a", AssetDescription("dataset", "A", summary="x" * 8_000)))
    for raws in (*groups, [big] * 9):
        transaction = World().transaction(did_of("member"), raws, [key_of("member")], CHAIN)
        decode_operations(transaction)
        assert transaction.operations == tuple(decode_operation(data) for data in raws)


def test_operation_built_by_hand_is_checked_before_it_is_signed() -> None:
    with pytest.raises(Rejected) as found:
        checked_operation(RegisterAsset("", AssetDescription("dataset", "A")))
    assert found.value.code == "operation-malformed"
    with pytest.raises(Rejected):
        checked_operation(RegisterAsset("\ud800", AssetDescription("dataset", "A")))
    with pytest.raises(Rejected):
        checked_operation(RecordEvidence(bytes(16), "file", "sha256", bytes(32), size=2**70))


def test_json_form_of_an_unknown_operation_is_refused() -> None:
    for document in ({}, {"operation": "asset.regster"}, {"operation": ["asset.register"]}):
        with pytest.raises(Rejected) as found:
            operation_from_document(document)
        assert found.value.code == "unknown-operation"


def test_every_state_value_describes_itself() -> None:
    """``describe`` gives typed state values as JSON-able documents, bytes as hex."""
    world = World()
    world.submit("member", RecordEvidence(bytes(16), "file", "sha256", bytes(32)))
    world.submit("member", UpdateIdentity(services=(Service("s", "Api", "https://example.org/"),)))
    world.submit("exchange", RegisterAsset("a", AssetDescription("dataset", "A")))
    seen = set()
    for state_key, value in world.content().items():
        assert value is not None
        document = describe(state_key, value)
        json.dumps(document)
        seen.add(document["type"])
        if document["type"] == "IdentityRecord":
            assert document["did_document"]["id"] == document["did"]
    assert {"AssetRecord", "ChainParameters", "EvidenceRecord", "IdentityRecord", "RoleRecord", "int"} <= seen


def test_key_of_no_record_is_not_described() -> None:
    for state_key, value in (
        (b"nowhere/x", b"\x01"),
        (b"identity/x", b"\x01"),
        (b"governance/roles", b"\x01"),
        (b"", b""),
    ):
        with pytest.raises(NotFound) as found:
            describe(state_key, value)
        assert found.value.code == "state-type"


def test_tables_agree_with_each_other() -> None:
    for name, spec in OPERATIONS.items():
        assert (spec.name, spec.family) == (name, name.partition(".")[0])
        assert set(spec.codes) <= set(CODES), name
        assert "operation" not in spec.type.__struct_fields__, "the JSON form keeps the name there"
    for name, event in EVENTS.items():
        assert name == event.NAME
        assert set(event.INDEXED) <= set(event.__struct_fields__)
    assert EVENTS["evidence.recorded"].INDEXED == ("evidence_id", "digest", "submitter")


def test_encoding_does_not_depend_on_how_an_operation_was_built() -> None:
    first = GrantRole(did=did_of("member"), role="notary")
    assert encode_operation(first) == encode_operation(GrantRole(did_of("member"), "notary"))
