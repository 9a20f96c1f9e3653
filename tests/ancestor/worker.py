"""What the ancestor does when the queue's worker emits an event. Every write is awaited, as it does for its test jobs;
not to wait, as it does for all others, adds nothing but the loss of what is in flight.
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple
from uuid import UUID

from tests.ancestor.tracker import Job, Tracker

LOG = logging.getLogger(__name__)


class JobCancelledError(Exception):
    """A job raises it when it finds itself cancelled."""

    def __init__(self, text: str = "", *, cancelled_by: UUID | None = None) -> None:
        super().__init__(text)
        self.cancelled_by = cancelled_by


class Worker(NamedTuple):
    """The handlers of the worker's events.

    Args:
        tracker: what they write to.
    """

    tracker: Tracker

    def active(self, job: Job) -> None:
        """On the first attempt the row is made, in case the queue's own write was lost."""
        if job.attempts_made == 0:
            self.tracker.create_job_status(job)
        self.tracker.mark_job_active(job)

    def progress(self, job: Job, progress: Any) -> None:
        self.tracker.update_job_progress(job.id, progress)

    def completed(self, job: Job) -> None:
        self.tracker.mark_job_completed(job)

    def failed(self, job: Job, error: BaseException) -> None:
        """Guess from the error whether the job was cancelled."""
        if (
            isinstance(error, JobCancelledError)
            or type(error).__name__ == "JobCancelledError"
            or "cancelled" in str(error)
        ):
            self.tracker.mark_job_cancelled(job.id, getattr(error, "cancelled_by", None))
        else:
            self.tracker.mark_job_failed(job, error)

    def stalled(self, job_id: str) -> None:
        LOG.info("job %s stalled", job_id)
