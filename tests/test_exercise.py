"""The exercise table: on which side of its job an event is, what there can be, and what was reached."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from pytest_jobstatus import EventKind, Profile, Status, check
from pytest_jobstatus.events import Mark
from pytest_jobstatus.exercise import Encounter, Meeting, Side, State, allowed, exercised, side, unreached
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.explore.lifecycle import Lifecycle
from pytest_jobstatus.explore.machine import machine
from pytest_jobstatus.explore.part import clocks_for
from pytest_jobstatus.report.json import report_values
from pytest_jobstatus.report.text import covered
from pytest_jobstatus.rules import position
from pytest_jobstatus.tracker import MAYBE_MISSING
from tests.small_histories import History, seen
from tests.sound_trackers.merging import Sound

K = EventKind
SIDES = [
    (Mark(K.CREATED, 0), position.NOTHING, Side.AHEAD),
    (Mark(K.CREATED, 0), (0, 0), Side.AT),
    (Mark(K.ACTIVE, 1), (0, 0), Side.AHEAD),
    (Mark(K.PROGRESS, 1), (1, 1), Side.AT),
    (Mark(K.ACTIVE, 1), (1, 2), Side.BEHIND),
    (Mark(K.STALLED, 1), (1, 2), Side.AT),
    (Mark(K.ACTIVE, 2), (1, 2), Side.AHEAD),
    (Mark(K.COMPLETED, 1), (1, 2), Side.AHEAD),
    (Mark(K.COMPLETED, 1), (2, 1), Side.BEHIND),
    (Mark(K.CANCELLED, 1), (2, 1), Side.AHEAD),
    (Mark(K.FAILED, 3), position.OVER, Side.AT),
    (Mark(K.RETRYING, 3), position.OVER, Side.BEHIND),
]


@pytest.mark.parametrize(("mark", "shown", "expected"), SIDES)
def test_the_side_of_an_event(mark: Mark, shown: position.Position, expected: Side) -> None:
    """Attempt and phase decide; an end is ahead of all that is open, but for one of an older attempt."""
    assert side(mark, shown) is expected


def test_what_a_history_reached() -> None:
    """Each delivery meets the status before it; of an event that nobody saw nothing is said."""
    history = seen(History("created 0 active 1 completed 1", "0 0 2 1"))
    assert {Encounter(*each).meeting for each in exercised(history)} == {
        Meeting(None, K.CREATED, Side.AHEAD),
        Meeting(Status.PENDING, K.CREATED, Side.AT),
        Meeting(Status.PENDING, K.COMPLETED, Side.AHEAD),
        Meeting(Status.COMPLETED, K.ACTIVE, Side.BEHIND),
    }


def test_what_there_can_be() -> None:
    """Nothing but what the kinds of a tracker and the state of a job allow."""
    few = frozenset({K.ACTIVE, K.COMPLETED})
    assert allowed((None, position.NOTHING), kinds=few) == {Meeting(None, kind, Side.AHEAD) for kind in few}
    assert allowed((Status.COMPLETED, position.OVER), kinds=few) == {
        Meeting(Status.COMPLETED, K.ACTIVE, Side.BEHIND),
        Meeting(Status.COMPLETED, K.COMPLETED, Side.AT),
    }


PROFILES = [Profile(unsupported=dict.fromkeys(lacking.split(), "no")) for lacking in ("", *MAYBE_MISSING)]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: "+".join(profile.unsupported) or "all")
@pytest.mark.parametrize("seed", [0, 1])
def test_the_long_lives_reach_all_that_the_profile_allows(profile: Profile, seed: int) -> None:
    """At default effort, whatever the seed, by what a sound tracker shows."""
    meetings: Counter[Meeting] = Counter()
    states = set()
    for plan in machine(EFFORTS["default"], profile, seed=seed).plans:
        life = Lifecycle(profile, [clocks_for(profile)[0]] * len(plan.jobs))
        assert plan.kinds <= profile.kinds
        assert profile.supports("concurrency") or not plan.workers
        shown: dict[str, State] = dict.fromkeys(plan.jobs, (None, position.NOTHING))
        for index in plan.order:
            event = plan.events[index]
            state = shown[event.job_id]
            states.add(state)
            mark = Mark(event.kind, event.attempt)
            meetings[Meeting(state[0], event.kind, side(mark, state[1]))] += 1
            shown[event.job_id] = life.moved(state, mark)
    assert len(meetings) > 3
    assert not unreached(meetings, states, kinds=profile.kinds)


def test_the_report_says_what_was_not_reached() -> None:
    """In the table behind a question mark, and in the JSON report."""
    report = check(Sound, rules="TIME-7", effort="quick")
    missing = report.coverage.unreached
    assert missing
    text = "\n".join(covered(report))
    assert text.count("?") == len(missing) + 1  # the legend has one
    values = report_values(report)["covered"]
    assert len(values["unreached"]) == len(missing)
    assert len(values["exercise"]) == len(report.coverage.meetings)
    json.dumps(values)
