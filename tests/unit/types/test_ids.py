"""Names of things on the ledger."""

import pytest

from chainnode.types.ids import did_chain, did_of_key, is_chain_id


@pytest.mark.parametrize("name", ["a", "devnet", "data.exchange-1_x", "0" * 48])
def test_chain_name_is_accepted(name: str) -> None:
    """1-48 of a-z0-9._-, beginning and ending with a letter or digit."""
    assert is_chain_id(name)


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", ".a", "a:b", "a/b", "a b", "a\n", "ä", "0" * 49])
def test_chain_name_is_refused(name: str) -> None:
    """It stands inside DIDs and URLs: no separator, no capital, no line end."""
    assert not is_chain_id(name)


def test_did_follows_from_chain_and_first_key() -> None:
    """did:cnode:<chain_id>:<id>: nobody can claim another's name; frozen, since signatures name it."""
    did = did_of_key("devnet", bytes(32))
    assert did == "did:cnode:devnet:" + GOLDEN
    assert did_of_key("devnet", bytes(31) + b"\x01") != did
    assert did_chain(did) == "devnet"


GOLDEN = "ngqwcdudxldb64ls6u2ezn737ew5p6tm"


@pytest.mark.parametrize(
    "did",
    [
        "",
        "did:web:example",
        "did:cnode:devnet:" + "a" * 31,
        "did:cnode:devnet:" + "a" * 33,
        "did:cnode:devnet:" + "A" * 32,
        "did:cnode:devnet:" + "1" * 32,
        "did:cnode::" + "a" * 32,
        "did:cnode:-x:" + "a" * 32,
        "did:cnode:devnet:" + "a" * 32 + "\n",
        "xdid:cnode:devnet:" + "a" * 32,
    ],
)
def test_text_that_is_no_did_belongs_to_no_chain(did: str) -> None:
    """None for anything but a well-formed DID of this method."""
    assert did_chain(did) is None
