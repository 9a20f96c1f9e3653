"""Single histories for tests of rules, and trackers of which one is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from pytest_jobstatus import Event, JobError, Profile, Snapshot
from pytest_jobstatus.clocks import AGREE, Clock
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.explore.observer import seen_by
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.history import History as Seen
from pytest_jobstatus.rules import Rule
from pytest_jobstatus.runs import emitted
from tests.sound_trackers.choices import IgnoresZombies
from tests.sound_trackers.merging import Row, Sound, SoundLatest, SoundRefusing, Stale

RUN = "created 0 active 1 progress 1 retrying 1 active 2 progress 2 stalled 2 active 3 progress 3 failed 3"
LATE = "1 0 1 3 2 3 2 7 4 6 8 8 5 9 9 0 2 6 3"
ENDS = "created 0 active 1 stalled 1 active 2 completed 2 [failed 1 cancelled 2 stalled 1 failed 2 progress 2 active 3]"
WAITING = "created 0 cancelled 0 [active 1 completed 1 cancelled 0]"
ODD = "created 0 active 1 progress 1 progress 1 progress 1 progress 1 failed 1"
ZOMBIES = "stalled 1 active 2 completed 2 [failed 1 completed 1 failed 1 completed 1]"
TWICE = "active 1 progress 1 progress 1 active 2 completed 2"
RUNNING = "created 0 active 1 cancelled 1 [progress 1 retrying 1 failed 1]"


class History(NamedTuple):
    """What one tracker is told.

    Args:
        run: kinds and attempts, as they happened; strays, last, stand in brackets.
        order: in which the events are delivered.
        tracker: that is told.
        clock: when the events happen.
        reads: how often the job is read after each delivery.
        batch: how many of the last deliveries come before anybody looks.
        strangers: jobs that are read and never heard of.
        told: what the progress events tell, one after the other; their own plain values where it is empty.
        errors: likewise of the failures.
    """

    run: str
    order: str
    tracker: Callable[[], object] = Sound
    clock: Clock = AGREE
    reads: int = 1
    batch: int = 0
    strangers: tuple[str, ...] = ()
    told: tuple[Any, ...] = ()
    errors: tuple[JobError | None, ...] = ()

    @property
    def plan(self) -> Plan:
        """The history as a plan."""
        words = self.run.replace("[", "").replace("]", "").split()
        shape = [Mark(EventKind(kind), int(attempt)) for kind, attempt in zip(words[::2], words[1::2], strict=True)]
        regular = len(self.run.partition("[")[0].split()) // 2
        events = list(emitted(tuple(shape), clock=self.clock))
        for place, value in zip(_places(events, EventKind.PROGRESS), self.told, strict=False):
            events[place] = replace(events[place], progress=value)
        for place, error in zip(_places(events, EventKind.RETRYING, EventKind.FAILED), self.errors, strict=False):
            events[place] = replace(events[place], error=error)
        return Plan(
            events=tuple(events),
            order=tuple(int(index) for index in self.order.split()),
            strays=frozenset(range(regular, len(shape))),
            reads=self.reads,
            batch=self.batch,
            strangers=self.strangers,
        )


def _places(events: list[Event], *kinds: EventKind) -> list[int]:
    return [place for place, event in enumerate(events) if event.kind in kinds]


class Overwriting(Sound):
    """Makes the row anew from each event."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        self.rows[event.job_id] = Row(event.job_id)
        super().merge(self.rows[event.job_id], event, value)


class Unaware(Overwriting):
    """Makes the row anew from a late end that it says it ignores."""

    profile = Profile(late_end="ignored")


class Dropping(Sound):
    """Takes the row away when an event comes late."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        ahead = self.is_ahead(row, event)
        super().merge(row, event, value)
        if not ahead:
            del self.rows[event.job_id]


class Refusing(SoundRefusing):
    """Makes the row anew from an event that is late, and then refuses it."""

    def refuse(self, row: Row, event: Event) -> None:
        self.rows[event.job_id] = Row(event.job_id)
        super(SoundRefusing, self).merge(self.rows[event.job_id], event, None)
        super().refuse(row, event)


class LastTold(Sound):
    """Shows the start and the progress that were told last."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        row.started_at = at

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        row.progress = value


class Nameless(Sound):
    """Loses attempt and error to progress that is no JSON, and refuses it."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if value != value:
            row.attempt, row.error = 0, None
            raise ValueError("NaN")
        super().note_progress(row, event, value)


class Cleaning(Sound):
    """Loses the error to progress that is no JSON, even after the end."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if value != value:
            row.error = None
        super().note_progress(row, event, value)


class Abandoning(Sound):
    """Takes the row away when progress comes."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        del self.rows[event.job_id]


class KeepsFirst(Sound):
    """Keeps the first error."""

    def outcome(self, row: Row, event: Event) -> None:
        row.error = row.error or event.error


class KeepsFirstAsText(KeepsFirst):
    """Shows errors as plain text."""

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), error=row.error and row.error.message)


class TimeOfZombie(IgnoresZombies):
    """Ends at the time of the late end that it ignored."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind.terminal and event.attempt < row.attempt:
            row.note["at"] = event.occurred_at
        super().merge(row, event, value)

    def instant(self, event: Event) -> datetime:
        return cast("datetime", self.find(event).note.get("at", event.occurred_at))


class ArrivalOfZombie(TimeOfZombie):
    """The same, but it shows no event's time anyway."""

    profile = Profile(late_end="ignored", unsupported={"event_time": "arrival"})


class Counting(Sound):
    """Counts the end for an attempt."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        row.attempt += event.kind.terminal


class OneEnd(IgnoresZombies):
    """Takes an end that it ignored for the one that there is, and refuses the next or passes it over."""

    refusing = False

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind.terminal and row.note.setdefault("end", event) is not event:
            if self.refusing:
                raise Stale("ended")
            return
        super().merge(row, event, value)


class OneEndRefusing(OneEnd):
    profile = Profile(late_end="ignored", refuses=(Stale,))
    refusing = True


class OneTickOff(Sound):
    """Shows each time a microsecond late, which is its resolution."""

    def instant(self, event: Event) -> datetime:
        return event.occurred_at + timedelta(microseconds=1)


class LatestOneTickOff(OneTickOff, SoundLatest):
    """The same with the latest start."""


class Timeless(Sound):
    """Forgets the times at a retry."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.RETRYING:
            row.created_at = row.started_at = None


class SecondStart(Sound):
    """Shows no start before the second, and the first from the third on."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        row.note.setdefault("first", at)
        row.started_at = {1: None, 2: at}.get(event.attempt, row.note["first"])


class RefusesZombies(SoundRefusing):
    """Refuses the late ends that it says it takes."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind.terminal and event.attempt < row.attempt:
            self.refuse(row, event)
        super().merge(row, event, value)


class Hasty(Sound):
    """Takes progress that is ahead for two attempts."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.PROGRESS:
            row.attempt += 1


class HastyAboutCreation(SoundLatest):
    """Takes progress of a later attempt for the creation."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if event.attempt > 1:
            row.created_at = event.occurred_at


class FoundByReaders(Sound):
    """Takes a job that somebody asked for as known, and its creation as told."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def read(self, job_id: str) -> Snapshot | None:
        self.asked.add(job_id)
        return super().read(job_id)

    def set_created(self, row: Row, at: datetime) -> None:
        if row.job_id not in self.asked:
            super().set_created(row, at)


class Restless(SoundLatest):
    """Shows no start while the newest attempt's is unknown, as it may, and moves the creation, as it may not."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.PROGRESS and row.created_at is not None:
            row.started_at, row.created_at = None, row.created_at - timedelta(seconds=1)


class Fidgeting(Sound):
    """Shows another attempt and other progress at each read."""

    def show(self, row: Row) -> Snapshot:
        row.attempt, row.progress = row.attempt + 1, row.attempt
        return super().show(row)


def seen(history: History) -> Seen:
    """What the tracker of a history shows."""
    with Factory.of(history.tracker).open() as handle:
        return seen_by(handle, history.plan)


def counted(rule: Rule, history: History) -> int | str:
    """How often the rule's premise comes up, or the field that is wrong and the message."""
    with Factory.of(history.tracker).open() as handle:
        exercised, violation = rule.judge(seen_by(handle, history.plan, rule=rule))
    return exercised if violation is None else f"{violation.field}: {violation.message}"
