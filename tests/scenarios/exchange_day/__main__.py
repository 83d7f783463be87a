"""``python -m tests.scenarios.exchange_day [--json]``: two exchanges' business day on a real network, counted twice."""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.scenarios.exchange_day.day import Size, run_day
from tests.support.shared import shared

CATALOGUE = ("data", "philadelphia-dcat-us.json")


def main() -> int:
    """0 if the recount agrees, every expected refusal came and all validators hold one state."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.exchange_day", description=__doc__)
    parser.add_argument("--catalog", type=Path, help="a DCAT-US or DCAT 3 catalogue; by default the city's in shared/")
    parser.add_argument("--trades", type=int, default=Size.trades)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="only the result, as one line")
    arguments = parser.parse_args()
    catalogue = arguments.catalog if arguments.catalog is not None else shared(*CATALOGUE)

    def say(text: str) -> None:
        if not arguments.json:
            sys.stderr.write(f"{text}\n")

    with tempfile.TemporaryDirectory(prefix="exchange-day-") as folder:
        day = run_day(
            Path(folder) / "network", catalogue.read_bytes(), Size(trades=arguments.trades), arguments.seed, say
        )
        result = asyncio.run(day)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["recount_equal"] and result["state_roots_equal"] else 1


if __name__ == "__main__":
    sys.exit(main())
