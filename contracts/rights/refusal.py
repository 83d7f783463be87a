"""Why an operation on rights is refused."""

from typing import Final

from contracts.kernel.outcome import Code

CODES: Final[dict[str, Code]] = {
    "right-terms": Code(
        "Impossible terms",
        "A period ends before it begins, a set is unsorted, or an id has the wrong size.",
        "Sort each set, name each member once, and compare both ends of the period.",
    ),
    "right-exists": Code(
        "Right exists",
        "The grantor has already granted a right out of this source under the same salt.",
        "Choose a fresh random salt for each right.",
    ),
    "right-unknown": Code(
        "Right unknown",
        "No right was granted under this id.",
        "The id stands in the receipt of right.grant; it follows from grantor, asset, parent and salt.",
    ),
    "right-grantee": Code(
        "No such grantee",
        "The grantee is no active identity of this chain, or the grantor itself.",
        "Have the grantee create its identity first.",
    ),
    "right-not-holder": Code(
        "Not the holder's",
        "The right is held by somebody else.",
        "Only its holder may use, accept, decline or surrender a right, or grant others out of it.",
    ),
    "right-not-grantor": Code(
        "Not the grantor's",
        "The sender does not hold the asset or right that this one is granted out of.",
        "Ask whoever holds the source now; it may have changed hands since the grant.",
    ),
    "right-other-asset": Code(
        "Right in another asset",
        "The parent is a right in another asset than the one named.",
        "Name the asset of the parent.",
    ),
    "right-wider": Code(
        "Wider than its parent",
        "The right would reach further than the one it derives from, or than before; the message names the dimension.",
        "Narrow that dimension; what is left empty or open counts as everything.",
    ),
    "right-no-sublicence": Code(
        "No sub-licences",
        "The parent gives no leave to grant further rights out of it.",
        "Ask its grantor for a right with sub-licensing levels.",
    ),
    "right-audience": Code(
        "Outside the audience",
        "The holder is not among those to whom the right is limited.",
        "Grant to a member of the audience, or widen the audience as far as the parent allows.",
    ),
    "right-field-unknown": Code(
        "Field unknown",
        "The terms name a field that the asset does not list.",
        "Compare the names with the asset's description.",
    ),
    "right-exclusive": Code(
        "Exclusive rights meet",
        "The right, or one granted before, is exclusive and both meet in purpose, region and time.",
        "Divide them by purpose, region or time; right.expire counts off shared rights that have run out.",
    ),
    "right-exclusives-full": Code(
        "Too many exclusive rights",
        "The source has as many exclusive rights in force as it may have.",
        "Let one of them end first.",
    ),
    "right-status": Code(
        "Not possible in this status",
        "The right is in a status that does not allow this.",
        "Look the right up; the message names the status and those in which it would be possible.",
    ),
    "right-frozen": Code(
        "Right frozen",
        "An order holds the right, or one that it derives from.",
        "Ask the authority behind the order; the right's record names it.",
    ),
    "right-not-begun": Code(
        "Right not begun",
        "The first moment of the right has not come.",
        "Wait for it; it is part of the terms.",
    ),
    "right-expired": Code(
        "Right expired",
        "The time of the right is over.",
        "Ask its grantor for a new one.",
    ),
    "right-lapsed": Code(
        "Right lapsed",
        "A right that this one derives from has ended, or no longer covers any of it.",
        "Ask whoever holds the source now for a new right.",
    ),
    "right-uses-spent": Code(
        "Uses spent",
        "The right has been used, or passed on, as often as it may be.",
        "Ask its grantor for more uses.",
    ),
    "right-use-outside": Code(
        "Use outside the right",
        "The purpose, a field or the region of the use is not covered by the right.",
        "Compare the use with the terms as they stand now; a right above may have been narrowed.",
    ),
    "right-kind": Code(
        "Wrong kind of right",
        "The right is of a kind that does not allow this.",
        "Deriving a new asset needs a right to process and use.",
    ),
    "right-irrevocable": Code(
        "Irrevocable right",
        "The right was granted for good; its grantor can neither take it back nor narrow it.",
        "Only its holder may give it up, and only a ruling or lawful order may end it.",
    ),
    "right-not-due": Code(
        "Right has not run out",
        "The right has no end, or its end has not come.",
        "Revoke or surrender it instead, or wait.",
    ),
    "right-order-held": Code(
        "Held by this order already",
        "The same order holds the right.",
        "Nothing needs to be done.",
    ),
    "right-order-unknown": Code(
        "Not held by this order",
        "The right is not held by the order that is to be lifted.",
        "The right's record lists the orders that hold it.",
    ),
    "right-orders-full": Code(
        "Held by too many orders",
        "As many orders hold the right as may.",
        "It stays frozen until all of them are lifted; one more adds nothing.",
    ),
}
