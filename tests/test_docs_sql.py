"""The SQL of docs/failed.md cures what it is said to cure, as a tracker on SQLite."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from pytest_jobstatus import Event, Profile, check
from pytest_jobstatus.databases import fresh_database
from pytest_jobstatus.rules import select
from tests.pages import ROOT, blocks

PAGE = ROOT / "docs" / "failed.md"
TABLE, *CURES = (block.text for block in blocks(PAGE) if block.language == "sql")
ROW = "INSERT INTO job_status VALUES (:job_id, :status, :attempt, :position, NULL, NULL, NULL) ON CONFLICT DO NOTHING"
BLIND = "UPDATE job_status SET status = :status, attempt = max(attempt, :attempt) WHERE job_id = :job_id"
LACKING = "created_at started_at completed_at failed_at cancelled_at updated_at error progress cancelled_by"
STATUS = {"created": "pending", "progress": "active", "retrying": "delayed", "stalled": "pending"}
PHASE = {"created": 0, "active": 1, "progress": 1, "retrying": 2, "stalled": 2}


class Told:
    """A tracker that runs the statements at each event, the first one at `created` only, if it is said."""

    profile = Profile(unsupported=dict.fromkeys(LACKING.split(), "the page's table is smaller"))

    def __init__(self, *statements: str, row_by_creation: bool = False) -> None:
        self.connection: Any = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.execute(TABLE)
        self.statements = statements
        self.row_by_creation = row_by_creation

    def apply(self, event: Event) -> None:
        values = self.values(event)
        for statement in self.statements[self.row_by_creation and event.kind != "created" :]:
            self.rows(statement, values)

    def rows(self, statement: str, values: Mapping[str, Any]) -> Any:
        return self.connection.execute(statement, values)

    def values(self, event: Event) -> dict[str, Any]:
        return {
            "job_id": event.job_id,
            "status": STATUS.get(event.kind, str(event.kind)),
            "attempt": event.attempt,
            "position": 3 * event.attempt + PHASE[event.kind] if event.kind in PHASE else 1_000_000,
        }

    def read(self, job_id: str) -> Mapping[str, Any] | None:
        rows = self.connection.execute("SELECT status, attempt FROM job_status WHERE job_id = ?", (job_id,))
        row = rows.fetchone()
        return None if row is None else {"status": row[0], "attempt": row[1]}


def told(*statements: str, row_by_creation: bool = False) -> Callable[[], Iterator[Told]]:
    def made() -> Iterator[Told]:
        tracker = Told(*statements, row_by_creation=row_by_creation)
        yield tracker
        tracker.connection.close()

    return made


def rules_of(number: int) -> list[str]:
    """The rules that the page links to beside a cause, but for that on code that raises."""
    text = PAGE.read_text(encoding="utf-8").split(f"\n**{number}. ")[1].split("```")[0]
    return sorted(set(re.findall(r"\[([A-Z]+-\d+)\]", text)) - {"TRACK-3"})


@pytest.mark.parametrize(
    ("number", "faulty", "cured"),
    [
        (1, told(ROW, BLIND), told(ROW, CURES[0])),
        (2, told(ROW, CURES[0]), told(ROW, CURES[1])),
        (3, told(ROW, CURES[1], row_by_creation=True), told(CURES[2])),
    ],
    ids=["the end", "the position", "the row"],
)
def test_the_sql_cures(number: int, faulty: object, cured: object) -> None:
    """Without the page's statement the rules beside it fail, and with it they pass."""
    rules = rules_of(number)
    assert rules
    assert [result.id for result in check(faulty, rules=rules, effort="quick").failed] == [
        each.id for each in select(rules, source=PAGE.name)
    ]
    after = check(cured, rules=rules, effort="quick")
    assert after.ok, str(after)


def test_the_upsert_is_a_whole_tracker() -> None:
    """The statement that makes the row breaks no rule."""
    report = check(told(CURES[2]), effort="quick")
    assert report.ok, str(report)


MADE = "INSERT INTO job_status VALUES (:job_id, 'pending', 0, -1, NULL, NULL, NULL) ON CONFLICT DO NOTHING"
WITHOUT_GUARD = """UPDATE job_status SET started_at = coalesce(:started, started_at), ended_at = :ended,
  error = coalesce(error, :error)
WHERE job_id = :job_id"""


class Timed(Told):
    """A tracker that has times and an error as well."""

    profile = Profile(
        unsupported=dict.fromkeys(("created_at", "updated_at", "progress", "cancelled_by"), "not in the page's table")
    )

    def values(self, event: Event) -> dict[str, Any]:
        at = event.occurred_at.astimezone(UTC).isoformat(timespec="microseconds")
        times = {"started": at if event.kind == "active" else None, "ended": at if event.kind not in PHASE else None}
        return {**super().values(event), **times, "error": storable(event.error.message) if event.error else None}

    def read(self, job_id: str) -> Mapping[str, Any] | None:
        shown = "status, attempt, started_at, ended_at, error"
        row = self.rows(f"SELECT {shown} FROM job_status WHERE job_id = :job_id", {"job_id": job_id}).fetchone()
        if row is None:
            return None
        started, ended = (datetime.fromisoformat(str(each)).replace(tzinfo=UTC) if each else None for each in row[2:4])
        return {"status": row[0], "attempt": row[1], "started_at": started, "ended_at": ended, "error": row[4]}


class TimedOnPostgresql(Timed):
    """The same on a server, where the page says that `max` and `min` of several values have other names."""

    def __init__(self, url: str, *statements: str) -> None:
        super().__init__(*statements)
        plain = url.replace("+psycopg", "")
        self.connection = psycopg.connect(plain, autocommit=True, cursor_factory=psycopg.ClientCursor)
        self.rows("DROP TABLE IF EXISTS job_status", {})
        self.rows(TABLE, {})

    def rows(self, statement: str, values: Mapping[str, Any]) -> Any:
        named = re.sub(r":(\w+)", r"%(\1)s", statement)
        return self.connection.execute(re.sub(r"\bmin\(", "least(", re.sub(r"\bmax\(", "greatest(", named)), values)


def storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def test_the_columns_keep_what_decides_them() -> None:
    """Where any event writes them the rules beside the fourth cause fail; with the page's statement all hold."""

    def timed(columns: str) -> Callable[[], Timed]:
        return lambda: Timed(MADE, columns, CURES[1])

    rules = rules_of(4)
    assert {result.id for result in check(timed(WITHOUT_GUARD), rules=rules, effort="quick").failed} == set(rules)
    report = check(timed(CURES[3]), effort="quick")
    assert report.ok, str(report)


def test_they_do_so_on_postgresql(postgres_url: str) -> None:
    """By the names that the page gives for it; a null, which SQLite hands on, `least` and `greatest` leave out."""
    with fresh_database(postgres_url) as url:

        def made() -> Iterator[TimedOnPostgresql]:
            tracker = TimedOnPostgresql(url, MADE, CURES[3], CURES[1])
            yield tracker
            tracker.connection.close()

        report = check(made, effort="quick", rules=[*rules_of(4), "CONV-2"])
    assert report.ok, str(report)
