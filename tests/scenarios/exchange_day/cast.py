"""Who takes part in the day, and how they come to be known: identities, roles and accreditations by the consortium."""

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from chainnode.cli.testnet.founding import consortium_did
from chainnode.cli.testnet.manifest import Manifest, identity_path
from chainnode.crypto.ed25519 import SigningKey
from chainnode.node.key_file import read_key
from chainnode.sdk.wallet import Wallet
from consensus.quorum import quorum_of
from contracts.governance.operations import GrantRole
from contracts.identity.operations import CreateIdentity
from contracts.identity.operations_accreditation import Accredit
from contracts.kernel.policy import Role
from tests.scenarios.exchange_day.ledger import Ledger, Person

ARBITRATORS: Final = 5
"""Three decide in the first instance, two in the second."""
REVIEWERS: Final = 3


@dataclass
class Cast:
    """Everybody of the day."""

    exchanges: list[Person]
    providers: list[Person]
    buyers: list[Person]
    registrar: Person
    reviewers: list[Person]
    arbitrators: list[Person]
    regulator: Person
    consortium: Person


def key_of(name: str) -> SigningKey:
    """The key with which ``name`` begins the day."""
    return SigningKey(sha256(f"exchange day: {name}".encode()).digest())


def consortium_of(folder: Path, manifest: Manifest) -> Person:
    """The identity that governs, signed for by as many operators as it takes."""
    names = sorted(entry.name for entry in manifest.identities if entry.name.startswith("operator-"))
    keys = [read_key(identity_path(folder, name)) for name in names[: quorum_of(len(names))]]
    return Person("consortium", Wallet(manifest.chain_id, keys, consortium_did(manifest.chain_id)))


async def assemble(ledger: Ledger, consortium: Person, providers: int, buyers: int) -> Cast:
    """Create every identity, and have the consortium give roles and accreditations."""

    def people(kind: str, count: int) -> list[Person]:
        return [ledger.person(f"{kind}-{number}", key_of(f"{kind}-{number}")) for number in range(1, count + 1)]

    cast = Cast(
        exchanges=people("exchange", 2),
        providers=people("provider", providers),
        buyers=people("buyer", buyers),
        registrar=people("registrar", 1)[0],
        reviewers=people("reviewer", REVIEWERS),
        arbitrators=people("arbitrator", ARBITRATORS),
        regulator=people("regulator", 1)[0],
        consortium=consortium,
    )
    roles: list[tuple[Person, Role]] = [
        *((person, "exchange") for person in cast.exchanges),
        *((person, "member") for person in (*cast.providers, *cast.buyers)),
        (cast.registrar, "registrar"),
        *((person, "evaluator") for person in cast.reviewers),
        *((person, "arbitrator") for person in cast.arbitrators),
        (cast.regulator, "regulator"),
    ]
    async with asyncio.TaskGroup() as group:
        for person, _ in roles:
            group.create_task(ledger.do(person, CreateIdentity(key_of(person.name).public_key)))
    await ledger.do(consortium, *(GrantRole(person.did, role) for person, role in roles))
    half = len(cast.providers) // 2
    first, second = cast.exchanges
    await asyncio.gather(
        ledger.do(first, *(Accredit(person.did, "supplier") for person in cast.providers[:half])),
        ledger.do(second, *(Accredit(person.did, "supplier") for person in cast.providers[half:])),
        ledger.do(first, *(Accredit(person.did, "buyer") for person in cast.buyers)),
    )
    return cast
