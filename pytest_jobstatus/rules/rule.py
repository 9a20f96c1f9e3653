"""What a rule is: a number, a pure check of one history, and the plans that can break it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import EventKind
from pytest_jobstatus.history import History
from pytest_jobstatus.tracker import Profile


class Level(StrEnum):
    """How binding a rule is: a SHOULD may be waived by number with a reason, a MUST cannot."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Plans(StrEnum):
    """The families of plans that a rule can ask for; `explore` knows how to make them."""

    IN_ORDER = "in order"
    IN_ORDER_CLOCKS = "in order, by every clock"
    LONG_LIVES = "long lives of one job"
    ORDERS = "orders"
    ALL_ORDERS = "all orders"
    AT_ONCE_AGAIN = "again at once"
    LATER_AGAIN = "again later"
    AFTER_END = "after the end"
    OVERTAKEN = "overtaken"
    END_LAST = "end last"
    CLOCKS = "clocks"
    TURNED = "turned round"
    STRANGERS = "strangers"
    BATCHES = "batches"
    PARTS = "parts of long runs"
    CROWD = "crowd"
    ERRORS = "errors"
    CANCELLERS = "who cancelled"
    CANCEL_WORDS = "words about cancelling"
    ODD_ERRORS = "odd errors"
    PROGRESS_VALUES = "progress values"
    PROGRESS_PAIRS = "one progress value after another"
    PROGRESS_ORDERS = "orders of progress"
    ODD_PROGRESS = "odd progress"
    BESIDE = "stall reports beside a retry"
    ZOMBIES = "late ends of older attempts"
    MEETINGS = "each event at each state"
    TWO_ENDS = "two ends"
    OFFSETS = "UTC offsets"
    MIXED_OFFSETS = "mixed UTC offsets"
    SKEWS = "clocks that disagree"
    TIES = "shared instants"
    ALIKE = "ids that look alike"
    INTERLEAVED = "interleaved jobs"
    TWO_JOBS = "two jobs"
    TENANTS = "tenants"
    HANDOVERS = "events that another worker tells"
    MACHINE = "long lives of several jobs"


class Control(StrEnum):
    """What is left out of a history to see whether a failure is the rule's own: what fails without it as well has
    another cause, which other rules tell of; `explore` knows how to leave it out.
    """

    PLAIN = "odd values, ids and clocks"
    ALONE = "the other jobs"
    UNREAD = "early and repeated reads"
    NO_TENANT = "the tenants and the other jobs"


@dataclass(frozen=True, kw_only=True)
class Violation:
    """Where and how a history breaks a rule.

    Args:
        step: index of the step after which it shows.
        field: the snapshot field that is wrong; "row" for the whole, "raised" for what `apply` did.
        message: one sentence for a person who does not know the kit.
    """

    step: int
    field: str
    message: str


Check = Callable[[History], Iterator[Violation | None]]
"""Yields once for each time that the rule's premise came up: None where it held, else the violation."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a tracker must have for a rule to apply.

    Args:
        groups: alternatives; a group counts if the tracker supports one of its names; "created_at+created" is one name
            for two things that are needed together.
        at_least: how many groups must count.
        when: whether such a tracker has the need at all.
    """

    groups: tuple[tuple[str, ...], ...]
    at_least: int = 1
    when: Callable[[Profile], bool] = lambda _: True

    def missing(self, profile: Profile) -> list[str]:
        """What the tracker lacks of it; nothing where the need is met.

        >>> Need(groups=(("retrying", "stalled"),)).missing(Profile(unsupported={"stalled": "never told"}))
        []
        >>> Need(groups=(("error",),)).missing(Profile(unsupported={"error": "no column"}))
        ['error']
        """
        met = [group for group in self.groups if any(_supports(profile, name) for name in group)]
        if len(met) >= self.at_least or not self.when(profile):
            return []
        names = [part for group in self.groups if group not in met for name in group for part in name.split("+")]
        return [name for name in dict.fromkeys(names) if not profile.supports(name)]


def _supports(profile: Profile, name: str) -> bool:
    return all(profile.supports(part) for part in name.split("+"))


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A numbered rule of the book.

    Args:
        id: its number, kept for good.
        level: MUST or SHOULD.
        check: the pure function that judges one history.
        plans: the families of plans that can break it; the long lives, which every rule is judged on, come last.
        needs: what a tracker must have for it to apply.
        about: whether a plan can bring up the rule's premise at all; others are left out.
        compares: of which plans the check wants each step's causal counterpart.
        others: whether it wants to know which other jobs changed with a step.
        waits: whether it wants to know what `apply` slept.
        batches: whether it can judge deliveries after which nobody looked.
        control: what a failure must not show without; None where every failure is the rule's own.
        in_control: what is judged there; None for the check itself.
        incidents: where it was seen in the field, as owner/repository#number.
        text, intent, not_checked_if, exercised, look: from the docstring of the check.
    """

    id: str
    level: Level
    check: Check
    plans: tuple[Plans, ...]
    needs: tuple[Need, ...]
    about: Callable[[Plan], bool]
    compares: Callable[[Plan], bool] | None
    others: bool
    waits: bool
    batches: bool
    control: Control | None
    in_control: Check | None
    incidents: tuple[str, ...]
    text: str
    intent: str
    not_checked_if: str
    exercised: str
    look: str

    def not_applicable(self, profile: Profile) -> str | None:
        """Why the rule does not apply to such a tracker, in the profile's own words; None if it does."""
        if self.level is Level.SHOULD and self.id in profile.waived:
            return f"waived: {profile.waived[self.id]}"
        names_of: dict[str, dict[str, None]] = {}
        for name in (name for need in self.needs for name in need.missing(profile)):
            names_of.setdefault(profile.unsupported[name], {})[name] = None
        reasons = [f"{', '.join(names)}: {reason}" for reason, names in names_of.items()]
        return "not supported: " + "; ".join(reasons) if reasons else None

    def judge(self, history: History, *, jobs: Sequence[History] | None = None) -> tuple[int, Violation | None]:
        """How often the premise came up in the history, and the first violation: of several jobs' the earliest.

        Args:
            history: what was seen.
            jobs: the histories of the jobs to judge, each by itself; None for all.
        """
        exercised = 0
        earliest: Violation | None = None
        if history.plan.batch and not self.batches:
            return 0, None
        for own in history.of_each_job() if jobs is None else jobs:
            for found in self.check(own):
                exercised += 1
                if found is not None:
                    placed = _placed(found, own)
                    earliest = placed if earliest is None or placed.step < earliest.step else earliest
                    break
        if earliest is None and history.unreadable is not None:
            return exercised + 1, _unreadable(history)
        return exercised, earliest

    def fails_at(self, history: History, step: int, *, field: str) -> bool:
        """Whether a violation, the first or not, shows after this step and in this field."""
        if history.plan.batch and not self.batches:
            return False
        found = [_placed(each, own) for own in history.of_each_job() for each in self.check(own) if each is not None]
        if history.unreadable is not None:
            found.append(_unreadable(history))
        return any((each.step, each.field) == (step, field) for each in found)


def _placed(found: Violation, own: History) -> Violation:
    """The violation by the number of its step in the whole history."""
    return replace(found, step=own.steps[found.step].number if own.steps else 0)


def _unreadable(history: History) -> Violation:
    message = f"read raised {history.unreadable}: a reader sees nothing"
    return Violation(step=len(history.steps), field="row", message=message)


def tells(*kinds: EventKind) -> Callable[[Plan], bool]:
    """Whether a plan delivers an event of one of these kinds.

    >>> tells(EventKind.ACTIVE)(Plan(events=(), order=()))
    False
    """
    wanted = frozenset(kinds)
    return lambda plan: not wanted.isdisjoint(plan.kinds)


def rule(
    id: str,  # noqa: A002 - the book's own word
    *plans: Plans,
    level: Level = Level.MUST,
    needs: tuple[Need, ...] = (),
    about: Callable[[Plan], bool] = lambda _: True,
    compares: Callable[[Plan], bool] | None = None,
    others: bool = False,
    waits: bool = False,
    batches: bool = False,
    control: Control | None = None,
    in_control: Check | None = None,
    incidents: tuple[str, ...] = (),
) -> Callable[[Check], Rule]:
    """Make a rule of the check below, whose docstring is the rule's text and its five sections.

    Raises:
        ValueError: where a section is missing.
    """

    def made(check: Check) -> Rule:
        text, *sections = _sections(inspect.getdoc(check) or "", id)
        intent, not_checked_if, exercised, look = sections
        return Rule(
            id=id,
            level=level,
            check=check,
            plans=(*plans, Plans.HANDOVERS, Plans.MACHINE),
            needs=needs,
            about=about,
            compares=compares,
            others=others,
            waits=waits,
            batches=batches,
            control=control,
            in_control=in_control,
            incidents=incidents,
            text=text,
            intent=intent,
            not_checked_if=not_checked_if,
            exercised=exercised,
            look=look,
        )

    return made


SECTIONS = ("Intent", "Not checked if", "Exercised", "If it fails")


def _sections(doc: str, id: str) -> list[str]:  # noqa: A002 - the book's own word
    parts = re.split(rf"^({'|'.join(SECTIONS)}): ", doc, flags=re.MULTILINE)
    if tuple(parts[1::2]) != SECTIONS:
        raise ValueError(f"{id}: its docstring needs a text and the sections {SECTIONS}, in this order")
    return [" ".join(part.split()) for part in (parts[0], *parts[2::2])]
