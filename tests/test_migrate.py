"""`jobstatus migrate`: the table is made, brought up to date with its rows, or left alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from pytest_jobstatus import check
from pytest_jobstatus.cli import main
from reference_tracker.adapter import factory
from reference_tracker.change import Change
from reference_tracker.lifecycle import merge
from reference_tracker.migrate import MIGRATIONS, migrate
from reference_tracker.schema import METADATA, VERSION_TABLE
from reference_tracker.store import Store
from reference_tracker.tracker import JobStatusTracker

HEAD = "0004"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def at_version(engine: Engine, version: str) -> None:
    """The table as an older release made it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def old_row(engine: Engine) -> dict[str, object]:
    """A finished job, put into the table by hand, as an older release wrote it."""
    row = merge(
        merge(None, Change("a", "progress", NOON, attempt=2, progress={"half": [0.5, "ü"]}, tenant="it's"), now=NOON),
        Change("a", "failed", NOON + timedelta(seconds=1), attempt=2, error=("E", "boom", "tb"), tenant="it's"),
        now=NOON,
    )
    values = dict(zip(row._fields, Store(engine).parameters(row), strict=True))
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO job_status ({names}) VALUES ({marks})"), values)
    return row._asdict()


def test_it_makes_the_table_that_the_tracker_describes(engine: Engine) -> None:
    """From nothing the steps lead to the same columns, types, indexes and constraints as `create_table`."""
    assert migrate(url_of(engine)) == (None, HEAD)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        differing = compare_metadata(context, METADATA)
        assert [each for each in differing if "index" not in each[0]] == []  # these are compared below
        migrated = shape(engine)
    METADATA.drop_all(engine)
    METADATA.create_all(engine)
    assert shape(engine) == migrated


def shape(engine: Engine) -> str:
    """What Alembic does not compare."""
    found = inspect(engine)
    checks = sorted((str(each["name"]), each["sqltext"]) for each in found.get_check_constraints("job_status"))
    computed = [(each["name"], each.get("computed")) for each in found.get_columns("job_status")]
    catalogue = {
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE tablename = 'job_status' ORDER BY indexname",
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'job_status' ORDER BY name",
    }
    with engine.connect() as connection:
        indexes = connection.execute(text(catalogue[engine.dialect.name])).scalars().all()
    return json.dumps([checks, computed, found.get_pk_constraint("job_status")["constrained_columns"], [*indexes]])


def test_a_second_time_changes_nothing(engine: Engine) -> None:
    """It can be run at each deployment."""
    migrate(url_of(engine))
    old = old_row(engine)
    assert migrate(url_of(engine)) == (HEAD, HEAD)
    row = JobStatusTracker(engine, tenant="it's").get_job_status("a")
    assert row is not None
    assert row._asdict() == old


@pytest.mark.parametrize("versioned", [True, False])
@pytest.mark.parametrize("version", ["0001", "0002", "0003"])
def test_an_older_table_keeps_its_rows(engine: Engine, version: str, *, versioned: bool) -> None:
    """Whether the version was noted or the table came from `create_table`: rows read as before, and events go on."""
    at_version(engine, version)
    if not versioned:
        with engine.begin() as connection:
            connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
    old = old_row(engine)
    assert migrate(url_of(engine)) == (version if versioned else min(version, "0002"), HEAD)
    tracker = JobStatusTracker(engine, tenant="it's")
    row = tracker.get_job_status("a")
    assert row is not None
    assert row._asdict() == old
    tracker.mark_job_active("a", attempt=3)
    after = tracker.get_job_status("a")
    assert after is not None
    assert (after.status, after.attempt) == ("failed", 2)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT position FROM job_status")).scalar_one() == 10_000_000_000


def test_a_migrated_table_is_conformant(engine: Engine) -> None:
    """The reference tracker is right on it, tenants included."""
    migrate(url_of(engine))
    assert check(factory(url_of(engine)), rules="TRACK TERM TIME-1 ISO", effort="quick").ok


def test_another_table_of_that_name_is_left_alone(engine: Engine) -> None:
    """It is not taken for ours, nor changed."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE job_status (id INTEGER PRIMARY KEY, status TEXT)"))
    with pytest.raises(
        ValueError, match=r"there is another table 'job_status': its columns differ in attempt, .*, id,"
    ):
        migrate(url_of(engine))
    assert inspect(engine).get_table_names() == ["job_status"]


def test_a_failing_step_changes_nothing(engine: Engine) -> None:
    """All steps are one transaction, on SQLite too: here the rows do not fit the second step's table."""
    at_version(engine, "0001")
    old_row(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE job_status_new (x INTEGER)"))
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE job_status ADD COLUMN position BIGINT"))
    before = shape(engine)
    with pytest.raises(ValueError, match=r"already.*; nothing was changed"):
        migrate(url_of(engine))
    assert shape(engine) == before
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM job_status")).scalar_one() == 1


def test_a_later_version_is_left_alone(engine: Engine) -> None:
    """A database that a newer release migrated is not touched by this one."""
    migrate(url_of(engine))
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(ValueError, match=r"9999.*; nothing was changed"):
        migrate(url_of(engine))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what it did."""
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    assert [main(["migrate", url]), main(["migrate", url])] == [0, 0]
    said = [f"{url}: job_status is at version {HEAD}{how}" for how in (", it was not there", "")]
    assert capsys.readouterr().out.splitlines() == said


BAD = [
    ("jobs.db", "the URL cannot be read; allowed is a database URL"),
    ("postgresql:me:pw@localhost/x", "the URL cannot be read"),
    ("postgresql+psycopg://me:p@ss:pw@localhost/x", "the URL cannot be read"),
    ("postgresql+psycopg://me@localhost:1/x?password=:pw", "connection failed"),
    ("nosuch://localhost/x", "nosuch://…: Can't load plugin"),
    ("postgresql+nosuch://me:pw@localhost/x", "postgresql+nosuch://…: the engine is for postgresql+nosuch: allowed"),
    (
        "mysql+pymysql://me:pw@localhost/x",
        "mysql+pymysql://…: the engine is for mysql+pymysql: allowed are",
    ),
    ("postgresql+asyncpg://me:pw@localhost/x", "postgresql+asyncpg://…: the engine is for postgresql+asyncpg: allowed"),
    ("sqlite:///no/such/folder/x.db", "sqlite:///no/such/folder/x.db: unable to open database file"),
    ("postgresql+psycopg://me:pw@localhost:1/x", "postgresql+psycopg://me:***@localhost:1/x: connection failed"),
    (
        "postgresql+psycopg://me:pw@db.example.com/x",
        "migrate postgresql+psycopg://me:***@db.example.com/x: it changes a table",
    ),
]


@pytest.mark.parametrize(("url", "said"), BAD, ids=[url for url, _ in BAD])
def test_a_bad_url_is_told(url: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line with what was given, without its password, why, and exit code 2."""
    assert main(["migrate", url]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert ":pw" not in told
    assert told.count("\n") == 1


BESIDE = (
    "CREATE TABLE beside (id TEXT, tenant TEXT, FOREIGN KEY (tenant, id) REFERENCES job_status (tenant, job_id))",
    "CREATE TABLE noted (job_id TEXT)",
    "CREATE VIEW seen AS SELECT job_id FROM job_status",
    "CREATE TRIGGER note AFTER INSERT ON job_status BEGIN INSERT INTO noted VALUES (NEW.job_id); END",
    "CREATE UNIQUE INDEX one_failure ON job_status (queue DESC) WHERE status = 'failed'",
)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_hangs_on_the_table_stays(engine: Engine) -> None:
    """Where SQLite's table is made anew, views, triggers, foreign keys and indexes of others still lead to it."""
    at_version(engine, "0001")
    old_row(engine)
    with engine.begin() as connection:
        for statement in BESIDE:
            connection.execute(text(statement))
    kept = text("SELECT name, sql FROM sqlite_master WHERE name IN ('beside', 'seen', 'note', 'one_failure')")
    with engine.connect() as connection:
        before = set(connection.execute(kept).all())
    migrate(url_of(engine))
    with engine.connect() as connection:
        assert set(connection.execute(kept).all()) == before
        assert connection.execute(text("SELECT job_id FROM seen")).scalars().all() == ["a"]
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        connection.execute(text("INSERT INTO beside VALUES ('a', 'it''s')"))
        connection.rollback()
    JobStatusTracker(engine).mark_job_active("b")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT job_id FROM noted")).scalars().all() == ["b"]
