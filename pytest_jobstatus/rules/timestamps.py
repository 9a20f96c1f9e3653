"""TIME: timestamps in order, whoever's clock they come from."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jobstatus.history import History
from pytest_jobstatus.rules.rule import Need, Plans, Violation, rule
from pytest_jobstatus.rules.saying import told
from pytest_jobstatus.tracker import Snapshot

_ENDS = ("completed_at", "failed_at", "cancelled_at")
_PAIRS = tuple(
    (first, second)
    for first, seconds in (("created_at", ("started_at", *_ENDS)), ("started_at", _ENDS))
    for second in seconds
)


@rule(
    "TIME-1",
    Plans.CLOCKS,
    Plans.SAMPLES,
    needs=(Need(groups=(("created_at",), ("started_at",), _ENDS), at_least=2), Need(groups=(("created", "active"),))),
    incidents=("tudo-r/BatchJobs#112",),
)
def time_1(history: History) -> Iterator[Violation | None]:
    """`created_at`, `started_at` and the end time stand in order whenever they are shown: each later than the one
    before where the profile says "strict", else none earlier.

    Intent: Durations are computed from these columns; a negative one breaks charts, alerts and database constraints.
    Not checked if: the tracker shows fewer than two of the three times.
    Exercised: each read that shows two of them; clocks that agree, share one instant, or disagree by five minutes.
    If it fails: times of two clocks stored side by side as they came. Move the newer time behind the older in the
    statement that writes it.
    """
    strict = history.profile.order == "strict"
    for number, step in enumerate(history.steps):
        if step.after is None:
            continue
        pairs = _shown_pairs(step.after)
        wrong = next(((a, b) for a, b in pairs if _disordered(step.after, a, b, strict=strict)), None)
        if wrong is not None:
            first, second = wrong
            relation = "later than" if strict else "no earlier than"
            newer, older = told(getattr(step.after, second)), told(getattr(step.after, first))
            message = f"{second} must be {relation} {first}: {newer} against {older}"
            yield Violation(step=number, field=second, message=message)
        elif pairs:
            yield None


def _shown_pairs(shown: Snapshot) -> list[tuple[str, str]]:
    return [(a, b) for a, b in _PAIRS if getattr(shown, a) is not None and getattr(shown, b) is not None]


def _disordered(shown: Snapshot, first: str, second: str, *, strict: bool) -> bool:
    earlier, later = getattr(shown, first), getattr(shown, second)
    return bool(later <= earlier if strict else later < earlier)
