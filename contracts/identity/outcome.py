"""What can come of an identity operation: its events and its refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class IdentityCreated(TypedEvent, frozen=True):
    """A new identity exists."""

    NAME = "identity.created"
    INDEXED = ("did",)

    did: str
    version: int


class IdentitySponsored(TypedEvent, frozen=True):
    """A member brought an identity to the ledger and answers for it."""

    NAME = "identity.sponsored"
    INDEXED = ("did", "sponsor")

    did: str
    sponsor: str


class IdentityUpdated(TypedEvent, frozen=True):
    """Services, aliases or other keys of an identity changed."""

    NAME = "identity.updated"
    INDEXED = ("did",)

    did: str
    version: int


class IdentityRotated(TypedEvent, frozen=True):
    """The signing keys or controllers of an identity changed."""

    NAME = "identity.rotated"
    INDEXED = ("did",)

    did: str
    version: int
    keys: int
    threshold: int


class IdentityDeactivated(TypedEvent, frozen=True):
    """An identity ended."""

    NAME = "identity.deactivated"
    INDEXED = ("did",)

    did: str
    version: int


EVENTS: Final = (IdentityCreated, IdentitySponsored, IdentityUpdated, IdentityRotated, IdentityDeactivated)

CODES: Final[dict[str, Code]] = {
    "identity-exists": Code(
        "Identity exists",
        "The identity that follows from this key was already created.",
        "Use it, or create another from a fresh key.",
    ),
    "identity-key-form": Code(
        "Unfit key",
        "A key has the wrong size, or a use its algorithm does not serve, or its purposes are out of order.",
        "Authentication takes ed25519 (32 bytes), agreement x25519 (32) or p256 (33, compressed).",
    ),
    "identity-duplicate": Code(
        "Twice the same",
        "A fragment, key or controller stands twice in one document.",
        "Give every entry its own name and key.",
    ),
    "identity-initial-key": Code(
        "Initial key missing",
        "The key that the identity's name follows from is not one of its authentication keys, or did not sign.",
        "List the initial key, and sign the creation with it.",
    ),
    "identity-not-sender": Code(
        "Not the sender's identity",
        "The identity to be created is not the transaction's sender.",
        "Set the sender to the DID of the initial key: everyone creates their own identity.",
    ),
    "identity-proof": Code(
        "Key not shown",
        "The new identity's key did not sign for this sponsor on this chain.",
        "Let the holder of the new key sign the sponsorship bytes of the chain and the transaction's sender.",
    ),
    "identity-recovery-plan": Code(
        "Impossible recovery plan",
        "More guardians are asked to agree than there are, or the delay is too short or stands without guardians.",
        "Name 1 to 8 guardians, how many of them must agree, and a delay of an hour to a year.",
    ),
    "identity-guardian-unknown": Code(
        "Unknown guardian",
        "A guardian is not an active identity of this chain, or is the identity itself.",
        "Name other identities that exist.",
    ),
    "identity-threshold": Code(
        "Impossible threshold",
        "More signatures or approvals are asked than there are keys or controllers, or none where there are some.",
        "Choose a threshold between 1 and the number of keys or controllers.",
    ),
    "identity-authentication-key": Code(
        "Key in the wrong operation",
        "Authentication keys change by rotation only, and rotation changes only them.",
        "Move the key to identity.rotate or identity.update.",
    ),
    "identity-not-announced": Code(
        "Key was not announced",
        "The document announced the hashes of its next keys and a new key is not among them.",
        "Rotate to the announced keys.",
    ),
    "identity-too-large": Code(
        "Document too large",
        "The document would be larger than a document may be.",
        "Shorten its services and aliases; put descriptions where its services point to.",
    ),
    "identity-too-often": Code(
        "Document changed in this block",
        "A large document was changed before in the same block; each change keeps a whole version for ever.",
        "Send the change again: the next block takes it. Put all changes into one operation.",
    ),
    "identity-controller-unknown": Code(
        "Unknown controller",
        "A controller is not an active identity of this chain, or is the identity itself.",
        "Name identities that exist; its own keys need no controller entry.",
    ),
}
