"""What is under test: the two methods of a tracker, what it shows and what it declares."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import KW_ONLY, dataclass, field, fields
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pytest_jobstatus.events import Event, EventKind, JobError
from pytest_jobstatus.misuse import Misuse, listed


class Status(StrEnum):
    """What a reader sees of a job (JSL/1, Vocabulary).

    >>> Status("delayed").terminal, Status.CANCELLED.terminal
    (False, True)
    """

    PENDING = "pending"
    ACTIVE = "active"
    DELAYED = "delayed"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @cached_property
    def terminal(self) -> bool:
        """Whether the job is over."""
        return self in _TERMINAL


_TERMINAL = frozenset((Status.COMPLETED, Status.FAILED, Status.CANCELLED))


@dataclass(frozen=True, init=False)
class Snapshot:
    """What a reader sees of one job at one moment.

    Args:
        job_id: the job's id.
        status: a `Status`, or its name.
        attempt: the newest attempt shown; None or 0 before the first start.
        created_at, started_at, completed_at, failed_at, cancelled_at, updated_at: instants; aware, or naive where
            `Profile(timezone=…)` says what they mean.
        error: a `JobError`, or a plain text.
        progress: the JSON value.
        cancelled_by: who cancelled.

    >>> Snapshot("job-1", Status.ACTIVE, attempt=1).error is None
    True
    """

    job_id: str
    status: Status
    _: KW_ONLY
    attempt: int | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    failed_at: datetime | None = None
    cancelled_at: datetime | None = None
    updated_at: datetime | None = None
    error: JobError | str | None = None
    progress: Any = None
    cancelled_by: str | None = None

    def __init__(
        self,
        job_id: str,
        status: Status,
        *,
        attempt: int | None = None,
        created_at: datetime | None = None,
        started_at: datetime | None = None,
        completed_at: datetime | None = None,
        failed_at: datetime | None = None,
        cancelled_at: datetime | None = None,
        updated_at: datetime | None = None,
        error: JobError | str | None = None,
        progress: Any = None,
        cancelled_by: str | None = None,
    ) -> None:
        """Take the values as they are. By hand: a frozen dataclass's own takes twice as long, a tenth of a check."""
        self.__dict__.update(
            job_id=job_id,
            status=status,
            attempt=attempt,
            created_at=created_at,
            started_at=started_at,
            completed_at=completed_at,
            failed_at=failed_at,
            cancelled_at=cancelled_at,
            updated_at=updated_at,
            error=error,
            progress=progress,
            cancelled_by=cancelled_by,
        )

    early_end: ClassVar[datetime | None] = None
    """The `ended_at` of a mapping whose status is open: TIME-4 tells of it, and no other rule takes it for a time."""

    @property
    def ended_at(self) -> datetime | None:
        """The end time that belongs to the shown status; None while the job is open."""
        value: datetime | None = getattr(self, END_TIMES[self.status]) if self.status in END_TIMES else None
        return value


END_TIMES = {Status.COMPLETED: "completed_at", Status.FAILED: "failed_at", Status.CANCELLED: "cancelled_at"}
TIMES = ("created_at", "started_at", "completed_at", "failed_at", "cancelled_at", "updated_at")
FIELDS = tuple(each.name for each in fields(Snapshot))
OPTIONAL_FIELDS = FIELDS[2:]

KINDS_MAYBE_MISSING = ("created", "active", "progress", "retrying", "stalled", "cancelled")
ABILITIES = (
    "delayed",
    "skew",
    "event_time",
    "json_progress",
    "opaque_ids",
    "concurrency",
    "faults",
    "durability",
    "tenancy",
)
COARSEST = timedelta(hours=1)
MAYBE_MISSING = tuple(dict.fromkeys((*KINDS_MAYBE_MISSING, *OPTIONAL_FIELDS, *ABILITIES)))
"""The closed list of what a tracker may lack: event kinds, snapshot fields, abilities."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a tracker declares about itself; nothing is guessed.

    Args:
        order: "strict" if created, started and end time never share an instant; "plain" if none comes before the other.
        resolution: of the stored timestamps.
        started: whether `started_at` is the "first" or the "latest" attempt's.
        late_end: whether a late end of an older attempt is "taken" or "ignored".
        on_fault: whether a storage error "raises" or is "contained".
        raises: the exceptions by which a storage error reaches the caller.
        refuses: the exceptions by which an event that is behind may be refused.
        conflicts: the exceptions by which a concurrent event may be refused.
        timezone: what naive times mean: a tzinfo or the name of a zone.
        unsupported: what the tracker lacks, from a closed list, each with the reason.
        waived: SHOULD rules that are not judged, each with the reason.

    Raises:
        Misuse: naming the argument, its value and what is allowed.

    >>> profile = Profile(order="strict", unsupported={"stalled": "our queue never reports stalls"})
    >>> profile.supports("stalled"), profile.supports("retrying")
    (False, True)
    >>> Profile(unsupported={"stall": "no"})
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: Profile(unsupported={'stall': …}): allowed are 'created', 'active', 'progress', ...
    """

    order: Literal["strict", "plain"] = "plain"
    resolution: timedelta = timedelta(microseconds=1)
    started: Literal["first", "latest"] = "first"
    late_end: Literal["taken", "ignored"] = "taken"
    on_fault: Literal["raises", "contained"] = "raises"
    raises: tuple[type[BaseException], ...] = (Exception,)
    refuses: tuple[type[BaseException], ...] = ()
    conflicts: tuple[type[BaseException], ...] = ()
    timezone: tzinfo | str | None = None
    unsupported: Mapping[str, str] = field(default_factory=dict)
    waived: Mapping[str, str] = field(default_factory=dict)

    CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "order": ("strict", "plain"),
        "started": ("first", "latest"),
        "late_end": ("taken", "ignored"),
        "on_fault": ("raises", "contained"),
    }

    def __post_init__(self) -> None:
        """Check every argument."""
        for name, allowed in self.CHOICES.items():
            if getattr(self, name) not in allowed:
                raise Misuse(
                    f"Profile({name}={getattr(self, name)!r}): allowed are {listed(allowed, given=getattr(self, name))}"
                )
        if not isinstance(self.resolution, timedelta) or not timedelta() < self.resolution <= COARSEST:
            raise Misuse(f"Profile(resolution={self.resolution!r}): allowed is a timedelta above 0, at most an hour")
        for name in ("raises", "refuses", "conflicts"):
            object.__setattr__(self, name, _exceptions(name, getattr(self, name)))
        object.__setattr__(self, "timezone", _zone(self.timezone))
        for name in ("unsupported", "waived"):
            _check_reasons(name, getattr(self, name))
        for key in self.unsupported:
            if key not in MAYBE_MISSING:
                raise Misuse(f"Profile(unsupported={{{key!r}: …}}): allowed are {listed(MAYBE_MISSING, given=key)}")

    def __hash__(self) -> int:
        """Equal profiles are alike in what they lack; the reasons, in mappings, have no hash of their own."""
        return hash((self.order, self.resolution, self.started, self.late_end, frozenset(self.unsupported)))

    @property
    def zone(self) -> tzinfo | None:
        """What naive times mean, as a tzinfo."""
        assert not isinstance(self.timezone, str)  # noqa: S101 - turned into a zone when made
        return self.timezone

    def supports(self, name: str) -> bool:
        """Whether the tracker has this kind, field or ability."""
        return name not in self.unsupported

    @cached_property
    def kinds(self) -> frozenset[EventKind]:
        """The event kinds that the tracker knows."""
        return frozenset(kind for kind in EventKind if kind not in self.unsupported)

    @cached_property
    def has_attempts(self) -> bool:
        """Whether there can be a second attempt: one follows only what the tracker can be told of."""
        return self.supports("retrying") or self.supports("stalled")

    @cached_property
    def shows_all(self) -> bool:
        """Whether the tracker shows every optional snapshot field."""
        return self.unsupported.keys().isdisjoint(OPTIONAL_FIELDS)

    @property
    def fields(self) -> tuple[str, ...]:
        """The optional snapshot fields that the tracker shows."""
        return tuple(name for name in OPTIONAL_FIELDS if name not in self.unsupported)


def _exceptions(name: str, value: object) -> tuple[type[BaseException], ...]:
    found = value if isinstance(value, tuple | list) else (value,)
    if not all(isinstance(each, type) and issubclass(each, BaseException) for each in found):
        raise Misuse(f"Profile({name}={value!r}): allowed is a tuple of exception classes")
    return tuple(found)


def _zone(value: object) -> tzinfo | None:
    if isinstance(value, str):
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Misuse(
                f"Profile(timezone={value!r}): no such zone; allowed is a tzinfo or a name like 'Europe/Berlin'"
            ) from None
    if value is None or isinstance(value, tzinfo):
        return value
    raise Misuse(f"Profile(timezone={value!r}): allowed is a tzinfo, the name of a zone or None")


def _check_reasons(name: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise Misuse(f"Profile({name}={value!r}): allowed is a mapping of names to reasons")
    for key, reason in value.items():
        if not isinstance(reason, str) or not reason.strip():
            raise Misuse(f"Profile({name}={{{key!r}: {reason!r}}}): a reason is needed, in words")


@runtime_checkable
class Tracker(Protocol):
    """A tracker under test: any object with these two methods, plain or `async def`; no base class is needed.

    Optional: `profile`, `settle()`, `forget(job_ids)`, `close()`, `another()`, `for_tenant(name)`.

    >>> class Nothing:
    ...     def apply(self, event): ...
    ...     def read(self, job_id): ...
    >>> isinstance(Nothing(), Tracker)
    True
    """

    def apply(self, event: Event) -> Awaitable[None] | Any | None:
        """Hand the event to your code. May return NotImplemented for a kind it does not know."""

    def read(self, job_id: str) -> Snapshot | Mapping[str, Any] | Awaitable[Snapshot | Mapping[str, Any] | None] | None:
        """What a reader sees now: a `Snapshot`, a mapping with the same keys, or None."""
