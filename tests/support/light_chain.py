"""A small certified chain as a light client of it sees it: updates from any trusted header to any later one."""

from collections.abc import Sequence

from chainnode.codec.canonical import encode
from chainnode.lightclient.client_state import ClientOptions, ConsensusState, Untrusted
from chainnode.lightclient.own_chain import consensus_state_of
from chainnode.proofs.history import history_path
from chainnode.types.block import block_hash, decode_header
from chainnode.types.ids import did_of_key
from chainnode.types.validator_set import ValidatorList, validator_of, validators_hash
from consensus.certificates import CertificateKind, encode_certificate, make_certificate, vote_bytes
from tests.support.small_chain import CHAIN_ID, TIME_MS, SmallChain, key_of

PERIOD_MS = 14 * 86_400_000
NOW_MS = TIME_MS + 1_000_000


def members(epoch: int, *names: str) -> ValidatorList:
    """The validators of these names, whose keys follow from the names alone: one may be in several sets."""
    return ValidatorList(
        epoch,
        tuple(
            validator_of(name, did_of_key(CHAIN_ID, key.public_key), key, key_of(f"node-{name}").public_key)
            for name in names
            for key in (key_of(name),)
        ),
    )


def certificate_by(data: bytes, validators: ValidatorList, names: Sequence[str]) -> bytes:
    """What those members of ``validators`` say when they commit the header ``data``."""
    header, hash_ = decode_header(data), block_hash(data)
    signed = vote_bytes(
        CertificateKind.COMMIT,
        chain_id=header.chain_id,
        epoch=header.epoch,
        validators_hash=validators_hash(validators),
        height=header.height,
        view=0,
        block_hash=hash_,
    )
    order = [member.name for member in validators.validators]
    votes = sorted((order.index(name), key_of(name).sign(signed)) for name in names)
    return encode_certificate(
        make_certificate(
            CertificateKind.COMMIT, votes, epoch=header.epoch, height=header.height, view=0, block_hash=hash_
        )
    )


class LightChain(SmallChain):
    """``SmallChain`` with what a relayer would submit of it."""

    @property
    def options(self) -> ClientOptions:
        return ClientOptions(CHAIN_ID, self.genesis_hash, PERIOD_MS)

    def trusted(self, height: int) -> ConsensusState:
        """The state of a header that somebody verified before."""
        return consensus_state_of(self.headers[height])

    def path(self, height: int, index: int) -> tuple[bytes, ...]:
        """Of block ``index`` in the history of the header at ``height``."""
        return tuple(history_path(index, height, lambda level, at: self.history[level, at]))

    def list_of(self, epoch: int) -> ValidatorList:
        """The set of an epoch."""
        return self.sets[epoch]

    def certified_by(self, height: int, names: Sequence[str]) -> bytes:
        """A certificate by these members of the header's own set."""
        validators = self.sets[decode_header(self.headers[height]).epoch]
        return certificate_by(self.headers[height], validators, names)

    def update(self, trusted: int, height: int) -> Untrusted:
        """From the header at ``trusted`` to the one at ``height``, with everything that any rule may need."""
        header = decode_header(self.headers[height])
        before = self.trusted(trusted)
        named = header.validators_hash == before.next_validators_hash
        return Untrusted(
            header=self.headers[height],
            decision_kind="certificate",
            decision=self.certificates[height],
            validators=encode(self.sets[header.epoch]),
            trusted_validators=b"" if named else encode(self.sets[before.next_epoch]),
            ancestry=self.path(height, trusted) if trusted < height else (),
        )


def turning_chain(changes: int = 4, blocks: int = 3) -> LightChain:
    """A chain whose set of four replaces one member at a time, so many times, after so many blocks each.

    After ``n`` changes ``max(0, 4 - n)`` of the first members are left.
    """
    chain = LightChain(4)
    names = [validator.name for validator in chain.sets[0].validators]
    for epoch in range(1, changes + 1):
        for _ in range(blocks - 1):
            chain.extend(changes={b"relay/%d" % len(chain.headers): b"value"})
        names = [*names[1:], f"newcomer-{epoch}"]
        chain.extend(next_set=members(epoch, *names))
    for _ in range(blocks):
        chain.extend()
    return chain
