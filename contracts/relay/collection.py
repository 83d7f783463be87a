"""Clients, headers and packets as readers list them."""

from typing import Final

from chainnode.lightclient.client_state import ConsensusState
from contracts.kernel.collection import Collection, Filter
from contracts.relay.outcome import ClientCreated
from contracts.relay.packet import ClientId
from contracts.relay.record import CLIENT, AcknowledgementRecord, ClientRecord, PacketRecord

COLLECTIONS: Final = (
    Collection(
        name="relay-clients",
        namespace=("relay-client",),
        ids=("client_id",),
        record=ClientRecord,
        summary="Other chains that this one follows.",
        filters=(
            Filter("chain_id", ((ClientCreated, "chain_id"),)),
            Filter("kind", choices=("attestation", "chainnode")),
            Filter("status", choices=CLIENT.statuses()),
        ),
        missing="relay-client-unknown",
    ),
    Collection(
        name="relay-headers",
        namespace=("relay-consensus",),
        ids=("client_id", "height"),
        record=ConsensusState,
        summary="What clients keep of the headers that they verified.",
        id_types={"client_id": ClientId},
    ),
    Collection(
        name="relay-packets",
        namespace=("relay-packet",),
        ids=("client_id", "sequence"),
        record=PacketRecord,
        summary="Packets of this chain that are under way.",
        filters=(Filter("source_port"), Filter("sender")),
    ),
    Collection(
        name="relay-acknowledgements",
        namespace=("relay-acknowledgement",),
        ids=("client_id", "sequence"),
        record=AcknowledgementRecord,
        summary="Packets that this chain received, with its answers.",
        filters=(Filter("code"),),
    ),
)
