from chainnode.state.overlay import Overlay
from contracts.identity.record import VerificationMethod
from contracts.identity.recovery import LIFECYCLE, read_recovery, recovery_digest, recovery_key
from tests.unit.contracts.world import did_of, key_of

DID = did_of("member")
METHODS = (VerificationMethod("k", "ed25519", key_of("k").public_key, ("authentication",)),)


def test_digest_covers_every_part_of_a_proposal() -> None:
    """These keys, for this version of this document."""
    other = (VerificationMethod("k", "ed25519", key_of("o").public_key, ("authentication",)),)
    digests = {
        recovery_digest(DID, 1, METHODS, 1, ()),
        recovery_digest(did_of("stranger"), 1, METHODS, 1, ()),
        recovery_digest(DID, 2, METHODS, 1, ()),
        recovery_digest(DID, 1, other, 1, ()),
        recovery_digest(DID, 1, METHODS, 2, ()),
        recovery_digest(DID, 1, METHODS, 1, (bytes(32),)),
    }
    assert len(digests) == 6


def test_every_guardian_has_a_place_of_its_own() -> None:
    assert recovery_key(DID, did_of("exchange")) != recovery_key(DID, did_of("governor"))


def test_name_that_cannot_exist_proposes_nothing() -> None:
    overlay = Overlay(lambda _key: None)
    for did, proposer in ((DID, "did:web:x"), ("", DID), ("x" * 600, DID)):
        assert read_recovery(overlay, did, proposer) is None


def test_completed_proposal_can_only_be_followed_by_another() -> None:
    assert LIFECYCLE.actions("COMPLETED") == ("propose",)
