"""Refusals: one exception, and a catalogue that explains every code it may carry.

A code is part of the public interface: it stands in receipts, which validators agree
on byte by byte. So ``info`` is always our own text about our own values, never the
wording of a library, which may change with its version and split the chain.
"""

import re
from typing import Final, NamedTuple

from chainnode.errors import Rejected
from contracts.kernel.text import UNFIT_IN_LINE

INFO_CHARS_MAX: Final = 512
"""As ``Receipt.info``: a receipt that validators could not decode again would be lost."""


_UNFIT: Final = re.compile(UNFIT_IN_LINE)
"""An info may quote a client's text, and is shown on terminals."""


class Code(NamedTuple):
    """What a reader is told about one code."""

    title: str
    """A few words."""
    meaning: str
    """What was found, in one sentence."""
    hint: str
    """What the client can do about it."""


class OperationFailed(Rejected):
    """The ledger's rules refuse an operation; the whole transaction has no effect."""

    def __init__(self, code: str, info: str) -> None:
        super().__init__(code, _UNFIT.sub("?", info)[:INFO_CHARS_MAX])


CODES: Final[dict[str, Code]] = {
    "unknown-operation": Code(
        "Unknown operation",
        "The operation's name is none that this chain knows.",
        "Check the spelling against the list of operations; a newer client may know operations this node does not.",
    ),
    "operation-malformed": Code(
        "Malformed operation",
        "A field is missing, surplus, of a wrong type or beyond its bound.",
        "Build operations with the SDK, or compare the fields with the description of the operation.",
    ),
    "operation-not-canonical": Code(
        "Not canonical",
        "The operation reads well but its bytes are not the one canonical encoding.",
        "Encode with the smallest integer and length forms and every field present.",
    ),
    "operation-too-large": Code(
        "Operation too large",
        "One operation's encoding exceeds the bound of the chain.",
        "Shorten texts and lists; keep bulk material off the chain and register its digest.",
    ),
    "wrong-chain": Code(
        "Wrong chain",
        "The transaction names another chain.",
        "Sign for the chain id of the network you submit to.",
    ),
    "unknown-sender": Code(
        "Unknown sender",
        "No identity of this name exists, and the transaction does not begin by creating it.",
        "Create the identity first, or put identity.create, signed by its initial key, at the front.",
    ),
    "sender-deactivated": Code(
        "Sender deactivated",
        "The sender's identity was deactivated, which is final.",
        "Use another identity.",
    ),
    "sender-suspended": Code(
        "Sender suspended",
        "A lawful order keeps the identity from acting; only what concerns its own keys is allowed.",
        "See the order named in the message for its ground; whoever issued it, or the consortium, may lift it.",
    ),
    "key-not-of-sender": Code(
        "Key not of the sender",
        "A signature was made with a key that is neither the sender's nor one of its controllers'.",
        "Sign with the current authentication keys; after a rotation the earlier ones no longer count.",
    ),
    "threshold-not-met": Code(
        "Too few signatures",
        "Fewer of the sender's keys, or of its controllers, signed than its document asks for.",
        "Collect the missing signatures over the same payload and submit it again.",
    ),
    "unsupported-scheme": Code(
        "Unsupported signature scheme",
        "A signature names a scheme that is not active on this chain.",
        "Sign with Ed25519 (scheme 1).",
    ),
    "role-missing": Code(
        "Role missing",
        "The sender holds none of the roles that may do this.",
        "Ask a governor of the consortium to grant the role named in the message.",
    ),
    "operation-forbidden": Code(
        "Forbidden",
        "The consortium's policy lets nobody do this.",
        "A change of policy is a matter for governance.",
    ),
    "approval-required": Code(
        "Approval required",
        "The policy asks for the agreement of several members, who give it by voting.",
        "Put the change forward as a proposal.",
    ),
    "not-at-genesis": Code(
        "Not at genesis",
        "This operation needs a sender, and genesis has none.",
        "Submit it as a transaction once the chain runs.",
    ),
    "feature-inactive": Code(
        "Not yet active",
        "The operation belongs to a feature whose activation height is not set or not reached.",
        "Wait for the height at which the consortium activates it.",
    ),
    "too-many-events": Code(
        "Too many events",
        "The transaction's operations would emit more events than a receipt can hold.",
        "Split the transaction.",
    ),
    "too-much-state": Code(
        "Too much state",
        "State and events of the transaction would be far larger than the transaction itself.",
        "Split the transaction: put fewer changes of large records into one.",
    ),
}
"""Codes of the kernel itself; each family has its own beside its operations."""
