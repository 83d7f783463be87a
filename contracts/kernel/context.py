"""What an operation may know besides the state: where it runs, when, and for whom."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chainnode.types.receipt import Event
from contracts.kernel.event import TypedEvent
from contracts.kernel.policy import Rule

_NO_RULES: Final[Mapping[str, Rule]] = MappingProxyType({})


class Context:
    """One transaction's place on the chain; the only source of time an operation has.

    ``time_ms`` is the block's time. At genesis ``height`` is 0, ``sender`` is empty and
    the founders' authority stands behind every operation. Where a proposal is carried out, ``sender`` is
    ``proposal:<number>`` and the consortium's authority does.
    """

    __slots__ = (
        "chain_id", "default_rules", "events", "height", "index", "proposal", "sender", "signers", "time_ms", "tx_id",
    )  # fmt: skip

    def __init__(
        self,
        *,
        chain_id: str,
        height: int,
        time_ms: int,
        tx_id: bytes,
        index: int,
        sender: str,
        signers: tuple[bytes, ...],
        default_rules: Mapping[str, Rule] = _NO_RULES,
        proposal: int | None = None,
    ) -> None:
        self.chain_id = chain_id
        self.height = height
        self.time_ms = time_ms
        self.tx_id = tx_id
        self.index = index
        self.sender = sender
        """DID in whose name the transaction runs; its authority has been checked."""
        self.signers = signers
        """Public keys whose signatures the transaction carries."""
        self.default_rules = default_rules
        """Every operation's own rule, by name: what counts where the consortium has set none."""
        self.proposal = proposal
        """The proposal that is carried out; 0 on trial, None in a transaction."""
        self.events: list[Event] = []

    @property
    def at_genesis(self) -> bool:
        """Whether the founders act."""
        return self.height == 0

    def emit(self, event: TypedEvent) -> None:
        """Add an event to the receipt; it is dropped when the transaction fails."""
        self.events.append(event.to_event())
