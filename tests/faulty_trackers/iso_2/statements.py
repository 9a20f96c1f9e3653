"""Faulty for ISO-2: the statement for some events finds rows by the id alone."""

from __future__ import annotations

from pytest_jobstatus import Event, EventKind
from tests.sound_trackers.tenants import InKey


class _Crossing(InKey):
    """Some events are written by the id alone: those of some kinds, for instance."""

    kinds: tuple[EventKind, ...] = ()

    def apply(self, event: Event) -> None:
        again = self.seen(event)
        super().apply(event)
        if self.crosses(event, again=again):
            for (tenant, job_id), row in self.rows.items():
                if job_id == event.job_id and tenant != self.tenant:
                    self.merge(row, event, event.progress)

    def seen(self, event: Event) -> bool:
        """Whether it was told before."""
        row = self.find(event)
        told = row.note.setdefault("told", set())
        key = (event.kind, event.attempt)
        again = key in told
        told.add(key)
        return again

    def crosses(self, event: Event, *, again: bool) -> bool:
        """Whether its statement lacks the tenant."""
        return event.kind in self.kinds


class EndsInAllTenants(_Crossing):
    """ISO-2: the UPDATE of a completion lacks the tenant."""

    kinds = (EventKind.COMPLETED,)


class CancelsInAllTenants(_Crossing):
    """ISO-2: the UPDATE of a cancellation lacks the tenant."""

    kinds = (EventKind.CANCELLED,)


class StallsInAllTenants(_Crossing):
    """ISO-2: the UPDATE of a stall report lacks the tenant."""

    kinds = (EventKind.STALLED,)


class ProgressInAllTenants(_Crossing):
    """ISO-2: the UPDATE of progress lacks the tenant."""

    kinds = (EventKind.PROGRESS,)


class RetriesInAllTenants(_Crossing):
    """ISO-2: the UPDATE of a retry lacks the tenant."""

    kinds = (EventKind.RETRYING,)


class LaterCompletionsInAllTenants(_Crossing):
    """ISO-2: the UPDATE of a completion after a retry lacks the tenant."""

    def crosses(self, event: Event, *, again: bool) -> bool:
        return event.kind is EventKind.COMPLETED and event.attempt > 1


class ThirdAttemptsInAllTenants(_Crossing):
    """ISO-2: from the third attempt on the UPDATE lacks the tenant."""

    def crosses(self, event: Event, *, again: bool) -> bool:
        return event.attempt > 2


class RepeatedEndsInAllTenants(_Crossing):
    """ISO-2: an end that is told again is written by the id alone."""

    def crosses(self, event: Event, *, again: bool) -> bool:
        return event.kind.terminal and again


class AnonymousCancellationsInAllTenants(_Crossing):
    """ISO-2: the UPDATE of a cancellation by nobody lacks the tenant."""

    def crosses(self, event: Event, *, again: bool) -> bool:
        return event.kind is EventKind.CANCELLED and event.cancelled_by is None


class ZombiesInAllTenants(_Crossing):
    """ISO-2: the UPDATE for the late end of an older attempt lacks the tenant."""

    def crosses(self, event: Event, *, again: bool) -> bool:
        return event.kind is EventKind.COMPLETED and event.attempt < self.find(event).attempt


FAULTY = (
    EndsInAllTenants,
    CancelsInAllTenants,
    StallsInAllTenants,
    ProgressInAllTenants,
    RetriesInAllTenants,
    LaterCompletionsInAllTenants,
    ThirdAttemptsInAllTenants,
    RepeatedEndsInAllTenants,
    AnonymousCancellationsInAllTenants,
    ZombiesInAllTenants,
)
