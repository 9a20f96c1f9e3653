"""Faulty for ISO-2: a tenant sees, or changes, another's job."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any, Self

from pytest_jobstatus import Event, EventKind, JobError, Snapshot, Status
from tests.sound_trackers.merging import Row
from tests.sound_trackers.tenants import InKey


class KeyWithoutTenant(InKey):
    """ISO-2: the id alone is the key."""

    def key(self, job_id: str) -> Hashable:
        return job_id


class ReadsAnyTenants(InKey):
    """ISO-2: a reader whose tenant has no such job gets another's."""

    def read(self, job_id: str) -> Snapshot | None:
        own = super().read(job_id)
        others = (row for (_, other), row in self.rows.items() if other == job_id and row.status is not None)
        return own or next((self.show(row) for row in others), None)


class ReadsFailuresOfAll(InKey):
    """ISO-2: a reader sees the failed jobs of all tenants."""

    def read(self, job_id: str) -> Snapshot | None:
        own = super().read(job_id)
        failed = (row for (_, other), row in self.rows.items() if other == job_id and row.status is Status.FAILED)
        return own or next((self.show(row) for row in failed), None)


class JoinedByDash(InKey):
    """ISO-2: tenant and id are joined by a dash, which both may contain."""

    def key(self, job_id: str) -> Hashable:
        return f"{self.tenant}-{job_id}"


class JoinedByUnderscore(InKey):
    """ISO-2: tenant and id are joined by an underscore, which both may contain."""

    def key(self, job_id: str) -> Hashable:
        return f"{self.tenant}_{job_id}"


class JoinedByNothing(InKey):
    """ISO-2: tenant and id are joined by nothing."""

    def key(self, job_id: str) -> Hashable:
        return self.tenant + job_id


class TenantsCut(InKey):
    """ISO-2: tenants are kept in 32 characters."""

    def key(self, job_id: str) -> Hashable:
        return (self.tenant[:32], job_id)


class TenantsAsNumbers(InKey):
    """ISO-2: a tenant that looks like a number is stored as one."""

    def key(self, job_id: str) -> Hashable:
        return (int(self.tenant) if self.tenant.isdigit() else self.tenant, job_id)


class TenantsBeginningAlike(InKey):
    """ISO-2: a reader sees the jobs of all tenants whose name begins with its own."""

    def read(self, job_id: str) -> Snapshot | None:
        own = super().read(job_id)
        others = (
            row
            for (tenant, other), row in self.rows.items()
            if other == job_id and tenant.startswith(self.tenant) and row.status is not None
        )
        return own or next((self.show(row) for row in others), None)


class TenantsByLike(InKey):
    """ISO-2: a reader's tenant is compared by LIKE, to which `_` is any character."""

    def read(self, job_id: str) -> Snapshot | None:
        own = super().read(job_id)
        others = (
            row
            for (tenant, other), row in self.rows.items()
            if other == job_id
            and len(tenant) == len(self.tenant)
            and row.status is not None
            and all(one in ("_", two) for one, two in zip(self.tenant, tenant, strict=True))
        )
        return own or next((self.show(row) for row in others), None)


class _Shared(InKey):
    """Keeps something for all handles together."""

    def __init__(self) -> None:
        super().__init__()
        self.shared: dict[Any, Any] = {}


class LastHandleWins(_Shared):
    """ISO-2: the tenant is a setting of the connection, which all handles share."""

    def for_tenant(self, name: str) -> Self:
        own = super().for_tenant(name)
        own.shared["tenant"] = name
        return own

    def key(self, job_id: str) -> Hashable:
        return (self.shared.get("tenant"), job_id)


class ReaderSetsTenant(_Shared):
    """ISO-2: only a reader sets the connection's tenant; what is written goes to that of the last reader."""

    def read(self, job_id: str) -> Snapshot | None:
        self.shared["tenant"] = self.tenant
        return super().read(job_id)

    def find(self, event: Event) -> Row:
        tenant = self.shared.get("tenant", self.tenant)
        return self.rows.setdefault((tenant, event.job_id), Row(event.job_id))


class TenantNotReset(_Shared):
    """ISO-2: a failed write leaves its tenant on the connection for the next."""

    def find(self, event: Event) -> Row:
        tenant = self.shared.pop("tenant", self.tenant)
        if event.kind is EventKind.FAILED:
            self.shared["tenant"] = self.tenant
        return self.rows.setdefault((tenant, event.job_id), Row(event.job_id))


class UniqueIds(InKey):
    """ISO-2: the table has a unique key on the id alone, so that the second tenant is refused."""

    def find(self, event: Event) -> Row:
        if any(tenant != self.tenant and job_id == event.job_id for tenant, job_id in self.rows):
            raise RuntimeError("UNIQUE constraint failed: job_status.job_id")
        return super().find(event)


class InsertIgnored(InKey):
    """ISO-2: with a unique key on the id alone, and ON CONFLICT DO NOTHING, the second tenant's job is dropped."""

    def apply(self, event: Event) -> None:
        if not any(tenant != self.tenant and job_id == event.job_id for tenant, job_id in self.rows):
            super().apply(event)


class FirstTenantOwns(InKey):
    """ISO-2: events find the row by the id, whoever made it; readers ask for their own."""

    def find(self, event: Event) -> Row:
        for (_, job_id), row in self.rows.items():
            if job_id == event.job_id:
                return row
        return super().find(event)


class _ById(InKey):
    """One kind of event is written by the id alone."""

    kinds: tuple[EventKind, ...] = ()

    def apply(self, event: Event) -> None:
        super().apply(event)
        if event.kind in self.kinds:
            for (tenant, job_id), row in self.rows.items():
                if job_id == event.job_id and tenant != self.tenant:
                    self.merge(row, event, event.progress)


class EndsInAllTenants(_ById):
    """ISO-2: the UPDATE of a completion lacks the tenant."""

    kinds = (EventKind.COMPLETED,)


class CancelsInAllTenants(_ById):
    """ISO-2: the UPDATE of a cancellation lacks the tenant."""

    kinds = (EventKind.CANCELLED,)


class StallsInAllTenants(_ById):
    """ISO-2: the UPDATE of a stall report lacks the tenant."""

    kinds = (EventKind.STALLED,)


class ProgressInAllTenants(_ById):
    """ISO-2: the UPDATE of progress lacks the tenant."""

    kinds = (EventKind.PROGRESS,)


class RetriesInAllTenants(_ById):
    """ISO-2: the UPDATE of a retry lacks the tenant."""

    kinds = (EventKind.RETRYING,)


class ErrorsById(_Shared):
    """ISO-2: errors stand in a table of their own, by the id alone."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.error is not None:
            self.shared[row.job_id] = event.error

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        error: JobError | None = self.shared.get(row.job_id, shown.error)
        return replace(shown, error=error) if row.error is not None else shown


class ProgressCachedById(_Shared):
    """ISO-2: a cache of progress is keyed by the id alone."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        self.shared[row.job_id] = row.progress

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, progress=self.shared[row.job_id]) if row.progress is not None else shown


class ReadsCachedById(_Shared):
    """ISO-2: finished jobs are cached by the id alone."""

    def read(self, job_id: str) -> Snapshot | None:
        if job_id in self.shared:
            cached: Snapshot = self.shared[job_id]
            return cached
        shown = super().read(job_id)
        if shown is not None and shown.status.terminal:
            self.shared[job_id] = shown
        return shown


class SeenById(_Shared):
    """ISO-2: deliveries seen before are remembered without the tenant, so that another's event passes for one."""

    def apply(self, event: Event) -> None:
        key = (event.job_id, event.kind, event.attempt, event.occurred_at)
        if self.shared.setdefault(key, self.tenant) == self.tenant:
            super().apply(event)


FAULTY = (
    KeyWithoutTenant,
    ReadsAnyTenants,
    ReadsFailuresOfAll,
    JoinedByDash,
    JoinedByUnderscore,
    JoinedByNothing,
    TenantsCut,
    TenantsAsNumbers,
    TenantsBeginningAlike,
    TenantsByLike,
    LastHandleWins,
    ReaderSetsTenant,
    TenantNotReset,
    UniqueIds,
    InsertIgnored,
    FirstTenantOwns,
    EndsInAllTenants,
    CancelsInAllTenants,
    StallsInAllTenants,
    ProgressInAllTenants,
    RetriesInAllTenants,
    ErrorsById,
    ProgressCachedById,
    ReadsCachedById,
    SeenById,
)
