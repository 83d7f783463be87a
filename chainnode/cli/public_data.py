"""``chainnode public-data``: the life of public data, each step with its evidence."""

from chainnode.cli.operation import Verb, operation_group

command = operation_group(
    "public-data",
    "Catalogue, open, authorise, use and withdraw public data.",
    {
        "catalogue": Verb("public.catalogue", arguments=("title",), fresh=("resource_id",)),
        "open": Verb("public.open", arguments=("resource_id", "mode")),
        "authorise": Verb("public.authorise", arguments=("resource_id", "operator")),
        "end-authorisation": Verb("public.end_authorisation", arguments=("resource_id", "operator")),
        "use": Verb("public.use", arguments=("custodian", "resource_id")),
        "withdraw": Verb("public.withdraw", arguments=("resource_id",)),
    },
)
