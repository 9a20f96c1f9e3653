"""A queue with several jobs at once: what may happen next, what was told, and where each job stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import InitVar, dataclass, field
from typing import NamedTuple

from pytest_jobstatus.clocks import Clock
from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import Event, EventKind, Mark
from pytest_jobstatus.exercise import Meeting, Side, State, side
from pytest_jobstatus.rules import position
from pytest_jobstatus.runs import MOST_ATTEMPTS, Shape, emit, followers
from pytest_jobstatus.tracker import Profile, Status

MIXED = "mixed"
"""The clock of a plan whose jobs go by different ones."""


@dataclass
class Life:
    """One job of the queue.

    Args:
        name: of the job.
        clock: that its events go by.
        whole: what happened, what the tracker cannot be told of included.
        status: what a sound tracker shows.
        shown: the position that it shows.
    """

    name: str
    clock: Clock
    whole: Shape = ()
    status: Status | None = None
    shown: position.Position = position.NOTHING

    @property
    def over(self) -> bool:
        """Whether its last event has happened, told or not."""
        return bool(self.whole) and self.whole[-1].kind.terminal

    @property
    def attempt(self) -> int:
        """Its newest attempt."""
        return max((mark.attempt for mark in self.whole), default=0)


class Happening(NamedTuple):
    """Something that can be told next.

    Args:
        job: the number of the job, from 0.
        path: what happens first, the event itself last; empty where it has happened already.
        index: of the event that has happened already.
        stray: whether no run has a place for it.
    """

    job: int
    mark: Mark
    path: Shape = ()
    index: int | None = None  # type: ignore[assignment]  # hides tuple.index, which nobody calls
    stray: bool = False


@dataclass
class Lifecycle:
    """A queue with several jobs at once, and how it told a tracker of them.

    Args:
        profile: what the tracker can be told.
        clocks: of the jobs, one each, in the beginning.
        events: what happened, strays included.
        order: the deliveries, as indexes into `events`.
        strays: which of the events no run has a place for.
        workers: which worker told each delivery.
        states: where jobs stood, as a sound tracker shows that.
    """

    profile: Profile
    clocks: InitVar[Sequence[Clock]]
    events: list[Event] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    strays: set[int] = field(default_factory=set)
    workers: list[int] = field(default_factory=list)
    states: set[State] = field(default_factory=set)

    def __post_init__(self, clocks: Sequence[Clock]) -> None:
        """All jobs are still to come."""
        self.lives = [Life(f"job-{number}", clock) for number, clock in enumerate(clocks, 1)]
        self._job_of: list[int] = []
        self._told: dict[int, None] = {}
        self.states.add((None, position.NOTHING))

    def coming(self, job: int, *, skipped: int = 0) -> list[Happening]:
        """What may happen next to a job.

        Args:
            job: its number, from 0.
            skipped: how many events happen before, and are not told yet; fewer where its run ends.
        """
        paths = [*_coming(self.lives[job].whole, self.profile.kinds)]
        for _ in range(skipped):
            whole = self.lives[job].whole
            longer = [(*path, *rest) for path in paths for rest in _coming((*whole, *path), self.profile.kinds)]
            paths = longer or paths
        return [Happening(job, path[-1], path=path) for path in paths]

    @property
    def holds(self) -> bool:
        """Whether something has happened that was not told yet."""
        return len(self._told) < len(self.events)

    def held(self) -> list[Happening]:
        """What has happened, and was not told yet: it is late."""
        return [self._known(index) for index in range(len(self.events)) if index not in self._told]

    def told(self) -> list[Happening]:
        """What was told, and may be told again."""
        return [self._known(index) for index in self._told]

    def astray(self, job: int) -> list[Happening]:
        """What may be told of a job though its run has no place for it: anything after its end, the end of an older
        attempt, and a stall beside a retry, or the other way round.
        """
        life = self.lives[job]
        kinds, last = self.profile.kinds, life.attempt
        if not last and not life.over:
            return []
        marks: list[Mark] = []
        if life.over:
            for kind in EventKind:
                ends = range(max(1, last - 1), (min(last + 1, MOST_ATTEMPTS) if self.profile.has_attempts else 1) + 1)
                attempts = {EventKind.CREATED: range(1), EventKind.CANCELLED: range(last, last + 1)}.get(kind, ends)
                marks += [Mark(kind, attempt) for attempt in attempts]
        else:
            marks += [Mark(kind, n) for kind in (EventKind.COMPLETED, EventKind.FAILED) for n in range(1, last)]
            newest = life.whole[-1]
            beside = {EventKind.RETRYING: EventKind.STALLED, EventKind.STALLED: EventKind.RETRYING}.get(newest.kind)
            marks += [Mark(beside, newest.attempt)] if beside is not None else []
        return [Happening(job, mark, path=(mark,), stray=True) for mark in marks if mark.kind in kinds]

    def happen(self, next_one: Happening) -> int:
        """Let it happen, if it has not yet, and what comes before it; its index."""
        if next_one.index is not None:
            return next_one.index
        life = self.lives[next_one.job]
        for mark in next_one.path:
            if mark.kind not in self.profile.kinds:
                continue
            place = len(self.events)
            self.events.append(emit(mark, at=life.clock.at(place, mark), job=life.name, nth=place % 20))
            self._job_of.append(next_one.job)
        if next_one.stray:
            self.strays.add(place)
        else:
            life.whole = (*life.whole, *next_one.path)
        return place

    def tell(self, index: int, *, worker: int = 0) -> None:
        """Deliver an event.

        Args:
            index: of what has happened.
            worker: who tells it.
        """
        self.order.append(index)
        self.workers.append(worker)
        self._told[index] = None
        life, event = self.lives[self._job_of[index]], self.events[index]
        life.status, life.shown = self.moved((life.status, life.shown), Mark(event.kind, event.attempt))
        self.states.add((life.status, life.shown))

    def moved(self, state: State, mark: Mark) -> State:
        """What a sound tracker shows after an event.

        Args:
            state: what it showed before.
            mark: kind and attempt of the event.
        """
        kind = mark.kind
        behind = side(mark, state[1]) is Side.BEHIND
        zombie = behind and kind.terminal and state[1] < position.OVER and self.profile.late_end == "taken"
        if (behind and not zombie) or position.of_event(mark) <= state[1]:
            return state
        waits = Status.DELAYED if self.profile.supports("delayed") else Status.PENDING
        statuses = {**position.STATUSES, EventKind.RETRYING: waits, EventKind.STALLED: Status.PENDING}
        return statuses[kind], position.of_event(mark)

    def meeting(self, next_one: Happening) -> Meeting:
        """How it meets its job, as a sound tracker shows that."""
        life = self.lives[next_one.job]
        return Meeting(life.status, next_one.mark.kind, side(next_one.mark, life.shown))

    def plan(self) -> Plan:
        """What was told so far as a plan."""
        names = {life.clock.name for life in self.lives}
        return Plan(
            events=tuple(self.events),
            order=tuple(self.order),
            strays=frozenset(self.strays),
            workers=tuple(self.workers) if any(self.workers) else (),
            clock=names.pop() if len(names) == 1 else MIXED,
        )

    def _known(self, index: int) -> Happening:
        event = self.events[index]
        return Happening(self._job_of[index], Mark(event.kind, event.attempt), index=index)


def _coming(whole: Shape, kinds: frozenset[EventKind]) -> Iterator[Shape]:
    """What may happen next, with the creations and starts before it that the tracker cannot be told of."""
    for mark in followers(whole):
        if mark.attempt > MOST_ATTEMPTS:
            continue
        if mark.kind in kinds:
            yield (mark,)
        elif mark.kind in (EventKind.CREATED, EventKind.ACTIVE):
            yield from ((mark, *path) for path in _coming((*whole, mark), kinds))
