"""The keys with which this node may vote: the present one, and the one that is to follow it.

``governance.replace_validator`` may put a new key of the same node in the old one's place. The new key is taken up
when the epoch that names it begins, without a restart: its file may appear at any time before. Both keys share one
sign-state, whose positions begin with the epoch and only grow; so neither signs below what the other has signed.

A key votes only from the node that the set names beside it: where a validator moves to another machine with its key,
the old machine stops when the epoch begins, and the two never vote at one height.
"""

from pathlib import Path

import structlog

from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import ConfigError
from chainnode.node.key_file import read_key
from chainnode.types.validator_set import ValidatorList

log = structlog.get_logger(__name__)


class VotingKeys:
    """Holds the keys; ``current`` is the one to sign with now."""

    def __init__(
        self, key: SigningKey, node_key: bytes, next_file: Path | None = None, passphrase: str | None = None
    ) -> None:
        """``node_key`` is this node's; ``next_file`` need not exist before it is needed; ``passphrase`` opens it."""
        self.current = key
        self._node_key = node_key
        self._held = [key]
        self._next_file = next_file
        self._passphrase = passphrase

    @property
    def public_keys(self) -> list[bytes]:
        """Of every key that was read."""
        return [key.public_key for key in self._held]

    def index_in(self, members: ValidatorList) -> int | None:
        """The place of ``current`` in a set."""
        for index, member in enumerate(members.validators):
            if member.node_key == self._node_key:
                return index if member.consensus_key == self.current.public_key else None
        return None

    def key_in(self, members: ValidatorList) -> tuple[int, SigningKey] | None:
        """The node's place in a set, present or past, and the key that the set names there, if it is held."""
        for index, member in enumerate(members.validators):
            if member.node_key == self._node_key:
                for key in self._held:
                    if key.public_key == member.consensus_key:
                        return index, key
        return None

    def is_elsewhere(self, members: ValidatorList) -> bool:
        """Whether the set names one of these keys beside another node."""
        known = self.public_keys
        return any(
            member.consensus_key in known and member.node_key != self._node_key for member in members.validators
        )

    def enter(self, members: ValidatorList) -> int | None:
        """Make the key that votes in this set the current one; its place, None if none of them does."""
        for index, member in enumerate(members.validators):
            if member.node_key == self._node_key:
                return index if self._take_up(member.consensus_key) else None
        return None

    def _take_up(self, public_key: bytes) -> bool:
        if public_key not in self.public_keys and self._next_file is not None:
            self._read_next(self._next_file)
        for key in self._held:
            if key.public_key == public_key:
                self.current = key
                return True
        return False

    def _read_next(self, path: Path) -> None:
        try:
            key = read_key(path, self._passphrase)
        except ConfigError as error:
            # The node goes on as an observer; a restart with a good file makes it a validator again.
            log.error("the next consensus key cannot be used", code=error.code, reason=error.message)
            return
        if key.public_key not in self.public_keys:
            self._held.append(key)
            log.info("the next consensus key was read", file=str(path), public_key=key.public_key.hex())
