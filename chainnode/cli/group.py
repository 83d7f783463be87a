"""A group whose sub-commands are imported when they run, not when they are listed.

``chainnode --help`` must answer within 150 ms; importing the node, the client or the terminal library takes longer.
So the listing comes from a table, and a test compares the table with the commands.
"""

import importlib
from typing import Final, NamedTuple

import click


class Entry(NamedTuple):
    """A sub-command that was not imported yet."""

    section: str
    name: str
    module: str
    """Its ``command`` attribute is the click command."""
    help: str


class LazyGroup(click.Group):
    """A click group over a table of entries."""

    entries: tuple[Entry, ...] = ()

    def list_commands(self, _context: click.Context) -> list[str]:
        """Names in the order of the table."""
        return [entry.name for entry in self.entries]

    def get_command(self, _context: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command."""
        for entry in self.entries:
            if entry.name == cmd_name:
                command: click.Command = importlib.import_module(entry.module).command
                return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Like click's own, which looks for the nearest name among imported commands only."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            known = self.list_commands(ctx)
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=known, ctx=ctx) from error

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the listing by section, importing nothing."""
        for section in dict.fromkeys(entry.section for entry in self.entries):
            with formatter.section(section):
                formatter.write_dl([(entry.name, entry.help) for entry in self.entries if entry.section == section])


_CLI: Final = "chainnode.cli"
ENTRIES: Final = (
    Entry("First look", "demo", f"{_CLI}.demo.command", "Watch real processes agree on real registrations."),
    Entry("First look", "testnet", f"{_CLI}.testnet.command", "Make and run a network on this machine."),
    Entry("Operating a node", "init", f"{_CLI}.init", "Make the data directory of a node, once."),
    Entry("Operating a node", "start", f"{_CLI}.start", "Run one node until it is told to stop."),
    Entry("Operating a node", "config", f"{_CLI}.config", "Show and check a node's configuration."),
    Entry("Operating a node", "snapshot", f"{_CLI}.snapshot", "Look at snapshots, and verify them offline."),
    Entry("Using a chain", "key", f"{_CLI}.key", "Make, show and import private keys."),
    Entry("Using a chain", "tx", f"{_CLI}.tx", "Submit transactions and follow them."),
    Entry("Using a chain", "asset", f"{_CLI}.asset", "Register data assets and whole catalogues."),
    Entry("Using a chain", "evidence", f"{_CLI}.evidence", "Record that files existed, and check them later."),
    Entry(
        "Using a chain",
        "public-data",
        f"{_CLI}.public_data",
        "Catalogue, open, authorise, use and withdraw public data.",
    ),
    Entry("Using a chain", "right", f"{_CLI}.right", "Grant, use and end rights in assets."),
    Entry("Using a chain", "did", f"{_CLI}.did", "Create, resolve, change, recover and end identities."),
    Entry("Using a chain", "credential", f"{_CLI}.credential", "Issue and check credentials and their status lists."),
    Entry("Using a chain", "market", f"{_CLI}.market", "Trade on boards, and see what was traded."),
    Entry("Using a chain", "income", f"{_CLI}.income", "Set rules of income, and distribute what came in."),
    Entry("Using a chain", "dispute", f"{_CLI}.dispute", "File, answer, decide and enforce disputes."),
    Entry("Using a chain", "relay", f"{_CLI}.relay", "Follow other chains, and carry packets between them."),
    Entry("Using a chain", "query", f"{_CLI}.query", "Read blocks, state, receipts, status and more."),
    Entry("Using a chain", "operations", f"{_CLI}.operations", "List every operation, its fields, roles and codes."),
    Entry("Governing", "gov", f"{_CLI}.gov", "Change the consortium: its validators and the nodes that may follow."),
    Entry("Proving", "prove", f"{_CLI}.prove", "Fetch a proof that a stranger can check offline."),
    Entry("Proving", "verify", f"{_CLI}.verify", "Check a proof offline, with the genesis hash alone."),
)
"""Every command; the order is that of ``chainnode --help``."""
