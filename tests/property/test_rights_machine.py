"""Rights in one asset under any sequence of grants, uses, ends, orders and sales, by anybody, at any time.

What a right covers is counted out here point by point (purpose, field, place, holder, moment), not by the rules
of the family, so that both must agree: no right ever covers a point that one above it does not.
"""

from itertools import product
from typing import Any, NamedTuple

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chainnode.codec.canonical import encode
from contracts.assets.measures import freeze_asset, release_asset, transfer_asset
from contracts.assets.record import read_asset
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.registry import SPEC_OF
from contracts.rights.force import right_in_force
from contracts.rights.measures import FREEZING, RELEASING, REVOKING, freeze_right, release_right, revoke_right
from contracts.rights.operations import (
    AcceptRight,
    AmendRight,
    DeclineRight,
    ExpireRight,
    GrantRight,
    RevokeRight,
    SurrenderRight,
    UseRight,
)
from contracts.rights.record import LIFECYCLE, RightRecord, read_right, right_id_of
from contracts.rights.terms import KINDS, YIELDS, RightTerms
from tests.unit.contracts.assets.family_tree import context_of
from tests.unit.contracts.rights.granted import ASSET, world_with_asset
from tests.unit.contracts.world import TIME_MS, did_of

PEOPLE = ("exchange", "member", "stranger", "governor")
DIDS = sorted(did_of(name) for name in PEOPLE)
PURPOSES, FIELDS = ("research", "training"), ("x", "y")
PLACES = {"CN-11": ("CN", "CN-11"), "CN-31": ("CN", "CN-31"), "DE": ("DE",), "elsewhere": ()}
"""Points on the map, and the regions that each lies in."""
START = TIME_MS + 1_000
TIMES = (0, START + 5, START + 10, START + 20)
ENDED = ("DECLINED", "EXPIRED", "REVOKED", "SURRENDERED")
ORDER = b"o" * 16
STEPS = {
    "accept": AcceptRight, "decline": DeclineRight, "revoke": RevokeRight,
    "surrender": SurrenderRight, "expire": ExpireRight,
}  # fmt: skip


class Scope(NamedTuple):
    """Everything that terms cover, point by point."""

    points: frozenset[tuple[str, ...]]
    moments: frozenset[int]


def scope(terms: RightTerms) -> Scope:
    """What terms cover, read from their meaning: empty is everything, an end is exclusive, a country has its parts."""
    purposes = terms.purposes or (*PURPOSES, "anything")
    fields = terms.fields or (*FIELDS, "z")
    places = [place for place, inside in PLACES.items() if not terms.regions or set(inside) & set(terms.regions)]
    holders = terms.audience or (*DIDS, "anyone")
    kinds = YIELDS[terms.kind]
    moments = range(START - 2, START + 30)
    return Scope(
        frozenset(product(kinds, purposes, fields, places, holders)),
        frozenset(t for t in moments if t >= terms.from_ms and (not terms.until_ms or t < terms.until_ms)),
    )


def subsets(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(values)).map(lambda found: tuple(sorted(found)))


DIMENSIONS: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(KINDS),
    "purposes": subsets(PURPOSES),
    "fields": subsets(FIELDS),
    "regions": subsets(("CN", "CN-11", "CN-31", "DE")),
    "audience": subsets(tuple(DIDS)),
    "from_ms": st.sampled_from(TIMES),
    "until_ms": st.sampled_from(TIMES),
    "exclusive": st.booleans(),
    "sublicensing_levels": st.integers(0, 3),
    "uses_max": st.integers(0, 3),
    "irrevocable": st.booleans(),
    "obligations_hash": st.sampled_from((None, b"d" * 32)),
}
CHANGE = st.sampled_from(sorted(DIMENSIONS)).flatmap(lambda name: st.tuples(st.just(name), DIMENSIONS[name]))
"""Another value in one dimension: wider or narrower, as it comes."""
CHANGES = st.lists(CHANGE, max_size=3).map(dict)
WHO = st.sampled_from(PEOPLE)
PICK = st.integers(0, 50)


class RightsMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.world = world_with_asset()
        self.ids: list[bytes] = []
        self.count = 0
        self.given: dict[bytes, int] = {}
        self.used: dict[bytes, int] = {}
        limited = RightTerms(
            "operating", ("research",), ("x",), ("CN",), until_ms=TIMES[-1], sublicensing_levels=3, uses_max=3
        )
        parent = self.begin_with("exchange", "member", limited, b"")
        shared = msgspec.structs.replace(limited, kind="processing-use", sublicensing_levels=2, uses_max=1)
        self.begin_with("member", "stranger", shared, parent)
        unlimited = self.begin_with("exchange", "governor", RightTerms("holding", sublicensing_levels=3), b"")
        self.begin_with("governor", "member", RightTerms("holding", sublicensing_levels=2), unlimited)

    def begin_with(self, grantor: str, grantee: str, terms: RightTerms, parent: bytes) -> bytes:
        """Two chains of rights to begin with, one limited in every dimension, so that what follows meets limits."""
        assert self.submit_grant(grantor, grantee, terms, parent) == "ok"
        return self.ids[-1]

    def act(self, name: str, operation: Operation) -> str:
        """The code of a transaction; a refusal is one of those declared and leaves no trace."""
        before = dict(self.world.content())
        receipt = self.world.submit(name, operation)
        if receipt.code != "ok":
            assert receipt.code in SPEC_OF[type(operation)].codes, receipt
            assert self.world.content() == before
        return receipt.code

    def record(self, right_id: bytes) -> RightRecord:
        return read_right(self.world.overlay, right_id)

    def pick(self, number: int) -> bytes:
        return self.ids[number % len(self.ids)]

    def name_of(self, did: str) -> str:
        return next(name for name in PEOPLE if did_of(name) == did)

    @rule(who=WHO, honest=st.integers(0, 4), grantee=WHO, changes=CHANGES)
    def grant(self, who: str, honest: int, grantee: str, changes: dict[str, Any]) -> None:
        """Out of the asset: four times of five by its holder."""
        asset = read_asset(self.world.overlay, ASSET)
        assert asset is not None
        grantor = self.name_of(asset.holder) if honest else who
        terms = msgspec.structs.replace(RightTerms("operating", sublicensing_levels=3), **changes)
        code = self.submit_grant(grantor, grantee, terms, b"")
        assert code != "ok" or grantor == self.name_of(asset.holder)

    @precondition(lambda self: self.ids)
    @rule(who=WHO, honest=st.integers(0, 4), grantee=WHO, number=PICK, change=CHANGE)
    def grant_further(self, who: str, honest: int, grantee: str, number: int, change: tuple[str, Any]) -> None:
        """Out of a right: its own terms, another value in one dimension."""
        parent = self.pick(number)
        above = self.record(parent)
        terms = msgspec.structs.replace(
            above.terms,
            sublicensing_levels=max(0, above.terms.sublicensing_levels - 1),
            uses_max=min(above.terms.uses_max, 1),
            exclusive=False,
            obligations_hash=None,
        )
        terms = msgspec.structs.replace(terms, **dict([change]))
        grantor = self.name_of(above.holder) if honest else who
        if self.submit_grant(grantor, grantee, terms, parent) == "ok":
            assert grantor == self.name_of(above.holder)
            assert scope(terms).points <= scope(above.terms).points
            assert scope(terms).moments <= scope(above.terms).moments

    def submit_grant(self, grantor: str, grantee: str, terms: RightTerms, parent: bytes) -> str:
        self.count += 1
        salt = self.count.to_bytes(16, "big")
        operation = GrantRight(ASSET, did_of(grantee), terms, salt, parent)
        code = self.act(grantor, operation)
        if code == "ok":
            right_id = right_id_of(did_of(grantor), ASSET, parent, salt)
            assert self.record(right_id).status == ("OFFERED" if terms.obligations_hash else "ACTIVE")
            self.ids.append(right_id)
            self.given[right_id] = terms.uses_max
            assert self.act(grantor, operation) == "right-exists"
        return code

    @precondition(lambda self: self.ids)
    @rule(who=WHO, number=PICK, action=st.sampled_from(sorted(STEPS)), own=st.booleans())
    def step(self, who: str, number: int, action: str, own: bool) -> None:
        """Every step that the table does not allow is refused; every one that applies leads where it says."""
        right_id = self.pick(number)
        before = self.record(right_id)
        if own:
            who = self.name_of(before.grantor if action == "revoke" else before.holder)
        self.check_step(before, action, self.act(who, STEPS[action](right_id)))

    @precondition(lambda self: self.ids)
    @rule(who=WHO, honest=st.integers(0, 4), number=PICK, change=CHANGE)
    def amend(self, who: str, honest: int, number: int, change: tuple[str, Any]) -> None:
        right_id = self.pick(number)
        before = self.record(right_id)
        terms = msgspec.structs.replace(before.terms, **dict([change]))
        name = self.name_of(before.holder) if honest else who
        self.check_step(before, "amend", self.act(name, AmendRight(right_id, terms)))
        after = self.record(right_id).terms
        assert scope(after).points <= scope(before.terms).points
        assert scope(after).moments <= scope(before.terms).moments

    @precondition(lambda self: self.ids)
    @rule(number=PICK, purpose=st.sampled_from((*PURPOSES, "trade")), region=st.sampled_from(("", "CN-11", "DE")))
    def use(self, number: int, purpose: str, region: str) -> None:
        right_id = self.pick(number)
        before = self.record(right_id)
        who = self.name_of(before.holder)
        code = self.act(who, UseRight(right_id, purpose, region=region))
        self.check_step(before, "use", code)
        if code == "ok":
            self.used[right_id] = self.used.get(right_id, 0) + 1
            for covering in (before, *self.above(before)):
                terms = covering.terms
                assert not terms.purposes or purpose in terms.purposes
                assert not terms.regions or set(PLACES.get(region, ())) & set(terms.regions)

    def check_step(self, before: RightRecord, action: str, code: str) -> None:
        after = self.record(before.right_id)
        if code == "ok":
            assert LIFECYCLE.after(before.status, action) == after.status
        else:
            assert after == before
        if LIFECYCLE.after(before.status, action) is None:
            assert code != "ok"

    @precondition(lambda self: self.ids)
    @rule(number=PICK, action=st.sampled_from(("freeze", "release", "annul")), order=st.integers(0, 2))
    def measure(self, number: int, action: str, order: int) -> None:
        measures: dict[str, tuple[Any, tuple[str, ...]]] = {
            "freeze": (freeze_right, FREEZING),
            "release": (release_right, RELEASING),
            "annul": (revoke_right, REVOKING),
        }
        apply, codes = measures[action]
        before = self.record(self.pick(number))
        if action == "release" and before.frozen_by:
            action = "lift" if len(before.frozen_by) > 1 else "release"
            order = before.frozen_by[0][0]
        try:
            apply(before.right_id, bytes([order]) * 16, context_of(self.world), self.world.overlay)
        except OperationFailed as failure:
            assert failure.code in codes
            assert self.record(before.right_id) == before
        else:
            assert self.record(before.right_id).status == LIFECYCLE.after(before.status, action)

    @rule(hold=st.integers(0, 3), to=WHO, sell=st.booleans())
    def fate_of_the_asset(self, hold: int, to: str, sell: bool) -> None:
        """Orders and rulings about the asset itself; a refusal by its own family is not this machine's concern."""
        overlay = self.world.overlay
        overlay.begin()
        try:
            if sell:
                transfer_asset(ASSET, did_of(to), context_of(self.world), overlay)
            else:
                (release_asset if hold else freeze_asset)(ASSET, ORDER, context_of(self.world), overlay)
        except OperationFailed:
            overlay.discard()
        else:
            overlay.commit()

    @rule(by=st.integers(1, 7))
    def wait(self, by: int) -> None:
        self.world.time_ms = min(self.world.time_ms + by, START + 25)

    def above(self, record: RightRecord) -> list[RightRecord]:
        found: list[RightRecord] = []
        while record.parent:
            record = self.record(record.parent)
            found.append(record)
        return found

    @invariant()
    def statuses_are_those_of_the_table(self) -> None:
        assert all(self.record(right_id).status in LIFECYCLE.statuses() for right_id in getattr(self, "ids", ()))

    @invariant()
    def no_right_in_force_covers_what_one_above_it_does_not(self) -> None:
        """Rights never widen, along any chain, under any sequence."""
        for right_id in getattr(self, "ids", ()):
            record = self.record(right_id)
            try:
                found = right_in_force(self.world.overlay, right_id, record.holder, self.world.time_ms)
            except OperationFailed:
                continue
            covered = scope(found.terms)
            assert self.world.time_ms in covered.moments
            assert covered.points <= scope(record.terms).points
            for covering in self.above(record):
                assert covering.status == "ACTIVE"
                outer = scope(covering.terms)
                assert covered.points <= outer.points
                assert covered.moments <= outer.moments
                assert covering.depth < record.depth
                assert covering.terms.sublicensing_levels >= found.terms.sublicensing_levels

    @invariant()
    def exclusive_rights_meet_no_other(self) -> None:
        """No two living rights of one source share a point of which one has the exclusive right."""
        living: dict[bytes, list[RightRecord]] = {}
        for right_id in getattr(self, "ids", ()):
            record = self.record(right_id)
            until = record.terms.until_ms
            if record.status not in ENDED and (not until or until > self.world.time_ms):
                living.setdefault(record.parent or record.asset_id, []).append(record)
        for siblings in living.values():
            for first, second in product(siblings, siblings):
                terms, other = first.terms, second.terms
                if first is not second and terms.exclusive and terms.kind in YIELDS[other.kind]:
                    free = {"audience": (), "fields": (), "kind": terms.kind}
                    one, two = (scope(msgspec.structs.replace(found, **free)) for found in (terms, other))
                    apart = not one.points & two.points or not one.moments & two.moments
                    assert apart, (terms, other)

    @invariant()
    def uses_are_never_more_than_were_given(self) -> None:
        """No right, with all that was granted out of it, is ever used more often than it was given uses."""
        used: dict[bytes, int] = {}
        for right_id, count in getattr(self, "used", {}).items():
            for record in (self.record(right_id), *self.above(self.record(right_id))):
                used[record.right_id] = used.get(record.right_id, 0) + count
        for right_id, given in getattr(self, "given", {}).items():
            assert not given or used.get(right_id, 0) <= given

    @invariant()
    def records_read_back_from_their_bytes(self) -> None:
        for right_id in getattr(self, "ids", ())[-1:]:
            record = self.record(right_id)
            assert msgspec.msgpack.decode(encode(record), type=RightRecord) == record


RightsMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestRights = RightsMachine.TestCase
