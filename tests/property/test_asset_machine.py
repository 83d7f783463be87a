"""One asset from draft to its end, under any sequence of steps, by anybody, at any time.

The tables of the family decide: a step that has no line is refused with its machine's
code (or an earlier one of the operation's own), a step that applies leads where the
table says, and nothing is left behind by a refusal.
"""

from typing import NamedTuple

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.assets.application_record import LIFECYCLE as APPLYING
from contracts.assets.application_record import read_application, read_draft
from contracts.assets.description import AssetDescription
from contracts.assets.measures import freeze_asset, release_asset, tradable_asset, transfer_asset
from contracts.assets.operations_application import (
    AcceptApplication,
    AmendDraft,
    AssignReviewers,
    CertifyAsset,
    DraftAsset,
    ObjectToApplication,
    PubliciseApplication,
    RejectApplication,
    ResolveObjection,
    ReturnApplication,
    ReviewApplication,
    SubmitApplication,
    WithdrawApplication,
)
from contracts.assets.operations_request import (
    AcceptTransfer,
    ApproveRequest,
    CancelAsset,
    ExpireAsset,
    OfferTransfer,
    ProposeChange,
    RefuseRequest,
    RequestRenewal,
    RetractRequest,
    RevokeAsset,
)
from contracts.assets.pending import read_pending, read_proposal
from contracts.assets.record import LIFECYCLE as ASSET
from contracts.assets.record import description_hash, read_asset, read_description
from contracts.kernel.operation import Operation
from contracts.kernel.registry import SPEC_OF
from tests.unit.contracts.assets import requests
from tests.unit.contracts.assets.procedure import APPLICATION, BROUGHT, DESCRIPTION, PANEL, applied
from tests.unit.contracts.assets.register import (
    DAY_MS,
    ORDER,
    PEOPLE,
    POLICY,
    code_of,
    context_of,
    refused,
    register_world,
)
from tests.unit.contracts.world import did_of

SUBJECT = APPLICATION
HASH = b"h" * 32
DESCRIPTIONS = [DESCRIPTION, AssetDescription("dataset", "Other")]
WAITING = {"CHANGING": "change", "TRANSFERRING": "transfer", "RENEWING": "renewal"}
OPEN = [status for status in APPLYING.statuses() if APPLYING.actions(status)]


class Step(NamedTuple):
    """One operation of the family, and the lines of which table it may follow."""

    who: str
    """``holder`` and ``taker`` stand for whoever that is at the moment."""
    operation: Operation
    actions: tuple[str, ...]

    def __repr__(self) -> str:
        return f"{self.who} {self.operation.__struct_config__.tag}"


APPLICATION_STEPS = (
    Step("alice", DraftAsset("set", DESCRIPTIONS[0]), ("draft",)),
    *(Step("alice", AmendDraft(SUBJECT, description), ("amend",)) for description in DESCRIPTIONS),
    *(
        Step("alice", SubmitApplication(SUBJECT, did_of("registrar"), description_hash(description)), ("submit",))
        for description in DESCRIPTIONS
    ),
    Step("alice", WithdrawApplication(SUBJECT), ("withdraw",)),
    Step("registrar", AcceptApplication(SUBJECT), ("accept",)),
    Step("registrar", ReturnApplication(SUBJECT, HASH), ("return",)),
    Step("registrar", RejectApplication(SUBJECT, HASH), ("reject",)),
    Step("registrar", AssignReviewers(SUBJECT, tuple(did_of(name) for name in PANEL)), ("assign",)),
    *(
        Step(name, ReviewApplication(SUBJECT, verdict, HASH, description_hash(description)), ("review", "fail"))
        for name in PANEL
        for verdict in ("approve", "reject")
        for description in DESCRIPTIONS
    ),
    Step("registrar", PubliciseApplication(SUBJECT), ("publicise",)),
    *(Step(name, ObjectToApplication(SUBJECT, "quality", HASH), ("object",)) for name in ("bob", "carol")),
    *(
        Step("registrar", ResolveObjection(SUBJECT, did_of(name), "dismissed", HASH), ("dismiss", "resolve"))
        for name in ("bob", "carol")
    ),
    Step("registrar", ResolveObjection(SUBJECT, did_of("carol"), "upheld", HASH), ("uphold",)),
    Step("registrar", CertifyAsset(SUBJECT), ("certify",)),
)
ASSET_STEPS = (
    *(Step("holder", ProposeChange(SUBJECT, description), ("propose-change",)) for description in DESCRIPTIONS),
    *(Step("holder", OfferTransfer(SUBJECT, did_of(name), 1_000), ("offer-transfer",)) for name in ("alice", "bob")),
    Step("taker", AcceptTransfer(SUBJECT), ("accept", "complete")),
    Step("holder", RequestRenewal(SUBJECT), ("request-renewal",)),
    Step("holder", RetractRequest(SUBJECT), ("retract",)),
    *(
        Step("registrar", ApproveRequest(SUBJECT, "change", description_hash(description)), ("approve",))
        for description in DESCRIPTIONS
    ),
    *(Step("registrar", ApproveRequest(SUBJECT, "transfer", None, did_of(n)), ("approve",)) for n in ("alice", "bob")),
    Step("registrar", ApproveRequest(SUBJECT, "renewal"), ("approve",)),
    Step("registrar", RefuseRequest(SUBJECT, HASH), ("refuse",)),
    Step("holder", CancelAsset(SUBJECT), ("cancel",)),
    Step("registrar", RevokeAsset(SUBJECT, HASH), ("revoke",)),
    Step("carol", ExpireAsset(SUBJECT), ("expire",)),
)
ENDS = ("withdraw", "reject", "fail", "uphold", "cancel", "revoke", "expire")
"""Steps after which nothing is left to try; drawn less often."""
ORDERS = [ORDER + bytes((number,)) for number in range(2)]


class Register(RuleBasedStateMachine):
    """Alice's asset, her registrar, and others who try what they like."""

    @initialize(status=st.sampled_from(["", *BROUGHT, *["CERTIFIED"] * 9]), confirmed=st.booleans())
    def found(self, status: str, confirmed: bool) -> None:
        """Begin anywhere on the way, so that every part of it is walked often."""
        self.world = register_world(msgspec.structs.replace(POLICY, transfer_confirmation=confirmed))
        self.versions: list[AssetDescription] = []
        if status:
            BROUGHT[status](self.world)

    def application_status(self) -> str | None:
        record = read_application(self.world.overlay, SUBJECT)
        return None if record is None else record.status

    def asset_status(self) -> str | None:
        record = read_asset(self.world.overlay, SUBJECT)
        return None if record is None else record.status

    def name_of(self, who: str) -> str:
        if who not in ("holder", "taker"):
            return who
        record, pending = read_asset(self.world.overlay, SUBJECT), read_pending(self.world.overlay, SUBJECT)
        did = "" if record is None else record.holder
        if who == "taker" and pending is not None:
            did = pending.new_holder
        return next((name for name in PEOPLE if did_of(name) == did), "alice")

    def attempt(self, step: Step, name: str) -> None:
        machine, status_of = APPLYING, self.application_status
        if step in ASSET_STEPS:
            machine, status_of = ASSET, self.asset_status
        status = status_of()
        leads = [after for action in step.actions if (after := machine.after(status, action)) is not None]
        if step.actions == ("draft",) and name != "alice":
            return  # the same name of somebody else is another asset
        before, asset_before = self.world.content(), self.asset_status()
        receipt = self.world.submit(name, step.operation)
        if receipt.code == "ok":
            assert status_of() in leads, f"{step.actions} led from {status} to {status_of()}"
            if self.asset_status() != asset_before and asset_before is None:
                assert step.actions == ("certify",)
            return
        assert self.world.content() == before
        assert receipt.code in (*SPEC_OF[type(step.operation)].codes, "role-missing")
        if leads and name == self.name_of(step.who):
            assert receipt.code != machine.code, f"{step.actions} from {status} has a line"
        assert receipt.info

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """Up to eight steps that the tables allow, by whom they belong to."""
        for _ in range(data.draw(st.integers(1, 8))):
            self.proceed(data)

    def proceed(self, data: st.DataObject) -> None:
        asset = self.asset_status()
        machine, steps, status = (
            (APPLYING, APPLICATION_STEPS, self.application_status()) if asset is None else (ASSET, ASSET_STEPS, asset)
        )
        possible = [step for step in steps if any(machine.after(status, action) for action in step.actions)]
        lasting = [step for step in possible if step.actions[-1] not in ENDS]
        if possible:
            step = data.draw(st.sampled_from(lasting * 9 + possible))
            self.attempt(step, self.name_of(step.who))

    @rule(step=st.sampled_from(APPLICATION_STEPS + ASSET_STEPS), name=st.sampled_from(sorted(PEOPLE)))
    def stray(self, step: Step, name: str) -> None:
        """Any step, by anybody."""
        self.attempt(step, name)

    @rule(later_ms=st.sampled_from([1, 999, DAY_MS, POLICY.announcement_ms, POLICY.review_ms, POLICY.renewal_ms]))
    def wait(self, later_ms: int) -> None:
        self.world.time_ms += later_ms
        self.world.height += 1

    @rule(order=st.sampled_from(ORDERS), action=st.sampled_from(["freeze", "release", "release", "release", "award"]))
    def order(self, order: bytes, action: str) -> None:
        record, state, context = read_asset(self.world.overlay, SUBJECT), self.world.overlay, context_of(self.world)
        if action == "freeze":
            code = code_of(lambda: freeze_asset(SUBJECT, order, context, state))
            free = record is not None and order not in record.frozen_by
            status = None if record is None else record.status
            assert (code == "ok") == (free and ASSET.after(status, "freeze") is not None)
        elif action == "release":
            code = code_of(lambda: release_asset(SUBJECT, order, context, state))
            assert (code == "ok") == (record is not None and order in record.frozen_by)
        else:
            code = code_of(lambda: transfer_asset(SUBJECT, did_of("carol"), context, state))
            if record is not None and code == "ok":
                assert ASSET.after(record.status, "award") == self.asset_status()

    @invariant()
    def application_holds_its_description_while_it_is_open(self) -> None:
        state = self.world.overlay
        record, draft = read_application(state, SUBJECT), read_draft(state, SUBJECT)
        assert (draft is not None) == (record is not None and record.status in OPEN)
        if record is not None and draft is not None:
            assert description_hash(draft) == record.description_hash
        if record is not None and record.status in ("PUBLICISED", "OBJECTED", "RESOLVED", "CERTIFIED"):
            assert sum(review.verdict == "approve" for review in record.reviews) >= POLICY.approvals

    @invariant()
    def asset_is_registered_by_its_application_alone(self) -> None:
        assert (self.asset_status() is not None) == (self.application_status() == "CERTIFIED")

    @invariant()
    def request_waits_exactly_while_the_status_says_so(self) -> None:
        state = self.world.overlay
        record, pending = read_asset(state, SUBJECT), read_pending(state, SUBJECT)
        status = None if record is None else record.resumes or record.status
        if record is not None and record.status == "REVOKED":
            status = "REVOKED"
        assert (None if pending is None else pending.procedure) == WAITING.get(status or "")
        proposed = read_proposal(state, SUBJECT)
        assert (proposed is not None) == (pending is not None and pending.procedure == "change")

    @invariant()
    def orders_and_status_agree(self) -> None:
        record = read_asset(self.world.overlay, SUBJECT)
        if record is not None:
            assert record.status in ASSET.statuses()
            assert bool(record.frozen_by) == bool(record.resumes)
            assert (record.status == "FROZEN") <= bool(record.frozen_by)
            assert bool(record.frozen_by) <= (record.status in ("FROZEN", "REVOKED"))

    @invariant()
    def only_a_valid_asset_is_traded(self) -> None:
        record, state, now = read_asset(self.world.overlay, SUBJECT), self.world.overlay, self.world.time_ms
        code = code_of(lambda: tradable_asset(state, SUBJECT, now))
        if code == "ok":
            assert record is not None
            assert record.status in ("CERTIFIED", "CHANGING", "RENEWING")
            assert now < record.valid_until_ms

    @invariant()
    def versions_never_change(self) -> None:
        """Lineage of descriptions: what was once version n stays version n."""
        state, record = self.world.overlay, read_asset(self.world.overlay, SUBJECT)
        if record is not None:
            known = [read_description(state, SUBJECT, number) for number in range(1, record.version + 1)]
            assert known[: len(self.versions)] == self.versions
            self.versions = [found for found in known if found is not None]
            assert len(self.versions) == record.version


TestRegister = Register.TestCase
TestRegister.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_steps_cover_both_tables() -> None:
    """Every action is somebody's step, or a measure of another family."""
    taken = {action for step in APPLICATION_STEPS + ASSET_STEPS for action in step.actions}
    actions = {action for machine in (APPLYING, ASSET) for _, action in machine.transitions}
    measures = {"award", "freeze", "release", *(f"release-{status.lower()}" for status in ("CERTIFIED", *WAITING))}
    assert actions - taken == {*measures, "register"}


EARLIER = ("asset-application-exists", "asset-objection-unknown", "asset-objection-resolved")
"""What some steps find out before they ask the table."""


@pytest.mark.parametrize("status", BROUGHT)
def test_step_that_no_line_allows_is_refused_whoever_takes_it_in_the_right_place(status: str) -> None:
    """Every illegal step refused with its code, state untouched."""
    world = applied(status)
    expected = ("asset-application-status", *EARLIER, *(["asset-not-registrar"] if status == "DRAFT" else []))
    for step in APPLICATION_STEPS:
        if not any(APPLYING.after(status, action) for action in step.actions):
            assert refused(world, step.who, step.operation) in expected, step


HOLDING = (
    ("alice", requests.CHANGE, "propose-change"),
    ("alice", requests.OFFER, "offer-transfer"),
    ("bob", requests.TAKE, "accept"),
    ("alice", requests.RENEW, "request-renewal"),
    ("alice", requests.RETRACT, "retract"),
    ("exchange", requests.APPROVE_CHANGE, "approve"),
    ("exchange", requests.APPROVE_TRANSFER, "approve"),
    ("exchange", requests.APPROVE_RENEWAL, "approve"),
    ("exchange", requests.REFUSE, "refuse"),
    ("alice", requests.CANCEL, "cancel"),
    ("exchange", requests.REVOKE, "revoke"),
    ("carol", requests.EXPIRE, "expire"),
)


@pytest.mark.parametrize("status", requests.BROUGHT)
def test_step_with_a_registered_asset_that_no_line_allows_is_refused(status: str) -> None:
    """As above; that it is frozen or has expired is told first."""
    world = requests.asset_in(status)
    expected = {"FROZEN": "asset-frozen", "EXPIRED": "asset-expired"}.get(status, "asset-status")
    for name, operation, action in HOLDING:
        if ASSET.after(status, action) is None:
            code = refused(world, name, operation)
            late = status == "EXPIRED" and operation is requests.RENEW and code == "asset-renewal-late"
            assert late or code in (expected, "asset-status"), action
