"""A ledger that catches up from scripted peers."""

import asyncio
from collections.abc import Callable

from chainnode.chain.candidate import Candidate
from chainnode.mempool.pool import Pool
from chainnode.mempool.verification import Verification
from chainnode.mempool.verifier import InlineVerifier
from chainnode.sync.catch_up import CatchUp
from chainnode.sync.server import SyncServer
from consensus.certificates import QuorumCertificate, encode_certificate
from tests.support.local_chain import LocalChain
from tests.unit.sync.sources import Answer, LateAnswer, Sources


def server_of(chain: LocalChain) -> Answer:
    return SyncServer(chain.ledger.store, Pool(), list).answer


class Follower:
    """A ledger that catches up."""

    def __init__(self, **peers: Answer | LateAnswer) -> None:
        self.chain = LocalChain()
        self.sources = Sources(**peers)
        self.applied: list[int] = []
        self.before_apply: Callable[[Candidate], None] = lambda candidate: None
        self.pool = Pool()
        self.verification = Verification(InlineVerifier())
        self.catch_up = CatchUp(
            self.chain.ledger, self.sources, self.verification, self._apply, held=self.pool.by_leaf
        )

    @property
    def height(self) -> int:
        return self.chain.ledger.tip.height

    def _apply(self, candidate: Candidate, data: bytes, certificate: QuorumCertificate) -> None:
        self.before_apply(candidate)
        assert encode_certificate(certificate) == data
        self.chain.ledger.commit(candidate, data)
        self.applied.append(candidate.header.height)

    async def run(self, target: int) -> None:
        async with asyncio.timeout(5):
            await self.catch_up.run(target, (1, 2))
