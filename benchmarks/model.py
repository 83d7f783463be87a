"""What other networks would do: costs measured here, put together for sizes, distances and machines that are not here.

Two costs describe a validator: ``t`` for each transaction and ``k`` for each block. Two measurements of the smallest
network give both: processor time for a transaction in large blocks (``t + k / B``), and for a block of one or two
transactions under light load (``k + t x b``). With more validators only ``k`` grows: by two votes from each further one
(bytes off the link, decoding, filter, signature check), and by what the core does at that size, which is measured for
each. So the networks of other sizes are predicted from the smallest one, and what was measured of them shows the error.

Throughput on one machine: all cores, divided by what all validators and the client use for a transaction. On machines
of their own: the least of what the event loop can do (signatures are checked beside it where there is a second core),
what all cores can do, what fits through consecutive blocks (three message delays each, then the work that no other may
overlap), and what the leader's link carries (each body once, each leaf hash to everybody).
Latency of a transaction under light load: as measured, plus what the further votes cost, plus four message delays: one
until the leader has it, three until it is decided.
A lie would be: constants fitted to what they then predict (only the first network's are used), or a prediction beyond
the measured points that does not say so.
"""

import argparse
import sys
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.report import Report, ReportUnreadable, read
from chainnode.crypto.hashing import HASH_BYTES
from chainnode.types.parameters import ChainParameters

DELAYS_DECISION: Final = 3
"""PRE_PREPARE, PREPARE, COMMIT."""
DELAYS_FINALITY: Final = 4
"""And the way of the transaction to the leader."""
VOTES: Final = 2
"""Of each validator for a block: PREPARE and COMMIT."""
LINK_MB_S: Final = 100.0
"""A link of 1 Gbit/s, with a fifth to spare."""
TRANSACTION_BYTES: Final = 330
"""Of one evidence record, signed."""
BLOCK_TRANSACTIONS: Final = ChainParameters().block_transactions_max
VALIDATORS: Final = (4, 7, 10, 16, 31, 64, 100)


class ModelUnfed(Exception):
    """The report lacks a figure that the model needs."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Microseconds of processor time of one validator, unless it says otherwise."""

    transaction: float
    """``t``: for each transaction, in blocks so large that they do not count."""
    block: float
    """``k``: for each block with ``size`` validators."""
    size: int
    """Validators of the network these two come from."""
    verify: float
    """One bare signature check, of ``transaction``."""
    serial: float
    """Of ``transaction``, what a block does in a row: execution, state tree, store."""
    vote: float
    """One vote of another validator, from the link to the core."""
    core: tuple[tuple[int, float], ...]
    """By validators: the core's own work for a block."""
    client: float
    """The client's, for each transaction; it shares the machine."""
    block_size: float
    """Transactions in a block of that network under full load."""
    finality_ms: float
    """Median under light load."""
    cores: int
    """Of the machine that all of it shared."""

    def block_at(self, validators: int) -> float:
        """``k`` with so many validators."""
        more = VOTES * (validators - self.size) * self.vote
        return self.block + more + _between(self.core, validators) - _between(self.core, self.size)


class Prediction(NamedTuple):
    """Of one network."""

    per_s: float
    finality_ms: float
    bound: str
    """What limits the throughput."""


def costs_of(report: Report) -> Costs:
    """The costs that a report holds.

    Raises:
        ModelUnfed: it lacks a figure; the message says which benchmarks to run.
    """
    sizes = measured_sizes(report)
    if not sizes:
        raise ModelUnfed("no scaling.cpu: run the benchmarks scaling, consensus, network, contracts, tree and store")
    at = f"[{sizes[0]} validators]"
    large, few = _value(report, f"scaling.block{at}"), _value(report, f"scaling.light_block{at}")
    busy, light = _value(report, f"scaling.cpu{at}"), _value(report, f"scaling.light_cpu{at}")
    transaction = (busy * large - light) / (large - few) if large > few else busy
    verify = _value(report, "scaling.verify")
    link = 1e6 / _value(report, "network.send[vote of 300 B]")
    vote = link + _value(report, "consensus.vote_decode_filter") + verify
    core = sorted(
        (count, figure.value / count)
        for figure in report.figures
        if figure.name.startswith("consensus.block[n=") and (count := int(figure.name[18:-1]))
    )
    if not core:
        raise ModelUnfed("no consensus.block: run the benchmark consensus")
    return Costs(
        transaction=transaction, block=max(0.0, light - transaction * few), size=sizes[0], verify=verify,
        serial=sum(us for name, us in stages(report) if name in SERIAL), vote=vote, core=tuple(core),
        client=_value(report, f"scaling.client_cpu{at}"), block_size=large,
        finality_ms=_value(report, f"scaling.finality_p50{at}"), cores=report.machine.cores,
    )


SERIAL: Final = ("execution", "state tree", "store")


def stages(report: Report) -> list[tuple[str, float]]:
    """Where a transaction's processor time goes by the benchmarks of the parts: us at one validator.

    They ran at other moments than the networks; a check of a signature tells how fast the machine was at each.

    Raises:
        ModelUnfed: a benchmark is missing.
    """
    decoding = _value(report, "codec.decode_with_operations[1 op]")
    checked = _value(report, "mempool.raw_verify")
    rows, size = ("[1000 tx]", 1_000) if report.size == "full" else ("[20 tx]", 20)
    updates = [figure for figure in report.figures if figure.name.startswith("tree.update[")]
    tree = [figure for figure in updates if ", 1 changed" not in figure.name]
    if not tree:
        raise ModelUnfed("no tree.update: run the benchmark tree")
    parts = {
        "signature check": checked,
        "decoding": decoding,
        "rest of admission": max(0.0, _value(report, "mempool.admit[50 at a time]") - checked - decoding),
        "execution": _value(report, "contracts.execute[evidence.record]"),
        "state tree": tree[len(tree) // 2].value,
        "store": _value(report, f"store.commit_block{rows}") / size,
    }
    pace = _value(report, "scaling.verify") / checked
    return [(name, us * pace) for name, us in parts.items()]


def measured_sizes(report: Report) -> list[int]:
    """Numbers of validators that the report has measured."""
    names = [figure.name for figure in report.figures if figure.name.startswith("scaling.cpu[")]
    return sorted(int(name.removeprefix("scaling.cpu[").split()[0]) for name in names)


def shared(costs: Costs, validators: int, cores: int) -> Prediction:
    """All validators and the client on one machine, as in the benchmarks."""
    block = costs.block_at(validators)
    each = validators * (costs.transaction + block / max(1.0, costs.block_size)) + costs.client
    further = validators * block / cores - costs.size * costs.block / costs.cores
    beside = costs.verify if cores >= 2 * validators else 0.0
    loop = costs.transaction - beside + block / max(1.0, costs.block_size)
    per_s, bound = min((cores * 1e6 / each, "processors"), (1e6 / loop, "event loop"))
    return Prediction(per_s, max(0.0, costs.finality_ms + further / 1e3), bound)


def apart(costs: Costs, validators: int, cores: int, delay_ms: float) -> Prediction:
    """Every validator on a machine of its own, ``delay_ms`` from each other one way; the client is elsewhere."""
    block = costs.block_at(validators)
    loop = costs.transaction - (costs.verify if cores > 1 else 0.0)
    size = float(BLOCK_TRANSACTIONS)
    rounds_us = 1e3 * DELAYS_DECISION * delay_ms + block
    bounds = {
        "event loop": 1e6 / (loop + block / size),
        "processors": cores * 1e6 / (costs.transaction + block / size),
        "rounds": 1e6 * size / (rounds_us + size * costs.serial),
        "link": 1e6 * LINK_MB_S / (TRANSACTION_BYTES + HASH_BYTES * (validators - 1)),
    }
    bound = min(bounds, key=bounds.__getitem__)
    # On one machine the validators of the measured network waited for each other's turn; here each has its own.
    waited_ms = costs.size * costs.block / costs.cores / 1e3
    finality = max(0.0, costs.finality_ms - waited_ms) + block / 1e3 + DELAYS_FINALITY * delay_ms
    return Prediction(bounds[bound], finality, bound)


def _between(points: Sequence[tuple[int, float]], validators: int) -> float:
    """On the line between the measured sizes around it; past the last one as the square of the size, as votes go."""
    sizes = [size for size, _ in points]
    place = bisect_left(sizes, validators)
    if place == len(points):
        return points[-1][1] * (validators / sizes[-1]) ** 2
    if place == 0 or sizes[place] == validators:
        return points[place][1]
    (low, before), (high, after) = points[place - 1], points[place]
    return before + (after - before) * (validators - low) / (high - low)


def _value(report: Report, name: str) -> float:
    figure = report.figure(name)
    if figure is None:
        raise ModelUnfed(f"no {name}: run the benchmark {name.partition('.')[0]}")
    return figure.value


def checks(report: Report, costs: Costs) -> Iterator[str]:
    """Predicted beside measured, for each measured size.

    Processor time holds on a machine that others use, too; the other two only on one of our own.
    """
    yield "validators   us of a validator for each   transactions per second   finality p50, ms"
    for size in measured_sizes(report):
        at = f"[{size} validators]"
        found = shared(costs, size, costs.cores)
        each = costs.transaction + costs.block_at(size) / max(1.0, _value(report, f"scaling.block{at}"))
        pairs = (
            (each, _value(report, f"scaling.cpu{at}")),
            (found.per_s, _value(report, f"scaling.transactions{at}")),
            (found.finality_ms, _value(report, f"scaling.finality_p50{at}")),
        )
        errors = (round(one / max(real, 1e-9) - 1, 2) + 0.0 for one, real in pairs)
        shown = (f"{one:,.0f} for {real:,.0f} ({error:+.0%})" for (one, real), error in zip(pairs, errors, strict=True))
        yield f"{size:>10}   " + "   ".join(f"{text:<25}" for text in shown).rstrip()


class Setting(NamedTuple):
    """Where the validators of a predicted network are."""

    title: str
    cores: int
    delay_ms: float | None
    """Of a message, one way; None: all on one machine."""


SETTINGS: Final = (
    Setting("one machine, 2 cores", 2, None), Setting("one machine, 32 cores", 32, None),
    Setting("LAN 0.25 ms, 1 core", 1, 0.25), Setting("LAN 0.25 ms, 2-32", 2, 0.25),
    Setting("WAN 40 ms, 2-32", 2, 40.0), Setting("WAN 100 ms, 2-32", 2, 100.0),
)
"""Beyond the second core a machine of one validator gains nothing while its event loop is the limit."""


def predictions(costs: Costs) -> Iterator[str]:
    """A table of networks: transactions per second, median finality under light load, and what limits the first."""
    yield "validators" + "".join(f"{setting.title:>25}" for setting in SETTINGS)
    for count in VALIDATORS:
        cells = []
        for setting in SETTINGS:
            cores, delay_ms = setting.cores, setting.delay_ms
            found = shared(costs, count, cores) if delay_ms is None else apart(costs, count, cores, delay_ms)
            cells.append(f"{found.per_s:,.0f}/s {found.finality_ms:,.0f} ms {found.bound[0]}")
        yield f"{count:>10}" + "".join(f"{cell:>25}" for cell in cells)
    yield "limited by p: processors, e: event loop of a validator, r: rounds of messages, l: link of the leader"
    yield "\nWhat a block costs each validator, and how much of it are the votes of the others:"
    for count in VALIDATORS:
        block = costs.block_at(count)
        votes = VOTES * (count - 1) * costs.vote
        yield f"{count:>10}{block / 1e3:>9,.1f} ms{min(1.0, votes / max(block, 1e-9)):>6.0%}"


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, 2 for a report that cannot be used."""
    parser = argparse.ArgumentParser(prog="./run bench model", description="Predict other networks from a report.")
    parser.add_argument("report", type=Path)
    options = parser.parse_args(arguments)
    try:
        report = read(options.report)
        costs, parts = costs_of(report), stages(report)
    except (ReportUnreadable, ModelUnfed) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"A transaction costs a validator {costs.transaction:.0f} us and a block {costs.block / 1e3:.1f} ms; measured"
          f" with {costs.size} validators. Of the former, by the benchmarks of the parts:")
    rest = costs.transaction - sum(us for _, us in parts)
    for name, us in [*parts, ("API, gossip, links, event loop, or checks made twice", rest)]:
        print(f"{us:>10.1f} us  {name}")
    print("\nPredicted from these, and measured:")
    print("\n".join(checks(report, costs)))
    print("\nPredicted, not measured (medians under light load, throughput in full blocks where machines are apart):")
    print("\n".join(predictions(costs)))
    return 0
