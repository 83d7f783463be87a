"""Occasions to lie, and headers that no quorum in force ever decided."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.lightclient.client_state import Untrusted
from chainnode.types.block import block_hash, decode_header
from chainnode.types.validator_set import ValidatorList, validators_hash
from consensus.certificates import COMMIT, encode_certificate, make_certificate, vote_bytes
from consensus.quorum import quorum_of
from contracts.kernel.operation import Operation
from contracts.relay.operations import UpdateClient
from contracts.relay.packet import Packet
from tests.simulation.two_chains.chain import SimulatedChain, entry_of, key_of
from tests.simulation.two_chains.founding import Link, Side
from tests.simulation.two_chains.relayer import kept_heights, under_way

replace: Final[Callable[..., Any]] = msgspec.structs.replace


@dataclass
class Case:
    """One occasion to lie: in one direction of one link, with everything that was carried so far."""

    random: Random
    links: Sequence[Link]
    sender: Side
    receiver: Side
    carried: Sequence[tuple[SimulatedChain, Sequence[Operation]]]

    def packet(self) -> Packet | None:
        """One that is under way."""
        records = under_way(self.sender)
        return self.random.choice(records).packet() if records else None

    def header_height(self, side: Side) -> int:
        """Of a header that the client of ``side`` keeps and whose state can still be proved."""
        other = (self.sender if side is self.receiver else self.receiver).chain
        heights = [height for height in kept_heights(side) if height > other.height - 30]
        return self.random.choice(heights) if heights else other.height


def forged(case: Case, root: bytes, *, own_set: bool) -> tuple[int, UpdateClient]:
    """An update to the newest header with this state root; signed by one member, or by a set of the liar's own."""
    chain = case.sender.chain
    heights = kept_heights(case.receiver)
    at = max(chain.height, *(height for height in heights if height <= chain.height))
    trusted = max([height for height in heights if height < at], default=at - 1)
    honest = chain.light.update(trusted, at)
    real = chain.ledger.validators.validators
    if own_set:
        keys = [key_of(f"liar-{number}") for number in range(3)] + [chain.keys[real[0].consensus_key]]
        members = _own_set(chain, decode_header(honest.header).epoch + case.random.randint(1, 2), keys)
        update = _rewritten(honest, root, members, [*enumerate(keys)])
        before = chain.light.update(trusted, trusted + 1).validators
        return at, _update(case, trusted, replace(update, trusted_validators=before))
    members = msgspec.msgpack.decode(honest.validators, type=ValidatorList)
    keys = [chain.keys[members.validators[0].consensus_key], key_of("liar-1"), key_of("liar-2")]
    return at, _update(case, trusted, _rewritten(honest, root, members, [*enumerate(keys)]))


def by_departed(case: Case, root: bytes) -> tuple[int, UpdateClient] | None:
    """An update by members who have left: a quorum of their old set, or a third of it with a set of their own.

    None while too few have left, or where the client's newest header is so old that it names too many of them: what
    happened since it cannot know, and its trusting period is the bound.
    """
    chain = case.sender.chain
    present = {member.consensus_key for member in chain.ledger.validators.validators}
    newest = max(kept_heights(case.receiver))
    if newest < chain.height:
        named = msgspec.msgpack.decode(chain.light.update(newest, newest + 1).validators, type=ValidatorList).validators
        if 3 * sum(member.consensus_key not in present for member in named) > len(named):
            return None
    for trusted in kept_heights(case.receiver):
        if trusted >= chain.height - 1:
            break
        before = chain.light.update(trusted, trusted + 1).validators
        old = msgspec.msgpack.decode(before, type=ValidatorList)
        gone = [(n, m) for n, m in enumerate(old.validators) if m.consensus_key not in present]
        keys = [chain.keys[member.consensus_key] for _, member in gone]
        honest = replace(chain.light.update(trusted, chain.height), trusted_validators=before)
        if len(gone) >= quorum_of(len(old.validators)) and case.random.random() < 0.7:
            votes = [(index, key) for (index, _), key in zip(gone, keys, strict=True)]
            return chain.height, _update(case, trusted, _rewritten(honest, root, old, votes))
        if 3 * len(gone) > len(old.validators):
            members = _own_set(chain, chain.ledger.validators.epoch + case.random.randint(0, 2), keys)
            return chain.height, _update(case, trusted, _rewritten(honest, root, members, [*enumerate(keys)]))
    return None


def _own_set(chain: SimulatedChain, epoch: int, keys: Sequence[SigningKey]) -> ValidatorList:
    did = chain.ledger.validators.validators[0].did
    return ValidatorList(
        epoch, tuple(entry_of(f"liar-{n}", did, key.seed, key.public_key) for n, key in enumerate(keys))
    )


def _rewritten(
    honest: Untrusted, root: bytes, members: ValidatorList, votes: Sequence[tuple[int, SigningKey]]
) -> Untrusted:
    """The update with another state root and set, signed by these keys at these indexes."""
    own = validators_hash(members)
    header = decode_header(honest.header)
    following = own if header.validators_hash != own else header.next_validators_hash
    header = replace(
        header, prev_state_root=root, epoch=members.epoch, validators_hash=own, next_validators_hash=following
    )
    data = encode(header)
    hash_ = block_hash(data)
    signed = vote_bytes(
        COMMIT, chain_id=header.chain_id, epoch=header.epoch, validators_hash=own, height=header.height, view=0,
        block_hash=hash_,
    )
    signatures = [(index, key.sign(signed)) for index, key in votes]
    decision = encode_certificate(
        make_certificate(COMMIT, signatures, epoch=header.epoch, height=header.height, view=0, block_hash=hash_)
    )
    found: Untrusted = replace(honest, header=data, decision=decision, validators=encode(members))
    return found


def _update(case: Case, trusted: int, update: Untrusted) -> UpdateClient:
    return UpdateClient(case.receiver.client_id, trusted, encode(update))
