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
    old = sa.Table("job_status", sa.MetaData(), autoload_with=op.get_bind())
    indexes = [(str(index.name), [column.name for column in index.columns]) for index in old.indexes]
    for name, _ in indexes:
        op.drop_index(name, "job_status")
    op.rename_table("job_status", "job_status_before")
    checks = [
        sa.CheckConstraint(check["sqltext"], name=check["name"])
        for check in sa.inspect(op.get_bind()).get_check_constraints("job_status_before")
    ]
    columns = [
        sa.Column(each.name, each.type, primary_key=each.primary_key, nullable=each.nullable) for each in old.columns
    ]
    op.create_table("job_status", *columns, position, *checks, sqlite_with_rowid=False)
    names = ", ".join(each.name for each in old.columns)
    op.execute(f"INSERT INTO job_status ({names}) SELECT {names} FROM job_status_before")  # noqa: S608 - our names
    op.drop_table("job_status_before")
    for name, of in indexes:
        op.create_index(name, "job_status", of)
