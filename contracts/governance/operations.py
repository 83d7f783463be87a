"""How the consortium sets itself up and changes: the wire forms and their form rules."""

from typing import Annotated

import msgspec

from chainnode.types.parameters import ChainParameters
from chainnode.types.transaction import Height
from chainnode.types.validator_set import ObserverNode, PublicKey, Validator
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import Role, Rule
from contracts.kernel.text import AnyDid


class GrantRole(Operation, frozen=True, array_like=True, tag="governance.grant_role"):
    """Give an identity a role; whoever gets ``exchange`` or ``registrar`` also gets a registrar number."""

    did: AnyDid
    role: Role


class RevokeRole(Operation, frozen=True, array_like=True, tag="governance.revoke_role"):
    """Take a role from an identity; what was done under it stays."""

    did: AnyDid
    role: Role


class SetParameters(Operation, frozen=True, array_like=True, tag="governance.set_parameters"):
    """Replace the parameters of the chain."""

    parameters: ChainParameters

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``parameters-contradict``.
        """
        found = self.parameters
        if found.view_timeout_ms > found.view_timeout_max_ms:
            raise OperationFailed("parameters-contradict", "view_timeout_ms is above view_timeout_max_ms")


class SetPolicy(Operation, frozen=True, array_like=True, tag="governance.set_policy"):
    """Put a rule in place of an operation's default one."""

    target: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """Name of the operation that the rule is for."""
    rule: Rule

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``policy-rule``.
        """
        rule = self.rule
        if rule.kind == "SELF":
            raise OperationFailed("policy-rule", "SELF is the nature of identity operations and cannot be given")
        if rule.kind in ("EVERYONE", "FORBIDDEN"):
            if rule.roles or rule.organisations:
                raise OperationFailed("policy-rule", f"{rule.kind} leaves no room for roles or organisations")
        elif not rule.roles:
            raise OperationFailed("policy-rule", f"{rule.kind} needs roles")
        if rule.kind == "COUNT" and rule.numerator < 1:
            raise OperationFailed("policy-rule", "COUNT needs a numerator of at least 1")
        if rule.kind == "FRACTION" and not 0 < rule.numerator <= rule.denominator:
            raise OperationFailed("policy-rule", "FRACTION needs 0 < numerator <= denominator")


class ActivateFeature(Operation, frozen=True, array_like=True, tag="governance.activate_feature"):
    """Let a feature hold from a height on; nodes that do not know it stop before."""

    name: Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9-]{0,63}\Z")]
    height: Height


class JoinProof(msgspec.Struct, frozen=True, array_like=True):
    """A joiner shows that it holds the chain, and the key it will vote with."""

    height: Height
    """Of a recent checkpoint: a multiple of 16, at most about 1,000 below the tip."""
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
    """By the consensus key over chain, height, block hash and entry (``succession.join_bytes``)."""


class AddValidator(Operation, frozen=True, array_like=True, tag="governance.add_validator"):
    """Let a synced observer vote from the next epoch on."""

    entry: Validator
    proof: JoinProof


class RemoveValidator(Operation, frozen=True, array_like=True, tag="governance.remove_validator"):
    """Take a validator out of the set of the next epoch."""

    consensus_key: PublicKey


class ReplaceValidator(Operation, frozen=True, array_like=True, tag="governance.replace_validator"):
    """Put another node, or a new key of the same node, in a validator's place; counts as one change."""

    consensus_key: PublicKey
    """Of the validator that leaves."""
    entry: Validator
    proof: JoinProof


class CancelChange(Operation, frozen=True, array_like=True, tag="governance.cancel_change"):
    """Drop every change of the set that waits for the end of the epoch."""


class ReadmitLeader(Operation, frozen=True, array_like=True, tag="governance.readmit_leader"):
    """Let a suspended validator lead again."""

    consensus_key: PublicKey


class AdmitNode(Operation, frozen=True, array_like=True, tag="governance.admit_node"):
    """Let a node connect and follow."""

    entry: ObserverNode


class DismissNode(Operation, frozen=True, array_like=True, tag="governance.dismiss_node"):
    """Let an observer connect no more."""

    node_key: PublicKey
