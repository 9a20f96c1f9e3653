"""Every kind of factory that `conformance` takes, fixtures above all."""

from __future__ import annotations

from textwrap import dedent

import pytest

from pytest_jobstatus.rules import RULES, TOTAL
from tests.inner import QUICK, run, suite

LOOPY = """
import asyncio

import pytest
import pytest_asyncio

class Loopy(Small):
    # Works through a queue, in a task of the loop that made it: no other loop can wait for its futures.
    def __init__(self):
        super().__init__()
        self.loop = asyncio.get_running_loop()
        self.queue = asyncio.Queue()
        self.task = self.loop.create_task(self.work())

    async def work(self):
        while True:
            event, done = await self.queue.get()
            Small.apply(self, event)
            done.set_result(None)

    async def apply(self, event):
        done = self.loop.create_future()
        await self.queue.put((event, done))
        await done

    async def read(self, job_id):
        assert asyncio.get_running_loop() is self.loop, "another loop"
        return Small.read(self, job_id)

    async def close(self):
        self.task.cancel()
        await asyncio.wait([self.task])

class Calm(Small):
    # A synchronous tracker may run a loop of its own.
    def apply(self, event):
        asyncio.run(asyncio.sleep(0))
        super().apply(event)
"""
KINDS: dict[str, tuple[str, str, str]] = {
    "class": ("", "Calm", "test_jobs:Calm"),
    "async class": ("", "Loopy", "test_jobs:Loopy"),
    "lambda": ("", "lambda: Calm()", "test_jobs:<lambda>"),
    "generator": (
        """
        def made():
            yield Calm()
        """,
        "made",
        "test_jobs:made",
    ),
    "async function": (
        """
        async def made():
            return Loopy()
        """,
        "made",
        "test_jobs:made",
    ),
    "async generator": (
        """
        async def made():
            tracker = Loopy()
            yield tracker
            await tracker.close()
        """,
        "made",
        "test_jobs:made",
    ),
    "fixture": (
        """
        @pytest.fixture
        def tracker():
            return Calm()
        """,
        "'tracker'",
        "fixture tracker",
    ),
    "fixture for the module": (
        """
        @pytest.fixture(scope="module")
        def tracker():
            yield Calm()
        """,
        "'tracker'",
        "fixture tracker",
    ),
    "fixture that gives a class": (
        """
        @pytest.fixture
        def tracker():
            return Loopy
        """,
        "'tracker'",
        "fixture tracker",
    ),
    "fixture that gives a generator function": (
        """
        @pytest.fixture
        def tracker():
            def made():
                yield Calm()
            return made
        """,
        "'tracker'",
        "fixture tracker",
    ),
    "async fixture": (
        """
        @pytest_asyncio.fixture
        async def tracker():
            tracker = Loopy()
            yield tracker
            await tracker.close()
        """,
        "'tracker'",
        "fixture tracker",
    ),
    "async fixture that returns": (
        """
        @pytest_asyncio.fixture
        async def tracker():
            return Loopy()
        """,
        "'tracker'",
        "fixture tracker",
    ),
    "async fixture of a synchronous tracker": (
        """
        @pytest_asyncio.fixture
        async def tracker():
            return Calm()
        """,
        "'tracker'",
        "fixture tracker",
    ),
    "fixture behind an async one": (
        """
        @pytest_asyncio.fixture
        async def loopy():
            tracker = Loopy()
            yield tracker
            await tracker.close()

        @pytest.fixture
        def tracker(loopy):
            return loopy
        """,
        "'tracker'",
        "fixture tracker",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_tracker_comes_from_any_kind_of_factory(pytester: pytest.Pytester, kind: str) -> None:
    """Classes, functions, generators and fixtures, plain and async, all give trackers; each runs on its own loop."""
    body, argument, name = KINDS[kind]
    suite(pytester, f"{LOOPY}\n{dedent(body)}\ntest_it = conformance({argument})")
    result = run(pytester, QUICK, "--jobstatus-rules=TRACK-1,TERM-1")
    result.assert_outcomes(passed=2)
    assert f"{name}: conformant: 2 of {TOTAL} rules judged, {len(RULES) - 2} not selected" in result.stdout.str()


WIDE = """
@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tracker():
    tracker = Loopy()
    yield tracker
    await tracker.close()

test_before = conformance("tracker")
"""
NEIGHBOURS = {
    "another async suite": """
        test_between = conformance(Loopy)
        """,
    "an async test": """
        @pytest.mark.asyncio
        async def test_between(): ...
        """,
    "an autouse fixture on another loop": """
        @pytest_asyncio.fixture(autouse=True)
        async def other():
            await asyncio.sleep(0)
        """,
}


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_a_fixture_keeps_its_loop_beside_others(pytester: pytest.Pytester, neighbour: str) -> None:
    """A tracker made for the whole module runs on the loop that made it, whatever loops come and go between."""
    suite(pytester, f"{LOOPY}\n{WIDE}\n{dedent(NEIGHBOURS[neighbour])}\ntest_later = conformance('tracker')")
    result = run(pytester, QUICK, "--jobstatus-rules=TRACK-1,TERM-1")
    assert "failed" not in result.parseoutcomes(), "another loop"
    assert "errors" not in result.parseoutcomes()


LIVES = """
class Mine(Small):
    def __init__(self):
        super().__init__()
        self.note("made")

    def note(self, what):
        with open("life.txt", "a") as file:
            file.write(what + "\\n")

    def forget(self, job_ids):
        for job_id in job_ids:
            self.rows.pop(job_id, None)
        assert not self.rows, "rows that nobody was told to forget"
        self.note("forgot")

    def close(self):
        self.note("closed")
"""


@pytest.mark.parametrize(
    ("argument", "lent"), [("Mine", False), ("lambda: Mine()", False), ("'fresh'", False), ("'tracker'", True)]
)
def test_what_the_kit_makes_it_closes_and_what_is_lent_it_does_not(
    pytester: pytest.Pytester, argument: str, *, lent: bool
) -> None:
    """Every tracker is told to forget its jobs; one that a fixture made is closed by the fixture alone."""
    fixtures = """
    import pytest

    @pytest.fixture
    def fresh():
        return Mine

    @pytest.fixture
    def tracker():
        return Mine()
    """
    suite(pytester, f"{LIVES}\n{dedent(fixtures)}\ntest_it = conformance({argument})")
    run(pytester, QUICK, "--jobstatus-rules=TRACK-1,TERM-1").assert_outcomes(passed=2)
    life = (pytester.path / "life.txt").read_text(encoding="utf-8").split()
    made, forgot, closed = (life.count(what) for what in ("made", "forgot", "closed"))
    assert made >= 2, "at least one for each item"
    assert forgot >= made
    assert closed == (0 if lent else made)
