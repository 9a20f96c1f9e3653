"""What rules make of single histories, and how rules are chosen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple, cast

import pytest

from pytest_jobstatus import Event, JobError, Profile, Snapshot
from pytest_jobstatus.clocks import AGREE, AHEAD, APART, CLOSE, TIE, Clock
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.explore.search import observer
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.rules import PLANNED, RULES, TOTAL, Rule, named, select
from pytest_jobstatus.rules.effects import same_json
from pytest_jobstatus.rules.saying import lacks, told
from pytest_jobstatus.rules.saying import named as label_of
from pytest_jobstatus.runs import emitted
from tests.sound_trackers.attempts import RowPerAttempt
from tests.sound_trackers.choices import IgnoresZombies
from tests.sound_trackers.data import Columns
from tests.sound_trackers.merging import Row, Sound, SoundLatest, SoundRefusing, Stale
from tests.sound_trackers.missing import NoAttempt
from tests.sound_trackers.ticks import InventsCreation
from tests.sound_trackers.times import NearestSeconds


class History(NamedTuple):
    """What one tracker is told.

    Args:
        run: kinds and attempts, as they happened; strays, last, stand in brackets.
        order: in which the events are delivered.
        tracker: that is told.
        clock: when the events happen.
        reads: how often the job is read after each delivery.
        strangers: jobs that are read and never heard of.
        told: what the progress events tell, one after the other; their own plain values where it is empty.
        errors: likewise of the failures.
    """

    run: str
    order: str
    tracker: Callable[[], object] = Sound
    clock: Clock = AGREE
    reads: int = 1
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


class Fidgeting(Sound):
    """Shows another attempt and other progress at each read."""

    def show(self, row: Row) -> Snapshot:
        row.attempt, row.progress = row.attempt + 1, row.attempt
        return super().show(row)


class Case(NamedTuple):
    """What one rule says of one history: how often its premise comes up, or the field that is wrong and the message."""

    rule: str
    expected: int | str
    history: History


RUN = "created 0 active 1 progress 1 retrying 1 active 2 progress 2 stalled 2 active 3 progress 3 failed 3"
LATE = "1 0 1 3 2 3 2 7 4 6 8 8 5 9 9 0 2 6 3"
ENDS = "created 0 active 1 stalled 1 active 2 completed 2 [failed 1 cancelled 2 stalled 1 failed 2 progress 2 active 3]"
WAITING = "created 0 cancelled 0 [active 1 completed 1 cancelled 0]"
ODD = "created 0 active 1 progress 1 progress 1 progress 1 progress 1 failed 1"
ZOMBIES = "stalled 1 active 2 completed 2 [failed 1 completed 1 failed 1 completed 1]"
TWICE = "active 1 progress 1 progress 1 active 2 completed 2"
RUNNING = "created 0 active 1 cancelled 1 [progress 1 retrying 1 failed 1]"

HISTORIES = (
    History(RUN, "0 1 2 3 4 5 6 7 8 9"),
    History(RUN, LATE),
    History(RUN, LATE, SoundRefusing),
    History(RUN, LATE, NoAttempt),
    History(ENDS, "0 1 2 3 7 5 4 5 6 7 8 9 10"),
    History(ENDS, "3 2 5 0 1 4 6", IgnoresZombies),
    History(WAITING, "1 0 2 3 4 1"),
    History(RUNNING, "0 1 2 3 4 5 1 0", SoundRefusing),
    History(RUN, "0 1 2 3 4 5 6 7 8 9", clock=AHEAD),
    History(RUN, "0 2 1 4 3 5 9", clock=TIE),
    History(RUN, "2 5 3 8 5", clock=CLOSE, reads=2, strangers=("stranger",)),
    History(ODD, "0 1 2 3 4 5 6", told=(1, math.nan, 2, "\0")),
    History(ODD, "0 1 2 4 3 5 6 2", Columns, told=(1, math.nan, 2, "\0")),
    History(ODD, "0 1 3 2 4 5 6", clock=CLOSE),
    History(ODD, "0 1 2 3 5 4 6", NearestSeconds, clock=CLOSE),
    History(RUN, "0 1 2 3 4 5 2 8 5 9", clock=APART),
    History(RUN, "0 0 1 1 0 3 1 9 4"),
    History("created 0 cancelled 0", "1 0 1 0"),
    History(RUN, "1 0 2", reads=2),
    History(ODD, "0 1 2 3 2 3 2", clock=TIE),
    History(ODD, "0 1 3 2 3 5 2 3"),
    History(ODD, "0 1 2 3 2", clock=CLOSE),
    History(RUN, "0 1 2 5 2 5 8 5", clock=TIE),
    History(RUN, "1 3 5 6 7", RowPerAttempt),
)
"""Histories of sound trackers in which most premises come up, and most that are like them."""

COUNTS: dict[str, tuple[int | None, ...]] = {
    "TRACK-1": (7, 0, 0, 0, 4, 0, 0, 3, 7, 1, 0, 3, 2, 3, 3, 4, 1, 0, 0, 2, 2, 2, 2, 0),
    "TRACK-2": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0),
    "TRACK-3": (10, 19, 19, 19, 13, 7, 6, 8, 10, 7, 5, 7, None, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
    "TRACK-4": (1, 6, 6, 6, 0, 0, 2, 1, 1, 1, 0, 1, 2, 1, 1, 1, 2, 4, 0, 0, 0, 0, 0, 0),
    "TRACK-5": (1, 6, 6, 6, 0, 0, 0, 0, 1, 1, 0, 1, 2, 1, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0),
    "TRACK-6": (10, 19, 19, 19, 4, 2, 2, 3, 10, 6, 2, 7, 6, 7, 7, 9, 9, 4, 3, 7, 8, 5, 6, 4),
    "IDEM-1": (0, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0),
    "IDEM-2": (0, 7, 5, 7, 2, 0, 1, 2, 0, 0, 1, 0, 1, 0, 0, 2, 2, 2, 0, 0, 3, 1, 3, 0),
    "TERM-1": (0, 5, 5, 5, 7, 1, 5, 5, 0, 0, 0, 0, 1, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0),
    "TERM-2": (0, 5, 5, 5, 7, 1, 5, 5, 0, 0, 0, 0, 1, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0),
    "TERM-3": (0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 0, 0, 0, 0, 0, 0),
    "TERM-4": (0, 0, 0, 0, 3, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "TIME-1": (9, 18, 6, 18, 12, 4, 5, 7, 9, 5, 0, 6, 7, 6, 6, 9, 7, 3, 2, 6, 7, 4, 7, 0),
    "TIME-2": (0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0),
    "TIME-3": (0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 7, 0, 0, 0, 0, 7, 0, 0, 8, 0),
    "TIME-4": (10, 19, 19, 19, 13, 7, 6, 8, 10, 7, 5, 7, 8, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
    "TIME-5": (5, 0, 0, 0, 3, 0, 0, 3, 2, 1, 0, 3, 2, 1, 1, 2, 1, 0, 0, 1, 2, 1, 1, 0),
    "TIME-6": (9, 17, 0, 17, 12, 3, 4, 7, 9, 6, 0, 6, 7, 6, 6, 9, 8, 2, 1, 6, 7, 4, 7, 0),
    "TIME-7": (9, 18, 18, 0, 12, 6, 5, 7, 9, 6, 4, 6, 7, 6, 6, 9, 8, 3, 2, 6, 7, 4, 7, 4),
    "TIME-8": (10, 18, 18, 18, 13, 6, 5, 8, 10, 7, 4, 7, 8, 7, 7, 10, 9, 3, 2, 7, 8, 5, 8, 4),
    "TIME-9": (6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "CONV-1": (10, 19, 10, 19, 4, 2, 2, 3, 10, 7, 5, 7, 6, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
    "CONV-2": (1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0),
    "RETRY-1": (1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1),
    "RETRY-2": (3, 2, 2, 2, 2, 1, 0, 1, 3, 1, 0, 1, 1, 1, 1, 2, 1, 0, 1, 1, 1, 1, 1, 2),
    "RETRY-3": (3, 10, 10, 10, 1, 3, 0, 0, 3, 3, 2, 4, 2, 4, 4, 4, 3, 0, 2, 5, 6, 3, 4, 0),
    "RETRY-4": (8, 18, 18, 0, 11, 6, 0, 6, 8, 5, 4, 5, 4, 5, 5, 8, 6, 0, 2, 5, 6, 3, 6, 4),
    "RETRY-5": (1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0),
    "RETRY-6": (1, 4, 4, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 1),
    "RETRY-7": (0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "CANC-1": (0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
    "CANC-2": (0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0),
    "CANC-3": (0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
    "CANC-4": (2, 2, 2, 2, None, None, 0, 0, 2, 1, 0, 1, 1, 1, 1, 2, 2, 0, 0, 0, 0, 0, 0, 1),
    "PROG-1": (3, 2, 2, 2, 0, 0, 0, 0, 3, 2, 3, None, 2, 3, 1, 3, 0, 0, 1, 2, 3, 2, 4, 1),
    "PROG-2": (3, 4, 4, 4, 0, 0, 0, 0, 3, 2, 4, None, 3, 4, 1, 5, 0, 0, 1, 2, 6, 3, 6, 1),
    "PROG-3": (3, 6, 6, 6, 1, 0, 0, 1, 3, 2, 3, 4, 3, 4, 4, 5, 0, 0, 1, 5, 6, 3, 6, 1),
    "PROG-4": (2, 1, 1, 1, 0, 0, 0, 0, 2, 1, 2, None, 1, 2, 0, 2, 0, 0, 0, 1, 1, 1, 2, 0),
    "STALL-1": (1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    "STALL-2": (0, 2, 2, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "DATA-1": (2, 2, 2, 2, None, None, 0, 0, 2, 1, 0, 1, 1, 1, 1, 2, 2, 0, 0, 0, 0, 0, 0, 1),
    "DATA-2": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "DATA-3": (10, 19, None, 19, None, None, 6, None, 10, 7, 5, None, None, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
    "ISO-1": (10, 19, 19, 19, None, None, 6, 8, 10, 7, 5, None, 8, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
    "LOAD-1": (10, 19, 19, 19, 13, 7, 6, 8, 10, 7, 5, 7, 8, 7, 7, 10, 9, 4, 3, 7, 8, 5, 8, 5),
}
"""How often each rule's premise comes up in each of the histories; None where it is never judged by such a one, because
it would take an ignored end of an older attempt, or a refusal, for a loss.
"""

CASES: tuple[Case, ...] = (
    Case("TIME-1", 2, History("created 0 active 1 completed 1", "1 0 0 1 2", Dropping)),
    Case(
        "IDEM-2",
        "row: active 1 was delivered again later and changed the row as a whole",
        History("active 1 retrying 1", "0 1 0", Dropping),
    ),
    Case(
        "RETRY-5",
        "error: failed 2 came with no text, but shows that of retrying 1",
        History("retrying 1 failed 2", "0 1", KeepsFirst, errors=(JobError("E", "x"), None)),
    ),
    Case("RETRY-5", 1, History("retrying 1 failed 2", "0 1", KeepsFirst, errors=(JobError("E", ""), None))),
    Case("RETRY-5", 1, History("retrying 1 failed 2", "0 1", KeepsFirstAsText, errors=(JobError("E", "x" * 11), None))),
    Case(
        "RETRY-5",
        "error: failed 2 came with no text, but shows that of retrying 1",
        History("retrying 1 failed 2", "0 1", KeepsFirstAsText, errors=(JobError("E", "x" * 12), None)),
    ),
    Case(
        "RETRY-5",
        "error: failed 2 came with no text, but shows that of retrying 1",
        History("retrying 1 failed 2", "0 1", KeepsFirstAsText, errors=(JobError("E", "x" * 13), None)),
    ),
    Case("TIME-5", 5, History(RUN, "0 1 2 3 4 5 6 7 8 9", OneTickOff)),
    Case("TIME-6", 1, History("created 0 active 1", "1 1 0 1", InventsCreation)),
    Case("TIME-8", 1, History("active 1 stalled 1 active 2", "1 0 1 2", Dropping)),
    Case(
        "TIME-8",
        "created_at: after retrying 1 created_at is gone",
        History("created 0 active 1 retrying 1", "0 1 2", Timeless),
    ),
    Case("TIME-9", 6, History(RUN, "0 1 2 3 4 5 6 7 8 9", LatestOneTickOff)),
    Case(
        "TIME-9",
        "started_at: active 3 moved started_at from 12:00:04 to 12:00:01;"
        " the profile says that it is the first attempt's",
        History(RUN, "0 1 2 3 4 5 6 7 8 9", SecondStart),
    ),
    Case("TERM-4", 1, History(ZOMBIES, "0 1 3 2", ArrivalOfZombie)),
    Case(
        "TRACK-4",
        "attempt: completed 1 was delivered, so the job must show attempt 1; it shows 2",
        History("completed 1", "0", Counting),
    ),
    Case("TRACK-5", 1, History("active 1 failed 1", "1 0", Dropping)),
    Case("RETRY-2", 1, History("active 1 retrying 1 active 2", "2 0", Dropping)),
    Case("TERM-2", 0, History("active 1 completed 1", "1 0", Dropping)),
    Case(
        "TERM-4",
        "completed_at: completed 2 ended the job, but its end time is that of failed 1, which was ignored",
        History(ZOMBIES, "0 1 3 2", TimeOfZombie),
    ),
    Case(
        "TERM-4",
        "completed_at: completed 2 ended the job, but its end time is that of completed 1, which was ignored",
        History(ZOMBIES, "0 1 6 2", TimeOfZombie, clock=CLOSE),
    ),
    Case("TERM-4", 1, History(ZOMBIES, "0 1 3 2", TimeOfZombie, clock=CLOSE)),
    Case("TERM-4", 1, History(ZOMBIES, "0 1 5 2", TimeOfZombie, clock=CLOSE)),
    Case(
        "TERM-4",
        "status: completed 2 was ahead of what was shown and must show completed; it shows active",
        History(ZOMBIES, "0 1 3 2", OneEnd),
    ),
    Case("TERM-4", 0, History(ZOMBIES, "0 1 3 2", OneEndRefusing)),
    Case("TERM-4", 1, History("active 2 completed 3 [failed 1]", "0 2 1", IgnoresZombies)),
    Case("RETRY-7", 0, History("stalled 1 active 2 [failed 1]", "0 1 2", RefusesZombies)),
    Case("RETRY-7", 0, History("active 2 progress 3 [failed 1]", "0 1 2", NoAttempt)),
    Case("PROG-1", 0, History("active 1 progress 1", "0 1", Abandoning)),
    Case(
        "CANC-2",
        "row: the job was cancelled before it started; created made it read as nothing",
        History("created 0 cancelled 0", "1 0", Dropping),
    ),
    Case(
        "CANC-3",
        "status: the job was completed; cancelled 1 changed status and completed_at and cancelled_at and cancelled_by",
        History("active 1 completed 1 [cancelled 1]", "0 1 2", Overwriting),
    ),
    Case(
        "CONV-2",
        "started_at: in this order started_at ends as 12:00:00; the same events in causal order end with 12:00:03",
        History(TWICE, "3 0 2 1 4", LastTold),
    ),
    Case(
        "DATA-2",
        "status: progress NaN changed status and attempt and error",
        History("retrying 1 progress 2", "0 1", Nameless, told=(math.nan,)),
    ),
    Case(
        "IDEM-2",
        "status: active 1 was delivered again later and changed status from completed to active, started_at"
        " from none to 12:00:00, completed_at from 12:00:01 to none",
        History("active 1 completed 1", "0 1 0", Overwriting),
    ),
    Case(
        "PROG-3",
        "status: progress 1 is behind what is shown, yet status went from pending to active",
        History("active 1 progress 1 stalled 1", "0 2 1", Overwriting),
    ),
    Case(
        "PROG-3",
        "row: after progress 1 the job reads as nothing",
        History("active 1 progress 1 stalled 1", "0 2 1", Dropping),
    ),
    Case(
        "RETRY-3",
        "status: retrying 1 was behind what was shown, yet status went from active to delayed",
        History("active 1 retrying 1 active 2", "2 1", Overwriting),
    ),
    Case(
        "RETRY-7",
        "status: failed 1 was late and must be ignored; it changed status and attempt and started_at and"
        " failed_at and error",
        History("stalled 1 active 2 [failed 1]", "0 1 2", Unaware),
    ),
    Case(
        "STALL-2",
        "status: the job was active, attempt 2; stalled 1 changed status and attempt and started_at",
        History("stalled 1 active 2", "1 0", Overwriting),
    ),
    Case(
        "TERM-4",
        "status: completed 1 ended the job; failed 1 changed status from completed to failed",
        History("completed 1 [failed 1]", "0 1", Overwriting),
    ),
    Case(
        "TRACK-2",
        "attempt: reading again, with nothing delivered between, changed attempt and progress",
        History("active 1", "0", Fidgeting, reads=2),
    ),
    Case(
        "TRACK-3",
        "status: active 1 was refused with tests.sound_trackers.merging.Stale: active 1 is behind completed,"
        " yet status and started_at and completed_at and updated_at changed",
        History("active 1 completed 1", "1 0", Refusing),
    ),
    Case(
        "TRACK-6",
        "status: created was behind what was shown, yet it changed status from active to pending",
        History("created 0 active 1", "1 0", Overwriting),
    ),
    Case(
        "TRACK-6",
        "row: created was behind what was shown, yet it changed whether there is a row",
        History("created 0 active 1", "1 0", Dropping),
    ),
    Case("TIME-8", "created_at: after active 1 created_at is gone", History("created 0 active 1", "0 1", Overwriting)),
)
"""What rules say where the faulty trackers do not make them say it."""

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
        "not supported: created_at: x; started_at: x",
    ),
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
    (["ISO-2"], "test: ISO-2 is not checked yet; `jobstatus rules` lists what is"),
    (["ACTIVE-1"], "test: there is no rule 'ACTIVE-1'; `jobstatus rules` lists them all"),
    (["TERM-9"], "test: there is no rule 'TERM-9'; `jobstatus rules` lists them all"),
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


def counted(rule: Rule, history: History) -> int | str:
    """How often the rule's premise comes up, or the field that is wrong and the message."""
    with Factory.of(history.tracker).open() as handle:
        exercised, violation = rule.judge(observer(handle, rule)(history.plan))
    return exercised if violation is None else f"{violation.field}: {violation.message}"


def found(case: Case) -> int | str:
    """What the rule says of the history."""
    return counted(named(case.rule, source="test"), case.history)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.id))
def test_count(rule: Rule) -> None:
    """A premise is counted each time that it comes up, and at no other."""
    wanted = zip(HISTORIES, COUNTS[rule.id], strict=True)
    assert [counted(rule, history) for history, count in wanted if count is not None] == [
        count for count in COUNTS[rule.id] if count is not None
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_case(case: Case) -> None:
    """The rule names the field and says what is wrong."""
    assert found(case) == case.expected


@pytest.mark.parametrize("jobs", [("job-1", "job-2"), ("job-2", "job-1")])
@pytest.mark.parametrize(
    ("number", "order", "count"), [("IDEM-2", "0 2 0", 1), ("TERM-3", "0 3 1 2", 2), ("TERM-3", "2 3 0 1", 0)]
)
def test_two_jobs(jobs: tuple[str, str], number: str, order: str, count: int) -> None:
    """Another job's event makes a repeat a later one, and is no event that an end overtook."""
    shape = (Mark(EventKind.ACTIVE, 1), Mark(EventKind.COMPLETED, 1))
    events = (*emitted(shape, job=jobs[0]), *emitted(shape, job=jobs[1]))
    plan = Plan(events=events, order=tuple(int(index) for index in order.split()))
    with Factory.of(Sound).open() as handle:
        assert named(number, source="test").judge(observer(handle, None)(plan)) == (count, None)


SAME: tuple[tuple[object, object], ...] = (
    (5, 5.0),
    (0, -0.0),
    (2**53, 2**53 + 1),
    (2**60, float(2**60)),
    (10**400, math.inf),
    (-(10**400), -math.inf),
    ("", ""),
    (None, None),
    ({"a": 1, "b": [True]}, {"b": [True], "a": 1.0}),
    ([1, (2,)], [1, [2]]),
)
OTHER: tuple[tuple[object, object], ...] = (
    (5, 6),
    (2**53 - 1, 2**53 - 2),
    (2**60, 2**61),
    (10**400, -math.inf),
    (1, True),
    (0, False),
    (0, None),
    ("1", 1),
    ({}, []),
    ({"a": 1}, {"a": 1, "b": None}),
    ({"a": 1}, {"a": 2}),
    ([1], [1, 2]),
    ([1, 2], [2, 1]),
)


@pytest.mark.parametrize(("one", "other"), SAME, ids=repr)
def test_same_json(one: object, other: object) -> None:
    """Numbers are the same by value, as exactly as a double holds them, and objects in any order."""
    assert same_json(one, other)
    assert same_json(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER, ids=repr)
def test_other_json(one: object, other: object) -> None:
    """Nothing else is the same."""
    assert not same_json(one, other)
    assert not same_json(other, one)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("", '""'),
        (7, "7"),
        ({1: JobError("E", "m")}, """{"1": "JobError(type='E', message='m', traceback=None)"}"""),
        (datetime(2026, 1, 5, 12, tzinfo=timezone(timedelta(hours=2))), "10:00:00"),
    ],
    ids=repr,
)
def test_told(value: object, text: str) -> None:
    """A value is told on one line of at most 60 characters."""
    assert told(value) == text


@pytest.mark.parametrize(
    ("shown", "wrong"),
    [
        ("E: boom, and more", None),
        (JobError("E", "boom"), None),
        (JobError("module.E", "a boom"), None),
        (JobError("OtherE", "boom"), "failed with type E, but the job shows type OtherE"),
        (JobError("E", "bo"), "failed with boom, but the job shows bo"),
        ("bo", "failed with boom, but the job shows bo"),
        (None, "failed with boom, but the job shows no error"),
    ],
    ids=str,
)
def test_lacks(shown: JobError | str | None, wrong: str | None) -> None:
    """The text must be in it, and the type the same, with or without its module."""
    assert lacks(shown, JobError("E", "boom")) == wrong


@pytest.mark.parametrize(("label", "text"), [("a-b-1", "a-b-1"), ("jöb", "'j\\xf6b'"), ("a b", "'a b'"), ("-", "'-'")])
def test_label(label: str, text: str) -> None:
    """An id that might be misread stands in quotes."""
    assert label_of(label) == text
