"""What was seen: the snapshots that a reader got while a plan was carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Any, NamedTuple

from pytest_jobstatus.clocks import START
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event
from pytest_jobstatus.handle import Handle, Unreadable
from pytest_jobstatus.raised import let_go
from pytest_jobstatus.reading import copied, differences
from pytest_jobstatus.tenants import Tenants
from pytest_jobstatus.tracker import Profile, Snapshot
from pytest_jobstatus.workers import Workers

NOTHING: Mapping[str, Any] = MappingProxyType({})
Told = Handle | Tenants | Workers


class Step(NamedTuple):
    """One delivery and what a reader saw around it. Not a dataclass: there are some hundred thousand in a check.

    Args:
        number: of the step in its history, from 0.
        index: which event of the plan was delivered.
        event: the event as the tracker got it.
        before: what its job showed before; None where nothing was known.
        after: what it showed afterwards.
        raised: the exception that `apply` raised, if it did.
        repeat: whether this event had been delivered before, and accepted.
        reread: the first further read that differed from `after`, or `after` itself.
        strangers: what jobs that never were showed afterwards, by label; empty unless the plan has strangers.
        others: the other jobs of the plan that changed with this delivery, by label, before and after; only for rules
            that look at them.
        waited: what `apply` slept; None unless the rule looks at that.
        unseen: whether nobody looked then (see `Plan.batch`), so that `after` is what was seen before.
    """

    number: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody calls
    event: Event
    before: Snapshot | None
    after: Snapshot | None
    raised: BaseException | None = None
    repeat: bool = False
    reread: Snapshot | None = None
    strangers: Mapping[str, Snapshot] = NOTHING
    others: Mapping[str, tuple[Snapshot | None, Snapshot | None]] = NOTHING
    waited: tuple[str, ...] | None = None
    unseen: bool = False


class History(NamedTuple):
    """All that was seen of one plan.

    Args:
        plan: what was carried out.
        profile: what the tracker declares.
        steps: one per delivery, in order; fewer where a read raised.
        shift: how far the instants were moved from the plan's into the recent past.
        labels: the plan's name of each job, by the id that the tracker got.
        first: what each job showed before anything was delivered, by label; only where the plan has strangers.
        read_early: whether the jobs were read before anything was delivered.
        unreadable: what `read` raised, where that ended the history; it belongs to the delivery after `steps`.
        unreadable_at: the line of the user's own that raised it.
        causal: by the number of a step, what the events accepted so far show when delivered in causal order, once
            each; only for rules that compare, and without the steps that have no counterpart.
        at_once: whether the thread is known to have waited for nothing meanwhile, so that no `apply` slept.
    """

    plan: Plan
    profile: Profile
    steps: tuple[Step, ...]
    shift: timedelta = timedelta()
    labels: Mapping[str, str] = NOTHING
    first: Mapping[str, Snapshot] = NOTHING
    read_early: bool = False
    unreadable: str | None = None
    unreadable_at: str | None = None
    causal: Mapping[int, Snapshot | None] = MappingProxyType({})
    at_once: bool = False

    def of_each_job(self) -> Sequence[History]:
        """The history of each job by itself; the rules but ISO judge one job at a time."""
        if len(self.plan.jobs) == 1:
            return (self,)
        own: dict[str, list[Step]] = {label: [] for label in self.plan.jobs}
        for step in self.steps:
            own[self.labels[step.event.job_id]].append(step)
        return [self._replace(steps=tuple(steps)) for steps in own.values()]

    def of_job(self, label: str) -> History:
        """The history of one job by itself."""
        return self._replace(steps=tuple(step for step in self.steps if self.labels[step.event.job_id] == label))


def recent(*, now: datetime, zone: tzinfo | None = None) -> timedelta:
    """By how many whole days plans are moved, so that they lie in the recent past: they start three to four days ago.

    Args:
        now: the present.
        zone: where naive times are read; days on which its clock changes are avoided.

    >>> from datetime import UTC
    >>> recent(now=datetime(2026, 1, 10, 9, tzinfo=UTC)).days
    1
    """
    days = (now - START).days - 3
    while zone is not None and _clock_changes(START + timedelta(days=days), zone):
        days -= 1
    return timedelta(days=days)


def _clock_changes(around: datetime, zone: tzinfo) -> bool:
    day = timedelta(days=1)
    return len({(around + step).astimezone(zone).utcoffset() for step in (-day, timedelta(), day)}) > 1


def record(tracker: Handle, plan: Plan, *, shift: timedelta, others: bool = False) -> History:
    """Carry out a plan and look after every step.

    Args:
        tracker: which is told, through the handles of its tenants or workers where the plan has several.
        plan: what to deliver.
        shift: added to all instants, whole days.
        others: whether to look at the plan's other jobs as well.
    """
    handle: Told = tracker
    if plan.tenancy:
        handle = Tenants(tracker)
    elif plan.workers:
        handle = Workers(tracker, plan.workers)
    ids = handle.fresh((*plan.jobs, *plan.strangers))
    events = [event.moved(job_id=ids[event.job_id], by=shift) for event in plan.events]
    first: dict[str, Snapshot] = {}
    unreadable = unreadable_at = None
    steps: list[Step] = []
    is_plain = plan.reads == 1 and not plan.strangers and not others and handle.waits is None  # as nearly all are
    try:
        if plan.strangers:
            first = _seen(handle, ids, times=plan.reads)
        if is_plain:
            _told(handle, plan, events, steps)
        else:
            _watched(handle, plan, events, steps, ids=ids, others=others)
        if plan.batch:
            _batch(handle, plan, events, steps)
    except Unreadable as error:
        unreadable, unreadable_at = str(error), error.place
    return History(
        plan=plan,
        profile=handle.profile,
        steps=tuple(steps),
        shift=shift,
        labels={job_id: label for label, job_id in ids.items()},
        first=first,
        read_early=bool(plan.strangers),
        unreadable=unreadable,
        unreadable_at=unreadable_at,
    )


def _told(handle: Told, plan: Plan, events: Sequence[Event], steps: list[Step]) -> None:
    """Deliver one event after the other, and read its job after each: a step for each is added."""
    apply, read, accepted = handle.apply, handle.read, set()
    shown: dict[str, Snapshot | None] = {}
    for index in plan.order[: plan.singles]:
        event = events[index]
        job_id = event.job_id
        raised = apply(_own(event) if event.progress is not None else event)
        before = shown.get(job_id)
        after = shown[job_id] = read(job_id) if raised is None else _after_refusal(read, job_id, before, raised)
        steps.append(Step(len(steps), index, event, before, after, raised, index in accepted, after))
        if raised is None:
            accepted.add(index)
        else:
            let_go(raised)


def _after_refusal(
    read: Callable[[str], Snapshot | None], job_id: str, before: Snapshot | None, raised: BaseException
) -> Snapshot | None:
    """What the job shows; nothing where its id is refused by `read` as well."""
    try:
        return read(job_id)
    except Unreadable as error:
        if before is not None or not error.repeats(raised):
            raise
        return None


def _watched(
    handle: Told,
    plan: Plan,
    events: Sequence[Event],
    steps: list[Step],
    *,
    ids: Mapping[str, str],
    others: bool,
) -> None:
    """The same, with a look at other jobs, at strangers, at what was slept, and again, as the plan and the rule ask.

    Every second time other tenants look before the job's own: what waits for a reader may go to them.
    """
    read, waits, accepted = handle.read, handle.waits, set()
    strangers = {label: ids[label] for label in plan.strangers}
    shown: dict[str, Snapshot | None] = dict.fromkeys(ids.values())
    refused: dict[str, Unreadable] = {}
    for index in plan.order[: plan.singles]:
        event = events[index]
        job_id, before = event.job_id, shown[event.job_id]
        raised = handle.apply(_own(event) if event.progress is not None else event)
        if before is None and job_id in refused and not refused[job_id].repeats(raised):
            raise refused[job_id]
        early = others and plan.tenancy and len(steps) % 2 == 1
        changed = _changed(handle, ids, shown, refused, but=job_id) if early else NOTHING
        after = shown[job_id] = read(job_id) if raised is None else _after_refusal(read, job_id, before, raised)
        reread = _reread(handle, job_id, after, times=plan.reads - 1)
        strange = _seen(handle, strangers) if strangers else NOTHING
        if others and not early:
            changed = _changed(handle, ids, shown, refused, but=job_id)
        waited = waits.taken() if waits is not None else None
        seen = (len(steps), index, event, before, after, raised, index in accepted)
        steps.append(Step(*seen, reread=reread, strangers=strange, others=changed, waited=waited))
        if raised is None:
            accepted.add(index)
        else:
            let_go(raised)


def _batch(handle: Told, plan: Plan, events: Sequence[Event], steps: list[Step]) -> None:
    """Deliver the last events in a row, then look at each of their jobs: a step for each is added."""
    batch = plan.order[plan.singles :]
    raised = [handle.apply(_own(events[index]), settle=False) for index in batch]
    unsettled = handle.settled()  # which of them it was that could not be written nobody can tell
    for error in (*raised, unsettled):
        let_go(error)
    last = {events[index].job_id: place for place, index in enumerate(batch)}
    seen = {step.event.job_id: step.after for step in steps}
    told = {step.index for step in steps if step.raised is None}
    for place, (index, own) in enumerate(zip(batch, raised, strict=True)):
        event, error = events[index], own or unsettled
        before, unseen = seen.get(event.job_id), last[event.job_id] != place
        after = before if unseen else handle.read(event.job_id)
        repeat = index in told
        steps.append(Step(len(steps), index, event, before, after, error, repeat=repeat, reread=after, unseen=unseen))
        told |= {index} if error is None else set()


def _own(event: Event) -> Event:
    """The event as the tracker gets it: with a value of its own, which it may keep and change."""
    if not isinstance(event.progress, dict | list):
        return event
    own = event.moved(job_id=event.job_id, by=timedelta())
    own.__dict__["progress"] = copied(event.progress)
    return own


def _seen(handle: Told, jobs: Mapping[str, str], *, times: int = 1) -> dict[str, Snapshot]:
    """The jobs that show anything, by label."""
    found: dict[str, Snapshot] = {}
    for _ in range(times):
        for label, job_id in jobs.items():
            if (shown := handle.read(job_id)) is not None:
                found.setdefault(label, shown)
    return found


def _changed(
    handle: Told,
    ids: Mapping[str, str],
    shown: dict[str, Snapshot | None],
    refused: dict[str, Unreadable],
    *,
    but: str,
) -> dict[str, tuple[Snapshot | None, Snapshot | None]]:
    """Read every other job, note what it shows, and give those that changed, by label.

    A job that shows nothing may have an id that the tracker refuses: what its read raises is noted until `apply` tells.
    """
    found = {}
    for label, job_id in ids.items():
        if job_id == but:
            continue
        before = shown[job_id]
        try:
            shown[job_id] = handle.read(job_id)
        except Unreadable as error:
            if before is not None:
                raise
            refused[job_id] = error
        if differences(before, shown[job_id]):
            found[label] = (before, shown[job_id])
    return found


def _reread(handle: Told, job_id: str, after: Snapshot | None, *, times: int) -> Snapshot | None:
    for _ in range(times):
        again = handle.read(job_id)
        if again != after:
            return again
    return after
