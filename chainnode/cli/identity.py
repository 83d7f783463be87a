"""``chainnode identity``: an identity's keys, services and guardians, and whom it accredits."""

from chainnode.cli.operation import Verb, operation_group

command = operation_group(
    "identity",
    "Change, recover, accredit and end identities.",
    {
        "create": Verb("identity.create", arguments=("initial_key",)),
        "sponsor": Verb("identity.sponsor", arguments=("initial_key",)),
        "update": Verb("identity.update"),
        "rotate": Verb("identity.rotate"),
        "deactivate": Verb("identity.deactivate"),
        "propose-recovery": Verb("identity.propose_recovery", arguments=("did",)),
        "approve-recovery": Verb("identity.approve_recovery", arguments=("did", "proposer", "digest")),
        "cancel-recovery": Verb("identity.cancel_recovery", arguments=("proposer",)),
        "recover": Verb("identity.recover", arguments=("did", "proposer")),
        "accredit": Verb("identity.accredit", arguments=("did", "kind")),
        "end-accreditation": Verb("identity.end_accreditation", arguments=("did", "kind")),
        "anchor-status-list": Verb("identity.anchor_status_list", arguments=("list_id",)),
        "register-schema": Verb("identity.register_schema", arguments=("schema_id",)),
        "log-issuance": Verb("identity.log_issuance", arguments=("digest",)),
    },
)
