"""What another chain wrote into a packet is read strictly: one encoding, bounded fields, names of its own alone."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.codec.canonical import encode
from contracts.assets.record import LIFECYCLE
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.registry import CODES
from contracts.market.record import LISTING
from contracts.relay.packet import PAYLOAD_BYTES_MAX
from contracts.relay.ports import accreditation, checkpoint, registry, trade
from contracts.relay.ports.message import (
    AssetMessage,
    AssetStatus,
    CheckpointMessage,
    ListingStatus,
    check_newer,
    read_message,
)
from tests.unit.contracts.relay.ports.desk import (
    NOW_MS,
    PROOF_HEIGHT,
    Desk,
    asked,
    asset_view,
    listing_view,
    offered,
    said,
    shown,
    theirs,
    trusted,
)
from tests.unit.contracts.world import did_of

PORTS = (registry.PORT, accreditation.PORT, checkpoint.PORT, trade.PORT)
MESSAGES = (
    (registry.PORT, shown()),
    (registry.PORT, offered()),
    (accreditation.PORT, trusted()),
    (checkpoint.PORT, CheckpointMessage(5, NOW_MS)),
    (trade.PORT, asked()),
    (trade.PORT, said("deliver", b"o" * 32)),
)


def test_statuses_of_views_are_those_of_the_ledger() -> None:
    """A status that the lifecycle gained must travel too."""
    assert sorted(get_args(AssetStatus)) == list(LIFECYCLE.statuses())
    assert sorted(get_args(ListingStatus)) == list(LISTING.statuses())


@pytest.mark.parametrize(("port", "message"), MESSAGES)
def test_nothing_stands_beside_the_fields(port: object, message: msgspec.Struct) -> None:
    """Extra unhashed fields, longer forms and what is cut off are refused, and leave nothing."""
    true = encode(message)
    fields = list(msgspec.msgpack.decode(true))
    wrong = (
        encode([*fields, 1]),
        encode(fields[:-1]),
        true + b"\xc0",
        true[:-1],
        b"\xdc" + len(fields).to_bytes(2, "big") + true[1:],
        encode({"fields": fields}),
        encode([*fields[:1], None, *fields[2:]]),
    )
    for value in wrong:
        desk = Desk()
        before = dict(desk.content())
        assert desk.hear(port, value) == "relay-value-malformed", value  # type: ignore[arg-type]
        assert desk.content() == before


def test_largest_messages_fit_into_a_packet() -> None:
    """Nothing that the ledger holds is too long to be told, the end of an accreditation above all."""
    long, did = "界" * 256, "did:x:" + "a" * 122
    most = 2**53
    asset = asset_view(name=long, holder=did, registrar=did, certificate="1" * 64, version=most, valid_until_ms=most)
    offer = listing_view(operator=did, seller=did, unit="界" * 64, price=2**63 - 1, offer_hash=bytes(32))
    assert len(encode(shown(most, asset, offer))) < PAYLOAD_BYTES_MAX
    ended = trusted(most, did=did, accredited_by=did, credential_type="A" * 64, reason=long, ended_ms=most)
    assert len(encode(ended)) < PAYLOAD_BYTES_MAX


@pytest.mark.parametrize(
    "did",
    [did_of("member"), did_of("member", "test-3"), "did:cnode:test-2:short", "did:cnode:", "did:cnode:test-2"],
)
def test_no_chain_speaks_for_identities_of_another(did: str) -> None:
    """A received message never names an identity of this chain, or one that is not well formed."""
    for port, message in (
        (registry.PORT, shown(asset=asset_view(holder=did))),
        (registry.PORT, shown(asset=asset_view(registrar=did))),
        (registry.PORT, offered(seller=did)),
        (registry.PORT, offered(operator=did)),
        (accreditation.PORT, trusted(did=did)),
        (accreditation.PORT, trusted(accredited_by=did)),
        (trade.PORT, asked(buyer=did)),
    ):
        assert Desk().hear(port, message) in ("relay-name-foreign", "relay-value-malformed")


def test_chain_of_another_kind_names_its_own_by_its_own_method() -> None:
    """Attestors may vouch for a chain whose identities have another form."""
    holder = "did:web:example.org"
    assert Desk().hear(registry.PORT, shown(asset=asset_view(holder=holder, registrar=holder))) == "ok"


def test_message_from_after_its_proof_is_refused() -> None:
    """Nobody writes what is proved to have stood there before."""
    assert Desk().hear(registry.PORT, shown(PROOF_HEIGHT + 1)) == "relay-message-height"
    assert Desk().hear(registry.PORT, shown(PROOF_HEIGHT)) == "ok"


def test_wrong_check_digits_are_no_certificate() -> None:
    """Every field is validated, the certificate's number too."""
    asset = asset_view(certificate="0001-20261122-00000042-03")
    assert Desk().hear(registry.PORT, shown(asset=asset)) == "relay-value-malformed"


def test_newer_means_a_later_block_or_a_later_packet_of_it() -> None:
    """Packets arrive in any order; height and sequence say which one counts."""
    check_newer(5, 2, None)
    check_newer(5, 2, (5, 1))
    check_newer(6, 1, (5, 9))
    for height, sequence in ((5, 1), (4, 9)):
        with pytest.raises(OperationFailed, match="newer"):
            check_newer(height, sequence, (5, 1))


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_code(value: bytes) -> None:
    """Whatever a chain writes into a packet, nodes go on."""
    desk = Desk()
    before = dict(desk.content())
    for port in PORTS:
        assert desk.hear(port, value) == "relay-value-malformed"
    assert desk.content() == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=8) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=12,
)


@given(st.data(), st.sampled_from(MESSAGES))
def test_message_with_any_field_replaced_ends_in_a_code(data: st.DataObject, chosen: tuple[object, object]) -> None:
    """Values of every type in every place: a refusal or a record, never a halt."""
    port, message = chosen
    fields = list(msgspec.msgpack.decode(encode(message)))
    place = data.draw(st.integers(0, len(fields) - 1))
    if isinstance(fields[place], list) and data.draw(st.booleans()):
        inner = list(fields[place])
        inner[data.draw(st.integers(0, len(inner) - 1))] = data.draw(JSON)
        fields[place] = inner
    else:
        fields[place] = data.draw(JSON)
    code = Desk().hear(port, encode(fields))  # type: ignore[arg-type]
    assert code == "ok" or code in CODES


def test_canonical_message_reads_back() -> None:
    """What one chain writes the other reads."""
    decode = msgspec.msgpack.Decoder(AssetMessage).decode
    assert read_message(decode, encode(offered())) == offered()
    assert theirs("member") in repr(offered())
