"""Core and model, rule by rule: for anything hypothesis makes of signed messages, both say the same."""

from collections import Counter
from hashlib import sha256
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from consensus import justification as core_justification
from consensus import leader as core_leader
from consensus import quorum as core_quorum
from consensus import vote_book
from consensus.certificates import COMMIT, PREPARE, certificate_claims, check_certificate, make_certificate
from consensus.journal import NOTHING_SIGNED, SignPosition, SignState
from consensus.messages import NOTHING_PREPARED, Commit, Justification, Prepare, PrePrepare, ViewChange
from consensus.signing import required, signed_bytes, with_signature
from tests.model import rules
from tests.model.judged import reader_of
from tests.simulation.host import CHAIN_ID
from tests.simulation.keys import Keys

HEIGHT = 5
SIZES = (4, 5, 7)
KEYS = {size: Keys(size) for size in SIZES}
BLOCKS = [sha256(name).digest() for name in (b"a", b"b")]
blocks = st.sampled_from(BLOCKS)
views = st.integers(0, 3)


def test_numbers_are_those_of_the_specification():
    """Numbers: f, q and f + 1 by definition, for every size a set may have."""
    for size in range(1, 129):
        assert core_quorum.faults_max(size) == rules.faults(size)
        assert core_quorum.quorum_of(size) == rules.quorum(size)
        assert core_quorum.quorum_of(size) <= size - rules.faults(size)


@given(st.integers(1, 128), st.integers(1, 10_000), st.integers(0, 200), st.sets(st.integers(0, 127), max_size=130))
def test_leaders_are_those_of_the_specification(size, height, view, suspended):
    """R12: rotation over the set minus the suspended."""
    members = tuple(sorted(member for member in suspended if member < size))

    assert core_leader.leader(size, height, view, members) == rules.leader(size, height, view, members)


def _signed(keys, message, key=None):
    return with_signature(message, keys.sign(message.sender if key is None else key, signed_bytes(message)))


def _made(kind: Any, keys, view, sender, *added, height=HEIGHT, epoch=0) -> Any:
    return kind(CHAIN_ID, epoch, keys.validators.hash, height, view, sender, *added)


@st.composite
def certificates(draw, size, kind=PREPARE):
    """A certificate by some members, sound or wrong in one way."""
    keys = KEYS[size]
    wrong = draw(st.sampled_from([*[None] * 12, "kind", "signature", "epoch", "height", "padding", "scheme",
                                  "stranger", "fewer", "other signer"]))  # fmt: skip
    view, block, height = draw(views), draw(blocks), HEIGHT - (wrong == "height")
    vote = Commit if (kind is COMMIT) != (wrong == "kind") else Prepare
    signers = sorted(draw(st.sets(st.integers(0, size - 1), min_size=rules.quorum(size) - 1)))
    signed = [_signed(keys, _made(vote, keys, view, index, block, height=height)) for index in signers]
    votes = [(message.sender, message.signature) for message in signed]
    if wrong == "stranger":
        votes.append((size, votes[0][1]))
    made = make_certificate(kind, votes, epoch=int(wrong == "epoch"), height=height, view=view, block_hash=block)
    match wrong:
        case "signature":
            made = msgspec.structs.replace(made, signatures=(*made.signatures[:-1], b"!" * 64))
        case "padding":
            made = msgspec.structs.replace(made, signers=made.signers + b"\0")
        case "scheme":
            made = msgspec.structs.replace(made, scheme=0)
        case "fewer":
            made = msgspec.structs.replace(made, signatures=made.signatures[:-1])
        case "other signer":
            bits = int.from_bytes(made.signers, "little") ^ 0b11
            made = msgspec.structs.replace(made, signers=bits.to_bytes(1, "little"))
    return made


def _core_accepts_certificate(made, keys, kind):
    validators = keys.validators
    if check_certificate(made, validators, kind=kind, chain_id=CHAIN_ID) is not None:
        return False
    return all(map(keys.verifies, certificate_claims(made, validators, CHAIN_ID)))


@settings(max_examples=200)
@given(st.data(), st.sampled_from(SIZES), st.sampled_from([PREPARE, COMMIT]))
def test_certificates_are_judged_alike(data, size, kind):
    """Certificates: kind, form, members, q, and every signature."""
    made = data.draw(certificates(size, kind))
    step = rules.Step.PREPARE if kind is PREPARE else rules.Step.COMMIT
    read = reader_of(KEYS[size]).certificate(made)
    assert read is not None

    assert _core_accepts_certificate(made, KEYS[size], kind) == rules.certificate_holds(read, step, size)


@st.composite
def view_changes(draw, size, view, sender, locks, honest=False):
    """What ``sender`` says it prepared: nothing, something of ``locks``, or something made up."""
    keys = KEYS[size]
    lock = draw(st.sampled_from([None, *locks]))
    prepared = (NOTHING_PREPARED, b"") if lock is None else (lock.view, lock.block_hash)
    if not honest and draw(st.integers(0, 7)) == 0:
        prepared = (draw(st.integers(-1, 4)), draw(st.sampled_from([*BLOCKS, b""])))
    key = sender if honest or draw(st.integers(0, 15)) else (sender + 1) % size
    seldom = st.just(0) if honest else st.sampled_from([0] * 12 + [1])
    message = _made(ViewChange, keys, view + draw(seldom), sender, *prepared, height=HEIGHT + draw(seldom),
                    epoch=draw(seldom))  # fmt: skip
    message = _signed(keys, message, key)
    carried = draw(st.sampled_from([lock, lock, lock, None, *locks]))
    return message, msgspec.structs.replace(message, certificate=carried)


@settings(max_examples=200)
@given(st.data(), st.sampled_from(SIZES))
def test_view_changes_are_judged_alike(data, size):
    """R6: what a VIEW_CHANGE claims as prepared is proved by its certificate."""
    keys = KEYS[size]
    locks = data.draw(st.lists(certificates(size), max_size=2))
    _, message = data.draw(view_changes(size, data.draw(views), data.draw(st.integers(0, size - 1)), locks))
    at_home = (message.epoch, message.height) == (0, HEIGHT)

    core = core_justification.check_view_change(message, keys.validators) is None and all(
        map(keys.verifies, required(message, keys.validators))
    )

    assert (core and at_home) == (reader_of(keys).valid(message) and at_home)


@st.composite
def proposals(draw, size):
    """A PRE_PREPARE with reasons of its own making; half of them honest, in the others any part may be wrong."""
    keys, honest = KEYS[size], draw(st.booleans())
    view = draw(st.integers(0, 4))
    sender = (HEIGHT + view) % size
    locks = draw(st.lists(certificates(size), max_size=2))
    if honest:
        locks = [lock for lock in locks if lock.view < view and _core_accepts_certificate(lock, keys, PREPARE)]
    senders = draw(st.permutations(range(size)))[: draw(st.sampled_from([size, rules.quorum(size)]))]
    if honest or draw(st.integers(0, 7)):
        senders = sorted(senders)
    elif draw(st.booleans()):
        senders = [*senders[:-1], senders[0]]
    items = [draw(view_changes(size, view, member, locks, honest)) for member in senders]
    if not honest and draw(st.integers(0, 7)) == 0:
        items = items[1:]
    stripped = tuple(bare if honest or draw(st.integers(0, 20)) else full for bare, full in items)
    claimed = max(stripped, key=lambda item: item.prepared_view)
    highest = next((lock for lock in locks if lock.view == claimed.prepared_view), None)
    if not honest:
        highest = draw(st.sampled_from([highest, highest, highest, None, *locks]))
    wanted = view > 0 if honest else draw(st.booleans()) if view == 0 else draw(st.integers(0, 9)) > 0
    reason = Justification(stripped, highest) if wanted else None
    block = draw(blocks)
    if highest is not None and (honest or draw(st.integers(0, 3))):
        block = highest.block_hash
    return _signed(keys, _made(PrePrepare, keys, view, sender, block, b"proposal", reason))


@settings(max_examples=250)
@given(st.data(), st.sampled_from(SIZES))
def test_justifications_are_judged_alike(data, size):
    """R2: valid justification and highest prepared, the rule that keeps a decision from being undone."""
    keys = KEYS[size]
    message = data.draw(proposals(size))

    core = core_justification.check_justification(message, keys.validators) is None and all(
        map(keys.verifies, required(message, keys.validators))
    )

    assert core == reader_of(keys).valid(message)


def test_made_up_proposals_are_valid_and_invalid_often_enough():
    """The test above means something: it finds valid proposals above view 0, fresh and repeated, and bad ones."""
    found: Counter[tuple[bool, bool, bool]] = Counter()

    @settings(max_examples=200, database=None, derandomize=True)
    @given(st.data())
    def collect(data):
        message = data.draw(proposals(4))
        proposal = reader_of(KEYS[4]).proposal(message)
        found[message.view > 0, rules.must_be_fresh(proposal), reader_of(KEYS[4]).valid(message)] += 1

    collect()

    assert min(found[True, fresh, valid] for fresh in (True, False) for valid in (True, False)) > 0, found


votes = st.builds(
    lambda kind, view, sender, block: _made(kind, KEYS[7], view, sender, block, b"s" * 64),
    st.sampled_from([Prepare, Commit]), views, st.integers(0, 6), blocks,
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(votes, max_size=60))
def test_votes_are_counted_alike(given_votes):
    """R3, R4: of two votes of one sender for one place the first counts; q of one view and block are a certificate."""
    book, reader = vote_book.VoteBook(7), reader_of(KEYS[7])
    book.enter_view(3)
    decided = set()
    for vote in given_votes:
        if book.add(vote) >= 5 and isinstance(vote, Commit):
            decided.add(vote.block_hash)
    read = [reader.vote(vote) for vote in given_votes]
    prepared = {(view, block) for view in range(4) for block in BLOCKS if book.prepare_count(view, block) >= 5}

    assert prepared == rules.prepared_blocks(read, 7)
    assert decided == rules.decides(read, 7)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 12)), max_size=14))
def test_view_to_join_is_the_same(asked):
    """R6: the highest view that f + 1 senders ask for or exceed."""
    book = vote_book.VoteBook(7)
    for sender, view in asked:
        book.add_view_change(_made(ViewChange, KEYS[7], view, sender, NOTHING_PREPARED, b"", b"s" * 64))
    claims = [rules.Claim(view, sender, -1, b"", True) for sender, view in asked]

    assert book.view_to_join(rules.weak(7)) == rules.view_to_join(claims, 7)


positions = st.tuples(st.integers(0, 1), st.integers(1, 2), st.integers(0, 2), st.sampled_from(list(rules.Step)))


@given(st.lists(st.tuples(positions, blocks), max_size=20))
def test_sign_order_is_the_same(wanted):
    """Sign-state: only upwards, or the same payload again at the highest place."""
    state = NOTHING_SIGNED
    history: set[rules.Signed] = set()
    for (epoch, height, view, step), payload in wanted:
        position = (epoch, height, view, step)
        entry = rules.Signed(epoch, height, view, step, payload)
        answer = state.decide(SignPosition(*position), payload)

        assert (answer != "refuse") == rules.may_sign(history, entry)

        if answer == "sign":
            state = SignState(SignPosition(*position), payload, b"")
            history.add(entry)
