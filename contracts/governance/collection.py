"""What readers list of the consortium; roles are given at genesis too, so no event finds them."""

from typing import Final

from contracts.governance.order import ORDER, OrderRecord
from contracts.governance.outcome_order import OrderIssued
from contracts.governance.outcome_proposal import ProposalMade
from contracts.governance.proposal import PROPOSAL, ProposalRecord, ProposalVotes
from contracts.governance.record import MisbehaviourRecord
from contracts.kernel.collection import Collection, Filter
from contracts.kernel.electorate import Holders
from contracts.kernel.policy import Role, RoleRecord

COLLECTIONS: Final = (
    Collection(
        name="roles",
        namespace=("governance", "roles"),
        ids=("did",),
        record=RoleRecord,
        summary="Who holds which roles, since when and from whom.",
        filters=(Filter("grants.role"), Filter("registrar_number")),
    ),
    Collection(
        name="misbehaviour",
        namespace=("governance", "misbehaviour"),
        ids=("consensus_key", "height"),
        record=MisbehaviourRecord,
        summary="Validators that were proved to have signed two things for one place.",
        filters=(Filter("did"), Filter("epoch")),
    ),
    Collection(
        name="proposals",
        namespace=("governance", "proposals"),
        ids=("number",),
        record=ProposalRecord,
        summary="What is or was put to the vote, and what became of it.",
        filters=(
            Filter("proposer", indexes=((ProposalMade, "proposer"),)),
            Filter("status", choices=PROPOSAL.statuses()),
        ),
    ),
    Collection(
        name="votes",
        namespace=("governance", "votes"),
        ids=("number",),
        record=ProposalVotes,
        id_types={"number": int},
        summary="Who voted how on a proposal.",
        filters=(Filter("votes.did"),),
    ),
    Collection(
        name="orders",
        namespace=("governance", "orders"),
        ids=("order",),
        record=OrderRecord,
        summary="Every use of the power to hold something still, on what ground, and how it ended.",
        filters=(
            Filter("issuer", indexes=((OrderIssued, "issuer"),)),
            Filter("did", indexes=((OrderIssued, "did"),)),
            Filter("target_id", indexes=((OrderIssued, "target_id"),)),
            Filter("target"),
            Filter("status", choices=ORDER.statuses()),
        ),
    ),
    Collection(
        name="holders",
        namespace=("governance", "holders"),
        ids=("role",),
        record=Holders,
        id_types={"role": Role},
        summary="Who holds a role: whose agreement a collective rule counts.",
    ),
)
