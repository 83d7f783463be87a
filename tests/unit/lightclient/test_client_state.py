"""What a client keeps, and what is submitted to it."""

import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.lightclient.client_state import (
    ClientOptions,
    decode_client_options,
    decode_consensus_state,
    decode_untrusted,
)
from tests.support.light_chain import LightChain, turning_chain


@pytest.fixture(scope="module")
def chain() -> LightChain:
    return turning_chain()


def test_values_are_read_as_they_were_written(chain: LightChain) -> None:
    """Canonical bytes, so a contract can keep them."""
    state, update = chain.trusted(3), chain.update(2, 8)
    assert decode_consensus_state(encode(state)) == state
    assert decode_untrusted(encode(update)) == update
    assert decode_client_options(encode(chain.options)) == chain.options
    with pytest.raises(DecodeError):
        decode_untrusted(encode([*msgspec.to_builtins(update), 1]))


def test_next_epoch_begins_when_the_header_names_another_set(chain: LightChain) -> None:
    """SPEC E1: another set only in the last header of an epoch."""
    assert [chain.trusted(height).next_epoch for height in (0, 2, 3, 4, 5, 6)] == [0, 0, 1, 1, 1, 2]


@pytest.mark.parametrize(
    "fields",
    [
        {"chain_id": ""},
        {"genesis_hash": b"short"},
        {"trusting_period_ms": 0},
        {"clock_drift_ms": -1},
        {"trust_numerator": 0},
        {"trust_denominator": 101},
    ],
)
def test_options_are_refused_when_out_of_bounds(chain: LightChain, fields: dict[str, object]) -> None:
    """Agreed once and kept for years."""
    with pytest.raises(DecodeError):
        decode_client_options(encode(msgspec.structs.replace(chain.options, **fields)))
    assert isinstance(chain.options, ClientOptions)
