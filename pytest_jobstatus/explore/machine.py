"""Long lives of several jobs, drawn from a seed: what was reached least is what comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

from pytest_jobstatus.delivery import Plan
from pytest_jobstatus.exercise import Meeting, State, unreached
from pytest_jobstatus.explore.effort import Effort
from pytest_jobstatus.explore.lifecycle import Happening, Lifecycle
from pytest_jobstatus.explore.part import Part, clocks_for
from pytest_jobstatus.tracker import Profile

JOBS = (1, 1, 2, 3)
"""How many jobs the lives drawn one after the other have."""
WORKERS = (1, 1, 3)
"""How many workers tell them, where the tracker has several."""
SHORTEST = 6
"""Deliveries."""
MOST = 3
"""How many times as many lives there may be where some meeting was not reached."""
LOSSES = (0.0, 0.1, 0.3, 0.5)
"""How often the next event is not told when it happens, and how often the one after it; each may come late."""
WEIGHTS = (4, 1.5, 1, 1)
"""Of what happens next, of what is late, of what is told again, of what no run has a place for."""
CURIOSITY = 0.7
"""How often what never came up so far goes before everything else."""


def machine(effort: Effort, profile: Profile, *, seed: int) -> Part:
    """Plans beyond the reach of complete search: several jobs, attempts, clocks and workers, anything told again.

    Args:
        effort: how many, and how long.
        profile: what the tracker can be told.
        seed: the same seed draws the same plans.
    """

    def plans() -> Iterator[Plan]:
        random = Random(seed)  # noqa: S311 - a search, not a secret
        reached: Counter[Meeting] = Counter()
        states: set[State] = set()
        for number in range(MOST * effort.lives):
            if number >= effort.lives and not unreached(reached, states, kinds=profile.kinds):
                return
            length = min(effort.longest, SHORTEST + (effort.longest - SHORTEST) * number // effort.lives)
            life = draw(random, profile, reached, number=number, length=length)
            states |= life.states
            yield life.plan()

    title = f"{effort.lives} lives or more of up to {max(JOBS)} jobs with {effort.longest} deliveries, seed {seed}"
    return Part(title, plans())


def draw(random: Random, profile: Profile, reached: Counter[Meeting], *, number: int, length: int) -> Lifecycle:
    """The lives of some jobs at random.

    Args:
        random: where chance comes from.
        profile: what the tracker can be told.
        reached: how often which meeting came up so far; it is counted on.
        number: of the life among those that are drawn: jobs, workers and strays take turns.
        length: how many deliveries it has.
    """
    clocks = clocks_for(profile)
    jobs = JOBS[number % len(JOBS)]
    alike = number % 2 == 0
    own = [random.choice(clocks)] * jobs if alike else [random.choice(clocks) for _ in range(jobs)]
    workers = WORKERS[number % len(WORKERS)] if profile.supports("concurrency") else 1
    life = Lifecycle(profile, own)
    with_strays = number % 3 != 1
    losses = random.choice(LOSSES)
    while len(life.order) < length:
        job = random.randrange(jobs)
        skipped = 1 + (random.random() < losses) if random.random() < losses else 0
        ways = [
            life.coming(job, skipped=skipped),
            life.held(),
            life.told(),
            life.astray(job) if with_strays else [],
        ]
        new = [
            each
            for way in ways
            for each in way
            if not reached[life.meeting(each)] and not _too_early(each, life, length)
        ]
        if new and random.random() < CURIOSITY:
            way = new
        else:
            way = random.choices(ways, [weight if each else 0 for each, weight in zip(ways, WEIGHTS, strict=True)])[0]
        if not way:
            continue
        chosen = _chosen(random, life, way, reached, length)
        index = life.happen(chosen)
        reached[life.meeting(chosen)] += 1
        life.tell(index, worker=random.randrange(workers))
    return life


def _too_early(each: Happening, life: Lifecycle, length: int) -> bool:
    """Whether it would end a job in the first half of a life; an end that overtakes others may."""
    return each.mark.kind.terminal and len(each.path) == 1 and not each.stray and len(life.order) * 2 < length


def _chosen(
    random: Random, life: Lifecycle, choices: Sequence[Happening], reached: Counter[Meeting], length: int
) -> Happening:
    """One of them, the likelier the less its meeting came up so far; the end rarely before half of a life is over."""
    early = [0.1 if _too_early(each, life, length) else 1.0 for each in choices]
    weights = [weight / (1 + reached[life.meeting(each)]) for each, weight in zip(choices, early, strict=True)]
    return random.choices(choices, weights)[0]
