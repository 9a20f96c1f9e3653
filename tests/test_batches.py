"""Deliveries that nobody looks at before the last: how they are carried out, judged and told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_jobstatus import Event, Misuse, Profile, Snapshot, Status, check
from pytest_jobstatus.clocks import AGREE
from pytest_jobstatus.delivery import Plan, until
from pytest_jobstatus.engine import seen_once
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.exercise import Meeting, Side, exercised
from pytest_jobstatus.explore.observer import seen_by
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.history import History as Seen
from pytest_jobstatus.report import table, text
from pytest_jobstatus.rules import RULES, Violation, named
from pytest_jobstatus.runs import emit, emitted
from pytest_jobstatus.scenario import Scenario, dump, parse
from pytest_jobstatus.verdict import Coverage
from tests.faulty_trackers.conv_1 import LastOfEachKindInBatch
from tests.faulty_trackers.term_1 import LastWriteWins
from tests.faulty_trackers.term_4 import BatchInOrderOfKinds
from tests.golden_files import Golden
from tests.small_histories import History, counted, seen
from tests.sound_trackers.choices import IgnoresZombies
from tests.sound_trackers.merging import Row, Sound, Stale
from tests.sound_trackers.missing import NoAttempt
from tests.sound_trackers.write_behind import Batched

TWO_JOBS = Plan(
    events=(
        *emitted((Mark(EventKind.ACTIVE, 1), Mark(EventKind.COMPLETED, 1))),
        *emitted((Mark(EventKind.ACTIVE, 1), Mark(EventKind.COMPLETED, 1)), job="job-2"),
    ),
    order=(1, 0, 2, 3),
    batch=4,
)
"""Of the first job the start comes late."""


def judged(number: str, tracker: Any, plan: Plan) -> tuple[int, Violation | None]:
    """What the rule says of the tracker."""
    rule = named(number, source="test")
    with Factory.of(tracker).open() as handle:
        return rule.judge(seen_by(handle, plan, rule=rule))


def shown_by(tracker: Any, plan: Plan) -> Seen:
    """What the tracker shows."""
    return seen_once(Factory.of(tracker), plan)


@pytest.mark.parametrize("step", range(5))
def test_what_is_cut_can_be_kept(step: int) -> None:
    """A plan that is cut at a violation has as many deliveries as it says, and reads back from its file."""
    whole = History("created 0 active 1 progress 1 completed 1", "0 1 2 3 0", batch=3).plan
    plan = until(whole, step)
    assert len(shown_by(Sound, plan).steps) == step + 1
    scenario = Scenario(id="cut", title="Cut", rules=("CONV-1",), plan=plan)
    assert parse(dump(scenario), source="test").plan.batch == plan.batch


def test_a_batch_is_no_larger_than_the_plan() -> None:
    """There is no telling an event that is not delivered."""
    with pytest.raises(ValueError, match="a batch of 3: there are 2 deliveries"):
        History("created 0 active 1", "0 1", batch=3).plan  # noqa: B018 - making it is the test


def test_what_nobody_saw_is_none_of_the_coverage() -> None:
    """Only what was looked at counts as a status that met an event."""
    coverage = Coverage()
    history = seen(History("created 0 active 1 completed 1", "0 1 2", batch=2))
    coverage.add(history.plan, history, 1, exercise=exercised(history))
    assert coverage.meetings == {Meeting(None, EventKind.CREATED, Side.AHEAD)}


class LateStartEmpty(Sound):
    """Leaves the time of a start empty that comes after the end."""

    def set_started(self, row: Row, event: Event, at: Any) -> None:
        if not row.over:
            super().set_started(row, event, at)


def test_a_late_event_in_a_batch_is_no_fault_of_isolation() -> None:
    """What comes late may show something else than in causal order, beside other jobs or not."""
    assert judged("ISO-1", LateStartEmpty, TWO_JOBS)[1] is None


def test_a_repeat_in_a_batch_is_no_fault_of_isolation() -> None:
    """What was told again may show something else than once."""
    assert judged("ISO-1", LateStartEmpty, replace(TWO_JOBS, order=(0, 0, 1, 2, 3), batch=5)) == (1, None)


class ConfusedByCompany(Batched):
    """Shows another attempt and somebody who cancelled where two jobs waited together."""

    together = False

    def batch(self) -> list[Event]:
        self.together = len({event.job_id for event in self.waiting}) > 1
        return super().batch()

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, attempt=9, cancelled_by="somebody") if self.together else shown


def test_the_first_field_that_company_changes_is_named() -> None:
    """Beside what it shows alone."""
    wrong = judged("ISO-1", ConfusedByCompany, replace(TWO_JOBS, order=(0, 1, 2, 3)))[1]
    assert wrong is not None
    said = "told beside another job, before anybody looked, job-1 shows attempt 9; alone 1"
    assert (wrong.field, wrong.message) == ("attempt", said)


class RefusesLater(Batched):
    """Refuses what is behind when it is written."""

    profile = Profile(refuses=(Stale,))

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if not self.is_ahead(row, event):
            raise Stale(f"{event.name} is behind {row.status}")
        super().merge(row, event, value)


def test_what_cannot_be_written_is_pinned_on_no_event() -> None:
    """Which event of a batch `settle()` could not write nobody can tell: none counts as delivered."""
    history = shown_by(RefusesLater, TWO_JOBS)
    assert [type(step.raised) for step in history.steps] == [Stale] * 4
    assert judged("CONV-2", RefusesLater, TWO_JOBS) == (0, None)


class Unfit(Batched):
    """Finds out in `settle()` that the adapter is not to be used."""

    def settle(self) -> None:
        raise Misuse("no such queue")


class Flushing(Batched):
    """Can write once what waits, and then no more."""

    full = False

    def settle(self) -> None:
        if self.full:
            raise OSError("the disk is full")
        super().settle()
        self.full = True


def test_misuse_in_settle_is_misuse() -> None:
    """A broken adapter is no verdict on the tracker, wherever that shows."""
    with pytest.raises(Misuse, match="no such queue"):
        check(Unfit, rules="TRACK-1")


def test_what_settle_raises_is_said_of_it() -> None:
    """It was not `apply` that raised."""
    found = check(Flushing, rules="TRACK-3")["TRACK-3"].counterexample
    assert found is not None
    assert found.message.endswith(" must be accepted; it raised OSError: the disk is full (in settle())")


def test_settle_is_a_method() -> None:
    """What cannot be called is refused by its value."""

    class Settled(Sound):
        settle = None

    class Misnamed(Sound):
        settle = "later"

    assert check(Settled, rules="TRACK-1").ok
    with pytest.raises(Misuse, match=r"settle is 'later': allowed is a method without arguments, or none"):
        check(Misnamed, rules="TRACK-1")


class Unreadable(Batched):
    """A job that ended cannot be read any more."""

    def show(self, row: Row) -> Snapshot:
        if row.over:
            raise KeyError(row.job_id)
        return super().show(row)


def test_a_batch_that_cannot_be_read_is_shown() -> None:
    """What was told before the read that raised stands in the history and in the table."""
    history = seen(History("created 0 active 1 completed 1", "0 1 2", Unreadable, batch=3))
    assert [step.event.name for step in history.steps] == ["created", "active 1"]
    assert "read raised KeyError" in table.table(history, mark="X")[3]


@pytest.mark.parametrize("number", [rule.id for rule in RULES if not rule.batches])
def test_a_rule_that_looks_after_each_delivery_judges_no_batch(number: str) -> None:
    """It says nothing of one, and a scenario file that asks it to is refused."""
    history = History("created 0 active 1 completed 1", "0 1 2", LastWriteWins, batch=3)
    assert counted(named(number, source="test"), history) == 0
    scenario = Scenario(id="batch", title="Batch", rules=(number,), plan=history.plan)
    with pytest.raises(Misuse, match=f"rules: {number} looks after each delivery: with a batch allowed are .*'CONV-1'"):
        parse(dump(scenario), source="test")


@pytest.mark.parametrize("batch", ["1", "4", "-2"])
def test_a_batch_has_two_deliveries_at_least(batch: str) -> None:
    """The size that a scenario file gives is checked."""
    scenario = Scenario(
        id="batch", title="Batch", rules=("CONV-1",), plan=History("created 0 active 1 completed 1", "0 1 2").plan
    )
    written = dump(scenario).replace("\n\n", f"\nbatch = {batch}\n\n", 1)
    with pytest.raises(Misuse, match=f"batch = {batch}: allowed are 0, or 2 to the 3 deliveries"):
        parse(written, source="test")


class LastError(Sound):
    """Writes the error of any end, though the status is guarded."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.FAILED:
            row.error = event.error


@pytest.mark.parametrize("batch", [0, 2])
def test_what_was_looked_at_is_judged_beside_a_batch(batch: int) -> None:
    """A batch at the end does not hide what shows before it."""
    history = History("created 0 active 1 completed 1 [failed 1]", "2 3 0 1", LastError, batch=batch)
    said = (
        "error: completed 1 ended the job; failed 1 changed error from none to ValueError: attempt 1 failed in line 4"
    )
    assert counted(named("TERM-4", source="test"), history) == said


@pytest.mark.parametrize(
    ("order", "batch", "expected"),
    [
        ("0 1 2 3", 2, 1),
        ("0 1 2 3", 4, 1),
        ("0 1 2 3 3", 3, 1),
        ("0 1 2 2", 2, 0),
        ("0 1 2 3", 0, 1),
        ("2 3 1", 2, 1),
        ("2 3 3 1", 2, 2),
        ("0 1 3 2", 4, 1),
    ],
)
def test_ends_of_a_batch_are_counted(order: str, batch: int, expected: int) -> None:
    """Two different ends make a premise, seen or not; one that is told again does not."""
    history = History("created 0 active 1 completed 1 [failed 1]", order, batch=batch)
    assert counted(named("TERM-4", source="test"), history) == expected


def test_ends_of_an_attempt_that_is_over_decide_nothing() -> None:
    """Where a later attempt was told, each of them may be ignored."""
    history = History("active 1 stalled 1 active 2 [completed 1 failed 1]", "0 1 2 3 4", IgnoresZombies, batch=5)
    assert counted(named("TERM-4", source="test"), history) == 0


def test_a_batch_begins_with_whatever_job() -> None:
    """What another job was told first does not make the rest of the batch look seen."""
    active, completed = emitted((Mark(EventKind.ACTIVE, 1), Mark(EventKind.COMPLETED, 1)))
    (other,) = emitted((Mark(EventKind.ACTIVE, 1),), job="job-2")
    stray = emit(Mark(EventKind.FAILED, 1), at=completed.occurred_at, nth=3)
    plan = Plan(events=(active, completed, other, stray), order=(0, 1, 2, 3), strays=frozenset({3}), batch=2)
    assert judged("TERM-4", Sound, plan) == (1, None)


@pytest.mark.parametrize(
    ("run", "order", "shown"),
    [
        ("active 1 failed 1 [completed 1]", "0 1 1 2", "completed"),
        ("active 1 failed 1 [completed 1 cancelled 1]", "0 1 2 3", "cancelled"),
    ],
)
def test_the_first_other_end_is_named(run: str, order: str, shown: str) -> None:
    """A repeat is no contradiction, and of several ends the first contradicts."""
    history = History(run, order, BatchInOrderOfKinds, batch=4)
    said = f"status: failed 1 was delivered before completed 1 and must show; the job shows {shown}"
    assert counted(named("TERM-4", source="test"), history) == said


@pytest.mark.parametrize(
    ("run", "shown", "said"),
    [
        ("active 1 cancelled 1 [failed 1]", "user-2", 1),
        ("active 1 cancelled 1 [failed 1]", None, "cancelled_by: cancelled 1 was by user-2; cancelled_by shows none"),
        ("active 1 cancelled 1 [failed 1]", "a", "cancelled_by: cancelled 1 was by user-2; cancelled_by shows a"),
        ("active 1 cancelled 1 [failed 1]", "z", "cancelled_by: cancelled 1 was by user-2; cancelled_by shows z"),
        ("active 1 failed 1 [cancelled 1]", None, 1),
        (
            "active 1 failed 1 [cancelled 1]",
            "user-3",
            "cancelled_by: failed 1 ended the job, but its cancelled_by is that of cancelled 1, which came later",
        ),
    ],
)
def test_who_cancelled_belongs_to_the_first_end(run: str, shown: str | None, said: int | str) -> None:
    """Of two ends in a batch the first keeps who cancelled, and has nothing of the other."""

    class Telling(Sound):
        def show(self, row: Row) -> Snapshot:
            return replace(super().show(row), cancelled_by=shown)

    assert counted(named("TERM-4", source="test"), History(run, "0 1 2", Telling, batch=2)) == said


def test_an_end_that_may_be_ignored_decides_nothing() -> None:
    """Of ends of several attempts any may be the one that counts."""
    history = History("active 1 stalled 1 active 2 completed 2 [failed 1]", "0 4 1 2 3", IgnoresZombies, batch=5)
    assert counted(named("TERM-4", source="test"), history) == 0


class NoAttemptIgnoring(NoAttempt):
    """Shows no attempts, and ignores late ends of older ones."""

    profile = Profile(late_end="ignored", unsupported=NoAttempt.profile.unsupported)

    def is_ahead(self, row: Row, event: Event) -> bool:
        late = event.kind in (EventKind.COMPLETED, EventKind.FAILED) and event.attempt < row.attempt
        return not late and super().is_ahead(row, event)


@pytest.mark.parametrize("number", ["CANC-4", "DATA-1", "DATA-3", "ISO-1"])
def test_an_end_that_may_be_late_is_not_ahead_without_doubt(number: str) -> None:
    """Where no attempts are shown, nobody can tell which one progress moved the job to."""
    history = History("created 0 active 1 progress 2 [failed 1]", "0 1 2 3", NoAttemptIgnoring)
    assert isinstance(counted(named(number, source="test"), history), int)


@pytest.mark.parametrize(
    ("run", "order", "expected"),
    [
        ("active 1 progress 1 progress 1", "0 1 2", 1),
        ("active 1 progress 1 progress 1", "0 2 1", 0),
        ("active 1 progress 1 retrying 1", "0 2 1", 0),
    ],
)
def test_the_newest_progress_of_a_batch_is_due(run: str, order: str, expected: int) -> None:
    """Where it comes last and nothing left it behind; what an older one did nobody saw."""
    assert counted(named("PROG-2", source="test"), History(run, order, batch=2)) == expected


def test_older_progress_in_a_batch_is_not_judged() -> None:
    """Not even where another job's event is the last."""
    own = emitted((Mark(EventKind.ACTIVE, 1), Mark(EventKind.PROGRESS, 1), Mark(EventKind.PROGRESS, 1)))
    other = emitted((Mark(EventKind.ACTIVE, 1),), job="job-2")
    assert judged("PROG-2", Sound, Plan(events=(*own, *other), order=(0, 2, 1, 3), batch=2)) == (1, None)


def test_the_table_tells_when_somebody_looked(golden: Golden) -> None:
    """Of several jobs in a batch each is read at its end, in the table and in the trace."""
    history = shown_by(Sound, TWO_JOBS)
    golden.compare("batch.txt", "\n".join([*table.table(history), "", *table.trace(history)]))


def test_a_batch_is_blamed_only_where_it_was_tried_without() -> None:
    """The note stands beside a counterexample that needs its batch, and beside no other."""
    report = check(LastOfEachKindInBatch, rules="CONV-1")
    assert "with a look after each delivery the rule holds" in "\n".join(text.findings(report))
    plan = History("active 1 completed 1", "1 0", batch=2).plan
    scenario = Scenario(id="batch", title="Batch", rules=("CONV-1",), plan=plan)
    _, wrong = judged("CONV-1", LastWriteWins, plan)
    assert wrong is not None
    replayed = text.replayed(scenario, shown_by(LastWriteWins, plan), {"CONV-1": (1, wrong)}, {})
    assert "the rule holds" not in "\n".join(replayed)


def test_a_batch_is_as_good_as_its_deliveries() -> None:
    """A sound tracker shows the same in the end, and what nobody looked at is marked."""
    history = seen(History("created 0 active 1 completed 1", "0 1 2", batch=3))
    assert [step.unseen for step in history.steps] == [True, True, False]
    shown = history.steps[-1].after
    assert shown is not None
    created = AGREE.at(0, Mark(EventKind.CREATED, 0)) + history.shift
    assert (shown.status, shown.created_at) == (Status.COMPLETED, created)
