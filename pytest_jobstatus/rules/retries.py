"""RETRY: attempts count up, and each event belongs to its own."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import TERMINAL_KINDS, Event, EventKind
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules import position
from pytest_jobstatus.rules.rule import Need, Plans, Violation, rule, tells
from pytest_jobstatus.rules.saying import lacks, shows, told, told_json
from pytest_jobstatus.tracker import Snapshot

_retries, _ends = tells(EventKind.RETRYING), tells(*TERMINAL_KINDS)


def _counts(plan: Plan) -> bool:
    """Whether more than one attempt comes up in the plan."""
    return plan.attempts > 1 or not plan.kinds.isdisjoint((EventKind.RETRYING, EventKind.STALLED))


ATTEMPTS = Need(groups=(("retrying", "stalled"),))
"""Without either there is never a second attempt."""
RETRYING = Need(groups=(("retrying",),))
STARTED = Need(groups=(("active",),))
NUMBERED = Need(groups=(("attempt",),))


@rule(
    "RETRY-1",
    Plans.ERRORS,
    Plans.IN_ORDER,
    Plans.PARTS,
    Plans.ORDERS,
    Plans.LONG_LIVES,
    needs=(RETRYING,),
    incidents=("utgarda/sidekiq-status#125",),
    about=tells(EventKind.RETRYING),
)
def retry_1(history: History) -> Iterator[Violation | None]:
    """A failure that will be retried shows delayed (pending where `delayed` is declared missing), never failed, with
    its attempt.

    Intent: Whoever reads "failed" gives up, tells the customer, or starts the job once more.
    Not checked if: the event was refused (TRACK-3 tells of it).
    Exercised: each retrying that is ahead of what was shown.
    If it fails: the worker's failure hook writes failed before it asks whether attempts are left.
    """
    for number, step in enumerate(history.steps):
        if step.event.kind is EventKind.RETRYING and position.is_news(history, number):
            yield position.missed(history, number, because="will be retried")


@rule(
    "RETRY-2",
    Plans.AT_ONCE_AGAIN,
    Plans.TIES,
    Plans.PARTS,
    Plans.LONG_LIVES,
    needs=(NUMBERED, ATTEMPTS, Need(groups=(("active",),))),
    incidents=("django-q2/django-q2#298",),
    about=_counts,
)
def retry_2(history: History) -> Iterator[Violation | None]:
    """The next attempt shows active with its own number; attempts count one each.

    Intent: Limits, alerts and delays hang on the number of the attempt; one too many gives up a job too early.
    Not checked if: the event was refused (TRACK-3 tells of it).
    Exercised: each start that is ahead of what was shown.
    If it fails: `attempts = attempts + 1` in more than one place, or in the place that a redelivery passes twice.
    Store the number that the event carries.
    """
    for number, step in enumerate(history.steps):
        if step.event.kind is not EventKind.ACTIVE or step.raised is not None or step.after is None:
            continue
        highest = max(event.attempt for event in (*position.told_before(history, number), step.event))
        if (step.after.attempt or 0) > highest:
            message = f"{step.event.name} made it attempt {step.after.attempt}; no attempt above {highest} was told"
            yield Violation(step=number, field="attempt", message=message)
        elif position.is_news(history, number):
            yield position.missed(history, number, because="started an attempt")


@rule(
    "RETRY-3",
    Plans.LATER_AGAIN,
    Plans.BESIDE,
    Plans.ORDERS,
    Plans.ZOMBIES,
    Plans.MEETINGS,
    Plans.TURNED,
    Plans.LONG_LIVES,
    needs=(ATTEMPTS,),
    incidents=("nazarli-shabnam/clevis#262",),
    about=_counts,
)
def retry_3(history: History) -> Iterator[Violation | None]:
    """An event behind the shown position changes neither status nor attempt (attempt fencing).

    Intent: A worker that was thought lost goes on reporting; its news is of an attempt that nobody waits for.
    Not checked if: the job is over (TERM-1 tells of it), or nothing of an attempt was told yet.
    Exercised: each delivery to an open job that is behind, accepted or refused as declared.
    If it fails: the guard looks at the status alone. Compare attempt and phase in the statement that writes:
    `WHERE (attempt, phase) < (:attempt, :phase)`.
    """
    for number, step in enumerate(history.steps):
        if step.before is None or step.before.status.terminal or not position.is_behind(history, number):
            continue
        if not any(event.attempt for event in position.told_before(history, number)):
            continue
        names = [name for name in differences(step.before, step.after) if name in ("row", "status", "attempt")]
        if names:
            old, new = getattr(step.before, names[0], None), getattr(step.after, names[0], None)
            change = f"{names[0]} went from {told(old)} to {told(new)}" if step.after is not None else "the row is gone"
            message = f"{step.event.name} was behind what was shown, yet {change}"
            yield Violation(step=number, field=names[0], message=message)
        elif position.was_taken(history, number):
            yield None


@rule(
    "RETRY-4",
    Plans.ZOMBIES,
    Plans.PARTS,
    Plans.LONG_LIVES,
    Plans.MEETINGS,
    needs=(NUMBERED, ATTEMPTS),
    incidents=("taskforcesh/bullmq#1094",),
    about=_counts,
)
def retry_4(history: History) -> Iterator[Violation | None]:
    """The attempt never goes down.

    Intent: A number that goes down lets a job be tried for ever.
    Not checked if: there is nothing that excuses it.
    Exercised: each delivery to a job that shows an attempt, accepted or refused as declared.
    If it fails: the attempt of whatever came last is stored. Write `attempt = GREATEST(attempt, :attempt)`, on SQLite
    `MAX(attempt, :attempt)`.
    """
    for number, step in enumerate(history.steps):
        if step.before is None or step.after is None or not step.before.attempt:
            continue
        before, after = step.before.attempt, step.after.attempt or 0
        if after < before:
            message = f"{step.event.name} took the attempt from {before} down to {after}"
            yield Violation(step=number, field="attempt", message=message)
        elif position.was_taken(history, number):
            yield None


@rule(
    "RETRY-5",
    Plans.ERRORS,
    Plans.PARTS,
    Plans.TIES,
    Plans.ORDERS,
    needs=(RETRYING,),
    incidents=("OptimalBits/bull#1097",),
    about=lambda plan: _retries(plan) and _ends(plan),
)
def retry_5(history: History) -> Iterator[Violation | None]:
    """After the last attempt the outcome is that attempt's: completed, or failed with its error, never an older one.

    Intent: The reason of an attempt that was repeated says nothing about why the job was given up.
    Not checked if: the end was refused (TRACK-3 tells of it), or no retry was told before it.
    Exercised: each first end of a run after a retrying.
    If it fails: the error is written once and kept (`COALESCE(error, :error)`), or only where the new one is not null.
    """
    for number, step in enumerate(history.steps):
        if step.index in history.plan.strays:
            return
        if step.raised is not None or not step.event.kind.terminal:
            continue
        failures = [event for event in position.told_before(history, number) if event.kind is EventKind.RETRYING]
        if failures:
            yield _outcome(history, number, failures)
        return


def _outcome(history: History, number: int, failures: list[Event]) -> Violation | None:
    """Where the end of a job that was retried shows another attempt's outcome."""
    step = history.steps[number]
    missed = position.missed(history, number, because="ended the last attempt")
    if missed is not None or step.event.kind is not EventKind.FAILED or not history.profile.supports("error"):
        return missed
    error = step.event.error
    wrong = lacks(step.after.error if step.after is not None else None, error) if error is not None else None
    if wrong is not None:
        return Violation(step=number, field="error", message=f"{step.event.name} {wrong}")
    for failure in failures:
        if step.after is not None and shows(step.after.error, failure.error, but=error):
            came = told_json(error.message) if error is not None and error.message else "no text"
            message = f"{step.event.name} came with {came}, but shows that of {failure.name}"
            return Violation(step=number, field="error", message=message)
    return None


@rule(
    "RETRY-6",
    Plans.ERRORS,
    Plans.PARTS,
    Plans.MEETINGS,
    Plans.LATER_AGAIN,
    Plans.TIES,
    Plans.ORDERS,
    Plans.LONG_LIVES,
    needs=(RETRYING, Need(groups=(("error",),))),
    about=_retries,
)
def retry_6(history: History) -> Iterator[Violation | None]:
    """While the retry is awaited, that attempt's error shows.

    Intent: A job that is tried again and again must say why, before it is given up.
    Not checked if: the retrying came without an error, or was refused (TRACK-3 tells of it).
    Exercised: each read between a retrying that is ahead and the next event that is.
    If it fails: only the last failure writes its error, or a late event empties it.
    """
    awaited: Step | None = None
    for number, step in enumerate(history.steps):
        if step.index in history.plan.strays:
            return
        if step.raised is None and not position.is_behind(history, number):
            news = step.event.kind is EventKind.RETRYING and step.event.error is not None
            awaited = step if news and position.is_ahead(history, number) else None
        if awaited is None or step.after is None:
            continue
        assert awaited.event.error is not None  # noqa: S101 - it was chosen for it
        wrong = lacks(step.after.error, awaited.event.error)
        if wrong is not None:
            yield Violation(step=number, field="error", message=f"{awaited.event.name} {wrong}")
        elif position.was_taken(history, number):
            yield None


@rule(
    "RETRY-7",
    Plans.ZOMBIES,
    needs=(ATTEMPTS,),
    incidents=("nazarli-shabnam/clevis#262",),
)
def retry_7(history: History) -> Iterator[Violation | None]:
    """A completed or failed of an attempt below the one shown (a zombie worker) either changes nothing or ends the job,
    as the profile's `late_end` says ("ignored", "taken"); neither lowers the attempt.

    Intent: Both ways can be right; one that is taken half leaves a job that is over and runs on.
    Not checked if: the event was refused, where the profile says "taken"; that nothing changed then is.
    Exercised: each such end that comes to an open job; where it was ignored, each further event of the run that is
    ahead.
    If it fails: the profile says the other way, or the statement sets status and attempt together from the event.
    """
    ignored = False
    for number, step in enumerate(history.steps):
        if not position.is_zombie(history, number) or step.before is None:
            if ignored and step.index not in history.plan.strays and position.is_news(history, number):
                yield position.missed(history, number)
            continue
        if history.profile.late_end == "ignored" or step.raised is not None:
            changed = [name for name in differences(step.before, step.after) if name != "updated_at"]
            if changed:
                why = "was refused, yet it" if step.raised is not None else "was late and must be ignored; it"
                message = f"{step.event.name} {why} changed {' and '.join(changed)}"
                yield Violation(step=number, field=changed[0], message=message)
            elif history.profile.late_end == "ignored" and position.was_taken(history, number):
                ignored = True
                yield None
        else:
            yield _taken(history, number, step.before)


def _taken(history: History, number: int, before: Snapshot) -> Violation | None:
    """Where a late end that is taken does not end the job, or lowers its attempt."""
    step = history.steps[number]
    status = position.STATUSES[step.event.kind]
    if step.after is None or step.after.status is not status:
        shown = step.after.status if step.after is not None else "nothing"
        message = f"{step.event.name} was late and must be taken, as the profile says; the job shows {shown}"
        return Violation(step=number, field="status", message=message)
    if history.profile.supports("attempt") and (step.after.attempt or 0) < (before.attempt or 0):
        message = f"{step.event.name} was late and took the attempt from {before.attempt} to {step.after.attempt}"
        return Violation(step=number, field="attempt", message=message)
    error = step.event.error if history.profile.supports("error") else None
    wrong = lacks(step.after.error, error) if error is not None else None
    return Violation(step=number, field="error", message=f"{step.event.name} {wrong}") if wrong is not None else None
