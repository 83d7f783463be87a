from typing import Any

import pytest

from chainnode.errors import StoreCorrupt
from chainnode.state.overlay import Overlay
from chainnode.types.parameters import ChainParameters
from contracts.governance.queries import read_node_names, read_observers, read_parameters, read_validators
from tests.unit.contracts.world import World, did_of, key_of


def test_founders_settings_are_read_back() -> None:
    overlay = World().overlay
    assert read_parameters(overlay) == ChainParameters()
    assert [validator.name for validator in read_validators(overlay).validators] == ["v0"]
    assert [(observer.name, observer.did) for observer in read_observers(overlay)] == [("watcher", did_of("member"))]
    assert read_node_names(overlay) == {key_of("node").public_key: "v0", key_of("observer").public_key: "watcher"}


@pytest.mark.parametrize("read", [read_parameters, read_validators, read_observers])
def test_state_without_genesis_says_so(read: Any) -> None:
    with pytest.raises(StoreCorrupt) as found:
        read(Overlay(lambda _key: None))
    assert found.value.code == "state-incomplete"
