"""Reports of benchmarks made up for tests."""

import msgspec

from benchmarks import report
from benchmarks.harness import Better, Figure
from benchmarks.machine import sheet


def made(*figures: Figure, size: str = "full") -> report.Report:
    return msgspec.convert(
        {"version": 1, "started_ms": 1, "seconds": 2.0, "size": size, "machine": msgspec.to_builtins(sheet()),
         "figures": msgspec.to_builtins(figures)},
        report.Report,
    )


def figure(
    *samples: float, name: str = "a", better: Better = "lower", ratios: tuple[float, ...] = (), digest: str = "d"
) -> Figure:
    return Figure(name=name, unit="us", better=better, samples=list(samples), ratios=list(ratios), digest=digest)
