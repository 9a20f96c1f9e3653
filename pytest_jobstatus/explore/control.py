"""The control of a failure: the same without what the rule is about, to tell its cause from others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pytest_jobstatus.clocks import Clock
from pytest_jobstatus.delivery import Plan, in_tenant, keeping, until
from pytest_jobstatus.explore.simpler import made_plain
from pytest_jobstatus.rules import Control


def control_of(plan: Plan, step: int, *, control: Control, clock: Clock) -> Plan:
    """The plan up to a step, without what a rule is about; its last delivery is that of the step.

    Args:
        plan: what showed the failure.
        step: after which it showed.
        control: what is left out.
        clock: the plainest that suits the tracker's resolution.
    """
    told = until(plan, step)
    if control is Control.PLAIN:
        return made_plain(told, clock)
    if control is Control.UNREAD:
        return replace(told, strangers=(), reads=1)
    job = told.events[told.order[-1]].job_id
    alone = keeping(told, [place for place, index in enumerate(told.order) if told.events[index].job_id == job])
    if control is Control.ALONE:
        return alone
    own = tuple(event.moved(job_id=in_tenant(job)[1], by=timedelta()) for event in alone.events)
    return replace(alone, events=own, tenancy=False, strangers=())
