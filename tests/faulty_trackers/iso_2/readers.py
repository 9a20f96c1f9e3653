"""Faulty for ISO-2: a reader is shown more, or less, than its tenant's jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_jobstatus import Event, Snapshot, Status
from tests.faulty_trackers.iso_2.shared import Shared
from tests.sound_trackers.merging import Row
from tests.sound_trackers.tenants import InKey


class _SeesMore(InKey):
    """A reader whose tenant has no such job is shown another's."""

    def sees(self, tenant: str, row: Row) -> bool:
        """Whether another tenant's row is shown."""
        raise NotImplementedError

    def read(self, job_id: str) -> Snapshot | None:
        others = (
            row
            for (tenant, other), row in self.rows.items()
            if other == job_id and row.status is not None and self.sees(tenant, row)
        )
        return super().read(job_id) or next((self.show(row) for row in others), None)


class ReadsAnyTenants(_SeesMore):
    """ISO-2: a reader whose tenant has no such job gets another's."""

    def sees(self, tenant: str, row: Row) -> bool:
        return True


class ReadsFailuresOfAll(_SeesMore):
    """ISO-2: a reader sees the failed jobs of all tenants."""

    def sees(self, tenant: str, row: Row) -> bool:
        return row.status is Status.FAILED


class TenantsBeginningAlike(_SeesMore):
    """ISO-2: a reader sees the jobs of all tenants whose name begins with its own."""

    def sees(self, tenant: str, row: Row) -> bool:
        return tenant.startswith(self.tenant)


class TenantsByLike(_SeesMore):
    """ISO-2: a reader's tenant is compared by LIKE, to which `_` is any character."""

    def sees(self, tenant: str, row: Row) -> bool:
        same = all(one in ("_", two) for one, two in zip(self.tenant, tenant, strict=False))
        return same and len(tenant) == len(self.tenant)


class OthersFoundInAnyCase(InKey):
    """ISO-2: a reader who finds nothing of its own is shown what differs in case, whosever it is."""

    def read(self, job_id: str) -> Snapshot | None:
        others = (row for (_, other), row in self.rows.items() if other != job_id and other.lower() == job_id.lower())
        return super().read(job_id) or next((self.show(row) for row in others if row.status), None)


class TenantReadsNothing(InKey):
    """ISO-2: a tenant's reader asks another table than its writer."""

    def read(self, job_id: str) -> Snapshot | None:
        return super().read(job_id) if not self.tenant else None


class NextReaderGets(Shared):
    """ISO-2: progress waits for the next reader of the id, whoever that is."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        self.shared.setdefault(row.job_id, []).append((event, value))

    def read(self, job_id: str) -> Snapshot | None:
        row = self.rows.get(self.key(job_id))
        for event, value in self.shared.pop(job_id, ()):
            super().note_progress(row or Row(job_id), event, value)
        return super().read(job_id)


class ReadsCachedById(Shared):
    """ISO-2: finished jobs are cached by the id alone."""

    def read(self, job_id: str) -> Snapshot | None:
        if job_id in self.shared:
            cached: Snapshot = self.shared[job_id]
            return cached
        shown = super().read(job_id)
        if shown is not None and shown.status.terminal:
            self.shared[job_id] = shown
        return shown


class ProgressCachedById(Shared):
    """ISO-2: a cache of progress is keyed by the id alone."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        self.shared[row.job_id] = row.progress

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, progress=self.shared[row.job_id]) if row.progress is not None else shown


FAULTY = (
    ReadsAnyTenants,
    ReadsFailuresOfAll,
    TenantsBeginningAlike,
    TenantsByLike,
    OthersFoundInAnyCase,
    TenantReadsNothing,
    NextReaderGets,
    ReadsCachedById,
    ProgressCachedById,
)
