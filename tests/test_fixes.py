"""Known-good SQL: it is conformant on both databases, every rule has some, and each column's merge is what cures."""

from __future__ import annotations

import re
from functools import partial

import pytest

from pytest_jobstatus import Report, Verdict, check
from pytest_jobstatus.fixes import CURES, PYTHON, WHOLE, fix
from pytest_jobstatus.report.text import render
from pytest_jobstatus.rules import RULES
from pytest_jobstatus.statement import (
    POSTGRESQL,
    READ,
    READ_OF_TENANT,
    SQLITE,
    Column,
    checked_id,
    checked_progress,
    storable,
    table,
    upsert,
    with_tenant,
)
from tests.known_good import OnPostgresql, OnSqlite, TenantsOnPostgresql, TenantsOnSqlite, TenantsWithoutColumn

PARTS = {number: names.split() for number, (_, names) in CURES.items()}
NAIVE = {
    "job_id": Column("TEXT COLLATE NOCASE PRIMARY KEY", ":job_id"),
    "position": Column("INTEGER GENERATED ALWAYS AS (attempt) STORED"),
}
"""The two columns that no event changes, as they are often made."""


@pytest.mark.parametrize("tracker", [OnSqlite, TenantsOnSqlite])
def test_conformant_on_sqlite(tracker: type[OnSqlite]) -> None:
    """The statement keeps every rule, and each was exercised, but the one about tenants where there are none."""
    report = check(tracker)
    assert verdicts(report, tenants=tracker is TenantsOnSqlite) == {Verdict.PASS}, render(report)


@pytest.mark.parametrize("tracker", [OnPostgresql, TenantsOnPostgresql])
def test_conformant_on_postgresql(tracker: type[OnPostgresql], postgres_url: str) -> None:
    """So it does on a real server, for which a quick check will do: the statement is the same; and a tenant in its key
    concerns few rules.
    """
    tenants = tracker is TenantsOnPostgresql
    report = check(partial(tracker, postgres_url), effort="quick", rules="TRACK-1 TERM-1 ISO" if tenants else None)
    assert verdicts(report, tenants=tenants) == {Verdict.PASS}, render(report)


def verdicts(report: Report, *, tenants: bool) -> set[Verdict]:
    assert (report["ISO-2"].verdict is Verdict.NOT_APPLICABLE) is not tenants
    return {result.verdict for result in report.rules if tenants or result.id != "ISO-2"}


def test_without_the_column_tenants_meet() -> None:
    """The tenant in the key is what cures."""
    assert check(TenantsWithoutColumn, rules="ISO-2").failed


def test_every_rule_has_a_fix() -> None:
    """In the book's order, each from parts that there are."""
    assert list(CURES) == [rule.id for rule in RULES]
    for number, names in PARTS.items():
        assert names
        assert set(names) <= {*with_tenant(SQLITE), "READ", *PYTHON}, number


def test_every_part_cures_a_rule() -> None:
    """Nothing in the statement is there for no reason; that it is the whole does not count."""
    named = {name for number, names in PARTS.items() if number != WHOLE for name in names}
    assert named == {*with_tenant(SQLITE), *POSTGRESQL, "READ", *PYTHON}


@pytest.mark.parametrize("number", CURES)
def test_what_is_shown_is_what_is_run(number: str) -> None:
    """Each line of a fix is a line of the whole statement, or of the Python that goes with it."""
    shown = fix(number)
    for text, plain in ((shown.postgresql, POSTGRESQL), (shown.sqlite, SQLITE)):
        sql, *python = text.split("\n\ndef ")
        columns, read = (with_tenant(plain), READ_OF_TENANT) if number == "ISO-2" else (plain, READ)
        whole = f"{table(columns)};\n{upsert(columns)};\n{read}".replace(";", "").splitlines()
        for line in re.sub(r"INSERT INTO [^)]*\)", "", sql).splitlines():
            assert line in ("", "  …", "  …;") or line.rstrip(";") in whole
        assert {each.partition("(")[0] for each in python} <= set(PYTHON)
        assert "excluded.position" not in sql or "  position " in sql, "what is compared is shown"


@pytest.mark.parametrize("name", SQLITE)
def test_each_column_cures(name: str) -> None:
    """With one column merged naively, a rule fails that names it; constraints, which would tell, are left out."""
    columns = {each: column._replace(check="") for each, column in SQLITE.items()}
    columns[name] = NAIVE.get(name) or columns[name]._replace(merged=f"excluded.{name}")
    rules = [number for number, names in PARTS.items() if name in names]
    assert check(partial(OnSqlite, columns), rules=rules, effort="quick").failed


@pytest.mark.parametrize("text", ["", "plain", "größe 🙂", "back\\slash", "\\x00"])
def test_storable_text_stays(text: str) -> None:
    """What every database takes is not touched."""
    assert storable(text) == text == checked_id(text)


@pytest.mark.parametrize(("text", "stored"), [("a\0b", "a\\x00b"), ("a\ud800b", "a\\ud800b")])
def test_other_text_is_escaped(text: str, stored: str) -> None:
    """A message is made readable; an id, which would become another, is refused."""
    assert storable(text) == stored
    with pytest.raises(ValueError, match=r"^job_id 'a.*b': allowed is "):
        checked_id(text)


@pytest.mark.parametrize("value", [None, 0, 1.5, "\\u0000", ["\\\\u0000"], {"größe": "🙂"}, {"a": [True]}])
def test_storable_progress_is_json(value: object) -> None:
    """What is JSON passes, text that only looks like NUL included."""
    assert checked_progress(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\0", "\\\0", {"a\0": 1}, ["\ud800"]])
def test_other_progress_is_refused(value: object) -> None:
    """What no database can hold is refused in words."""
    with pytest.raises(ValueError, match=r"^progress .*: allowed is JSON without"):
        checked_progress(value)
