"""Plans that try each value of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pytest_jobstatus.delivery import Plan, in_order
from pytest_jobstatus.events import EventKind, JobError, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part
from pytest_jobstatus.explore.telling import (
    ACTIVE,
    ACTIVE_2,
    ACTIVE_3,
    CANCELLED,
    CANCELLED_EARLY,
    COMPLETED,
    COMPLETED_3,
    CREATED,
    FAILED,
    FAILED_2,
    FAILED_3,
    PROGRESS,
    RETRYING,
    RETRYING_2,
    RETRYING_3,
    STALLED,
    Given,
    at_progress,
    events_of,
    failing,
    placed,
    told,
)
from pytest_jobstatus.runs import UNSTARTED
from pytest_jobstatus.tracker import Profile
from pytest_jobstatus.values import (
    CANCEL_WORDS,
    CANCELLERS,
    ODD_PROGRESS,
    ODD_TEXTS,
    PERCENTAGE_PAIRS,
    PERCENTAGES,
    PLAIN_ERRORS,
    PROGRESS_PAIRS,
    SHALLOW,
    deep,
)
from pytest_jobstatus.values import PROGRESS as VALUES

THIRD = (CREATED, ACTIVE, RETRYING, ACTIVE_2, RETRYING_2, ACTIVE_3)
"""What comes before the outcome of a third attempt."""


def errors(effort: Effort, profile: Profile, *, table: Sequence[JobError] = PLAIN_ERRORS) -> Part:
    """Failures, retried or not, each with an error of its own, with none, or after another's."""
    del effort

    def plans() -> Iterator[Plan]:
        for number, error in enumerate(table):
            other = table[number - 1]
            yield from told(profile, CREATED, ACTIVE, failing(FAILED, error))
            yield from told(
                profile, CREATED, ACTIVE, failing(RETRYING, other), ACTIVE_2, failing(FAILED_2, error), needs=RETRYING
            )
        first, *_, last = table
        for own in (None, JobError("KeyError", "")):
            retry = (CREATED, ACTIVE, failing(RETRYING, last), ACTIVE_2)
            yield from told(profile, *retry, failing(FAILED_2, own), needs=RETRYING)
            yield from told(profile, *retry[:-1], failing(FAILED_2, own), needs=RETRYING)
        bare = (CREATED, ACTIVE, failing(RETRYING, None), ACTIVE_2, failing(FAILED_2, last))
        yield from told(profile, *bare, needs=RETRYING)
        yield from told(profile, CREATED, ACTIVE, STALLED, failing(FAILED, last), needs=STALLED)
        yield from told(profile, failing(FAILED, last))
        yield from told(profile, CREATED, failing(UNSTARTED, last))
        yield from told(profile, failing(RETRYING, first), failing(RETRYING_2, last), needs=RETRYING)
        yield from _three_attempts(profile, table)
        yield from _at_odd_times(profile, table)
        yield _many_jobs(profile, table)

    return Part(f"failures with each of {len(table)} errors, alone, after another's, and in as many jobs", plans())


def _three_attempts(profile: Profile, table: Sequence[JobError]) -> Iterator[Plan]:
    first, second, *_, last = table
    begin = (CREATED, ACTIVE, failing(RETRYING, first), ACTIVE_2)
    for middle, end in (
        (first, failing(FAILED_3, first)),
        (second, failing(FAILED_3, first)),
        (second, failing(FAILED_3, last)),
        (second, failing(RETRYING_3, first)),
        (JobError("KeyError", ""), failing(FAILED_3, last)),
        (second, COMPLETED_3),
    ):
        yield from told(profile, *begin, failing(RETRYING_2, middle), ACTIVE_3, end, needs=RETRYING)
    stalls = (CREATED, ACTIVE, failing(RETRYING, first), ACTIVE_2, Mark(EventKind.STALLED, 2))
    if profile.supports("stalled"):
        yield from told(profile, *stalls, failing(FAILED_2, last), needs=RETRYING)


def _at_odd_times(profile: Profile, table: Sequence[JobError]) -> Iterator[Plan]:
    """Three failures of one job at one instant; and, by workers whose clocks disagree, the later ones earlier."""
    first, second, *_, last = table
    attempts = (ACTIVE, failing(RETRYING, first), ACTIVE_2, failing(RETRYING_2, second), ACTIVE_3)
    events = events_of(profile, *attempts, failing(FAILED_3, last)) if profile.supports("retrying") else ()
    if events:
        yield in_order([placed(event, 0, profile) for event in events], clock="tie")
    if events and profile.supports("skew"):
        yield in_order([placed(event, -place, profile) for place, event in enumerate(events)], clock="backwards")


def _many_jobs(profile: Profile, table: Sequence[JobError]) -> Plan:
    """A job for each error; of each its open part first, then, the other way round, its end."""
    runs = [
        events_of(profile, CREATED, ACTIVE, failing(FAILED, error), job=f"job-{number}")
        for number, error in enumerate(table, 1)
    ]
    events = tuple(event for run in runs for event in run)
    ends = [index for index, event in enumerate(events) if event.kind.terminal]
    begin = [index for index in range(len(events)) if index not in ends]
    return Plan(events=events, order=(*begin, *reversed(ends)))


def cancellers(effort: Effort, profile: Profile, *, table: Sequence[str] = CANCELLERS) -> Part:
    """Cancellations by each of several people, of a job that waits, runs, or has told all its progress."""
    del effort

    def plans() -> Iterator[Plan]:
        for name in table:
            for mark in (CANCELLED, CANCELLED_EARLY):
                opening = (CREATED, ACTIVE) if mark.attempt else (CREATED,)
                yield from told(profile, *opening, Given(mark, {"cancelled_by": name}), needs=CANCELLED)
        yield from told(profile, CREATED, ACTIVE, at_progress(PROGRESS, 100), CANCELLED, needs=CANCELLED)

    return Part(f"cancellations by each of {len(table)} names, before and after the start", plans())


def cancel_words(effort: Effort, profile: Profile, *, table: Sequence[JobError] = CANCEL_WORDS) -> Part:
    """Failures whose errors speak of cancelling: of the job, of an attempt, after a stall."""
    del effort

    def plans() -> Iterator[Plan]:
        yield from told(profile, CREATED, failing(FAILED, None))
        yield from told(profile, CREATED, failing(UNSTARTED, None))
        for error in (*table, None):
            yield from told(profile, CREATED, ACTIVE, failing(FAILED, error))
            retry = (CREATED, ACTIVE, failing(RETRYING, error), ACTIVE_2, failing(FAILED_2, error))
            yield from told(profile, *retry, needs=RETRYING)
            yield from told(profile, CREATED, ACTIVE, STALLED, failing(FAILED, error), needs=STALLED)
        for word in ("cancelled", "canceled"):
            error = JobError("CancelledError", f"{word} by the peer")
            yield from told(profile, *THIRD, failing(FAILED_3, error), needs=RETRYING)

    return Part(f"failures with each of {len(table)} errors that speak of cancelling, and with none", plans())


def odd_errors(effort: Effort, profile: Profile, *, table: Sequence[str] = ODD_TEXTS) -> Part:
    """Failures with odd texts, in message and traceback, of the job and of an attempt."""
    del effort

    def plans() -> Iterator[Plan]:
        for text in table:
            for error in (JobError("ValueError", text), JobError("ValueError", "plain", text)):
                yield from told(profile, CREATED, ACTIVE, failing(FAILED, error))
            error = JobError("ValueError", text, text)
            plain = JobError("ValueError", "plain")
            retry = (CREATED, ACTIVE, failing(RETRYING, error), ACTIVE_2)
            yield from told(profile, *retry, failing(FAILED_2, plain), needs=RETRYING)
            yield from told(profile, CREATED, ACTIVE, RETRYING, ACTIVE_2, failing(FAILED_2, error), needs=RETRYING)

    return Part(f"failures with each of {len(table)} odd texts, as message, as traceback, and after a retry", plans())


def progress_values(effort: Effort, profile: Profile, *, table: Sequence[Any] = VALUES) -> Part:
    """A job that tells one value."""
    del effort
    values = table if profile.supports("json_progress") else PERCENTAGES

    def plans() -> Iterator[Plan]:
        for value in values:
            yield from told(profile, CREATED, ACTIVE, at_progress(PROGRESS, value), needs=PROGRESS)

    return Part(f"each of {len(values)} progress values", plans())


def progress_pairs(effort: Effort, profile: Profile, *, table: Sequence[tuple[Any, Any]] = PROGRESS_PAIRS) -> Part:
    """A job that tells one value after another and the first again, in one attempt; and one after another in two."""
    del effort
    pairs = table if profile.supports("json_progress") else PERCENTAGE_PAIRS

    def plans() -> Iterator[Plan]:
        yield from _two_jobs(profile, pairs[0])
        for first, second in pairs:
            begin = (CREATED, ACTIVE, at_progress(PROGRESS, first))
            yield from told(
                profile, *begin, at_progress(PROGRESS, second), at_progress(PROGRESS, first), needs=PROGRESS
            )
            next_attempt = (ACTIVE_2, at_progress(Mark(EventKind.PROGRESS, 2), second))
            for kind in (RETRYING, STALLED) if profile.supports("progress") else ():
                yield from told(profile, *begin, kind, *next_attempt, needs=kind)
        if profile.supports("progress"):
            objects = (pair for pair in pairs if all(isinstance(value, dict) for value in pair))
            both = [at_progress(Mark(EventKind.PROGRESS, 3), value) for value in next(objects, pairs[0])]
            yield from told(profile, *THIRD, *both, needs=RETRYING)
        first, second = pairs[0]
        both = [at_progress(PROGRESS, first), at_progress(PROGRESS, second)]
        same = (ACTIVE_2, at_progress(Mark(EventKind.PROGRESS, 2), first))
        for kind in (RETRYING, STALLED) if profile.supports("progress") else ():
            yield from told(profile, CREATED, ACTIVE, *both, kind, *same, needs=kind)

    return Part(f"each of {len(pairs)} pairs of progress values, in one attempt and in two, one in the third", plans())


def _two_jobs(profile: Profile, values: tuple[Any, Any]) -> Iterator[Plan]:
    """Two jobs that tell the same values, in turn."""
    told_of = [at_progress(PROGRESS, value) for value in values]
    one, other = (events_of(profile, CREATED, ACTIVE, *told_of, job=f"job-{number}") for number in (1, 2))
    if profile.supports("progress"):
        turns = (index for pair in zip(range(len(one)), range(len(one), 2 * len(one)), strict=True) for index in pair)
        yield Plan(events=(*one, *other), order=tuple(turns))


def odd_progress(effort: Effort, profile: Profile, *, table: Sequence[Any] = ODD_PROGRESS) -> Part:
    """A job that tells an odd value between plain ones; one that fails before; and one that is over."""
    del effort

    def plans() -> Iterator[Plan]:
        for value in (*table, deep(SHALLOW), deep()):
            odd = at_progress(PROGRESS, value)
            yield from told(profile, CREATED, odd)
            yield from told(profile, CREATED, ACTIVE, at_progress(PROGRESS, {"done": 1}), odd, PROGRESS, COMPLETED)
            second = at_progress(Mark(EventKind.PROGRESS, 2), value)
            yield from told(profile, CREATED, ACTIVE, RETRYING, ACTIVE_2, second, FAILED_2, needs=RETRYING)
        for value in (*table[:1], *table[-1:]):
            yield from told(profile, CREATED, ACTIVE, at_progress(PROGRESS, value))
            events = events_of(profile, CREATED, ACTIVE, at_progress(PROGRESS, value), COMPLETED)
            late = [index for index, event in enumerate(events) if event.kind is EventKind.PROGRESS]
            order = [index for index in range(len(events)) if index not in late]
            yield Plan(events=events, order=(*order, *late))
        for value in (*table[:1], *table[-1:], deep()):
            begin = (CREATED, ACTIVE, at_progress(PROGRESS, {"done": 1}), PROGRESS, at_progress(PROGRESS, value))
            events = events_of(profile, *begin)
            last = len(events) - 1
            yield Plan(events=events, order=(*range(last - 1), last, last - 1))

    return Part(f"each of {len(table) + 2} odd progress values between plain ones, after a retry, and late", plans())
