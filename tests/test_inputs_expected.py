"""What a scenario needs, presumes and expects: what is refused, how it is told, and that it reads back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pytest_jobstatus import Misuse, Profile
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.replay import replay
from pytest_jobstatus.scenario import Scenario, as_far_as_known, dump, misfit, parse, short_id
from tests.scenario_text import (
    ACTIVE,
    COMPLETED,
    CREATED,
    FAILED,
    FIRST,
    HEADER,
    ONE,
    SEVERAL,
    TWO,
    expecting,
    said_of,
    written,
)
from tests.sound_trackers.merging import Sound

NEEDS: list[tuple[dict[str, str], dict[str, str], str]] = [
    ({"needs": '"skew"'}, {}, "needs = 'skew': allowed is a list"),
    ({"needs": "[1]"}, {}, "needs: 1: allowed is a text"),
    ({"needs": '["skw"]'}, {}, "needs: 'skw': allowed are 'created', 'active', 'progress'"),
    ({"needs": "[]"}, {"at": "2026-01-05T11:59:00Z"}, "needs = []: an event has an earlier instant than one before it"),
    ({"needs": '["event_time"]'}, {"job": '"Job #"'}, "needs = ['event_time']: a job has an id of more than letters"),
]


@pytest.mark.parametrize(("header", "event", "told"), NEEDS, ids=lambda each: None)
def test_needs_are_refused(header: dict[str, str], event: dict[str, str], told: str) -> None:
    """What a tracker may lack is a closed list, and what the events show to be needed must be in it."""
    assert said_of(written(HEADER | header, ACTIVE, COMPLETED | event)).startswith(told)


@pytest.mark.parametrize(
    ("changed", "needs"),
    [
        ({}, ()),
        ({"at": "2026-01-05T11:59:00Z"}, ("skew",)),
        ({"job": '"job.2"'}, ("opaque_ids",)),
        ({"kind": '"progress"', "progress": "'100'"}, ()),
        ({"kind": '"progress"', "progress": "'101'"}, ("json_progress",)),
        ({"kind": '"progress"', "progress": "'true'"}, ("json_progress",)),
        ({"kind": '"progress"', "progress": "'null'"}, ("json_progress",)),
    ],
)
def test_a_file_without_needs_has_those_that_its_events_show(changed: dict[str, str], needs: tuple[str, ...]) -> None:
    """Files of before there were needs are not told to trackers that cannot be told them."""
    assert parse(written(HEADER, ACTIVE, COMPLETED | changed), source="old.toml").needs == needs


PROFILES = [
    ('order = "loose"', "profile: order = 'loose': allowed are 'strict', 'plain'"),
    ("order = 1", "profile: order = 1: allowed are 'strict', 'plain'"),
    ('late_end = "take"', "profile: late_end = 'take': allowed are 'taken', 'ignored'; did you mean 'taken'?"),
    ("resolution = 0", "profile: resolution = 0: allowed are seconds, above 0 and at most 3600"),
    ("resolution = 3601", "profile: resolution = 3601: allowed are seconds, above 0 and at most 3600"),
    ("resolution = true", "profile: resolution = True: allowed are seconds"),
    ('resolution = "1 ms"', "profile: resolution = '1 ms': allowed are seconds"),
    ("resolution = nan", "profile: resolution = nan: allowed are seconds"),
    (
        'zone = "UTC"',
        "profile: unknown key 'zone': allowed are 'order', 'started', 'late_end', 'on_fault', 'resolution'",
    ),
]


@pytest.mark.parametrize(("line", "told"), PROFILES)
def test_a_setting_that_there_is_not_is_refused(line: str, told: str) -> None:
    """The settings are those of a profile, with their values."""
    assert said_of(expecting("[profile]", line)).startswith(told)


EXPECTED: list[tuple[list[str], str]] = [
    (["expected = 3"], "expected = 3: allowed is a table"),
    (["[expected]"], "expected = {}: allowed is a table with what must show in the end"),
    (["[expected]", "state = 1"], "expected: unknown key 'state': allowed are 'status', 'attempt', 'created_at'"),
    (["[expected]", "updated_at = 2026-01-05T12:00:00Z"], "expected: unknown key 'updated_at': allowed are 'status'"),
    (
        ["[expected]", 'status = "done"'],
        "expected: status = 'done': allowed are, alone or in a list, 'pending', 'active', 'delayed'",
    ),
    (["[expected]", "status = []"], "expected: status = []: allowed are, alone or in a list, 'pending'"),
    (
        ["[expected]", 'status = ["active", 1]'],
        "expected: status = ['active', 1]: allowed are, alone or in a list, 'pending'",
    ),
    (["[expected]", 'status = "none"'], "expected: status = 'none': allowed are, alone or in a list, 'pending'"),
    (["[expected]", "attempt = -1"], "expected: attempt = -1: allowed is a whole number from 0 on"),
    (["[expected]", "attempt = true"], "expected: attempt = True: allowed is a whole number from 0 on"),
    (["[expected]", "created_at = 2026-01-05T12:00:00"], "expected: created_at = 2026-01-05T12:00:00: an offset is"),
    (["[expected]", 'failed_at = "never"'], "expected: failed_at = 'never': allowed is a date and time with an offset"),
    (["[expected]", "failed_at = 2026-01-05"], "expected: failed_at = datetime.date(2026, 1, 5): allowed is a date"),
    (["[expected]", "error = 3"], "expected: error = 3: allowed is a text that the error contains, or 'none'"),
    (["[expected]", 'error = ""'], "expected: error = '': allowed is a text that the error contains, or 'none'"),
    (["[expected]", "progress = 50"], "expected: progress = 50: allowed is JSON text, or 'none': "),
    (["[expected]", "progress = '{half'"], "expected: progress = '{half': allowed is JSON text, or 'none': "),
    (["[expected]", "cancelled_by = 'me'"], "expected: cancelled_by = 'me': allowed is JSON text, or 'none': "),
    (["[expected]", "cancelled_by = '7'"], "expected: cancelled_by = '7': allowed is JSON text with a string"),
    (["[expected.job-2]", "attempt = 1"], "expected: 'job-2': nothing is delivered of such a job; there are 'job-1'"),
    (["[expected.job-1]"], "expected: 'job-1': {}: allowed is a table with what must show in the end"),
    (["[expected]", "job-1.attempt = 1", "attempt = 1"], "expected: 'attempt': nothing is delivered of such a job"),
]


@pytest.mark.parametrize(("lines", "told"), EXPECTED, ids=lambda each: None)
def test_what_cannot_be_expected_is_refused(lines: list[str], told: str) -> None:
    """Each field is checked, with its value and what is allowed."""
    assert said_of(expecting(*lines)).startswith(told)


def test_instants_of_events_that_are_too_close_are_refused() -> None:
    """A tracker moves times to keep them in order: what would never be judged is not to be written."""
    fast = (CREATED, ACTIVE | {"at": CREATED["at"]}, COMPLETED)
    told = said_of(written(FIRST, *fast, tables="[expected]\nstarted_at = 2026-01-05T12:00:00Z"))
    assert told.startswith("expected: started_at: the events of job-1 share an instant, or run back")


def test_of_several_jobs_it_is_said_which() -> None:
    """Without a job's name nobody knows whose status it is; a job that is never told of shows nothing to expect."""
    told = said_of(written(SEVERAL, ONE, TWO, tables="[expected]\nattempt = 1"))
    assert told.startswith("expected: whose is it? Allowed are [expected.job-one]")
    told = said_of(written(SEVERAL | {"delivery": '["one"]'}, ONE, TWO, tables="[expected.job-two]\nattempt = 1"))
    assert told.startswith("expected: 'job-two': nothing is delivered of such a job")


FULL = """[profile]
order = "plain"
late_end = "taken"
resolution = 0.5
[expected]
status = ["failed", "completed"]
attempt = 1
created_at = 2025-06-01T14:00:00+02:00
completed_at = "none"
error = "no \\"space\\""
progress = '{"a": [null, 1.5, "\\ud800"]}'
cancelled_by = "none"
"""


def full() -> Scenario:
    """A scenario that says all that there is to say, months before the day on which plans start."""
    header = FIRST | {"delivery": '["created", "active", "failed"]', "needs": '["skew", "event_time"]'}
    june = [event | {"at": event["at"].replace("2026-01-05", "2025-06-01")} for event in (CREATED, ACTIVE, FAILED)]
    return parse(written(header, *june, tables=FULL), source="full.toml")


def test_all_that_is_said_reads_back() -> None:
    """What was read and is written reads back as the same, instants moved with the events."""
    once = full()
    again = parse(dump(once), source="again.toml")
    for name in ("id", "title", "rules", "needs", "presumes", "expected"):
        assert getattr(again, name) == getattr(once, name), name
    assert (once.presumes["resolution"], len(once.expected["job-1"])) == (timedelta(seconds=0.5), 7)
    assert once.expected["job-1"]["created_at"] == once.plan.events[0].occurred_at
    assert dump(again) == dump(once)


def test_what_is_expected_of_several_jobs_reads_back() -> None:
    """Each job's table has its name, however odd."""
    odd = 'Job # "x" é'
    events = [replace(event, job_id=job) for event, job in zip(full().plan.events, (odd, odd, "b"), strict=True)]
    plan = replace(full().plan, events=tuple(events))
    scenario = Scenario(
        id="odd", title="odd", rules=("ISO-1",), plan=plan, expected={odd: {"attempt": 1}, "b": {"error": None}}
    )
    assert parse(dump(scenario), source="again.toml").expected == scenario.expected


def test_what_is_expected_is_part_of_the_name() -> None:
    """Two counterexamples of one plan that expect different things are two files."""
    scenario = full()
    assert short_id(scenario.plan) == short_id(scenario.plan, expected={})
    assert short_id(scenario.plan) != short_id(scenario.plan, expected=scenario.expected)


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        (Profile(unsupported={"skew": "one host"}), "needs skew, which is missing: one host"),
        (Profile(unsupported={"event_time": "own clock"}), "needs event_time, which is missing: own clock"),
        (Profile(order="strict"), "presumes order = plain; the tracker has strict"),
        (Profile(late_end="ignored"), "presumes late_end = taken; the tracker has ignored"),
        (Profile(resolution=timedelta(seconds=1)), "presumes resolution = 0:00:00.500000; the tracker has 0:00:01"),
        (Profile(), None),
        (Profile(resolution=timedelta(seconds=0.5)), None),
    ],
)
def test_who_is_not_told_it(profile: Profile, told: str | None) -> None:
    """A tracker that lacks what is needed, or is set otherwise, is not told a scenario; replaying it says why."""
    scenario = full()
    assert misfit(scenario, profile) == told
    assert (as_far_as_known(scenario, profile) is None) == (told is not None)

    class Declaring(Sound):
        pass

    Declaring.profile = profile
    if told is not None:
        with pytest.raises(Misuse, match=r"late: .*Declaring is not told it: it ") as caught:
            replay(Factory.of(Declaring), scenario)
        assert str(caught.value).endswith(told)
