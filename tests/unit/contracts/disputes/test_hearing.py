import msgspec

from contracts.disputes.operations import (
    AcceptDispute,
    AnswerDispute,
    AppealDispute,
    CloseDispute,
    DecideDispute,
    DismissDispute,
    EnforceRuling,
    ReplaceArbitrator,
)
from contracts.disputes.record import Ruling
from contracts.governance.operations import RevokeRole
from contracts.identity.operations import DeactivateIdentity
from tests.unit.contracts.disputes.court import (
    ARBITERS,
    CASE,
    FIRST,
    FORUM,
    UPHELD,
    asset,
    case,
    filed,
    heard,
    ok,
    ruled,
)
from tests.unit.contracts.world import did_of

REJECTED = Ruling("rejected", b"n" * 32)


def test_ruling_stands_when_enough_arbitrators_agree_on_every_field() -> None:
    """Arbitrators n-of-m: equal in every field."""
    world = heard()
    ok(world, ARBITERS[0], DecideDispute(CASE, UPHELD))
    ok(world, ARBITERS[1], DecideDispute(CASE, msgspec.structs.replace(UPHELD, digest=bytes(32))))
    assert (case(world).status, case(world).ruling) == ("HEARING", None)
    receipt = world.submit(ARBITERS[2], DecideDispute(CASE, UPHELD))
    assert receipt.events[0].attributes["outcome"] == "upheld"
    assert (case(world).status, case(world).ruling, case(world).appeal_until_ms) == ("RULED", UPHELD, 0)


def test_arbitrator_may_change_its_vote_but_never_counts_twice() -> None:
    world = heard()
    ok(world, ARBITERS[0], DecideDispute(CASE, UPHELD))
    ok(world, ARBITERS[0], DecideDispute(CASE, UPHELD))
    assert case(world).status == "HEARING"
    ok(world, ARBITERS[0], DecideDispute(CASE, REJECTED))
    ok(world, ARBITERS[1], DecideDispute(CASE, UPHELD))
    assert case(world).status == "HEARING"
    ok(world, ARBITERS[1], DecideDispute(CASE, REJECTED))
    assert case(world).ruling == REJECTED


def test_nobody_is_judged_before_the_time_to_answer_is_over() -> None:
    until = filed().time_ms + 10
    world = heard(answer_by_ms=until)
    world.time_ms = until
    assert world.submit(ARBITERS[0], DecideDispute(CASE, UPHELD)).code == "dispute-too-early"
    world.time_ms = until + 1
    ok(world, ARBITERS[0], DecideDispute(CASE, UPHELD))
    answered = heard(answer_by_ms=until)
    ok(answered, "exchange", AnswerDispute(CASE, bytes(32)))
    ok(answered, ARBITERS[0], DecideDispute(CASE, UPHELD))


def test_appeal_is_heard_by_others_and_its_ruling_is_final() -> None:
    world = ruled(appeal_ms=10)
    ok(world, "member", AppealDispute(CASE, bytes(32)))
    again = AcceptDispute(CASE, (FIRST[0], did_of(ARBITERS[3])), 2)
    assert world.submit(FORUM, again).code == "dispute-own-case"
    second = (did_of(ARBITERS[3]), did_of(ARBITERS[4]))
    ok(world, FORUM, AcceptDispute(CASE, second, 2, 0, 10))
    for name in ARBITERS[3:5]:
        ok(world, name, DecideDispute(CASE, REJECTED))
    assert (case(world).round, case(world).appeal_until_ms, case(world).ruling) == (2, 0, REJECTED)
    assert world.submit("exchange", AppealDispute(CASE, bytes(32))).code == "dispute-too-late"
    ok(world, "member", EnforceRuling(CASE))
    assert asset(world).status == "CERTIFIED"


def test_dismissed_appeal_leaves_the_ruling_final() -> None:
    world = ruled(appeal_ms=10)
    ok(world, "exchange", AppealDispute(CASE, bytes(32)))
    for name in (FORUM, ARBITERS[0]):
        assert world.submit(name, DismissDispute(CASE, "no ground")).code == "dispute-own-case"
    assert world.submit(ARBITERS[0], AcceptDispute(CASE, (did_of(ARBITERS[3]),), 1)).code == "dispute-own-case"
    ok(world, ARBITERS[6], DismissDispute(CASE, "no ground"))
    assert (case(world).status, case(world).appeal_until_ms) == ("RULED", 0)
    assert world.submit("exchange", AppealDispute(CASE, bytes(32))).code == "dispute-too-late"
    ok(world, "member", EnforceRuling(CASE))


def test_replaced_arbitrator_loses_its_vote() -> None:
    world = heard()
    ok(world, ARBITERS[0], DecideDispute(CASE, UPHELD))
    replace = ReplaceArbitrator(CASE, FIRST[0], did_of(ARBITERS[3]))
    assert world.submit(ARBITERS[0], replace).code == "dispute-not-forum"
    ok(world, FORUM, replace)
    ok(world, ARBITERS[1], DecideDispute(CASE, UPHELD))
    assert case(world).status == "HEARING"
    assert world.submit(ARBITERS[0], DecideDispute(CASE, UPHELD)).code == "dispute-not-arbitrator"
    ok(world, ARBITERS[3], DecideDispute(CASE, UPHELD))
    assert case(world).status == "RULED"


def test_forum_closes_what_cannot_be_enforced_and_the_hold_ends() -> None:
    world = ruled(hold=True)
    ok(world, FORUM, CloseDispute(CASE, "the parties have settled"))
    assert (case(world).status, asset(world).status) == ("CLOSED", "CERTIFIED")
    assert world.submit("member", EnforceRuling(CASE)).code == "dispute-status"


def test_no_majority_no_hearing() -> None:
    world = filed()
    for arbitrators, threshold in ((FIRST, 1), (FIRST[:2], 1), (FIRST, 4), ((FIRST[0], FIRST[0]), 2)):
        operation = AcceptDispute(CASE, arbitrators, threshold)
        assert world.submit(FORUM, operation).code == "dispute-arbitrators"
    past = AcceptDispute(CASE, FIRST, 2, world.time_ms - 1)
    assert world.submit(FORUM, past).code == "dispute-too-late"


def test_forum_that_would_judge_its_own_case_is_refused() -> None:
    """It could take any asset alone, by a case that a friend files."""
    world = filed()
    alone = AcceptDispute(CASE, (did_of(ARBITERS[0]),), 1)
    assert world.submit(ARBITERS[0], alone).code == "dispute-own-case"
    ok(world, FORUM, alone)
    replace = ReplaceArbitrator(CASE, did_of(ARBITERS[0]), did_of(FORUM))
    assert world.submit(FORUM, replace).code == "dispute-own-case"


def test_arbitrator_of_the_first_instance_does_not_come_back_in_the_second() -> None:
    world = ruled(appeal_ms=10)
    ok(world, "exchange", AppealDispute(CASE, bytes(32)))
    ok(world, FORUM, AcceptDispute(CASE, (did_of(ARBITERS[3]),), 1))
    back = ReplaceArbitrator(CASE, did_of(ARBITERS[3]), FIRST[2])
    assert world.submit(FORUM, back).code == "dispute-own-case"


def test_another_forum_takes_over_once_the_first_can_act_no_more() -> None:
    """A case, and what it holds, would be left for ever."""
    world = ruled(hold=True)
    closing = CloseDispute(CASE, "moot")
    assert world.submit(ARBITERS[5], closing).code == "dispute-not-forum"
    ok(world, FORUM, DeactivateIdentity())
    assert world.submit("exchange", closing).code == "dispute-not-forum"
    ok(world, ARBITERS[5], closing)
    assert asset(world).status == "CERTIFIED"


def test_successor_of_a_forum_leads_the_case_from_then_on() -> None:
    world = heard()
    ok(world, "governor", RevokeRole(did_of(FORUM), "arbitrator"))
    ok(world, ARBITERS[5], ReplaceArbitrator(CASE, FIRST[0], did_of(ARBITERS[3])))
    assert case(world).forum == did_of(ARBITERS[5])
