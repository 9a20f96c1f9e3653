"""What the README and the pages beside it say is what happens: every block of code is run, every link followed."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from pytest_jobstatus.baseline import load_baseline
from pytest_jobstatus.cli import main
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.options import OPTIONS, SERVERS, configured
from pytest_jobstatus.rules import RULES, TOTAL
from pytest_jobstatus.scenario import load
from pytest_jobstatus.servers.choice import KINDS, check_choice
from pytest_jobstatus.tracker import MAYBE_MISSING, Profile
from tests import rules_page
from tests.pages import PAGES, ROOT, Block, anchors, blocks, blocks_of, commands, is_as_shown, links, name_of, prose

README = ROOT / "README.md"
ELSEWHERE = {"docs/stdio.md": "tests/test_stdio_docs.py"}
"""Pages whose blocks are run by tests of their own."""

NOT_RUN = {
    "pip install pytest-jobstatus": "tests/test_packaging.py builds the wheel, and installs it",
}
"""Commands that are not run, with the reason."""

EVENT = {"job_id": "job-1", "status": "active", "attempt": 1, "position": 4}
PARAMETERS = {**EVENT, "started": "2026-01-05", "ended": None, "error": None}
"""Of the SQL on the pages."""

SHELL = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "JOBSTATUS"))} | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "COLUMNS": "80",
    "PYTHONDONTWRITEBYTECODE": "1",  # two blocks may write the same file within a second
}
"""A user's environment, in which `jobstatus` and `pytest` are those that are tested."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder with the files that the README makes: the faulty adapter, the fixed one and its test."""
    for block in reversed(blocks(README)):
        if block.file is not None and block.language == "python":
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
    return tmp_path


def run(words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, shell=True, cwd=folder, env=SHELL, capture_output=True, text=True, check=False)


def run_python(block: Block, folder: Path) -> None:
    """Run it; what it prints is what stands behind its `print`, if anything does. A test is left to pytest."""
    file = block.file or "block.py"
    (folder / file).write_text(block.text, encoding="utf-8")
    done = run(f"python {file}", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    said = re.findall(r"^ *print\(.*\)  # (.*)$", block.text, flags=re.MULTILINE)
    if said:
        assert done.stdout.splitlines() == said


def run_console(block: Block, folder: Path) -> None:
    for command in commands(block):
        if command.words in NOT_RUN:
            continue
        done = run(command.words, folder)
        told = f"{block.place}: $ {command.words}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == command.code, told
        printed = done.stderr if command.code == 2 else done.stdout
        if command.shown and not is_as_shown(command.shown, printed):
            pytest.fail(f"{told}\nthe page shows:\n{command.shown}", pytrace=False)


def run_toml(block: Block, folder: Path) -> None:
    """Read it as the command and the plugin do."""
    table = tomllib.loads(block.text)
    file = folder / (block.file or ("pyproject.toml" if "tool" in table else "some.toml"))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(block.text, encoding="utf-8")
    if "tool" in table:
        assert configured(folder)
    elif "format" in table:
        assert load(file).rules
    else:
        assert load_baseline(file).entries


def run_sql(block: Block, folder: Path) -> None:
    """Run each statement on a database that the page's blocks share."""
    connection = sqlite3.connect(folder / "page.db")
    for statement in block.text.strip().split(";\n"):
        connection.execute(statement, PARAMETERS)
    connection.commit()
    connection.close()


def run_yaml(block: Block, folder: Path) -> None:
    """Read the workflow, which only its own service runs: its services are those that the fixtures look for."""
    table = yaml.safe_load(block.text)
    (job,) = table["jobs"].values()
    assert all({"uses", "run"} & step.keys() for step in job["steps"])
    given = {name: url for step in job["steps"] for name, url in step.get("env", {}).items()}
    assert given.keys() == {kind.variable for kind in KINDS.values()}
    for kind in KINDS.values():
        check_choice(kind, given[kind.variable], source=block.place)
        assert f"localhost:{job['services'][kind.name]['ports'][0].partition(':')[0]}/" in given[kind.variable]


def run_json(block: Block, folder: Path) -> None:
    json.loads(block.text)


RUNS: dict[str, Callable[[Block, Path], None]] = {
    "python": run_python,
    "console": run_console,
    "toml": run_toml,
    "sql": run_sql,
    "yaml": run_yaml,
    "json": run_json,
}
"""How a block is run, by its language; a block of another language has no place on a page."""


def run_block(block: Block, folder: Path) -> None:
    assert block.language in RUNS, f"{block.place}: {block.language!r}: allowed are {', '.join(RUNS)}"
    RUNS[block.language](block, folder)


def of_language(language: str, page: Path) -> list[Block]:
    return [block for block in blocks(page) if block.language == language]


@pytest.mark.parametrize("page", [page for page in PAGES if name_of(page) not in ELSEWHERE], ids=name_of)
def test_blocks_are_right(page: Path, folder: Path) -> None:
    """The blocks of a page do what it says, one after the other in one folder."""
    for block in blocks(page):
        run_block(block, folder)


def test_what_is_not_run_is_there() -> None:
    """What is listed as not run, or as run elsewhere, is on a page, and that test there."""
    shown = [command.words for page in PAGES for block in of_language("console", page) for command in commands(block)]
    assert NOT_RUN.keys() <= {*shown}
    assert ELSEWHERE.keys() <= {name_of(page) for page in PAGES}
    assert all((ROOT / test).is_file() for test in ELSEWHERE.values())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Each link between pages leads to a file, and to a heading in it where it names one."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), f"{name_of(page)}: {link}: no such file"
        assert not anchor or anchor in anchors(target), f"{name_of(page)}: {link}: no such heading"


def test_every_page_is_linked() -> None:
    """From the README a reader gets to each page."""
    reached, new = {README}, {README}
    while new:
        found = {(page.parent / link.partition("#")[0]).resolve() for page in new for link in links(page)}
        new = {page for page in found if page.suffix == ".md"} - reached
        reached |= new
    assert reached >= {*PAGES}


def test_the_rules_page_is_generated() -> None:
    """The page of the rules is what their docstrings say."""
    assert rules_page.PAGE.read_text(encoding="utf-8") == rules_page.rules_page(), f"run: {rules_page.COMMAND}"


def test_the_readme_counts_the_rules() -> None:
    """How many rules there are."""
    assert f"checks {len(RULES)} of the {TOTAL} [rules]" in " ".join(prose(README).split())


def test_the_commands_are_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """The page of the commands has each one, and each option of it, and no other."""
    page = prose(ROOT / "docs" / "commands.md")
    told = re.findall(r"^\| `jobstatus (\w+)", page, flags=re.MULTILINE)
    assert told == re.findall(r"^    (\w+)  ", help_of(capsys), flags=re.MULTILINE)
    options = {option for command in told for option in re.findall(r"--[a-z][a-z-]+", help_of(capsys, command))}
    fixtures = {f"--jobstatus-{each.name}" for each in SERVERS}
    assert {*re.findall(r"--[a-z][a-z-]+", page)} == options - {"--help"} | fixtures | {"--jobstatus-rules"}
    listed = re.findall(r"^\| `--(\w+)", page, flags=re.MULTILINE)
    assert listed == [option.name for option in OPTIONS]


def help_of(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    return capsys.readouterr().out


def test_the_profile_page_has_every_setting() -> None:
    """The page of the profile names each argument, and all that may be missing."""
    page = prose(ROOT / "docs" / "profile.md")
    settings, missing = page.split("## What may be missing")
    for each in fields(Profile):
        assert f"`{each.name}`" in settings, each.name
    missing, _ = missing.split("## Waived")
    named = {word for word in re.findall(r"`(\w+)`", missing) if word not in ("another", "for_tenant", "read")}
    assert named == {*MAYBE_MISSING}


@pytest.mark.parametrize("text", ["```js\n1\n```\n", "```\n1\n```\n", "```console\nls\n```\n"])
def test_what_is_no_known_block_is_refused(text: str, tmp_path: Path) -> None:
    """A block without a language, or of an unknown one, and a console block without a command are not passed over."""
    page = ROOT / "docs" / "page.md"
    (block,) = blocks_of(text, page=page)
    with pytest.raises(AssertionError, match=r"docs/page\.md:1: "):
        run_block(block, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "```console\n$ exit 1\n```\n",
        "```console\n$ true  # exit code 1\n```\n",
        "```console\n$ echo a b\na c\n```\n",
        "```console\n$ echo a\n…\nb\n…\n```\n",
        "```python\nprint(1)  # 2\n```\n",
        "```python\n1 / 0\n```\n",
        "```sql\nSELECT 1 FROM nowhere;\n```\n",
        '```toml\n[tool.jobstatus]\nefort = "quick"\n```\n',
        '```toml\n[TERM-99]\nreason = "none"\n```\n',
        "```json\n{\n```\n",
        "```yaml\na: [\n```\n",
    ],
)
def test_a_wrong_block_is_found(text: str, tmp_path: Path) -> None:
    """A block that does not do what the page says fails its test."""
    (block,) = blocks_of(text, page=ROOT / "docs" / "page.md")
    with pytest.raises((AssertionError, Misuse, sqlite3.Error, ValueError, yaml.YAMLError, pytest.fail.Exception)):
        run_block(block, tmp_path)
