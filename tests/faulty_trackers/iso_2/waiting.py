"""Faulty for ISO-2: what waits to be written is mixed up."""

from __future__ import annotations

from pytest_jobstatus import Event
from tests.sound_trackers.tenants import InKey


class _Waiting(InKey):
    """Writes when it is asked to; what waits is kept for all handles together."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[str, Event]] = []

    def apply(self, event: Event) -> None:
        self.waiting.append((self.tenant, event))

    def settle(self) -> None:
        own = self.tenant
        for tenant, event in self.waiting:
            self.tenant = tenant
            super().apply(event)
        self.tenant = own
        self.waiting.clear()


class BatchOfFirstTenant(_Waiting):
    """ISO-2: what waits is written in one batch, for the tenant of its first event."""

    def settle(self) -> None:
        self.waiting[:] = [(self.waiting[0][0], event) for _, event in self.waiting]
        super().settle()


class WaitingOncePerEvent(_Waiting):
    """ISO-2: what waits is kept once for each id, kind and attempt."""

    def apply(self, event: Event) -> None:
        key = (event.job_id, event.kind, event.attempt)
        if all((other.job_id, other.kind, other.attempt) != key for _, other in self.waiting):
            super().apply(event)


class SettleDropsOthers(_Waiting):
    """ISO-2: a tenant writes its own of what waits, and throws the rest away."""

    def settle(self) -> None:
        self.waiting[:] = [each for each in self.waiting if each[0] == self.tenant]
        super().settle()


FAULTY = (
    BatchOfFirstTenant,
    WaitingOncePerEvent,
    SettleDropsOthers,
)
