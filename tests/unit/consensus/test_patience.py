"""How long the first leaders of a height are waited for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus import limits
from consensus.inputs import BuildFailed
from consensus.outputs import SetTimer
from consensus.patience import Patience
from consensus.timers import TimerConfig, TimerKind
from tests.unit.consensus.rig import HEIGHT, Rig, commit, decided, pre_prepare, view_change

TIMERS = TimerConfig(view_timeout_ms=2_000, view_timeout_max_ms=30_000)
LEADER = 0
"""Has lost nothing yet where a test does not say so."""
KNOWN = limits.PATIENCE_HEIGHTS // 2


def learnt(*durations, size=4, skipped=()):
    patience = Patience(size)
    for waited_ms in durations:
        patience.note(waited_ms, skipped)
    return patience


def test_patience_is_t0_until_enough_heights_are_known():
    """Timers: with fewer than 16 heights nothing is usual yet."""
    assert learnt(*[100] * (KNOWN - 1)).view_timeout_ms(TIMERS, 0, LEADER, ()) == 2_000
    assert learnt(*[100] * KNOWN).view_timeout_ms(TIMERS, 0, LEADER, ()) == 400


@pytest.mark.parametrize(("usual_ms", "expected_ms"), [(1, 250), (62, 250), (63, 252), (499, 1_996), (10_000, 2_000)])
def test_patience_is_four_times_the_usual_between_an_eighth_of_t0_and_t0(usual_ms, expected_ms):
    """Timers: min(T0, max(T0 / 8, 4 x median))."""
    assert learnt(*[usual_ms] * KNOWN).view_timeout_ms(TIMERS, 0, LEADER, ()) == expected_ms


def test_patience_is_of_the_last_32_heights_and_of_their_slower_half():
    """Timers: the last 32; where blocks and short proof blocks alternate, the usual is a block's, not a proof's."""
    patience = learnt(*[5_000] * 40, *[100] * 16)
    assert patience.view_timeout_ms(TIMERS, 0, LEADER, ()) == 2_000

    patience.note(100, ())
    assert patience.view_timeout_ms(TIMERS, 0, LEADER, ()) == 400


def test_eighth_of_t0_is_rounded_up():
    """Timers: never below T0 / 8, and never 0."""
    shortest = TimerConfig(view_timeout_ms=1, view_timeout_max_ms=1)

    assert learnt(*[1] * KNOWN).view_timeout_ms(TimerConfig(view_timeout_ms=2_001), 0, LEADER, ()) == 251
    assert learnt(*[0] * KNOWN).view_timeout_ms(shortest, 0, LEADER, ()) == 1


@given(st.data(), st.integers(4, limits.VALIDATORS_MAX))
def test_slow_leaders_do_not_make_the_others_patient(data, size):
    """Timers: f slow ones among those that lead, who may be as few as n - f; over two rounds the median is honest."""
    faults = (size - 1) // 3
    leading = size - data.draw(st.integers(0, faults), label="suspended")
    start = data.draw(st.integers(0, leading - 1), label="first")
    rounds = max(limits.PATIENCE_HEIGHTS, 2 * size)
    durations = [1_900 if (start + height) % leading < faults else 100 for height in range(rounds)]

    assert learnt(*durations, size=size).view_timeout_ms(TIMERS, 0, LEADER, ()) == 400


def test_nobody_is_hurried_once_more_than_f_leaders_were_left():
    """Timers: more than f cannot all be faulty; what they lacked was time."""
    patience = learnt(*[100] * 30)
    patience.note(100, (3,))
    patience.note(100, (3,))
    assert patience.view_timeout_ms(TIMERS, 0, LEADER, ()) == 400

    patience.note(100, (2,))
    assert patience.view_timeout_ms(TIMERS, 0, LEADER, ()) == 2_000

    for _ in range(limits.PATIENCE_HEIGHTS - 2):
        patience.note(100, ())
    assert patience.view_timeout_ms(TIMERS, 0, LEADER, ()) == 2_000
    patience.note(100, ())
    assert patience.view_timeout_ms(TIMERS, 0, LEADER, ()) == 400


def test_larger_set_is_remembered_for_two_rounds():
    """Timers: twice the set, so that f slow ones are fewer than half; it starts with one round."""
    assert learnt(*[100] * 30, size=31).view_timeout_ms(TIMERS, 0, LEADER, ()) == 2_000
    assert learnt(*[100] * 31, size=31).view_timeout_ms(TIMERS, 0, LEADER, ()) == 400

    patience = learnt(*[100] * 62, size=31)
    for index in range(1, 12):
        patience.note(100, (index,))
    assert patience.view_timeout_ms(TIMERS, 0, LEADER, ()) == 2_000
    for _ in range(62 - 11):
        patience.note(100, ())
    assert patience.view_timeout_ms(TIMERS, 0, LEADER, ()) == 2_000
    patience.note(100, ())
    assert patience.view_timeout_ms(TIMERS, 0, LEADER, ()) == 400


def test_later_views_of_a_height_get_their_whole_time():
    """Timers: from view f + 1 on an honest leader has lost its view."""
    patience = learnt(*[100] * KNOWN)

    delays = [patience.view_timeout_ms(TIMERS, view, LEADER, tuple(range(view))) for view in range(4)]
    assert delays == [400, 600, 4_500, 6_750]
    assert patience.view_timeout_ms(TIMERS, limits.VIEW_MAX, LEADER, (0, 1, 2)) == 30_000


def test_leaders_who_lost_this_height_and_earlier_ones_count_together():
    """Timers: 3 was left before, 1 is left now; one of them is honest, so the next leader gets all of its time."""
    patience = learnt(*[100] * KNOWN, skipped=(3,))

    assert patience.view_timeout_ms(TIMERS, 1, LEADER, (3,)) == 600
    assert patience.view_timeout_ms(TIMERS, 1, LEADER, (1,)) == 3_000


def test_leader_that_lost_its_view_is_not_hurried_again():
    """Timers: T0 in view 0 for whoever is remembered, and not above, where a row of silent ones would cost most."""
    patience = learnt(*[100] * 31, size=31, skipped=(3, 4))

    assert patience.view_timeout_ms(TIMERS, 0, 3, ()) == 2_000
    assert patience.view_timeout_ms(TIMERS, 0, 5, ()) == 400
    assert patience.view_timeout_ms(TIMERS, 1, 4, (3,)) == 600


def test_lost_views_are_forgotten_when_their_leaders_may_be_back():
    """Timers, R12: 64 heights, however large the set; else each would come back to T0."""
    patience = learnt(*[100] * 256, size=128)
    patience.note(100, (7,))
    for _ in range(63):
        patience.note(100, ())
    assert patience.view_timeout_ms(TIMERS, 0, 7, ()) == 2_000

    patience.note(100, ())
    assert patience.view_timeout_ms(TIMERS, 0, 7, ()) == 400


@pytest.mark.parametrize("size", [1, 2, 3])
def test_nobody_is_hurried_where_nobody_can_be_faulty(size):
    """Timers: f = 0."""
    assert learnt(*[100] * limits.PATIENCE_HEIGHTS, size=size).view_timeout_ms(TIMERS, 0, LEADER, ()) == 2_000


@given(st.integers(1, 128), st.integers(0, 300), st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 127))))
def test_patience_stays_within_its_bounds(size, view, heights):
    """Timers: never below T0 / 8, never above the fixed timer of the view."""
    patience = Patience(size)
    for waited_ms, skipped in heights:
        patience.note(waited_ms, (skipped,))

    found = patience.view_timeout_ms(TIMERS, view, LEADER, tuple(range(min(view, size - 1))))
    assert TIMERS.view_timeout_of(250, view) <= found <= TIMERS.view_timeout_of(2_000, view)


def idle_rig(own=1, timers=None):
    """A replica that last prepared long ago, so that no batch wait is left (R1)."""
    rig = Rig(own, timers=timers)
    rig.now_ms = 60_000
    return rig


def view_delay(out):
    armed = [item for item in out.timers if isinstance(item, SetTimer)]
    return next(item.delay_ms for item in armed if item.timer.kind == TimerKind.VIEW)


def run_height(rig, took_ms, view=0):
    """From due to decided in ``took_ms``; the time the leader of view 0 was given."""
    height = rig.replica.height
    delay_ms = view_delay(rig.pending())
    if rig.replica.leader == rig.own:
        rig.fire(TimerKind.BATCH)
        rig.built()
    else:
        rig.hear(pre_prepare(height=height))
        rig.checked()
    rig.now_ms += took_ms
    rig.hear(decided(height=height, view=view))
    rig.applied(height=height)
    rig.now_ms += 10_000
    return delay_ms


def test_replica_learns_from_due_to_decided_and_not_from_idle_time():
    """Timers: a height counts from the moment something was due; ten idle seconds between heights count for nothing."""
    rig = idle_rig()

    delays = [run_height(rig, 80) for _ in range(KNOWN + 2)]

    assert delays == [2_000] * KNOWN + [320] * 2


def test_replica_counts_nothing_for_a_height_that_went_back_to_waiting():
    """R1, Timers: what was due turned out to be nothing."""
    rig = idle_rig(own=0)
    rig.pending()
    rig.fire(TimerKind.BATCH)
    rig.step(BuildFailed(HEIGHT, 0))
    rig.now_ms += 60_000

    assert run_height(rig, 80) == 2_000
    assert [height.waited_ms for height in rig.replica._state.patience._heights] == [80]


def test_replica_gives_a_leader_that_lost_its_view_the_whole_time_at_its_next_turn():
    """Timers: with four validators 0 leads heights 24 and 28; the others in between are hurried as ever."""
    rig = idle_rig(own=3)
    for _ in range(KNOWN):
        run_height(rig, 80)

    assert rig.replica.height == 24
    assert [run_height(rig, 80, view=int(height == 24)) for height in range(24, 30)] == [320] * 4 + [2_000, 320]


def test_replica_remembers_whom_the_views_below_the_certificate_passed_over():
    """R12, Timers: with four validators the leader of view v at this height is v."""
    rig = idle_rig(own=3)
    run_height(rig, 80, view=2)

    assert rig.replica._state.patience._heights[-1].skipped == (0, 1)


@pytest.mark.parametrize("view", [5, limits.VIEW_MAX - 2])
def test_whoever_led_in_the_end_was_not_passed_over(view):
    """R12, Timers: validator 1 lost view 1 and led view 5; a round of the set is all there is to name, however many."""
    rig = idle_rig(own=3)
    run_height(rig, 80, view=view)

    assert sorted(rig.replica._state.patience._heights[-1].skipped) == [0, 2, 3]


def test_replica_that_was_behind_learns_nothing_from_a_decision_that_it_did_not_wait_for():
    """Timers: the votes were there before its own judgement; what it would remember is how late it was itself."""
    rig = idle_rig(own=0)
    for _ in range(KNOWN):
        run_height(rig, 400)
    for height in range(HEIGHT + KNOWN, HEIGHT + KNOWN + limits.PATIENCE_HEIGHTS):
        rig.pending()
        rig.hear(decided(height=height))
        rig.fetched()
        rig.applied(height=height)

    assert view_delay(rig.pending()) == 1_600


def test_replica_that_lost_patience_alone_learns_how_long_it_took():
    """Timers: a replica that left the view of a height which the others then decided must become more patient."""
    rig = idle_rig(own=3)
    rig.pending()
    rig.now_ms += 250
    rig.time_out()
    rig.now_ms += 50
    rig.hear(decided())

    assert [height.waited_ms for height in rig.replica._state.patience._heights] == [300]


def test_replica_gives_later_leaders_their_whole_time_once_an_honest_one_lost_its_view():
    """Timers, R6: views 0 and 1 of four are hurried, view 2 is not, as f = 1."""
    rig = idle_rig(own=3)
    for _ in range(KNOWN):
        run_height(rig, 80)
    height = rig.replica.height
    delays = [view_delay(rig.pending())]
    for view in (1, 2):
        rig.time_out()
        out = rig.hear(*(view_change(sender, view, height=height) for sender in (0, 1, 2)))
        delays.append(view_delay(out))

    assert delays == [320, 480, 4_500]


def test_another_set_is_unknown():
    """Timers, E2: experience is of one set."""
    rig = idle_rig()
    for _ in range(KNOWN):
        run_height(rig, 80)
    height = rig.replica.height
    rig.pending()
    rig.hear(pre_prepare(height=height))
    rig.checked()
    rig.hear(decided(height=height))
    rig.applied(height=height, validators=rig.replica.validators, own_index=rig.own)
    rig.now_ms += 10_000

    assert view_delay(rig.pending()) == 2_000


def test_height_that_is_decided_in_a_later_view_counts_from_its_first():
    """Timers: the whole height counts, so that a slow network makes everybody patient."""
    rig = idle_rig(own=1)
    rig.pending()
    rig.now_ms += 2_000
    rig.time_out()
    rig.hear(view_change(2), view_change(3))
    rig.now_ms += 700
    rig.built()
    rig.hear(*(commit(sender, view=1) for sender in (0, 2, 3)))

    assert [height.waited_ms for height in rig.replica._state.patience._heights] == [2_700]


def test_time_between_blocks_is_neither_counted_nor_charged_to_the_leader():
    """R1, Timers: blocks 500 ms apart; a height begins when it may be proposed, and the leader's time with it."""
    rig = idle_rig(own=1, timers=TimerConfig(batch_wait_ms=500))
    for _ in range(KNOWN):
        run_height(rig, 80)
    rig.now_ms -= 10_000
    waited_ms = 80
    delay_ms = view_delay(rig.pending())

    assert delay_ms == 500 - waited_ms + 4 * 80
    assert {height.waited_ms for height in rig.replica._state.patience._heights} == {80}
