"""Values from a file, the environment and flags, merged with the origin of each.

``flags > environment > file > default``: the later somebody spoke, and the closer to this one start, the more
it counts. Nothing here knows what the settings mean: a section is a msgspec struct, a setting is one of its
fields, named ``section.key`` in files and flags and ``CHAINNODE_SECTION_KEY`` in the environment.
"""

import difflib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

import msgspec

from chainnode.errors import ConfigError

ENVIRONMENT_PREFIX: Final = "CHAINNODE_"
FILE_BYTES_MAX: Final = 1024 * 1024
"""No configuration written by a person is larger; a wrong path may name anything."""
DEFAULT_ORIGIN: Final = "default"

Converter = Callable[[Any, Path], object]
"""Turns a value as written into the typed one, relative to a folder; raises ValueError naming what it expected."""


class Setting(NamedTuple):
    """One key that may be set."""

    section: str
    name: str
    type: Any
    default: object
    """msgspec.NODEFAULT when it must be set."""

    @property
    def key(self) -> str:
        """Its name in files and flags."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return f"{ENVIRONMENT_PREFIX}{self.section}_{self.name}".upper()


class Value(NamedTuple):
    """What somebody wrote, and where."""

    written: object
    origin: str
    folder: Path
    """Relative paths in ``written`` start here."""
    is_text: bool
    """From the environment or a flag, where ``"5"`` is a number too."""


def settings_of(config: type[msgspec.Struct]) -> dict[str, Setting]:
    """Every setting of a struct of sections, by key, in the order of their declaration."""
    found = {}
    for section in msgspec.structs.fields(config):
        for field in msgspec.structs.fields(section.type):
            setting = Setting(section.name, field.name, field.type, field.default)
            found[setting.key] = setting
    return found


def nearest(word: str, known: list[str]) -> str:
    """``; did you mean 'x'?`` for the known word most like this one, or nothing."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def from_file(path: Path, settings: Mapping[str, Setting]) -> dict[str, Value]:
    """The values of a TOML file.

    Raises:
        ConfigError: ``config-missing``, ``config-unreadable``, ``config-syntax`` or ``config-unknown-key``.
    """
    document = _parse(path)
    folder = path.absolute().parent
    sections = sorted({setting.section for setting in settings.values()})
    values = {}
    for section, content in document.items():
        if section not in sections:
            raise _unknown(f"[{section}]", path, nearest(section, sections), expected=", ".join(sections))
        if not isinstance(content, dict):
            raise ConfigError(
                "config-value",
                f"{path}: {section} must be a section: write [{section}] above its keys",
                file=str(path),
                key=section,
                expected="a section",
                found=repr(content)[:80],
            )
        names = [setting.name for setting in settings.values() if setting.section == section]
        for name, written in content.items():
            key = f"{section}.{name}"
            if key not in settings:
                raise _unknown(key, path, nearest(name, names), expected=", ".join(names))
            values[key] = Value(written, f"file {path}", folder, is_text=False)
    return values


def from_environment(
    environment: Mapping[str, str], settings: Mapping[str, Setting], *, others: frozenset[str], folder: Path
) -> dict[str, Value]:
    """The values of ``CHAINNODE_...`` variables; those in ``others`` belong to somebody else and are passed over.

    Raises:
        ConfigError: ``config-unknown-key``: a variable with the prefix names no setting.
    """
    by_variable = {setting.variable: setting for setting in settings.values()}
    values = {}
    for variable, text in sorted(environment.items()):
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in others:
            continue
        if variable not in by_variable:
            raise _unknown(variable, "environment", nearest(variable, list(by_variable)))
        values[by_variable[variable].key] = Value(text, f"environment {variable}", folder, is_text=True)
    return values


def from_flags(flags: Mapping[str, str], settings: Mapping[str, Setting], *, folder: Path) -> dict[str, Value]:
    """The values of ``--set section.key=value``.

    Raises:
        ConfigError: ``config-unknown-key``.
    """
    values = {}
    for key, text in flags.items():
        if key not in settings:
            raise _unknown(key, "--set", nearest(key, list(settings)))
        values[key] = Value(text, f"flag --set {key}", folder, is_text=True)
    return values


def typed(setting: Setting, value: Value | None, converters: Mapping[Any, Converter]) -> tuple[object, str]:
    """The checked value of one setting, and its origin.

    Raises:
        ConfigError: ``config-missing-key`` or ``config-value``.
    """
    if value is None:
        if setting.default is msgspec.NODEFAULT:
            raise ConfigError(
                "config-missing-key",
                f"{setting.key} must be set: in the file, as {setting.variable}, or with --set {setting.key}=...",
                key=setting.key,
            )
        return setting.default, DEFAULT_ORIGIN
    try:
        if setting.type in converters:
            return converters[setting.type](value.written, value.folder), value.origin
        return msgspec.convert(value.written, setting.type, strict=not value.is_text), value.origin
    except ValueError as error:
        expected, found = _expected(setting, error), repr(value.written)[:120]
        raise ConfigError(
            "config-value",
            f"{value.origin}: {setting.key} = {found}: {_reason(error)}",
            file=value.origin,
            key=setting.key,
            expected=expected,
            found=found,
        ) from error


def _expected(setting: Setting, error: ValueError) -> str:
    if get_origin(setting.type) is Literal:
        return "one of " + ", ".join(get_args(setting.type))
    return _reason(error).removeprefix("expected ")


def _parse(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise ConfigError("config-missing", f"there is no file {path}", file=str(path)) from error
    except OSError as error:
        raise ConfigError("config-unreadable", f"{path} cannot be read: {error.strerror}", file=str(path)) from error
    if len(data) > FILE_BYTES_MAX:
        raise ConfigError(
            "config-syntax", f"{path} is too large to be a configuration", file=str(path), expected=FILE_BYTES_MAX
        )
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError("config-syntax", f"{path} is not TOML: {error}", file=str(path)) from error


def _unknown(key: str, where: Path | str, hint: str, **details: str) -> ConfigError:
    message = f"{where}: {key} is not a setting{hint}"
    return ConfigError("config-unknown-key", message, file=str(where), key=key, **details)


def _reason(error: ValueError) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]
