"""Whether an accreditation of another chain counts, and its end shown by that chain's state."""

import msgspec
import pytest

from chainnode.codec.canonical import encode
from contracts.identity.accreditation import accreditation_key, read_accreditation
from contracts.identity.operations_accreditation import Accredit, EndAccreditation
from contracts.relay.ports import accreditation
from contracts.relay.ports.operations import AnnounceAccreditation, ProveAccreditation
from contracts.relay.ports.recognition import recognised
from contracts.relay.ports.record import BY_PROOF, read_recognised
from tests.unit.contracts.relay.connected import CLIENT_ID
from tests.unit.contracts.relay.pair import FIRST, SECOND, Ledger, Pair, pair
from tests.unit.contracts.relay.ports.desk import NOW_MS, Desk, theirs, trusted
from tests.unit.contracts.relay.ports.samples import PROVE
from tests.unit.contracts.world import TIME_MS, did_of

SUBJECT = did_of("stranger", FIRST)
KEY = accreditation_key(SUBJECT, "buyer")


def announced() -> Pair:
    """An accreditation that the second chain recognises."""
    chains = pair()
    first = chains.first
    first.must("governor", Accredit(SUBJECT, "buyer"))
    first.must("governor", AnnounceAccreditation(CLIENT_ID, SUBJECT, "buyer", first.soon()))
    assert chains.carry(first) == ["ok"]
    return chains


def shown(chains: Pair) -> ProveAccreditation:
    """How it stands on the first chain now."""
    height = chains.shown(chains.first)
    value = chains.first.overlay.get(KEY)
    assert value is not None
    return ProveAccreditation(CLIENT_ID, SUBJECT, "buyer", height, value, chains.first.proof(height, KEY))


def status(ledger: Ledger) -> str:
    found = read_recognised(ledger.overlay, CLIENT_ID, SUBJECT, "buyer")
    assert found is not None
    return found.status


def test_end_is_proved_by_anybody_where_its_packet_is_held_back() -> None:
    """Nobody's silence keeps it alive; the packet that arrives afterwards changes nothing."""
    chains = announced()
    chains.first.must("governor", EndAccreditation(SUBJECT, "buyer"))
    (late,) = chains.first.packets()
    chains.second.must("stranger", shown(chains))
    assert status(chains.second) == "ENDED"
    assert chains.deliver(chains.first, late).events[-1].attributes["code"] == "relay-message-overtaken"
    assert status(chains.second) == "ENDED"


def test_state_that_is_older_than_what_is_known_proves_nothing() -> None:
    """The proof speaks of its own height."""
    chains = announced()
    before = shown(chains)
    chains.first.must("governor", EndAccreditation(SUBJECT, "buyer"))
    assert chains.carry(chains.first) == ["ok"]
    assert chains.second.submit("stranger", before).code == "relay-message-overtaken"
    assert status(chains.second) == "ENDED"


def test_standing_accreditation_proved_still_stands() -> None:
    """What the state holds is taken over, whatever it is."""
    chains = announced()
    proof = shown(chains)
    chains.second.must("stranger", proof)
    found = read_recognised(chains.second.overlay, CLIENT_ID, SUBJECT, "buyer")
    assert found is not None
    assert (found.status, found.sequence) == ("STANDING", BY_PROOF)
    assert chains.second.submit("stranger", proof).code == "relay-message-overtaken"


@pytest.mark.parametrize("field", ["value", "proof", "proof_height", "did"])
def test_proof_of_anything_else_is_refused(field: str) -> None:
    """Proof for another key, value or height."""
    chains = announced()
    chains.first.must("governor", EndAccreditation(SUBJECT, "buyer"))
    true = shown(chains)
    wrong = {
        "value": true.value[:-1] + bytes([true.value[-1] ^ 1]),
        "proof": true.proof[:-1] + bytes([true.proof[-1] ^ 1]),
        "proof_height": 1,
        "did": did_of("member", FIRST),
    }
    codes = {
        "value": ("relay-proof-mismatch",),
        "proof": ("relay-proof-mismatch", "relay-proof-malformed"),
        "proof_height": ("relay-proof-mismatch",),
        "did": ("relay-recognition-unknown",),
    }
    code = chains.second.submit("stranger", msgspec.structs.replace(true, **{field: wrong[field]})).code
    assert code in codes[field]
    assert status(chains.second) == "STANDING"


def test_state_that_names_an_accreditor_of_this_chain_is_refused() -> None:
    """No chain speaks of our identities, by its state as little as by a packet."""
    chains = announced()
    record = read_accreditation(chains.first.overlay, SUBJECT, "buyer")
    assert record is not None
    lie = msgspec.structs.replace(record, accredited_by=did_of("governor", SECOND))
    chains.first.overlay.put(KEY, encode(lie))
    assert chains.second.submit("stranger", shown(chains)).code == "relay-name-foreign"


def test_attestors_prove_no_state() -> None:
    """They vouch for packets."""
    assert Desk(kind="attestation").submit("stranger", PROVE).code == "relay-client-kind"


def test_recognised_means_it_holds_and_its_chain_can_be_relied_on() -> None:
    """A chain that contradicted itself, or of which nothing was shown for long, vouches for nobody."""
    did = theirs("stranger")
    for changes, counts in (
        ({}, True),
        ({"status": "FROZEN"}, False),
        ({"latest_ms": TIME_MS - 40 * 86_400_000}, False),
    ):
        desk = Desk(**changes)
        assert desk.hear(accreditation.PORT, trusted(valid_until_ms=NOW_MS + 10)) == "ok"
        assert recognised(desk.overlay, CLIENT_ID, did, "buyer", desk.context()) is counts
        assert not recognised(desk.overlay, CLIENT_ID, did, "supplier", desk.context())
        assert not recognised(desk.overlay, "chainnode-2", did, "buyer", desk.context())
        desk.time_ms = NOW_MS + 10
        assert not recognised(desk.overlay, CLIENT_ID, did, "buyer", desk.context())
