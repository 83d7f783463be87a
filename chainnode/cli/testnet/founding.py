"""The agreement that a new network starts from: who validates, who is known, who may do what.

Every key here is a development key made on this machine; a consortium's founders each keep their own.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.crypto.hashing import tagged_hash
from chainnode.types.genesis import GENESIS_VERSION, SUITE_ED25519_SHA256, Genesis
from chainnode.types.ids import did_of_key
from chainnode.types.parameters import ChainParameters
from chainnode.types.validator_set import ObserverNode, ValidatorList, validator_of
from consensus.quorum import quorum_of
from contracts.governance.operations import GrantRole, SetParameters, SetPolicy
from contracts.identity.operations import CreateIdentity
from contracts.identity.record import CONTROLLERS_MAX
from contracts.kernel.operation import encode_operation
from contracts.kernel.policy import EVERYONE, Role

INSTITUTIONS: Final[dict[str, tuple[Role, ...]]] = {
    "harbour-exchange": ("exchange", "member"),
    "meridian-registrar": ("registrar", "member"),
    "delta-provider": ("member",),
    "orchard-buyer": ("member",),
    "civic-notary": ("notary", "member"),
    "lighthouse-regulator": ("regulator", "member"),
}
"""Named identities of every development network, with their roles."""
OPERATOR_ROLES: Final[tuple[Role, ...]] = ("operator", "member")
"""Each validator's operator; together they govern, as the identity ``consortium``."""
_consortium_seed = tagged_hash("consortium")


def consortium_key(chain_id: str) -> bytes:
    """The initial key of the identity that governs: a hash, so that nobody has its private half.

    Only its controllers, the operators, can act for it, a quorum of them together.
    """
    return _consortium_seed(chain_id.encode())


def consortium_did(chain_id: str) -> str:
    """The one identity that holds the role governor in a network made here."""
    return did_of_key(chain_id, consortium_key(chain_id))


class Member(NamedTuple):
    """A founding identity with its first key."""

    name: str
    roles: tuple[Role, ...]
    key: SigningKey

    def did(self, chain_id: str) -> str:
        """Its name on the ledger."""
        return did_of_key(chain_id, self.key.public_key)


class NodeKeys(NamedTuple):
    """A node and the keys it will hold."""

    name: str
    node_key: SigningKey
    consensus_key: SigningKey | None
    """None for observers."""


def member_names(validators: int, *, by_vote: bool = False) -> dict[str, tuple[Role, ...]]:
    """Every founding identity of a network with this many validators; ``by_vote``: each operator is a governor."""
    roles: tuple[Role, ...] = ("governor", *OPERATOR_ROLES) if by_vote else OPERATOR_ROLES
    return INSTITUTIONS | {f"operator-{number}": roles for number in range(validators)}


def build_genesis(
    chain_id: str,
    time_ms: int,
    nodes: Sequence[NodeKeys],
    members: Sequence[Member],
    parameters: ChainParameters | None = None,
    *,
    by_vote: bool = False,
) -> bytes:
    """Canonical genesis bytes: identities first, then their roles, as any node will apply them.

    Validators are run by ``operator-<number>``; observers by the regulator, who watches. A quorum of the operators
    governs as the identity ``consortium``, or, ``by_vote``, more than half of the governors by proposals.
    """
    dids = {member.name: member.did(chain_id) for member in members}
    validators = tuple(
        validator_of(node.name, dids[f"operator-{number}"], node.consensus_key, node.node_key.public_key)
        for number, node in enumerate(node for node in nodes if node.consensus_key is not None)
        if node.consensus_key is not None
    )
    observers = tuple(
        ObserverNode(node.name, dids["lighthouse-regulator"], node.node_key.public_key)
        for node in nodes
        if node.consensus_key is None
    )
    operations = [] if parameters is None else [encode_operation(SetParameters(parameters))]
    # Whoever tries a network out on one machine is no stranger; a consortium leaves creation to sponsors.
    operations.append(encode_operation(SetPolicy("identity.create", EVERYONE)))
    operations += [encode_operation(CreateIdentity(member.key.public_key)) for member in members]
    operators = tuple(validator.did for validator in validators)[:CONTROLLERS_MAX]
    founded = CreateIdentity(
        consortium_key(chain_id), controllers=operators, controller_threshold=quorum_of(len(operators))
    )
    operations.append(encode_operation(founded))
    operations += [encode_operation(GrantRole(dids[member.name], role)) for member in members for role in member.roles]
    if not by_vote:
        operations.append(encode_operation(GrantRole(consortium_did(chain_id), "governor")))
    return encode(
        Genesis(
            version=GENESIS_VERSION,
            chain_id=chain_id,
            time_ms=time_ms,
            crypto_suite=SUITE_ED25519_SHA256,
            validators=ValidatorList(0, validators),
            observers=observers,
            operations=tuple(msgspec.Raw(operation) for operation in operations),
        )
    )
