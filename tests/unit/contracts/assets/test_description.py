from typing import Any, cast

import msgspec
import pytest

from chainnode.codec.canonical import encode
from contracts.assets.description import (
    DESCRIPTION_BYTES_MAX,
    AssetDescription,
    Box,
    Compliance,
    Field,
    Parent,
    PersonalBasis,
    Processing,
    Quality,
    Source,
    Space,
    TimeRange,
    Valuation,
    Volume,
    check_description,
    check_size,
)
from contracts.kernel.outcome import OperationFailed
from tests.unit.contracts.assets.register import code_of

decode = msgspec.msgpack.Decoder(AssetDescription).decode
FULL = AssetDescription(
    kind="product",
    name="车险理赔数据",
    version="1.2",
    summary="Claims by month and city.",
    industry="J6810",
    themes=("insurance",),
    keywords=("claims", "cars"),
    data_class="finance/insurance",
    grade="general",
    general_level=3,
    personal_information="deidentified",
    subjects="insured vehicles",
    period=TimeRange(0, 1),
    space=Space("Shanghai", Box(120_850_000, 30_690_000, 122_120_000, 31_870_000)),
    volume=Volume(1_000_000, 52_428_800),
    format="CSV",
    fields=(Field("city", "text", "City of the accident", "open"), Field("amount", "integer", "", "internal")),
    schema_hash=bytes(32),
    sample_hash=bytes(32),
    update_frequency="R/P1M",
    source=Source("self-produced", "claims system", (bytes(32),)),
    processing=Processing("names removed", bytes(32)),
    scenarios=("pricing",),
    limits="no re-identification",
    delivery_modes=("api", "file"),
    quality=Quality(9_500, "", bytes(32)),
    compliance=Compliance(bytes(32)),
    valuation=Valuation("income", 1_250_000_00, "CNY"),
    parents=(Parent(bytes(32), "derived-from"),),
)


def test_full_record_reads_back() -> None:
    """The full AssetRecord: every part a person fills in."""
    check_description(FULL)
    assert decode(encode(FULL)) == FULL


def test_only_kind_and_name_are_asked_for() -> None:
    """All optional parts are truly optional."""
    least = AssetDescription("dataset", "A")
    check_description(least)
    assert decode(encode(least)) == least


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "thing"},
        {"name": ""},
        {"name": "x" * 257},
        {"name": "a\nb"},
        {"summary": "x" * 8_193},
        {"keywords": ("k",) * 65},
        {"keywords": ("x" * 65,)},
        {"grade": "secret"},
        {"general_level": 5},
        {"personal_information": "some"},
        {"schema_hash": bytes(31)},
        {"delivery_modes": ("post",)},
        {"fields": (Field("", ""),)},
        {"fields": (Field("f"),) * 513},
        {"quality": Quality(10_001)},
        {"valuation": Valuation("income", 1, "cny")},
        {"valuation": Valuation("income", -1, "CNY")},
        {"space": Space("", Box(-180_000_001, 0, 0, 0))},
        {"parents": (Parent(bytes(31), "derived-from"),)},
        {"parents": (Parent(bytes(32), cast("Any", "cousin-of")),)},
    ],
)
def test_part_beyond_its_bound_does_not_read(change: dict) -> None:
    """... each bounded."""
    with pytest.raises(msgspec.ValidationError):
        decode(encode(msgspec.structs.replace(FULL, **change)))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"grade": "core", "general_level": 0}, "asset-grade-core"),
        ({"grade": "important"}, "asset-grade-level"),
        ({"grade": "important", "general_level": 0, "compliance": None}, "asset-compliance-missing"),
        ({"personal_information": "personal"}, "asset-basis-missing"),
        ({"personal_information": "sensitive"}, "asset-basis-missing"),
        (
            {"personal_information": "sensitive", "personal_basis": PersonalBasis("consent", bytes(32))},
            "asset-assessment-missing",
        ),
        ({"period": TimeRange(5, 4)}, "asset-range"),
        ({"space": Space("", Box(0, 1, 0, 0))}, "asset-range"),
        ({"parents": (Parent(bytes(32), "part-of"),) * 2}, "asset-parent-twice"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(OperationFailed) as found:
        check_description(msgspec.structs.replace(FULL, **change))
    assert found.value.code == code


def test_open_period_and_box_across_the_date_line_are_fine() -> None:
    check_description(
        msgspec.structs.replace(FULL, period=TimeRange(5), space=Space("", Box(170_000_000, 0, -170_000_000, 1)))
    )
    check_description(msgspec.structs.replace(FULL, grade="important", general_level=0))


def test_personal_information_with_a_basis_is_fine() -> None:
    """Personal information needs a basis, sensitive information an assessment as well."""
    basis = PersonalBasis("contract", bytes(32))
    check_description(msgspec.structs.replace(FULL, personal_information="personal", personal_basis=basis))
    assessed = msgspec.structs.replace(basis, assessment_hash=bytes(32))
    check_description(msgspec.structs.replace(FULL, personal_information="sensitive", personal_basis=assessed))


def test_description_of_exactly_the_bound_is_taken() -> None:
    assert code_of(lambda: check_size(DESCRIPTION_BYTES_MAX)) == "ok"
    assert code_of(lambda: check_size(DESCRIPTION_BYTES_MAX + 1)) == "asset-too-large"
