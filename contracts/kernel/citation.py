"""References to evidence from families that stand below it."""

from typing import Annotated

import msgspec

from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.ids import did_chain
from contracts.kernel.text import AnyDid


class Citation(msgspec.Struct, frozen=True, array_like=True):
    """Evidence by its submitter and id; both empty where none is cited."""

    submitter: AnyDid = ""
    evidence_id: Annotated[bytes, msgspec.Meta(max_length=32)] = b""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is cited."""
        return not self.submitter and not self.evidence_id


def is_recorded(citation: Citation, state: State) -> bool:
    """Whether the ledger holds the evidence cited, whatever its status.

    The key is that of ``contracts.evidence.record.evidence_key``; a test holds both together.
    """
    if did_chain(citation.submitter) is None or not citation.evidence_id:
        return False
    return state.get(key("evidence", citation.submitter, citation.evidence_id)) is not None
