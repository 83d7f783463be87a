"""Every finding is reached by a credential that is real but for one fault."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import pytest

from chainnode.sdk.credential import build_credential, credential_digest, schema_reference
from chainnode.sdk.credential_check import Verdict, check_credential
from chainnode.sdk.credential_finding import CODES
from chainnode.sdk.data_integrity import secure
from chainnode.sdk.status_list import StatusList, list_digest, status_entry, status_list_credential
from contracts.identity.credential import StatusPurpose
from contracts.identity.multikey import multikey
from contracts.identity.operations import DeactivateIdentity, RotateIdentity, UpdateIdentity
from contracts.identity.operations_accreditation import Accredit, EndAccreditation
from contracts.identity.operations_credential import AnchorStatusList, LogIssuance, RegisterSchema
from contracts.identity.record import VerificationMethod
from contracts.kernel.calendar import date_time
from contracts.kernel.operation import Operation
from tests.unit.contracts.world import World, did_of, key_of
from tests.unit.sdk.ledger_trust import WorldTrust

TYPE = "DataMerchantCredential"
ISSUER = did_of("member")
METHOD = f"{ISSUER}#key-1"
URI = "https://issuer.example/status/1"
SCHEMA = b'{"type": "object"}'
HOUR_MS = 3_600_000


class Office:
    """An accredited issuer, the credentials it makes, and a verifier beside it."""

    def __init__(self) -> None:
        self.world = World()
        self.do("exchange", Accredit(ISSUER, "issuer", TYPE))
        self.lists: dict[str, Any] = {}
        self.schemas: dict[str, bytes] = {}
        self.world.time_ms += 1_000

    def do(self, name: str, *operations: Operation, **more: Any) -> None:
        receipt = self.world.submit(name, *operations, **more)
        assert receipt.code == "ok", receipt.info

    def now(self) -> str:
        return date_time(self.world.time_ms)

    def issue(self, *, proof: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """A credential about the stranger, signed by the member's first key."""
        defaults: dict[str, Any] = {"types": [TYPE], "issuer": ISSUER}
        document = build_credential({"id": did_of("stranger"), "kind": "supplier"}, **{**defaults, **fields})
        options = {"method": METHOD, "created": self.now(), **(proof or {})}
        return secure(document, key_of("member"), **options)

    def log(self, credential: dict[str, Any]) -> None:
        self.do("member", LogIssuance(credential_digest(credential), TYPE))

    def publish(
        self, values: StatusList, sequence: int = 1, purpose: StatusPurpose = "revocation", *, anchor: bool = True
    ) -> dict[str, Any]:
        """A signed status list credential, in the verifier's hands and on the ledger."""
        document = status_list_credential(values, purpose=purpose, issuer=ISSUER, uri=URI)
        self.lists[URI] = secure(document, key_of("member"), method=METHOD, created=self.now())
        if anchor:
            digest = list_digest(values.encode())
            self.do("member", AnchorStatusList("1", purpose, len(values), sequence, digest, URI))
        return status_entry(URI, 7, purpose)

    async def check(self, credential: Any, **more: Any) -> Verdict:
        at_ms = more.pop("at_ms", self.world.time_ms)
        return await check_credential(
            credential, WorldTrust(self.world), at_ms=at_ms, status_lists=self.lists, schemas=self.schemas, **more
        )


async def test_real_credential_holds_and_the_log_tells_when_it_existed() -> None:
    office = Office()
    credential = office.issue(status=[office.publish(StatusList())])
    office.log(credential)
    verdict = await office.check(credential)
    assert (verdict.findings, verdict.holds, verdict.issuer) == ((), True, ISSUER)
    assert (verdict.types, verdict.logged_ms) == ((TYPE,), office.world.time_ms)


def changed(**fields: Any) -> Callable[[Office], Awaitable[Verdict]]:
    """A credential with members replaced after signing."""

    async def run(office: Office) -> Verdict:
        return await office.check({**office.issue(), **fields})

    return run


def with_proof(**fields: Any) -> Callable[[Office], Awaitable[Verdict]]:
    """A credential whose proof says something else."""

    async def run(office: Office) -> Verdict:
        credential = office.issue()
        proof = {name: value for name, value in {**credential["proof"], **fields}.items() if value is not None}
        return await office.check({**credential, "proof": proof})

    return run


async def signed_late(office: Office) -> Verdict:
    return await office.check(office.issue(proof={"created": date_time(office.world.time_ms + HOUR_MS)}))


async def proof_expired(office: Office) -> Verdict:
    credential = office.issue()
    credential["proof"]["expires"] = office.now()
    return await office.check(credential)


async def of_nobody(office: Office) -> Verdict:
    nobody = did_of("nobody")
    return await office.check(office.issue(issuer=nobody, proof={"method": f"{nobody}#key-1"}))


async def before_its_issuer(office: Office) -> Verdict:
    return await office.check(office.issue(proof={"created": "2020-01-01T00:00:00Z"}))


async def deactivated(office: Office) -> Verdict:
    credential = office.issue()
    office.log(credential)
    office.world.time_ms += HOUR_MS
    office.do("member", DeactivateIdentity())
    return await office.check(credential)


async def by_a_later_key(office: Office) -> Verdict:
    """The key joined the document after the time that the proof claims."""
    earlier = office.now()
    office.world.time_ms += HOUR_MS
    office.do("member", UpdateIdentity((VerificationMethod("new", "ed25519", key_of("n").public_key, ("assertion",)),)))
    document = build_credential({"id": "did:x:y"}, types=[TYPE], issuer=ISSUER)
    return await office.check(secure(document, key_of("n"), method=f"{ISSUER}#new", created=earlier))


def rotate(office: Office) -> None:
    office.world.time_ms += HOUR_MS
    fresh = VerificationMethod("key-2", "ed25519", key_of("fresh").public_key, ("authentication", "assertion"))
    office.do("member", RotateIdentity((fresh,)))


async def rotated(office: Office) -> Verdict:
    """... and the old key backdates: nothing shows that the credential is older than the rotation."""
    earlier = office.now()
    rotate(office)
    return await office.check(office.issue(proof={"created": earlier}))


async def rotated_after_log(office: Office) -> Verdict:
    credential = office.issue()
    office.log(credential)
    rotate(office)
    return await office.check(credential)


async def too_early(office: Office) -> Verdict:
    return await office.check(office.issue(valid_from=date_time(office.world.time_ms + 1_000)))


async def too_late(office: Office) -> Verdict:
    return await office.check(office.issue(valid_until=office.now()))


def flagged(purpose: StatusPurpose) -> Callable[[Office], Awaitable[Verdict]]:
    async def run(office: Office) -> Verdict:
        values = StatusList()
        values.set(7)
        return await office.check(office.issue(status=[office.publish(values, purpose=purpose)]))

    return run


async def wide_status(office: Office) -> Verdict:
    return await office.check(office.issue(status=[{**office.publish(StatusList()), "statusSize": 2}]))


async def no_list(office: Office) -> Verdict:
    entry = office.publish(StatusList())
    office.lists.clear()
    return await office.check(office.issue(status=[entry]))


async def broken_list(office: Office) -> Verdict:
    entry = office.publish(StatusList())
    office.lists[URI]["credentialSubject"]["encodedList"] = "uAAAA"
    return await office.check(office.issue(status=[entry]))


async def old_list(office: Office) -> Verdict:
    """The verifier was given the list of before the revocation."""
    entry = office.publish(StatusList())
    old = dict(office.lists)
    values = StatusList()
    values.set(7)
    office.publish(values, 2)
    office.lists = old
    return await office.check(office.issue(status=[entry]))


async def unanchored_list(office: Office) -> Verdict:
    return await office.check(office.issue(status=[office.publish(StatusList(), anchor=False)]))


async def unknown_schema(office: Office) -> Verdict:
    return await office.check(office.issue(schema=schema_reference(ISSUER, "merchant", 1, bytes(32))))


async def other_schema(office: Office) -> Verdict:
    office.do("member", RegisterSchema("merchant", 1, "Merchant", sha256(SCHEMA).digest()))
    return await office.check(office.issue(schema=schema_reference(ISSUER, "merchant", 1, bytes(32))))


async def never_accredited(office: Office) -> Verdict:
    return await office.check(office.issue(types=["OtherCredential"]))


async def accreditation_ended(office: Office) -> Verdict:
    credential = office.issue()
    office.world.time_ms += HOUR_MS
    office.do("exchange", EndAccreditation(ISSUER, "issuer", TYPE))
    return await office.check(credential)


FOUND: dict[str, Callable[[Office], Awaitable[Verdict]]] = {
    "credential-form": changed(type=["Something"]),
    "credential-proof-missing": changed(proof=None),
    "credential-proof-suite": with_proof(cryptosuite="ecdsa-jcs-2019"),
    "credential-proof-purpose": with_proof(proofPurpose="authentication"),
    "credential-proof-form": with_proof(created=None),
    "credential-proof-expired": proof_expired,
    "credential-proof": changed(credentialSubject={"id": did_of("stranger"), "kind": "buyer"}),
    "credential-signed-in-future": signed_late,
    "credential-issuer-unknown": of_nobody,
    "credential-issuer-deactivated": deactivated,
    "credential-key-not-issuers": with_proof(verificationMethod=f"{did_of('exchange')}#key-1"),
    "credential-key-unknown": by_a_later_key,
    "credential-key-rotated": rotated,
    "credential-key-rotated-since": rotated_after_log,
    "credential-not-yet-valid": too_early,
    "credential-expired": too_late,
    "credential-revoked": flagged("revocation"),
    "credential-suspended": flagged("suspension"),
    "credential-status-message": flagged("message"),
    "credential-status-form": wide_status,
    "credential-status-unavailable": no_list,
    "credential-status-list": broken_list,
    "credential-status-stale": old_list,
    "credential-status-unanchored": unanchored_list,
    "credential-schema-unknown": unknown_schema,
    "credential-schema-mismatch": other_schema,
    "credential-issuer-not-accredited": never_accredited,
    "credential-accreditation-ended": accreditation_ended,
    "credential-not-logged": changed(),
}


CONSEQUENCES = {"credential-issuer-unknown": {"credential-issuer-not-accredited"}}
"""What else a fault brings with it; a part that was changed always breaks the proof too."""


def test_every_code_is_reached() -> None:
    assert set(FOUND) == set(CODES)


@pytest.mark.parametrize("code", FOUND)
async def test_fault_is_found_by_its_code(code: str) -> None:
    verdict = await FOUND[code](Office())
    assert code in verdict.codes
    assert verdict.holds == (CODES[code].severity == "note")
    others = {found for found in verdict.codes if CODES[found].severity == "error"} - {code}
    assert others <= CONSEQUENCES.get(code, {"credential-proof"}), "one fault, one error"


async def test_issuer_that_did_not_exist_yet_is_unknown() -> None:
    assert "credential-issuer-unknown" in (await before_its_issuer(Office())).codes


async def test_ends_are_exact_to_the_millisecond() -> None:
    """``validFrom`` is the first moment, ``validUntil`` the first one no more."""
    office = Office()
    begin_ms, end_ms = office.world.time_ms, office.world.time_ms + 10_000
    credential = office.issue(valid_from=date_time(begin_ms), valid_until=date_time(end_ms))
    for at_ms, code in ((begin_ms, None), (end_ms - 1, None), (end_ms, "credential-expired")):
        verdict = await office.check(credential, at_ms=at_ms)
        assert verdict.holds == (code is None)
        assert code is None or code in verdict.codes
    early = await office.check(credential, at_ms=begin_ms - 1)
    assert {"credential-not-yet-valid", "credential-signed-in-future"} <= set(early.codes)


async def test_what_was_logged_while_accredited_outlives_the_accreditation() -> None:
    office = Office()
    credential = office.issue()
    office.log(credential)
    office.world.time_ms += HOUR_MS
    office.do("exchange", EndAccreditation(ISSUER, "issuer", TYPE))
    assert (await office.check(credential)).holds
    office.world.time_ms += HOUR_MS
    office.do("exchange", Accredit(ISSUER, "issuer", TYPE))
    assert (await office.check(credential)).holds, "a new accreditation takes nothing from the one before it"


async def test_key_that_is_its_own_issuer_needs_no_ledger_but_accreditation() -> None:
    key = key_of("elsewhere")
    text = multikey("ed25519", key.public_key)
    document = build_credential({"id": "did:x:y"}, types=[TYPE], issuer=f"did:key:{text}")
    office = Office()
    credential = secure(document, key, method=f"did:key:{text}#{text}", created=office.now())
    assert (await office.check(credential, needs_accreditation=False)).holds
    assert "credential-issuer-not-accredited" in (await office.check(credential)).codes


async def test_schema_is_held_against_the_ledger() -> None:
    office = Office()
    digest = sha256(SCHEMA).digest()
    office.do("member", RegisterSchema("merchant", 1, "Merchant", digest))
    reference = schema_reference(ISSUER, "merchant", 1, digest)
    office.schemas[reference["id"]] = SCHEMA
    assert (await office.check(office.issue(schema=reference))).holds
    office.schemas[reference["id"]] = b"{}"
    assert "credential-schema-mismatch" in (await office.check(office.issue(schema=reference))).codes


async def test_list_of_another_issuer_says_nothing() -> None:
    office = Office()
    entry = office.publish(StatusList())
    wrong = ({"issuer": did_of("exchange")}, {"type": ["VerifiableCredential"]}, {"id": "https://other.example/"})
    for fields in wrong:
        office.lists[URI] = {**office.lists[URI], **fields}
        assert "credential-status-list" in (await office.check(office.issue(status=[entry]))).codes


async def test_names_that_no_ledger_has_are_findings() -> None:
    office = Office()
    long_issuer = {**office.issue(), "issuer": "did:" + "x" * 2_000}
    assert "credential-form" in (await office.check(long_issuer)).codes
    reference = schema_reference("did:cnode:" + "x" * 2_000, "merchant", 1, bytes(32))
    assert (await office.check(office.issue(schema=reference))).holds, "not a schema of the ledger: not judged"


@pytest.mark.parametrize("credential", [None, [], 1, "x", {}, {"@context": {}, "type": 1, "issuer": [], "proof": [1]}])
async def test_anything_at_all_is_a_finding_and_no_failure(credential: Any) -> None:
    verdict = await Office().check(credential)
    assert not verdict.holds
    assert "credential-form" in verdict.codes
