"""Why relay operations are refused, and packets answered with the error acknowledgement."""

from typing import Final

from contracts.kernel.outcome import Code

_RELAYER: Final = "Update the client first and prove against a header that it keeps."
_FORGED: Final = "Take the header and its decision from a node of the other chain; do not believe who sent you these."
_CARRIED: Final = "Fetch it again from a node of the other chain; whoever gave you this one changed it."

_CLIENT: Final[dict[str, Code]] = {
    "relay-client-unknown": Code(
        "Client unknown",
        "The chain has no client of this name.",
        "Ask for the list of clients; their names are those of this chain, not of the other one.",
    ),
    "relay-client-frozen": Code(
        "Client frozen",
        "The other chain was shown to contradict itself; the client refuses everything.",
        "Find out which history is the real one; the consortium recovers the client by vote.",
    ),
    "relay-client-expired": Code(
        "Client expired",
        "The newest header that the client verified is as old as its trusting period.",
        "Let relayers update the client more often; the consortium recovers it by vote.",
    ),
    "relay-client-alive": Code(
        "Client in order",
        "Only a frozen or expired client is recovered.",
        "Update the client instead.",
    ),
    "relay-client-kind": Code(
        "Client of another kind",
        "The operation is for clients of the other kind: those that follow headers, or those that follow attestations.",
        "See the kind in the client's record.",
    ),
    "relay-clients-full": Code(
        "No more clients",
        "The chain has as many clients as it can have.",
        "Go on with an existing client; recover it if it is frozen or expired.",
    ),
    "relay-client-chain": Code(
        "This chain's own name",
        "The other chain bears the name of this one.",
        "Names must differ, so that records of two chains can be told apart.",
    ),
    "relay-attestors": Code(
        "Impossible attestors",
        "A key stands twice or out of order, or more signatures are asked than there are keys.",
        "Sort the keys, name each once, and ask for at most as many signatures.",
    ),
    "relay-counterparty-unknown": Code(
        "No counterparty",
        "The client does not know which client of the other chain is its opposite.",
        "Register the counterparty by vote once both clients exist.",
    ),
    "relay-counterparty-registered": Code(
        "Counterparty registered",
        "The client's counterparty was registered before, once and for all.",
        "Create another client if the registration was wrong.",
    ),
}
_UPDATE: Final[dict[str, Code]] = {
    "relay-update-malformed": Code(
        "Malformed update",
        "The update is not the canonical encoding of what this kind of client takes.",
        "Build it with the SDK from what a node of the other chain answers.",
    ),
    "relay-update-known": Code(
        "Nothing new",
        "The client keeps this header already.",
        "Nothing is left to do: another relayer was faster.",
    ),
    "relay-update-stale": Code(
        "Too far back",
        "The client keeps as many headers as it can, all of them higher.",
        "Prove against a newer header.",
    ),
    "relay-height-unknown": Code(
        "No such header",
        "The client keeps no header of this height.",
        _RELAYER,
    ),
    "relay-header-malformed": Code(
        "Malformed header",
        "The bytes are no header of a chain of this software.",
        _CARRIED,
    ),
    "relay-header-chain": Code(
        "Header of another chain",
        "The header names another chain than the client follows.",
        "Check which client follows which chain.",
    ),
    "relay-header-history": Code(
        "Another history",
        "The header does not stand on the header, or the genesis, that the client trusts.",
        "A chain of the same name with another beginning is another chain; else send the path with the header.",
    ),
    "relay-header-order": Code(
        "Header out of order",
        "The header is not above the trusted one, or not later; or not below it where it should be.",
        "Name a lower trusted header, or show it as a past one.",
    ),
    "relay-header-ahead": Code(
        "Header of the future",
        "The header's time is ahead of this chain's by more than the client allows.",
        "Wait; if it stays so, one of the chains' clocks is wrong.",
    ),
    "relay-header-expired": Code(
        "Header too old",
        "The header is as old as the client's trusting period and vouches for nothing any more.",
        "Name a newer trusted header.",
    ),
    "relay-header-set": Code(
        "Second set for an epoch",
        "The header names another validator set for an epoch whose set is known.",
        _FORGED,
    ),
    "relay-header-outdated": Code(
        "Set of the past",
        "A header that the client keeps, nearer than the trusted one, names another validator set.",
        "Name the kept header next below as trusted; show a header of an earlier set by relay.add_past_header.",
    ),
    "relay-header-forged": Code(
        "Forged header",
        "The header was not decided: a signature is wrong, or the decision is about another block.",
        _FORGED,
    ),
    "relay-validators-missing": Code(
        "Validator list missing",
        "The header is of a set that the trusted one does not name, and the trusted set's list is not at hand.",
        "Send the list that the trusted header names as next.",
    ),
    "relay-validators-differ": Code(
        "Another validator list",
        "The list is malformed, missing, or not the one whose hash the header names.",
        "Fetch the list of the header's epoch; leave it empty only if the client keeps it.",
    ),
    "relay-overlap-few": Code(
        "Too little overlap",
        "Of the set that the trusted header names, one third or less signed.",
        "Show the last header of each epoch in between.",
    ),
    "relay-signers-few": Code(
        "Too few signers",
        "Fewer validators signed than make a quorum of their set.",
        _FORGED,
    ),
    "relay-signers-unfit": Code(
        "Unfit signers",
        "The decision is malformed: signers that do not exist, one twice, or not one signature for each.",
        _FORGED,
    ),
    "relay-misbehaviour-none": Code(
        "No contradiction",
        "Both statements can be true of one chain.",
        "Two headers of one height that differ, or a higher one that is not later, contradict each other.",
    ),
}
_ATTESTATION: Final[dict[str, Code]] = {
    "relay-attestation-malformed": Code(
        "Malformed attestation",
        "The bytes are no attestation of the kind that is asked for.",
        _CARRIED,
    ),
    "relay-attestation-other": Code(
        "Attestation for another",
        "The attestation is about another chain, or for another client or another host chain.",
        "Ask the attestors for one that names this chain and this client.",
    ),
    "relay-attestation-forged": Code(
        "Forged attestation",
        "A signature of the attestation is wrong.",
        "Ask the attestors themselves.",
    ),
    "relay-attestor-unknown": Code(
        "Attestor unknown",
        "A signature is by a key that the client does not know.",
        "Keys change when the client is recovered; see the client's record.",
    ),
    "relay-attestor-twice": Code(
        "Attestor twice",
        "An attestor signed twice, or the signatures are out of order.",
        "List each signature once, in ascending order of keys.",
    ),
    "relay-attestors-few": Code(
        "Too few attestors",
        "Fewer attestors signed than the client asks for.",
        "Collect the missing signatures.",
    ),
}
_PACKET: Final[dict[str, Code]] = {
    "relay-proof-malformed": Code(
        "Malformed proof",
        "The bytes are no proof of the kind that is asked for.",
        "Fetch the proof from a node of the other chain; a proof of presence shows no absence.",
    ),
    "relay-proof-mismatch": Code(
        "Proof of something else",
        "The proof is of another key, value, height or chain, or shows the contrary.",
        "Prove the packet's own key in the state before the header at the height that you name.",
    ),
    "relay-packet-route": Code(
        "Another route",
        "The packet names another source than the counterparty of the client that it names as its destination.",
        "Deliver the packet to the chain and client that it was sent to.",
    ),
    "relay-packet-received": Code(
        "Packet received",
        "The packet was received before; it is received once.",
        "Nothing is left to do but to carry the acknowledgement back.",
    ),
    "relay-packet-late": Code(
        "Packet timed out",
        "The block's time has reached the packet's time-out.",
        "Time the packet out on the chain that sent it.",
    ),
    "relay-packet-unknown": Code(
        "No such packet under way",
        "No packet of this sequence was sent through the client, or it is settled.",
        "Nothing is left to do if another relayer was faster.",
    ),
    "relay-timeout-early": Code(
        "Too early to time out",
        "The header that the proof stands under is of before the time-out.",
        "Update the client with a header at or after the packet's time-out and prove the absence under it.",
    ),
    "relay-timeout-passed": Code(
        "Time-out in the past",
        "One of the two chains has reached the time-out already.",
        "Choose a later one; time-outs are Unix seconds, not milliseconds.",
    ),
    "relay-timeout-far": Code(
        "Time-out too far ahead",
        "The packet could hold its place for more than a week.",
        "Choose an earlier time-out and send again where it lapses.",
    ),
    "relay-payload-size": Code(
        "Payload of wrong size",
        "The payload is empty or too large.",
        "Send a digest and keep the bulk off the chain.",
    ),
    "relay-packets-many": Code(
        "Too many packets",
        "The transaction or proposal sends more packets than a receipt can hold.",
        "Split the transaction.",
    ),
    "relay-client-full": Code(
        "Client full",
        "As many packets as the client can hold are under way.",
        "See why they are not settled; packets leave when they are acknowledged or timed out.",
    ),
    "relay-sender-full": Code(
        "Sender's share full",
        "As many packets as one sender may have are under way.",
        "Wait until some are acknowledged or timed out.",
    ),
    "relay-port-unknown": Code(
        "Port unknown",
        "The packet is for an application that this chain does not have; the answer is the error acknowledgement.",
        "See which ports the other chain's program has.",
    ),
    "relay-version-unknown": Code(
        "Version unknown",
        "The packet is of another version of the application; the answer is the error acknowledgement.",
        "Both chains need programs that speak the same version.",
    ),
    "relay-encoding-unknown": Code(
        "Encoding unknown",
        "The payload's encoding is not the application's; the answer is the error acknowledgement.",
        "Encode as the port says.",
    ),
    "relay-acknowledgement-unfit": Code(
        "Unfit answer",
        "The application answered with nothing, too much or the error acknowledgement itself.",
        "Report it: the application has a fault.",
    ),
}

CODES: Final[dict[str, Code]] = {**_CLIENT, **_UPDATE, **_ATTESTATION, **_PACKET}
