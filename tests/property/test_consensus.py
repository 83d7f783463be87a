"""One replica against an environment that does anything: wrong orders, foreign votes, crashes, silence, nonsense."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from consensus import inputs, limits
from consensus.certificates import COMMIT, PREPARE, MalformedCertificate, decode_certificate, encode_certificate
from consensus.journal import (
    NOTHING_SIGNED,
    MalformedRecord,
    MessageSigned,
    SignState,
    decode_record,
    encode_record,
    sign_position,
)
from consensus.messages import Commit, MalformedMessage, Prepare, PrePrepare, decode_message, encode_message
from consensus.quorum import faults_max, quorum_of
from consensus.recovery import recover
from consensus.replica import Replica
from consensus.signing import signed_digest, with_signature
from consensus.state import Phase
from consensus.timers import Timer, TimerConfig, TimerKind
from consensus.tip import Tip
from tests.unit.consensus.rig import (
    CHAIN,
    GENESIS,
    A,
    B,
    C,
    certificate,
    commit,
    decided,
    justification,
    pre_prepare,
    prepare,
    signature,
    status,
    validators,
    view_change,
)

OWN = 2
BLOCKS = (A, A, A, B, C)
QUORUMS = ((0, 1, 2), (0, 1, 3), (1, 2, 3), (0, 1, 2, 3))
blocks = st.sampled_from([A, B, C])
views = st.integers(0, 4)
heights = st.integers(1, 4)


messages = st.builds(lambda seed: Environment(Random(seed), (seed % 5 + 1, seed % 3)).message(), st.integers(0, 2**32))


def decision_of(height):
    """More than f faulty validators could make a fork, which rightly halts; so one block is decided at each height."""
    return bytes([height]) * 32


class Environment:
    """Draws messages near the place where the replica is, from validators that may say anything but decide twice."""

    def __init__(self, random, near=(1, 0)):
        self.random = random
        self.near = near

    def message(self):
        random = self.random
        height = max(1, self.near[0] + random.choice((0, 0, 0, 0, 0, 1, -1)))
        view = max(0, (self.near[1] if height == self.near[0] else 0) + random.choice((0, 0, 0, 0, 1, -1, 2)))
        sender, block_hash = random.choice((0, 1, 3)), random.choice((*BLOCKS, decision_of(height)))
        match random.randrange(10):
            case 0 | 1 | 2:
                return prepare(sender, block_hash, view, height)
            case 3 | 4:
                # R4: a quorum of COMMITs is a decision, so the honest ones agree on its block.
                return commit(sender, block_hash if sender == 0 else decision_of(height), view, height)
            case 5 | 6:
                return view_change(sender, view + 1, self.lock(height, view + 1), height)
            case 7 | 8:
                return self.proposal(block_hash, view, height)
            case _:
                if random.random() < 0.7:
                    return status(sender, height)
                ahead = height + random.choice((0, 0, 1, 5))
                return decided(decision_of(ahead), ahead, view, random.choice(QUORUMS))

    def proposal(self, block_hash, view, height):
        reason = None
        if view:
            lock = self.lock(height, view)
            reason = justification(view, self.random.choice(((0, 1, 3), (0, 1, 2))), lock, height)
            block_hash = block_hash if lock is None else lock.block_hash
        return pre_prepare(block_hash, view, reason, (height + view) % 4, height)

    def lock(self, height, below):
        if self.random.random() < 0.5:
            return None
        block_hash = self.random.choice(BLOCKS)
        view = self.random.randrange(below)
        return certificate(PREPARE, block_hash, view, height, self.random.choice(QUORUMS))

    def event(self):
        """A message, an answer of the host, a crash, or something stale."""
        random = self.random
        height, view = self.near
        match random.randrange(20):
            case 0:
                kind = random.choice(tuple(TimerKind))
                return inputs.TimerFired(Timer(kind, height - random.randrange(2), view))
            case 1:
                return inputs.TransactionsPending(random.randrange(3))
            case 2:
                return inputs.ProposalChecked(height, max(0, view - 1), random.choice(BLOCKS), None)
            case 3:
                return random.choice(("view timer", "invalid", "crash"))
            case 4 | 5 | 6 | 7 | 8:
                return random.choice(("valid", "valid", "valid", "built", "fetched", "applied", "sync over"))
            case _:
                return inputs.MessageReceived(self.message())


class Honest:
    """A host that keeps every duty, around a replica that hears anything."""

    def __init__(self):
        self.tip = Tip(0, GENESIS)
        self.journal = []
        self.signed = NOTHING_SIGNED
        self.asked = {}
        self.start()

    def start(self):
        found = recover(self.journal, self.tip, validators(), OWN, self.signed)
        config = TimerConfig(batch_wait_ms=0)
        self.replica = Replica(CHAIN, validators(), OWN, tip=self.tip, timers=config, recovered=found)
        self.place = (0, 0)
        self.step(inputs.Started())

    def step(self, event):
        if isinstance(event, inputs.MessageReceived) and self.replica.filter(event.message) is not None:
            return
        voiceless = self.replica.phase in {Phase.SYNCING, Phase.HALTED} and not isinstance(event, inputs.SyncFinished)
        out = self.replica.step(event, 0)
        place = (self.replica.height, self.replica.view)
        assert place >= self.place, "the view went back"
        self.place = place
        assert not (voiceless and out.sign), "a vote while syncing or halted"
        for request in out.requests:
            self.asked[type(request).__name__] = request
        if out.decided is not None:
            self.asked["Decide"] = out.decided
        self.journal += out.persist
        durable = []
        for message in out.sign:
            position, digest = sign_position(message), signed_digest(message)
            assert self.signed.decide(position, digest) in {"sign", "reuse"}, f"contradicts itself: {message!r}"
            self.signed = SignState(position, digest, signature(OWN))
            durable.append(with_signature(message, signature(OWN)))
        self.journal += [MessageSigned(message) for message in durable]
        for message in durable:
            self.own(message)

    def own(self, message):
        out_of_filter = inputs.MessageReceived(message)
        if isinstance(message, PrePrepare):
            self.replica.step(out_of_filter, 0)
        else:
            self.step(out_of_filter)

    def act(self, name):
        """The host's honest answer to what was asked last."""
        replica = self.replica
        if name == "view timer":
            self.step(inputs.TimerFired(Timer(TimerKind.VIEW, replica.height, replica.view)))
        elif name in {"valid", "invalid"} and "CheckProposal" in self.asked:
            asked = self.asked["CheckProposal"]
            code = None if name == "valid" else "bad"
            self.step(inputs.ProposalChecked(asked.height, asked.view, asked.block_hash, code))
        elif name == "built" and "BuildBlock" in self.asked:
            asked = self.asked["BuildBlock"]
            self.step(inputs.BlockBuilt(asked.height, asked.view, C, b"p"))
        elif name == "fetched" and "FetchBlock" in self.asked:
            self.step(inputs.BlockFetched(self.asked["FetchBlock"].block_hash, b"p"))
        elif name == "applied" and "Decide" in self.asked:
            self.apply(self.asked.pop("Decide"))
        elif name == "sync over":
            self.step(inputs.SyncFinished())
        elif name == "crash":
            self.asked = {}
            self.start()

    def apply(self, decide):
        if decide.height == self.tip.height + 1:
            self.tip = Tip(decide.height, decide.block_hash, certificate=decide.certificate)
            self.step(inputs.BlockApplied(decide.height, decide.block_hash, proof_due=True))


@settings(max_examples=60)
@given(st.integers(0, 2**64))
def test_replica_never_contradicts_itself_whatever_it_hears(seed):
    """Invariants 4, 6, 7, 9, 10: whatever comes, and across crashes, an honest key signs upwards."""
    host, environment = Honest(), Environment(Random(seed))

    for _ in range(300):
        environment.near = host.place
        event = environment.event()
        if isinstance(event, str):
            host.act(event)
        else:
            host.step(event)

    state = host.replica._state
    assert len(state.book._prepares) <= limits.VIEWS_KEPT_MAX + 1
    assert len(state.book._commits) <= limits.VIEWS_KEPT_MAX + 1
    assert len(state.sent) <= 4


def test_environment_gets_a_replica_through_every_phase():
    """The test above means something: its histories sign every kind of message, in view 0 and above, and decide."""
    signed, heights_reached = set(), set()
    for seed in range(40):
        host, environment = Honest(), Environment(Random(seed))
        for _ in range(300):
            environment.near = host.place
            event = environment.event()
            host.act(event) if isinstance(event, str) else host.step(event)
        signed |= {
            (type(record.message).__name__, record.message.view > 0)
            for record in host.journal
            if isinstance(record, MessageSigned)
        }
        heights_reached.add(host.replica.height)

    kinds_of_vote = {(name, later) for name in ("PrePrepare", "Prepare", "Commit") for later in (False, True)}
    assert signed == kinds_of_vote | {("ViewChange", True)}
    assert max(heights_reached) > 2


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_malformed(data):
    """F0: nothing a peer sends raises anything else."""
    for decode, refusal in (
        (decode_message, MalformedMessage),
        (decode_certificate, MalformedCertificate),
        (decode_record, MalformedRecord),
    ):
        try:
            decoded = decode(data)
        except refusal:
            continue
        assert decoded is not None


@given(messages, st.integers(0, 400), st.integers(1, 255))
def test_altered_message_is_refused_or_canonical(message, position, flip):
    """F0: a changed byte gives no message, or another message in canonical form; never the same one twice."""
    data = bytearray(encode_message(message))
    data[position % len(data)] ^= flip
    try:
        decoded = decode_message(bytes(data))
    except MalformedMessage:
        return
    assert decoded != message
    assert encode_message(decoded) == bytes(data)


@given(messages)
def test_messages_and_records_survive_encoding(message):
    """Wire and journal: what was written is read."""
    assert decode_message(encode_message(message)) == message
    if isinstance(message, Prepare | Commit | PrePrepare):
        record = MessageSigned(message)
        assert decode_record(encode_record(record)) == record


@given(st.integers(1, limits.VALIDATORS_MAX), st.data())
def test_any_two_quorums_share_an_honest_validator(size, data):
    """Numbers: whichever f are faulty."""
    members = st.permutations(range(size))
    quorum, faults = quorum_of(size), faults_max(size)
    one, other = set(data.draw(members)[:quorum]), set(data.draw(members)[:quorum])
    faulty = set(data.draw(members)[:faults])

    assert one & other - faulty


@given(st.sampled_from([PREPARE, COMMIT]), blocks, views, heights, st.sets(st.integers(0, 127), min_size=1))
def test_certificate_names_its_signers_in_order(kind, block_hash, view, height, signers):
    """Certificates: bitmap and signatures belong together, and the bytes are canonical."""
    made = certificate(kind, block_hash, view, height, tuple(sorted(signers)))

    assert made.signer_indexes() == tuple(sorted(signers))
    assert decode_certificate(encode_certificate(made)) == made
