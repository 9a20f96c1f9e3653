"""The baseline: violations that are known, rule by rule, each with the reason why it is still there."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pytest_jobstatus.misuse import Misuse, listed
from pytest_jobstatus.rules import named

KEYS = ("reason", "link")


def load_baseline(path: Path) -> dict[str, str]:
    """The listed rules with their reasons.

    Args:
        path: a TOML file with one table per rule: `[TERM-1]`, `reason = "…"`, and perhaps a `link`.

    Raises:
        Misuse: naming the file, the key, its value and what is allowed.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misuse(f"{path}: the baseline cannot be read: {error}") from None
    return {named(number, source=str(path)).id: _reason(path, number, entry) for number, entry in table.items()}


def _reason(path: Path, number: str, entry: object) -> str:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("reason"), str) or not entry["reason"].strip():
        raise Misuse(f"{path}: {number} = {entry!r}: allowed is a table with a reason, in words")
    for key in entry:
        if key not in KEYS:
            raise Misuse(f"{path}: {number}: unknown key {key!r}: allowed are {listed(KEYS, given=key)}")
    return str(entry["reason"])
