"""Every code an answer can carry, as RFC 9457 problems.

A problem's type is ``/problems/<code>``, served by every node. Statuses: 400 the bytes or the question are wrong, 403
the sender may not, 404 and 410 not here, 409 contradicts what is there, 413 too large, 422 the ledger's rules refuse
it, 429 and 503 later, 504 not known yet. The meanings of the contracts' own codes come from their catalogue.
"""

from types import MappingProxyType
from typing import Final, NamedTuple

from contracts.kernel.registry import CODES


class Problem(NamedTuple):
    """What is always true of one code."""

    status: int
    title: str
    meaning: str
    hint: str
    retryable: bool = False
    """The same request may succeed later, unchanged."""


_ASK_LATER: Final = "Wait as long as Retry-After says, then send the same request again, here or to another node."
_READ_ROUTES: Final = "Compare the request with the route table of the API."

_REQUEST: Final = {
    "not-found": Problem(404, "No such route", "Nothing is served under this path.", "GET / lists the entry points."),
    "method-not-allowed": Problem(
        405, "Method not allowed", "The path exists, but not for this method.", "The Allow header names the methods."
    ),
    "query-unknown": Problem(
        400, "Unknown query parameter", "The route takes no parameter of this name.", _READ_ROUTES
    ),
    "query-invalid": Problem(
        400, "Invalid query parameter", "A parameter is missing, repeated, or out of its bounds.", _READ_ROUTES
    ),
    "path-invalid": Problem(
        400, "Invalid path", "A part of the path is not of the form it must have.", "Ids and hashes are lower-case hex."
    ),
    "cursor-invalid": Problem(
        400,
        "Invalid cursor",
        "The cursor is damaged, or belongs to another list or chain.",
        "Cursors are opaque: pass the one from the previous page with the same question, or start without one.",
    ),
    "body-empty": Problem(400, "Empty body", "Nothing was submitted.", "Send one envelope, or a list of them."),
    "body-malformed": Problem(
        400,
        "Malformed body",
        "The body is not JSON or MessagePack of one of the accepted shapes.",
        "README.md of the API shows each shape.",
    ),
    "body-duplicate-key": Problem(
        400, "Duplicate key", "A JSON object names one member twice, which readers resolve differently.", _READ_ROUTES
    ),
    "body-too-deep": Problem(
        400, "Nested too deep", "The JSON body nests deeper than any request of this API.", _READ_ROUTES
    ),
    "body-too-large": Problem(
        413, "Body too large", "The request body exceeds the limit.", "Split the submission into several requests."
    ),
    "too-many-transactions": Problem(
        413, "Too many transactions", "One request may carry only so many transactions.", "Split the submission."
    ),
    "media-type": Problem(
        415,
        "Unsupported media type",
        "The body's Content-Type (or Content-Encoding) is not one this route reads.",
        "Send application/msgpack or application/json, uncompressed.",
    ),
    "not-acceptable": Problem(
        406, "Not acceptable", "The answer exists in none of the accepted media types.", "Accept application/json."
    ),
    "host-not-allowed": Problem(
        421,
        "Unknown host name",
        "The Host header names a host this node does not answer for (a guard against DNS rebinding).",
        "Use the node's IP address, localhost, or a configured name.",
    ),
    "cross-origin": Problem(
        403, "Cross-origin request", "A web page of another origin sent this request.", "CORS is closed; use a client."
    ),
    "rate-limited": Problem(429, "Too many requests", "This address sent more than its share.", _ASK_LATER, True),
    "over-capacity": Problem(
        503, "Over capacity", "The node is answering as many requests as it may.", _ASK_LATER, True
    ),
    "request-timeout": Problem(
        408, "Request took too long", "The request body did not arrive in time.", "Send it again, faster.", True
    ),
    "internal": Problem(
        500,
        "Internal error",
        "The node failed in a way it did not expect; its log has the details under the request's id.",
        "Report the instance; another node may answer.",
        True,
    ),
}

_TRANSACTION: Final = {
    "malformed": Problem(
        400, "Malformed", "The bytes are not what they claim to be.", "Build transactions with the SDK."
    ),
    "not-canonical": Problem(
        400,
        "Not canonical",
        "The bytes read well but are not the one canonical encoding.",
        "Use the smallest integer and length forms; build transactions with the SDK.",
    ),
    "too-large": Problem(
        413, "Too large", "The transaction exceeds its size limit.", "Split it, and register digests of bulk material."
    ),
    "version": Problem(
        400, "Unknown version", "The transaction has a version that this node does not know.", "Update the client."
    ),
    "duplicate-signer": Problem(
        400, "Duplicate signer", "One key signed the same transaction twice.", "Sign once with each key."
    ),
    "signature-scheme": Problem(
        400, "Unknown signature scheme", "The scheme is not active on this chain.", "Sign with Ed25519 (scheme 1)."
    ),
    "signature-form": Problem(
        400, "Malformed signature", "A key or signature has the wrong length.", "Ed25519: 32 and 64 bytes."
    ),
    "bad-signature": Problem(
        400,
        "Bad signature",
        "A signature does not match the transaction and its key.",
        "Sign the domain tag and the transaction's id with the private key of the public key beside it.",
    ),
    "expired": Problem(
        409,
        "Expired",
        "The chain has passed the last height at which this transaction could be included.",
        "If it is not found by its id now, it never took effect: sign it anew with an expiry in the valid range.",
    ),
    "expiry-too-far": Problem(
        400,
        "Expiry too far ahead",
        "The transaction asks to stay valid for longer than the chain remembers ids.",
        "Sign it anew with an expiry in the valid range that the details name.",
    ),
    "not-yet-committed": Problem(
        504,
        "Not yet committed",
        "The transaction was accepted, and no block with it was seen in the time given. This is not a failure.",
        "Ask again for the id before you resubmit; resubmitting the same bytes is safe, signing anew is not.",
        True,
    ),
    "pool-full": Problem(503, "Pool full", "Too many transactions wait for a block.", _ASK_LATER, True),
    "pool-sender-full": Problem(
        429, "Sender's share full", "Too many transactions of this sender wait for a block.", _ASK_LATER, True
    ),
    "overloaded": Problem(
        503, "Overloaded", "Too many transactions are being checked, or wait for blocks.", _ASK_LATER, True
    ),
    "node-halted": Problem(
        503,
        "Node halted",
        "This node stopped for good: it signs nothing and its chain does not advance; what it serves may be stale.",
        "Submit the same bytes to another node; /v1/status names the reason to the operator.",
        True,
    ),
}

_READ: Final = {
    "block-not-found": Problem(
        404, "Block not found", "No block of this height or hash is here (yet).", "/v1/status names the newest height."
    ),
    "seal-not-found": Problem(
        404, "Seal not found", "This node holds no seal of that block: one in some dozens is sealed, and the last of "
        "every set.", "/v1/seals shows the newest seal; a quorum certificate exists of every block."
    ),
    "transaction-not-found": Problem(
        404,
        "Transaction not found",
        "This node knows no such transaction, neither pending nor committed.",
        "If you submitted it, submit the same bytes again: that is always safe.",
    ),
    "receipt-not-found": Problem(
        404, "Receipt not found", "No committed transaction has this id here.", "Ask for the transaction itself."
    ),
    "state-not-found": Problem(404, "Nothing there", "The state holds no value under this key.", "Check the key."),
    "state-type": Problem(404, "Not a record", "The key belongs to no kind of record known here.", "Check the key."),
    "state-key": Problem(
        400, "Impossible key", "No state key has this form.", "Keys are namespace/part/part, or 0x and hex."
    ),
    "evidence-not-found": Problem(
        404, "Evidence not found", "No evidence with this id or digest is recorded here.", "Check id and digest."
    ),
    "evidence-ambiguous": Problem(
        409, "Several submitters", "More than one submitter used this evidence id.", "Add submitter=<DID>."
    ),
    "asset-not-found": Problem(404, "Asset not found", "No asset of this id is registered here.", "Check the id."),
    "board-not-found": Problem(404, "Board not found", "No board of this id was opened here.", "Check the id."),
    "proposal-not-found": Problem(404, "Proposal not found", "No proposal has this number.", "List the proposals."),
    "right-not-found": Problem(404, "Right not found", "No right of this id was granted here.", "Check the id."),
    "identity-not-found": Problem(404, "Identity not found", "No identity has this DID here.", "Check the DID."),
    "record-not-found": Problem(404, "Record not found", "No such record has these ids here.", "Check the ids."),
    "problem-not-found": Problem(404, "Unknown problem", "No problem has this code.", "GET /problems lists them."),
    "proof-pending": Problem(
        503,
        "Proof pending",
        "The block that certifies this result is not decided yet.",
        "Ask again after the next block, usually within a second.",
        True,
    ),
    "evidence-is-batch": Problem(
        409,
        "A batch",
        "This evidence is the root of a batch; the node does not know the items.",
        "Its holder proves one item with its private record: `chainnode evidence verify FILE --save PROOF`.",
    ),
    "height-pruned": Problem(
        410,
        "Before this node's history",
        "The node began from a snapshot and does not keep the blocks before it.",
        "Ask a node that holds the whole chain; `first` is the lowest height this one has.",
    ),
    "light-heights": Problem(
        400, "Heights in the wrong order", "A light client moves from a lower header to a higher one, whose history "
        "holds lower blocks only.", "Give the client's height as `trusted` and a later one as `height`."
    ),
    "state-version": Problem(
        410, "Pruned", "The node no longer keeps the state tree of this height.", "Ask for a newer height."
    ),
    "state-value": Problem(
        410,
        "Value not kept",
        "Only the newest value is kept, and the key has changed since.",
        "Ask for a newer height.",
    ),
    "store-failed": Problem(
        503,
        "Storage failed",
        "The node's disk is full, failing, or holds damaged data.",
        "Ask another node; its operator must act.",
        True,
    ),
}

_FORBIDDEN: Final = frozenset(
    {"role-missing", "operation-forbidden", "key-not-of-sender", "threshold-not-met", "approval-required"}
    | {"sender-deactivated", "unknown-sender", "role-own-governor", "proposal-not-own", "vote-not-elector"}
    | {"accreditation-not-yours", "recovery-not-guardian"}
)
_BYTES: Final = frozenset(
    {"unknown-operation", "operation-malformed", "operation-not-canonical", "wrong-chain", "unsupported-scheme"}
    | {"state-key"}
)
_EXISTS: Final = frozenset(
    {"role-held", "role-not-held", "governor-last", "feature-inactive", "feature-active"}
    | {"proposal-status", "vote-twice"}
)


def _contract_status(code: str) -> int:
    if code in _FORBIDDEN:
        return 403
    if code in _BYTES:
        return 400
    if code == "operation-too-large":
        return 413
    return 409 if code in _EXISTS or code.endswith("-exists") else 422


_LEDGER: Final = {
    code: Problem(_contract_status(code), found.title, found.meaning, found.hint) for code, found in CODES.items()
}

PROBLEMS: Final = MappingProxyType({**_LEDGER, **_REQUEST, **_TRANSACTION, **_READ})
"""By code; the contracts' codes, then those of the request, of transactions and of reading."""
