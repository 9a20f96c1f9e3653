"""What is printed, word for word: texts compared with the files in tests/golden."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "golden"
UPDATE = "--update-golden"


def undated(text: str) -> str:
    """The text without dates: histories are moved into the recent past, so that tomorrow they are others.

    >>> undated("2026-01-05 12:00:00, 2026-01-06 12:00:00 and 2026-01-05 13:00:00")
    'day 1 12:00:00, day 2 12:00:00 and day 1 13:00:00'
    """
    dates = re.findall(r"\b\d{4}-\d{2}-\d{2}\b", text)
    for number, date in enumerate(dict.fromkeys(dates), 1):
        text = text.replace(date, f"day {number}")
    return text


@dataclass(frozen=True, kw_only=True)
class Golden:
    """The golden files.

    Args:
        update: whether files are rewritten instead of compared.
        folder: where they are.
    """

    update: bool
    folder: Path = FOLDER

    def compare(self, name: str, text: str, *, part: str = "") -> None:
        """Fail with a diff unless the file holds this text.

        Args:
            name: of the file, below the folder.
            text: what it should hold.
            part: compares only the lines that begin so; such a file is kept sorted, and has one part per test case.
        """
        file = self.folder / name
        known = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        expected, lines = [line for line in known if line.startswith(part)], text.splitlines()
        if expected == lines:
            return
        if self.update:
            others = [line for line in known if line not in expected]
            self._write(file, sorted([*others, *lines]) if part else lines)
            return
        diff = "\n".join(difflib.unified_diff(expected, lines, f"tests/golden/{name}", "now", lineterm="", n=2))
        pytest.fail(f"{diff}\nif the new text is right: pytest {UPDATE}", pytrace=False)

    def _write(self, file: Path, lines: list[str]) -> None:
        if "PYTEST_XDIST_WORKER" in os.environ:
            pytest.fail(f"{UPDATE} rewrites files case by case: run it without -n", pytrace=False)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
