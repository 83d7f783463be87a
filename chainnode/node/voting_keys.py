"""The keys with which this node may vote: the present one, and the one that is to follow it.

``governance.replace_validator`` may put a new key of the same node in the old one's place. The new key is taken up
when the epoch that names it begins, without a restart: its file may appear at any time before. Both keys share one
sign-state, whose positions begin with the epoch and only grow; so neither signs below what the other has signed.
"""

from pathlib import Path

import structlog

from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import ConfigError
from chainnode.node.key_file import read_key
from consensus.quorum import ValidatorSet

log = structlog.get_logger(__name__)


class VotingKeys:
    """Holds the keys; ``current`` is the one to sign with now."""

    def __init__(self, key: SigningKey, next_file: Path | None = None, passphrase: str | None = None) -> None:
        """``next_file`` need not exist before it is needed; ``passphrase`` opens it."""
        self.current = key
        self._held = [key]
        self._next_file = next_file
        self._passphrase = passphrase

    @property
    def public_keys(self) -> list[bytes]:
        """Of every key that was read."""
        return [key.public_key for key in self._held]

    def index_in(self, validators: ValidatorSet) -> int | None:
        """The place of ``current`` in a set."""
        return validators.index_of(self.current.public_key)

    def enter(self, validators: ValidatorSet) -> int | None:
        """Make the key that votes in this set the current one; its place, None if none of them does."""
        index = self._choose(validators)
        if index is None and self._next_file is not None:
            self._read_next(self._next_file)
            index = self._choose(validators)
        return index

    def _choose(self, validators: ValidatorSet) -> int | None:
        for key in self._held:
            index = validators.index_of(key.public_key)
            if index is not None:
                self.current = key
                return index
        return None

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
