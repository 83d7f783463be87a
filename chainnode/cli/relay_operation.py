"""``chainnode relay``: operations about other chains and the packets between them; relayers submit most of them."""

from typing import Final

from chainnode.cli.operation import Verb, operation_group, verbs_of
from contracts.relay.ports.operations import OrderAcross
from contracts.relay.ports.record_trade import order_id_of

_OPERATORS: Final = "operators"


def _order_id(operation: OrderAcross, did: str) -> dict[str, str]:
    """What every later step of the order names."""
    return {"order_id": order_id_of(did, operation.reference).hex()}


command = operation_group(
    "relay",
    "Follow other chains, and carry packets between them.",
    verbs_of(
        "relay",
        create_client=Verb("relay.create_client", arguments=("chain_id", "genesis_hash"), signed_by=_OPERATORS),
        create_attestation_client=Verb(
            "relay.create_attestation_client", arguments=("chain_id",), signed_by=_OPERATORS
        ),
        register_counterparty=Verb(
            "relay.register_counterparty", arguments=("client_id", "counterparty_client"), signed_by=_OPERATORS
        ),
        recover_client=Verb("relay.recover_client", arguments=("client_id",), signed_by=_OPERATORS),
        recover_attestation_client=Verb(
            "relay.recover_attestation_client", arguments=("client_id",), signed_by=_OPERATORS
        ),
        acknowledge_packet=Verb("relay.acknowledge_packet", arguments=("client_id", "sequence")),
        time_out_packet=Verb("relay.time_out_packet", arguments=("client_id", "sequence")),
        announce_asset=Verb("relay.announce_asset", arguments=("client_id", "asset_id")),
        announce_accreditation=Verb("relay.announce_accreditation", arguments=("client_id", "did", "kind")),
        prove_accreditation=Verb("relay.prove_accreditation", arguments=("client_id", "did", "kind")),
        order=Verb("relay.order", arguments=("client_id", "listing_id"), about=_order_id),
        answer_order=Verb("relay.answer_order", arguments=("client_id", "order_id", "answer")),
        repeat_answer=Verb("relay.repeat_answer", arguments=("client_id", "order_id")),
    ),
)
