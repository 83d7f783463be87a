"""Why the ports refuse: operations, and packets (then the code stands in ``relay.packet_received`` or its like)."""

from typing import Final

from contracts.kernel.outcome import Code

CODES: Final[dict[str, Code]] = {
    "relay-value-malformed": Code(
        "Malformed message",
        "A packet's value is not a message of its port, or not in its one encoding.",
        "The other chain runs another program, or another version of the port.",
    ),
    "relay-name-foreign": Code(
        "Name of another chain",
        "A packet names an identity that is not of the chain that sent it.",
        "A chain can speak of its own identities alone.",
    ),
    "relay-message-height": Code(
        "Written after its proof",
        "A message says it was written at a height that its proof does not reach.",
        "The other chain contradicts itself; tell its operators.",
    ),
    "relay-message-overtaken": Code(
        "Overtaken",
        "Something newer about the same thing is known already.",
        "Nothing needs to be done.",
    ),
    "relay-answer-malformed": Code(
        "Malformed answer",
        "An acknowledgement is none that the port knows.",
        "The other chain runs another program, or another version of the port.",
    ),
    "relay-announcement-status": Code(
        "Not under way",
        "The announcement is in a status in which this cannot happen to it.",
        "Read the announcement; what was once announced can be announced again when it has changed.",
    ),
    "relay-announcement-same": Code(
        "Nothing new",
        "The other chain was told exactly this, or is being told.",
        "Announce again after a change, or once the packet has failed.",
    ),
    "relay-announce-not-yours": Code(
        "Not yours to announce",
        "The first announcement is for those whose asset, listing or accreditation it is.",
        "Ask the one named in the message.",
    ),
    "relay-listing-of-another": Code(
        "Listing of another asset",
        "The listing offers another asset than the one that is named.",
        "Name the asset that the listing offers.",
    ),
    "relay-accreditation-over": Code(
        "Accreditation does not hold",
        "What has ended or expired is not announced anew.",
        "Have it renewed first.",
    ),
    "relay-audience-full": Code(
        "Told to many chains",
        "The accreditation was told to as many clients as its end can be told to at once.",
        "Let another client of the same chain carry it, or recognise it there by other means.",
    ),
    "relay-recognition-unknown": Code(
        "Not recognised",
        "No such accreditation came through this client.",
        "Have it announced on its own chain first.",
    ),
    "relay-client-kind": Code(
        "No header behind the client",
        "This needs the headers and the state of a chain of this software; attestors vouch for packets alone.",
        "Use a client that verifies headers.",
    ),
    "relay-checkpoint-status": Code(
        "Checkpoint settled",
        "The checkpoint is in a status in which this cannot happen to it.",
        "Send another one.",
    ),
    "relay-anchor-differs": Code(
        "Another past",
        "This chain keeps another header of the same height: the other chain's past was rewritten since.",
        "Do not go on; compare the anchor with the other chain's blocks, and ask its operators.",
    ),
    "relay-mirror-unknown": Code(
        "Not in the catalogue",
        "No such listing came through this client.",
        "Have it announced on its own chain first.",
    ),
    "relay-mirror-status": Code(
        "Not on offer",
        "As far as this chain knows, the listing takes no orders or its asset is not traded.",
        "Have it announced again if it is on offer again.",
    ),
    "relay-order-exists": Code(
        "Ordered before",
        "The buyer has an order of this reference.",
        "Choose another reference.",
    ),
    "relay-order-unknown": Code(
        "Unknown order",
        "No order of this id goes through this client.",
        "Check the client and the id.",
    ),
    "relay-order-deadlines": Code(
        "Impossible deadlines",
        "An order arrives, is accepted and delivered in this order, all of it ahead and within ten years.",
        "Move the deadlines.",
    ),
    "relay-order-price": Code(
        "Another price",
        "Price or currency are not those of the listing, and it is not negotiable.",
        "Order at the listing's price; have it announced again if it changed.",
    ),
    "relay-order-status": Code(
        "Order in another status",
        "The order is in a status in which this cannot happen to it.",
        "Read the order.",
    ),
    "relay-foreign-order-status": Code(
        "Order in another status",
        "The order is in a status in which this cannot happen to it.",
        "Read the order.",
    ),
    "relay-answer-not-yours": Code(
        "Not the seller",
        "An order is answered by the seller; anybody may decline it once its time is over.",
        "Leave it to the seller named in the message.",
    ),
    "relay-answer-late": Code(
        "Too late",
        "The time to accept or to deliver is over.",
        "Decline an order that was not accepted in time; the buyer may order anew.",
    ),
    "relay-answer-evidence": Code(
        "Evidence of the delivery",
        "A delivery is shown by evidence, and nothing else is.",
        "Name the evidence with deliver, and leave it empty otherwise.",
    ),
    "relay-answer-told": Code(
        "Answer not failed",
        "The last answer is known to the other chain, or on its way.",
        "Nothing needs to be done.",
    ),
}
