"""``chainnode income``: who gets which part of what an asset earns."""

from chainnode.cli.operation import operation_group, verbs_of

command = operation_group("income", "Set rules of income, and distribute what came in.", verbs_of("income"))
