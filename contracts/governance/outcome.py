"""What can come of a governance operation: its events and its refusals."""

from typing import Final

from contracts.governance import outcome_order, outcome_proposal
from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class RoleGranted(TypedEvent, frozen=True):
    """An identity holds one role more."""

    NAME = "governance.role_granted"
    INDEXED = ("did",)

    did: str
    role: str
    granted_by: str
    registrar_number: int


class RoleRevoked(TypedEvent, frozen=True):
    """An identity holds one role less."""

    NAME = "governance.role_revoked"
    INDEXED = ("did",)

    did: str
    role: str
    revoked_by: str


class ValidatorAdded(TypedEvent, frozen=True):
    """A node will vote from the named epoch on, unless the change is cancelled."""

    NAME = "governance.validator_added"
    INDEXED = ("did",)

    name: str
    did: str
    consensus_key: bytes
    epoch: int


class ValidatorRemoved(TypedEvent, frozen=True):
    """A node will not vote from the named epoch on, unless the change is cancelled."""

    NAME = "governance.validator_removed"
    INDEXED = ("did",)

    name: str
    did: str
    consensus_key: bytes
    epoch: int


class ChangeCancelled(TypedEvent, frozen=True):
    """The present set stays."""

    NAME = "governance.change_cancelled"

    changes: int
    cancelled_by: str


class LeaderReadmitted(TypedEvent, frozen=True):
    """A suspended validator leads again."""

    NAME = "governance.leader_readmitted"

    name: str
    consensus_key: bytes


class NodeAdmitted(TypedEvent, frozen=True):
    """A node may connect and follow."""

    NAME = "governance.node_admitted"
    INDEXED = ("did",)

    name: str
    did: str
    node_key: bytes


class NodeDismissed(TypedEvent, frozen=True):
    """A node may connect no more."""

    NAME = "governance.node_dismissed"
    INDEXED = ("did",)

    name: str
    did: str
    node_key: bytes


class LeaderSuspended(TypedEvent, frozen=True):
    """A validator loses its turns, because it was silent or has equivocated; the block itself finds it."""

    NAME = "governance.leader_suspended"
    INDEXED = ("did", "consensus_key")

    name: str
    did: str
    consensus_key: bytes
    until_height: int
    """Last height at which it does not lead; 0 until it is readmitted."""


class LeaderReturned(TypedEvent, frozen=True):
    """A suspension is over; the block itself finds it."""

    NAME = "governance.leader_returned"
    INDEXED = ("did", "consensus_key")

    name: str
    did: str
    consensus_key: bytes


class EquivocationProved(TypedEvent, frozen=True):
    """The block carries the proof that a validator signed two things for one place."""

    NAME = "governance.equivocation_proved"
    INDEXED = ("did", "consensus_key")

    name: str
    did: str
    consensus_key: bytes
    epoch: int
    height: int
    """At which it happened."""
    view: int
    message: str
    proof_digest: bytes


class EpochBegan(TypedEvent, frozen=True):
    """Another validator set agrees from the named height on; the block before it hands over."""

    NAME = "governance.epoch_began"
    INDEXED = ("epoch",)

    epoch: int
    first_height: int
    validators: int
    """Members of the set."""


class ParameterChanged(TypedEvent, frozen=True):
    """One parameter of the chain has another value from the next block on."""

    NAME = "governance.parameter_changed"
    INDEXED = ("name",)

    name: str
    before: int
    after: int


class PolicySet(TypedEvent, frozen=True):
    """An operation has a rule of the consortium's own."""

    NAME = "governance.policy_set"
    INDEXED = ("target",)

    target: str
    kind: str
    roles: str
    """Joined by a comma and a space."""
    organisations: int
    """How many are named; which, the record says."""
    numerator: int
    denominator: int


class FeatureScheduled(TypedEvent, frozen=True):
    """A feature will hold from a height on."""

    NAME = "governance.feature_scheduled"
    INDEXED = ("name",)

    name: str
    height: int


EVENTS: Final = (
    RoleGranted,
    RoleRevoked,
    ValidatorAdded,
    ValidatorRemoved,
    ChangeCancelled,
    LeaderReadmitted,
    NodeAdmitted,
    NodeDismissed,
    LeaderSuspended,
    LeaderReturned,
    EquivocationProved,
    EpochBegan,
    ParameterChanged,
    PolicySet,
    FeatureScheduled,
    *outcome_proposal.EVENTS,
    *outcome_order.EVENTS,
)

CODES: Final[dict[str, Code]] = {
    "role-did-unknown": Code(
        "No such identity",
        "The role is for an identity that does not exist on this chain or was deactivated.",
        "Create the identity first.",
    ),
    "role-held": Code("Role held already", "The identity holds this role.", "Nothing needs to be done."),
    "role-not-held": Code("Role not held", "The identity does not hold this role.", "Nothing needs to be done."),
    "role-own-governor": Code(
        "Own office",
        "A governor cannot give up its own office, lest nobody is left to grant one.",
        "Ask another governor.",
    ),
    "role-full": Code(
        "Role full",
        "The role has as many holders as a vote can count.",
        "Revoke it from those who no longer need it.",
    ),
    "governor-last": Code(
        "Last governor",
        "Without this identity nobody would hold the role governor, so no role could be granted again.",
        "Grant the role to another identity first.",
    ),
    "registrar-numbers-spent": Code(
        "No registrar number left",
        "Registrar numbers have four digits and all were given.",
        "Registrar numbers are never reused; this needs a new form of certificate number.",
    ),
    "parameters-contradict": Code(
        "Parameters contradict",
        "Two parameters cannot hold together.",
        "See the message for the two.",
    ),
    "parameters-window": Code(
        "Window cannot shrink",
        "A shorter validity window would admit transactions a second time that were accepted under the longer one.",
        "Keep the window or make it longer.",
    ),
    "policy-target": Code(
        "No such operation",
        "The policy names an operation that this chain does not have.",
        "Check the spelling against the list of operations.",
    ),
    "policy-unmeetable": Code(
        "Rule that nobody meets",
        "Under this rule no policy could ever be changed again.",
        "Choose a rule that today's holders of its roles can meet.",
    ),
    "feature-active": Code(
        "Feature active",
        "The feature's height has been reached, and blocks since then rely on it.",
        "Nothing can be done.",
    ),
    "feature-notice": Code(
        "Too little notice",
        "The height is passed or so near that nodes could not prepare.",
        "Choose a later height.",
    ),
    "features-full": Code(
        "Too many features",
        "As many features have a height as the chain remembers.",
        "This needs a new version of the chain.",
    ),
    "policy-rule": Code(
        "Unfit rule",
        "The rule is incomplete or of a kind that cannot be given to this operation.",
        "See the message; a rule is kind x organisations x roles.",
    ),
    "validators-full": Code(
        "Set is full",
        "The next validator set has as many members as a set may have.",
        "Replace a validator instead of adding one.",
    ),
    "validator-known": Code(
        "Validator known",
        "The next set has a member of this name or with one of these keys.",
        "Choose another name, or make new keys for the joiner.",
    ),
    "validator-unknown": Code(
        "No such validator",
        "No member of the set has this consensus key.",
        "List the validators; a change that waits for the end of the epoch counts already.",
    ),
    "validator-last": Code(
        "Last validator",
        "The set would be empty.",
        "Add another validator first.",
    ),
    "node-unknown": Code(
        "No such node",
        "No observer has this node key, or it belongs to another institution.",
        "Admit the node as an observer first, and name the same institution.",
    ),
    "node-known": Code(
        "Node known",
        "A node with this key may connect already.",
        "Nothing needs to be done.",
    ),
    "node-joins": Code(
        "Node joins the set",
        "The node becomes a validator when the epoch ends.",
        "Cancel the change first.",
    ),
    "node-did-unknown": Code(
        "No such institution",
        "The node's institution is no active identity of this chain.",
        "Create the identity first.",
    ),
    "nodes-full": Code(
        "Too many observers",
        "As many observers are admitted as the chain allows.",
        "Dismiss nodes that are no longer in use.",
    ),
    "join-proof-height": Code(
        "Joiner's proof too old",
        "The joiner signed a block that is no recent checkpoint of this chain.",
        "Let the joiner catch up, make a new proof and submit it within about 1,000 blocks.",
    ),
    "join-proof-signature": Code(
        "Joiner's proof invalid",
        "The signature is not by the joiner's consensus key over that block and exactly this entry.",
        "Make the proof again on the joiner's node, with the entry as it is submitted.",
    ),
    "seal-proof": Code(
        "Seal key not proved",
        "The joiner's seal key came without a valid proof that the joiner holds it.",
        "Make the proof again on the joiner's node: it derives the seal key and its proof from the consensus key.",
    ),
    "change-limit": Code(
        "Too many changes",
        "More validators would change in this epoch than a set may change at once.",
        "Wait for the next epoch.",
    ),
    "change-breaks-quorum": Code(
        "No quorum afterwards",
        "The validators that were lately seen to sign would not be a quorum of the next set: the chain would stop.",
        "Bring silent validators back first, or remove those before adding others.",
    ),
    "change-none": Code(
        "No change waits",
        "The validator set is not about to change.",
        "Nothing needs to be done.",
    ),
    "leader-not-suspended": Code(
        "Not suspended",
        "The validator leads in its turn.",
        "Nothing needs to be done.",
    ),
    **outcome_proposal.CODES,
    **outcome_order.CODES,
}
