"""The table `[found]` of a saved counterexample: read back as written, refused where it is wrong, compared loosely."""

from __future__ import annotations

import pytest

from pytest_jobstatus import Misuse
from pytest_jobstatus.delivery import in_order
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.runs import emitted
from pytest_jobstatus.scenario import Found, Scenario, dump, parse

FOUND = Found(
    tracker="jobs:Mine",
    rule="TRACK-1",
    step=1,
    field="status",
    message="created must show pending; it shows active",
    version="0.1.0",
)
PLAN = in_order(emitted((Mark(EventKind.CREATED, 0),)))


def written(found: Found) -> str:
    """The file of a counterexample with this table."""
    return dump(Scenario(id="TRACK-1-0123abcd", title="what went wrong", rules=("TRACK-1",), plan=PLAN, found=found))


def test_the_table_reads_back_as_it_was_written() -> None:
    """Who found what where is kept, and a scenario without it has none."""
    assert parse(written(FOUND), source="x").found == FOUND
    assert parse(dump(Scenario(id="x", title="x", rules=("TRACK-1",), plan=PLAN)), source="x").found is None


def test_words_that_are_no_text_are_kept_escaped() -> None:
    """A message with a lone surrogate is like itself after it was written and read."""
    message = 'failed with "\ud800", but the job shows no error'
    odd = Found(**{**FOUND.__dict__, "message": message})
    again = parse(written(odd), source="x").found
    assert again is not None
    assert again.is_like(step=1, field="status", message=message)


BAD = [
    ('rule = "TRACK-1"', "", "found: the key 'rule' is missing"),
    ('rule = "TRACK-1"', "rule = 1", "found: rule = 1: allowed is a text"),
    ("step = 1", "step = true", "found: step = True: allowed is a whole number"),
    ("step = 1", "step = 0", "found: step = 0: allowed is the number of a delivery, from 1 on"),
    ("step = 1", "step = 1\nday = 1", "found: unknown key 'day': allowed are 'tracker', 'rule', 'step'"),
    ("[found]", "[[found]]", "found = [{'tracker'"),
]


@pytest.mark.parametrize(("line", "instead", "told"), BAD, ids=[told for _, _, told in BAD])
def test_a_bad_table_is_refused(line: str, instead: str, told: str) -> None:
    """Each key is checked, with its value and what is allowed."""
    with pytest.raises(Misuse) as caught:
        parse(written(FOUND).replace(line, instead), source="x.toml")
    assert str(caught.value).startswith(f"x.toml: {told}")


ALIKE = [
    ("apply raised KeyError: 'job-1-0a1b2c-17'", "apply raised KeyError: 'job-1-ffee00-3'", True),
    ("nothing was told of 'a1234567890'", "nothing was told of 'a1234567891'", False),
    ("read raised Gone: 1234567890 Ä", "read raised Gone: 9876543210 Ä", True),
    ("shows 2026-01-05 12:00:00", "shows 2026-11-25 12:00:00", True),
    ("2026-01-05 12:00:00 became 2026-01-06 12:00:00", "2026-11-25 12:00:00 became 2026-11-25 12:00:00", False),
    ("started_at shows 09:12:33.123456", "started_at shows 17:45:01.654321", True),
    ("started_at shows 12:00:01", "started_at shows 12:00:02", False),
    ("slept: time.sleep for less than 0.01 s", "slept: time.sleep for about 0.02 s", True),
    ("<object at 0x7f00aa>", "<object at 0x7fee01>", True),
]


@pytest.mark.parametrize(("then", "now", "alike"), ALIKE, ids=[then for then, _, _ in ALIKE])
def test_ids_and_days_do_not_count(then: str, now: str, *, alike: bool) -> None:
    """What is new in every history makes no other failure; everything else does."""
    found = Found(**{**FOUND.__dict__, "message": then})
    assert found.is_like(step=1, field="status", message=now) is alike
    assert not found.is_like(step=2, field="status", message=now)
    assert not found.is_like(step=1, field="row", message=now)


def test_times_of_arrival_do_not_count() -> None:
    """A tracker that shows when events arrived shows other times each time."""
    found = Found(**{**FOUND.__dict__, "message": "ended_at went from 09:12:33 to none"})
    assert not found.is_like(step=1, field="status", message="ended_at went from 17:45:01 to none")
    assert found.is_like(step=1, field="status", message="ended_at went from 17:45:01 to none", times=False)
