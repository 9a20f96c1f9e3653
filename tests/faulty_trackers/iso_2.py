"""Faulty for ISO-2: a tenant sees, or changes, another's job."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from math import isfinite
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


class TenantReadsNothing(InKey):
    """ISO-2: a tenant's reader asks another table than its writer."""

    def read(self, job_id: str) -> Snapshot | None:
        return super().read(job_id) if not self.tenant else None


class TenantCannotCancel(InKey):
    """ISO-2: a tenant's cancellations fail, those without tenants do not."""

    def apply(self, event: Event) -> None:
        if self.tenant and event.kind is EventKind.CANCELLED:
            raise LookupError(f"no setting app.tenant for {self.tenant}")
        super().apply(event)


class TenantEndsElsewhere(InKey):
    """ISO-2: the setting is gone when an end is written: it goes to the row without a tenant."""

    def key(self, job_id: str) -> Hashable:
        return ("" if self.tenant and self.ending else self.tenant, job_id)

    ending = False

    def find(self, event: Event) -> Row:
        self.ending = event.kind.terminal
        try:
            return super().find(event)
        finally:
            self.ending = False


class TenantUnfenced(InKey):
    """ISO-2: the statement for tenants lacks the guard: a late start runs an ended job again."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return super().is_ahead(row, event) or bool(self.tenant and event.kind is EventKind.ACTIVE)


class FirstCancellerStays(_Shared):
    """ISO-2: who cancelled stands in a table beside, by the id alone, and the first one stays."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.CANCELLED:
            row.cancelled_by = self.shared.setdefault(row.job_id, event.cancelled_by)


class NobodyIsTheFirstCanceller(_Shared):
    """ISO-2: who cancelled stands in a table beside, by the id alone; a cancellation by nobody leaves it there."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.CANCELLED:
            self.shared[row.job_id] = event.cancelled_by or self.shared.get(row.job_id)
            row.cancelled_by = self.shared[row.job_id]


class NoErrorIsTheFirstError(_Shared):
    """ISO-2: the last failure's reason stands in a table beside, by the id alone; one without a reason shows it."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.FAILED:
            self.shared[row.job_id] = row.error = event.error or self.shared.get(row.job_id)


class FirstErrorStays(_Shared):
    """ISO-2: errors stand in a table beside, by id and attempt, and the first one stays."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.error is not None:
            row.error = self.shared.setdefault((row.job_id, event.attempt), event.error)


class FirstCreationStays(_Shared):
    """ISO-2: creations stand in a table beside, by the id alone."""

    def set_created(self, row: Row, at: datetime) -> None:
        super().set_created(row, self.shared.setdefault(row.job_id, at))


class TracebackById(_Shared):
    """ISO-2: tracebacks are kept as files named by the id."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.error is not None:
            row.error = replace(row.error, traceback=self.shared.setdefault(row.job_id, row.error.traceback))


class LongTextsById(_Shared):
    """ISO-2: texts of more than 200 characters are kept elsewhere, by the id alone."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.error is not None and len(row.error.message) > 200:
            row.error = self.shared.setdefault(row.job_id, row.error)


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


class NextReaderGets(_Shared):
    """ISO-2: progress waits for the next reader of the id, whoever that is."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        self.shared.setdefault(row.job_id, []).append((event, value))

    def read(self, job_id: str) -> Snapshot | None:
        row = self.rows.get(self.key(job_id))
        for event, value in self.shared.pop(job_id, ()):
            super().note_progress(row or Row(job_id), event, value)
        return super().read(job_id)


class AskedAgainStartsAnew(InKey):
    """ISO-2: the set-up of a tenant that is there already empties its table."""

    def for_tenant(self, name: str) -> Self:
        for key in [key for key in self.rows if key[0] == name]:
            del self.rows[key]
        return super().for_tenant(name)


class LastInsertedTenant(_Shared):
    """ISO-2: the number of a tenant that is there already is taken to be the last one inserted."""

    def for_tenant(self, name: str) -> Self:
        if name not in self.shared:
            self.shared[name] = self.shared["last"] = str(len(self.shared))
        return super().for_tenant(self.shared["last"])


class FourthSharesFirst(_Shared):
    """ISO-2: there are three partitions, and the fourth tenant gets the first one's without its name."""

    def for_tenant(self, name: str) -> Self:
        number = self.shared.setdefault(name, len(self.shared))
        return super().for_tenant(f"{number % 3 if number < 4 else number}")


class NamesFolded(InKey):
    """ISO-2: a tenant's schema is its name with underscores for dashes."""

    def key(self, job_id: str) -> Hashable:
        return (self.tenant.replace("-", "_"), job_id)


class UuidsAreGlobal(InKey):
    """ISO-2: an id that looks like a UUID is taken to be unique anyway."""

    def key(self, job_id: str) -> Hashable:
        return job_id if len(job_id) == 36 and job_id.count("-") == 4 else (self.tenant, job_id)


class LongIdsDigested(InKey):
    """ISO-2: an id of more than 64 characters is found by its digest alone."""

    def key(self, job_id: str) -> Hashable:
        return sha256(job_id.encode()).hexdigest() if len(job_id) > 64 else (self.tenant, job_id)


class OthersFoundInAnyCase(InKey):
    """ISO-2: a reader who finds nothing of its own is shown what differs in case, whosever it is."""

    def read(self, job_id: str) -> Snapshot | None:
        others = (row for (_, other), row in self.rows.items() if other != job_id and other.lower() == job_id.lower())
        return super().read(job_id) or next((self.show(row) for row in others if row.status), None)


class _Some(InKey):
    """Some events are written by the id alone."""

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
        raise NotImplementedError


class LaterCompletionsInAllTenants(_Some):
    """ISO-2: the UPDATE of a completion after a retry lacks the tenant."""

    def crosses(self, event: Event, *, again: bool) -> bool:
        return event.kind is EventKind.COMPLETED and event.attempt > 1


class ThirdAttemptsInAllTenants(_Some):
    """ISO-2: from the third attempt on the UPDATE lacks the tenant."""

    def crosses(self, event: Event, *, again: bool) -> bool:
        return event.attempt > 2


class RepeatedEndsInAllTenants(_Some):
    """ISO-2: an end that is told again is written by the id alone."""

    def crosses(self, event: Event, *, again: bool) -> bool:
        return event.kind.terminal and again


class AnonymousCancellationsInAllTenants(_Some):
    """ISO-2: the UPDATE of a cancellation by nobody lacks the tenant."""

    def crosses(self, event: Event, *, again: bool) -> bool:
        return event.kind is EventKind.CANCELLED and event.cancelled_by is None


class ZombiesInAllTenants(_Some):
    """ISO-2: the UPDATE for the late end of an older attempt lacks the tenant."""

    def crosses(self, event: Event, *, again: bool) -> bool:
        return event.kind is EventKind.COMPLETED and event.attempt < self.find(event).attempt


class RefusedProgressLeavesTenant(_Shared):
    """ISO-2: progress that cannot be stored leaves its tenant on the connection for the next."""

    def find(self, event: Event) -> Row:
        tenant = self.shared.pop("tenant", self.tenant)
        return self.rows.setdefault((tenant, event.job_id), Row(event.job_id))

    def apply(self, event: Event) -> None:
        if isinstance(event.progress, float) and not isfinite(event.progress):
            self.shared["tenant"] = self.tenant
            raise ValueError("progress is no JSON")
        super().apply(event)


FAULTY = (
    KeyWithoutTenant,
    ReadsAnyTenants,
    ReadsFailuresOfAll,
    JoinedByDash,
    JoinedByUnderscore,
    JoinedByNothing,
    TenantsCut,
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
    TenantReadsNothing,
    TenantCannotCancel,
    TenantEndsElsewhere,
    TenantUnfenced,
    FirstCancellerStays,
    NobodyIsTheFirstCanceller,
    NoErrorIsTheFirstError,
    FirstErrorStays,
    FirstCreationStays,
    TracebackById,
    LongTextsById,
    BatchOfFirstTenant,
    WaitingOncePerEvent,
    SettleDropsOthers,
    NextReaderGets,
    AskedAgainStartsAnew,
    LastInsertedTenant,
    FourthSharesFirst,
    NamesFolded,
    UuidsAreGlobal,
    LongIdsDigested,
    OthersFoundInAnyCase,
    LaterCompletionsInAllTenants,
    ThirdAttemptsInAllTenants,
    RepeatedEndsInAllTenants,
    AnonymousCancellationsInAllTenants,
    ZombiesInAllTenants,
    RefusedProgressLeavesTenant,
)
