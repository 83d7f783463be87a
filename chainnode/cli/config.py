"""``chainnode config``: what a node would run with, where each value came from, and whether it can work."""

import os
from pathlib import Path

import click

from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.output import emit, examples, json_option, table
from chainnode.errors import ConfigError
from chainnode.node.config import SETTINGS, HostPort, LoadedConfig, NodeConfig, Peer, load_config, missing_files
from chainnode.node.key_file import read_key_info

FILE = click.Path(dir_okay=False, path_type=Path)
config_option = click.option("--config", "file", type=FILE, required=True, help="The node's TOML file.")
set_option = click.option(
    "--set", "assignments", metavar="SECTION.KEY=VALUE", multiple=True, help="Override one value; may be repeated."
)


@click.group(name="config", epilog=examples("chainnode config show --config configs/devnet-validator.toml"))
def command() -> None:
    """Show and check a node's configuration."""


@command.command(epilog=examples("chainnode config show --config configs/observer.toml --set node.log_level=debug"))
@config_option
@set_option
@json_option
def show(file: Path, assignments: tuple[str, ...]) -> None:
    """Print every value and its origin."""
    loaded = load(file, assignments)
    rows = [(key, _shown(_value(loaded.config, key)), loaded.origins[key]) for key in SETTINGS]
    document = {key: {"value": value, "origin": origin} for key, value, origin in rows}
    emit(document, table(("key", "value", "origin"), rows))


@command.command(epilog=examples("chainnode config check --config /etc/chainnode/node.toml"))
@config_option
@set_option
@json_option
def check(file: Path, assignments: tuple[str, ...]) -> None:
    """Check the values, and that the files they name are there and safe to use."""
    config = load(file, assignments).config
    problems = [(key, f"there is no file {path}") for key, path in missing_files(config)]
    problems += _key_problems(config)
    if problems:
        message = f"{file}: {len(problems)} of the files it names cannot be used"
        raise CommandError("config-files", message, Exit.USAGE, **dict(problems))
    emit({"file": str(file), "ok": True}, [f"{file}: good"])


def load(file: Path, assignments: tuple[str, ...]) -> LoadedConfig:
    """The configuration that a node started with these options would have.

    Raises:
        ConfigError: see ``load_config``; ``usage``: an assignment has no ``=``.
    """
    flags = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise ConfigError("usage", f"--set {assignment}: expected SECTION.KEY=VALUE")
        flags[key] = value
    return load_config(file, environment=os.environ, flags=flags)


def _value(config: NodeConfig, key: str) -> object:
    setting = SETTINGS[key]
    return getattr(getattr(config, setting.section), setting.name)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Peer):
        return f"{value.node_key.hex()[:8]}@{value.address}"
    if isinstance(value, tuple) and not isinstance(value, HostPort):
        return ", ".join(map(_shown, value))
    return str(value)


def _key_problems(config: NodeConfig) -> list[tuple[str, str]]:
    problems = []
    for name in ("consensus_key_file", "next_consensus_key_file", "node_key_file"):
        path = getattr(config.keys, name)
        if path is None or not path.is_file():
            continue
        try:
            kind = read_key_info(path).kind
        except ConfigError as error:
            problems.append((f"keys.{name}", error.message))
        else:
            if kind == "encrypted" and config.keys.passphrase_file is None:
                problems.append((f"keys.{name}", f"{path} is encrypted and keys.passphrase_file is not set"))
    return problems
