"""What an operation may know besides the state: where it runs, when, and for whom."""

from chainnode.types.receipt import Event
from contracts.kernel.event import TypedEvent


class Context:
    """One transaction's place on the chain; the only source of time an operation has.

    ``time_ms`` is the block's time. At genesis ``height`` is 0, ``sender`` is empty and
    the founders' authority stands behind every operation.
    """

    __slots__ = ("chain_id", "events", "height", "index", "sender", "signers", "time_ms", "tx_id")

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
        self.events: list[Event] = []

    @property
    def at_genesis(self) -> bool:
        """Whether the founders act."""
        return self.height == 0

    def emit(self, event: TypedEvent) -> None:
        """Add an event to the receipt; it is dropped when the transaction fails."""
        self.events.append(event.to_event())
