"""LOAD: a handler does its work and returns."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.history import History
from pytest_jobstatus.rules.rule import Level, Plans, Violation, rule


@rule(
    "LOAD-1",
    Plans.IN_ORDER,
    Plans.ORDERS,
    Plans.OVERTAKEN,
    level=Level.SHOULD,
    waits=True,
    incidents=("nyrkio/nyrkio#525",),
)
def load_1(history: History) -> Iterator[Violation | None]:
    """An uncontended handler does not sleep or poll, in the calling thread during `apply`.

    Intent: A delay that hides a race is a guess about another machine, and every job pays for it.
    Not checked if: another profiler runs in this thread. Polling without a sleep is not seen, nor a wait for a lock, a
    socket or a database.
    Exercised: each delivery, watched for `time.sleep`, `asyncio.sleep` and waits of `threading` that time out.
    If it fails: the wait stands for a guard that is missing. Put the guard into the statement that writes.
    """
    for number, step in enumerate(history.steps):
        if step.waited:
            message = f"apply({step.event.name}) slept: {', '.join(step.waited)}"
            yield Violation(step=number, field="waited", message=message)
        elif step.waited is not None or history.at_once:
            yield None
