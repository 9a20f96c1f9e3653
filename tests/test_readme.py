"""What the README says is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_jobstatus.options import configured
from pytest_jobstatus.rules import RULES, TOTAL
from tests.readme import README, generated

TEXT = README.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the README's modules, each under the name that its first line tells."""
    for block in BLOCKS:
        if named := re.match(r"# (\w+\.py)\n", block):
            (tmp_path / named[1]).write_text(block, encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_rule_table_is_generated() -> None:
    """The rule table is what the rules' docstrings say."""
    assert generated(TEXT) == TEXT, "run: python -m tests.readme"
    assert f"JSL/1 has {TOTAL} rules" in TEXT


@pytest.mark.parametrize("block", [block for block in BLOCKS if not block.startswith("# ")])
def test_blocks_run(block: str, folder: Path) -> None:
    """Every Python block runs, in a folder with the modules that the README names."""
    (folder / "block.py").write_text(block, encoding="utf-8")
    result = run(folder, "block.py")
    assert result.returncode == 0, result.stderr
    assert "IDEM-2" in result.stdout or "completed" in result.stdout


def test_first_suite_gives_one_item_per_rule(folder: Path) -> None:
    """The README's test module runs as it stands and finds what the README promises."""
    result = run(
        folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--jobstatus-effort=quick", "test_jobstatus.py"
    )
    assert "test_jobstatus.py::test_conformance[IDEM-2]" in result.stdout
    assert len(re.findall(r"[.Fs]", result.stdout.splitlines()[0].split()[0])) == len(RULES), result.stdout


def test_commands_of_the_table_exist(folder: Path) -> None:
    """Every command that the README lists is one, and knows the options that it is listed with."""
    for command, described in re.findall(r"^\| `jobstatus (\w+)[^`]*` \| (.*) \|$", TEXT, flags=re.MULTILINE):
        result = run(folder, "-m", "pytest_jobstatus.cli", command, "--help")
        assert result.returncode == 0, result.stderr
        for option in re.findall(r"--\w+", described):
            assert option in result.stdout


def test_configuration_is_accepted(tmp_path: Path) -> None:
    """The README's pyproject.toml table holds known options."""
    (block,) = re.findall(r"^```toml\n(\[tool\.jobstatus\].*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(block, encoding="utf-8")
    assert configured(tmp_path) == {"effort": "quick", "rules": "TERM,TRACK-3"}
