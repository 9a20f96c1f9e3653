"""The handles of several tenants as one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from pytest_jobstatus.delivery import in_tenant
from pytest_jobstatus.events import Event
from pytest_jobstatus.handle import Handle
from pytest_jobstatus.tracker import Profile, Snapshot
from pytest_jobstatus.waits import Waits

RENEWED = 5
"""After so many deliveries of a history a tracker is asked once for a tenant again that is not the last it was asked
for, as it is by every process that starts later.
"""


class Tenants:
    """Tells and reads each job through its tenant's own handle, asked for when it is needed; a job is "tenant/id".

    Args:
        handle: of the tracker that knows the tenants.
    """

    waits: Waits | None = None

    def __init__(self, handle: Handle) -> None:
        """Ask for no tenant yet."""
        self._handle = handle
        self._deliveries = 0

    @property
    def profile(self) -> Profile:
        """What the tracker declares."""
        return self._handle.profile

    def fresh(self, labels: Iterable[str]) -> dict[str, str]:
        """The jobs with ids that this storage has not seen; those that share an id still do."""
        apart = {label: in_tenant(label) for label in labels}
        ids = self._handle.fresh(dict.fromkeys(own for _, own in apart.values()))
        return {label: f"{tenant}/{ids[own]}" for label, (tenant, own) in apart.items()}

    def apply(self, event: Event, *, settle: bool = True) -> BaseException | None:
        """Deliver the event through its tenant's handle (see `Handle.apply`)."""
        tenant, job_id = in_tenant(event.job_id)
        known = [*self._handle.tenants]
        anew = self._deliveries >= RENEWED and not self._handle.renewed and tenant in known[:-1]
        self._handle.renewed |= anew
        self._deliveries += 1
        own = event.moved(job_id=job_id, by=timedelta())
        own.__dict__["context"] = {**event.context, "tenant": tenant}
        return self._handle.of_tenant(tenant, anew=anew).apply(own, settle=settle)

    def settled(self) -> BaseException | None:
        """Wait until all is written, and give the last exception that a tenant's handle raised, if any."""
        raised = None
        for known in self._handle.tenants.values():
            for handle in known:
                raised = handle.settled() or raised
        return raised

    def read(self, job_id: str) -> Snapshot | None:
        """What the tenant sees of its job (see `Handle.read`)."""
        tenant, own = in_tenant(job_id)
        return self._handle.of_tenant(tenant).read(own)
