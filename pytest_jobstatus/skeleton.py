"""The adapter skeleton that `jobstatus init` writes."""

from __future__ import annotations

SKELETON = '''\
"""Hands queue events to our job-status tracker, so that pytest-jobstatus can judge it.

Fill in the two methods, then run:  jobstatus check {module}:MyTracker
"""

from pytest_jobstatus import Event, Profile, Snapshot, Status


class MyTracker:
    # What your tracker does not have, each with a reason. Show it in read() instead, as far as you can: each line that
    # you take away here lets more rules judge. docs/profile.md of pytest-jobstatus lists all names.
    profile = Profile(
        unsupported={{
            "stalled": "our queue never reports stalls",
            "created_at": "read() does not show it yet",
            "started_at": "read() does not show it yet",
            "completed_at": "read() does not show it yet",
            "failed_at": "read() does not show it yet",
            "cancelled_at": "read() does not show it yet",
            "updated_at": "read() does not show it yet",
            "error": "read() does not show it yet",
            "progress": "read() does not show it yet",
            "cancelled_by": "read() does not show it yet",
        }},
    )

    def __init__(self) -> None:
        # Connect to a database that may be written to; job ids are fresh at each run.
        self.rows: dict[str, tuple[Status, int]] = {{}}

    def apply(self, event: Event) -> None:
        # Call your own handler for the event here.
        status = {{
            "created": Status.PENDING,
            "active": Status.ACTIVE,
            "progress": Status.ACTIVE,
            "retrying": Status.DELAYED,
            "completed": Status.COMPLETED,
            "failed": Status.FAILED,
            "cancelled": Status.CANCELLED,
        }}[event.kind]
        self.rows[event.job_id] = (status, event.attempt)

    def read(self, job_id: str) -> Snapshot | None:
        # Read the job's row as your users do.
        if job_id not in self.rows:
            return None
        status, attempt = self.rows[job_id]
        return Snapshot(job_id, status, attempt=attempt)
'''


def skeleton(module: str) -> str:
    """The text of the file.

    Args:
        module: the name under which it will be imported.

    >>> "jobstatus check jobs:MyTracker" in skeleton("jobs")
    True
    """
    return SKELETON.format(module=module)
