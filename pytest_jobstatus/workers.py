"""The handles of several workers as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_jobstatus.events import Event
from pytest_jobstatus.handle import Handle
from pytest_jobstatus.tracker import Profile, Snapshot
from pytest_jobstatus.waits import Waits


class Workers:
    """Tells each delivery through its worker's own handle; the first worker's reads.

    Args:
        handle: of the first worker.
        turns: which worker tells each delivery, from 0.
    """

    def __init__(self, handle: Handle, turns: Sequence[int]) -> None:
        """Ask for all handles before anything is told, as workers that have been there all the time."""
        self._workers = [handle.of_worker(number) for number in range(max(turns) + 1)]
        for worker in self._workers:
            worker.waits = handle.waits
        self._turns = iter(turns)

    @property
    def waits(self) -> Waits | None:
        """What the worker that told last slept, where somebody looks."""
        return self._workers[0].waits

    @property
    def profile(self) -> Profile:
        """What the tracker declares."""
        return self._workers[0].profile

    def fresh(self, labels: Iterable[str]) -> dict[str, str]:
        """Job ids that this storage has not seen (see `Handle.fresh`)."""
        return self._workers[0].fresh(labels)

    def apply(self, event: Event, *, settle: bool = True) -> BaseException | None:
        """Deliver the event through the handle of the worker whose turn it is (see `Handle.apply`)."""
        return self._workers[next(self._turns)].apply(event, settle=settle)

    def settled(self) -> BaseException | None:
        """Wait until all is written, and give the last exception that a worker's handle raised, if any."""
        raised = None
        for worker in self._workers:
            raised = worker.settled() or raised
        return raised

    def read(self, job_id: str) -> Snapshot | None:
        """What the first worker sees of the job (see `Handle.read`)."""
        return self._workers[0].read(job_id)
