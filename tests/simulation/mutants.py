"""Small wrong changes of our own rules. Each must be found by the simulator; one that is not shows a gap in the bench.

An edit names a function and replaces one piece of its text. When the product changes so that a piece is gone, the hunt
stops and says so: write the fault anew against the new text.
"""

from typing import NamedTuple

SEEDS_MAX = 400


class Edit(NamedTuple):
    """Replace ``old`` by ``new`` in the source of ``name`` in ``module``."""

    module: str
    name: str
    old: str
    new: str


class Mutant(NamedTuple):
    """One fault."""

    name: str
    breaks: str
    """The rule it breaks."""
    edits: tuple[Edit, ...]
    profile: str = "mixed"
    hostile: tuple[str, ...] = ()
    """Behaviours of the hostile validator in every plan; empty: as the seed has it."""
    always: tuple[str, ...] = ()
    """Kinds of trouble in every plan."""
    size: int = 4
    seeds_max: int = SEEDS_MAX


AGREEMENT = (
    Mutant("quorum_minus_one", "Numbers: q", (
        Edit("consensus.quorum", "quorum_of", "(size + faults_max(size) + 2) // 2", "(size + faults_max(size)) // 2"),
    )),
    Mutant("lock_dropped", "R6: VIEW_CHANGE reports the lock", (
        Edit("consensus.view_change", "start", "prepared = state.prepared", "prepared = None"),
    )),
    Mutant("highest_certificate_ignored", "R2, R7: propose the block of the highest certificate", (
        Edit("consensus.view_change", "consider_leading", "justification.certificate is None", "True"),
        Edit("consensus.justification", "check_justification",
             "return _check_highest(message, justification, validators)", "return None"),
    )),
    Mutant("justification_unchecked", "R2: a justification is checked", (
        Edit("consensus.justification", "check_justification",
             "return _check_highest(message, justification, validators)", "return None"),
    ), profile="hostile", hostile=("fresh_despite_lock", "withheld_votes")),
    Mutant("lowest_certificate_chosen", "R7: the highest of the certificates", (
        Edit("consensus.justification", "make_justification", "highest = max(", "highest = min("),
    )),
    Mutant("certificate_without_quorum", "Certificates: at least q signers", (
        Edit("consensus.certificates", "check_certificate", "count < validators.quorum", "count < 1"),
    ), profile="hostile", hostile=("bad_bitmaps",)),
    Mutant("signatures_unchecked", "F0: every signature verifies", (
        Edit("chainnode.node.links", "MessageGate.receive", "if not verify(", "if not claim and not verify("),
    ), profile="hostile"),
    Mutant("one_signature_checked", "Certificates: every signature verifies", (
        Edit("chainnode.node.links", "MessageGate.receive", "required(message, self._replica.validators)",
             "required(message, self._replica.validators)[:1]"),
    ), profile="hostile", hostile=("bad_bitmaps",)),
    Mutant("sender_not_bound", "Signatures: the sender's own key", (
        Edit("consensus.signing", "_own_claim", "validators.public_keys[message.sender]",
             "next((key for key in validators.public_keys[-1:]), b'')"),
    ), profile="calm"),
    Mutant("two_proposals_accepted", "R2: one proposal in a view, and the sign-state guards it", (
        Edit("consensus.normal_case", "on_pre_prepare", "if known is not None:", "if False:"),
        Edit("consensus.message_filter", "_check_pre_prepare", "if known is not None:", "if False:"),
        Edit("chainnode.store.sign_state", "SignStateFile.check", "if position > self._last.position:", "if True:"),
    )),
    Mutant("anybody_proposes", "R2: from the leader of the view", (
        Edit("consensus.message_filter", "_check_pre_prepare",
             "message.sender != state.leader_of(message.view)", "False"),
    ), profile="hostile", hostile=("out_of_turn",)),
    Mutant("fresh_block_unchecked", "R2: a fresh block is judged by every rule", (
        Edit("chainnode.node.proposal_desk", "ProposalDesk._judge", "if request.fresh:", "if False:"),
    ), profile="hostile", hostile=("wrong_time",)),
    Mutant("time_rule_on_re_proposals", "R2: a re-proposal is compared with its hash only", (
        Edit("chainnode.node.proposal_desk", "ProposalDesk._judge", "if request.fresh:", "if True:"),
    )),
    Mutant("time_ahead_allowed", "R2: time", (
        Edit("chainnode.chain.validation", "check_fresh", "header.time_ms > now_ms + around.parameters.clock_ahead_ms",
             "False"),
    ), profile="hostile", hostile=("wrong_time",)),
    Mutant("roots_unchecked", "R2: roots equal own results", (
        Edit("chainnode.chain.validation", "check_fresh", "check_roots(header, around.tip)", "pass"),
    ), profile="hostile", hostile=("wrong_header",)),
    Mutant("vote_while_syncing", "R9: no votes while syncing", (
        Edit("consensus.state", "State.can_vote", "not self.syncing and", ""),
    )),
    Mutant("vote_after_halt", "R11: nothing is signed after a halt", (
        Edit("consensus.replica", "Replica.step", "if state.halt is not None:", "if False:"),
        Edit("consensus.state", "State.can_vote", "and self.halt is None", ""),
        Edit("consensus.message_filter", "check", "if state.halt is not None:", "if False:"),
    ), profile="disk"),
    Mutant("double_decision", "R5: a height is decided once", (
        Edit("consensus.decision", "commit", "if state.committed is not None:", "if False:"),
        Edit("consensus.decision", "on_commit", "and state.phase != Phase.DECIDED", ""),
        Edit("consensus.decision", "ask_to_apply", "or state.decide_asked", ""),
        # The filter, asked at the gate and again at the step, stands before all of these.
        Edit("consensus.message_filter", "_check_current", "if state.phase == Phase.DECIDED:", "if False:"),
        Edit("consensus.replica", "Replica._on_message", "and state.phase != Phase.DECIDED", ""),
    )),
    Mutant("evidence_of_the_innocent", "R10: two payloads for one place", (
        # Votes of two views are compared. The filter lets only higher ones come so far.
        Edit("consensus.vote_book", "VoteBook._add_ahead",
             "known is not None and known.view >= vote.view", "known is not None"),
        Edit("consensus.vote_book", "VoteBook.known",
             "ahead is not None and ahead.view == vote.view", "ahead is not None"),
    ), profile="views"),
    Mutant("lock_not_raised", "R3: a certificate of a higher view replaces the lock", (
        Edit("consensus.normal_case", "consider_committing", "state.prepared = certificate",
             "state.prepared = state.prepared or certificate"),
    ), profile="views"),
    Mutant("old_views_kept", "F0: votes of the current view and eight earlier ones", (
        Edit("consensus.vote_book", "VoteBook.enter_view", "oldest = view - limits.VIEWS_KEPT_MAX", "oldest = 0"),
    ), profile="views"),
    Mutant("views_never_left", "R6: the view timer", (
        Edit("consensus.view_change", "on_timer", "if state.can_vote:", "if False:"),
    )),
    Mutant("nothing_repeated", "R8: own messages are repeated", (
        Edit("consensus.catch_up", "on_tick", "for message in state.sent:", "for message in []:"),
    )),
    Mutant("nobody_helped", "R8, R9: who is behind is shown the tip", (
        Edit("consensus.catch_up", "help_peer", "if certificate is not None:", "if False:"),
        Edit("consensus.catch_up", "consider_syncing", "if len(senders) >= state.validators.weak:", "if False:"),
    )),
    Mutant("early_votes_pile_up", "F0: one message of each type and sender for h + 1", (
        Edit("consensus.next_height", "NextHeight.add", "self._prepares[message.sender] = message",
             "self._prepares[message.sender] = message; self._prepares.append(message)"),
        Edit("consensus.message_filter", "_check_next", "known.view >= message.view", "False"),
        Edit("consensus.next_height", "NextHeight.add", "known.view >= message.view", "False"),
        Edit("consensus.catch_up", "on_early_message", "known is None or known.view < message.view", "True"),
    ), profile="hostile", hostile=("future_heights",)),
)

DURABILITY = (
    Mutant("journal_after_send", "Durable before sent: the journal", (
        Edit("chainnode.node.vote_signer", "VoteSigner.perform", "self._journal.sync()", "pass"),
    )),
    Mutant("journal_not_synced", "Durable before sent: fdatasync", (
        Edit("chainnode.store.journal", "Journal._write_frame", "os.fdatasync(self._descriptor)", "pass"),
    )),
    Mutant("sign_state_after_send", "Durable before sent: the sign-state", (
        Edit("chainnode.node.vote_signer", "VoteSigner.perform",
             "self._sign_state.record(*last, signed[-1].signature)", "pass"),
    )),
    Mutant("sign_state_short_write", "Sign-state: written whole", (
        Edit("chainnode.store.sign_state", "SignStateFile._write", "< len(slot)", "< 1"),
    ), profile="disk"),
    Mutant("certificate_not_journalled", "R3: the certificate is durable before COMMIT", (
        Edit("consensus.normal_case", "consider_committing", "out.add_record(BlockPrepared(certificate))", "pass"),
    )),
    Mutant("body_not_journalled", "R2: the body is durable before PREPARE", (
        Edit("consensus.normal_case", "on_proposal_checked",
             "out.add_record(PersistBlock(state.height, message.block_hash))", "pass"),
    )),
    Mutant("restart_forgets_the_view", "Restart: the view comes back", (
        Edit("consensus.recovery", "_replay", "return Recovered(view, accepted,", "return Recovered(0, accepted,"),
    ), profile="crash"),
    Mutant("restart_forgets_the_lock", "Restart: the lock comes back", (
        Edit("consensus.recovery", "_replay", "if prepared is None or record.certificate.view > prepared.view:",
             "if False:"),
    ), profile="crash"),
    Mutant("torn_tail_kept", "Journal: a torn tail is cut", (
        Edit("chainnode.store.journal", "Journal.open",
             "os.fstat(journal._descriptor).st_size != content.whole_bytes", "False"),
    ), profile="crash"),
    Mutant("sign_state_lag_refused", "Restart: a journal ahead by a crash raises the cell", (
        Edit("chainnode.store.sign_state", "SignStateFile.confirm", "self._write(newest)", "pass"),
    ), profile="crash"),
    Mutant("block_not_synced", "R5: durable before anybody is told", (
        Edit("chainnode.store.ledger_store", "LedgerStore.commit", "sync=True", "sync=False"),
    )),
)

CHAIN = (
    Mutant("replay_unchecked", "A transaction is committed once", (
        Edit("chainnode.chain.validation", "check_transactions",
             "transaction.tx_id in seen or around.replay.height_of(transaction.tx_id) is not None", "False"),
    ), profile="hostile", hostile=("wrong_transactions",)),
    Mutant("expiry_off_by_one", "A transaction expires after its last height", (
        Edit("chainnode.chain.replay", "check_expiry", "valid_until <= tip_height:", "valid_until < tip_height:"),
        Edit("chainnode.mempool.pool", "Pool.select", "transaction.payload.valid_until < height",
             "transaction.payload.valid_until < height - 1"),
        Edit("chainnode.mempool.pool", "Pool.expire", "if height <= tip_height", "if height < tip_height"),
    )),
    Mutant("discarded_update_kept", "Only the decided block changes the state", (
        Edit("chainnode.chain.ledger", "Ledger._executed",
             "if held is not None and held[0].block_hash == candidate.block_hash:", "if held is not None:"),
    )),
    Mutant("tree_nodes_not_stored", "Each block builds on the tree of the one before", (
        Edit("chainnode.chain.ledger", "Ledger._write", "tree_writes=tree.writes", "tree_writes={}"),
    )),
    Mutant("half_a_tree_counts", "A version is stored when all of its pages are", (
        Edit("chainnode.state.deferred", "DeferredTree.to_store", "if count < len(ended.keys):", "if not count:"),
    )),
    Mutant("history_forgotten", "The history root covers every block", (
        Edit("chainnode.chain.ledger", "Ledger._write", "self._frontier = frontier", "pass"),
    )),
    Mutant("synced_blocks_unproven", "R9: certified blocks only", (
        Edit("chainnode.chain.certificate", "require_certificate", "if not check(", "if not claim and not check("),
    ), profile="hostile", hostile=("wrong_answers",)),
    Mutant("fetched_body_unchecked", "R4, R7: a fetched body has the hash that was asked for", (
        Edit("chainnode.sync.body_fetcher", "BodyFetcher.block", "if candidate.block_hash != block_hash:", "if False:"),
    ), profile="hostile", hostile=("wrong_answers",)),
)

EPOCHS = (
    Mutant("old_set_kept", "E2: from the boundary on the new set agrees", (
        Edit("consensus.catch_up", "on_block_applied", "if applied.validators is not None:", "if False:"),
    ), profile="epochs"),
    Mutant("change_within_the_epoch", "E1: the set changes at boundaries only", (
        Edit("contracts.governance.queries", "next_validators", "if height % read_parameters(state).epoch_blocks:",
             "if False:"),
    ), profile="epochs"),
    Mutant("header_of_another_next_set", "E1: the header names the next set", (
        Edit("chainnode.chain.surroundings", "surroundings_of",
             "validators.hash if following is None else validators_hash(following)", "validators.hash"),
    ), profile="epochs"),
    Mutant("change_limit_ignored", "E5: at most f change in one epoch", (
        Edit("contracts.governance.succession", "_change", "if changes > changes_max(len(present_set)):", "if False:"),
    ), profile="epochs"),
    Mutant("join_without_proof", "E6: a joiner is synced, and holds its key", (
        Edit("contracts.governance.succession", "check_join_proof",
             "if not verify(entry.consensus_key, signed, proof.signature):", "if False:"),
    ), profile="epochs"),
    Mutant("quorum_breaking_change", "E7: those who live are a quorum of the next set", (
        Edit("contracts.governance.succession", "_change", "if reachable < quorum_of(len(after)):", "if False:"),
    ), profile="dwindling", always=("death", "consortium")),
    Mutant("removed_votes_on", "E2: who left follows, and signs nothing", (
        Edit("chainnode.node.replica_driver", "ReplicaDriver._tell_core",
             "self._enter_epoch(around.members) if changed else None",
             "self.replica.own_index if changed and self._enter_epoch(around.members) is None else"
             " self._enter_epoch(around.members) if changed else None"),
    ), profile="epochs"),
    Mutant("boundary_not_shown", "E4: a peer of an earlier epoch is shown how it ended", (
        Edit("chainnode.node.links", "MessageGate._status", "if boundary is not None:", "if False:"),
    ), profile="epochs"),
    Mutant("first_block_judged_by_its_own_set", "E3: the certificate in an epoch's first block is of the old set", (
        Edit("chainnode.chain.surroundings", "_certifiers",
             "return validators if earlier is None else _voting_set(encode(earlier.validators))", "return validators"),
    ), profile="epochs", hostile=("proposal_to_some", "lateness"), always=("consortium",)),
    Mutant("links_keep_the_old_set", "E2: links follow the chain", (
        Edit("chainnode.node.wiring", "Node._follow_membership",
             "self._membership.update(members, read_observers(self.ledger.committed_state()))", "pass"),
    ), profile="epochs"),
    Mutant("exclusion_stays_with_the_index", "E3: what members have earned goes with them", (
        Edit("consensus.leader", "Leadership.handed_over",
             "{old: new for new, old in enumerate(old_indexes) if old is not None}",
             "{new: new for new, old in enumerate(old_indexes)}"),
    ), profile="epochs", hostile=("double_votes",), always=("consortium",)),
    Mutant("unsigned_evidence", "R10: both signatures of a proof are good", (
        Edit("chainnode.chain.validation", "check_misbehaviour", "if not verify(", "if not claim and not verify("),
    ), profile="hostile", hostile=("false_evidence",)),
)

REJOINING = (
    Mutant("rejoined_votes_at_once", "Rejoin: votes from the third height above the tip", (
        Edit("chainnode.node.rejoin", "Rejoin.speak_above", "return tip_height + UNREMEMBERED_HEIGHTS", "return 0"),
    ), profile="rejoin", always=("lost_disk",)),
    Mutant("rejoined_asks_nobody", "Rejoin: q others have told their tips", (
        Edit("chainnode.node.rejoin", "Rejoin.speak_above",
             "if sum(key in self._reached for key in others) < needed:", "if False:"),
    ), profile="rejoin", always=("lost_disk",)),
    Mutant("rejoined_believes_lower_tips", "Rejoin: the own chain has reached what the others told", (
        Edit("chainnode.node.rejoin", "Rejoin.speak_above", "heard[key] <= tip_height", "True"),
    ), profile="rejoin", always=("lost_disk",)),
    Mutant("rejoining_forgotten_by_a_restart", "Rejoin: silent until it has voted again, through every restart", (
        Edit("chainnode.node.data_directory", "_doubt_votes", "return mark.exists()", "return ordered"),
    ), profile="rejoin", always=("lost_disk", "power_cut")),
    Mutant("chunk_unchecked", "R9: every chunk is proved", (
        Edit("chainnode.store.snapshot", "open_chunk",
             "if len(leaves) != chunk.pairs or part_root(leaves, chunk.bits) != chunk.root:", "if False:"),
        # The tree that is built from the chunks would show it as well.
        Edit("chainnode.store.snapshot_import", "SnapshotImport.steps",
             "if self._tree.root != self._manifest.state_root:", "if False:"),
    ), profile="rejoin", hostile=("false_snapshots",), always=("lost_disk",)),
    Mutant("snapshot_root_unchecked", "R9: a snapshot's state is the certified one", (
        Edit("chainnode.sync.snapshot_offer", "open_offer", "if manifest.state_root != after.prev_state_root:",
             "if False:"),
    ), profile="rejoin", hostile=("false_snapshots",), always=("lost_disk",)),
    Mutant("join_starts_over", "Interrupted at any point, it continues", (
        Edit("chainnode.store.snapshot_import", "settle_replacement", "ready.rename(path)", "pass"),
    ), profile="rejoin", always=("lost_disk",)),
)

MUTANTS = AGREEMENT + DURABILITY + CHAIN + EPOCHS + REJOINING
