from collections.abc import Callable

import pytest

from contracts.identity.credential import (
    STATUS_BITS_MIN,
    StatusPurpose,
    read_issuance,
    read_schema,
    read_status_list,
)
from contracts.identity.operations_accreditation import Accredit, EndAccreditation
from contracts.identity.operations_credential import AnchorStatusList, LogIssuance, RegisterSchema
from contracts.kernel.operation import Operation
from tests.unit.contracts.world import World, did_of

MEMBER = did_of("member")
DIGEST = b"d" * 32
URI = "https://issuer.example/status/1"


def anchored(
    sequence: int, digest: bytes = DIGEST, purpose: StatusPurpose = "revocation", length: int = STATUS_BITS_MIN
) -> AnchorStatusList:
    return AnchorStatusList("1", purpose, length, sequence, digest, URI)


SCHEMA = RegisterSchema("merchant", 1, "Data merchant", DIGEST, "https://schemas.example/merchant.json")
LOG = LogIssuance(DIGEST, "DataMerchantCredential", subject=MEMBER)


def last(name: str, *operations: Operation) -> str:
    world = World()
    return [world.submit(name, operation).code for operation in operations][-1]


def test_status_list_moves_forward_by_one_and_only_under_its_own_issuer() -> None:
    world = World()
    assert world.submit("member", anchored(1)).code == "ok"
    world.time_ms += 5
    assert world.submit("member", anchored(2, b"e" * 32)).code == "ok"
    assert world.submit("exchange", anchored(1, b"x" * 32)).code == "ok"
    found = read_status_list(world.overlay, MEMBER, "1")
    assert found is not None
    assert (found.sequence, found.digest, found.updated_ms - found.created_ms) == (2, b"e" * 32, 5)


@pytest.mark.parametrize("sequence", [1, 3, 7])
def test_status_list_of_another_number_than_the_next_is_refused(sequence: int) -> None:
    """Two updates made at once cannot both win."""
    assert last("member", anchored(1), anchored(sequence)) == "status-list-sequence"


def test_status_list_keeps_purpose_and_length() -> None:
    assert last("member", anchored(1), anchored(2, purpose="suspension")) == "status-list-changed"
    assert last("member", anchored(1), anchored(2, length=STATUS_BITS_MIN + 8)) == "status-list-changed"


def test_schema_never_changes_and_each_version_stands_alone() -> None:
    world = World()
    second = RegisterSchema("merchant", 2, "Data merchant", b"e" * 32)
    assert [world.submit("member", operation).code for operation in (SCHEMA, second, SCHEMA)] == [
        "ok",
        "ok",
        "credential-schema-exists",
    ]
    assert world.submit("exchange", SCHEMA).code == "ok"
    first = read_schema(world.overlay, MEMBER, "merchant", 1)
    assert first is not None
    assert (first.digest, first.registered_ms) == (DIGEST, world.time_ms)


def test_issuance_tells_whether_its_issuer_was_accredited_at_that_moment() -> None:
    world = World()
    steps = (("exchange", Accredit(MEMBER, "issuer", "DataMerchantCredential")), ("member", LOG))
    assert [world.submit(name, operation).code for name, operation in steps] == ["ok", "ok"]
    world.submit("exchange", EndAccreditation(MEMBER, "issuer", "DataMerchantCredential"))
    assert world.submit("member", LogIssuance(b"e" * 32, "DataMerchantCredential", count=4)).code == "ok"
    found = [read_issuance(world.overlay, MEMBER, digest) for digest in (DIGEST, b"e" * 32)]
    assert [entry.accredited if entry else None for entry in found] == [True, False]


def test_events_can_be_searched_by_digest_and_subject() -> None:
    receipt = World().submit("member", LOG)
    assert receipt.events[0].attributes == {
        "issuer": MEMBER,
        "digest": DIGEST,
        "credential_type": "DataMerchantCredential",
        "count": 0,
        "subject": MEMBER,
        "accredited": False,
    }


REFUSALS: dict[str, Callable[[], str]] = {
    "status-list-sequence": lambda: last("member", anchored(2)),
    "status-list-changed": lambda: last("member", anchored(1), anchored(2, purpose="suspension")),
    "credential-schema-exists": lambda: last("member", SCHEMA, SCHEMA),
    "issuance-exists": lambda: last("member", LOG, LOG),
    "issuance-subject": lambda: last("member", LogIssuance(DIGEST, "A", count=2, subject=MEMBER)),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_refusal_has_its_code(code: str) -> None:
    assert REFUSALS[code]() == code
