"""How far a job is, as one number that the database keeps: the merge compares that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

POSITION = """\
CASE WHEN status IN ('completed', 'failed') THEN 10000000000
WHEN status = 'active' THEN 3 * CAST(attempt AS BIGINT) + 1
WHEN attempt > 0 THEN 3 * CAST(attempt AS BIGINT) + 2 ELSE 0 END"""


def upgrade() -> None:
    """Add the column; SQLite cannot add one that is stored, so there the table is made anew with its rows."""
    position = sa.Column("position", sa.BigInteger, sa.Computed(POSITION, persisted=True))
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("job_status", position)
        return
    _remade(position)


def _remade(position: sa.Column[int]) -> None:
    """The table made anew as SQLite's manual says, so that views, triggers and foreign keys still lead to it."""
    connection = op.get_bind()
    old = sa.Table("job_status", sa.MetaData(), autoload_with=connection)
    saved = sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = 'job_status' AND type IN ('index', 'trigger')")
    beside = [sql for sql in connection.execute(saved).scalars() if sql]
    checks = [
        sa.CheckConstraint(check["sqltext"], name=check["name"])
        for check in sa.inspect(connection).get_check_constraints("job_status")
    ]
    columns = [
        sa.Column(each.name, each.type, primary_key=each.primary_key, nullable=each.nullable) for each in old.columns
    ]
    op.create_table("job_status_new", *columns, position, *checks, sqlite_with_rowid=False)
    names = ", ".join(each.name for each in old.columns)
    op.execute(f"INSERT INTO job_status_new ({names}) SELECT {names} FROM job_status")  # noqa: S608 - our names
    op.drop_table("job_status")
    op.execute("PRAGMA legacy_alter_table = ON")  # else views that name the table are in the way
    op.rename_table("job_status_new", "job_status")
    op.execute("PRAGMA legacy_alter_table = OFF")
    for sql in beside:
        connection.exec_driver_sql(sql)
