"""What is in the wheel works by itself: built, installed into an empty environment, and run there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHIPPED = "from pytest_jobstatus.scenario import shipped; print(shipped())"


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command without what the environment says to Python and pytest: it would reach into the empty one."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def succeeded(*command: str | Path, cwd: Path) -> str:
    done = run(*command, cwd=cwd)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the files that it is made of, so that nothing else can slip in."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pytest_jobstatus", "reference_tracker", "scenarios"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    succeeded(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "dist", ".", cwd=folder)
    (built,) = (folder / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new environment that holds the wheel and what it needs, nothing more."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder / "venv", symlinks=True)
    binaries = folder / "venv" / "bin"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", binaries / "python")
    succeeded(*pip, "install", "--quiet", "--constraint", ROOT / "constraints.txt", wheel, cwd=folder)
    return binaries


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with two trackers of a user's own."""
    shutil.copy(ROOT / "tests" / "small_trackers.py", tmp_path / "my_app.py")
    return tmp_path


def test_the_wheel_holds_both_packages_and_the_scenarios(wheel: Path) -> None:
    """The scenarios lie inside the package, with its type marker; tests and tools stay outside."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {
        "pytest_jobstatus",
        "reference_tracker",
    }
    assert {"pytest_jobstatus/py.typed", "pytest_jobstatus/adapters/stdio.schema.json"} <= set(names)
    packed = {name.removeprefix("pytest_jobstatus/") for name in names if name.endswith(".toml")}
    assert packed == {str(file.relative_to(ROOT)) for file in (ROOT / "scenarios").rglob("*.toml")}
    assert {f"pytest_jobstatus/scenarios/{name}" for name in ("schema.json", "README.md")} <= set(names)


def test_only_pytest_and_hypothesis_are_needed(installed: Path, tmp_path: Path) -> None:
    """The empty environment holds none of the libraries that extras are for."""
    program = "import importlib.metadata as m; print(*sorted(d.name.lower() for d in m.distributions()))"
    names = set(succeeded(installed / "python", "-I", "-c", program, cwd=tmp_path).split())
    assert {"pytest-jobstatus", "pytest", "hypothesis"} <= names
    assert not names & {"sqlalchemy", "celery", "django", "rq", "redis", "psycopg", "pytest-asyncio", "mypy"}


@pytest.mark.parametrize(
    ("tracker", "code", "last"),
    [("Small", 0, "conformant: "), ("Reopening", 1, "violations: ")],
)
def test_check_runs_in_an_empty_environment(installed: Path, project: Path, tracker: str, code: int, last: str) -> None:
    """`jobstatus check` judges a module of the current folder, and its exit code tells the verdict."""
    done = run(installed / "jobstatus", "check", f"my_app:{tracker}", "--effort=quick", cwd=project)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith(last)


def test_replay_runs_in_an_empty_environment(installed: Path, project: Path) -> None:
    """The counterexample that a check wrote is repeated by `jobstatus replay`."""
    run(installed / "jobstatus", "check", "my_app:Reopening", "--rules=TERM-1", "--effort=quick", cwd=project)
    (file,) = (project / ".jobstatus").glob("TERM-1-*.toml")
    done = run(installed / "jobstatus", "replay", file, "my_app:Reopening", cwd=project)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "TERM-1: reproduced: " in done.stdout


def test_the_plugin_runs_in_an_empty_environment(installed: Path, project: Path) -> None:
    """Pytest finds the plugin by its entry point, and a conformance suite runs."""
    text = "from my_app import Small\nfrom pytest_jobstatus import conformance\n\ntest_it = conformance(Small)\n"
    (project / "test_my_app.py").write_text(text, encoding="utf-8")
    told = succeeded(
        installed / "python", "-m", "pytest", "-q", "--jobstatus-effort=quick", "--jobstatus-rules=TERM-1", cwd=project
    )
    assert "my_app:Small: conformant: 1 of " in told
    assert "1 passed" in told


@pytest.mark.parametrize("command", ["rules", "explain TERM-1", "demo", "--help"])
def test_commands_that_need_no_target_run_in_an_empty_environment(
    installed: Path, tmp_path: Path, command: str
) -> None:
    """What the command can tell by itself needs no optional library."""
    told = succeeded(installed / "jobstatus", *command.split(), cwd=tmp_path)
    if command == "rules":
        assert "TERM-1 " in told
        assert "rules are not yet checked" in told


@pytest.mark.parametrize(
    ("target", "missing"),
    [
        ("celery:db+sqlite:///jobs.db", "celery"),
        ("celery-events:memory", "celery"),
        ("django-celery-results:sqlite:///jobs.db", "django"),
        ("rq:redis://localhost", "redis"),
        ("reference_tracker.adapter:sqlite", "sqlalchemy"),
    ],
)
def test_a_target_whose_library_is_missing_is_misuse(
    installed: Path, tmp_path: Path, target: str, missing: str
) -> None:
    """A target that needs an extra is refused in one line that names what is missing."""
    done = run(installed / "jobstatus", "check", target, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("jobstatus: ")
    assert f"No module named '{missing}'" in last


def test_a_tracker_in_another_language_needs_nothing_more(installed: Path, tmp_path: Path) -> None:
    """A check of a child runs; the validator is refused in one line that names its extra."""
    target = f"stdio:node {ROOT / 'tests' / 'stdio' / 'tracker.mjs'}"
    told = succeeded(installed / "jobstatus", "check", target, "--rules=TERM-1", "--effort=quick", cwd=tmp_path)
    assert told.splitlines()[-1].startswith("conformant: 1 of ")
    done = run(installed / "jobstatus", "validate", target, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.endswith(": No module named 'jsonschema'; install it: pip install 'pytest-jobstatus[stdio]'")


def test_the_installed_scenarios_lie_inside_the_package(installed: Path, tmp_path: Path) -> None:
    """The wheel's package finds its own scenarios, the same as in the project's folder."""
    found = Path(succeeded(installed / "python", "-I", "-c", SHIPPED, cwd=tmp_path).strip())
    assert found.parent.name == "pytest_jobstatus"
    assert found.is_relative_to(installed.parent)
    names = {str(file.relative_to(found)) for file in found.rglob("*.toml")}
    assert (
        names == {str(file.relative_to(ROOT / "scenarios")) for file in (ROOT / "scenarios").rglob("*.toml")} != set()
    )


@pytest.mark.parametrize("name", ["scenarios", "tests"])
def test_nothing_but_the_packages_can_be_imported(installed: Path, tmp_path: Path, name: str) -> None:
    """No folder with a common name lands at the top level, where it could hide another."""
    done = run(installed / "python", "-I", "-c", f"import {name}", cwd=tmp_path)
    assert done.returncode == 1
    assert f"ModuleNotFoundError: No module named '{name}'" in done.stderr


def test_an_editable_install_finds_the_scenarios(tmp_path: Path) -> None:
    """Here, where the package is installed from its folder, the scenarios are those beside it."""
    found = Path(succeeded(sys.executable, "-I", "-c", SHIPPED, cwd=tmp_path).strip())
    assert found == ROOT / "scenarios"
    assert list(found.rglob("*.toml")), "there are some"
