"""The rule book JSL/1: one file per family, one pure function per rule, its text in the function's docstring."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_jobstatus.misuse import Misuse, suggestion
from pytest_jobstatus.rules.book import FAMILIES, PLANNED, SPEC
from pytest_jobstatus.rules.cancellation import canc_1, canc_2, canc_3, canc_4
from pytest_jobstatus.rules.convergence import conv_1, conv_2
from pytest_jobstatus.rules.data import data_1, data_2, data_3
from pytest_jobstatus.rules.idempotency import idem_1, idem_2
from pytest_jobstatus.rules.isolation import iso_1, iso_2
from pytest_jobstatus.rules.load import load_1
from pytest_jobstatus.rules.progress import prog_1, prog_2, prog_3, prog_4
from pytest_jobstatus.rules.retries import retry_1, retry_2, retry_3, retry_4, retry_5, retry_6, retry_7
from pytest_jobstatus.rules.rule import Control, Level, Need, Plans, Rule, Violation, rule
from pytest_jobstatus.rules.stalls import stall_1, stall_2
from pytest_jobstatus.rules.terminal import term_1, term_2, term_3, term_4
from pytest_jobstatus.rules.time_order import time_1, time_2, time_3
from pytest_jobstatus.rules.timestamps import time_4, time_5, time_6, time_7, time_8, time_9
from pytest_jobstatus.rules.tracking import track_1, track_2, track_3, track_4, track_5, track_6

RULES: tuple[Rule, ...] = (
    track_1, track_2, track_3, track_4, track_5, track_6,
    idem_1, idem_2,
    term_1, term_2, term_3, term_4,
    time_1, time_2, time_3, time_4, time_5, time_6, time_7, time_8, time_9,
    conv_1, conv_2,
    retry_1, retry_2, retry_3, retry_4, retry_5, retry_6, retry_7,
    canc_1, canc_2, canc_3, canc_4,
    prog_1, prog_2, prog_3, prog_4,
    stall_1, stall_2,
    data_1, data_2, data_3,
    iso_1, iso_2,
    load_1,
)  # fmt: skip
"""All rules that are checked, in number order."""

TOTAL = len(RULES) + len(PLANNED)
"""How many rules the book has, checked or not."""


def select(chosen: Sequence[str] | None, *, source: str) -> tuple[Rule, ...]:
    """The rules with these numbers, in number order; "TERM" stands for all of a family that are checked.

    Args:
        chosen: numbers or families; None for all.
        source: where they were given, for messages.

    Raises:
        Misuse: for a number that the book does not have, or that is not checked yet.

    >>> [rule.id for rule in select(["TERM", "TRACK-1"], source="rules")]
    ['TRACK-1', 'TERM-1', 'TERM-2', 'TERM-3', 'TERM-4']
    >>> select(["RACE-1"], source="--rules")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: --rules: RACE-1 is not checked yet; `jobstatus rules` lists what is
    """
    if chosen is None:
        return RULES
    if isinstance(chosen, str):
        chosen = chosen.replace(",", " ").split()
    wanted: set[str] = set()
    for name in chosen:
        if not isinstance(name, str):
            raise Misuse(f"{source}: {name!r}: allowed are numbers such as 'TERM-1' and families such as 'TERM'")
        wanted |= _numbers(name.strip().upper(), source)
    if not wanted:
        raise Misuse(f"{source}: no rule given; `jobstatus rules` lists them")
    return tuple(each for each in RULES if each.id in wanted)


def _numbers(name: str, source: str) -> set[str]:
    found = {each.id for each in RULES if name in (each.id, each.id.split("-")[0])}
    if found:
        return found
    if name in FAMILIES or any(each.id == name for each in PLANNED):
        raise Misuse(f"{source}: {name} is not checked yet; `jobstatus rules` lists what is")
    own = [each.id for each in RULES if each.id.partition("-")[0] == name.partition("-")[0]]
    meant = (
        f"; {own[0]} to {own[-1]} are checked" if own else suggestion(name, [*FAMILIES, *(each.id for each in RULES)])
    )
    raise Misuse(f"{source}: there is no rule {name!r}; `jobstatus rules` lists them all{meant}")


def named(number: str, *, source: str) -> Rule:
    """The rule with that number.

    Raises:
        Misuse: for a number that the book does not have, or that is not checked yet.

    >>> named("term-1", source="explain").id
    'TERM-1'
    """
    found = [each for each in select([number], source=source) if each.id == number.upper()]
    if not found:
        raise Misuse(
            f"{source}: {number} is a family; say which rule: {', '.join(sorted(_numbers(number.upper(), source)))}"
        )
    return found[0]


__all__ = [
    "PLANNED",
    "RULES",
    "SPEC",
    "TOTAL",
    "Control",
    "Level",
    "Need",
    "Plans",
    "Rule",
    "Violation",
    "named",
    "rule",
    "select",
]
