"""What docs/stdio.md says is what happens."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_jobstatus.options import configured
from tests.golden_files import FOLDER
from tests.test_stdio import PYTHON, ROOT, command
from tests.test_stdio_wire import assert_as_the_schema_says

TEXT = (ROOT / "docs" / "stdio.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
LINES = [line for kind, block in BLOCKS if not kind for line in block.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the page's files, each under the name that its first line tells."""
    for _, block in BLOCKS:
        if named := re.match(r"(?:#|//) (\w+\.\w+)\n", block):
            (tmp_path / named[1]).write_text(block, encoding="utf-8")
    return tmp_path


def test_the_adapter_is_valid_and_its_tracker_sound(folder: Path) -> None:
    """The commands of the page, on the adapter of the page."""
    (commands,) = (block for kind, block in BLOCKS if kind == "console")
    said = {}
    for line in commands.splitlines():
        word, target = re.fullmatch(r'\$ jobstatus (\w+) "(.*)"', line).groups()  # type: ignore[union-attr]
        done = command(word, target, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        said[word] = done.stdout.splitlines()[-1]
    assert said["validate"].startswith("valid: ")
    assert said["check"].startswith("conformant: ")


def test_the_suite_runs(folder: Path) -> None:
    """The page's test module, in pytest."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--jobstatus-effort=quick", "-k", "TERM"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "stdio:node adapter.mjs: conformant: " in done.stdout
    assert configured(folder) == {}


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_the_lines_are_as_the_schema_says(line: str) -> None:
    """Each line of the conversations."""
    value = json.loads(line[2:])
    kind = f"request-{value['request']}" if line.startswith("> ") else f"reply-{value['reply']}"
    assert_as_the_schema_says(kind, value)


def test_the_conversation_is_had() -> None:
    """A child to which the page's requests are sent gives the page's replies."""
    (told,) = (block.splitlines() for kind, block in BLOCKS if not kind and "\n< " in block)
    assert [line[:2] for line in told] == ["> ", "< "] * (len(told) // 2)
    sent = "".join(f"{line[2:]}\n" for line in told[::2])
    done = subprocess.run(
        [*PYTHON, "tests.stdio.example:Example"], input=sent, capture_output=True, text=True, check=True
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == [json.loads(line[2:]) for line in told[1::2]]


def test_the_conversation_has_everything() -> None:
    """Every request and every kind of reply."""
    values: list[dict[str, Any]] = [json.loads(line[2:]) for line in LINES]
    requests = {"hello", "apply", "read", "settle", "forget", "for_tenant"}
    assert {value["request"] for value in values if "request" in value} == requests
    assert {value["reply"] for value in values if "reply" in value} == {*requests, "error", "unknown_kind"}


def test_the_problem_is_what_is_said() -> None:
    """The page's problem is one of the validator's golden ones."""
    (block,) = (block for kind, block in BLOCKS if kind == "text")
    golden = (FOLDER / "stdio_validate.txt").read_text(encoding="utf-8")
    said = re.findall(r"^snapshot: status → \d: (.*)\n", golden, flags=re.MULTILINE)
    assert block.splitlines() == said[:3]
