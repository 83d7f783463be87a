"""``python -m tests.scenarios [--list] [--rewrite] [name ...]``: plays the scenario files, or shows the catalogue."""

import argparse
import sys

from tests.scenarios.catalogue import catalogue
from tests.scenarios.player import Failed, Player
from tests.scenarios.script import Script, scripts


def main() -> int:
    """0 if every claim holds and every trace is the stored one (or was rewritten)."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios", description=__doc__)
    parser.add_argument("names", nargs="*", help="scenario files by the beginning of their names, S04 for instance")
    parser.add_argument("--list", action="store_true", help="show all fifty scenarios and where each is tested")
    parser.add_argument("--rewrite", action="store_true", help="store the traces as they are now; claims still count")
    arguments = parser.parse_args()
    if arguments.list:
        for row in catalogue():
            sys.stdout.write(f"{row.number}  {row.name:<24} {row.status:<8} {row.place.replace('`', '')}\n")
        return 0
    failed = 0
    for path in scripts():
        if arguments.names and not path.name.startswith(tuple(arguments.names)):
            continue
        script = Script.read(path)
        try:
            traces = Player(script).play()
        except Failed as failure:
            failed += 1
            sys.stdout.write(f"FAILED {failure}\n")
            continue
        changed = [command.number for command, trace in zip(script.commands, traces, strict=True)
                   if command.trace != trace]  # fmt: skip
        if changed and arguments.rewrite:
            for command, trace in zip(script.commands, traces, strict=True):
                command.trace = trace
            path.write_text(script.text(), encoding="utf-8")
        failed += bool(changed) and not arguments.rewrite
        what = "same" if not changed else "rewritten" if arguments.rewrite else f"DIFFERS from line {changed[0]}"
        sys.stdout.write(f"{path.stem:<28} {what}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
