"""Tells whether a job-status tracker is right: a pytest plugin and conformance harness for background jobs.

The public names are loaded when they are first used, so that loading the pytest plugin imports nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "Event",
    "EventKind",
    "JobError",
    "Misuse",
    "Profile",
    "Report",
    "RuleResult",
    "Snapshot",
    "Status",
    "Tracker",
    "Verdict",
    "assert_holds",
    "check",
    "conformance",
    "lifecycle_machine",
]

if TYPE_CHECKING:
    from pytest_jobstatus.engine import check
    from pytest_jobstatus.events import Event, EventKind, JobError
    from pytest_jobstatus.machine import lifecycle_machine
    from pytest_jobstatus.misuse import Misuse
    from pytest_jobstatus.replay import assert_holds
    from pytest_jobstatus.suite import conformance
    from pytest_jobstatus.tracker import Profile, Snapshot, Status, Tracker
    from pytest_jobstatus.verdict import Report, RuleResult, Verdict
else:
    _HOMES = {
        "conformance": "suite",
        "assert_holds": "replay",
        "check": "engine",
        "lifecycle_machine": "machine",
        "Event": "events",
        "EventKind": "events",
        "JobError": "events",
        "Misuse": "misuse",
        "Profile": "tracker",
        "Snapshot": "tracker",
        "Status": "tracker",
        "Tracker": "tracker",
        "Report": "verdict",
        "RuleResult": "verdict",
        "Verdict": "verdict",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            message = f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}"
            raise AttributeError(message)
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
