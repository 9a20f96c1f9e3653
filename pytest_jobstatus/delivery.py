"""How events arrive: in which order, which of them twice, late or never."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from pytest_jobstatus.events import Event, EventKind

DIMENSIONS = ("deliveries", "repeats", "losses", "strays", "attempts", "jobs", "batched", "workers")
"""In which a plan can be large."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What happened and how the tracker is told.

    Args:
        events: everything that happened, of one job or several, in causal order; strays where they came, or last.
        order: which event is delivered when, as indexes into `events`; a repeated index is a duplicate, one that is
            missing a loss.
        strays: the indexes of events that no run would contain (JSL/1, Stray).
        reads: how often the job is read after each delivery.
        strangers: jobs that are read, before and after each delivery, and never heard of.
        batch: how many of the last deliveries come before anybody looks: `settle` and the reads follow the last.
        clock: the name of the clock that the instants come from.
        workers: which worker tells each delivery, from 0; empty where one tells all. Each has a handle of its own on
            the same storage, and the first one's reads.
        tenancy: whether each job's name is its tenant, a slash, and the id that it has there: one id in two tenants is
            two jobs.

    Raises:
        ValueError: where there are fewer deliveries than the batch has, or another number of workers.

    >>> from pytest_jobstatus.events import Mark
    >>> from pytest_jobstatus.runs import emitted
    >>> plan = Plan(events=emitted((Mark("created", 0), Mark("active", 1), Mark("completed", 1))), order=(2, 1, 1))
    >>> plan.lost, plan.repeats, plan.jobs
    ((0,), 1, ('job-1',))
    """

    events: tuple[Event, ...]
    order: tuple[int, ...]
    strays: frozenset[int] = frozenset()
    reads: int = 1
    strangers: tuple[str, ...] = ()
    batch: int = 0
    clock: str = "agree"
    tenancy: bool = False
    workers: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """A batch that is larger than all would be told twice, and each delivery is told by somebody."""
        if not 0 <= self.batch <= len(self.order):
            raise ValueError(f"a batch of {self.batch}: there are {len(self.order)} deliveries")
        if self.workers and len(self.workers) != len(self.order):
            raise ValueError(f"{len(self.workers)} workers: there are {len(self.order)} deliveries")

    @cached_property
    def singles(self) -> int:
        """How many deliveries come before the batch, each with a look after it."""
        return len(self.order) - self.batch

    @cached_property
    def lost(self) -> tuple[int, ...]:
        """The indexes of the events that are never delivered."""
        delivered = set(self.order)
        return tuple(index for index in range(len(self.events)) if index not in delivered)

    @cached_property
    def repeats(self) -> int:
        """How many deliveries bring an event that was delivered before."""
        return len(self.order) - len(set(self.order))

    @cached_property
    def kinds(self) -> frozenset[EventKind]:
        """The kinds of the events that are delivered."""
        return frozenset(self.events[index].kind for index in self.order)

    @cached_property
    def attempts(self) -> int:
        """The highest attempt of the events."""
        return max((event.attempt for event in self.events), default=0)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How large the plan is, dimension by dimension (see `DIMENSIONS`)."""
        told = len(set(self.order))
        jobs = len({event.job_id for event in self.events})
        return (
            len(self.order),
            len(self.order) - told,
            len(self.events) - told,
            len(self.strays),
            max((event.attempt for event in self.events), default=0),
            jobs,
            self.batch,
            max(self.workers, default=0) + 1,
        )

    @cached_property
    def jobs(self) -> tuple[str, ...]:
        """The jobs that events belong to, in order of their first event."""
        return tuple(dict.fromkeys(event.job_id for event in self.events))

    def plain_names(self, *, first: int = 1) -> dict[str, str]:
        """Plain names for its jobs: "job-1", "job-2", …, none of which a stranger has; ids that are shared stay shared.

        Args:
            first: the number to begin with.

        >>> from pytest_jobstatus.events import Mark
        >>> from pytest_jobstatus.runs import emitted
        >>> events = [emitted((Mark("created", 0),), job=job)[0] for job in ("a", "b")]
        >>> Plan(events=tuple(events), order=(), strangers=("job-1",)).plain_names()
        {'a': 'job-1a', 'b': 'job-2'}
        """
        split = in_tenant if self.tenancy else lambda job: ("", job)
        taken = {split(stranger)[1] for stranger in self.strangers}
        names: dict[str, str] = {}
        for number, own in enumerate(dict.fromkeys(split(job)[1] for job in self.jobs), first):
            names[own] = f"job-{number}"
            while names[own] in taken:
                names[own] += "a"
        return {job: job.removesuffix(split(job)[1]) + names[split(job)[1]] for job in self.jobs}


def in_tenant(job: str) -> tuple[str, str]:
    """The tenant of a job that is named with it, and the id that the job has there.

    >>> in_tenant("acme/job-1")
    ('acme', 'job-1')
    """
    tenant, _, job_id = job.partition("/")
    return tenant, job_id


def in_order(events: Sequence[Event], *, clock: str = "agree") -> Plan:
    """Every event once, as it happened."""
    return Plan(events=tuple(events), order=tuple(range(len(events))), clock=clock)


def again_at_once(order: Iterable[int], *, times: int) -> tuple[int, ...]:
    """Every delivery several times in a row.

    >>> again_at_once((0, 1), times=2)
    (0, 0, 1, 1)
    """
    return tuple(index for index in order for _ in range(times))


def again_later(order: Sequence[int]) -> tuple[int, ...]:
    """After every delivery, all that was delivered before it once more.

    >>> again_later((0, 1, 2))
    (0, 1, 0, 2, 0, 1)
    """
    told: list[int] = []
    for position, index in enumerate(order):
        told.append(index)
        told.extend(order[:position])
    return tuple(told)


def joined(plans: Sequence[Plan]) -> Plan:
    """Several plans one after the other, on one tracker, each with jobs of its own; only the last plan's batch is one.
    With tenants go those that have some, without those that have none.

    >>> from pytest_jobstatus.events import Mark
    >>> from pytest_jobstatus.runs import emitted
    >>> plan = in_order(emitted((Mark("created", 0),)))
    >>> joined([plan, plan]).jobs
    ('job-1', 'job-2')
    """
    plans = [plan for plan in plans if plan.tenancy == plans[-1].tenancy]
    several = any(plan.workers for plan in plans)
    events: list[Event] = []
    order: list[int] = []
    strays: set[int] = set()
    strangers = tuple(dict.fromkeys(name for plan in plans for name in plan.strangers))
    jobs = 0
    for plan in plans:
        names = replace(plan, strangers=strangers).plain_names(first=jobs + 1)
        jobs += len(names)
        offset = len(events)
        events += [event.moved(job_id=names[event.job_id], by=timedelta()) for event in plan.events]
        order += [offset + index for index in plan.order]
        strays |= {offset + index for index in plan.strays}
    return Plan(
        events=tuple(events),
        order=tuple(order),
        strays=frozenset(strays),
        workers=tuple(each for plan in plans for each in plan.workers or (0,) * len(plan.order)) if several else (),
        reads=max(plan.reads for plan in plans),
        strangers=strangers,
        batch=plans[-1].batch,
        clock=plans[-1].clock,
        tenancy=plans[-1].tenancy,
    )


def until(plan: Plan, step: int) -> Plan:
    """The plan up to a delivery and with it, given by its place in the order.

    >>> plan = Plan(events=(), order=(0, 1, 2, 3), batch=3)
    >>> [until(plan, step).batch for step in range(4)]
    [0, 0, 2, 3]
    """
    batch = step + 1 - plan.singles
    workers = plan.workers[: step + 1]
    return replace(plan, order=plan.order[: step + 1], batch=batch if batch > 1 else 0, workers=workers)


def keeping(plan: Plan, deliveries: Sequence[int]) -> Plan:
    """The plan with only these deliveries, given by their places in its order, and without events that nobody needs.

    Events that are never delivered go as well: a run may have unseen events anywhere.
    """
    order = [plan.order[place] for place in deliveries]
    kept = sorted(set(order))
    place_of = {index: place for place, index in enumerate(kept)}
    batch = sum(place >= plan.singles for place in deliveries)
    return replace(
        plan,
        batch=batch if batch > 1 else 0,
        workers=tuple(plan.workers[place] for place in deliveries) if plan.workers else (),
        events=tuple(plan.events[index] for index in kept),
        order=tuple(place_of[index] for index in order),
        strays=frozenset(place_of[index] for index in plan.strays if index in place_of),
    )
