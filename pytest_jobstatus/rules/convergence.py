"""CONV: in whatever order events come, the end is the same."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.history import History
from pytest_jobstatus.rules.rule import Plans, Violation, rule
from pytest_jobstatus.tracker import Snapshot


@rule(
    "CONV-1",
    Plans.ALL_ORDERS,
    Plans.TURNED,
    Plans.CROWD,
    Plans.SAMPLES,
    compares=True,
    incidents=("mher/flower#831", "RolnickLab/antenna#1338"),
)
def conv_1(history: History) -> Iterator[Violation | None]:
    """Every delivery order of the same run, with and without duplicates, and of every part of it, ends in the same
    status and attempt.

    Intent: Two workers, two partitions or one retry change the order; what a reader sees in the end must not depend
    on luck.
    Not checked if: an event was refused: it counts as lost.
    Exercised: each step of each order, against the same events told in causal order, once each.
    If it fails: compare the two deliveries of the counterexample: the event after which they part is decided by its
    arrival, not by attempt and phase.
    """
    for number, step in enumerate(history.steps):
        if step.number not in history.causal:
            continue
        causal = history.causal[step.number]
        name = _parted(step.after, causal, attempts=history.profile.supports("attempt"))
        if name is None:
            yield None
        else:
            message = (
                f"in this order the job shows {_end(step.after)}; the same events in causal order show {_end(causal)}"
            )
            yield Violation(step=number, field=name, message=message)


def _parted(one: Snapshot | None, other: Snapshot | None, *, attempts: bool) -> str | None:
    if one is None or other is None:
        return None if one is other else "row"
    if one.status is not other.status:
        return "status"
    return "attempt" if attempts and (one.attempt or 0) != (other.attempt or 0) else None


def _end(shown: Snapshot | None) -> str:
    if shown is None:
        return "nothing"
    return f"{shown.status}, attempt {shown.attempt}" if shown.attempt else str(shown.status)
