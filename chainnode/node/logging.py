"""One line per fact, for a terminal or for a collector."""

import logging
import re
import sys
from typing import Literal

import structlog

from contracts.kernel.text import UNFIT_IN_LINE

_UNFIT = re.compile(f"{UNFIT_IN_LINE}+")
Level = Literal["debug", "info", "warning", "error"]


def configure_logging(level: Level, form: Literal["console", "json"], *, node: str) -> None:
    """Send every log line of this process to standard error, in one form, bound to the node's name."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _one_line,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    structlog.contextvars.bind_contextvars(node=node)


def _one_line(_logger: object, _method: str, entry: structlog.types.EventDict) -> structlog.types.EventDict:
    """A library's message may quote a stranger, who shall not begin lines of his own nor steer a terminal."""
    entry["event"] = _UNFIT.sub("?", str(entry.get("event", "")))
    return entry
