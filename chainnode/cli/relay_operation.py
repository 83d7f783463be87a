"""``chainnode relay``: operations about other chains and the packets between them; relayers submit most of them."""

from typing import Final

from chainnode.cli.operation import Verb, operation_group, verbs_of

_OPERATORS: Final = "operators"

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
    ),
)
