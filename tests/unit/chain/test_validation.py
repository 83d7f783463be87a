"""What a voter vouches for when it prepares a fresh block (SPEC R2): every rule, one at a time."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.chain.candidate import Candidate
from chainnode.chain.surroundings import Surroundings
from chainnode.chain.validation import (
    check_fresh,
    check_last_certificate,
    check_misbehaviour,
    check_place,
    check_roots,
)
from chainnode.codec.canonical import encode
from chainnode.errors import ChainError, Rejected
from chainnode.types.block import Header, block_hash
from chainnode.types.transaction import Transaction
from consensus.certificates import encode_certificate
from contracts.governance.record import misbehaviour_key
from contracts.kernel.registry import describe
from tests.support.local_chain import CONSENSUS_KEYS, LocalChain, certificate_of, double_vote, forged, transaction

CHAIN = LocalChain()
CHAIN.extend(1)
NOW = CHAIN.now_ms
FIELDS = {
    "version": "header-version",
    "chain_id": "header-chain",
    "epoch": "header-epoch",
    "height": "header-height",
    "parent_hash": "header-parent",
    "proposer": "header-proposer",
    "prev_state_root": "header-state-root",
    "prev_results_root": "header-results-root",
    "history_root": "header-history-root",
    "validators_hash": "header-validators",
    "next_validators_hash": "header-next-validators",
}
"""Header fields that have exactly one right value, with the code of a wrong one."""


def _with(candidate: Candidate, **changes: object) -> Candidate:
    header = msgspec.structs.replace(candidate.header, **changes)
    data = encode(header)
    return replace(candidate, header=header, header_bytes=data, block_hash=block_hash(data))


def _code(candidate: Candidate, *, around: Surroundings | None = None, leader: int = 0, now_ms: int = NOW) -> str:
    try:
        check_fresh(candidate, around or CHAIN.ledger.surroundings, leader=leader, now_ms=now_ms)
    except ChainError as error:
        return error.code
    return "ok"


def test_fresh_block_of_the_leader_is_accepted() -> None:
    """A correct leader's block satisfies every rule, empty or not."""
    assert _code(CHAIN.build(2, 3)) == "ok"
    assert _code(CHAIN.build()) == "ok"
    assert CHAIN.ledger.fresh_fault(CHAIN.build(2), 0, NOW) is None


@pytest.mark.parametrize("field", FIELDS)
def test_block_with_one_wrong_header_field_is_refused_by_name(field: str) -> None:
    """The first field that is wrong names the refusal."""
    candidate = CHAIN.build(2)
    found = getattr(candidate.header, field)
    wrong = found + 1 if isinstance(found, int) else "other-chain" if isinstance(found, str) else bytes(32)
    assert _code(_with(candidate, **{field: wrong})) == FIELDS[field]
    assert CHAIN.ledger.fresh_fault(_with(candidate, **{field: wrong}), 0, NOW) == FIELDS[field]


_mutations = st.sampled_from(sorted(FIELDS)).flatmap(
    lambda field: st.tuples(
        st.just(field),
        st.integers(0, 2**53)
        if field in {"version", "epoch", "height"}
        else st.integers(0, 99)
        if field == "proposer"
        else st.text("abc-", max_size=20)
        if field == "chain_id"
        else st.binary(min_size=32, max_size=32),
    )
)


@given(_mutations)
def test_any_other_value_of_a_bound_field_is_refused(mutation: tuple[str, object]) -> None:
    """Nothing in a header is decoration: one field changed is one block refused."""
    field, value = mutation
    candidate = CHAIN.build(2)
    expected = "ok" if getattr(candidate.header, field) == value else FIELDS[field]
    assert _code(_with(candidate, **{field: value})) == expected


def test_proposer_must_be_the_leader_of_the_view() -> None:
    """A fresh block's header names the leader that sent it."""
    assert _code(CHAIN.build(2, proposer=1), leader=0) == "header-proposer"
    assert _code(CHAIN.build(2, proposer=1), leader=1) == "ok"


def test_block_time_must_lie_between_parent_and_drift_limits() -> None:
    """Block time: proposer's clock, above the parent's, within drift limits that voters check on fresh proposals."""
    tip, parameters = CHAIN.ledger.tip, CHAIN.ledger.surroundings.parameters
    candidate = CHAIN.build(2)
    time_ms = candidate.header.time_ms
    for now_ms, code in (
        (time_ms - parameters.clock_ahead_ms, "ok"),
        (time_ms - parameters.clock_ahead_ms - 1, "time-ahead"),
        (time_ms + parameters.clock_behind_ms, "ok"),
        (time_ms + parameters.clock_behind_ms + 1, "time-behind"),
    ):
        assert _code(candidate, now_ms=now_ms) == code
    assert _code(_with(candidate, time_ms=tip.time_ms)) == "time-not-after-parent"
    assert _code(_with(candidate, time_ms=tip.time_ms - 1)) == "time-not-after-parent"
    assert _code(_with(candidate, time_ms=tip.time_ms + 1), now_ms=tip.time_ms) == "ok"


PROOF = double_vote(CHAIN, 3, height=1)


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ((b"x",), "equivocation-malformed"),
        ((PROOF, PROOF), "equivocation-known"),
        ((double_vote(CHAIN, 3, height=1, signer=2),), "equivocation-signature"),
        ((double_vote(CHAIN, 3, height=1, second_signer=2),), "equivocation-signature"),
        ((double_vote(CHAIN, 3, height=3),), "equivocation-age"),
        ((double_vote(CHAIN, 3, height=1, epoch=1),), "equivocation-epoch"),
        ((PROOF,), "ok"),
        ((PROOF, double_vote(CHAIN, 2, height=2)), "ok"),
    ],
    ids=["unreadable", "twice", "by-another", "half", "future", "epoch", "one", "two"],
)
def test_misbehaviour_counts_only_when_it_is_proved_and_new(items: tuple[bytes, ...], code: str) -> None:
    """R10: shape, set, age and both signatures; false or partial evidence against an honest validator never passes."""
    assert _code(CHAIN.ledger.build(0, [], NOW, items)) == code
    assert (CHAIN.ledger.misbehaviour_fault(items) or "ok") == code


def test_misbehaviour_goes_into_one_block_and_costs_the_lead() -> None:
    """R10: once on the chain the accused leads no more, also after a restart, and is not accused again."""
    chain = LocalChain()
    chain.extend()
    item = double_vote(chain, 3, height=1)
    chain.commit(chain.ledger.build(0, [], chain.now_ms, (item,)))
    for ledger in (chain.ledger, chain.reopened()):
        assert ledger.surroundings.leadership.suspended == (3,)
        assert ledger.misbehaviour_fault((item,)) == "equivocation-known"
        assert ledger.misbehaviour_fault((double_vote(chain, 3, height=2),)) == "equivocation-known"
        assert ledger.misbehaviour_fault((double_vote(chain, 2, height=2),)) is None
    key = CONSENSUS_KEYS[3].public_key
    value = chain.ledger.committed_state().get(misbehaviour_key(key, 1))
    assert value is not None
    record = describe(misbehaviour_key(key, 1), value)
    assert (record["name"], record["message"], record["height"], record["reported_height"]) == (
        "validator-3", "PREPARE", 1, 2,
    )


def test_misbehaviour_of_long_ago_is_refused() -> None:
    """R10: no older than transactions may be, so that what must be remembered is bounded."""
    window = CHAIN.ledger.validity_window
    tip = replace(CHAIN.ledger.tip, height=window + 1)
    around = replace(CHAIN.ledger.surroundings, tip=tip)
    with pytest.raises(Rejected) as caught:
        check_misbehaviour((PROOF,), around)
    assert caught.value.code == "equivocation-age"


def test_block_decided_in_a_later_view_costs_the_silent_leader_its_turns() -> None:
    """R12: told by the certificate inside the next header, not by anybody's clock."""
    chain = LocalChain()
    first = chain.build()
    chain.ledger.commit(first, encode_certificate(certificate_of(first, view=1)))
    assert chain.ledger.surroundings.leadership.suspended == ()
    chain.extend()
    for ledger in (chain.ledger, chain.reopened()):
        assert ledger.surroundings.leadership.suspended == (1,)


def test_last_certificate_must_be_there_and_valid() -> None:
    """Another valid certificate than ours is accepted: each quorum may have its own."""
    candidate = CHAIN.build(2)
    parent = CHAIN.ledger.store.block(1)
    assert parent is not None
    assert _code(replace(candidate, last_certificate=b"")) == "last-certificate-missing"
    assert _code(replace(candidate, last_certificate=b"\x00")) == "certificate-malformed"
    assert _code(replace(candidate, last_certificate=encode_certificate(certificate_of(candidate)))) == (
        "certificate-mismatch"
    )


def test_other_quorum_of_the_parent_certifies_it_as_well() -> None:
    """The tip's certificate known here is one of several; what counts is that it verifies."""
    chain = LocalChain()
    parent = chain.extend(1)
    candidate = chain.build(2)
    for signers, code in (((1, 2, 3), "ok"), ((2, 3), "certificate-no-quorum")):
        other = replace(candidate, last_certificate=encode_certificate(certificate_of(parent, signers=signers)))
        assert _code(other, around=chain.ledger.surroundings, now_ms=chain.now_ms) == code


def test_first_block_carries_no_certificate() -> None:
    """The genesis block is agreed on by definition."""
    chain = LocalChain()
    candidate = chain.build(1)
    check_last_certificate(candidate, chain.ledger.surroundings)
    with pytest.raises(Rejected) as caught:
        check_last_certificate(replace(candidate, last_certificate=b"\x01"), chain.ledger.surroundings)
    assert caught.value.code == "last-certificate-genesis"


def _block_of(transactions: list[Transaction]) -> Candidate:
    return CHAIN.ledger.build(0, transactions, NOW)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: [transaction(9, chain_id="elsewhere")], "wrong-chain"),
        (lambda: [transaction(9, valid_until=1)], "expired"),
        (lambda: [transaction(9, valid_until=2)], "ok"),
        (lambda: [transaction(9, valid_until=1_001)], "ok"),
        (lambda: [transaction(9, valid_until=1_002)], "expiry-too-far"),
        (lambda: [transaction(9), transaction(8), transaction(9)], "replayed"),
        (lambda: [transaction(9), forged(transaction(9))], "replayed"),
    ],
)  # fmt: skip
def test_block_is_refused_for_what_one_of_its_transactions_is(make: Callable[[], list[Transaction]], code: str) -> None:
    """Chain, expiry and uniqueness decide validity of the block, not only admission."""
    assert _code(_block_of(make())) == code


def test_transaction_of_an_earlier_block_is_refused() -> None:
    """Replay is stopped by tx_id uniqueness inside the validity window."""
    committed = CHAIN.ledger.store.block(1)
    assert committed is not None
    first = transaction(1, valid_until=50)
    assert CHAIN.ledger.height_of(first.tx_id) == 1
    candidate = CHAIN.build(2)
    smuggled = replace(candidate, transactions=[first])
    header = {"body_bytes": len(first.envelope)}
    assert _code(_with(smuggled, **header)) == "replayed"


def test_block_size_is_what_its_envelopes_weigh_and_within_the_parameters() -> None:
    """Sizes are on-chain parameters: a leader cannot stretch them, nor lie about them."""
    candidate = CHAIN.build(2, 3)
    assert _code(_with(candidate, body_bytes=candidate.header.body_bytes + 1)) == "block-bytes"
    around = CHAIN.ledger.surroundings
    few = msgspec.structs.replace(around.parameters, block_transactions_max=1)
    assert _code(candidate, around=replace(around, parameters=few)) == "block-transactions"
    small = msgspec.structs.replace(around.parameters, block_bytes_max=candidate.header.body_bytes - 1)
    assert _code(candidate, around=replace(around, parameters=small)) == "block-too-large"
    exact = msgspec.structs.replace(
        around.parameters, block_transactions_max=2, block_bytes_max=candidate.header.body_bytes
    )
    assert _code(candidate, around=replace(around, parameters=exact)) == "ok"


def test_block_asks_for_no_more_work_than_the_parameters_allow() -> None:
    """A block of 10,000 distributions among 64 payees would keep every node busy for seconds."""
    candidate = CHAIN.build(2, 3)
    around = CHAIN.ledger.surroundings
    work = sum(item.work for item in candidate.transactions)
    assert work == sum(len(item.operations) for item in candidate.transactions) > 1
    less = msgspec.structs.replace(around.parameters, block_work_max=work - 1)
    assert _code(candidate, around=replace(around, parameters=less)) == "block-work"
    enough = msgspec.structs.replace(around.parameters, block_work_max=work)
    assert _code(candidate, around=replace(around, parameters=enough)) == "ok"


def test_decided_block_is_checked_for_place_and_roots_only() -> None:
    """A decided block is checked against the certificate and our own state, never against the clock."""
    old = _with(CHAIN.build(2), time_ms=1)
    check_place(old.header, CHAIN.ledger.surroundings)
    check_roots(old.header, CHAIN.ledger.tip)
    assert isinstance(old.header, Header)
