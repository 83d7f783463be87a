"""``chainnode dispute``: complaints and disputes, from filing to the end of their measures."""

from chainnode.cli.operation import operation_group, verbs_of

command = operation_group("dispute", "File, answer, decide and enforce disputes.", verbs_of("dispute"))
