"""TIME-1 to TIME-3: timestamps stand in order, whoever's clock they come from."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.history import History
from pytest_jobstatus.rules import instants
from pytest_jobstatus.rules.effects import effect_lost
from pytest_jobstatus.rules.rule import Control, Need, Plans, Violation, rule
from pytest_jobstatus.rules.saying import told_apart

OPENING = ("created", "active", "progress", "retrying", "stalled")
"""Without any of them a run is one event."""


@rule(
    "TIME-1",
    Plans.CLOCKS,
    Plans.SKEWS,
    Plans.ZOMBIES,
    needs=(Need(groups=(("created_at+created",), ("started_at+active",), instants.ENDS_TOLD), at_least=2),),
    incidents=("tudo-r/BatchJobs#112",),
)
def time_1(history: History) -> Iterator[Violation | None]:
    """`created_at`, `started_at` and the end time stand in order whenever they are shown: each later than the one
    before where the profile says "strict", else none earlier.

    Intent: Durations are computed from these columns; a negative one breaks charts, alerts and database constraints.
    Not checked if: the tracker shows fewer than two of the three times.
    Exercised: each read that shows two of them; clocks that agree, share one instant, or disagree by up to an hour.
    If it fails: times of two clocks stored side by side as they came. Move the newer time behind the older in the
    statement that writes it.
    """
    for number in range(len(history.steps)):
        yield from _order(history, number)


def _order(history: History, number: int) -> Iterator[Violation | None]:
    """Yields once where the step shows two of the times."""
    shown = history.steps[number].after
    pairs = instants.shown_pairs(shown) if shown is not None else []
    strict = history.profile.order == "strict"
    for first, second in pairs:
        earlier, later = getattr(shown, first), getattr(shown, second)
        if later <= earlier if strict else later < earlier:
            relation = "later than" if strict else "no earlier than"
            newer, older = told_apart(later, earlier)
            message = f"{second} must be {relation} {first}: {newer} against {older}"
            yield Violation(step=number, field=second, message=message)
            return
    if pairs:
        yield None


def _in_order_and_not_lost(history: History) -> Iterator[Violation | None]:
    for number, step in enumerate(history.steps):
        if step.index in history.plan.strays:
            return
        disorder = next(_order(history, number), None)
        lost = effect_lost(history, number)
        # Both: the one must not hide the other where this is the control of a failure.
        yield from (wrong for wrong in (disorder, lost) if wrong is not None)
        if disorder is None and lost is None and step.raised is None:
            yield None


@rule(
    "TIME-2",
    Plans.SKEWS,
    needs=(
        Need(groups=(("skew",),)),
        Need(groups=(("created", "retrying", "stalled", "cancelled"),)),
        Need(groups=(OPENING,)),
    ),
    control=Control.PLAIN,
    in_control=_in_order_and_not_lost,
    incidents=("Abilityai/trinity#1832", "go-gitea/gitea#39322"),
)
def time_2(history: History) -> Iterator[Violation | None]:
    """Clocks that disagree (a worker minutes behind or ahead) break neither the order nor lose an event.

    Intent: No two machines agree on the time; what counts is what happened after what.
    Not checked if: an event was refused (TRACK-3 tells of it).
    Exercised: each delivery of a run in which a later event has an earlier instant.
    If it fails: times of two clocks stored as they came, so that a start comes after an end; or events are ordered, or
    thrown away as old, by their instants. Order events by attempt and phase, and move times the least that keeps them
    in order.
    """
    if instants.disagree(history):
        yield from _in_order_and_not_lost(history)


@rule(
    "TIME-3",
    Plans.TIES,
    needs=(Need(groups=(OPENING,)),),
    control=Control.PLAIN,
    in_control=_in_order_and_not_lost,
    incidents=("runs-on/runs-on#539",),
)
def time_3(history: History) -> Iterator[Violation | None]:
    """Events that share one instant (a job faster than the clock's tick) break neither the order nor lose an event.

    Intent: A fast job is created, started and done within one tick; its row must not stop at the first of them.
    Not checked if: an event was refused (TRACK-3 tells of it).
    Exercised: each delivery of a run in which two events share an instant, as far as the tracker's resolution goes.
    If it fails: `WHERE updated_at < :at` keeps the first of two; a CHECK of strict order refuses the second. Let
    attempt and phase break the tie, and move the later time by one tick.
    """
    if instants.tie(history):
        yield from _in_order_and_not_lost(history)
