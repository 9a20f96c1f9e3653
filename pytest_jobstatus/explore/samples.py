"""Larger plans, drawn at random from a seed: more attempts, several repeats, losses, strays, any clock."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.events import EventKind, Mark
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.part import Part, clocks_for
from pytest_jobstatus.explore.strays import strays
from pytest_jobstatus.runs import MOST_ATTEMPTS, Shape, emitted, followers
from pytest_jobstatus.tracker import Profile

SMALLEST = 4
MOST_REPEATS = 4
MOST_STRAYS = 3


def sampled(effort: Effort, profile: Profile, *, seed: int, with_strays: bool) -> Part:
    """Plans beyond the reach of complete search.

    Args:
        effort: how many, and how large.
        profile: what the tracker can be told.
        seed: the same seed draws the same plans.
        with_strays: whether events are added that no run contains.
    """
    random = Random(f"{seed} {with_strays}")  # noqa: S311 - a search, not a secret

    def plans() -> Iterator[Plan]:
        for _ in range(effort.samples):
            yield draw(random, profile, largest=effort.largest, with_strays=with_strays)

    added = " with strays" if with_strays else ""
    return Part(f"{effort.samples} larger plans{added} of up to {effort.largest} events, seed {seed}", plans())


def draw(random: Random, profile: Profile, *, largest: int, with_strays: bool) -> Plan:
    """One plan at random."""
    clock = random.choice(clocks_for(profile))
    shape = _walk(random, profile, size=random.randint(SMALLEST, largest))
    events = list(emitted(shape, clock=clock))
    order = _shuffled(random, len(events))
    chance = random.choice((0.0, 0.0, 0.2, 0.5))
    order = [index for index in order if random.random() >= chance] or order
    added: list[int] = []
    if with_strays:
        extra = strays(shape, profile, clock=clock)
        for stray in random.sample(extra, k=min(len(extra), random.randint(1, MOST_STRAYS))):
            added.append(len(events))
            order.insert(random.randint(len(order) // 2, len(order)), len(events))
            events.append(stray)
    for _ in range(random.randint(0, MOST_REPEATS)):
        place = random.randrange(len(order))
        order.insert(random.randint(place + 1, len(order)), order[place])
    return Plan(events=tuple(events), order=tuple(order), strays=frozenset(added), clock=clock.name)


def _walk(random: Random, profile: Profile, *, size: int) -> Shape:
    """A run that tends to be long and to have several attempts."""
    whole: Shape = ()
    seen: Shape = ()
    while len(seen) < size:
        eligible = [
            mark
            for mark in followers(whole)
            if mark.attempt <= MOST_ATTEMPTS
            and (mark.kind in profile.kinds or mark.kind in (EventKind.CREATED, EventKind.ACTIVE))
        ]
        if not eligible:
            break
        mark = random.choices(eligible, weights=[_weight(mark, len(seen), size) for mark in eligible])[0]
        whole = (*whole, mark)
        if mark.kind in profile.kinds:
            seen = (*seen, mark)
    return seen


def _weight(mark: Mark, length: int, size: int) -> float:
    if mark.kind.terminal:
        return 3 if length >= size - 1 else 0.3
    return 1 if mark.kind is EventKind.PROGRESS else 3


def _shuffled(random: Random, size: int) -> list[int]:
    """A delivery order: as it happened, nearly so, with the end early, or any."""
    order = list(range(size))
    way = random.choice(("causal", "swaps", "end early", "any"))
    if way == "swaps" and size > 1:
        for _ in range(random.randint(1, 3)):
            place = random.randrange(size - 1)
            order[place], order[place + 1] = order[place + 1], order[place]
    elif way == "end early":
        order.insert(random.randrange(size), order.pop())
    elif way == "any":
        random.shuffle(order)
    return order
