"""Faulty for ISO-2: a tenant's handle, or the connection below it, is set up wrongly."""

from __future__ import annotations

from collections.abc import Hashable
from math import isfinite
from typing import Self

from pytest_jobstatus import Event, EventKind, Snapshot
from tests.faulty_trackers.iso_2.shared import Shared
from tests.sound_trackers.merging import Row
from tests.sound_trackers.tenants import InKey


class LastHandleWins(Shared):
    """ISO-2: the tenant is a setting of the connection, which all handles share."""

    def for_tenant(self, name: str) -> Self:
        own = super().for_tenant(name)
        own.shared["tenant"] = name
        return own

    def key(self, job_id: str) -> Hashable:
        return (self.shared.get("tenant"), job_id)


class ReaderSetsTenant(Shared):
    """ISO-2: only a reader sets the connection's tenant; what is written goes to that of the last reader."""

    def read(self, job_id: str) -> Snapshot | None:
        self.shared["tenant"] = self.tenant
        return super().read(job_id)

    def find(self, event: Event) -> Row:
        tenant = self.shared.get("tenant", self.tenant)
        return self.rows.setdefault((tenant, event.job_id), Row(event.job_id))


class TenantNotReset(Shared):
    """ISO-2: a failed write leaves its tenant on the connection for the next."""

    def find(self, event: Event) -> Row:
        tenant = self.shared.pop("tenant", self.tenant)
        if event.kind is EventKind.FAILED:
            self.shared["tenant"] = self.tenant
        return self.rows.setdefault((tenant, event.job_id), Row(event.job_id))


class RefusedProgressLeavesTenant(Shared):
    """ISO-2: progress that cannot be stored leaves its tenant on the connection for the next."""

    def find(self, event: Event) -> Row:
        tenant = self.shared.pop("tenant", self.tenant)
        return self.rows.setdefault((tenant, event.job_id), Row(event.job_id))

    def apply(self, event: Event) -> None:
        if isinstance(event.progress, float) and not isfinite(event.progress):
            self.shared["tenant"] = self.tenant
            raise ValueError("progress is no JSON")
        super().apply(event)


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


class AskedAgainStartsAnew(InKey):
    """ISO-2: the set-up of a tenant that is there already empties its table."""

    def for_tenant(self, name: str) -> Self:
        for key in [key for key in self.rows if key[0] == name]:
            del self.rows[key]
        return super().for_tenant(name)


class LastInsertedTenant(Shared):
    """ISO-2: the number of a tenant that is there already is taken to be the last one inserted."""

    def for_tenant(self, name: str) -> Self:
        if name not in self.shared:
            self.shared[name] = self.shared["last"] = str(len(self.shared))
        return super().for_tenant(self.shared["last"])


FAULTY = (
    LastHandleWins,
    ReaderSetsTenant,
    TenantNotReset,
    RefusedProgressLeavesTenant,
    TenantCannotCancel,
    TenantEndsElsewhere,
    TenantUnfenced,
    AskedAgainStartsAnew,
    LastInsertedTenant,
)
