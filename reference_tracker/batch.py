"""Several events at once: in which rows, and in which order, they go to the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reference_tracker.change import Change
from reference_tracker.lifecycle import Row, first, joined


def rounds(changes: Iterable[Change], *, now: datetime) -> list[list[Row]]:
    """The rows that the events would make alone, in rounds: each has at most one row of a job, in the order of the ids,
    and the first has one of every job. So two batches that share jobs meet in the first round, in the same order.

    Events of one job that can be told as one are (see `lifecycle.joined`).

    Args:
        changes: in the order in which they are told.
        now: the tracker's own time.

    Raises:
        ValueError: for what the table cannot hold; then nothing of the batch is written.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    >>> told = [Change("b", "active", noon, attempt=1), Change("a", "active", noon, attempt=1)]
    >>> told += [Change("a", "progress", noon, attempt=1, progress=2), Change("a", "completed", noon, attempt=1)]
    >>> [[(row.job_id, row.status, row.progress) for row in each] for each in rounds(told, now=noon)]
    [[('a', 'active', 2), ('b', 'active', None)], [('a', 'completed', None)]]
    """
    rows: dict[tuple[str, str], list[Row]] = {}
    for change in changes:
        new = first(change, now=now)
        own = rows.setdefault((change.tenant, change.job_id), [])
        both = joined(own[-1], new) if own else None
        if both is None:
            own.append(new)
        else:
            own[-1] = both
    longest = max(map(len, rows.values()), default=0)
    return [[rows[job][number] for job in sorted(rows) if number < len(rows[job])] for number in range(longest)]
