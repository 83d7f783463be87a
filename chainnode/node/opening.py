"""Parts of a node that follow from its configuration and data: what checks, what waits, and what may vote."""

import os

import structlog

from chainnode.chain.certificate import open_certificate
from chainnode.chain.ledger import Ledger
from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import ConfigError
from chainnode.mempool.pool import Pool
from chainnode.mempool.verifier import InlineVerifier, ProcessVerifier, Verifier
from chainnode.node.config import KeysSection, MempoolSection, NodeConfig
from chainnode.node.data_directory import DataDirectory, Votes
from chainnode.node.key_file import read_key
from chainnode.node.links import Membership
from chainnode.node.rejoin import NOTHING_ABOVE, forgotten_height
from chainnode.node.voting_keys import VotingKeys
from consensus.recovery import Recovered
from consensus.replica import Replica
from consensus.tip import Tip as ConsensusTip

log = structlog.get_logger(__name__)


def build_pool(section: MempoolSection) -> Pool:
    """The pool with the configured bounds."""
    return Pool(section.transactions_max, section.bytes_max, sender_percent=section.sender_percent)


def build_verifier(section: MempoolSection) -> Verifier:
    """The configured way of checking signatures."""
    cores = len(os.sched_getaffinity(0))
    if section.verifier == "inline" or (section.verifier == "auto" and cores == 1):
        return InlineVerifier()
    return ProcessVerifier(section.verifier_workers or max(1, cores - 1))


def read_voting_keys(section: KeysSection, node_key: bytes, passphrase: str | None) -> VotingKeys | None:
    """The keys that the node with ``node_key`` may vote with; None for one that only observes.

    Raises:
        ConfigError: as ``read_key``, of the present key; the next one is read when it is needed.
    """
    path = section.consensus_key_file
    if path is None:
        return None
    return VotingKeys(read_key(path, passphrase), node_key, section.next_consensus_key_file, passphrase)


def check_keys(
    config: NodeConfig, ledger: Ledger, membership: Membership, keys: VotingKeys | None, node_key: SigningKey
) -> None:
    """Find a key of another chain or node now, not as a refused link at night."""
    role = membership.role_of(node_key.public_key)
    if role is None and config.node.role == "observer":
        # Admitted by a block that this ledger may not hold yet; until then the peers decide whether it may follow.
        log.warning("this ledger does not know this node yet", height=ledger.tip.height)
        return
    if role is None:
        raise ConfigError(
            "node-key-unknown", f"the chain knows no node with the key in {config.keys.node_key_file}",
            file=str(config.keys.node_key_file),
        )
    if keys is None:
        return
    # E2: an observer with a key of its own votes once governance has added it; a removed validator keeps its key.
    members = ledger.surroundings.members
    if keys.enter(members) != role.validator_index or keys.is_elsewhere(members):
        raise ConfigError(
            "consensus-key-unknown",
            f"the key in {config.keys.consensus_key_file} is not that of this node's validator",
            file=str(config.keys.consensus_key_file),
        )


def build_replica(
    ledger: Ledger, data: DataDirectory, keys: VotingKeys | None, *, rejoins: bool
) -> tuple[Replica, Votes]:
    """The agreement core at the ledger's tip, and what this validator remembers of its own words above it."""
    around = ledger.surroundings
    own_index = None if keys is None else keys.enter(around.members)
    certificate = open_certificate(around.tip_certificate) if around.tip_certificate else None
    tip = ConsensusTip(around.tip.height, around.tip.block_hash, around.tip.proof_due, certificate)
    votes = data.read_votes(tip, around.validators, own_index)
    if rejoins:
        # Whoever holds a key is silent, in the set or not: a ledger that begins anew knows only the set of its tip, and
        # the key may have voted in a later one.
        votes = Votes(Recovered(), (), None, 0 if keys is None else NOTHING_ABOVE)
    elif keys is not None and votes.refusal is None and votes.silent_height <= tip.height:
        signed_height = data.sign_state.last.position[1]
        if any(forgotten_height(ledger, key, signed_height) is not None for key in keys.public_keys):
            votes = Votes(None, votes.bodies, "votes-forgotten")
    if votes.refusal is not None:
        # It follows the chain like an observer: reading is safe, a second vote would not be.
        own_index = None
    replica = Replica(
        ledger.chain_id, around.validators, own_index, tip=tip,
        timers=around.parameters.timer_config(), suspended=around.leadership.suspended, recovered=votes.recovered,
    )
    return replica, votes
