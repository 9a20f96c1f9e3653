"""What rules are about, what they need, and how they are chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pytest_jobstatus import Event, Profile
from pytest_jobstatus.delivery import in_order
from pytest_jobstatus.engine import seen_once
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.history import History as Seen
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.rules import PLANNED, RULES, TOTAL, Level, Need, Plans, Rule, Violation, named, rule, select
from pytest_jobstatus.runs import emitted
from pytest_jobstatus.tracker import END_TIMES
from pytest_jobstatus.values import deep
from tests.small_histories import History, seen
from tests.small_trackers import Small
from tests.sound_trackers.data import Readable

ABOUT = (
    ("RETRY-2", "created 0 active 1", False),
    ("RETRY-2", "retrying 1", True),
    ("RETRY-2", "stalled 1", True),
    ("RETRY-2", "active 2", True),
    ("RETRY-5", "failed 2", False),
    ("RETRY-5", "retrying 1", False),
    ("RETRY-5", "retrying 1 failed 2", True),
    ("TERM-1", "created 0 active 1", False),
    ("TERM-1", "completed 1", True),
    ("LOAD-1", "created 0", True),
)
"""Which runs a rule is about at all."""


@pytest.mark.parametrize(("number", "run", "expected"), ABOUT)
def test_about(number: str, run: str, expected: bool) -> None:  # noqa: FBT001 - of a table
    """A plan that cannot bring up a rule's premise is left out."""
    plan = History(run, " ".join(str(index) for index in range(len(run.split()) // 2))).plan
    assert named(number, source="test").about(plan) is expected


LACKING = (
    ("TIME-9", Profile(started="latest"), None),
    ("TIME-9", Profile(unsupported={"event_time": "x"}), None),
    ("TIME-9", Profile(started="latest", unsupported={"event_time": "x"}), "not supported: event_time: x"),
    ("TIME-9", Profile(unsupported={"active": "x", "stalled": "y"}), "not supported: active: x"),
    ("RETRY-2", Profile(unsupported={"retrying": "x", "stalled": "y"}), "not supported: retrying: x; stalled: y"),
    ("TIME-1", Profile(unsupported={"created_at": "x"}), None),
    (
        "TIME-1",
        Profile(unsupported=dict.fromkeys(("created_at", "started_at"), "x")),
        "not supported: created_at, started_at: x",
    ),
    (
        "TIME-1",
        Profile(unsupported=dict.fromkeys(("created", "cancelled", "completed_at", "failed_at"), "x")),
        "not supported: created, completed_at, failed_at, cancelled: x",
    ),
    (
        "TIME-5",
        Profile(unsupported=dict.fromkeys(("active", "created_at", *END_TIMES.values()), "x")),
        "not supported: created_at, active, completed_at, failed_at, cancelled_at: x",
    ),
    ("TIME-5", Profile(unsupported={"active": "x", "created_at": "x"}), None),
    ("TIME-7", Profile(waived={"TIME-7": "x"}), "waived: x"),
    ("TIME-6", Profile(waived={"TIME-6": "x"}), None),
)
"""What a tracker declares, and why a rule does not apply to it."""


@pytest.mark.parametrize(("number", "profile", "reason"), LACKING)
def test_not_applicable(number: str, profile: Profile, reason: str | None) -> None:
    """A rule whose need is missing says so in the profile's words; only a SHOULD can be waived."""
    assert named(number, source="test").not_applicable(profile) == reason


CHOICES: tuple[tuple[str | list[object] | None, list[str] | str], ...] = (
    (None, [each.id for each in RULES]),
    ("TERM-1", ["TERM-1"]),
    ("CANC", ["CANC-1", "CANC-2", "CANC-3", "CANC-4"]),
    ("iso-1, TRACK-2", ["TRACK-2", "ISO-1"]),
    ([" canc-4 "], ["CANC-4"]),
    ([7], "test: 7: allowed are numbers such as 'TERM-1' and families such as 'TERM'"),
    ([], "test: no rule given; `jobstatus rules` lists them"),
    (["RACE"], "test: RACE is not checked yet; `jobstatus rules` lists what is"),
    (["DUR-2"], "test: DUR-2 is not checked yet; `jobstatus rules` lists what is"),
    (["ACTIVE-1"], "test: there is no rule 'ACTIVE-1'; `jobstatus rules` lists them all"),
    (["TERM-9"], "test: there is no rule 'TERM-9'; `jobstatus rules` lists them all; TERM-1 to TERM-4 are checked"),
)
"""What may be asked for, and which rules that means, or why it is refused."""


def chosen(wanted: Any) -> list[str] | str:
    """Which rules are meant, or why nothing is."""
    try:
        return [each.id for each in select(wanted, source="test")]
    except Misuse as error:
        return str(error)


@pytest.mark.parametrize(("wanted", "expected"), CHOICES, ids=str)
def test_choice(wanted: object, expected: object) -> None:
    """Rules are chosen by number and family."""
    assert chosen(wanted) == expected


def test_the_book_has_59_rules() -> None:
    """Those to come are counted."""
    assert (TOTAL, len({*(each.id for each in RULES), *(each.id for each in PLANNED)})) == (59, 59)


@pytest.mark.parametrize("number", ["STALL", "stall"])
def test_one_is_named_by_its_whole_number(number: str) -> None:
    """A family is not a rule."""
    with pytest.raises(Misuse, match="is a family; say which rule: STALL-1, STALL-2"):
        named(number, source="test")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.id))
def test_odd_progress_is_no_trouble(rule: Rule) -> None:
    """Progress that Python itself can hardly compare is judged, or left to DATA-2: a scenario may bring it anywhere."""
    history = seen(
        History("created 0 active 1 progress 1 progress 1 completed 1", "0 1 2 2 3 2 4 2", told=(deep(), deep()))
    )
    assert rule.judge(history)[1] is None


class DeafToTheSecond(Small):
    """Hears nothing of job-2."""

    def apply(self, event: Event) -> None:
        if not event.job_id.startswith("job-2"):
            super().apply(event)


def test_some_jobs_alone_can_be_judged() -> None:
    """A violation in another job is not told then, and one that is keeps its number in the whole history."""
    events = [event for job in ("job-1", "job-2") for event in emitted((Mark(EventKind.CREATED, 0),), job=job)]
    history = seen_once(Factory.of(DeafToTheSecond), in_order(events))
    sound, deaf = history.of_each_job()
    judged = named("TRACK-1", source="test").judge
    assert judged(history, jobs=(sound,)) == (1, None)
    assert judged(history, jobs=(deaf,)) == (1, judged(history)[1])
    assert (found := judged(history)[1]) is not None
    assert found.step == 1


SECTIONS = ("Intent: a", "Not checked if: b", "Exercised: c", "If it fails: d")


def documented(*sections: str) -> Rule:
    """A rule whose check says nothing, with that docstring."""

    def check(_history: Seen) -> Iterator[Violation | None]:
        return iter(())

    check.__doc__ = "\n".join(["The text\n    of the rule.\n", *sections])
    return rule("X-1", Plans.IN_ORDER)(check)


def test_a_rule_is_made_of_its_docstring() -> None:
    """Text and sections come from there; what is not said is the plain case."""
    made = documented(*SECTIONS)
    assert (made.text, made.intent, made.not_checked_if, made.exercised, made.look) == (
        "The text of the rule.", "a", "b", "c", "d",
    )  # fmt: skip
    assert (made.level, made.needs, made.compares, made.incidents) == (Level.MUST, (), None, ())
    assert (made.others, made.waits, made.batches) == (False, False, False)


@pytest.mark.parametrize("kept", [(0, 1, 2), (1, 2, 3), (1, 0, 2, 3), (0, 2, 1, 3)])
def test_a_rule_without_a_section_is_none(kept: tuple[int, ...]) -> None:
    """All four sections are there, in their order."""
    with pytest.raises(ValueError, match="X-1: its docstring needs a text and the sections"):
        documented(*(SECTIONS[place] for place in kept))


def test_one_of_several_is_enough() -> None:
    """A need is met by one of its groups, unless it asks for more."""
    need = Need(groups=(("error",), ("progress",)))
    assert need.missing(Profile(unsupported={"error": "x"})) == []
    assert need.missing(Profile(unsupported={"error": "x", "progress": "y"})) == ["error", "progress"]


def test_two_odd_values_may_leave_the_same_note() -> None:
    """Who stores a readable note for what it cannot store may store the same for the next."""
    odd = History("active 1 progress 1 progress 1", "0 1 2", tracker=Readable, told=("a\0b", {"nul\0": 1}))
    exercised, violation = named("DATA-2", source="test").judge(seen(odd))
    assert (exercised, violation) == (2, None)
