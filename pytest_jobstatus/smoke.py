"""Before the rules: whether the adapter works at all. A broken adapter is no verdict on the tracker."""

from __future__ import annotations

import inspect
import traceback
from datetime import UTC, datetime

from pytest_jobstatus import handle as handle_module
from pytest_jobstatus.delivery import Plan, in_order
from pytest_jobstatus.events import Event, EventKind, Mark
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.handle import OWN_ERRORS, Handle, Unreadable
from pytest_jobstatus.history import recent
from pytest_jobstatus.misuse import Misuse, listed
from pytest_jobstatus.raised import let_go, said
from pytest_jobstatus.rules import PLANNED, RULES, Level
from pytest_jobstatus.runs import Shape, emitted
from pytest_jobstatus.tracker import Profile

_CREATED = Mark(EventKind.CREATED, 0)
_STARTED = (_CREATED, Mark(EventKind.ACTIVE, 1))
PLAIN_JOBS: tuple[Shape, ...] = (
    (*_STARTED, Mark(EventKind.PROGRESS, 1), Mark(EventKind.COMPLETED, 1)),
    (*_STARTED, Mark(EventKind.RETRYING, 1), Mark(EventKind.ACTIVE, 2), Mark(EventKind.FAILED, 2)),
    (*_STARTED, Mark(EventKind.STALLED, 1), Mark(EventKind.CANCELLED, 1)),
)
"""Together they have every kind, in order."""


def smoke(factory: Factory) -> Profile:
    """Take plain jobs through a fresh tracker, every declared kind among their events, and give its profile.

    Raises:
        Misuse: naming the target, the call and the value, where the adapter is broken: a mistake of its own, or what
            refuses every event of plain jobs, such as a table that is not there. What a rule should report, a tracker
            that refuses some events say, is left to the rule.
    """
    with factory.open() as handle:
        profile = handle.profile
        _check_waivers(handle)
        shift = recent(now=datetime.now(UTC), zone=profile.zone)
        raised: list[BaseException | None] = []
        for shape in PLAIN_JOBS:
            told = tuple(
                mark for mark in shape if mark.kind in profile.kinds and (profile.has_attempts or mark.attempt < 2)
            )
            job_id = handle.fresh(["job-1"])["job-1"]
            raised += [_apply_and_read(handle, event.moved(job_id=job_id, by=shift)) for event in emitted(told)]
        refusals = [each for each in raised if isinstance(each, Exception)]
        if refusals and len(refusals) == len(raised):
            raise Misuse(
                f"{handle.name}: apply raised {said(refusals[0])} at the first event of a plain job, and raised at all"
                " others: the adapter, or what it writes to, is broken, nothing was judged"
            ) from refusals[0]
        return profile


def plain_plan(profile: Profile) -> Plan:
    """One plain job from creation to its end, as far as the tracker knows the kinds."""
    return in_order(emitted(tuple(mark for mark in PLAIN_JOBS[0] if mark.kind in profile.kinds)))


def _apply_and_read(handle: Handle, event: Event) -> BaseException | None:
    """What the tracker raised, if it did."""
    raised = handle.apply(event)
    if isinstance(raised, OWN_ERRORS):
        _refuse_own_error(handle, raised, f"apply({event.name})", "apply")
    let_go(raised)
    _read(handle, event.job_id)
    return raised


def _read(handle: Handle, job_id: str) -> None:
    try:
        handle.read(job_id)
    except Unreadable as error:
        if isinstance(error.__cause__, OWN_ERRORS):
            _refuse_own_error(handle, error.__cause__, f"read({job_id!r})", "read")


def _refuse_own_error(handle: Handle, error: BaseException, call: str, method: str) -> None:
    """A mistake of the adapter's own code, or of calling it, is no answer of the tracker."""
    innermost, line = list(traceback.walk_tb(error.__traceback__))[-1]
    code = innermost.f_code
    own = inspect.unwrap(getattr(handle.tracker, method))
    if code is getattr(own, "__code__", None) or code.co_filename == handle_module.__file__:
        where = "" if code.co_filename == handle_module.__file__ else f" at {code.co_filename}:{line}"
        raise Misuse(
            f"{handle.name}: {call} raised {said(error)}{where}: the adapter itself is broken, nothing was judged"
        )


def _check_waivers(handle: Handle) -> None:
    should = [each.id for each in RULES if each.level is Level.SHOULD]
    should += [each.id for each in PLANNED if each.level is Level.SHOULD]
    for number in handle.profile.waived:
        if number not in should:
            raise Misuse(
                f"{handle.name}: Profile(waived={{{number!r}: …}}): only SHOULD rules can be waived: {listed(should)}"
            )
