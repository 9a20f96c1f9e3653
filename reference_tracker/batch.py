"""Several events at once: in which rows, and in which order, they go to the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reference_tracker.change import Change
from reference_tracker.lifecycle import Row, first, merge


def rounds(changes: Iterable[Change], *, now: datetime) -> list[list[Row]]:
    """The rows that the events would make alone, in rounds: each has at most one row of a job, in the order of the ids,
    and the first has one of every job. So two batches that share jobs meet in the first round, in the same order.

    Reports of progress that follow each other are folded into one row: what that does to any row is what they do one by
    one. Of other events this is not so: whether a start comes before or after the end decides where its time is moved.

    Args:
        changes: in the order in which they are told.
        now: the tracker's own time.

    Raises:
        ValueError: for what the table cannot hold; then nothing of the batch is written.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    >>> told = [Change("b", "active", noon, attempt=1), Change("a", "progress", noon, attempt=1, progress=1)]
    >>> told += [Change("a", "progress", noon, attempt=1, progress=2), Change("a", "completed", noon, attempt=1)]
    >>> [[(row.job_id, row.status, row.progress) for row in each] for each in rounds(told, now=noon)]
    [[('a', 'active', 2), ('b', 'active', None)], [('a', 'completed', None)]]
    """
    rows: dict[tuple[str, str], list[Row]] = {}
    ends_in_progress: set[tuple[str, str]] = set()
    for change in changes:
        job = change.tenant, change.job_id
        own = rows.setdefault(job, [])
        if change.kind == "progress" and job in ends_in_progress:
            own[-1] = merge(own[-1], change, now=now)
            continue
        own.append(first(change, now=now))
        (ends_in_progress.add if change.kind == "progress" else ends_in_progress.discard)(job)
    longest = max(map(len, rows.values()), default=0)
    return [[rows[job][number] for job in sorted(rows) if number < len(rows[job])] for number in range(longest)]
