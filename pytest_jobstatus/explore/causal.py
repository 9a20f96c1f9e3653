"""What the same events show when they are told as they happened: the measure that CONV holds every order against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pytest_jobstatus.delivery import Plan, keeping
from pytest_jobstatus.events import Event
from pytest_jobstatus.history import History, Step
from pytest_jobstatus.tracker import Snapshot


class Causal:
    """Remembers what each set of events shows in causal order, so that each is told only once."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._known: dict[object, tuple[Snapshot | None] | None] = {}
        self._of_run: dict[int, tuple[Snapshot | None] | None] = {}
        self._run: tuple[Event, ...] = ()

    def beside(self, history: History, observe: Callable[[Plan], History]) -> History:
        """The history with the causal counterpart of each step at which nothing was refused.

        Args:
            history: what was seen.
            observe: carries out a plan on the tracker under test.
        """
        plan = history.plan
        if plan.events is not self._run:
            self._run, self._of_run = plan.events, {}
        # The indexes are the bits of a number: there are some ten thousand sets in a check.
        accepted: dict[str, int] = {}
        disordered: set[str] = set()
        causal: dict[int, Snapshot | None] = {}
        for step in _before_strays(history):
            job = step.event.job_id
            told = accepted.get(job, 0)
            if step.raised is not None or told >> step.index:
                disordered.add(job)
            if step.raised is not None:
                continue
            chosen = accepted[job] = told | 1 << step.index
            if step.unseen:
                continue
            if job not in disordered and not plan.batch and not plan.tenancy:
                # Orders come in lexicographic order, so that most sets are first seen as they happened.
                self._of_run.setdefault(chosen, (step.after,))
            if chosen not in self._of_run:
                indexes = [index for index in range(len(plan.events)) if chosen >> index & 1]
                self._of_run[chosen] = self._shown(plan, indexes, observe)
            shown = self._of_run[chosen]
            if shown is not None:
                causal[step.number] = shown[0]
        return history._replace(causal=causal)

    def _shown(
        self, plan: Plan, chosen: list[int], observe: Callable[[Plan], History]
    ) -> tuple[Snapshot | None] | None:
        """What the events show in the end, in a tuple of one; None where one was refused."""
        key = tuple(_content(plan.events[index]) for index in chosen)
        if key not in self._known:
            plain = replace(plan, order=tuple(chosen), strangers=(), reads=1, batch=0, workers=())
            told = keeping(plain, range(len(chosen)))
            steps = observe(told).steps
            refused = len(steps) < len(chosen) or any(step.raised is not None for step in steps)
            self._known[key] = None if refused else (steps[-1].after,)
        return self._known[key]


def _before_strays(history: History) -> Iterator[Step]:
    """The steps of each job until a stray comes: what that does to its job is not CONV's business."""
    astray: set[str] = set()
    for step in history.steps:
        if step.index in history.plan.strays:
            astray.add(step.event.job_id)
        if step.event.job_id not in astray:
            yield step


def _content(event: Event) -> object:
    error = event.error and (event.error.type, event.error.message)
    return (event.kind, event.attempt, event.occurred_at, repr(event.progress), error, event.cancelled_by)
