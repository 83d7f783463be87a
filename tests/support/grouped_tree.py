"""A deferred state tree over dictionaries, kept as a ledger keeps it."""

from collections.abc import Mapping

from chainnode.proofs.sparse import verify_absent, verify_present
from chainnode.state.deferred import DeferredTree
from chainnode.state.tree import StateTree, root_version
from tests.support.naive_tree import naive_root


class GroupedTree:
    """Stores what the tree asks for; can start anew, prune, and check every version."""

    def __init__(self, heights_max: int, first: Mapping[bytes, bytes | None]) -> None:
        update = StateTree({}).update(None, 0, first)
        self.nodes = update.writes
        self.kept: dict[int, bytes] = {}
        self.stale: dict[int, list[bytes]] = {}
        self.pieces: list[int] = []
        self.contents = [{key: value for key, value in first.items() if value is not None}]
        self.heights_max = heights_max
        self.tree = self.opened()

    get = property(lambda self: self.nodes.get)
    changes = property(lambda self: self.kept.get)

    def version_at(self, version: int) -> int | None:
        """As ``VersionReader.version_at``."""
        found = [root_version(key) for key in self.nodes if key.startswith(b"r")]
        return max((one for one in found if one <= version), default=None)

    @property
    def tip(self) -> int:
        """The last version."""
        return len(self.contents) - 1

    def opened(self) -> DeferredTree:
        """The tree after a start."""
        return DeferredTree(self, 1 << 20, tip=self.tip, heights_max=self.heights_max)

    def apply(self, changes: Mapping[bytes, bytes | None]) -> None:
        """The next block."""
        update = self.tree.update(self.tip, self.tip + 1, changes)
        found = self.tree.to_store(update)
        self.nodes.update(found.writes)
        self.kept[update.version] = found.changes
        self.pieces.append(len(found.writes))
        if found.version is not None:
            self.stale[found.version] = found.stale
        else:
            assert not found.stale
        self.tree.adopt(update)
        after = {**self.contents[-1], **changes}
        self.contents.append({key: value for key, value in after.items() if value is not None})

    def prune(self, height: int) -> None:
        """As ``LedgerStore.prune_tree``."""
        self.tree.keep_from(height)
        for version in [version for version in self.stale if version <= height]:
            for key in self.stale.pop(version):
                del self.nodes[key]
            self.kept = {one: changes for one, changes in self.kept.items() if one > version}

    def check(self, version: int) -> None:
        """Root and proofs of a version are those of its content."""
        content = self.contents[version]
        assert self.tree.root(version) == naive_root(content)
        for key in (b"key/1", b"key/7", b"key/300", b"new"):
            proof = self.tree.prove(version, key)
            if key in content:
                verify_present(self.tree.root(version), key, content[key], proof)
            else:
                verify_absent(self.tree.root(version), key, proof)
