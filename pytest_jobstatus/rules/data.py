"""DATA: no text, value or id costs a status."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_jobstatus.events import EventKind, JobError
from pytest_jobstatus.history import History
from pytest_jobstatus.raised import said
from pytest_jobstatus.reading import differences
from pytest_jobstatus.rules import position
from pytest_jobstatus.rules.effects import effect_lost, is_due, progress_moved, same_json
from pytest_jobstatus.rules.isolation import touched
from pytest_jobstatus.rules.rule import Control, Need, Plans, Violation, rule
from pytest_jobstatus.rules.saying import told_json
from pytest_jobstatus.values import is_storable

STRETCH = re.compile("[^\0\ud800-\udfff]{1,200}")
"""How much of an odd text must be found again: 200 characters of what any store can hold."""


@rule(
    "DATA-1",
    Plans.ODD_ERRORS,
    control=Control.PLAIN,
    incidents=("celery/django-celery-results#82", "fazer-ai/agents#244", "Shopify/maintenance_tasks#493"),
)
def data_1(history: History) -> Iterator[Violation | None]:
    r"""No error text loses the failure: NUL, lone surrogates, a megabyte, emoji, quotes and SQL, an empty text. The
    status is recorded, and the shown text (where `error` is shown) contains the message's first storable stretch, up
    to 200 characters.

    Intent: The exception that cannot be stored is the one that somebody has to read; without it the job runs for ever.
    Not checked if: there is nothing that excuses it.
    Exercised: each retrying or failed that is ahead, its message and traceback from a table of odd texts.
    If it fails: the text is bound as it is. Replace NUL and lone surrogates before the statement, and cut characters,
    not bytes: `text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")`.
    """
    for number, step in enumerate(history.steps):
        error = step.event.error
        if error is None or not position.is_ahead(history, number):
            continue
        if step.raised is not None:
            message = f"{step.event.name} with the text {told_json(error.message)} must be recorded; it raised"
            yield Violation(step=number, field="raised", message=f"{message} {said(step.raised)}")
        else:
            missed = position.missed(history, number, because=f"came with the text {told_json(error.message)}")
            yield missed or _text_lost(history, number, error)


def _text_lost(history: History, number: int, error: JobError) -> Violation | None:
    shown = getattr(history.steps[number].after, "error", None)
    found = STRETCH.search(error.message)
    stretch = found.group() if found else ""
    text = shown.message if isinstance(shown, JobError) else shown or ""
    if not history.profile.supports("error") or stretch in text:
        return None
    message = f"the error's text must contain {told_json(stretch)}; it shows {told_json(text or None)}"
    return Violation(step=number, field="error", message=message)


def _cost_of_any(history: History) -> Iterator[Violation | None]:
    """What progress costs, odd or not, and what comes after it."""
    for number, step in enumerate(history.steps):
        if step.event.kind is EventKind.PROGRESS:
            yield _cost(history, number)
        elif step.raised is not None:
            yield Violation(step=number, field="raised", message=f"{step.event.name} raised {said(step.raised)}")
        else:
            yield effect_lost(history, number)


@rule(
    "DATA-2",
    Plans.ODD_PROGRESS,
    needs=(Need(groups=(("progress",),)), Need(groups=(("json_progress",),))),
    control=Control.PLAIN,
    in_control=_cost_of_any,
    incidents=("getredash/redash#7348", "Zipstack/unstract#2289"),
)
def data_2(history: History) -> Iterator[Violation | None]:
    """Progress that the store cannot hold (NaN, Infinity, NUL, integers beyond 2⁵³, too deep, too large) is refused
    with a clear error or stored readable, and costs nothing already recorded.

    Intent: One bad value from one job must not poison the row, the transaction or the reader.
    Not checked if: there is nothing that excuses it.
    Exercised: each progress of a table of odd values, and each event after it.
    If it fails: the value is dropped without a word, or the connection is left in a failed transaction. Refuse it
    before the statement, with the value in the message.
    """
    odd = False
    for number, step in enumerate(history.steps):
        if step.event.kind is EventKind.PROGRESS and not is_storable(step.event.progress):
            odd = True
            yield _cost(history, number)
        elif odd and step.raised is not None and not position.may_be_refused(history, number):
            message = f"after odd progress {step.event.name} must be accepted; it raised {said(step.raised)}"
            yield Violation(step=number, field="raised", message=message)
        elif odd:
            yield effect_lost(history, number)


def _cost(history: History, number: int) -> Violation | None:
    """What odd progress cost, or that nobody was told of it."""
    step = history.steps[number]
    given = step.event.progress
    changed = [name for name in differences(step.before, step.after) if name != "updated_at"]
    if step.raised is not None and not str(step.raised) and not position.may_be_refused(history, number):
        message = f"progress {told_json(given)} was refused with {said(step.raised)}, which does not say why"
        return Violation(step=number, field="raised", message=message)
    if step.raised is None and step.before is not None and (moved := progress_moved(history, number)) is not None:
        return moved
    news = step.raised is None and not position.is_behind(history, number)
    lost = [name for name in changed if step.raised is not None or name != "progress"]
    if lost and not news:
        message = f"progress {told_json(given)} changed {' and '.join(lost)}"
        return Violation(step=number, field=lost[0], message=message)
    return _swallowed(history, number) if is_due(history, number) else None


def _after_another(history: History, number: int) -> bool:
    """Whether the progress told last was odd too: both may be stored as the same readable note."""
    told = [event.progress for event in position.told_before(history, number) if event.kind is EventKind.PROGRESS]
    return bool(told) and not is_storable(told[-1])


def _swallowed(history: History, number: int) -> Violation | None:
    """Where odd progress was accepted, and nothing of it shows."""
    step = history.steps[number]
    given = step.event.progress
    old, new = getattr(step.before, "progress", None), getattr(step.after, "progress", None)
    unchanged = old is not None and "progress" not in differences(step.before, step.after)
    if unchanged and not _after_another(history, number) and not same_json(old, given):
        message = f"progress {told_json(given)} was neither refused nor stored: it was dropped without a word"
        return Violation(step=number, field="progress", message=message)
    empty = new in (None, "", [], {}) and not isinstance(given, float)  # NaN may well read as null
    another = isinstance(given, int) and isinstance(new, int | float) and not same_json(new, given)
    if empty or another:
        message = f"progress {told_json(given)} was neither refused nor stored: it reads as {told_json(new)}"
        return Violation(step=number, field="progress", message=message)
    return None


@rule(
    "DATA-3",
    Plans.ALIKE,
    needs=(Need(groups=(("opaque_ids",),)),),
    others=True,
    control=Control.PLAIN,
    about=lambda plan: any("#" in job for job in plan.jobs),
)
def data_3(history: History) -> Iterator[Violation | None]:
    """Job ids are opaque: case, accents and their normal forms, blanks at the ends, leading zeros, `%` and `_`, quotes,
    255 characters, a common prefix: different ids are different jobs, or the id is refused clearly at its first event,
    never cut or folded.

    Intent: Two jobs that share a row take turns in showing the other's status.
    Not checked if: the id was refused at its first event.
    Exercised: each delivery to one of two jobs whose ids look alike.
    If it fails: the column's collation folds case, accents or blanks (MySQL's default does), the id is cut to the
    column's width, or it is searched with LIKE.
    """
    accepted: set[str] = set()
    for number, step in enumerate(history.steps):
        job_id = step.event.job_id
        wrong = touched(history, number)
        if wrong is None and step.raised is not None:
            if position.may_be_refused(history, number) or not is_storable(step.event.progress):
                continue
            if job_id in accepted or step.after is not None or not str(step.raised):
                what = "was accepted before, or left a row, or does not say why"
                message = f"an id may be refused clearly at its first event; this one {what}: {said(step.raised)}"
                wrong = Violation(step=number, field="raised", message=message)
        elif wrong is None:
            accepted.add(job_id)
            wrong = effect_lost(history, number)
        yield wrong
