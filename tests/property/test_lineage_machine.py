"""The lineage of assets under any sequence of registrations and changes: never a circle, both directions agree."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.assets.graph import walk_lineage
from contracts.assets.lineage import Edge, child_key, edges_of
from contracts.assets.lineage_outcome import LINKING, RELINKING
from tests.unit.contracts.assets.family_tree import change, id_of, permit, register
from tests.unit.contracts.world import World

NAMES = "abcdefgh"
PARENTS = st.lists(st.sampled_from(NAMES), max_size=3, unique=True)


class LineageMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.parents: dict[str, set[str]] = {}

    def ancestors(self, name: str) -> set[str]:
        """All that stands above, by the model alone."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            above = self.parents[waiting.pop()] - found
            found |= above
            waiting += above
        return found

    @rule(name=st.sampled_from(NAMES), parents=PARENTS, by_member=st.booleans())
    def register(self, name: str, parents: list[str], by_member: bool) -> None:
        if name in self.parents:
            return
        holder = "member" if by_member else "exchange"
        if name not in parents:
            for above in parents:
                permit(self.world, name, above, holder)
        before = dict(self.world.content())
        code = register(self.world, name, *parents, holder=holder)
        possible = name not in parents and set(parents) <= set(self.parents)
        assert (code == "ok") == possible, code
        if possible:
            self.parents[name] = set(parents)
        else:
            assert code in LINKING
            # Permits were written before; a refused registration itself leaves nothing.
            assert self.world.content() == before

    @rule(name=st.sampled_from(NAMES), parents=PARENTS)
    def change(self, name: str, parents: list[str]) -> None:
        """A change applies exactly when it closes no circle and nothing that it names is missing."""
        if name not in self.parents:
            return
        before = dict(self.world.content())
        for above in parents:
            for holder in ("member", "exchange"):
                permit(self.world, name, above, holder)
        permitted = dict(self.world.content())
        code = change(self.world, name, *parents)
        known = set(parents) <= set(self.parents)
        circle = name in parents or any(name in self.ancestors(above) for above in parents if above in self.parents)
        assert (code == "ok") == (known and not circle), code
        if code == "ok":
            self.parents[name] = set(parents)
        else:
            assert code in RELINKING
            assert self.world.content() == permitted
            assert set(before) <= set(permitted)

    @invariant()
    def lineage_is_acyclic(self) -> None:
        for name in getattr(self, "parents", {}):
            assert name not in self.ancestors(name)

    @invariant()
    def edges_upwards_and_downwards_are_those_of_the_model(self) -> None:
        for name, parents in getattr(self, "parents", {}).items():
            assert {edge.parent_id for edge in edges_of(self.world.overlay, id_of(name))} == set(map(id_of, parents))
            for other in NAMES:
                stands = self.world.overlay.get(child_key(id_of(other), id_of(name))) is not None
                assert stands == (other in parents)

    @invariant()
    def one_query_gives_all_ancestors_and_descendants(self) -> None:
        for name in getattr(self, "parents", {}):
            up = walk_lineage(
                id_of(name), "ancestors", self.above, self.below, depth_max=32, nodes_max=100
            )
            assert {node.asset_id for node in up.nodes[1:]} == set(map(id_of, self.ancestors(name)))
            down = walk_lineage(
                id_of(name), "descendants", self.above, self.below, depth_max=32, nodes_max=100
            )
            expected = {id_of(other) for other in self.parents if name in self.ancestors(other)}
            assert {node.asset_id for node in down.nodes[1:]} == expected

    def above(self, asset_id: bytes) -> tuple[Edge, ...]:
        return edges_of(self.world.overlay, asset_id)

    def below(self, asset_id: bytes, limit: int) -> list[tuple[bytes, Edge]]:
        found = [
            (child, edge)
            for child in map(id_of, self.parents)
            for edge in edges_of(self.world.overlay, child)
            if edge.parent_id == asset_id
        ]
        return sorted(found)[:limit]


LineageMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestLineage = LineageMachine.TestCase
