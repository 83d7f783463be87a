"""A verifier's facts from a chain in memory, by the code that nodes answer with."""

from chainnode.sdk.credential_trust import Issuer
from contracts.identity.accreditation import AccreditationRecord, read_accreditation
from contracts.identity.credential import (
    IssuanceRecord,
    SchemaRecord,
    StatusListRecord,
    read_issuance,
    read_schema,
    read_status_list,
)
from contracts.identity.resolution import resolve
from tests.unit.contracts.world import World


class WorldTrust:
    """Answers from the state of a world; its status lists are found under ids that it is told."""

    def __init__(self, world: World, list_ids: tuple[str, ...] = ("1", "2")) -> None:
        self.state = world.overlay
        self.list_ids = list_ids

    async def issuer(self, did: str, version_time: str | None) -> Issuer:
        found = resolve(self.state, did, version_time=None if did.startswith("did:key:") else version_time)
        return Issuer(found.document, found.deactivated)

    async def accreditation(self, did: str, credential_type: str) -> AccreditationRecord | None:
        return read_accreditation(self.state, did, "issuer", credential_type)

    async def status_list(self, issuer: str, uri: str, purpose: str) -> StatusListRecord | None:
        records = [read_status_list(self.state, issuer, list_id) for list_id in self.list_ids]
        return next((one for one in records if one is not None and (one.uri, one.purpose) == (uri, purpose)), None)

    async def schema(self, author: str, name: str, version: int) -> SchemaRecord | None:
        return read_schema(self.state, author, name, version)

    async def issuance(self, issuer: str, digest: bytes) -> IssuanceRecord | None:
        return read_issuance(self.state, issuer, digest)
