"""The ``chainnode`` command: parses, runs, and turns every failure into a message and an exit status.

Exit statuses are listed in ``failure``. An ``InvariantBroken`` ends here and nowhere else: the program found itself
in contradiction, so it says so, with the trace, and stops.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Final

import click

from chainnode.cli.failure import Exit, describe
from chainnode.cli.group import ENTRIES, LazyGroup
from chainnode.cli.output import json_option, print_failure
from chainnode.errors import ConfigError, InvariantBroken
from chainnode.version import VERSION

HELP: Final = """A permissioned blockchain node for data markets.

Begin with `chainnode demo`. Every command shows an example with --help.

\b
Exit status: 0 done, 1 refused or failed, 2 wrong command line or configuration, 3 this machine is in the way
(port, disk, file), 4 not found, 5 no answer in time (asking again is safe), 70 a fault of chainnode itself.
"""


class Chainnode(LazyGroup):
    """The whole command."""

    entries = ENTRIES


SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(cls=Chainnode, help=HELP, context_settings=SETTINGS)
@click.version_option(VERSION, prog_name="chainnode")
@json_option
def command() -> None:
    """Everything below is a sub-command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (``sys.argv`` unless given) and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    status: int = Exit.BUG
    try:
        status = _run(given)
    except* InvariantBroken as broken:
        traceback.print_exception(broken)
        click.echo("chainnode: stopped: the program contradicts itself; please report the trace above", err=True)
    except* Exception as failed:  # noqa: BLE001 - the border of the program
        status = _fail(_first(failed), as_json="--json" in given)
    return status


def _run(arguments: list[str]) -> int:
    """Run, and translate what the command line library raises."""
    try:
        result = command.main(arguments, prog_name="chainnode", standalone_mode=False)
    except click.exceptions.Exit as finished:
        return finished.exit_code
    except click.UsageError as error:
        raise _usage(error) from error
    except click.ClickException as error:
        raise ConfigError("usage", error.format_message()) from error
    except (KeyboardInterrupt, click.Abort):
        click.echo("chainnode: interrupted", err=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # A reader such as head went away. Python flushes stdout once more at its end and must not complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    return result if isinstance(result, int) else Exit.OK


def _fail(error: Exception, *, as_json: bool) -> int:
    failure = describe(error)
    if failure.status is Exit.BUG:
        traceback.print_exception(error)
    print_failure(failure, as_json=as_json)
    return failure.status


def _usage(error: click.UsageError) -> ConfigError:
    context = error.ctx
    hint = f"read `{context.command_path} --help`" if context is not None else "read `chainnode --help`"
    return ConfigError("usage", error.format_message().rstrip("."), hint=hint)


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """The first failure inside nested groups: tasks fail together, one is the cause that a person can act on."""
    found: Exception = group
    while isinstance(found, ExceptionGroup):
        found = found.exceptions[0]
    return found


if __name__ == "__main__":
    sys.exit(main())
