"""What one seed is to live through: drawn from the seed and a profile, written down so that it can be made smaller."""

from dataclasses import dataclass, field, replace
from random import Random

from tests.simulation.whole.hostile.library import BEHAVIOURS

NETWORK = ("weather", "partition", "clog", "skew", "link_reset")
CRASH = ("crash_at_boundary", "power_cut", "blackout")
DISK = ("disk_full", "fsync_failure", "rot")
PROFILES: dict[str, tuple[str, ...]] = {
    "calm": (),
    "network": NETWORK,
    "views": ("weather", "stall", "crash_at_boundary", "hostile"),
    "epochs": ("weather", "partition", "consortium", "power_cut", "hostile"),
    "dwindling": ("death", "consortium"),
    "rejoin": ("weather", "partition", "power_cut", "crash_at_boundary", "lost_disk", "hostile", "consortium"),
    "crash": ("weather", "partition", *CRASH),
    "disk": ("weather", *CRASH, *DISK),
    "hostile": ("weather", "partition", "hostile"),
    "twins": ("weather", "partition", *CRASH, "twins"),
    "mixed": (*NETWORK, "stall", "consortium", "lost_disk", *CRASH, *DISK, "hostile", "twins"),
}
"""Kinds of trouble by profile."""
RARE = {"stall": 0.25, "consortium": 0.25, "lost_disk": 0.25}
"""How likely a mixed plan has a kind that takes many blocks or views; each of the others is in six of ten."""

PROMISED: dict[str, tuple[str, ...]] = {
    "weather": ("loss", "duplication", "straggling"),
    "partition": ("partition",),
    "clog": ("clog",),
    "stall": ("stall",),
    "consortium": ("epoch", "joined", "left", "refused_join_proof_signature", "refused_change_limit"),
    "death": ("death",),
    "lost_disk": ("lost_disk", "rejoined", "snapshot_joined"),
    "skew": ("skew",),
    "link_reset": ("link_reset",),
    "crash_at_boundary": ("crash", "unsynced_lost"),
    "power_cut": ("power_cut",),
    "blackout": ("blackout",),
    "disk_full": ("disk_full",),
    "fsync_failure": ("fsync_failed",),
    "rot": ("bit_flip",),
    "twins": ("twin_spoke",),
    "hostile": tuple(f"hostile_{name}" for name in BEHAVIOURS),
}
"""What must have taken effect somewhere in a run whose plans name the kind."""


@dataclass(frozen=True)
class Plan:
    """One run, whole: the same plan gives the same run."""

    seed: int
    size: int
    kinds: tuple[str, ...] = ()
    """Kinds of trouble that may strike during the safety phase."""
    hostile: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Behaviours by validator."""
    twins: tuple[int, ...] = ()
    """Validators whose key runs on a second machine."""
    spares: int = 0
    """Nodes beside the validators, which follow and may be made validators."""
    pace: str = "usual"
    """The parameters of the chain, a key of ``genesis.PACES``."""
    load_ms: tuple[int, int] = (20, 900)
    """Pause between two calls of clients."""
    trouble_ms: int = 20_000
    strikes_max: int = 10_000
    """Trouble strikes at most so often; what shrinking lowers."""


def draw(seed: int, size: int, profile: str, *, always: tuple[str, ...] = ()) -> Plan:
    """The plan of ``seed``: some of the profile's kinds, those of ``always``, and at most f hostile validators."""
    random = Random(seed * 1_000_003 + size)
    allowed = PROFILES[profile]
    likely = RARE if profile == "mixed" else {}
    kinds = tuple(kind for kind in allowed if random.random() < likely.get(kind, 0.6) or kind in always)
    faults = (size - 1) // 3
    guilty = random.sample(range(size), random.randint(min(1, faults), faults)) if faults else []
    hostile: dict[int, tuple[str, ...]] = {}
    twins: list[int] = []
    wicked = [kind for kind in ("hostile", "twins") if kind in kinds]
    names = sorted(BEHAVIOURS)
    for index in guilty if wicked else []:
        if random.choice(wicked) == "twins":
            twins.append(index)
        else:
            # Every behaviour leads somebody's list in turn, so that no seed range misses one.
            first = names[(seed + index) % len(names)]
            more = random.sample(names, random.choice((0, 0, 1, 2, 4)))
            hostile[index] = tuple(dict.fromkeys((first, *more)))
    if "lost_disk" not in kinds and any("false_snapshots" in listed for listed in hostile.values()):
        # Somebody must need a snapshot, or nobody is lied to.
        kinds = (*kinds, "lost_disk")
    trouble_ms = random.choice((6_000, 9_000, 15_000) if profile == "mixed" else (8_000, 12_000, 20_000))
    pace = "brisk" if {"stall", "consortium", "lost_disk"}.intersection(kinds) or random.random() < 0.2 else "usual"
    follows = "lost_disk" in kinds or ("consortium" in kinds and "death" not in kinds)
    spares = random.randint(1, 2) if follows else 0
    load_ms = (20, 900)
    if "death" in kinds:
        # Whom the chain takes for dead it has missed for eighty heights.
        load_ms, trouble_ms = (10, 90), 10_000
    return Plan(seed, size, kinds, hostile, tuple(twins), spares, pace, load_ms, trouble_ms)


def smaller(plan: Plan) -> list[Plan]:
    """Plans with a little less in them, the greatest savings first."""
    found = [replace(plan, strikes_max=count) for count in (0, plan.strikes_max // 2, plan.strikes_max - 1)
             if 0 <= count < plan.strikes_max]  # fmt: skip
    found += [replace(plan, kinds=tuple(other for other in plan.kinds if other != kind)) for kind in plan.kinds]
    for index, names in plan.hostile.items():
        others = {key: value for key, value in plan.hostile.items() if key != index}
        found.append(replace(plan, hostile=others))
        found += [replace(plan, hostile=others | {index: tuple(n for n in names if n != name)})
                  for name in names if len(names) > 1]  # fmt: skip
    found += [replace(plan, twins=tuple(other for other in plan.twins if other != index)) for index in plan.twins]
    if plan.trouble_ms > 1_000:
        found.append(replace(plan, trouble_ms=plan.trouble_ms // 2))
    return found
