"""`jobstatus migrate`: the table is made, brought up to date with its rows, or left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from pytest_jobstatus import Snapshot, Status, check
from pytest_jobstatus.cli import main
from reference_tracker.adapter import Adapter, factory
from reference_tracker.change import Change
from reference_tracker.lifecycle import merge
from reference_tracker.migrate import MIGRATIONS, migrate
from reference_tracker.schema import METADATA, VERSION_TABLE
from reference_tracker.store import Store
from reference_tracker.tracker import JobStatusTracker

HEAD = "0003"
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
@pytest.mark.parametrize("version", ["0001", "0002"])
def test_an_older_table_keeps_its_rows(engine: Engine, version: str, *, versioned: bool) -> None:
    """Whether the version was noted or the table came from `create_table`: rows read as before, and events go on."""
    at_version(engine, version)
    if not versioned:
        with engine.begin() as connection:
            connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
    old = old_row(engine)
    assert migrate(url_of(engine)) == (version, HEAD)
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
        connection.execute(text("CREATE TABLE job_status_before (x INTEGER)"))
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
    ("jobs.db", "jobs.db://…: Could not parse SQLAlchemy URL"),
    ("nosuch://localhost/x", "nosuch://…: Can't load plugin: sqlalchemy.dialects:nosuch"),
    ("postgresql+nosuch://me:pw@localhost/x", "postgresql+nosuch://…: Can't load plugin"),
    ("mysql+pymysql://me:pw@localhost/x", "mysql+pymysql://…: No module named 'pymysql'"),
    ("postgresql+asyncpg://me:pw@localhost/x", "postgresql+asyncpg://…: No module named 'asyncpg'"),
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


ROLES = "CREATE ROLE {name} LOGIN IN ROLE job_status_{kind}"


@pytest.fixture
def engines(engine: Engine) -> Iterator[dict[str, Engine]]:
    """Of a writer and a reader, on a migrated PostgreSQL."""
    migrate(url_of(engine))
    made = {}
    for kind in ("writer", "reader"):
        name = f"{kind}_{engine.url.database}"
        with engine.begin() as connection:
            connection.execute(text(ROLES.format(name=name, kind=kind)))
        made[kind] = create_engine(engine.url.set(username=name))
    yield made
    for each in made.values():
        each.dispose()


ONLY_POSTGRESQL = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


@ONLY_POSTGRESQL
def test_the_database_keeps_readers_apart(engines: dict[str, Engine]) -> None:
    """Even a query without a tenant shows a reader its own rows only, and none before it has said whose they are."""
    for tenant in ("acme", "globex"):
        JobStatusTracker(engines["writer"], tenant=tenant).mark_job_active("a")
    reader = JobStatusTracker(engines["reader"], tenant="acme", row_security=True)
    assert reader.get_job_status("a") is not None
    assert [row.tenant for row in reader.list_jobs()] == ["acme"]
    assert JobStatusTracker(engines["reader"], tenant="acme").get_job_status("a") is None
    with engines["reader"].begin() as connection:
        everything = text("SELECT tenant FROM job_status")
        assert connection.execute(everything).all() == []
        connection.execute(text("SELECT set_config('jobstatus.tenant', 'globex', true)"))
        assert connection.execute(everything).scalars().all() == ["globex"]


@ONLY_POSTGRESQL
def test_a_reader_cannot_write(engines: dict[str, Engine]) -> None:
    """What its role may not do raises, and the connection is usable afterwards."""
    reader = JobStatusTracker(engines["reader"], tenant="acme", row_security=True)
    with pytest.raises(Exception, match="permission denied for table job_status"):
        reader.mark_job_active("a")
    assert reader.get_job_status("a") is None


class Secured(Adapter):
    """Written through the writer's role and read through the reader's."""

    def __init__(self, tracker: JobStatusTracker, reader: JobStatusTracker) -> None:
        super().__init__(tracker)
        self.reader = Adapter(reader)

    def read(self, job_id: str) -> Snapshot | None:
        return self.reader.read(job_id)

    def for_tenant(self, name: str) -> Secured:
        return Secured(self.tracker.for_tenant(name), self.reader.tracker.for_tenant(name))


@ONLY_POSTGRESQL
def test_with_roles_it_is_conformant(engines: dict[str, Engine]) -> None:
    """The tracker passes ISO-2, and the other rules, where the policies are at work."""

    def secured() -> Secured:
        return Secured(JobStatusTracker(engines["writer"]), JobStatusTracker(engines["reader"], row_security=True))

    report = check(secured, rules="ISO TRACK TERM CONV-1", effort="quick")
    assert report.ok, str(report)
    assert report["ISO-2"].coverage.exercised


class SettingStays(Secured):
    """Sets the tenant for the session, once for each handle, on connections that all handles share."""

    def __init__(self, tracker: JobStatusTracker, engine: Engine, tenant: str = "") -> None:
        Adapter.__init__(self, tracker)
        self.engine = engine
        self.told = False
        self.tenant = tenant

    def for_tenant(self, name: str) -> SettingStays:
        return SettingStays(self.tracker.for_tenant(name), self.engine, name)

    def read(self, job_id: str) -> Snapshot | None:
        with self.engine.begin() as connection:
            if not self.told:
                connection.execute(
                    text("SELECT set_config('jobstatus.tenant', :tenant, false)"), {"tenant": self.tenant}
                )
                self.told = True
            found = connection.execute(text("SELECT status FROM job_status WHERE job_id = :id"), {"id": job_id})
            status = found.scalar_one_or_none()
            return None if status is None else Snapshot(job_id, Status(status))


class SeesAll(SettingStays):
    """Reads as the table's owner, for whom no policy holds, and trusts in the policy."""


@ONLY_POSTGRESQL
@pytest.mark.parametrize(("faulty", "role"), [(SettingStays, "reader"), (SeesAll, "owner")])
def test_policies_used_wrongly_are_found(
    faulty: type[SettingStays], role: str, engine: Engine, engines: dict[str, Engine]
) -> None:
    """Where the statement leaves the tenant to the policy, ISO-2 finds what makes the policy fail."""
    engines["owner"] = engine
    report = check(lambda: faulty(JobStatusTracker(engines["writer"]), engines[role]), rules="ISO-2", effort="quick")
    assert report.failed, str(report)


def test_row_security_needs_postgresql() -> None:
    """SQLite has none, and says so."""
    with pytest.raises(ValueError, match="row_security=True: allowed on postgresql, the engine is for sqlite"):
        JobStatusTracker(create_engine("sqlite://"), row_security=True)
