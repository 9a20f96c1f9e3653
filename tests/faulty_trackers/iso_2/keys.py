"""Faulty for ISO-2: what finds a job's row is not its tenant and its id."""

from __future__ import annotations

from collections.abc import Hashable
from hashlib import sha256
from typing import Self

from pytest_jobstatus import Event
from tests.faulty_trackers.iso_2.shared import Shared
from tests.sound_trackers.merging import Row
from tests.sound_trackers.tenants import InKey


class KeyWithoutTenant(InKey):
    """ISO-2: the id alone is the key."""

    def key(self, job_id: str) -> Hashable:
        return job_id


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


class NamesFolded(InKey):
    """ISO-2: a tenant's schema is its name with underscores for dashes."""

    def key(self, job_id: str) -> Hashable:
        return (self.tenant.replace("-", "_"), job_id)


class TenantsInLowerCase(InKey):
    """ISO-2: tenants' names differ in more than case."""

    def key(self, job_id: str) -> Hashable:
        return (self.tenant.lower(), job_id)


class FourthSharesFirst(Shared):
    """ISO-2: there are three partitions, and the fourth tenant gets the first one's without its name."""

    def for_tenant(self, name: str) -> Self:
        number = self.shared.setdefault(name, len(self.shared))
        return super().for_tenant(f"{number % 3 if number < 4 else number}")


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


class UuidsAreGlobal(InKey):
    """ISO-2: an id that looks like a UUID is taken to be unique anyway."""

    def key(self, job_id: str) -> Hashable:
        return job_id if len(job_id) == 36 and job_id.count("-") == 4 else (self.tenant, job_id)


class LongIdsDigested(InKey):
    """ISO-2: an id of more than 64 characters is found by its digest alone."""

    def key(self, job_id: str) -> Hashable:
        return sha256(job_id.encode()).hexdigest() if len(job_id) > 64 else (self.tenant, job_id)


FAULTY = (
    KeyWithoutTenant,
    JoinedByDash,
    JoinedByUnderscore,
    JoinedByNothing,
    TenantsCut,
    NamesFolded,
    TenantsInLowerCase,
    FourthSharesFirst,
    UniqueIds,
    InsertIgnored,
    FirstTenantOwns,
    UuidsAreGlobal,
    LongIdsDigested,
)
