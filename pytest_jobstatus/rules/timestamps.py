"""TIME-4 to TIME-9: each timestamp shows when it must, and is the right one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pytest_jobstatus.events import TERMINAL_KINDS, Event, EventKind
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.rules import instants, position
from pytest_jobstatus.rules.rule import Level, Need, Plans, Violation, rule, tells
from pytest_jobstatus.rules.saying import told, told_apart
from pytest_jobstatus.tracker import END_TIMES, Snapshot, Status


@rule(
    "TIME-4",
    Plans.IN_ORDER,
    Plans.MEETINGS,
    Plans.PARTS,
    Plans.AFTER_END,
    Plans.LATER_AGAIN,
    needs=(Need(groups=(instants.ENDS,)),),
    incidents=("riverqueue/river#515",),
    about=tells(*TERMINAL_KINDS, EventKind.RETRYING, EventKind.STALLED),
)
def time_4(history: History) -> Iterator[Violation | None]:
    """`completed_at` shows if and only if the job completed; `failed_at` if it failed, which is allowed if it was
    cancelled; `cancelled_at` only if it was cancelled; none while it is open.

    Intent: Readers take the end time for the proof of an end: "done" means `completed_at IS NOT NULL`.
    Not checked if: the tracker shows none of these times.
    Exercised: each read of a job.
    If it fails: one way to end does not write its time, or a failure that is retried already does.
    """
    for number, step in enumerate(history.steps):
        if step.after is not None:
            yield _wrong_end_time(history, number, step.after)


def _wrong_end_time(history: History, number: int, shown: Snapshot) -> Violation | None:
    if shown.early_end is not None:
        message = f"the job is {shown.status}, yet ended_at shows {told(shown.early_end)}"
        return Violation(step=number, field="ended_at", message=message)
    for status, name in END_TIMES.items():
        at = getattr(shown, name)
        allowed = shown.status is status or (status is Status.FAILED and shown.status is Status.CANCELLED)
        if at is not None and not allowed:
            message = f"the job is {shown.status}, yet {name} shows {told(at)}"
            return Violation(step=number, field=name, message=message)
        needed = shown.status is status and status is not Status.CANCELLED  # that is CANC-1's
        if at is None and needed and history.profile.supports(name):
            return Violation(step=number, field=name, message=f"the job is {shown.status}, but {name} is missing")
    return None


@rule(
    "TIME-5",
    Plans.TWO_JOBS,
    Plans.OFFSETS,
    Plans.MIXED_OFFSETS,
    needs=(
        Need(groups=(("event_time",),)),
        Need(groups=(instants.TOLD,)),
    ),
    incidents=("celery/django-celery-results#496", "microsoft/MLOS#775"),
)
def time_5(history: History) -> Iterator[Violation | None]:
    """Delivered in order, instants at least three resolutions apart, `created_at`, `started_at` and the end time read
    back within one resolution of the instant given, whatever its UTC offset.

    Intent: A start in local time beside an end in UTC makes every job take hours.
    Not checked if: events came late or again, or instants are closer.
    Exercised: each delivery of a creation, a start or an end that is told in order.
    If it fails: `datetime.now()` without a zone, an offset that is cut off instead of converted, a column that rounds
    more than the profile says.
    """
    starts: list[Event] = []
    for number in instants.in_order_and_apart(history):
        step = history.steps[number]
        if step.after is None:
            return
        if step.event.kind is EventKind.ACTIVE:
            starts.append(step.event)
        for name, given in _times_given(history, step, starts):
            if history.profile.supports(name):
                yield _misread(history, number, name, given)


def _times_given(history: History, step: Step, starts: list[Event]) -> Iterator[tuple[str, Event]]:
    """Which time the step's event sets, and whose instant it is."""
    kind = step.event.kind
    if kind is EventKind.CREATED:
        yield "created_at", step.event
    elif kind is EventKind.ACTIVE:
        yield "started_at", starts[0 if history.profile.started == "first" else -1]
    elif kind.terminal:
        yield END_TIMES[position.STATUSES[kind]], step.event


def _misread(history: History, number: int, name: str, given: Event) -> Violation | None:
    step = history.steps[number]
    shown = getattr(step.after, name)
    if shown is None or abs(shown - given.occurred_at) <= history.profile.resolution:
        return None  # one that is missing is TIME-4's and TIME-8's
    was, now = told_apart(given.occurred_at, shown)
    message = f"{given.name} happened at {was}; {name} shows {now}"
    return Violation(step=number, field=name, message=message)


@rule(
    "TIME-6",
    Plans.TWO_JOBS,
    Plans.AFTER_END,
    Plans.IN_ORDER_CLOCKS,
    Plans.LATER_AGAIN,
    needs=(Need(groups=(("created",),)), Need(groups=(("created_at",),))),
    about=tells(EventKind.CREATED),
)
def time_6(history: History) -> Iterator[Violation | None]:
    """`created_at` does not move once a `created` event has been seen.

    Intent: Ages, queues and retention count from it; a job that grows younger is never cleaned up.
    Not checked if: the `created` event was refused.
    Exercised: each delivery after a `created` event that was accepted.
    If it fails: `created_at = now()` in an upsert, written by whatever event comes.
    """
    seen = False
    for number, step in enumerate(history.steps):
        before = step.before.created_at if step.before is not None else None
        after = step.after.created_at if step.after is not None else None
        if seen and before is not None:
            if after is None:
                yield Violation(step=number, field="created_at", message=f"after {step.event.name} created_at is gone")
            elif after != before:
                message = f"{step.event.name} moved created_at from {' to '.join(told_apart(before, after))}"
                yield Violation(step=number, field="created_at", message=message)
            else:
                yield None
        seen = seen or (step.event.kind is EventKind.CREATED and step.raised is None)


@rule(
    "TIME-7",
    Plans.IN_ORDER_CLOCKS,
    Plans.TURNED,
    Plans.MIXED_OFFSETS,
    level=Level.SHOULD,
    needs=(Need(groups=(("updated_at",),)),),
)
def time_7(history: History) -> Iterator[Violation | None]:
    """`updated_at` never goes back.

    Intent: Whoever asks for "what changed since" misses what is stamped earlier than the last answer.
    Not checked if: there is nothing that excuses it.
    Exercised: each delivery to a job that shows `updated_at` before and after it.
    If it fails: `updated_at` takes the event's instant. Take the database's time, or the later of the two.
    """
    for number, step in enumerate(history.steps):
        before = step.before.updated_at if step.before is not None else None
        after = step.after.updated_at if step.after is not None else None
        if before is None or after is None:
            continue
        if after < before:
            message = f"{step.event.name} took updated_at back from {' to '.join(told_apart(before, after))}"
            yield Violation(step=number, field="updated_at", message=message)
        else:
            yield None


@rule(
    "TIME-8",
    Plans.MEETINGS,
    Plans.IN_ORDER_CLOCKS,
    Plans.AFTER_END,
    Plans.LATER_AGAIN,
    Plans.LONG_LIVES,
    needs=(Need(groups=(instants.TOLD,)),),
    incidents=("apache/airflow#18024", "riverqueue/river#515"),
)
def time_8(history: History) -> Iterator[Violation | None]:
    """Delivered in order, `created_at`, `started_at` and the end time show from their event on, and none that is shown
    disappears.

    Intent: A time that comes and goes breaks whoever computes with it at the wrong moment.
    Not checked if: the tracker shows none of these times; `started_at` of the latest attempt, if its start is not told.
    Exercised: each delivery in order after an event that has a time, and each to a job that shows one.
    If it fails: a retry, or a late creation, resets the row instead of the columns that it is about.
    """
    due: list[str] = []
    ordered = set(position.in_order(history))
    for number, step in enumerate(history.steps):
        if step.after is None:
            continue
        if number in ordered:
            due += _times_due(step.event.kind)
        missing = [name for name in due if number in ordered and getattr(step.after, name) is None]
        missing = [name for name in missing if history.profile.supports(name)]
        gone = [
            name
            for name in ("created_at", "started_at", *instants.ENDS)
            if getattr(step.before, name, None) is not None and getattr(step.after, name) is None
        ]
        if "started_at" in gone and instants.start_unknown(history, number):
            gone.remove("started_at")
        if missing or gone:
            name = (*gone, *missing)[0]
            message = f"after {step.event.name} {name} {'is gone' if gone else 'must show; it is missing'}"
            yield Violation(step=number, field=name, message=message)
        elif due or step.before is not None:
            yield None


def _times_due(kind: EventKind) -> list[str]:
    if kind.terminal:
        return [END_TIMES[position.STATUSES[kind]]]
    return {EventKind.CREATED: ["created_at"], EventKind.ACTIVE: ["started_at"]}.get(kind, [])


@rule(
    "TIME-9",
    Plans.IN_ORDER,
    needs=(
        Need(groups=(("active",),)),
        Need(groups=(("started_at",),)),
        Need(groups=(("retrying", "stalled"),)),
        Need(groups=(("event_time",),), when=lambda profile: profile.started == "latest"),
    ),
    incidents=("apache/airflow#21095", "garrytan/gbrain#2974"),
    about=tells(EventKind.RETRYING, EventKind.STALLED),
)
def time_9(history: History) -> Iterator[Violation | None]:
    """Delivered in order, `started_at` is the declared attempt's: "first" does not move at a later start, "latest" does
    (judged only with `event_time`, starts at least three resolutions apart).

    Intent: Waiting time is counted to the first start, run time from the newest; one column cannot serve both.
    Not checked if: events came late or again, or instants are closer.
    Exercised: each start of a later attempt that is told in order, and each event of it.
    If it fails: `started_at = LEAST(started_at, :at)` keeps the first (COALESCE what was told first), plain `= :at` the
    newest: the profile says the other.
    """
    latest = history.profile.started == "latest"
    start: Event | None = None
    for number in instants.in_order_and_apart(history):
        step = history.steps[number]
        if step.after is None:
            return
        if step.event.kind is EventKind.ACTIVE:
            start = step.event
        if start is None or start.attempt < 2:
            continue
        before, after = getattr(step.before, "started_at", None), step.after.started_at
        if latest and history.profile.supports("event_time") and after is not None:
            yield _not_latest(history, number, start, after)
        elif not latest and before is not None and after is not None:
            message = f"{step.event.name} moved started_at from {' to '.join(told_apart(before, after))}"
            message += '; it is the first attempt\'s unless the profile says started="latest"'
            wrong = Violation(step=number, field="started_at", message=message)
            yield wrong if after != before else None


def _not_latest(history: History, number: int, start: Event, shown: datetime) -> Violation | None:
    given = start.occurred_at
    if abs(shown - given) <= history.profile.resolution:
        return None
    happened, stands = told_apart(given, shown)
    message = f"{start.name} happened at {happened}; started_at shows {stands}"
    return Violation(step=number, field="started_at", message=f'{message}; the profile says started="latest"')
