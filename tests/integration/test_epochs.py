"""A consortium that changes while it works: real nodes join, leave and are replaced when an epoch ends, under load."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from chainnode.chain.certificate import open_certificate
from chainnode.cli.testnet.extension import join_proof
from chainnode.crypto.ed25519 import SigningKey
from chainnode.net.channel import Channel
from chainnode.node.key_file import write_key
from chainnode.node.wiring import Node
from chainnode.proofs.verifier import verify_bundle
from chainnode.types.parameters import ChainParameters
from consensus.messages import Prepare, PrePrepare, decode_message, encode_message
from consensus.signing import signed_bytes, with_signature
from contracts.governance.operations import AddValidator, ReadmitLeader, RemoveValidator, ReplaceValidator
from contracts.governance.queries import read_checkpoints
from tests.support.cluster import CHAIN_ID, Cluster, cluster, until

PARAMETERS = ChainParameters(
    idle_block_ms=150, view_timeout_ms=800, view_timeout_max_ms=2_000, resend_ms=300, epoch_blocks=10
)
"""An epoch lasts a second or two, a dead leader costs less."""


@asynccontextmanager
async def load(net: Cluster, via: str = "validator-0") -> AsyncIterator[list[bytes]]:
    """Small transactions all the time; at the end every one of them is committed."""
    sent: list[bytes] = []

    async def work() -> None:
        number = 1
        while True:
            (answer,) = await net.nodes[via].service.submit([net.envelope(number, valid_for=400)])
            assert answer.outcome == "accepted", answer
            sent.append(answer.tx_id)
            number += 1
            await asyncio.sleep(0.05)

    task = asyncio.create_task(work())
    try:
        yield sent
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    places = await net.nodes[via].service.wait_committed(sent, 20_000)
    assert None not in places.values()


def members(net: Cluster, via: str) -> list[str]:
    return [member.name for member in net.nodes[via].ledger.validators.validators]


async def epoch(net: Cluster, number: int, *names: str) -> None:
    """Until these nodes (all by default) and their cores are in the epoch."""
    nodes = [net.nodes[name] for name in names or net.nodes]
    await until(lambda: all(node._driver.replica.validators.epoch >= number for node in nodes), 30)


def tap(node: Node, passes: Callable[[bytes], bool]) -> None:
    """Show ``passes`` everything the node says to all validators; what it answers False to is lost."""
    send = node._links.to_validators

    def say(payload: bytes) -> None:
        if passes(payload):
            send(payload)

    setattr(node._links, "to_validators", say)  # noqa: B010 - a method is replaced, which no type allows


async def until_signs(net: Cluster, index: int, via: str = "validator-0") -> None:
    """Until the newest certificate holds the signature of this member."""
    ledger = net.nodes[via].ledger
    await until(lambda: index in open_certificate(ledger.surroundings.tip_certificate).signer_indexes(), 20)


async def test_observer_becomes_a_validator_under_load_and_proofs_cross_the_epoch(tmp_path: Path) -> None:
    """E1-E6: admitted, synced, added; it votes with the next epoch; proofs from both need the genesis hash only."""
    async with cluster(tmp_path, parameters=PARAMETERS) as net, load(net) as sent:
        await until(lambda: len(sent) > 3)
        await net.join("newcomer")
        assert net.nodes["newcomer"].service.role == "observer"
        entry = net.validator("newcomer")
        assert await net.govern(AddValidator(entry, net.proof("newcomer"))) == "ok"
        await epoch(net, 1)
        assert members(net, "newcomer") == [f"validator-{n}" for n in range(4)] + ["newcomer"]
        await until_signs(net, 4)
        assert net.nodes["newcomer"].service.role == "validator"
        await until(lambda: len(sent) > 40, 20)
        queries = net.nodes["newcomer"].service.queries
        genesis_hash = bytes.fromhex(net.manifest.genesis_hash)
        await until(lambda: queries.tip().height > (queries.locate(sent[35]) or (2**53, 0))[0])
        for tx_id in (sent[0], sent[35]):
            found = verify_bundle(queries.prove_transaction(tx_id), genesis_hash=genesis_hash)
            assert found.tx_id == tx_id
            assert (found.validators_signed or 0) >= (3 if tx_id == sent[0] else 4)
        assert all(node.service.halted is None for node in net.nodes.values())


async def test_removed_validator_follows_and_its_votes_count_for_nothing(tmp_path: Path) -> None:
    """E2, S38: it goes on as an observer; whatever it still signs for the old set dies at the filter."""
    async with cluster(tmp_path, parameters=PARAMETERS) as net, load(net):
        await until(lambda: min(net.heights().values()) >= 3)
        assert await net.govern(RemoveValidator(net.validator("validator-3").consensus_key)) == "ok"
        removed = net.nodes["validator-3"]
        old: list[bytes] = []

        def listen(payload: bytes) -> bool:
            old.append(payload)
            return True

        tap(removed, listen)
        await epoch(net, 1)
        await until(lambda: removed.service.role == "observer")
        assert removed._driver.replica.own_index is None
        assert members(net, "validator-0") == ["validator-0", "validator-1", "validator-2"]
        filtered = net.nodes["validator-0"]._gate.filtered
        votes = [payload for payload in old if hasattr(decode_message(payload), "epoch")]
        before = filtered["wrong_epoch"]
        removed._links.to_peer(net.nodes["validator-0"]._network._own_key, encode_message(decode_message(votes[-1])))
        await until(lambda: filtered["wrong_epoch"] > before)
        tip = max(net.heights().values())
        await until(lambda: removed.ledger.tip.height > tip + 5, 20)
        assert removed.service.halted is None


async def test_validator_is_replaced_by_a_node_that_was_made_for_it(tmp_path: Path) -> None:
    """E5: one change, in the same place; a dead machine is replaced without a moment below the quorum."""
    async with cluster(tmp_path, parameters=PARAMETERS) as net, load(net):
        await net.join("spare")
        await net.stop("validator-2")
        operation = ReplaceValidator(
            net.validator("validator-2").consensus_key, net.validator("spare"), net.proof("spare")
        )
        assert await net.govern(operation) == "ok"
        await epoch(net, 1)
        assert members(net, "spare") == ["validator-0", "validator-1", "spare", "validator-3"]
        await until_signs(net, 2)


async def test_view_changes_at_the_last_and_the_first_block_of_an_epoch(tmp_path: Path) -> None:
    """S37: both blocks are decided in a later view, by the old set and by the new one, the joiner among it."""
    async with cluster(tmp_path, parameters=PARAMETERS) as net:
        await until(lambda: min(net.heights().values()) >= 1)
        await net.join("newcomer")
        assert await net.govern(AddValidator(net.validator("newcomer"), net.proof("newcomer"))) == "ok"
        last = max(net.heights().values()) // 10 * 10 + 10

        def passes(payload: bytes) -> bool:
            message = decode_message(payload)
            return not (isinstance(message, PrePrepare) and message.height in {last, last + 1} and not message.view)

        for node in net.nodes.values():
            tap(node, passes)
        await epoch(net, 1)
        await net.until_height(last + 3, 30)
        found = [net.certificate(height, "newcomer") for height in (last, last + 1, last + 2)]
        assert [(one.epoch, one.view > 0) for one in found[:2]] == [(0, True), (1, True)]
        assert found[2].epoch == 1
        assert len({node.ledger.store.header(last + 2) for node in net.nodes.values()}) == 1


async def test_node_that_slept_through_epochs_catches_up_and_votes(tmp_path: Path) -> None:
    """E4: it knows only the set it fell asleep with; the end of each epoch, certified by that set, leads it on."""
    async with cluster(tmp_path, parameters=PARAMETERS) as net, load(net):
        await until(lambda: min(net.heights().values()) >= 3)
        await net.stop("validator-3")
        for name in ("first", "second"):
            await net.join(name)
            assert await net.govern(AddValidator(net.validator(name), net.proof(name))) == "ok"
            await epoch(net, 1 if name == "first" else 2)
        await net.start("validator-3")
        await epoch(net, 2)
        assert members(net, "validator-3") == [f"validator-{n}" for n in range(4)] + ["first", "second"]
        await until_signs(net, 3)


async def test_dead_leader_costs_one_time_out_and_then_none(tmp_path: Path) -> None:
    """R12: skipped once, it does not lead for 64 heights; nobody waits for it again meanwhile."""
    async with cluster(tmp_path, parameters=PARAMETERS) as net, load(net):
        await until(lambda: min(net.heights().values()) >= 3)
        await net.stop("validator-2")
        table = lambda: net.nodes["validator-0"].ledger.surroundings.leadership  # noqa: E731
        await until(lambda: table().suspended == (2,), 20)
        first = net.heights()["validator-0"] + 1
        await net.until_height(first + 30, 30)
        assert {net.certificate(height).view for height in range(first, first + 30)} == {0}
        await net.start("validator-2")
        await net.until_equal()
        assert net.nodes["validator-2"]._driver.replica._state.suspended == (2,)


async def test_equivocator_is_named_on_chain_and_leads_no_more_until_readmitted(tmp_path: Path) -> None:
    """R10, S05: two PREPAREs for one place; the proof goes into a block of whoever saw both."""
    async with cluster(tmp_path, parameters=PARAMETERS) as net, load(net):
        await until(lambda: min(net.heights().values()) >= 3)
        guilty = net.nodes["validator-1"]
        key = net.consensus_key("validator-1")

        def equivocate(payload: bytes) -> bool:
            message = decode_message(payload)
            if isinstance(message, Prepare):
                other = msgspec.structs.replace(message, block_hash=b"x" * 32)
                signed = with_signature(other, key.sign(signed_bytes(other)))
                guilty._network.broadcast(Channel.CONSENSUS, encode_message(signed), "validators")
            return True

        tap(guilty, equivocate)
        nodes = net.nodes.values()
        await until(lambda: all(node.ledger.surroundings.leadership.excluded == (1,) for node in nodes), 20)
        record = net.nodes["validator-0"].ledger.store.state_range(b"governance/misbehaviour/")
        assert len(record) == 1
        assert key.public_key.hex() in record[0][0].decode()
        assert await net.govern(ReadmitLeader(key.public_key)) == "ok"
        assert all(node.service.halted is None for node in nodes)


async def test_validator_takes_up_its_new_key_when_the_epoch_begins_that_names_it(tmp_path: Path) -> None:
    """E5, E6: replaced by itself with another key, under load and without a restart; no place is signed twice."""
    async with cluster(tmp_path, parameters=PARAMETERS) as net, load(net):
        await until(lambda: min(net.heights().values()) >= 3)
        name = "validator-2"
        await net.stop(name)
        next_file = net.folder / name / "next-key.json"
        await net.start(name, keys__next_consensus_key_file=str(next_file))
        new_key = SigningKey(secrets.token_bytes(32))
        write_key(next_file, new_key, name="next", passphrase=None)
        old = net.nodes[name].ledger.validators.validators[2]
        entry = msgspec.structs.replace(old, consensus_key=new_key.public_key)
        node = net.nodes[name]
        said: dict[tuple[object, ...], set[bytes]] = {}

        def listen(payload: bytes) -> bool:
            message = decode_message(payload)
            if isinstance(message, Prepare | PrePrepare):
                place = (type(message), message.height, message.view)
                said.setdefault(place, set()).add(message.block_hash)
            return True

        tap(node, listen)
        checkpoint = read_checkpoints(node.ledger.committed_state()).checkpoints[-1]
        proof = join_proof(CHAIN_ID, entry, new_key, checkpoint.height, checkpoint.block_hash)
        assert await net.govern(ReplaceValidator(old.consensus_key, entry, proof)) == "ok"
        await epoch(net, 1)
        await until_signs(net, 2)
        assert net.nodes["validator-0"].ledger.validators.validators[2].consensus_key == new_key.public_key
        assert node._driver.replica.own_index == 2
        assert all(len(hashes) == 1 for hashes in said.values())
        # A restart knows both keys too; nothing is in doubt.
        await net.stop(name)
        node = await net.start(name, keys__next_consensus_key_file=str(next_file))
        tip = net.heights()["validator-0"]
        await net.until_height(tip + 2, 20)
        await until_signs(net, 2)
        assert node.service.halted is None
