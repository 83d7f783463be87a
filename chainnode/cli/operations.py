"""``chainnode operations``: the reference of what a transaction can do, from the tables that drive the checks."""

import click

from chainnode.cli.field_note import notes_of
from chainnode.cli.output import emit, examples, json_option, table, wants_json
from contracts.kernel.reference import reference
from contracts.kernel.reference_page import reference_page
from contracts.kernel.registry import FAMILIES


@click.command(
    name="operations",
    epilog=examples("chainnode operations", "chainnode operations --family evidence --json"),
)
@click.option("--family", "chosen", type=click.Choice([family.name for family in FAMILIES]), help="Only this family.")
@click.option("--markdown", is_flag=True, help="Print the page contracts/OPERATIONS.md.")
@json_option
def command(chosen: str | None, markdown: bool) -> None:
    """List every operation, its fields, roles and codes.

    Without --json a line each; with it schemas of all fields, rules, codes, events and state machines.
    """
    families = tuple(family for family in FAMILIES if chosen in (None, family.name))
    document = reference(families, notes_of)
    if markdown and not wants_json():
        click.echo(reference_page(document), nl=False)
        return
    listed = [found for family in document["families"] for found in family["operations"]]
    rows = [(found["name"], found["who"], found["summary"]) for found in listed]
    emit(document, table(("operation", "who", "what it does"), rows))
